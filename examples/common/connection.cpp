// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#include "connection.hpp"

#include "arguments.hpp"
#include "host.hpp"

#ifdef HAVE_SSH
#include <remote_job/ssh/openssh/openssh_config.hpp>
#endif

#include <algorithm>
#include <chrono>
#include <stdexcept>
#include <string_view>
#include <system_error>
#include <utility>

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

ssh_way transport(const std::string& text) {
  if (text == "auto") return ssh_way::automatic;
  if (text == "libssh2") return ssh_way::libssh2;
  if (text == "ssh") return ssh_way::openssh;
  throw std::invalid_argument("must be auto, libssh2 or ssh");
}

std::vector<host> jump_hosts(std::string_view text) {
  std::vector<host> all;
  for (;;) {
    const auto comma = text.find(',');
    all.push_back(parse_host(text.substr(0, comma)));
    if (comma == std::string_view::npos) return all;
    text.remove_prefix(comma + 1);
  }
}

#ifdef HAVE_SSH
/// One host as it is given on the command line, with what the configuration says of it.
remote_job::ssh_options look_up(const connection_arguments& given, const host& where, const char* option) {
  remote_job::ssh_options options;
  if (given.no_ssh_config) {
    options.host = where.name;
    options.user = where.user;
    if (where.port != 0) options.port = where.port;
    return options;
  }
  remote_job::openssh_query query;
  query.user = where.user;
  query.port = where.port;
  query.config_file = given.ssh_config.value_or("");
  try {
    return remote_job::ssh_options::from_openssh(where.name, query);
  } catch (const std::system_error& e) {
    if (e.code() == remote_job::condition::beyond_libssh2)
      throw ssh_config_unsupported(std::string(option) + ": " + e.what());
    const bool no_ssh = e.code() == remote_job::errc::program_not_found;
    throw std::runtime_error(std::string(option) + ": " + e.what() +
                             (no_ssh ? "; use --no-ssh-config to do without it" : ""));
  }
}

/// What goes for all hosts on the way.
void complete(remote_job::ssh_options& options, const connection_arguments& given,
              const remote_job::ssh_prompter& asked) {
  if (!given.identities.empty()) options.identities.clear();
  for (const auto& file : given.identities) options.identities.push_back({file});
  if (!given.known_hosts.empty()) options.known_hosts = given.known_hosts;
  if (given.host_key_policy)
    options.host_keys = *given.host_key_policy == "strict"       ? remote_job::host_key_policy::strict
                        : *given.host_key_policy == "accept-new" ? remote_job::host_key_policy::accept_new
                                                                 : remote_job::host_key_policy::insecure_accept_any;
  if (asked) {
    options.passphrase = options.password = options.keyboard_interactive = asked;
    options.timeouts.authentication = std::chrono::minutes(2);
  }
  for (auto& each : options.jump_hosts) complete(each, given, asked);
}
#endif

}  // namespace

void describe_host(CLI::App& app, connection_arguments& given) {
  const auto host_text = [](const std::string& text) { return parse_host(text), text; };
  auto* host = add(app, "--host", given.host, host_text,
                   "host to reach over SSH, or its alias in the ssh configuration; an IPv6 address goes in brackets",
                   "[USER@]HOST[:PORT]");
  app.add_flag("--local", given.local, "use this machine, without SSH")->excludes(host);
}

void describe_ssh(CLI::App& app, connection_arguments& given) {
  const std::string ssh = ssh_group;
  add(app, "--transport", given.transport, transport,
      "libssh2, or the ssh program, which also has certificates, FIDO keys, GSSAPI and ProxyCommand; with ssh, a job "
      "is "
      "watched by commands. auto: ssh if libssh2 lacks what the connection needs (default: auto)",
      "auto|libssh2|ssh")
      ->group(ssh);
  add(app, "--identity", given.identities, not_empty, "private key; repeatable (default: the usual ones in ~/.ssh)",
      "FILE")
      ->group(ssh);
  add(app, "--known-hosts", given.known_hosts, not_empty, "known-hosts file; repeatable (default: those of ssh)",
      "FILE")
      ->group(ssh);
  add(app, "--fingerprint", given.fingerprints, fingerprint, "accept only this host key; repeatable", "SHA256:...")
      ->group(ssh);
  add(app, "--host-key-policy", given.host_key_policy, host_key_policy,
      "strict: the host key must be known; accept-new: add the key of a new host to the first known-hosts file; "
      "insecure-accept-any: accept any key (default: as the ssh configuration says, else strict)",
      "POLICY")
      ->group(ssh);
  add(app, "-J,--jump", given.jump, jump_hosts,
      "connect through these hosts, in this order; keys and policy given here apply to them, too (default: ProxyJump "
      "of "
      "the ssh configuration)",
      "[USER@]HOST[:PORT],...")
      ->group(ssh);
  auto* config = add(app, "--ssh-config", given.ssh_config, not_empty,
                     "ssh configuration (default: ~/.ssh/config and the system's)", "FILE")
                     ->group(ssh);
  app.add_flag("--no-ssh-config", given.no_ssh_config,
               "ignore the ssh configuration (ssh -G); options given here take precedence over it anyway")
      ->excludes(config)
      ->group(ssh);
}

void check(const CLI::App& app, const connection_arguments& given) {
  if (given.transport == ssh_way::openssh && !given.fingerprints.empty())
    throw CLI::ValidationError("--fingerprint", "is not for --transport ssh: give --known-hosts");
  if (!given.local) return;
  for (const char* option : {"--transport", "--jump", "--identity", "--known-hosts", "--fingerprint",
                             "--host-key-policy", "--ssh-config", "--no-ssh-config"})
    if (app.count(option) > 0) throw CLI::ValidationError(option, "goes with --host, not with --local");
}

#ifdef HAVE_SSH
remote_job::ssh_options ssh_options(const connection_arguments& given, const std::string& where,
                                    const remote_job::ssh_prompter& asked, remote_job::duration command_timeout) {
  auto options = look_up(given, parse_host(where), "--host");
  if (given.jump) {
    options.jump_hosts.clear();
    for (const auto& each : *given.jump) {
      auto hop = look_up(given, each, "--jump");
      if (!options.jump_hosts.empty()) hop.jump_hosts.clear();  // the command line says how it is reached
      options.jump_hosts.push_back(std::move(hop));
    }
  }
  complete(options, given, asked);
  options.fingerprints = given.fingerprints;
  options.timeouts.files = std::min(options.timeouts.files, command_timeout / 4 * 3);
  if (const auto why = validate(options); !why.empty()) throw std::runtime_error(why);
  return options;
}
#endif

}  // namespace cli
