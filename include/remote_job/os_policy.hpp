// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_OS_POLICY_HPP
#define REMOTE_JOB_OS_POLICY_HPP

#include <remote_job/command.hpp>
#include <remote_job/detail/concept/archetype.hpp>
#include <remote_job/job.hpp>
#include <remote_job/poll.hpp>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <type_traits>

namespace remote_job::inline REMOTE_JOB_ABI {

namespace detail {

template <class O>
concept has_build_poll = requires(O& os, const job_spec& job, const poll_request& request, remote_command& command) {
  { os.build_poll(job, request, command) } -> std::same_as<void>;
}
&&!requires(O & os, const job_spec& job, const poll_request& request) {
  typename member<&O::build_poll>;
  os.build_poll(job, request, remote_command());  // writing to a copy would lose the command
};

template <class O>
concept has_parse_poll = requires(O& os, const poll_request& request, const command_reply& raw, poll_reply& reply) {
  { os.parse_poll(request, raw, reply) } -> std::same_as<std::error_code>;
}
&&!requires(O & os, const poll_request& request, const command_reply& raw) {
  typename member<&O::parse_poll>;
  os.parse_poll(request, raw, poll_reply());
};

// One member for each optional one, to make a policy's own member ambiguous.
struct os_policy_names {
  int target_os, files_suffice, file_path, asks_shell;
};

template <class O>
concept names_target_os = open_class<O> && !requires {
  &ambiguous<O, os_policy_names>::target_os;
};
template <class O>
concept has_target_os = requires {
  { &O::target_os } -> std::same_as<const remote_os*>;
};

template <class O>
concept names_files_suffice = open_class<O> && !requires {
  &ambiguous<O, os_policy_names>::files_suffice;
};
template <class O>
concept has_files_suffice = requires {
  { &O::files_suffice } -> std::same_as<const bool*>;
};

template <class O>
concept names_file_path = open_class<O> && !requires {
  &ambiguous<O, os_policy_names>::file_path;
};
template <class O>
concept has_file_path = requires(const std::string& path) {
  { O::file_path(path) } -> std::convertible_to<std::string>;
};

// A class that derives from one that asks shells may change the commands: it counts only if it says so.
template <class O>
concept names_asks_shell = open_class<O> && !requires {
  &ambiguous<O, os_policy_names>::asks_shell;
};
template <class O>
concept has_asks_shell = requires {
  requires std::is_base_of_v<typename O::asks_shell, O>;
};

// An optional member must be absent or as documented.
template <class O>
concept good_target_os = has_target_os<O> || !names_target_os<O>;
template <class O>
concept good_files_suffice = has_files_suffice<O> || !names_files_suffice<O>;
template <class O>
concept good_file_path = has_file_path<O> || !names_file_path<O>;
template <class O>
concept good_asks_shell = has_asks_shell<O> || !names_asks_shell<O>;

}  // namespace detail

/// An OS policy: builds the commands and parses their replies. Pure functions, no I/O.
///
/// | expression | meaning |
/// |---|---|
/// | `os.build_poll(job, request, command)` | writes the command that answers the request; `void` |
/// | `os.parse_poll(request, raw, reply)` | reads its reply; `std::error_code`, no error only for a complete and valid reply |
/// | `O::target_os` | optional: the `remote_os` it supports; jobs of the other family are rejected |
/// | `O::files_suffice` | optional: true if the command reports only what is in the job's two files, so that a transport with file access may read them itself instead |
/// | `O::file_path(path)` | optional, static: converts a path to the form that a transport with file access uses; convertible to std::string |
/// | `O::asks_shell` | optional: O itself, if its commands say in `command.shell` how a shell that stays open is asked the same (see shell_request). Without it `command.shell` is not used. It does not count for a class that derives from O, which may change the commands: that says it again |
///
/// The command must check whether the job is alive before it reads the exit code, read the exit code *before* the size
/// of the log, and the size before its bytes. Everything the job wrote before it ended is then available. parse_poll is
/// total: it accepts any bytes, and returns an error (`errc::reply_missing`, `reply_truncated`, `reply_malformed`) for
/// anything that is not exactly the reply to this request. An exception ends the operation with `errc::policy_failed`,
/// since a retry would not help.
///
/// @par Exemplar
/// A minimal implementation, and one that a shell can be kept for:
/// @include minimal_os_policy.hpp
/// @include minimal_shell_policy.hpp
template <class O>
concept os_policy =
    std::move_constructible<O> && detail::has_build_poll<O> && detail::has_parse_poll<O> && detail::good_target_os<O> &&
    detail::good_files_suffice<O> && detail::good_file_path<O> && detail::good_asks_shell<O>;

/// Uniform access to an OS policy, with defaults for the optional members.
template <class O>
struct os_policy_traits {
  /// Whether the policy supports hosts of this family.
  static constexpr bool accepts(remote_os os) noexcept {
    if constexpr (detail::has_target_os<O>)
      return O::target_os == os;
    else
      return true;
  }

  /// Whether the job's files hold everything that its command reports.
  static constexpr bool files_suffice() noexcept {
    if constexpr (detail::has_files_suffice<O>)
      return O::files_suffice;
    else
      return false;
  }

  /// Whether the commands say how a shell that stays open is asked the same.
  static constexpr bool asks_shell() noexcept {
    if constexpr (detail::has_asks_shell<O>)
      return std::is_same_v<typename O::asks_shell, O>;
    else
      return false;
  }

  /// Whether a transport with file access uses other file names than the job does.
  static constexpr bool renames_files() noexcept { return detail::has_file_path<O>; }

  /// The job with its file names converted for a transport with file access.
  static job_spec for_file_access(job_spec job) {
    if constexpr (renames_files())
      for (auto* path : {&job.log_file, &job.exit_code_file, &job.pid_file})
        if (!path->empty()) *path = O::file_path(*path);
    return job;
  }
};

/// Asserts the requirements one by one, so that the compiler lists everything that O lacks, with the required
/// signatures.
template <class O>
constexpr bool check_os_policy() {
  static_assert(std::move_constructible<O>, "OsPolicy: need a move constructor");
  static_assert(detail::has_build_poll<O>,
                "OsPolicy: need `void build_poll(const job_spec&, const poll_request&, remote_command&)`");
  static_assert(detail::has_parse_poll<O>,
                "OsPolicy: need `std::error_code parse_poll(const poll_request&, const command_reply&, poll_reply&)`");
  static_assert(detail::good_target_os<O>,
                "OsPolicy: target_os is there but not as `static constexpr remote_os target_os`");
  static_assert(detail::good_files_suffice<O>,
                "OsPolicy: files_suffice is there but not as `static constexpr bool files_suffice`");
  static_assert(detail::good_file_path<O>,
                "OsPolicy: file_path is there but not as `static std::string file_path(const std::string&)`");
  static_assert(detail::good_asks_shell<O>,
                "OsPolicy: asks_shell is there but does not name the class itself: `using asks_shell = my_os`");
  return true;
}

}  // namespace remote_job::inline REMOTE_JOB_ABI

#endif
