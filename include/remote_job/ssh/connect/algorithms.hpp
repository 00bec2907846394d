// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_SSH_CONNECT_ALGORITHMS_HPP
#define REMOTE_JOB_SSH_CONNECT_ALGORITHMS_HPP

#include <remote_job/ssh/options/options.hpp>
#include <remote_job/ssh/session/libssh2_compat.hpp>
#include <remote_job/ssh/session/server_hello.hpp>
#include <remote_job/ssh/session/wire.hpp>

#include <algorithm>
#include <string>
#include <type_traits>
#include <vector>

namespace remote_job::inline v0::ssh {

/// What libssh2 can do of one kind (LIBSSH2_METHOD_KEX and its like), in its order.
inline std::vector<std::string> supported_algorithms(LIBSSH2_SESSION* session, int kind) {
  const char** names = nullptr;
  const int count = libssh2_session_supported_algs(session, kind, &names);
  std::vector<std::string> all(names, names + std::max(count, 0));
  if (names != nullptr) libssh2_free(session, names);
  return all;
}

inline std::string join_names(const std::vector<std::string>& names) {
  std::string list;
  for (const auto& each : names) list += (list.empty() ? "" : ",") + each;
  return list;
}

/// A list of algorithms, its name, and what libssh2 has of its kind.
template <class Names>
struct algorithm_list {
  const char* field;
  Names& names;
  std::vector<std::string> known;
};

/// The lists that are not empty.
template <class Algorithms>
auto lists_of(Algorithms& wanted) {
  using names = std::remove_reference_t<decltype((wanted.mac))>;
  const struct {
    const char* field;
    int kind;
    names& list;
  } all[] = {{"key_exchange", LIBSSH2_METHOD_KEX, wanted.key_exchange},
             {"host_key", LIBSSH2_METHOD_HOSTKEY, wanted.host_key},
             {"cipher", LIBSSH2_METHOD_CRYPT_CS, wanted.cipher},
             {"mac", LIBSSH2_METHOD_MAC_CS, wanted.mac}};
  std::vector<algorithm_list<names>> given;
  if (std::ranges::all_of(all, [](const auto& each) { return each.list.empty(); })) return given;
  const wire scratch;
  if (scratch.native() == nullptr) return given;
  for (const auto& [field, kind, list] : all)
    if (!list.empty()) given.push_back({field, list, supported_algorithms(scratch.native(), kind)});
  return given;
}

/// One sentence on the first name that libssh2 does not know; nothing when it knows all.
inline std::string unknown_algorithm(const ssh_algorithms& wanted) {
  for (const auto& [field, names, known] : lists_of(wanted))
    for (const auto& name : names)
      if (std::ranges::find(known, name) == known.end())
        return std::string("algorithms.") + field + ": libssh2 " + libssh2_version(0) + " does not know " +
               printable(name, 60) + ", but " + join_names(known);
  return {};
}

/// Leaves out the names that libssh2 does not know. Where it knows none of a list that is told.
inline std::string leave_out_unknown(ssh_algorithms& wanted) {
  for (auto& [field, names, known] : lists_of(wanted)) {
    const auto before = join_names(names);
    std::erase_if(names, [&k = known](const auto& name) { return std::ranges::find(k, name) == k.end(); });
    if (names.empty())
      return std::string("as algorithms.") + field + " only " + printable(before) + ", and libssh2 " +
             libssh2_version(0) + " knows none of that";
  }
  return {};
}

/// One sentence on what a key exchange failed for: of the first kind that both sides have no algorithm of. Nothing when
/// they have one of each.
inline std::string nothing_in_common(LIBSSH2_SESSION* session, const server_algorithms& offered,
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
    std::string why = std::string("no ") + what + " in common with the server, which offers " + theirs;
    if (kind == LIBSSH2_METHOD_HOSTKEY && theirs.find("rsa-sha2") != std::string::npos &&
        !detail::libssh2_has_rsa_sha2())
      why += ". It has only RSA host keys, and libssh2 " + std::string(libssh2_version(0)) +
             " lacks rsa-sha2: use libssh2 1.11 or newer, or process_transport over ssh, "
             "or give the server an ed25519 host key (ssh-keygen -A)";
    return why;
  }
  return {};
}

/// Has a session use them; the host-key algorithms are chosen by what is known of the host.
inline void prefer(LIBSSH2_SESSION* session, const ssh_algorithms& wanted) {
  const auto set = [&](int kind, const std::vector<std::string>& names) {
    if (!names.empty()) libssh2_session_method_pref(session, kind, join_names(names).c_str());
  };
  set(LIBSSH2_METHOD_KEX, wanted.key_exchange);
  set(LIBSSH2_METHOD_CRYPT_CS, wanted.cipher);
  set(LIBSSH2_METHOD_CRYPT_SC, wanted.cipher);
  set(LIBSSH2_METHOD_MAC_CS, wanted.mac);
  set(LIBSSH2_METHOD_MAC_SC, wanted.mac);
}

}  // namespace remote_job::inline v0::ssh

#endif
