// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_SSH_SAME_ENDPOINT_HPP
#define REMOTE_JOB_SSH_SAME_ENDPOINT_HPP

#include <remote_job/ssh/options.hpp>

#include <algorithm>
#include <functional>
#include <string>

namespace remote_job::inline v0::ssh {

/// Whether two callbacks are known to be the same: none, or one plain function. Other objects cannot be compared.
template <class Result, class... Arguments>
bool same_callback(const std::function<Result(Arguments...)>& a, const std::function<Result(Arguments...)>& b) {
  if (!a || !b) return !a && !b;
  using plain = Result (*)(Arguments...);
  const auto* const f = a.template target<plain>();
  const auto* const g = b.template target<plain>();
  return f != nullptr && g != nullptr && *f == *g;
}

/// Whether two connections made with these options are the same to everybody: who logs in where, how it is proved, whom
/// it trusts, and when it gives up.
inline bool same_endpoint(const ssh_options& a, const ssh_options& b) {
  if (&a == &b) return true;
  // Each field by name, and no other: with a field more or less this does not compile.
  const auto& [host, port, user, identities, agent, identities_only, passphrase, known_hosts, fingerprints, host_keys,
               host_key_alias, timeouts, keepalive, silence_limit] = a;
  const auto same_file = [](const ssh_identity& x, const ssh_identity& y) {
    const auto& [file] = x;
    return file == y.file;
  };
  const auto& [resolve, connect, banner, handshake, authentication, open, files] = timeouts;
  return host == b.host && port == b.port && user == b.user &&
         std::equal(identities.begin(), identities.end(), b.identities.begin(), b.identities.end(), same_file) &&
         agent == b.agent && identities_only == b.identities_only && same_callback(passphrase, b.passphrase) &&
         known_hosts == b.known_hosts && fingerprints == b.fingerprints && host_keys == b.host_keys &&
         host_key_alias == b.host_key_alias && resolve == b.timeouts.resolve && connect == b.timeouts.connect &&
         banner == b.timeouts.banner && handshake == b.timeouts.handshake &&
         authentication == b.timeouts.authentication && open == b.timeouts.open && files == b.timeouts.files &&
         keepalive == b.keepalive && silence_limit == b.silence_limit;
}

}  // namespace remote_job::inline v0::ssh

#endif
