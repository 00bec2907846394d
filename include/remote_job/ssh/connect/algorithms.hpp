// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_SSH_CONNECT_ALGORITHMS_HPP
#define REMOTE_JOB_SSH_CONNECT_ALGORITHMS_HPP

#include <remote_job/ssh/options/options.hpp>
#include <remote_job/ssh/session/server_hello.hpp>
#include <remote_job/ssh/session/wire.hpp>

#include <libssh2.h>

#include <algorithm>
#include <cstdio>
#include <string>
#include <type_traits>
#include <vector>

namespace remote_job::inline REMOTE_JOB_ABI::ssh {

/// What libssh2 can do of one kind (LIBSSH2_METHOD_KEX and its like), in its order.
REMOTE_JOB_DECL std::vector<std::string> supported_algorithms(LIBSSH2_SESSION* session, int kind);

REMOTE_JOB_DECL std::string join_names(const std::vector<std::string>& names);

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
REMOTE_JOB_DECL std::string unknown_algorithm(const ssh_algorithms& wanted);

/// Leaves out the names that libssh2 does not know. Where it knows none of a list that is told.
REMOTE_JOB_DECL std::string leave_out_unknown(ssh_algorithms& wanted);

/// One sentence on what a key exchange failed for: of the first kind that both sides have no algorithm of. Nothing when
/// they have one of each.
REMOTE_JOB_DECL std::string nothing_in_common(LIBSSH2_SESSION* session, const server_algorithms& offered,
                                              const ssh_algorithms& wanted);

/// Has a session use them; the host-key algorithms are chosen by what is known of the host.
REMOTE_JOB_DECL void prefer(LIBSSH2_SESSION* session, const ssh_algorithms& wanted);

}  // namespace remote_job::inline REMOTE_JOB_ABI::ssh

#if !defined(REMOTE_JOB_SEPARATE_COMPILATION)
#include <remote_job/ssh/connect/impl/algorithms.ipp>
#endif

#endif
