// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_WATCH_DETAIL_RULES_IMPL_POLL_PAUSE_IPP
#define REMOTE_JOB_WATCH_DETAIL_RULES_IMPL_POLL_PAUSE_IPP

#include <remote_job/watch/detail/rules/poll_pause.hpp>

#include <algorithm>
#include <cstdint>

namespace remote_job::inline REMOTE_JOB_ABI::detail {

duration poll_pause::next(bool news, splitmix64& chance) noexcept {
  if (quick_ == duration::zero()) return interval_;
  if (news) pause_ = quick_;
  const auto pause = pause_;
  pause_ = pause < interval_ / 3 * 2 ? pause + std::max(pause / 2, duration(1)) : interval_;
  return pause - duration(static_cast<duration::rep>(chance() % (static_cast<std::uint64_t>(pause.count() / 4) + 1)));
}

splitmix64 poll_pause::chance_of(std::string_view job_id) noexcept {
  // FNV-1a; unlike std::hash the same everywhere.
  std::uint64_t h = 0xcbf29ce484222325;
  for (const char c : job_id) h = (h ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  return splitmix64(h);
}

}  // namespace remote_job::inline REMOTE_JOB_ABI::detail

#endif
