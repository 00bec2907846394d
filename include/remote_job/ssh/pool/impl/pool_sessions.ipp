// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_SSH_POOL_IMPL_POOL_SESSIONS_IPP
#define REMOTE_JOB_SSH_POOL_IMPL_POOL_SESSIONS_IPP

#include <remote_job/ssh/pool/pool_sessions.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace remote_job::inline REMOTE_JOB_ABI::detail {

void pool_sessions::remove(std::uint64_t id) {
  std::erase_if(all_, [&](const pool_session& s) { return s.id == id; });
}

pool_session* pool_sessions::find(std::uint64_t id) noexcept {
  const auto found = std::ranges::find(all_, id, &pool_session::id);
  return found == all_.end() ? nullptr : &*found;
}

std::size_t pool_sessions::alive() const noexcept {
  return all_.size() - static_cast<std::size_t>(std::ranges::count(all_, phase::retired, &pool_session::state));
}

const pool_session* pool_sessions::common() const noexcept {
  const pool_session* first = nullptr;
  for (const auto& s : all_) {
    if (s.state == phase::retired) continue;
    if (!s.starving_since) return &s;
    if (first == nullptr) first = &s;
  }
  return first;
}

const pool_session* pool_sessions::clogged() const noexcept {
  for (const auto& s : all_)
    if (s.state == phase::ready && s.running == 0 && (s.closing >= s.channels || (s.starving_since && s.closing > 0)))
      return &s;
  return nullptr;
}

const pool_session* pool_sessions::surplus() const noexcept {
  if (alive() < 2) return nullptr;
  const auto& last = all_.back();
  return last.state == phase::ready && last.running == 0 && last.sharing == 0 ? &last : nullptr;
}

}  // namespace remote_job::inline REMOTE_JOB_ABI::detail

#endif
