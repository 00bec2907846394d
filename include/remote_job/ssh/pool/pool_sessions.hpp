// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_SSH_POOL_POOL_SESSIONS_HPP
#define REMOTE_JOB_SSH_POOL_POOL_SESSIONS_HPP

#include <remote_job/job.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace remote_job::inline v0::detail {

/// One session of a pool, as far as those who share it are concerned.
struct pool_session {
  enum class phase {
    ready,
    doubtful,  ///< asked for a sign of life
    retired    ///< given to nobody any more, closed when the last user is done
  };

  std::uint64_t id;
  std::size_t channels;  ///< at most
  duration quiet_since;
  phase state = phase::ready;
  std::size_t running = 0;                   ///< channels that users have
  std::size_t closing = 0;                   ///< channels that nobody has and the server still counts
  std::size_t sharing = 0;                   ///< users that need no channel of their own
  std::optional<duration> starving_since{};  ///< of those who share
  duration proof_due{};

  std::size_t load() const noexcept { return running + closing; }
  bool free() const noexcept { return state == phase::ready && load() < channels; }
};

/// The sessions of one endpoint, the oldest first.
class pool_sessions {
 public:
  using phase = pool_session::phase;

  void add(std::uint64_t id, std::size_t channels, duration now) { all_.push_back({id, channels, now}); }
  void remove(std::uint64_t id) {
    std::erase_if(all_, [&](const pool_session& s) { return s.id == id; });
  }

  bool empty() const noexcept { return all_.empty(); }
  auto begin() noexcept { return all_.begin(); }
  auto end() noexcept { return all_.end(); }
  auto begin() const noexcept { return all_.begin(); }
  auto end() const noexcept { return all_.end(); }

  pool_session* find(std::uint64_t id) noexcept {
    const auto found = std::ranges::find(all_, id, &pool_session::id);
    return found == all_.end() ? nullptr : &*found;
  }

  /// How many are not retired.
  std::size_t alive() const noexcept {
    return all_.size() - static_cast<std::size_t>(std::ranges::count(all_, phase::retired, &pool_session::state));
  }
  bool any() const noexcept { return alive() > 0; }
  bool any_ready() const noexcept { return std::ranges::count(all_, phase::ready, &pool_session::state) > 0; }

  /// The first on which those who share need not wait, or else the first.
  const pool_session* common() const noexcept {
    const pool_session* first = nullptr;
    for (const auto& s : all_) {
      if (s.state == phase::retired) continue;
      if (!s.starving_since) return &s;
      if (first == nullptr) first = &s;
    }
    return first;
  }

  /// One whose channels are all taken by what users have left behind, so that waiting on is of no use.
  const pool_session* clogged() const noexcept {
    for (const auto& s : all_)
      if (s.state == phase::ready && s.running == 0 && (s.closing >= s.channels || (s.starving_since && s.closing > 0)))
        return &s;
    return nullptr;
  }

  /// The last one, if nobody uses it and there are others.
  const pool_session* surplus() const noexcept {
    if (alive() < 2) return nullptr;
    const auto& last = all_.back();
    return last.state == phase::ready && last.running == 0 && last.sharing == 0 ? &last : nullptr;
  }

 private:
  std::vector<pool_session> all_;
};

}  // namespace remote_job::inline v0::detail

#endif
