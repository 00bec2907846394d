// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_WATCH_DETAIL_RULES_FILE_POLL_HPP
#define REMOTE_JOB_WATCH_DETAIL_RULES_FILE_POLL_HPP

#include <remote_job/file_status.hpp>
#include <remote_job/poll.hpp>
#include <remote_job/watch/detail/rules/proc_liveness.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>

namespace remote_job::inline REMOTE_JOB_ABI::detail {

/// One poll through the host's files, without the I/O: says what to ask for, takes the answers, and makes of them the
/// reply that a command would have given. It is used again for each poll, for its memory.
///
/// Questions that are asked together are answered in any order, while the job writes. Two rules make one reply of the
/// answers: the log is looked at after the exit code was seen, if need be once more, so that its size covers all that
/// the job wrote; and bytes count up to that size only.
///
/// Of a size and a read that contradict each other the longer one counts. A read that ends before the size proves
/// nothing: the handle may lag behind, and the log is truncated only when its size says so. Two reads that go beyond a
/// size which was asked for later prove that the host tells wrong sizes; from then on the log ends where reading ends.
/// One alone may be of a log that is truncated.
/// Each read asks for one byte more than the poll needs, which shows whether the log ends there.
///
/// Of a long backlog several chunks may be read at once. The polls that find their chunk already read ask nothing, and
/// have the exit code and the size of that time: no watch ends before it has read that far.
class file_poll {
 public:
  enum question : unsigned {
    nothing = 0,
    exit_code = 1,
    log_status = 2,
    log_bytes = 4,
    // What shows whether the job lives, two rounds before all else: a job that ends meanwhile leaves an exit code.
    pid_file = 8,
    child_file = 16,
    boot_id = 32,
    host_name = 64,
    process = 128,
    child_process = 256,
    of_life = pid_file | child_file | boot_id | host_name | process | child_process,
    // Whether they exist, together with the files.
    log_directory = 512,
    exit_directory = 1024
  };
  static constexpr std::size_t question_count = 11;

  /// At most so many chunks, and so many bytes of them, are read at once.
  static constexpr std::size_t most_chunks = 4;
  static constexpr std::size_t most_bytes = std::size_t{256} * 1024;

  /// Begins a poll and returns what to ask for, all at once; nothing if everything is known. The request must stay in
  /// place until the reply is made. `ahead`: chunks of a backlog may be read for later polls.
  REMOTE_JOB_DECL unsigned begin(const poll_request& request, bool ahead = false) noexcept;

  /// The next poll asks, whatever was read.
  void forget() noexcept { status_known_ = size_wrong_ = false; }

  /// Which part of the log to ask for.
  std::uint64_t first() const noexcept { return first_; }
  std::size_t limit() const noexcept { return limit_; }

  /// The process whose status is asked for; 0 for none, so that there is no such file.
  REMOTE_JOB_DECL std::uint64_t process_of(question q) const noexcept;

  /// Takes the answer to one question; the data is in exit_text, status, bytes or evidence.
  REMOTE_JOB_DECL void answer(question q, std::error_code ec) noexcept;

  /// All that was asked for is answered: returns what to ask for next; nothing once the poll is over.
  REMOTE_JOB_DECL unsigned next();

  /// Why the poll failed, if it did.
  std::error_code failure() const noexcept { return failure_; }

  /// The reply, once the poll is over; its views point into exit_text and bytes.
  REMOTE_JOB_DECL void make_reply(poll_reply& reply) const noexcept;

  /// The bytes of the log that a failed poll had read before, if they can be placed.
  REMOTE_JOB_DECL void make_partial_reply(poll_reply& reply) const noexcept;

  std::string exit_text;
  file_status status;
  file_status log_directory_status, exit_directory_status;
  std::string bytes;
  file_evidence evidence;

 private:
  REMOTE_JOB_DECL unsigned first_questions() noexcept;
  REMOTE_JOB_DECL void take_evidence(std::string& text, const std::error_code& ec) noexcept;
  REMOTE_JOB_DECL unsigned ask(unsigned questions) noexcept;

  /// Whether the poll before succeeded and this one follows it.
  REMOTE_JOB_DECL bool goes_on() const noexcept;
  /// Whether all of this poll's chunk was read before, and nothing else is to be found out.
  REMOTE_JOB_DECL bool is_read() const noexcept;
  /// How many bytes behind this poll's chunk to read along with it: some full chunks, as far as is known.
  REMOTE_JOB_DECL std::size_t backlog() const noexcept;

  REMOTE_JOB_DECL std::size_t overlap() const noexcept;
  /// Where in the log the bytes that were read end.
  std::uint64_t read_end() const noexcept { return first_ + bytes.size(); }
  /// Whether the bytes show that the log reaches to the offset. Fewer than the overlap do not.
  bool reaches() const noexcept { return !bytes.empty() && bytes.size() >= overlap(); }
  /// How long the log is, as far as size and bytes tell.
  REMOTE_JOB_DECL std::uint64_t size() const noexcept;
  /// This poll's chunk of what was read, and no more than the size that the log is said to have.
  REMOTE_JOB_DECL std::string_view chunk() const noexcept;
  REMOTE_JOB_DECL void judge_exit_code(poll_reply& reply) const noexcept;
  /// The job has ended: nobody will look at the log again, so its end is read, not computed.
  REMOTE_JOB_DECL bool reads_to_end() const noexcept;
  REMOTE_JOB_DECL void present(poll_reply& reply, std::uint64_t size) const noexcept;

  const poll_request* request_ = nullptr;
  std::uint64_t first_ = 0;  // where in the log the bytes begin
  std::size_t limit_ = 0;    // most bytes of it
  std::error_code failure_;
  std::error_code exit_error_, status_error_, bytes_error_;
  bool log_is_file_ = false;   // as far as is known, also from the poll before
  bool status_known_ = false;  // by this poll
  liveness liveness_ = liveness::unknown;
  std::string evidence_text_;
  std::optional<bool> log_directory_, exit_directory_;
  bool evidence_unreadable_ = false;
  bool judging_ = false;  // whether the job lives
  bool asked_processes_ = false;
  bool exit_judged_ = false;
  bool read_ = false;  // the log, since the exit code appeared
  bool read_again_ = false;
  bool size_asked_again_ = false;
  bool size_contradicted_ = false;  // by a read before it was asked for
  bool size_wrong_ = false;         // the host tells sizes that are too small; also from a poll before
};

}  // namespace remote_job::inline REMOTE_JOB_ABI::detail

#if !defined(REMOTE_JOB_SEPARATE_COMPILATION)
#include <remote_job/watch/detail/rules/impl/file_poll.ipp>
#endif

#endif
