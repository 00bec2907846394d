// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_WATCH_DETAIL_RUN_IMPL_CENSUS_BOARD_IPP
#define REMOTE_JOB_WATCH_DETAIL_RUN_IMPL_CENSUS_BOARD_IPP

#include <remote_job/detail/text/hex.hpp>
#include <remote_job/detail/text/saturating_add.hpp>
#include <remote_job/watch/detail/run/census_board.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>

namespace remote_job::inline REMOTE_JOB_ABI::detail {

std::shared_ptr<census_board> census_board::find(asio::execution_context& context, const std::string& key) {
  if (key.empty()) return std::make_shared<census_board>();
  auto& all = asio::use_service<all_boards>(context);
  const std::lock_guard lock(all.mutex);
  std::erase_if(all.boards, [](const auto& each) { return each.second.expired(); });
  auto& place = all.boards[key];
  auto board = place.lock();
  if (!board) place = board = std::make_shared<census_board>();
  return board;
}

std::shared_ptr<census_seat> census_board::join(const job_spec& job, duration now) {
  const std::lock_guard lock(mutex_);
  auto seat = std::make_shared<census_seat>();
  seat->job = job;
  std::erase_if(seats_, [](const auto& each) { return each.expired(); });
  // So that watches that begin together are all in the first census.
  if (seats_.empty() && due_ == duration::max()) due_ = saturating_add(now, std::chrono::seconds(1));
  seats_.push_back(seat);
  return seat;
}

bool census_board::claim(duration now, duration within, census_request& request) {
  const std::lock_guard lock(mutex_);
  if (now < claimed_until_ || (!pending_ && now < due_)) return false;
  claimed_until_ = saturating_add(now, within);
  if (!pending_) {
    began_ = now;
    asked_.clear();
    request_.jobs.clear();
    for (const auto& each : seats_) {
      auto seat = each.lock();
      if (!seat) continue;
      request_.jobs.push_back(seat->job);
      asked_.push_back(std::move(seat));
    }
    request_.key.clear();
    for (int half = 0; half < 2; ++half) append_hex(request_.key, chance_(), 16);
  }
  request = request_;
  return true;
}

void census_board::answered(const census_request& request, census_reply reply, duration now) {
  const std::lock_guard lock(mutex_);
  if (request.key != request_.key) return;  // so late that another was sent since
  claimed_until_ = duration::min();
  pending_ = reply.pending;
  if (pending_) return;
  put_off(now);
  ++answers_;
  for (std::size_t i = 0; i < std::min(asked_.size(), reply.jobs.size()); ++i) {
    asked_[i]->report = std::move(reply.jobs[i]);
    asked_[i]->answers = answers_;
  }
  asked_.clear();
}

void census_board::failed(duration now) {
  const std::lock_guard lock(mutex_);
  claimed_until_ = duration::min();
  pending_ = false;
  put_off(now);
  for (const auto& each : asked_) ++each->silences;
  asked_.clear();
}

void census_board::released() {
  const std::lock_guard lock(mutex_);
  claimed_until_ = duration::min();
}

bool census_board::news(const census_seat& seat, std::uint64_t& seen, queue_report& report) {
  const std::lock_guard lock(mutex_);
  if (std::exchange(seen, seat.answers) == seat.answers) return false;
  report = seat.report;
  return true;
}

bool census_board::silent(const census_seat& seat, std::uint64_t& seen) {
  const std::lock_guard lock(mutex_);
  return std::exchange(seen, seat.silences) != seat.silences;
}

void census_board::put_off(duration now) {
  constexpr duration least = std::chrono::seconds(30);
  due_ = saturating_add(began_, std::max(least, 5 * std::clamp<duration>(now - began_, {}, std::chrono::hours(24))));
}

}  // namespace remote_job::inline REMOTE_JOB_ABI::detail

#endif
