// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_SSH_POOL_IMPL_SAME_ENDPOINT_IPP
#define REMOTE_JOB_SSH_POOL_IMPL_SAME_ENDPOINT_IPP

#include <remote_job/ssh/options/options.hpp>
#include <remote_job/ssh/pool/same_endpoint.hpp>

#include <algorithm>

namespace remote_job::inline REMOTE_JOB_ABI::ssh {

bool same_endpoint(const ssh_options& a, const ssh_options& b) {
  if (&a == &b) return true;
  // Name every field, so that this fails to compile if a field is added or removed.
  const auto& [host, port, user, ip, methods, unsupported_methods, identities, certificates, agent, identities_only,
               passphrase, password, keyboard_interactive, defer_to_openssh, prompts, known_hosts, fingerprints,
               host_keys, host_key_alias, algorithms, jump_hosts, timeouts, keepalive, silence_limit, keep_shell,
               notices] = a;
  const auto same_file = [](const ssh_identity& x, const ssh_identity& y) {
    const auto& [file, text] = x;
    return file == y.file && text == y.text;
  };
  const auto& [key_exchange, host_key, cipher, mac] = algorithms;
  const auto& [resolve, connect, banner, handshake, agent_time, authentication, open, files] = timeouts;
  return host == b.host && port == b.port && user == b.user && ip == b.ip && methods == b.methods &&
         unsupported_methods == b.unsupported_methods &&
         std::equal(identities.begin(), identities.end(), b.identities.begin(), b.identities.end(), same_file) &&
         certificates == b.certificates && agent == b.agent && identities_only == b.identities_only &&
         same(passphrase, b.passphrase) && same(password, b.password) &&
         same(keyboard_interactive, b.keyboard_interactive) && defer_to_openssh == b.defer_to_openssh &&
         prompts == b.prompts && known_hosts == b.known_hosts && fingerprints == b.fingerprints &&
         host_keys == b.host_keys && host_key_alias == b.host_key_alias && key_exchange == b.algorithms.key_exchange &&
         host_key == b.algorithms.host_key && cipher == b.algorithms.cipher && mac == b.algorithms.mac &&
         std::equal(jump_hosts.begin(), jump_hosts.end(), b.jump_hosts.begin(), b.jump_hosts.end(), same_endpoint) &&
         resolve == b.timeouts.resolve && connect == b.timeouts.connect && banner == b.timeouts.banner &&
         handshake == b.timeouts.handshake && agent_time == b.timeouts.agent &&
         authentication == b.timeouts.authentication && open == b.timeouts.open && files == b.timeouts.files &&
         keepalive == b.keepalive && silence_limit == b.silence_limit && keep_shell == b.keep_shell &&
         notices == b.notices;
}

}  // namespace remote_job::inline REMOTE_JOB_ABI::ssh

#endif
