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

namespace remote_job::inline REMOTE_JOB_ABI::detail {

/// One session of a pool, as seen by its users.
struct pool_session {
  enum class phase {
    ready,
    doubtful,  ///< being probed
    retired    ///< not given to new users, closed when the last user is done
  };

  std::uint64_t id;
  std::size_t channels;  ///< maximum
  duration quiet_since;
  phase state = phase::ready;
  std::size_t running = 0;                   ///< channels held by users
  std::size_t closing = 0;                   ///< channels without a user that the server still counts
  std::size_t sharing = 0;                   ///< users that need no channel of their own
  std::optional<duration> starving_since{};  ///< of the sharing users
  duration proof_due{};

  std::size_t load() const noexcept { return running + closing; }
  bool free() const noexcept { return state == phase::ready && load() < channels; }
};

/// The sessions of one endpoint, oldest first.
class pool_sessions {
 public:
  using phase = pool_session::phase;

  void add(std::uint64_t id, std::size_t channels, duration now) { all_.push_back({id, channels, now}); }
  REMOTE_JOB_DECL void remove(std::uint64_t id);

  bool empty() const noexcept { return all_.empty(); }
  auto begin() noexcept { return all_.begin(); }
  auto end() noexcept { return all_.end(); }
  auto begin() const noexcept { return all_.begin(); }
  auto end() const noexcept { return all_.end(); }

  REMOTE_JOB_DECL pool_session* find(std::uint64_t id) noexcept;

  /// The number of sessions that are not retired.
  REMOTE_JOB_DECL std::size_t alive() const noexcept;
  bool any() const noexcept { return alive() > 0; }
  bool any_ready() const noexcept { return std::ranges::count(all_, phase::ready, &pool_session::state) > 0; }

  /// The first session whose sharing users need not wait; otherwise the first one.
  REMOTE_JOB_DECL const pool_session* common() const noexcept;

  /// A session whose channels are all taken up by abandoned commands, so that waiting does not help.
  REMOTE_JOB_DECL const pool_session* clogged() const noexcept;

  /// The last session, if it is unused and not the only one.
  REMOTE_JOB_DECL const pool_session* surplus() const noexcept;

 private:
  std::vector<pool_session> all_;
};

}  // namespace remote_job::inline REMOTE_JOB_ABI::detail

#if !defined(REMOTE_JOB_SEPARATE_COMPILATION)
#include <remote_job/ssh/pool/impl/pool_sessions.ipp>
#endif

#endif
