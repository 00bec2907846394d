// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_WATCH_DETAIL_RULES_FILE_POLL_HPP
#define REMOTE_JOB_WATCH_DETAIL_RULES_FILE_POLL_HPP

#include <remote_job/detail/asio/recycled_block.hpp>
#include <remote_job/detail/text/exit_code.hpp>
#include <remote_job/error.hpp>
#include <remote_job/file_status.hpp>
#include <remote_job/os_policy/detail/framing.hpp>
#include <remote_job/poll.hpp>
#include <remote_job/watch/detail/rules/proc_liveness.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <system_error>

namespace remote_job::inline v0::detail {

/// Whether this is the answer of a host on which there is no such file.
inline bool says_missing(const std::error_code& ec) noexcept {
  return ec == std::errc::no_such_file_or_directory || ec == std::errc::not_a_directory;
}

/// Whether this is the answer of a host that cannot read a file which is there.
inline bool says_unreadable(const std::error_code& ec) noexcept {
  return ec == std::errc::permission_denied || ec == std::errc::is_a_directory || ec == std::errc::io_error;
}

/// One poll through the host's files, without the I/O: says what to ask for, takes the answers, and makes the reply of
/// them that a command would have given. Used again for each poll, for its memory.
///
/// What is asked for together is answered in any order, while the job writes. Two rules make one reply of it: the log
/// is looked at after the exit code was seen, if need be once more, so that all that the job wrote is in its size; and
/// bytes count up to that size only.
///
/// Of a long backlog several chunks may be read at once. The polls that find theirs there ask nothing, and have the exit
/// code and the size as they were then: no watch ends before it has read so far.
class file_poll {
 public:
  enum question : unsigned {
    nothing = 0,
    exit_code = 1,
    log_status = 2,
    log_bytes = 4,
    // What tells whether the job lives, two rounds before all else: a job that ends meanwhile leaves an exit code.
    pid_file = 8,
    child_file = 16,
    boot_id = 32,
    host_name = 64,
    process = 128,
    child_process = 256
  };
  static constexpr std::size_t question_count = 9;

  /// Chunks that are read at once, and the bytes of them: so many at most.
  static constexpr std::size_t most_chunks = 4;
  static constexpr std::size_t most_bytes = std::size_t{256} * 1024;

  /// Begins a poll and says what to ask for, all at once; nothing if all is known. The request is to stay in place until
  /// the reply is made. `ahead`: chunks of a backlog may be read for the polls to come.
  unsigned begin(const poll_request& request, bool ahead = false) noexcept {
    request_ = &request;
    if (is_read()) {
      liveness_ = liveness::unknown;
      evidence_text_.clear();
      return nothing;
    }
    limit_ = poll_limit(request) + (ahead ? backlog() : 0);
    first_ = poll_start(request);
    failure_ = {};
    exit_judged_ = read_again_ = status_known_ = false;
    shrink(bytes, limit_);
    bytes.clear();
    bytes_error_ = {};
    liveness_ = liveness::unknown;
    evidence.clear();
    evidence_text_.clear();
    pid_file_unreadable_ = false;
    judging_ = request.liveness;
    asked_processes_ = false;
    return judging_ ? unsigned{pid_file | child_file | boot_id | host_name} : first_questions();
  }

  /// The next poll asks, whatever was read.
  void forget() noexcept { status_known_ = false; }

  /// Which part of the log to ask for.
  std::uint64_t first() const noexcept { return first_; }
  std::size_t limit() const noexcept { return limit_; }

  /// The process whose status is asked for; 0 for one that cannot be, so that there is no such file.
  std::uint64_t process_of(question q) const noexcept {
    return process_identity(q == process ? evidence.pid_file : evidence.child_file).pid;
  }

 private:
  unsigned first_questions() noexcept {
    // What is not known to be a file is looked at first: opening a FIFO can wait for ever.
    return ask(exit_code | log_status | (log_is_file_ ? log_bytes : nothing));
  }

  /// Whether the poll before went well and this one follows it.
  bool goes_on() const noexcept {
    return !failure_ && status_known_ && log_is_file_ && !bytes_error_ && poll_start(*request_) > first_ &&
           status.size > request_->offset;
  }

  /// Whether what was read before has all of this poll's chunk, and nothing else is to be found out.
  bool is_read() const noexcept {
    if (!goes_on() || request_->liveness) return false;
    const auto end = poll_start(*request_) + poll_limit(*request_);
    if (end > status.size || end - first_ > bytes.size()) return false;
    poll_reply before;
    judge_exit_code(before);
    return request_->exit_seen
               ? before.exit_state == exit_code_state::present && before.exit_code == *request_->exit_seen
               : before.exit_state == exit_code_state::absent;
  }

  /// Bytes behind this poll's chunk that are worth to be read with it, as far as is known: some whole chunks.
  std::size_t backlog() const noexcept {
    if (!goes_on()) return 0;
    const auto chunk = request_->max_bytes;
    const auto known = std::min<std::uint64_t>(status.size - request_->offset, most_bytes) / chunk;
    return static_cast<std::size_t>(std::clamp<std::uint64_t>(known, 1, most_chunks) - 1) * chunk;
  }

 public:
  /// Takes the answer to one question; the data is in exit_text, status or bytes.
  void answer(question q, std::error_code ec) noexcept {
    if (ec && !says_missing(ec) && !says_unreadable(ec)) {
      if (!failure_) failure_ = ec;  // what fails after that fails because of it
      return;
    }
    switch (q) {
      case exit_code: exit_error_ = ec; break;
      case log_status:
        status_error_ = ec;
        log_is_file_ = status_known_ = !ec && status.kind == file_kind::regular;
        break;
      case log_bytes:
        bytes_error_ = ec;
        if (ec) bytes.clear();
        if (bytes.size() > limit_) failure_ = errc::reply_too_long;
        break;
      case pid_file:
        if (ec) evidence.pid_file.clear();
        pid_file_unreadable_ = says_unreadable(ec);
        break;
      case child_file:
        if (ec) evidence.child_file.clear();
        break;
      case boot_id:
        if (ec) evidence.boot_id.clear();
        break;
      case host_name:
        if (ec) evidence.host_name.clear();
        break;
      case process:
        if (ec) evidence.stat.clear();
        break;
      case child_process:
        if (ec) evidence.child_stat.clear();
        break;
      case nothing: break;
    }
  }

  /// All that was asked for is answered: says what to ask for next; nothing once the poll is over.
  unsigned next() {
    if (failure_) return nothing;
    if (judging_) {
      if (!asked_processes_ && !evidence.boot_id.empty() && process_of(process) != 0) {
        asked_processes_ = true;
        return process | child_process;
      }
      judging_ = asked_processes_ = false;
      if (!pid_file_unreadable_) liveness_ = evidence.judge(evidence_text_);
      return first_questions();
    }
    if (!exit_judged_) {
      exit_judged_ = true;
      poll_reply judged;
      judge_exit_code(judged);
      const bool news = judged.exit_state == exit_code_state::present &&
                        !(request_->exit_seen && judged.exit_code == *request_->exit_seen);
      // A whole chunk is as good as it was; only the size has to be known anew.
      const bool whole_chunk = bytes.size() >= poll_limit(*request_);
      if (news) return ask(log_status | (log_is_file_ && !whole_chunk ? log_bytes : nothing));
    }
    // The log grew before it was looked at and after it was read, or was not read yet.
    if (!read_again_ && log_is_file_ && status.size > request_->offset && bytes.size() <= overlap() &&
        !says_unreadable(bytes_error_)) {
      read_again_ = true;
      return ask(log_bytes);
    }
    return nothing;
  }

  /// What went wrong, if this is no poll.
  std::error_code failure() const noexcept { return failure_; }

  /// The reply, once the poll is over; its views point into exit_text and bytes.
  void make_reply(poll_reply& reply) const noexcept {
    reply = {};
    reply.liveness = liveness_;
    reply.evidence = evidence_text_;
    judge_exit_code(reply);
    const bool wanted = status.size > request_->offset;
    if (says_missing(status_error_) || (wanted && says_missing(bytes_error_))) return;
    if (status_error_ || bytes_error_ || status.kind == file_kind::directory) {
      // Of a log that is gone now and had nothing new, the next poll will tell.
      if (says_missing(bytes_error_)) return present(reply, status.size);
      reply.log = log_state::unreadable;
      const bool directory = !status_error_ && status.kind == file_kind::directory;
      reply.log_error = directory       ? std::make_error_code(std::errc::is_a_directory)
                        : status_error_ ? status_error_
                                        : bytes_error_;
      return;
    }
    if (status.kind == file_kind::other) return present(reply, 0);
    // Read after its size was asked for, and it ends before the offset: it was truncated between.
    if (wanted && bytes.size() < overlap()) return present(reply, poll_start(*request_) + bytes.size());
    present(reply, status.size);
    if (status.size < request_->offset || bytes.size() < overlap() || (wanted && bytes.size() == overlap())) return;
    reply.bytes = chunk();
  }

  /// Of a poll that failed: the bytes of the log that came before it did, if they can be placed.
  void make_partial_reply(poll_reply& reply) const noexcept {
    reply = {};
    if (!status_known_ || bytes_error_ || status.size <= request_->offset || bytes.size() <= overlap() ||
        bytes.size() > limit_)
      return;
    present(reply, status.size);
    reply.bytes = chunk();
  }

  std::string exit_text;
  file_status status;
  std::string bytes;
  file_evidence evidence;

 private:
  unsigned ask(unsigned questions) noexcept {
    if (questions & exit_code) exit_text.clear();
    if (questions & log_status) {
      status = {};
      status_known_ = false;
    }
    if (questions & log_bytes) {
      bytes.clear();
      bytes_error_ = {};
    }
    return questions;
  }

  std::size_t overlap() const noexcept { return static_cast<std::size_t>(request_->offset - poll_start(*request_)); }

  /// Of what was read: this poll's chunk, and no more than the size that the log is said to have.
  std::string_view chunk() const noexcept {
    const auto start = poll_start(*request_);
    return std::string_view(bytes)
        .substr(static_cast<std::size_t>(start - first_))
        .substr(0, static_cast<std::size_t>(std::min<std::uint64_t>(poll_limit(*request_), status.size - start)));
  }

  void judge_exit_code(poll_reply& reply) const noexcept {
    if (says_unreadable(exit_error_)) {
      reply.exit_state = exit_code_state::unreadable;
      reply.exit_error = exit_error_;
    } else if (!exit_error_) {
      read_exit_code(exit_text, reply);
    }
  }

  void present(poll_reply& reply, std::uint64_t size) const noexcept {
    reply.log = log_state::present;
    reply.log_size = size;
    reply.log_identity = status.identity;
  }

  const poll_request* request_ = nullptr;
  std::uint64_t first_ = 0;  // where in the log what is read begins
  std::size_t limit_ = 0;    // most bytes of it
  std::error_code failure_;
  std::error_code exit_error_, status_error_, bytes_error_;
  bool log_is_file_ = false;   // as far as is known, also from the poll before
  bool status_known_ = false;  // by this poll
  liveness liveness_ = liveness::unknown;
  std::string evidence_text_;
  bool pid_file_unreadable_ = false;
  bool judging_ = false;  // whether the job lives
  bool asked_processes_ = false;
  bool exit_judged_ = false;
  bool read_again_ = false;
};

}  // namespace remote_job::inline v0::detail

#endif
