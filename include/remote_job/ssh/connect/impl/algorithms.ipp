// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_SSH_CONNECT_IMPL_ALGORITHMS_IPP
#define REMOTE_JOB_SSH_CONNECT_IMPL_ALGORITHMS_IPP

#include <remote_job/ssh/connect/algorithms.hpp>
#include <remote_job/ssh/options/options.hpp>
#include <remote_job/ssh/session/libssh2_compat.hpp>
#include <remote_job/ssh/session/server_hello.hpp>

#include <libssh2.h>

#include <algorithm>
#include <string>
#include <vector>

namespace remote_job::inline REMOTE_JOB_ABI::ssh {

std::vector<std::string> supported_algorithms(LIBSSH2_SESSION* session, int kind) {
  const char** names = nullptr;
  const int count = libssh2_session_supported_algs(session, kind, &names);
  std::vector<std::string> all(names, names + std::max(count, 0));
  if (names != nullptr) libssh2_free(session, names);
  return all;
}

std::string join_names(const std::vector<std::string>& names) {
  std::string list;
  for (const auto& each : names) list += (list.empty() ? "" : ",") + each;
  return list;
}

std::string unknown_algorithm(const ssh_algorithms& wanted) {
  for (const auto& [field, names, known] : lists_of(wanted))
    for (const auto& name : names)
      if (std::ranges::find(known, name) == known.end())
        return std::string("algorithms.") + field + ": libssh2 " + libssh2_version(0) + " does not know " +
               printable(name, 60) + ", but " + join_names(known);
  return {};
}

std::string leave_out_unknown(ssh_algorithms& wanted) {
  for (auto& [field, names, known] : lists_of(wanted)) {
    const auto before = join_names(names);
    std::erase_if(names, [&k = known](const auto& name) { return std::ranges::find(k, name) == k.end(); });
    if (names.empty())
      return std::string("as algorithms.") + field + " only " + printable(before) + ", and libssh2 " +
             libssh2_version(0) + " knows none of that";
  }
  return {};
}

std::string nothing_in_common(LIBSSH2_SESSION* session, const server_algorithms& offered,
                              const ssh_algorithms& wanted) {
  const struct {
    const char* what;
    int kind;
    const std::string& theirs;
    const std::vector<std::string>& names;
  } lists[] = {{"host-key algorithm", LIBSSH2_METHOD_HOSTKEY, offered.host_key, wanted.host_key},
               {"key exchange", LIBSSH2_METHOD_KEX, offered.key_exchange, wanted.key_exchange},
               {"cipher", LIBSSH2_METHOD_CRYPT_SC, offered.cipher, wanted.cipher},
               {"MAC", LIBSSH2_METHOD_MAC_SC, offered.mac, wanted.mac}};
  for (const auto& [what, kind, theirs, names] : lists) {
    const auto ours = names.empty() ? supported_algorithms(session, kind) : names;
    const auto all = split_names(theirs);
    if (std::ranges::any_of(ours, [&](const auto& name) { return std::ranges::find(all, name) != all.end(); }))
      continue;
    const auto version = "libssh2 " + std::string(libssh2_version(0));
    std::string why = std::string("no ") + what + " in common: the server offers " + theirs + ", and " +
                      (names.empty() ? version + " has " : "the options allow ") + join_names(ours);
    if (kind == LIBSSH2_METHOD_HOSTKEY && theirs.find("rsa-sha2") != std::string::npos &&
        !detail::libssh2_has_rsa_sha2())
      why += ". It has only RSA host keys, and " + version + " lacks rsa-sha2: use libssh2 1.11 or newer, or " +
             over_ssh + ", or give the server an ed25519 host key (ssh-keygen -A)";
    else
      why += std::string(". Use ") + over_ssh + (names.empty() ? ", or another version of libssh2" : ", or allow more");
    return why;
  }
  return {};
}

void prefer(LIBSSH2_SESSION* session, const ssh_algorithms& wanted) {
  const auto set = [&](int kind, const std::vector<std::string>& names) {
    if (!names.empty()) libssh2_session_method_pref(session, kind, join_names(names).c_str());
  };
  set(LIBSSH2_METHOD_KEX, wanted.key_exchange);
  set(LIBSSH2_METHOD_CRYPT_CS, wanted.cipher);
  set(LIBSSH2_METHOD_CRYPT_SC, wanted.cipher);
  set(LIBSSH2_METHOD_MAC_CS, wanted.mac);
  set(LIBSSH2_METHOD_MAC_SC, wanted.mac);
}

}  // namespace remote_job::inline REMOTE_JOB_ABI::ssh

#endif
