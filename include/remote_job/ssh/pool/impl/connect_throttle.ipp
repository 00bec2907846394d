// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_SSH_POOL_IMPL_CONNECT_THROTTLE_IPP
#define REMOTE_JOB_SSH_POOL_IMPL_CONNECT_THROTTLE_IPP

#include <remote_job/ssh/pool/connect_throttle.hpp>

#include <memory>
#include <string>
#include <utility>

namespace remote_job::inline REMOTE_JOB_ABI::ssh {

void connect_throttle::enter(const std::string& host, std::weak_ptr<handshaker> who) {
  hosts_[host].waiting.push_back(std::move(who));
  go_on(host);
}

void connect_throttle::leave(const std::string& host) {
  --hosts_[host].active;
  go_on(host);
}

void connect_throttle::go_on(const std::string& host) {
  auto& here = hosts_[host];
  while (here.active < most_ && !here.waiting.empty()) {
    const auto next = here.waiting.front().lock();
    here.waiting.pop_front();
    ++here.active;
    if (!next || !next->on_turn()) --here.active;
  }
  if (here.active == 0 && here.waiting.empty()) hosts_.erase(host);
}

}  // namespace remote_job::inline REMOTE_JOB_ABI::ssh

#endif
