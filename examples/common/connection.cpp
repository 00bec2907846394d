// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#include "connection.hpp"

#include "arguments.hpp"
#include "host.hpp"

#ifdef HAVE_SSH
#include <remote_job/ssh/openssh_config.hpp>
#endif

#include <unistd.h>

#include <stdexcept>
#include <system_error>

namespace cli {

namespace {

std::string fingerprint(const std::string& text) {
  if (!text.starts_with("SHA256:") || text.size() != 50)
    throw std::invalid_argument("must be SHA256: and 43 characters, as ssh-keygen -l prints it");
  return text;
}

std::string host_key_policy(const std::string& text) {
  if (text != "strict" && text != "accept-new" && text != "insecure-accept-any")
    throw std::invalid_argument("must be strict, accept-new or insecure-accept-any");
  return text;
}

#ifdef HAVE_SSH
std::string ask_passphrase(const std::string& identity) {
  const char* typed = ::getpass(("Passphrase for " + identity + ": ").c_str());
  return typed == nullptr ? std::string() : typed;
}
#endif

}  // namespace

void describe_host(CLI::App& app, connection_arguments& given) {
  const auto host_text = [](const std::string& text) { return parse_host(text), text; };
  auto* host = add(app, "--host", given.host, host_text,
                   "host to watch over SSH, or its alias in ssh's configuration; an IPv6 address in brackets",
                   "[USER@]HOST[:PORT]");
  app.add_flag("--local", given.local, "watch jobs of this machine, without SSH")->excludes(host);
}

void describe_ssh(CLI::App& app, connection_arguments& given) {
  const std::string ssh = "SSH; with --host";
  add(app, "--identity", given.identities, not_empty, "private key, repeatable (the usual ones in ~/.ssh)", "FILE")
      ->group(ssh);
  add(app, "--known-hosts", given.known_hosts, not_empty, "host keys, repeatable (those of ssh)", "FILE")->group(ssh);
  add(app, "--fingerprint", given.fingerprints, fingerprint, "the only host key accepted, repeatable", "SHA256:...")
      ->group(ssh);
  add(app, "--host-key-policy", given.host_key_policy, host_key_policy,
      "strict: it has to be known; accept-new: the key of a new host is added to the first known-hosts file; "
      "insecure-accept-any (that of ssh's configuration, else strict)",
      "POLICY")
      ->group(ssh);
  auto* config = add(app, "--ssh-config", given.ssh_config, not_empty,
                     "ssh's configuration (~/.ssh/config and the system's)", "FILE")
                     ->group(ssh);
  app.add_flag("--no-ssh-config", given.no_ssh_config,
               "do not ask ssh -G what the configuration says of the host; options given here win over it anyway")
      ->excludes(config)
      ->group(ssh);
}

void check(const CLI::App& app, const connection_arguments& given) {
  if (!given.local) return;
  for (const char* option :
       {"--identity", "--known-hosts", "--fingerprint", "--host-key-policy", "--ssh-config", "--no-ssh-config"})
    if (app.count(option) > 0) throw CLI::ValidationError(option, "is for --host, not for --local");
}

#ifdef HAVE_SSH
remote_job::ssh_options ssh_options(const connection_arguments& given, const std::string& where) {
  const auto host = parse_host(where);
  remote_job::ssh_options options;
  if (given.no_ssh_config) {
    options.host = host.name;
    options.user = host.user;
    if (host.port != 0) options.port = host.port;
  } else {
    remote_job::openssh_query query;
    query.user = host.user;
    query.port = host.port;
    query.config_file = given.ssh_config.value_or("");
    try {
      options = remote_job::ssh_options::from_openssh(host.name, query);
    } catch (const std::system_error& e) {
      const bool no_ssh = e.code() == remote_job::errc::program_not_found;
      throw std::runtime_error(std::string("--host: ") + e.what() +
                               (no_ssh ? "; --no-ssh-config does without it" : ""));
    }
  }
  if (!given.identities.empty()) options.identities.clear();
  for (const auto& file : given.identities) options.identities.push_back({file});
  if (!given.known_hosts.empty()) options.known_hosts = given.known_hosts;
  options.fingerprints = given.fingerprints;
  if (given.host_key_policy)
    options.host_keys = *given.host_key_policy == "strict"       ? remote_job::host_key_policy::strict
                        : *given.host_key_policy == "accept-new" ? remote_job::host_key_policy::accept_new
                                                                 : remote_job::host_key_policy::insecure_accept_any;
  if (::isatty(STDERR_FILENO) == 1) options.passphrase = ask_passphrase;
  if (const auto why = validate(options); !why.empty()) throw std::runtime_error(why);
  return options;
}
#endif

}  // namespace cli
