// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_WATCH_DETAIL_RUN_CENSUS_HPP
#define REMOTE_JOB_WATCH_DETAIL_RUN_CENSUS_HPP

#include <remote_job/os_policy/census.hpp>
#include <remote_job/transport.hpp>
#include <remote_job/watch/detail/run/census_board.hpp>

#include <asio/execution/context.hpp>
#include <asio/query.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <system_error>
#include <utility>

namespace remote_job::inline REMOTE_JOB_ABI::detail {

/// The part of a watch in the census of its host.
class census_member {
 public:
  ~census_member() { leave(); }

  /// A run begins. `Os`: the policy, which jobs on a board have in common.
  template <class Os, class Transport>
  void join(Transport& transport, const job_spec& job) {
    using traits = transport_traits<Transport>;
    static constexpr char policy = 0;
    leave();
    auto key = traits::endpoint(transport);
    if (!key.empty()) key.append("\n").append(std::to_string(reinterpret_cast<std::uintptr_t>(&policy)));
    board_ = census_board::find(asio::query(transport.get_executor(), asio::execution::context), key);
    seat_ = board_->join(job, traits::now(transport));
    answers_ = silences_ = 0;
  }

  /// The run is over.
  void leave() noexcept {
    if (asking && board_) board_->released();
    asking = false;
    seat_.reset();
    board_.reset();
  }

  /// Whether a census is to be sent now in place of a poll.
  bool due(duration now, duration within) { return asking = board_->claim(now, within, request); }
  void answered(std::error_code ec, census_reply reply, duration now) {
    asking = false;
    if (ec)
      board_->failed(now);
    else
      board_->answered(request, std::move(reply), now);
  }

  /// Adds to a poll what the scheduler said meanwhile.
  void fill(poll_reply& reply) {
    if (board_->news(*seat_, answers_, report_)) reply.queue = &report_;
    reply.queue_silent = board_->silent(*seat_, silences_);
  }

  census_request request;
  bool asking = false;  // a census is under way, sent by this watch

 private:
  std::shared_ptr<census_board> board_;
  std::shared_ptr<census_seat> seat_;
  std::uint64_t answers_ = 0, silences_ = 0;  // that this watch has seen
  queue_report report_;
};

}  // namespace remote_job::inline REMOTE_JOB_ABI::detail

#endif
