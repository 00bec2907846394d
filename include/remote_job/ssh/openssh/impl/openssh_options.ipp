// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_SSH_OPENSSH_IMPL_OPENSSH_OPTIONS_IPP
#define REMOTE_JOB_SSH_OPENSSH_IMPL_OPENSSH_OPTIONS_IPP

#include <remote_job/ssh/openssh/openssh_options.hpp>
#include <remote_job/ssh/openssh/openssh_output.hpp>
#include <remote_job/ssh/options/local_user.hpp>
#include <remote_job/ssh/options/options.hpp>
#include <remote_job/ssh/session/server_hello.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace remote_job::inline REMOTE_JOB_ABI::ssh {

std::optional<ssh_options> openssh_reader::read(std::string& why) {
  read_address();
  refuse("proxycommand", "ProxyCommand");
  refuse("revokedhostkeys", "RevokedHostKeys");
  if (why_.empty()) read_methods();
  if (why_.empty()) read_identities();
  read_known_hosts();
  read_algorithms();
  read_times();
  read_notices();
  if (why_.empty())
    if (auto wrong = validate(options_); !wrong.empty()) why_ = "ssh -G: " + wrong;
  why = why_;
  return why_.empty() ? std::optional(std::move(options_)) : std::nullopt;
}

void openssh_reader::unsupported(std::string why) {
  if (!why_.empty()) return;
  error_ = errc::ssh_config_unsupported;
  why_ = "its configuration " + std::move(why) + ": use " + over_ssh + ", which does what the configuration says";
}

void openssh_reader::refuse(std::string_view keyword, const std::string& name) {
  if (const auto value = output_.value(keyword); !value.empty())
    unsupported("sets " + name + " (" + printable(value) + "), which is not supported");
}

bool openssh_reader::is_no(std::string_view keyword) const {
  const auto text = output_.text(keyword);
  return text == "no" || text == "false";
}

bool openssh_reader::is_yes(std::string_view keyword) const {
  const auto text = output_.text(keyword);
  return text == "yes" || text == "true";
}

void openssh_reader::read_address() {
  options_.host = output_.value("hostname");
  options_.user = output_.value("user");
  options_.host_key_alias = output_.value("hostkeyalias");
  const auto port = output_.number("port", 65535);
  if (options_.host.empty() || !port)
    why_ = "ssh -G printed no " + std::string(options_.host.empty() ? "hostname" : "port");
  options_.port = static_cast<std::uint16_t>(port.value_or(22));
  const auto family = output_.text("addressfamily");
  options_.ip = family == "inet" ? ip_version::v4 : family == "inet6" ? ip_version::v6 : ip_version::any;
}

void openssh_reader::read_methods() {
  static constexpr const char* usual = "publickey,keyboard-interactive,password";
  const auto preferred = output_.value("preferredauthentications");
  const bool asks = !is_yes("batchmode") && output_.text("numberofpasswordprompts") != "0";
  std::string list;
  for (auto& name : split_names(preferred.empty() ? usual : preferred)) {
    const bool may = name == "publickey" ? !is_no("pubkeyauthentication")
                     : name == "keyboard-interactive"
                         ? asks && !is_no("kbdinteractiveauthentication") && !is_no("challengeresponseauthentication")
                     : name == "password" ? asks && !is_no("passwordauthentication")
                                          : false;
    if (!may || std::ranges::find(options_.methods, name) != options_.methods.end()) continue;
    list += (list.empty() ? "" : ",") + name;
    options_.methods.push_back(std::move(name));
  }
  if (list == usual) options_.methods.clear();
  if (list.empty()) unsupported(std::string("allows to log in by none of ") + usual);
  if (is_yes("gssapiauthentication")) options_.unsupported_methods.emplace_back("gssapi-with-mic");
  if (is_yes("hostbasedauthentication")) options_.unsupported_methods.emplace_back("hostbased");
  if (!is_no("pubkeyauthentication") && !output_.value("pkcs11provider").empty())
    options_.unsupported_methods.emplace_back("publickey");
  if (const auto prompts = output_.number("numberofpasswordprompts", 1000)) options_.prompts = *prompts;
}

void openssh_reader::read_identities() {
  static constexpr std::string_view usual[] = {"rsa", "ecdsa", "ecdsa_sk", "ed25519", "ed25519_sk", "xmss", "dsa"};
  options_.identities_only = is_yes("identitiesonly");
  if (const auto agent = output_.text("identityagent"); agent.starts_with('$') && !agent.starts_with("${")) {
    // An unset variable means no agent rather than the default one.
    options_.agent = here_.value(std::string(agent.substr(1)));
    if (options_.agent.empty()) options_.agent = "none";
  } else if (agent != "SSH_AUTH_SOCK") {
    options_.agent = expand(agent);
  }
  const auto names = output_.values("identityfile");
  for (const auto name : names) {
    auto file = expand(name);
    const bool is_usual = name.starts_with("~/.ssh/id_") && std::ranges::count(usual, name.substr(10)) > 0;
    if (is_usual && names.size() > 1 && !here_.is_there(file) && !here_.is_there(file + ".pub")) continue;
    options_.identities.push_back({std::move(file)});
  }
  for (const auto name : output_.values("certificatefile")) options_.certificates.push_back(expand(name));
  // An empty list would mean the default identities, which the configuration may not allow.
  if (options_.identities.empty()) options_.identities = {{"none"}};
}

void openssh_reader::read_known_hosts() {
  const auto checking = output_.value("stricthostkeychecking");
  if (checking == "accept-new") options_.host_keys = host_key_policy::accept_new;
  for (const std::string_view value : {"false", "no", "off"})
    if (checking == value) options_.host_keys = host_key_policy::insecure_accept_changed;

  std::vector<std::string> absent;
  for (const char* keyword : {"userknownhostsfile", "globalknownhostsfile"})
    for (const auto& name : output_.files(keyword)) {
      auto file = expand(name);
      (here_.is_there(file) ? options_.known_hosts : absent).push_back(std::move(file));
    }
  // An empty list means the default files, whether they exist or not. Leave it empty only if the default files are
  // configured.
  const auto lacks = [&](const std::string& file) { return std::ranges::find(absent, file) == absent.end(); };
  if (options_.known_hosts.empty() && (lacks(here_.home + "/.ssh/known_hosts") || lacks("/etc/ssh/ssh_known_hosts")))
    options_.known_hosts = {absent.empty() ? "/dev/null" : absent.front()};
  // Add new keys to the user's own file, never to the system's.
  if (options_.host_keys != host_key_policy::strict) {
    const auto own = output_.files("userknownhostsfile");
    const auto first = own.empty() ? "/dev/null" : expand(own.front());
    auto& files = options_.known_hosts;
    if (files.empty() || files.front() != first) files.insert(files.begin(), first);
  }
}

void openssh_reader::read_algorithms() {
  options_.algorithms.key_exchange = split_names(output_.value("kexalgorithms"));
  options_.algorithms.host_key = split_names(output_.value("hostkeyalgorithms"));
  options_.algorithms.cipher = split_names(output_.value("ciphers"));
  options_.algorithms.mac = split_names(output_.value("macs"));
}

void openssh_reader::read_times() {
  static constexpr std::uint32_t most_seconds = 24 * 3600;
  if (const auto seconds = output_.number("connecttimeout", most_seconds))
    options_.timeouts.connect = std::chrono::seconds(*seconds);
  if (const auto seconds = output_.number("serveraliveinterval", most_seconds)) {
    options_.keepalive = std::chrono::seconds(*seconds);
    options_.silence_limit = options_.keepalive * (output_.number("serveralivecountmax", 1000).value_or(3) + 1);
  }
}

void openssh_reader::read_notices() {
  const auto note = [&](std::string_view name, std::string_view value, std::string_view meaning) {
    options_.notices.push_back("ssh's configuration: " + std::string(name) + ' ' + printable(value) +
                               " has no effect here: " + std::string(meaning));
  };
  static constexpr struct {
    std::string_view keyword, name, meaning;
  } unsupported[] = {
      {"pkcs11provider", "PKCS11Provider", "its keys are used only if an agent has them"},
      {"bindaddress", "BindAddress", "the system chooses where connections come from"},
      {"bindinterface", "BindInterface", "the system chooses where connections come from"},
      {"knownhostscommand", "KnownHostsCommand", "host keys are looked up in files only"},
      {"setenv", "SetEnv", "commands have the environment that the host gives them"},
  };
  for (const auto& [keyword, name, meaning] : unsupported)
    for (const auto value : output_.values(keyword)) note(name, value, meaning);
  if (is_yes("verifyhostkeydns")) note("VerifyHostKeyDNS", "yes", "host keys are looked up in files only");
  if (is_yes("hostbasedauthentication")) note("HostbasedAuthentication", "yes", std::string("that is for ") + over_ssh);
  if (is_yes("hashknownhosts") && options_.host_keys != host_key_policy::strict)
    note("HashKnownHosts", "yes", "the name of a new host is added as it is");
  const auto bits = output_.number("requiredrsasize", 1024 * 1024).value_or(0);
  if (bits > 2048) note("RequiredRSASize", std::to_string(bits), "RSA keys of any size are taken");
  const auto accepted = split_names(output_.value("pubkeyacceptedalgorithms"));
  for (const std::string_view each : {"ssh-ed25519", "ecdsa-sha2-nistp256", "rsa-sha2-512"})
    if (!accepted.empty() && std::ranges::find(accepted, each) == accepted.end())
      return note("PubkeyAcceptedAlgorithms", output_.value("pubkeyacceptedalgorithms"),
                  "keys of all kinds are offered");
}

std::string openssh_reader::expand(std::string_view text) {
  std::string result;
  if (text.starts_with('~')) {
    const auto name = std::string(text.substr(1, text.find('/') - 1));
    const auto home = name.empty() ? here_.home : here_.home_of(name);
    if (!home.empty()) {
      result = home;
      text.remove_prefix(1 + name.size());
    }
  }
  while (!text.empty()) {
    if (text.starts_with("${") && text.find('}') != std::string_view::npos) {
      const auto name = std::string(text.substr(2, text.find('}') - 2));
      const auto value = here_.value(name);
      if (value.empty() && why_.empty())
        why_ = "its configuration names the environment variable " + printable(name) + ", which is not set";
      result += value;
      text.remove_prefix(name.size() + 3);
      continue;
    }
    const auto token = text[0] == '%' && text.size() > 1 ? value_of(text[1]) : std::nullopt;
    result += token ? *token : std::string(1, text[0]);
    text.remove_prefix(token ? 2 : 1);
  }
  return result;
}

std::optional<std::string> openssh_reader::value_of(char token) const {
  const std::string alias(output_.value("host"));
  switch (token) {
    case '%': return "%";
    case 'd': return here_.home;
    case 'h': return options_.host;
    case 'i': return here_.uid;
    case 'k': return options_.host_key_alias.empty() ? alias : options_.host_key_alias;
    case 'L': return here_.machine.substr(0, here_.machine.find('.'));
    case 'l': return here_.machine;
    case 'n': return alias;
    case 'p': return std::to_string(options_.port);
    case 'r': return options_.user;
    case 'u': return here_.user;
    default: return std::nullopt;
  }
}

}  // namespace remote_job::inline REMOTE_JOB_ABI::ssh

#endif
