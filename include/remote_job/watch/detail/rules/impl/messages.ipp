// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_WATCH_DETAIL_RULES_IMPL_MESSAGES_IPP
#define REMOTE_JOB_WATCH_DETAIL_RULES_IMPL_MESSAGES_IPP

#include <remote_job/detail/text/escaped.hpp>
#include <remote_job/detail/text/seconds.hpp>
#include <remote_job/watch/detail/rules/messages.hpp>

namespace remote_job::inline REMOTE_JOB_ABI::detail {

std::string retry_message(retry_info::phase phase, int attempt, int max, duration delay, const std::string& why) {
  const std::string count = "(attempt " + std::to_string(attempt) + "/" + std::to_string(max) + ")";
  if (phase == retry_info::phase::connect)
    return "Failed to connect to remote host " + count + ", retrying in " + seconds(delay) + " s: " + why;
  if (phase == retry_info::phase::command)
    return "The remote host did not carry out a command " + count + ", retrying in " + seconds(delay) + " s: " + why;
  return "Lost SSH connection while polling " + count + ", reconnecting: " + why;
}

std::string completed_message(std::int64_t exit_code, bool skipped) {
  return "Job completed with exit code " + std::to_string(exit_code) + (skipped ? ", which counts as skipped" : "");
}

std::string error_message(reason r, int failures, std::optional<std::int64_t> exit_code, std::uint64_t offset,
                          const std::string& why) {
  if (r == reason::lost) return why;
  if (r != reason::reconnects_exhausted) return "Trigger error: " + why;
  return "Trigger error: gave up after " + std::to_string(failures) + " consecutive failures, the last: " + why +
         (exit_code
              ? ". The job ended with exit code " + std::to_string(*exit_code) + ", but its log was not read to the end"
              : ". Nothing is known about the job; it may still be running") +
         "; the watch can be resumed at offset " + std::to_string(offset);
}

std::string reset_message(log_reset_cause cause, std::uint64_t offset, const std::string& log_file) {
  const std::string log = "The log " + escaped(log_file);
  const std::string tail = " after " + std::to_string(offset) + " bytes of it were read; reading again from offset 0";
  switch (cause) {
    case log_reset_cause::truncated: return log + " was truncated" + tail;
    case log_reset_cause::rewritten: return log + " was rewritten" + tail;
    case log_reset_cause::replaced: break;
  }
  return log + " was replaced by another file" + tail;
}

// What is only used here.
inline std::string unreadable_message(const job_spec& job, const std::string& file, std::error_code cause) {
  const std::string text = file + " exists but cannot be read";
  if (cause == std::errc::is_a_directory) return text + ": it is a directory";
  if (cause == std::errc::invalid_seek) return text + ": it is a FIFO or a device, not a regular file";
  if (job.remote_os == remote_os::windows)  // where a program may keep to itself what it writes
    return text + (cause ? " (" + cause.message() + ")" : "") +
           ": another program may keep it open, or this user may not read it";
  if (cause == std::errc::permission_denied) return text + " (" + cause.message() + "): check its owner and mode";
  return text + (cause ? " (" + cause.message() + ")" : "") +
         ": check its owner and mode, and whether it is a regular file";
}

std::string file_fault_message(notice_kind kind, const job_spec& job, std::string_view exit_text,
                               std::error_code cause) {
  switch (kind) {
    case notice_kind::exit_code_damaged:
      return "The exit-code file " + escaped(job.exit_code_file) + " does not hold an exit code but \"" +
             escaped(exit_text) + "\"";
    case notice_kind::exit_code_unreadable:
      return unreadable_message(job, "The exit-code file " + escaped(job.exit_code_file), cause);
    case notice_kind::log_missing: return "The log " + escaped(job.log_file) + " has disappeared";
    case notice_kind::log_unreadable: return unreadable_message(job, "The log " + escaped(job.log_file), cause);
    case notice_kind::log_size_wrong:
      return "The host tells a size of the log " + escaped(job.log_file) +
             " that is smaller than what can be read of it; the log is read to its end all the same";
    case notice_kind::files_missing:
    case notice_kind::files_unavailable:
    case notice_kind::orphaned:
    case notice_kind::pid_file_missing:
    case notice_kind::elsewhere:
    case notice_kind::job_missing:
    case notice_kind::queued:
    case notice_kind::requeued:
    case notice_kind::never_starts:
    case notice_kind::transport: break;
  }
  return {};
}

std::string log_short_message(const job_spec& job, std::uint64_t size, std::uint64_t offset) {
  return "The log " + escaped(job.log_file) + " has " + std::to_string(size) +
         " bytes as its size is told, but it cannot be read beyond byte " + std::to_string(offset);
}

std::string commands_instead_message(const std::string& why) {
  return "The host's files cannot be read directly, polling with commands instead: " + why;
}

std::string files_needed_message(const std::string& why) {
  return "the host's files cannot be read directly (" + why +
         "): set via to commands or automatic to poll with commands";
}

/// What was found of a job, without the evidence.
inline std::string liveness_message(liveness l) {
  switch (l) {
    case liveness::unknown: break;
    case liveness::alive: return "it is running";
    case liveness::orphaned: return "it is running, but its supervisor is gone, so no exit code will be written";
    case liveness::vanished: return "its process is gone and left no exit code";
    case liveness::rebooted: return "the host has rebooted since the job started, and there is no exit code";
    case liveness::elsewhere: return "it belongs to another host behind the same name, or to another container";
    case liveness::not_started: return "there is no pid file: it was never started, or its files were removed";
    case liveness::pid_file_gone:
      return "it is running, but its pid file was removed, so a supervisor will write no exit code";
    case liveness::queued: return "it waits in the queue of the batch scheduler";
  }
  return "whether it is running is not known";
}

inline std::string in_parentheses(std::string_view evidence) {
  return evidence.empty() ? std::string() : " (" + escaped(evidence) + ")";
}

std::string ended_message(reason r, std::optional<std::int64_t> exit_code, const std::string& evidence) {
  const auto what = [&] {
    switch (r) {
      case reason::timed_out: return "Job ended at its time limit";
      case reason::out_of_memory: return "Job ended because it used more memory than it was given";
      case reason::node_failed: return "Job ended because its node failed";
      case reason::preempted: return "Job ended to make way for another";
      default: return "Job was cancelled";
    }
  }();
  return what + in_parentheses(evidence) +
         (exit_code ? ", with exit code " + std::to_string(*exit_code) : ", and left no exit code");
}

std::string queue_notice(notice_kind kind, const job_spec& job, const std::string& why, const std::string& start,
                         const std::string& evidence) {
  std::string text = "Job " + escaped(job.job_id) + ": " + liveness_message(liveness::queued);
  if (kind == notice_kind::requeued) text += " to run again";
  if (!why.empty()) text += ", reason " + escaped(why);
  if (kind == notice_kind::never_starts) text += ": it will not start unless something is changed";
  if (!start.empty()) text += ", expected start " + escaped(start);
  return text + in_parentheses(evidence);
}

std::string liveness_notice(notice_kind kind, const job_spec& job, liveness seen, const std::string& evidence,
                            duration grace) {
  std::string text = "Job " + escaped(job.job_id) + ": " + liveness_message(seen) + in_parentheses(evidence);
  if (kind == notice_kind::job_missing && seen == liveness::not_started)
    text += "; it counts as lost if its log does not grow for " + seconds(grace) + " s";
  else if (kind == notice_kind::job_missing)
    text += "; it counts as lost if this lasts for " + seconds(grace) + " s";
  return text;
}

std::string lost_message(const job_spec& job, liveness seen, const std::string& evidence, duration grace) {
  return "Job " + escaped(job.job_id) + " is lost: " + liveness_message(seen) + in_parentheses(evidence) +
         "; this lasted for " + seconds(grace) + " s";
}

std::string missing_files_message(const job_spec& job, bool log_seen, std::optional<bool> log_directory,
                                  std::optional<bool> exit_directory) {
  const auto file = [](const char* what, const std::string& path, std::optional<bool> directory) {
    return what + escaped(path) + " is missing" +
           (!directory   ? ""
            : *directory ? " (its directory exists)"
                         : " (its directory does not exist)");
  };
  const auto exit_code = file("the exit-code file ", job.exit_code_file, exit_directory);
  if (log_seen) return "Job " + escaped(job.job_id) + ": " + exit_code + ": is the path right?";
  return "Nothing is there of job " + escaped(job.job_id) + " yet: " + file("the log ", job.log_file, log_directory) +
         " and " + exit_code + ": are the paths right?";
}

std::string deadline_message(duration deadline, const std::string& what) {
  return "the job did not end within its deadline of " + seconds(deadline) + " s; " + what;
}

std::string left_alone_message(const job_spec& job, liveness seen, bool nothing_seen) {
  if (seen == liveness::alive || seen == liveness::orphaned || seen == liveness::pid_file_gone)
    return "it was left running";
  if (!nothing_seen || seen == liveness::elsewhere) return "it was not stopped";
  return "nothing of it was ever there, neither the log " + escaped(job.log_file) + " nor the exit-code file " +
         escaped(job.exit_code_file);
}

std::string status_message(const job_spec& job, const poll_reply& reply) {
  std::string text = "Job " + escaped(job.job_id) + ": ";
  if (reply.exit_state == exit_code_state::present)
    text += "it ended with exit code " + std::to_string(reply.exit_code);
  else if (reply.exit_state != exit_code_state::absent)
    text += "its exit-code file is unusable";
  else
    text += liveness_message(reply.liveness);
  return text + in_parentheses(reply.evidence);
}

}  // namespace remote_job::inline REMOTE_JOB_ABI::detail

#endif
