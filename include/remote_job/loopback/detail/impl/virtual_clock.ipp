// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_LOOPBACK_DETAIL_IMPL_VIRTUAL_CLOCK_IPP
#define REMOTE_JOB_LOOPBACK_DETAIL_IMPL_VIRTUAL_CLOCK_IPP

#include <remote_job/loopback/detail/virtual_clock.hpp>

#include <algorithm>

namespace remote_job::inline REMOTE_JOB_ABI::detail {

bool virtual_clock_service::advance(virtual_clock::time_point limit) {
  if (waits_.empty() || waits_.begin()->first > limit || waits_.begin()->first == virtual_clock::time_point::max())
    return false;
  now_ = std::max(now_, waits_.begin()->first);
  while (!waits_.empty() && waits_.begin()->first <= now_) waits_.begin()->second->finish({});
  return true;
}

void virtual_clock_service::pass(virtual_clock::time_point limit) {
  if (limit != virtual_clock::time_point::max()) now_ = std::max(now_, limit);
}

void virtual_clock_service::shutdown() noexcept {
  while (!waits_.empty()) waits_.begin()->second->discard();
}

}  // namespace remote_job::inline REMOTE_JOB_ABI::detail

#endif
