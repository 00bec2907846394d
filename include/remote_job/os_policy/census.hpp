// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_OS_POLICY_CENSUS_HPP
#define REMOTE_JOB_OS_POLICY_CENSUS_HPP

#include <remote_job/census.hpp>
#include <remote_job/command.hpp>
#include <remote_job/detail/concept/archetype.hpp>
#include <remote_job/os_policy.hpp>

#include <concepts>
#include <system_error>

namespace remote_job::inline REMOTE_JOB_ABI {

namespace detail {

template <class O>
concept has_build_census = requires(O& os, const census_request& request, remote_command& command) {
  { os.build_census(request, command) } -> std::same_as<void>;
}
&&!requires(O & os, const census_request& request) {
  typename member<&O::build_census>;
  os.build_census(request, remote_command());
};
template <class O>
concept has_parse_census = requires(O& os, const census_request& request, const command_reply& raw,
                                    census_reply& reply) {
  { os.parse_census(request, raw, reply) } -> std::same_as<std::error_code>;
}
&&!requires(O & os, const census_request& request, const command_reply& raw) {
  typename member<&O::parse_census>;
  os.parse_census(request, raw, census_reply());
};

// One member for each, to make a policy's own member ambiguous.
struct census_names {
  int build_census, parse_census;
};

template <class O>
concept names_census = open_class<O> && !(
    requires { &ambiguous<O, census_names>::build_census; } && requires { &ambiguous<O, census_names>::parse_census; });

}  // namespace detail

/// An OS policy for hosts where a batch scheduler runs the jobs: one query tells how all of them are. Pure functions, no
/// I/O.
///
/// | expression | meaning |
/// |---|---|
/// | `os.build_census(request, command)` | writes the command that asks the scheduler about all jobs of the request; `void` |
/// | `os.parse_census(request, raw, reply)` | reads its reply; `std::error_code` |
///
/// All watches of one host and policy in an execution context share a census: see `transport` for what one host is. One
/// of them sends the command, at most every 30 s, and at most a fifth of the time, whatever the number of watches. Their
/// polls then read files only, and never ask whether the job lives: `poll_request::liveness` is set by a status call
/// alone.
///
/// The command should come back within about a second and say `pending` if the scheduler needs longer; no poll of the
/// watch that sent it is made meanwhile. It must not take the scheduler's silence for the end of a job: that is an error,
/// `errc::scheduler_unavailable`. After more of them in a row than `max_reconnect_attempts`, a watch goes by the files
/// alone until the scheduler answers again. Errors of a census never end a watch.
///
/// A state that the policy does not know is `liveness::unknown`, and says nothing about the other jobs.
///
/// @par Exemplar
/// A minimal implementation:
/// @include minimal_census_os_policy.hpp
template <class O>
concept census_os_policy = os_policy<O> && detail::has_build_census<O> && detail::has_parse_census<O>;

/// Asserts the requirements one by one, so that the compiler lists everything that O lacks, with the required
/// signatures.
template <class O>
constexpr bool check_census_os_policy() {
  check_os_policy<O>();
  static_assert(detail::has_build_census<O>,
                "OsPolicy: for a census, need `void build_census(const census_request&, remote_command&)`");
  static_assert(
      detail::has_parse_census<O>,
      "OsPolicy: for a census, need `std::error_code parse_census(const census_request&, const command_reply&, "
      "census_reply&)`");
  return true;
}

/// For an OS policy that has one of these members, asserts that both exist and can be called. A policy with none of them
/// has no scheduler, which is not an error. A final class cannot be inspected: its invalid members are silently ignored.
template <class O>
constexpr bool check_census() {
  if constexpr (detail::names_census<O>) return check_census_os_policy<O>();
  return true;
}

}  // namespace remote_job::inline REMOTE_JOB_ABI

#endif
