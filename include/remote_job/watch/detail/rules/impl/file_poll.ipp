// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_WATCH_DETAIL_RULES_IMPL_FILE_POLL_IPP
#define REMOTE_JOB_WATCH_DETAIL_RULES_IMPL_FILE_POLL_IPP

#include <remote_job/detail/asio/recycled_block.hpp>
#include <remote_job/detail/poll_bounds.hpp>
#include <remote_job/detail/text/exit_code.hpp>
#include <remote_job/error.hpp>
#include <remote_job/watch/detail/rules/file_poll.hpp>

#include <algorithm>
#include <limits>
#include <utility>

namespace remote_job::inline REMOTE_JOB_ABI::detail {

/// Whether a host says that there is no such file.
inline bool says_missing(const std::error_code& ec) noexcept {
  return ec == std::errc::no_such_file_or_directory || ec == std::errc::not_a_directory;
}

/// Whether a host says that it cannot read a file which exists.
inline bool says_unreadable(const std::error_code& ec) noexcept {
  return ec == std::errc::permission_denied || ec == std::errc::is_a_directory || ec == std::errc::io_error;
}

/// Whether a directory exists, by the answer to the question for its status.
inline std::optional<bool> is_there(const std::error_code& ec, const file_status& status) noexcept {
  if (ec && !says_missing(ec)) return {};
  return !ec && status.kind == file_kind::directory;
}

unsigned file_poll::begin(const poll_request& request, bool ahead) noexcept {
  request_ = &request;
  if (is_read()) {
    liveness_ = liveness::unknown;
    evidence_text_.clear();
    return nothing;
  }
  limit_ = poll_limit(request) + (ahead ? backlog() : 0);
  if (limit_ < std::numeric_limits<std::size_t>::max()) ++limit_;
  first_ = poll_start(request);
  failure_ = {};
  exit_judged_ = read_ = read_again_ = size_asked_again_ = size_contradicted_ = status_known_ = false;
  shrink(bytes, limit_);
  bytes.clear();
  bytes_error_ = {};
  liveness_ = liveness::unknown;
  evidence.clear();
  evidence_text_.clear();
  evidence_unreadable_ = false;
  log_directory_.reset();
  exit_directory_.reset();
  judging_ = request.liveness;
  asked_processes_ = false;
  return judging_ ? unsigned{pid_file | child_file | boot_id | host_name} : first_questions();
}

std::uint64_t file_poll::process_of(question q) const noexcept {
  if (q == process && evidence.pid_file.empty()) return request_->known_pid;
  return process_identity(q == process ? evidence.pid_file : evidence.child_file).pid;
}

unsigned file_poll::first_questions() noexcept {
  // What is not known to be a file is looked at first: opening a FIFO can wait for ever.
  return ask(exit_code | log_status | (log_is_file_ ? log_bytes : nothing) |
             (request_->directories ? log_directory | exit_directory : nothing));
}

bool file_poll::goes_on() const noexcept {
  return !failure_ && status_known_ && !size_wrong_ && log_is_file_ && !bytes_error_ &&
         poll_start(*request_) > first_ && status.size > request_->offset;
}

bool file_poll::is_read() const noexcept {
  if (!goes_on() || request_->liveness || request_->directories) return false;
  const auto end = poll_start(*request_) + poll_limit(*request_);
  if (end > status.size || end - first_ > bytes.size()) return false;
  poll_reply before;
  judge_exit_code(before);
  return request_->exit_seen ? before.exit_state == exit_code_state::present && before.exit_code == *request_->exit_seen
                             : before.exit_state == exit_code_state::absent;
}

std::size_t file_poll::backlog() const noexcept {
  if (!goes_on()) return 0;
  const auto chunk = request_->max_bytes;
  const auto known = std::min<std::uint64_t>(status.size - request_->offset, most_bytes) / chunk;
  return static_cast<std::size_t>(std::clamp<std::uint64_t>(known, 1, most_chunks) - 1) * chunk;
}

void file_poll::answer(question q, std::error_code ec) noexcept {
  // A host that tells no size of a directory may tell that of a file.
  const bool of_directory = (q == log_directory || q == exit_directory) && ec == errc::files_unavailable;
  if (ec && !says_missing(ec) && !says_unreadable(ec) && !of_directory) {
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
    case pid_file: take_evidence(evidence.pid_file, ec); break;
    case child_file: take_evidence(evidence.child_file, ec); break;
    case boot_id: take_evidence(evidence.boot_id, ec); break;
    case host_name: take_evidence(evidence.host_name, ec); break;
    case process: take_evidence(evidence.stat, ec); break;
    case child_process: take_evidence(evidence.child_stat, ec); break;
    case log_directory: log_directory_ = is_there(ec, log_directory_status); break;
    case exit_directory: exit_directory_ = is_there(ec, exit_directory_status); break;
    case of_life:
    case nothing: break;
  }
}

/// A file that is there and cannot be read proves nothing, least of all that a process is gone.
void file_poll::take_evidence(std::string& text, const std::error_code& ec) noexcept {
  if (ec) text.clear();
  if (says_unreadable(ec)) evidence_unreadable_ = true;
}

unsigned file_poll::next() {
  if (failure_) return nothing;
  if (judging_) {
    if (!asked_processes_ && !evidence.boot_id.empty() && process_of(process) != 0) {
      asked_processes_ = true;
      return process | child_process;
    }
    judging_ = asked_processes_ = false;
    if (!evidence_unreadable_) liveness_ = evidence.judge(evidence_text_, request_->known_pid, request_->known_start);
    return first_questions();
  }
  if (!exit_judged_) {
    exit_judged_ = true;
    poll_reply judged;
    judge_exit_code(judged);
    const bool news = judged.exit_state == exit_code_state::present &&
                      !(request_->exit_seen && judged.exit_code == *request_->exit_seen);
    // A full chunk stays good; only the size must be asked for again.
    const bool full_chunk = bytes.size() > poll_limit(*request_);
    if (news) {
      read_ = false;
      return ask(log_status | (log_is_file_ && !full_chunk ? log_bytes : nothing));
    }
  }
  if (!log_is_file_ || says_unreadable(bytes_error_)) return nothing;
  // The log grew after it was read and before its status was, or was not read yet; or it was truncated since.
  const bool fewer = status.size > request_->offset && bytes.size() <= overlap();
  const bool shorter = status.size < request_->offset && (size_wrong_ ? !reaches() : bytes.empty() || reaches());
  // It has the size that was read, but was truncated while it was read: is it still the same? Nobody will look later.
  const bool unproved = status.size == request_->offset && bytes.size() < overlap();
  if (!read_again_ && (fewer || shorter || ((unproved || (bytes.empty() && !read_)) && reads_to_end()))) {
    read_again_ = true;
    size_asked_again_ = false;
    return ask(log_bytes);
  }
  // The log grew after its status was asked for, or the status is wrong.
  if (!size_wrong_ && reaches() && read_end() > status.size && (status.size <= request_->offset || reads_to_end())) {
    if (!std::exchange(size_asked_again_, true)) return ask(log_status);
    // Or the log was truncated in between: then it is shorter when it is read again.
    if (!std::exchange(size_contradicted_, true)) {
      read_again_ = true;
      size_asked_again_ = false;
      return ask(log_bytes);
    }
    size_wrong_ = true;
  }
  return nothing;
}

void file_poll::make_reply(poll_reply& reply) const noexcept {
  reply = {};
  reply.liveness = liveness_;
  reply.evidence = evidence_text_;
  reply.log_directory = log_directory_;
  reply.exit_directory = exit_directory_;
  judge_exit_code(reply);
  const bool wanted = status.size > request_->offset;
  if (says_missing(status_error_) || (wanted && says_missing(bytes_error_))) return;
  if (status_error_ || bytes_error_ || status.kind != file_kind::regular) {
    // A log that is gone by now and had nothing new is a matter for the next poll.
    if (log_is_file_ && says_missing(bytes_error_)) return present(reply, size());
    reply.log = log_state::unreadable;
    reply.log_error = status_error_                         ? status_error_
                      : status.kind == file_kind::directory ? std::make_error_code(std::errc::is_a_directory)
                      : status.kind == file_kind::other     ? std::make_error_code(std::errc::invalid_seek)
                                                            : bytes_error_;
    return;
  }
  present(reply, size());
  const bool more = reply.log_size > request_->offset;
  if (reply.log_size < request_->offset || bytes.size() < overlap() || (more && bytes.size() == overlap())) return;
  reply.bytes = chunk();
}

void file_poll::make_partial_reply(poll_reply& reply) const noexcept {
  reply = {};
  if (!status_known_ || bytes_error_ || status.size <= request_->offset || bytes.size() <= overlap() ||
      bytes.size() > limit_)
    return;
  present(reply, size());
  reply.bytes = chunk();
}

unsigned file_poll::ask(unsigned questions) noexcept {
  if (questions & exit_code) exit_text.clear();
  if (questions & log_status) {
    status = {};
    status_known_ = false;
  }
  if (questions & log_bytes) {
    bytes.clear();
    bytes_error_ = {};
    read_ = true;
  }
  return questions;
}

std::size_t file_poll::overlap() const noexcept {
  return static_cast<std::size_t>(request_->offset - poll_start(*request_));
}

std::string_view file_poll::chunk() const noexcept {
  const auto start = poll_start(*request_);
  return std::string_view(bytes)
      .substr(static_cast<std::size_t>(start - first_))
      .substr(0, static_cast<std::size_t>(std::min<std::uint64_t>(poll_limit(*request_), size() - start)));
}

void file_poll::judge_exit_code(poll_reply& reply) const noexcept {
  if (says_unreadable(exit_error_)) {
    reply.exit_state = exit_code_state::unreadable;
    reply.exit_error = exit_error_;
  } else if (!exit_error_) {
    read_exit_code(exit_text, reply);
  }
}

std::uint64_t file_poll::size() const noexcept {
  return size_wrong_ && reaches() ? std::max(status.size, read_end()) : status.size;
}

bool file_poll::reads_to_end() const noexcept {
  poll_reply judged;
  judge_exit_code(judged);
  return judged.exit_state == exit_code_state::present;
}

void file_poll::present(poll_reply& reply, std::uint64_t size) const noexcept {
  reply.log = log_state::present;
  reply.log_size = size;
  reply.size_wrong = size > status.size;
  reply.log_identity = status.identity;
}

}  // namespace remote_job::inline REMOTE_JOB_ABI::detail

#endif
