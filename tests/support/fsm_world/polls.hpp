// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#pragma once

#include <support/fsm_world/invariants.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <system_error>
#include <vector>

namespace fsm_world {

/// What a host can answer to a poll, and what becomes of it in the book.
class polled_machine : protected checked_machine {
 protected:
  using checked_machine::checked_machine;

  void poll_inputs(std::vector<input>& out) const {
    for (const auto f : {fault::lost, fault::fatal, fault::timeout, fault::garbled, fault::too_many, fault::beyond,
                         fault::below, fault::ghost, fault::only_overlap})
      out.push_back({kind::polled, f});
    if (by_files_) out.push_back({kind::polled, fault::no_files});
    remote_job::poll_request request;
    fsm_.request(request);
    for (const auto c : {change::none, change::grow, change::surge, change::shrink, change::empty, change::rewrite,
                         change::rewrite_grow, change::replace, change::remove, change::create, change::restore,
                         change::deny, change::allow}) {
      host h = host_;
      if (!alter(h, c)) continue;
      const auto left = h.visible() && h.size > acked_ ? h.size - acked_ : 0;
      const auto most = std::min<std::uint64_t>(left, request.max_bytes);
      if (by_files_ && most > 0)
        for (const auto f : {fault::lost, fault::fatal, fault::timeout, fault::garbled})
          out.push_back({kind::polled, f, c, exit_code_state::absent, portion::some});
      for (const auto e :
           {exit_code_state::absent, exit_code_state::present, exit_code_state::damaged, exit_code_state::unreadable}) {
        out.push_back({kind::polled, fault::none, c, e, portion::all});
        if (s_.life)
          for (const auto l : {remote_job::liveness::not_started, remote_job::liveness::vanished})
            out.push_back({kind::polled, fault::none, c, e, portion::all, false, l});
        if (left > most && most == request.max_bytes && most < most_asked())
          out.push_back({kind::polled, fault::none, c, e, portion::all, true});
        if (!s_.plain && most > 1) out.push_back({kind::polled, fault::none, c, e, portion::some});
        if (!s_.plain && most > 0) out.push_back({kind::polled, fault::none, c, e, portion::nothing});
        if (by_files_ && h.visible() && h.size == acked_ && request.overlap > 0)
          out.push_back({kind::polled, fault::none, c, e, portion::overlap});
        if (s_.lies && by_files_ && most > 0)
          out.push_back({kind::polled, fault::none, c, e, portion::all, false, remote_job::liveness::alive, true});
      }
    }
  }

  void poll_whole(const input& in) {
    rule(alter(host_, in.log), "the host can do that");
    remote_job::poll_request request;
    fsm_.request(request);
    remote_job::poll_reply reply;
    reply.exit_state = in.exit;
    if (in.exit == exit_code_state::present) reply.exit_code = s_.exit_code;
    if (in.exit == exit_code_state::damaged) reply.exit_text = "12 monkeys";
    reply.log = host_.visible() ? log_state::present : host_.exists ? log_state::unreadable : log_state::absent;
    rule(request.liveness == s_.life, "a command always asks whether the job lives");
    if (s_.life) reply.liveness = in.life;
    if (request.directories) reply.log_directory = reply.exit_directory = false;
    std::uint64_t n = 0;
    if (host_.visible()) {
      reply.log_size = host_.size;
      reply.log_identity = s_.identities ? host_.identity : 0;
      if (host_.size > acked_) n = std::min<std::uint64_t>(host_.size - acked_, request.max_bytes);
      if (in.part == portion::some) n /= 2;
      if (in.part == portion::nothing) n = 0;
      if (n > 0 || in.part == portion::overlap)
        reply.bytes = content(host_.generation).substr(acked_ - request.overlap, request.overlap + n);
    }

    if (in.lied) {
      // Where reading ends, or one byte more than was asked for.
      reply.size_wrong = true;
      reply.log_size = std::min(host_.size, acked_ + n + 1);
    }

    ++stats_.polls;
    failures_ = 0;
    whole_ = true;
    moved_ = false;
    cause_ = broken(reply, request.overlap);
    if (cause_) {
      shown_ = seen_ = reply.log_size;
    } else {
      note(reply, n);
    }
    slow_ = in.slow;
    next_ = fsm_.polled({}, {}, reply, now_, fsm_.options().command_timeout / 4 + duration(in.slow ? 1 : 0));
  }

  void poll_failed(const input& in) {
    const auto f = in.failure;
    remote_job::poll_request request;
    fsm_.request(request);
    if (f == fault::no_files) return refuse_files();
    // All that such a reply holds would change much, were it believed.
    remote_job::poll_reply reply;
    reply.exit_state = exit_code_state::present;
    reply.exit_code = s_.exit_code;
    reply.log = f == fault::ghost ? log_state::absent : log_state::present;
    reply.log_identity = s_.identities ? host_.identity : 0;
    const auto overlap = request.overlap;
    const auto bytes = [&](std::uint64_t fresh) {
      reply.bytes = content(host_.generation).substr(acked_ - overlap, overlap + fresh);
    };
    reply.log_size = acked_ + 1;
    bytes(1);
    std::error_code ec;
    if (f == fault::lost) ec = errc::connection_lost;
    if (f == fault::fatal) ec = errc::no_common_algorithm;
    if (f == fault::timeout) ec = errc::command_timeout;
    if (f == fault::garbled) ec = errc::reply_malformed;
    if (f == fault::too_many) reply.log_size = acked_ + request.max_bytes + 1, bytes(request.max_bytes + 1);
    if (f == fault::beyond) bytes(2);
    if (f == fault::below) reply.log_size = acked_;
    if (f == fault::only_overlap) reply.bytes = overlap > 0 ? reply.bytes.substr(0, overlap) : content(0).substr(0, 2);
    if (f == fault::timeout) now_ += std::chrono::seconds(30);
    moved_ = false;
    // Over files what came before the failure is where it belongs, and is told of as it is.
    if (by_files_ && ec && f != fault::garbled) reply = {};
    if (in.part == portion::some) {
      rule(alter(host_, in.log), "the host can do that");
      const auto n = std::min<std::uint64_t>((host_.size - acked_ + 1) / 2, request.max_bytes);
      reply.log = log_state::present;
      reply.log_size = host_.size;
      bytes(n);
      if (f != fault::garbled && !broken(reply, overlap)) {
        fresh_ = n;
        broken_off_ = ec;
        spoiled_ = true;
        log_trouble_.reset();
        lacked_ = false;
        if (reply.log_identity != 0) known_identity_ = reply.log_identity;
      }
    }
    if (fresh_ == 0) fail(remote_job::retry_info::phase::poll, ec ? ec : std::error_code(errc::reply_malformed));
    next_ = fsm_.polled(ec, ec ? "why" : "", reply, now_, {});
    rule((next_.kind == action_kind::deliver) == (fresh_ > 0),
         "what came before a failure is kept, if it can be placed");
  }

  void refuse_files() {
    remote_job::poll_reply reply;
    if (s_.via == remote_job::poll_via::automatic) {
      by_files_ = false;
      tell_files_ = true;
    } else {
      error_ = errc::files_unavailable;
      end_ = ending::failure;
      spoiled_ = true;
    }
    next_ = fsm_.polled(errc::files_unavailable, "no such subsystem", reply, now_, {});
  }
};

}  // namespace fsm_world
