// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_IMPL_JOB_PATHS_IPP
#define REMOTE_JOB_IMPL_JOB_PATHS_IPP

#include <remote_job/detail/text/hex.hpp>
#include <remote_job/detail/text/random.hpp>
#include <remote_job/detail/text/utf8.hpp>
#include <remote_job/job.hpp>
#include <remote_job/job_paths.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <initializer_list>
#include <string>
#include <string_view>

namespace remote_job::inline REMOTE_JOB_ABI {

job_paths job_paths::in(std::string job_dir, remote_os os) {
  const char separator = os == remote_os::windows ? '\\' : '/';
  if (!job_dir.empty() && job_dir.back() == separator) job_dir.pop_back();
  const auto file = [&](const char* name) { return job_dir + separator + name; };
  return {job_dir, file("stdout.log"), file("exit_code"), file("exit_code.tmp"), file("pid"), file("status")};
}

job_paths job_paths::under(const std::string& base_dir, const std::string& job_id, remote_os os) {
  const char separator = os == remote_os::windows ? '\\' : '/';
  const bool ends = !base_dir.empty() && base_dir.back() == separator;
  return in(ends ? base_dir + job_id : base_dir + separator + job_id, os);
}

void job_paths::assign_to(job_spec& job) const {
  job.job_dir = job_dir;
  job.log_file = log_file;
  job.exit_code_file = exit_code_file;
  job.pid_file = pid_file;
}

std::string make_job_id(std::initializer_list<std::string_view> parts) {
  static constexpr std::size_t digits = 12;
  std::string id;
  for (const auto part : parts) {
    if (!id.empty()) id += '_';
    for (const char c : part) {
      const bool kept = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
                        ((c == '.' || c == '-') && !id.empty());
      id += kept ? c : '_';
    }
  }
  if (id.empty()) id = "job";
  id.resize(std::min(id.size(), max_job_id - digits - 1));
  id += '_';
  detail::append_hex(id, detail::random_bits(), digits);
  return id;
}

}  // namespace remote_job::inline REMOTE_JOB_ABI

namespace remote_job::inline REMOTE_JOB_ABI::detail {

bool is_windows_device(std::string_view name) {
  std::string stem;
  for (const char c : name.substr(0, name.find('.'))) stem += c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
  if (stem == "CON" || stem == "PRN" || stem == "AUX" || stem == "NUL") return true;
  return stem.size() == 4 && (stem.starts_with("COM") || stem.starts_with("LPT")) && stem[3] >= '0' && stem[3] <= '9';
}

}  // namespace remote_job::inline REMOTE_JOB_ABI::detail

namespace remote_job::inline REMOTE_JOB_ABI {

std::string validate_job_id(std::string_view id, remote_os os) {
  if (id.empty()) return "job_id must not be empty";
  if (id.size() > max_job_id) return "job_id must have at most " + std::to_string(max_job_id) + " bytes";
  if (id.find('\0') != id.npos) return "job_id must not hold a NUL byte";
  if (id.find('/') != id.npos) return "job_id must not hold a '/'";
  if (id.front() == '.') return "job_id must not begin with a '.'";
  if (os == remote_os::posix) return {};
  if (id.find_first_of("\\:*?\"<>|") != id.npos) return "job_id must not hold any of \\ : * ? \" < > |";
  if (std::any_of(id.begin(), id.end(), [](char c) { return static_cast<unsigned char>(c) < 32; }))
    return "job_id must not hold a control character";
  if (id.back() == '.' || id.back() == ' ') return "job_id must not end with '.' or a blank";
  if (!detail::is_utf8(id)) return "job_id must be UTF-8 for a Windows host";
  if (detail::is_windows_device(id)) return "job_id must not be the name of a device of Windows";
  return {};
}

std::string validate_base_dir(std::string_view dir, remote_os os) {
  static constexpr std::size_t max_length = 3072;
  if (dir.empty()) return {};
  if (dir.find('\0') != dir.npos) return "base_dir must not hold a NUL byte";
  if (dir.size() > max_length) return "base_dir must have at most " + std::to_string(max_length) + " bytes";
  const bool windows = os == remote_os::windows;
  const std::string_view separators = windows ? "\\/" : "/";
  const auto letter = static_cast<char>(dir.front() | 32);
  const bool absolute =
      windows ? dir.size() > 2 && letter >= 'a' && letter <= 'z' && dir[1] == ':' && separators.find(dir[2]) != dir.npos
              : dir.front() == '/';
  if (!absolute) return "base_dir must be an absolute path";
  if (windows && (dir.substr(2).find_first_of(":*?\"<>|") != dir.npos || !detail::is_utf8(dir)))
    return "base_dir must be UTF-8 and hold none of * ? \" < > |";
  std::string plain;  // each name after one '/'
  std::size_t names = 0;
  for (auto rest = dir.substr(windows ? 2 : 0); !rest.empty();) {
    const auto end = std::min(rest.find_first_of(separators), rest.size());
    const auto name = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (name.empty()) continue;
    if (name == "." || name == "..") return "base_dir must not hold \"" + std::string(name) + "\"";
    ++names;
    plain.append("/").append(name);
  }
  static constexpr std::array<std::string_view, 8> taken = {"/var/tmp", "/dev/shm", "/usr/local", "/run/user",
                                                            "/var/lib", "/var/run", "/var/log",   "/usr/lib"};
  if (names < (windows ? 1u : 2u) || (!windows && std::find(taken.begin(), taken.end(), plain) != taken.end()))
    return "base_dir must be a directory of its own, as /tmp/jobs, not " + std::string(dir);
  return {};
}

}  // namespace remote_job::inline REMOTE_JOB_ABI

#endif
