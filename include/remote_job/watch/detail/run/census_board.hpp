// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_WATCH_DETAIL_RUN_CENSUS_BOARD_HPP
#define REMOTE_JOB_WATCH_DETAIL_RUN_CENSUS_BOARD_HPP

#include <remote_job/census.hpp>
#include <remote_job/detail/text/random.hpp>
#include <remote_job/job.hpp>

#include <asio/execution_context.hpp>

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace remote_job::inline REMOTE_JOB_ABI::detail {

/// One job on the board. Only the board touches it.
struct census_seat {
  job_spec job;
  queue_report report;
  std::uint64_t answers = 0;   // that the board had when the report was written
  std::uint64_t silences = 0;  // censuses that failed while the job was on the board
};

/// The jobs of one host that one scheduler is asked about, and what it said. Whichever watch is the first to find that a
/// census is due sends it: at most every 30 s, and at most a fifth of the time.
///
/// Thread-safe: watches of an execution context may run on different strands. Times are those of the transports' clock.
class census_board {
 public:
  /// The board for this key in an execution context; with an empty key one of one's own.
  REMOTE_JOB_DECL static std::shared_ptr<census_board> find(asio::execution_context& context, const std::string& key);

  census_board() : chance_(random_bits()) {}

  REMOTE_JOB_DECL std::shared_ptr<census_seat> join(const job_spec& job, duration now);

  /// Whether the caller is to send a census now, with this request; the answer is expected within so long.
  REMOTE_JOB_DECL bool claim(duration now, duration within, census_request& request);

  /// What became of it. An answer that is still pending is fetched by the next claim.
  REMOTE_JOB_DECL void answered(const census_request& request, census_reply reply, duration now);
  REMOTE_JOB_DECL void failed(duration now);
  /// Nothing: whoever was to send it does not.
  REMOTE_JOB_DECL void released();

  /// What is known of a job, if there is news since the caller has seen so many answers.
  REMOTE_JOB_DECL bool news(const census_seat& seat, std::uint64_t& seen, queue_report& report);
  /// Whether a census failed since the caller has seen so many.
  REMOTE_JOB_DECL bool silent(const census_seat& seat, std::uint64_t& seen);

 private:
  class all_boards final : public asio::execution_context::service {
   public:
    using key_type = all_boards;
    static inline asio::execution_context::id id;

    explicit all_boards(asio::execution_context& context) : service(context) {}
    void shutdown() noexcept override {}

    std::mutex mutex;
    std::map<std::string, std::weak_ptr<census_board>> boards;
  };

  REMOTE_JOB_DECL void put_off(duration now);

  std::mutex mutex_;
  std::vector<std::weak_ptr<census_seat>> seats_;
  std::vector<std::shared_ptr<census_seat>> asked_;  // those of the census under way
  census_request request_;
  splitmix64 chance_;
  duration due_ = duration::max();
  duration began_{};  // of the census under way
  duration claimed_until_ = duration::min();
  bool pending_ = false;
  std::uint64_t answers_ = 0;
};

}  // namespace remote_job::inline REMOTE_JOB_ABI::detail

#if !defined(REMOTE_JOB_SEPARATE_COMPILATION)
#include <remote_job/watch/detail/run/impl/census_board.ipp>
#endif

#endif
