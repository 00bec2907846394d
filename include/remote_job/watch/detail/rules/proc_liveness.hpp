// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_WATCH_DETAIL_RULES_PROC_LIVENESS_HPP
#define REMOTE_JOB_WATCH_DETAIL_RULES_PROC_LIVENESS_HPP

#include <remote_job/config.hpp>
#include <remote_job/poll.hpp>

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <system_error>

// Whether a job lives, as far as the files of a Linux host tell: its pid file, and then /proc. See posix_identity.hpp
// for what a pid file holds; the rules are the same.
namespace remote_job::inline v0::detail {

/// The two lines of a pid file, or of the file `child`.
struct process_identity {
  std::uint64_t pid = 0;  ///< 0: there is none, or what is there is none
  std::string_view start{}, boot{}, host{};

  explicit process_identity(std::string_view text) {
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
};

/// The start time in the content of a /proc/PID/stat (proc(5)); empty for a process that has ended.
inline std::string_view start_time(std::string_view stat) {
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

/// What was read for one judgement; an empty text is a file that is not there.
struct file_evidence {
  std::string pid_file, child_file, stat, child_stat, boot_id, host_name;

  /// Longer than any of them.
  static constexpr std::size_t max_text = 4096;

  void clear() noexcept {
    for (auto* text : {&pid_file, &child_file, &stat, &child_stat, &boot_id, &host_name}) text->clear();
  }

  static std::string stat_path(std::uint64_t pid) { return "/proc/" + std::to_string(pid) + "/stat"; }
  static const std::string& boot_id_path() {
    static const std::string path = "/proc/sys/kernel/random/boot_id";
    return path;
  }
  static const std::string& host_name_path() {
    static const std::string path = "/proc/sys/kernel/hostname";
    return path;
  }

  /// Judges; `evidence` is given what that was concluded from.
  ///
  /// Files do not tell the pid namespace: who can ask by a command does so before he believes that a process is gone.
  /// Nor do they tell whether the processes of others can be seen, so that a pid file without proof proves only life.
  liveness judge(std::string& evidence) const {
    evidence.clear();
    if (boot_id.empty()) return liveness::unknown;  // no /proc
    const process_identity job(pid_file);
    if (job.pid == 0) return pid_file.empty() ? liveness::not_started : liveness::unknown;
    const auto line = [](std::string_view text) { return text.substr(0, text.find('\n')); };
    evidence = "pid=" + std::to_string(job.pid);
    const auto now = start_time(stat);
    if (job.start.empty()) return now.empty() ? liveness::unknown : liveness::alive;
    const auto add = [&](std::string_view key, std::string_view value) { evidence.append(key).append(value); };
    add(",start=", job.start);
    add(",host=", job.host);
    if (job.boot != line(boot_id)) {
      add(",boot=", job.boot);
      add(",now=", line(host_name));
      add(":", line(boot_id));
      return clean(evidence), job.host == line(host_name) ? liveness::rebooted : liveness::elsewhere;
    }
    if (now == job.start) return clean(evidence), liveness::alive;
    if (!now.empty()) add(",reused=", now);
    const process_identity child(child_file);
    if (child.pid != 0 && !child.start.empty() && start_time(child_stat) == child.start) {
      add(",child=", std::to_string(child.pid));
      return clean(evidence), liveness::orphaned;
    }
    // The same kernel under another name: a container next to the job's.
    return clean(evidence), job.host == line(host_name) ? liveness::vanished : liveness::elsewhere;
  }

 private:
  static void clean(std::string& text) {
    text.resize(std::min<std::size_t>(text.size(), 300));
    std::replace_if(
        text.begin(), text.end(), [](char c) { return c <= ' ' || c > '~'; }, '?');
  }
};

}  // namespace remote_job::inline v0::detail

#endif
