// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_TRANSPORT_HPP
#define REMOTE_JOB_TRANSPORT_HPP

#include <remote_job/command.hpp>
#include <remote_job/detail/concept/archetype.hpp>
#include <remote_job/job.hpp>

#include <asio/basic_waitable_timer.hpp>
#include <asio/execution_context.hpp>

#include <chrono>
#include <concepts>
#include <cstddef>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace remote_job::inline REMOTE_JOB_ABI {

namespace detail {

template <class T>
concept has_executor = requires(T& t) {
  typename T::executor_type;
  { t.get_executor() } -> std::convertible_to<typename T::executor_type>;
};

template <class T>
concept async_connect_by_function = requires(T& t) {
  typename member<&T::async_connect>;
  t.async_connect(std::declval<function_archetype>());
}
&&!requires(T & t) { t.async_connect(std::declval<stranger>()); };

template <class T>
concept has_async_connect = requires(T& t) {
  t.async_connect(std::declval<handler_archetype>());
}
&&!async_connect_by_function<T>;

template <class T>
concept async_execute_by_function = requires(T& t, const remote_command& command, command_reply& reply) {
  typename member<&T::async_execute>;
  t.async_execute(command, reply, std::declval<function_archetype>());
}
&&!requires(T & t, const remote_command& command, command_reply& reply) {
  t.async_execute(command, reply, std::declval<stranger>());
};

// Writing to a copy would lose the reply. Templates are checked only if the token is their sole deduced parameter.
template <class T>
concept async_execute_into_copy = requires(T& t, const remote_command& command) {
  t.template async_execute<handler_archetype>(command, command_reply(), std::declval<handler_archetype>());
}
|| requires(T& t, const remote_command& command) {
  typename member<&T::async_execute>;
  t.async_execute(command, command_reply(), std::declval<handler_archetype>());
};

template <class T>
concept has_async_execute = requires(T& t, const remote_command& command, command_reply& reply) {
  t.async_execute(command, reply, std::declval<handler_archetype>());
}
&&!async_execute_by_function<T> && !async_execute_into_copy<T>;

template <class T>
concept has_close = requires(T& t) {
  { t.close() }
  noexcept;
};

template <class T>
struct timer_of {
  using type = asio::basic_waitable_timer<std::chrono::steady_clock, asio::wait_traits<std::chrono::steady_clock>,
                                          typename T::executor_type>;
};
template <class T>
requires requires { typename T::timer_type; }
struct timer_of<T> {
  using type = typename T::timer_type;
};

template <class T>
using timer_of_t = typename timer_of<T>::type;

template <class T>
concept has_usable_timer = requires(timer_of_t<T>& timer, T& transport) {
  timer_of_t<T>{transport.get_executor()};
  timer.expires_after(std::declval<typename timer_of_t<T>::duration>());
  timer.cancel();
  timer.async_wait(std::declval<handler_archetype>());
};

// One member for each optional one, to make a transport's own member ambiguous.
struct transport_names {
  int now, wall_now, diagnostics, notices, account, keeps_shell, endpoint;
};

template <class T>
concept names_now = open_class<T> && !requires {
  &ambiguous<T, transport_names>::now;
};
template <class T>
concept has_now = requires(T& t) {
  { std::chrono::duration_cast<duration>(t.now().time_since_epoch()) } -> std::same_as<duration>;
};
template <class T>
concept has_clock = has_now<T> || requires {
  std::chrono::duration_cast<duration>(timer_of_t<T>::clock_type::now().time_since_epoch());
};

template <class T>
concept names_wall_now = open_class<T> && !requires {
  &ambiguous<T, transport_names>::wall_now;
};
template <class T>
concept has_wall_now = requires(T& t) {
  { t.wall_now() } -> std::convertible_to<wall_time>;
};

template <class T>
concept names_diagnostics = open_class<T> && !requires {
  &ambiguous<T, transport_names>::diagnostics;
};
template <class T>
concept has_diagnostics = requires(T& t) {
  { t.diagnostics() } -> std::convertible_to<std::string>;
};

template <class T>
concept names_notices = open_class<T> && !requires {
  &ambiguous<T, transport_names>::notices;
};
template <class T>
concept has_notices = requires(T& t) {
  { t.notices() } -> std::convertible_to<std::vector<std::string>>;
};

template <class T>
concept names_account = open_class<T> && !requires {
  &ambiguous<T, transport_names>::account;
};
template <class T>
concept has_account = requires(T& t) {
  { t.account() } -> std::convertible_to<remote_account>;
};

// A class that derives from one that keeps shells may do something else with a command: it counts only if it says so.
template <class T>
concept names_keeps_shell = open_class<T> && !requires {
  &ambiguous<T, transport_names>::keeps_shell;
};
template <class T>
concept has_keeps_shell = requires {
  requires std::is_base_of_v<typename T::keeps_shell, T>;
};

template <class T>
concept names_endpoint = open_class<T> && !requires {
  &ambiguous<T, transport_names>::endpoint;
};
template <class T>
concept has_endpoint = requires(T& t) {
  { t.endpoint() } -> std::convertible_to<std::string>;
};

// An optional member must be absent or as documented.
template <class T>
concept good_now = has_now<T> || !names_now<T>;
template <class T>
concept good_wall_now = has_wall_now<T> || !names_wall_now<T>;
template <class T>
concept good_diagnostics = has_diagnostics<T> || !names_diagnostics<T>;
template <class T>
concept good_notices = has_notices<T> || !names_notices<T>;
template <class T>
concept good_account = has_account<T> || !names_account<T>;
template <class T>
concept good_keeps_shell = has_keeps_shell<T> || !names_keeps_shell<T>;
template <class T>
concept good_endpoint = has_endpoint<T> || !names_endpoint<T>;

}  // namespace detail

/// A transport: the connection to the host *and its clock*.
/// | expression | meaning |
/// |---|---|
/// | `T::executor_type`, `t.get_executor()` | the executor on which all of t runs |
/// | `t.async_connect(token)` | connects; `void(std::error_code)` |
/// | `t.async_execute(command, reply, token)` | runs one command and fills the reply; `void(std::error_code)` |
/// | `t.close()` | noexcept; ends the connection at once, never blocks; outstanding operations complete soon with an error; may be called at any time, even if nothing is open; async_connect may follow |
/// | `T::timer_type` | optional: the timer of the transport's own clock; steady_clock otherwise |
/// | `t.now()` | optional, with timer_type: `timer_type::time_point`; otherwise `timer_type::clock_type::now()` |
/// | `t.wall_now()` | optional: the calendar time, converts to `wall_time`; otherwise `std::chrono::system_clock::now()`. Deadlines count by it from one watch to the next |
/// | `t.diagnostics()` | optional: text on the last error, naming the host; convertible to std::string |
/// | `t.notices()` | optional: messages from connecting that are not errors; convertible to `std::vector<std::string>`. A watch passes them to its sink, each text once in a run |
/// | `t.account()` | optional: whose login shell runs the commands, if the exit status of a command is that of the shell; convertible to remote_account. Without a host, a shell that runs nothing is not told from a bad reply |
/// | `T::keeps_shell` | optional: T itself, if it may put a command to a shell that it keeps open, as `command.shell` says (see shell_request). Without it `command.shell` is always empty. It does not count for a class that derives from T |
/// | `t.endpoint()` | optional: a text that names the host and the account there; convertible to std::string. Watches of the same one share what is asked for all of them: see `census_os_policy`. Otherwise the account names it; if that is empty, nothing is shared |
///
/// Move-constructible. The caller starts one operation at a time. An operation never completes inline and honours the
/// handler's associated executor and allocator, and terminal cancellation through its slot. `command` and `reply` stay
/// alive and in place until the completion. Operations need no time-outs: the trigger cancels and closes. An exception
/// from a member ends the operation with `errc::policy_failed`. An initiating function that throws must not have
/// started anything and never calls its handler. An exception in one of the transport's own handlers leaves
/// `io_context::run()`. An initiating function that returns `auto` needs a trailing `decltype`; otherwise the check
/// whether it can be called compiles its body and reports an error there instead of a clear message.
///
/// @par Exemplar
/// A minimal implementation, and one that keeps a shell:
/// @include minimal_transport.hpp
/// @include minimal_shell_transport.hpp
template <class T>
concept transport = std::move_constructible<T> && detail::has_executor<T> && detail::has_async_connect<T> &&
    detail::has_async_execute<T> && detail::has_close<T> && detail::has_usable_timer<T> && detail::good_now<T> &&
    detail::has_clock<T> && detail::good_wall_now<T> && detail::good_diagnostics<T> && detail::good_notices<T> &&
    detail::good_account<T> && detail::good_keeps_shell<T> && detail::good_endpoint<T>;

/// Uniform access to a transport, with defaults for the optional members.
template <class T>
struct transport_traits {
  using executor_type = typename T::executor_type;  ///< T's own
  using timer_type = detail::timer_of_t<T>;         ///< T's own, or one on the steady clock and T's executor

  /// The time on the transport's clock, as a duration since its epoch.
  static duration now(T& t) {
    if constexpr (detail::has_now<T>)
      return std::chrono::duration_cast<duration>(t.now().time_since_epoch());
    else
      return std::chrono::duration_cast<duration>(timer_type::clock_type::now().time_since_epoch());
  }

  /// The calendar time.
  static wall_time wall_now([[maybe_unused]] T& t) {
    if constexpr (detail::has_wall_now<T>)
      return t.wall_now();
    else
      return std::chrono::system_clock::now();
  }

  /// Text on the last error; empty if there is none.
  static std::string diagnostics(T& t) {
    if constexpr (detail::has_diagnostics<T>)
      return t.diagnostics();
    else
      return {};
  }

  /// The messages of the last async_connect() that are not errors.
  static std::vector<std::string> notices(T& t) {
    if constexpr (detail::has_notices<T>)
      return t.notices();
    else
      return {};
  }

  /// Whether the transport may put commands to a shell that it keeps open.
  static constexpr bool keeps_shell() noexcept {
    if constexpr (detail::has_keeps_shell<T>)
      return std::is_same_v<typename T::keeps_shell, T>;
    else
      return false;
  }

  /// Whose login shell runs the commands; without a host if that is not known.
  static remote_account account(T& t) {
    if constexpr (detail::has_account<T>)
      return t.account();
    else
      return {};
  }

  /// Names the host and the account; empty if that is not known.
  static std::string endpoint(T& t) {
    if constexpr (detail::has_endpoint<T>)
      return t.endpoint();
    else
      return account(t).test;
  }
};

/// Asserts the requirements one by one, so that the compiler lists everything that T lacks, with the required
/// signatures.
template <class T>
constexpr bool check_transport() {
  static_assert(std::move_constructible<T>, "Transport: need a move constructor");
  static_assert(detail::has_executor<T>, "Transport: need `executor_type` and `executor_type get_executor()`");
  static_assert(detail::has_async_connect<T>,
                "Transport: need `auto async_connect(CompletionToken&&)` with completion `void(std::error_code)`");
  static_assert(detail::has_async_execute<T>,
                "Transport: need `auto async_execute(const remote_command&, command_reply&, CompletionToken&&)` with "
                "completion `void(std::error_code)`");
  static_assert(detail::has_close<T>, "Transport: need `void close() noexcept`");
  static_assert(detail::good_diagnostics<T>, "Transport: diagnostics is there but not as `std::string diagnostics()`");
  static_assert(detail::good_notices<T>, "Transport: notices is there but not as `std::vector<std::string> notices()`");
  static_assert(detail::good_account<T>, "Transport: account is there but not as `remote_account account()`");
  static_assert(
      detail::good_keeps_shell<T>,
      "Transport: keeps_shell is there but does not name the class itself: `using keeps_shell = my_transport`");
  static_assert(detail::good_endpoint<T>, "Transport: endpoint is there but not as `std::string endpoint()`");
  static_assert(detail::good_now<T>, "Transport: now is there but not as `timer_type::time_point now()`");
  static_assert(detail::good_wall_now<T>, "Transport: wall_now is there but not as `wall_time wall_now()`");
  if constexpr (detail::has_executor<T>) {
    static_assert(detail::has_usable_timer<T>,
                  "Transport: `timer_type` needs a constructor from executor_type, `expires_after(duration)`, "
                  "`cancel()` and `async_wait(CompletionToken&&)`");
    if constexpr (detail::has_usable_timer<T> && detail::good_now<T>)
      static_assert(detail::has_clock<T>,
                    "Transport: need `timer_type::time_point now()`, as `timer_type` has no `clock_type`");
  }
  return true;
}

}  // namespace remote_job::inline REMOTE_JOB_ABI

#endif
