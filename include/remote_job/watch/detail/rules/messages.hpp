// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_WATCH_DETAIL_RULES_MESSAGES_HPP
#define REMOTE_JOB_WATCH_DETAIL_RULES_MESSAGES_HPP

#include <remote_job/event.hpp>
#include <remote_job/poll.hpp>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>

// The sentences that people read, in one place. Bytes from the host are escaped: a path must not steer a terminal.
namespace remote_job::inline v0::detail {

/// Printable ASCII as it is, all else as \xNN.
inline std::string escaped(std::string_view bytes) {
  static constexpr char digits[] = "0123456789abcdef";
  std::string text;
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x20 && byte < 0x7f && c != '\\') {
      text += c;
    } else if (c == '\\') {
      text += "\\\\";
    } else {
      text += "\\x";
      text += digits[byte >> 4];
      text += digits[byte & 15];
    }
  }
  return text;
}

/// A duration in seconds, with at most three decimals.
inline std::string seconds(duration d) {
  char text[32];
  std::snprintf(text, sizeof text, "%.3f", std::chrono::duration<double>(d).count());
  std::string s = text;
  while (s.back() == '0') s.pop_back();
  if (s.back() == '.') s.pop_back();
  return s;
}

inline std::string retry_message(retry_info::phase phase, int attempt, int max, duration delay,
                                 const std::string& why) {
  const std::string count = "(attempt " + std::to_string(attempt) + "/" + std::to_string(max) + ")";
  if (phase == retry_info::phase::connect)
    return "Failed to connect to remote host " + count + ", retrying in " + seconds(delay) + " s: " + why;
  if (phase == retry_info::phase::command)
    return "The remote host did not carry out a command " + count + ", retrying in " + seconds(delay) + " s: " + why;
  return "Lost SSH connection while polling " + count + ", reconnecting: " + why;
}

inline std::string completed_message(std::int64_t exit_code) {
  return "Job completed with exit code " + std::to_string(exit_code);
}

inline std::string error_message(reason r, int failures, std::optional<std::int64_t> exit_code, std::uint64_t offset,
                                 const std::string& why) {
  if (r == reason::lost) return why;
  if (r != reason::reconnects_exhausted) return "Trigger error: " + why;
  return "Trigger error: gave up after " + std::to_string(failures) + " consecutive failures, the last: " + why +
         (exit_code ? ". The job ended with exit code " + std::to_string(*exit_code) + ", but not all of its log came"
                    : ". Nothing is known of the job, it may well be running") +
         "; the watch can be resumed at offset " + std::to_string(offset);
}

inline std::string reset_message(log_reset_cause cause, std::uint64_t offset, const std::string& log_file) {
  const std::string log = "The log " + escaped(log_file);
  const std::string tail = " (" + std::to_string(offset) + " bytes of the old one were read); reading again from 0";
  switch (cause) {
    case log_reset_cause::truncated: return log + " was truncated" + tail;
    case log_reset_cause::rewritten: return log + " was rewritten" + tail;
    case log_reset_cause::replaced: break;
  }
  return log + " was replaced by another file" + tail;
}

/// `cause`: why a file cannot be read, where that is known.
inline std::string unreadable_message(const std::string& file, std::error_code cause) {
  const std::string text = file + " is there but cannot be read";
  if (cause == std::errc::is_a_directory) return text + ": it is a directory";
  if (cause == std::errc::permission_denied) return text + " (" + cause.message() + "): check its owner and mode";
  return text + (cause ? " (" + cause.message() + ")" : "") +
         ": check its owner and mode, and whether it is a regular file";
}

inline std::string trouble_message(notice_kind kind, const job_spec& job, std::string_view exit_text,
                                   std::error_code cause) {
  switch (kind) {
    case notice_kind::exit_code_damaged:
      return "The exit-code file " + escaped(job.exit_code_file) + " does not hold an exit code but \"" +
             escaped(exit_text) + "\"";
    case notice_kind::exit_code_unreadable:
      return unreadable_message("The exit-code file " + escaped(job.exit_code_file), cause);
    case notice_kind::log_missing: return "The log " + escaped(job.log_file) + " was there and is gone";
    case notice_kind::log_unreadable: return unreadable_message("The log " + escaped(job.log_file), cause);
    case notice_kind::files_unavailable:
    case notice_kind::orphaned:
    case notice_kind::elsewhere:
    case notice_kind::job_missing:
    case notice_kind::transport: break;
  }
  return {};
}

inline std::string commands_instead_message(const std::string& why) {
  return "The files of the host cannot be read directly, going on by commands: " + why;
}

inline std::string files_needed_message(const std::string& why) {
  return "the files of the host cannot be read directly (" + why +
         "): set via to commands or automatic to watch by commands";
}

/// What was found of a job, without the evidence.
inline std::string liveness_message(liveness l) {
  switch (l) {
    case liveness::unknown: break;
    case liveness::alive: return "it runs";
    case liveness::orphaned: return "it runs, but its supervisor is gone, so that no exit code will come";
    case liveness::vanished: return "its process is gone and left no exit code";
    case liveness::rebooted: return "the host was started again since, and there is no exit code";
    case liveness::elsewhere: return "it belongs to another host behind the same name, or to another container";
    case liveness::not_started: return "there is no pid file: it was never started, or its files were removed";
  }
  return "whether it runs is not known";
}

inline std::string vitals_message(notice_kind kind, const job_spec& job, liveness seen, const std::string& evidence,
                                  duration grace) {
  std::string text = "Job " + escaped(job.job_id) + ": " + liveness_message(seen);
  if (!evidence.empty()) text.append(" (").append(escaped(evidence)).append(")");
  if (kind == notice_kind::job_missing) text += "; lost if it stays so for " + seconds(grace) + " s";
  return text;
}

inline std::string lost_message(const job_spec& job, liveness seen, const std::string& evidence, duration grace) {
  std::string text = "Job " + escaped(job.job_id) + " is lost: " + liveness_message(seen);
  if (!evidence.empty()) text.append(" (").append(escaped(evidence)).append(")");
  return text + "; it was seen so for " + seconds(grace) + " s";
}

/// `stop`: what stopping the job came to, or nothing if it was left alone.
inline std::string deadline_message(duration deadline, const std::string& stop) {
  return "the job did not end within its deadline of " + seconds(deadline) + " s; " +
         (stop.empty() ? "it was left running" : stop);
}

inline std::string status_message(const job_spec& job, const poll_reply& reply) {
  std::string text = "Job " + escaped(job.job_id) + ": ";
  if (reply.exit_state == exit_code_state::present)
    text += "it ended with exit code " + std::to_string(reply.exit_code);
  else if (reply.exit_state != exit_code_state::absent)
    text += "its exit-code file is unusable";
  else
    text += liveness_message(reply.liveness);
  if (!reply.evidence.empty()) text.append(" (").append(escaped(reply.evidence)).append(")");
  return text;
}

}  // namespace remote_job::inline v0::detail

#endif
