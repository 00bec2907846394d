// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_SSH_OPTIONS_IMPL_OPTIONS_IPP
#define REMOTE_JOB_SSH_OPTIONS_IMPL_OPTIONS_IPP

#include <remote_job/job.hpp>
#include <remote_job/ssh/options/local_user.hpp>
#include <remote_job/ssh/options/options.hpp>

#include <string>
#include <string_view>

namespace remote_job::inline REMOTE_JOB_ABI::ssh {

remote_account account_of(const ssh_options& options) {
  remote_account account{options.user.empty() ? local_user::current().name : options.user, options.host, "ssh "};
  if (options.port != 22) account.test += "-p " + std::to_string(options.port) + ' ';
  for (const auto& jump : options.jump_hosts)
    account.test += (&jump == options.jump_hosts.data() ? "-J " : ",") + jump.host +
                    (&jump == &options.jump_hosts.back() ? " " : "");
  account.test += account.user + '@' + account.host + " true";
  return account;
}

}  // namespace remote_job::inline REMOTE_JOB_ABI::ssh

namespace remote_job::inline REMOTE_JOB_ABI {

std::string validate(const ssh_options& options) {
  const auto has_nul = [](std::string_view text) { return text.find('\0') != std::string_view::npos; };
  if (options.host.empty()) return "host must not be empty";
  if (has_nul(options.host) || options.host.find_first_of(" \t\r\n") != std::string::npos)
    return "host must not hold blanks or NUL bytes";
  if (has_nul(options.host_key_alias)) return "host_key_alias must not hold a NUL byte";
  if (options.port == 0) return "port must be from 1 to 65535";
  if (has_nul(options.user) || options.user.find_first_of("\r\n") != std::string::npos)
    return "user must not hold line ends or NUL bytes";
  for (const auto& identity : options.identities)
    if (identity.file.empty() == identity.text.empty() || has_nul(identity.file))
      return "identities must each have a file or a text";
  for (const auto& method : options.methods)
    if (method != "publickey" && method != "keyboard-interactive" && method != "password")
      return "methods must be of publickey, keyboard-interactive and password";
  for (const auto& file : options.certificates)
    if (file.empty() || has_nul(file)) return "certificates must name files";
  if (has_nul(options.agent)) return "agent must not hold a NUL byte";
  for (const auto& file : options.known_hosts)
    if (file.empty() || has_nul(file)) return "known_hosts must name files";
  for (const auto& fingerprint : options.fingerprints)
    if (fingerprint.size() != 50 || !fingerprint.starts_with("SHA256:"))
      return "fingerprints must be written SHA256: and 43 characters of base64, as ssh-keygen -l prints them";
  const struct {
    std::string_view name;
    duration value;
  } durations[] = {{"timeouts.resolve", options.timeouts.resolve},
                   {"timeouts.connect", options.timeouts.connect},
                   {"timeouts.banner", options.timeouts.banner},
                   {"timeouts.handshake", options.timeouts.handshake},
                   {"timeouts.agent", options.timeouts.agent},
                   {"timeouts.authentication", options.timeouts.authentication},
                   {"timeouts.open", options.timeouts.open},
                   {"timeouts.files", options.timeouts.files},
                   {"keepalive", options.keepalive}};
  for (const auto& [name, value] : durations)
    if (value <= duration::zero()) return std::string(name) + " must be above zero";
  for (const auto* list : {&options.algorithms.key_exchange, &options.algorithms.host_key, &options.algorithms.cipher,
                           &options.algorithms.mac})
    for (const auto& name : *list)
      if (name.empty() || name.find_first_of(std::string_view(", \t\r\n\0", 6)) != std::string::npos)
        return "algorithms must be names, one in each string";
  for (const auto& each : options.jump_hosts)
    if (auto wrong = validate(each); !wrong.empty())
      return "jump_hosts: " + (each.host.empty() ? "" : each.host + ": ") + wrong;
  if (options.prompts == 0) return "prompts must be above 0";
  if (options.silence_limit <= options.keepalive) return "silence_limit must be above keepalive";
  return {};
}

}  // namespace remote_job::inline REMOTE_JOB_ABI

#endif
