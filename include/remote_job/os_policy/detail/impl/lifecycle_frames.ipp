// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_OS_POLICY_DETAIL_IMPL_LIFECYCLE_FRAMES_IPP
#define REMOTE_JOB_OS_POLICY_DETAIL_IMPL_LIFECYCLE_FRAMES_IPP

#include <remote_job/detail/text/escaped.hpp>
#include <remote_job/detail/text/exit_code.hpp>
#include <remote_job/error.hpp>
#include <remote_job/job_paths.hpp>
#include <remote_job/lifecycle.hpp>
#include <remote_job/os_policy/detail/framing.hpp>
#include <remote_job/os_policy/detail/lifecycle_frames.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>

namespace remote_job::inline REMOTE_JOB_ABI::detail {

void append_lifecycle_frame(std::string& out, std::string_view nonce, std::string_view line) {
  out.append(frame_tag).append(nonce).append(" ").append(line);
  append_end_mark(out, nonce);
}

std::error_code find_lifecycle_line(std::string_view output, std::string_view nonce, std::string_view kind,
                                    std::string_view& line) noexcept {
  static constexpr std::size_t max_line = 4096;
  const auto begin = find_frame(output, nonce, kind);
  if (begin == output.npos) return errc::reply_missing;
  output.remove_prefix(begin);
  const auto end = output.substr(0, max_line).find('\n');
  if (end == output.npos) return output.size() < max_line ? errc::reply_truncated : errc::reply_malformed;
  text_cursor rest{output.substr(end)};
  if (rest.rest.size() < frame_tag.size() + nonce.size() + frame_end.size()) return errc::reply_truncated;
  if (!rest.skip(frame_tag) || !rest.skip(nonce) || !rest.skip(frame_end)) return errc::reply_malformed;
  line = output.substr(0, end);
  return {};
}

bool take_word(text_cursor& cursor, std::string_view key, std::string_view& word) noexcept {
  if (!cursor.skip(key)) return false;
  const auto end = std::min(cursor.rest.find(' '), cursor.rest.size());
  word = cursor.rest.substr(0, end);
  cursor.rest.remove_prefix(end);
  return !word.empty();
}

bool take_exit(text_cursor& cursor, std::optional<std::int64_t>& code) noexcept {
  std::string_view word;
  if (!take_word(cursor, " exit=", word)) return false;
  code.reset();
  if (word == "-") return true;
  poll_reply judged;
  read_exit_code(word, judged);
  if (judged.exit_state != exit_code_state::present) return false;
  code = judged.exit_code;
  return true;
}

std::error_code refuse(std::string_view word, std::initializer_list<refusal> known, const std::string& where,
                       std::string& message) {
  for (const auto& each : known) {
    if (each.word != word) continue;
    message = where + ": ";
    message += each.text;
    return each.error;
  }
  return errc::reply_malformed;
}

std::error_code parse_submit_frame(const submit_request& request, std::string_view output, remote_os os,
                                   submit_result& result) {
  std::string_view line, error, by, note, base;
  if (const auto ec = find_lifecycle_line(output, request.nonce, " submit", line)) return ec;
  text_cursor cursor{line};
  std::uint64_t pid = 0, age = 0;
  static constexpr std::uint64_t max_age = 4'000'000'000;  // of which a duration holds the nanoseconds
  const auto take_age = [&] {
    const bool told = cursor.skip(" age=");
    if (told && cursor.number(age) && age <= max_age) result.age = std::chrono::seconds(age);
    return !told || result.age;
  };
  result.age.reset();
  if (!take_word(cursor, " err=", error) || !take_word(cursor, " by=", by) || !cursor.skip(" pid=") ||
      !cursor.number(pid) || (cursor.rest.starts_with(" note=") && !take_word(cursor, " note=", note)) ||
      (!note.empty() && note != "logout" && note != "linger") || !take_age() || !cursor.skip(" base="))
    return errc::reply_malformed;
  base = cursor.rest;
  if (base.empty() == request.command.base_dir.empty() || !validate_base_dir(base, os).empty())
    return errc::reply_malformed;
  const std::string base_dir = base.empty() ? request.command.base_dir : std::string(base);
  job_paths::under(base_dir, result.job.job_id, os).assign_to(result.job);
  result.job.remote_os = os;
  if (error != "-")
    return refuse(
        error,
        {{"base_unusable", errc::directory_unusable,
          "the base directory cannot be made: check the owner and mode above it"},
         {"base_unsafe", errc::directory_unsafe,
          "the base directory is a link, belongs to another user, or lets others write in it: use one of your own, or "
          "chmod go-w it"},
         {"base_home", errc::directory_unsafe, "the base directory is the home directory: use one below it"},
         {"dir_unsafe", errc::directory_unsafe,
          "the job's directory is there, and is a link, belongs to another user, or lets others write in it"},
         {"not_ours", errc::not_our_directory, "the job's directory is there, and was not made by a submit"},
         {"taken", errc::job_id_taken, "another command was submitted under this job_id: use a new one, or clean up"},
         {"write", errc::directory_unusable, "the job's files cannot be written: is the disk full?"},
         {"not_started", errc::job_not_started,
          "the job's supervisor did not start in time; submit again: it will not run twice"}},
        escaped(result.job.job_dir), result.message);
  result.pid = pid;
  result.attached = by != request.ticket;
  result.message = "Job " + escaped(result.job.job_id) +
                   (result.attached ? " was submitted before, attached to it" : " started") + ": process " +
                   std::to_string(pid) + ", directory " + escaped(result.job.job_dir);
  if (note == "logout")
    result.message +=
        "; the host ends it when you log out there: KillUserProcesses is set, and systemd-run --user --scope fails";
  else if (note == "linger")
    result.message +=
        "; the host ends it with your last session there, unless you call \"loginctl enable-linger\" there";
  return {};
}

std::error_code parse_stop_frame(const stop_request& request, std::string_view output, stop_result& result) {
  std::string_view line, word, sent;
  if (const auto ec = find_lifecycle_line(output, request.nonce, " stop", line)) return ec;
  text_cursor cursor{line};
  if (!take_word(cursor, " out=", word) || !take_exit(cursor, result.exit_code) || !take_word(cursor, " sent=", sent) ||
      !cursor.skip(" left=") || !cursor.number(result.survived) || !cursor.rest.empty() ||
      (sent != "-" && sent != "T" && sent != "K" && sent != "TK"))
    return errc::reply_malformed;
  result.sent_term = sent.starts_with('T');
  result.sent_kill = sent.ends_with('K');
  const std::string signals = result.sent_kill   ? ", by SIGTERM and then SIGKILL"
                              : result.sent_term ? ", by SIGTERM"
                                                 : "";
  const std::string code = result.exit_code ? ", exit code " + std::to_string(*result.exit_code) : ", no exit code";
  const struct {
    std::string_view word;
    stop_outcome outcome;
    std::string text;
  } ends[] = {
      {"stopped", stop_outcome::stopped, "The job is stopped" + signals + code},
      {"finished", stop_outcome::already_finished,
       "The job had already ended" + code + (result.sent_term ? "; what it left running is ended" + signals : "")},
      {"prevented", stop_outcome::prevented, "The job had not begun, and will not"},
      {"gone", stop_outcome::already_gone, "The job was already gone, and left no exit code"}};
  for (const auto& end : ends) {
    if (end.word != word) continue;
    result.outcome = end.outcome;
    result.message = end.text;
    return {};
  }
  const auto left = std::to_string(result.survived) +
                    " processes of the job survived SIGTERM and SIGKILL; those of other users, as sudo and su start "
                    "them, need such a user";
  return refuse(
      word,
      {{"absent", errc::job_not_found, "there is no such job directory"},
       {"unproved", errc::identity_unproved,
        "it was not started by a submit, so that its process cannot be proved; nothing was signalled"},
       {"elsewhere", errc::job_elsewhere, "it runs on another host behind the same name, or in another container"},
       {"unusable", errc::directory_unusable, "the mark that keeps the job from beginning cannot be written"},
       {"survived", errc::job_survived, left}},
      "the job was not stopped", result.message);
}

std::error_code parse_cleanup_frame(const cleanup_request& request, std::string_view output, cleanup_result& result) {
  std::string_view line, word;
  std::optional<std::int64_t> code;
  if (const auto ec = find_lifecycle_line(output, request.nonce, " cleanup", line)) return ec;
  text_cursor cursor{line};
  if (!take_word(cursor, " out=", word) || !take_exit(cursor, code) || !cursor.rest.empty())
    return errc::reply_malformed;
  if (word == "removed" || word == "kept") {
    result.removed = word == "removed";
    result.message = result.removed ? "The job's directory is removed"
                                    : "The job's directory is kept: it did not end with exit code 0";
    return {};
  }
  return refuse(
      word,
      {{"running", errc::job_not_finished, "it is not proved that the job has ended"},
       {"leftovers", errc::job_not_finished,
        "the job has ended, but processes that it started still run: stop it, or clean up all the same"},
       {"unseen", errc::job_not_found,
        "the directory that it should be in is not there, or cannot be read: is it mounted, and spelt right?"},
       {"unsafe", errc::directory_unsafe,
        "it, or the directory it is in, is a link, belongs to another user, or lets others write in it"},
       {"not_ours", errc::not_our_directory, "it was not made by a submit"},
       {"left", errc::directory_unusable, "not all of it could be removed"}},
      "the job's directory is not removed", result.message);
}

}  // namespace remote_job::inline REMOTE_JOB_ABI::detail

#endif
