// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_WATCH_DETAIL_RULES_IMPL_PROC_LIVENESS_IPP
#define REMOTE_JOB_WATCH_DETAIL_RULES_IMPL_PROC_LIVENESS_IPP

#include <remote_job/watch/detail/rules/proc_liveness.hpp>

#include <algorithm>
#include <charconv>
#include <system_error>

namespace remote_job::inline REMOTE_JOB_ABI::detail {

process_identity::process_identity(std::string_view text) {
  const auto end = std::min(text.find('\n'), text.size());
  const auto [last, ec] = std::from_chars(text.data(), text.data() + end, pid);
  if (ec != std::errc{} || last != text.data() + end || pid == 0 || pid > 9'999'999'999) {
    pid = 0;
    return;
  }
  text.remove_prefix(std::min(end + 1, text.size()));
  auto line = text.substr(0, text.find('\n'));
  line = line.substr(0, line.find_last_not_of(' ') + 1);
  if (!line.ends_with(" .")) return;
  while (!line.empty()) {
    const auto blank = std::min(line.find(' '), line.size());
    const auto word = line.substr(0, blank);
    line.remove_prefix(std::min(blank + 1, line.size()));
    if (word.starts_with("start=")) start = word.substr(6);
    if (word.starts_with("boot=")) boot = word.substr(5);
    if (word.starts_with("host=")) host = word.substr(5);
  }
}

std::string_view start_time(std::string_view stat) {
  const auto name_end = stat.rfind(')');
  if (name_end == stat.npos) return {};
  stat.remove_prefix(std::min(name_end + 2, stat.size()));
  if (stat.starts_with('Z') || stat.starts_with('X') || stat.starts_with('x')) return {};
  for (int field = 3; field < 22; ++field) {
    const auto blank = stat.find(' ');
    if (blank == stat.npos) return {};
    stat.remove_prefix(blank + 1);
  }
  return stat.substr(0, stat.find_first_of(" \n"));
}

void file_evidence::clear() noexcept {
  for (auto* text : {&pid_file, &child_file, &stat, &child_stat, &boot_id, &host_name}) text->clear();
}

const std::string& file_evidence::boot_id_path() {
  static const std::string path = "/proc/sys/kernel/random/boot_id";
  return path;
}

const std::string& file_evidence::host_name_path() {
  static const std::string path = "/proc/sys/kernel/hostname";
  return path;
}

liveness file_evidence::judge(std::string& evidence, std::uint64_t known_pid, std::string_view known_start) const {
  evidence.clear();
  if (boot_id.empty()) return liveness::unknown;  // no /proc
  const process_identity job(pid_file);
  if (pid_file.empty() && known_pid != 0 && !known_start.empty()) {
    evidence.append("pid=").append(std::to_string(known_pid)).append(",start=").append(known_start);
    evidence.append(",pid_file=gone");
    return start_time(stat) == known_start ? liveness::pid_file_gone : liveness::vanished;
  }
  if (job.pid == 0) return pid_file.empty() ? liveness::not_started : liveness::unknown;
  const auto line = [](std::string_view text) { return text.substr(0, text.find('\n')); };
  evidence = "pid=" + std::to_string(job.pid);
  const auto now = start_time(stat);
  if (job.start.empty() && now.empty()) return liveness::unknown;
  const auto add = [&](std::string_view key, std::string_view value) { evidence.append(key).append(value); };
  // The files may hold anything; evidence is short, and has no blanks and no control characters.
  const auto conclude = [&](liveness found) {
    evidence.resize(std::min<std::size_t>(evidence.size(), 300));
    std::replace_if(
        evidence.begin(), evidence.end(), [](char c) { return c <= ' ' || c > '~'; }, '?');
    return found;
  };
  if (job.start.empty()) {
    add(",start=", now);
    return conclude(liveness::alive);
  }
  add(",start=", job.start);
  add(",host=", job.host);
  if (job.boot != line(boot_id)) {
    add(",boot=", job.boot);
    add(",now=", line(host_name));
    add(":", line(boot_id));
    return conclude(job.host == line(host_name) ? liveness::rebooted : liveness::elsewhere);
  }
  if (now == job.start) return conclude(liveness::alive);
  if (!now.empty()) add(",reused=", now);
  const process_identity child(child_file);
  if (child.pid != 0 && !child.start.empty() && start_time(child_stat) == child.start) {
    add(",child=", std::to_string(child.pid));
    return conclude(liveness::orphaned);
  }
  // The same kernel under another name: a container next to the job's.
  return conclude(job.host == line(host_name) ? liveness::vanished : liveness::elsewhere);
}

}  // namespace remote_job::inline REMOTE_JOB_ABI::detail

#endif
