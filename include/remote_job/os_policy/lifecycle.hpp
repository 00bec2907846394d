// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_OS_POLICY_LIFECYCLE_HPP
#define REMOTE_JOB_OS_POLICY_LIFECYCLE_HPP

#include <remote_job/detail/concept/archetype.hpp>
#include <remote_job/lifecycle.hpp>
#include <remote_job/os_policy.hpp>

#include <concepts>
#include <system_error>

namespace remote_job::inline REMOTE_JOB_ABI {

namespace detail {

template <class O>
concept has_build_submit = requires(O& os, const job_spec& job, const submit_request& request,
                                    remote_command& command) {
  { os.build_submit(job, request, command) } -> std::same_as<void>;
}
&&!requires(O & os, const job_spec& job, const submit_request& request) {
  typename member<&O::build_submit>;
  os.build_submit(job, request, remote_command());
};
template <class O>
concept has_parse_submit = requires(O& os, const submit_request& request, const command_reply& raw,
                                    submit_result& result) {
  { os.parse_submit(request, raw, result) } -> std::same_as<std::error_code>;
}
&&!requires(O & os, const submit_request& request, const command_reply& raw) {
  typename member<&O::parse_submit>;
  os.parse_submit(request, raw, submit_result());
};
template <class O>
concept has_build_stop = requires(O& os, const job_spec& job, const stop_request& request, remote_command& command) {
  { os.build_stop(job, request, command) } -> std::same_as<void>;
}
&&!requires(O & os, const job_spec& job, const stop_request& request) {
  typename member<&O::build_stop>;
  os.build_stop(job, request, remote_command());
};
template <class O>
concept has_parse_stop = requires(O& os, const stop_request& request, const command_reply& raw, stop_result& result) {
  { os.parse_stop(request, raw, result) } -> std::same_as<std::error_code>;
}
&&!requires(O & os, const stop_request& request, const command_reply& raw) {
  typename member<&O::parse_stop>;
  os.parse_stop(request, raw, stop_result());
};
template <class O>
concept has_build_cleanup = requires(O& os, const job_spec& job, const cleanup_request& request,
                                     remote_command& command) {
  { os.build_cleanup(job, request, command) } -> std::same_as<void>;
}
&&!requires(O & os, const job_spec& job, const cleanup_request& request) {
  typename member<&O::build_cleanup>;
  os.build_cleanup(job, request, remote_command());
};
template <class O>
concept has_parse_cleanup = requires(O& os, const cleanup_request& request, const command_reply& raw,
                                     cleanup_result& result) {
  { os.parse_cleanup(request, raw, result) } -> std::same_as<std::error_code>;
}
&&!requires(O & os, const cleanup_request& request, const command_reply& raw) {
  typename member<&O::parse_cleanup>;
  os.parse_cleanup(request, raw, cleanup_result());
};

// One member for each, to make a policy's own member ambiguous.
struct lifecycle_names {
  int build_submit, parse_submit, build_stop, parse_stop, build_cleanup, parse_cleanup;
};

template <class O>
concept names_lifecycle = open_class<O> && !(
    requires { &ambiguous<O, lifecycle_names>::build_submit; } &&
    requires { &ambiguous<O, lifecycle_names>::parse_submit; } &&
    requires { &ambiguous<O, lifecycle_names>::build_stop; } &&
    requires { &ambiguous<O, lifecycle_names>::parse_stop; } &&
    requires { &ambiguous<O, lifecycle_names>::build_cleanup; } &&
    requires { &ambiguous<O, lifecycle_names>::parse_cleanup; });

}  // namespace detail

/// An OS policy that also starts, stops and cleans up jobs. Pure functions, no I/O.
///
/// | expression | meaning |
/// |---|---|
/// | `os.build_submit(job, request, command)` | writes the command that starts the job; `void` |
/// | `os.parse_submit(request, raw, result)` | reads its reply; `std::error_code` |
/// | `os.build_stop(job, request, command)`, `os.parse_stop(request, raw, result)` | the same for stopping it |
/// | `os.build_cleanup(job, request, command)`, `os.parse_cleanup(request, raw, result)` | the same for removing its directory |
///
/// A submit uses only the job's job_id. It fills `attached`, `pid` and `job`, whose job_id is already set and whose
/// other members are those of `job_paths`. Stop and clean-up use the job's job_dir and pid_file.
///
/// Every command must be safe to repeat: if its reply is lost after it was carried out, it is sent again. A repeated
/// submit starts one job (`ticket` distinguishes a retry from a new submit). A stop signals only processes that it can
/// prove to belong to the job. A clean-up of a removed directory succeeds.
///
/// The parsers are total, as parse_poll is: they return `errc::reply_missing`, `reply_truncated` or `reply_malformed`
/// for anything that is not exactly the reply to this request, and the command is retried. A refusal by the host has
/// its own error (`errc::directory_unsafe`, `job_id_taken`, `job_not_finished` and so on), and `result.message`
/// explains it for people.
///
/// @par Exemplar
/// A minimal implementation:
/// @include minimal_lifecycle_os_policy.hpp
template <class O>
concept lifecycle_os_policy =
    os_policy<O> && detail::has_build_submit<O> && detail::has_parse_submit<O> && detail::has_build_stop<O> &&
    detail::has_parse_stop<O> && detail::has_build_cleanup<O> && detail::has_parse_cleanup<O>;

/// Asserts the requirements one by one, so that the compiler lists everything that O lacks, with the required
/// signatures.
template <class O>
constexpr bool check_lifecycle_os_policy() {
  check_os_policy<O>();
  static_assert(
      detail::has_build_submit<O>,
      "OsPolicy: to submit, need `void build_submit(const job_spec&, const submit_request&, remote_command&)`");
  static_assert(detail::has_parse_submit<O>,
                "OsPolicy: to submit, need `std::error_code parse_submit(const submit_request&, const command_reply&, "
                "submit_result&)`");
  static_assert(detail::has_build_stop<O>,
                "OsPolicy: to stop, need `void build_stop(const job_spec&, const stop_request&, remote_command&)`");
  static_assert(detail::has_parse_stop<O>,
                "OsPolicy: to stop, need `std::error_code parse_stop(const stop_request&, const command_reply&, "
                "stop_result&)`");
  static_assert(
      detail::has_build_cleanup<O>,
      "OsPolicy: to clean up, need `void build_cleanup(const job_spec&, const cleanup_request&, remote_command&)`");
  static_assert(detail::has_parse_cleanup<O>,
                "OsPolicy: to clean up, need `std::error_code parse_cleanup(const cleanup_request&, const "
                "command_reply&, cleanup_result&)`");
  return true;
}

/// For an OS policy that has one of these members, asserts that all six exist and can be called. A policy with none of
/// them does not start, stop or clean up jobs, which is not an error. A final class cannot be inspected: its invalid
/// members are silently ignored.
template <class O>
constexpr bool check_lifecycle() {
  if constexpr (detail::names_lifecycle<O>) return check_lifecycle_os_policy<O>();
  return true;
}

}  // namespace remote_job::inline REMOTE_JOB_ABI

#endif
