// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_SINK_HPP
#define REMOTE_JOB_SINK_HPP

#include <remote_job/detail/concept/archetype.hpp>
#include <remote_job/event.hpp>

#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <type_traits>

namespace remote_job::inline REMOTE_JOB_ABI {

namespace detail {

// One member for each optional hook, to make a sink's own hook ambiguous.
struct hook_names {
  int on_log, async_on_log, try_on_log, on_log_reset, on_retry, on_notice, diagnostics;
};

template <class S>
concept names_on_log = open_class<S> && !requires {
  &ambiguous<S, hook_names>::on_log;
};
template <class S>
concept names_async_on_log = open_class<S> && !requires {
  &ambiguous<S, hook_names>::async_on_log;
};
template <class S>
concept names_try_on_log = open_class<S> && !requires {
  &ambiguous<S, hook_names>::try_on_log;
};
template <class S>
concept names_on_log_reset = open_class<S> && !requires {
  &ambiguous<S, hook_names>::on_log_reset;
};
template <class S>
concept names_on_retry = open_class<S> && !requires {
  &ambiguous<S, hook_names>::on_retry;
};
template <class S>
concept names_on_notice = open_class<S> && !requires {
  &ambiguous<S, hook_names>::on_notice;
};

template <class S>
concept names_diagnostics_of_sink = open_class<S> && !requires {
  &ambiguous<S, hook_names>::diagnostics;
};

template <class S>
concept has_on_event = requires(S& s, const trigger_event& e) {
  { s.on_event(e) } -> std::same_as<void>;
};

template <class S>
concept takes_offset = requires(S& s, wide_offset offset, std::string_view bytes) {
  s.on_log(offset, bytes);
}
|| requires(S& s, std::uint64_t offset, std::string_view bytes) { s.on_log({offset}, bytes); };

template <class S>
concept has_on_log = takes_offset<S> &&(
    requires(S& s, std::uint64_t offset, std::string_view bytes) {
      { s.on_log(offset, bytes) } -> std::same_as<void>;
    } ||
    requires(S & s, std::uint64_t offset, std::string_view bytes) {
      { s.on_log(offset, bytes) } -> std::same_as<std::error_code>;
    });

template <class S>
concept async_on_log_by_function = requires(S& s, std::string_view bytes) {
  typename member<&S::async_on_log>;
  s.async_on_log(0, bytes, std::declval<function_archetype>());
}
&&!requires(S & s, std::string_view bytes) { s.async_on_log(0, bytes, std::declval<stranger>()); };

template <class S>
concept has_async_on_log = requires(S& s, std::uint64_t offset, std::string_view bytes, wide_offset wide) {
  s.async_on_log(offset, bytes, std::declval<handler_archetype>());
  s.async_on_log(wide, bytes, std::declval<handler_archetype>());
}
&&!async_on_log_by_function<S>;

template <class S>
concept has_try_on_log = has_async_on_log<S> &&
    requires(S& s, std::uint64_t offset, std::string_view bytes, wide_offset wide) {
  { s.try_on_log(offset, bytes) } -> std::same_as<std::optional<std::error_code>>;
  s.try_on_log(wide, bytes);
};

template <class S>
concept has_on_log_reset = requires(S& s, const log_reset& r) {
  { s.on_log_reset(r) } -> std::same_as<void>;
}
|| requires(S& s, const log_reset& r) {
  { s.on_log_reset(r) } -> std::same_as<std::error_code>;
};

template <class S>
concept has_on_retry = requires(S& s, const retry_info& r) {
  { s.on_retry(r) } -> std::same_as<void>;
};

template <class S>
concept has_on_notice = requires(S& s, const notice& n) {
  { s.on_notice(n) } -> std::same_as<void>;
};

template <class S>
concept has_diagnostics_of_sink = requires(S& s) {
  { s.diagnostics() } -> std::convertible_to<std::string>;
};

// A hook must be absent or callable as documented.
template <class S>
concept good_on_log = has_on_log<S> || !names_on_log<S>;
template <class S>
concept good_async_on_log = has_async_on_log<S> || !names_async_on_log<S>;
template <class S>
concept good_try_on_log = has_try_on_log<S> || !names_try_on_log<S>;
template <class S>
concept good_on_log_reset = has_on_log_reset<S> || !names_on_log_reset<S>;
template <class S>
concept good_on_retry = has_on_retry<S> || !names_on_retry<S>;
template <class S>
concept good_on_notice = has_on_notice<S> || !names_on_notice<S>;
template <class S>
concept good_diagnostics_of_sink = has_diagnostics_of_sink<S> || !names_diagnostics_of_sink<S>;
template <class S>
concept one_log_hook = !(has_on_log<S> && has_async_on_log<S>);

}  // namespace detail

/// A sink receives log bytes, notices and the final event. It only observes; its one influence on the watch is that a
/// log which it cannot take ends the watch.
///
/// | expression | meaning |
/// |---|---|
/// | `s.on_event(event)` | required; the final event, once per run that was not cancelled; `void` |
/// | `s.on_log(offset, bytes)` | optional; bytes of the log (std::string_view over bytes, not text), starting at offset (std::uint64_t); `void` or `std::error_code` |
/// | `s.async_on_log(offset, bytes, token)` | optional, instead of on_log; `void(std::error_code)`; nothing is read until it completes |
/// | `s.try_on_log(offset, bytes)` | optional, in addition to async_on_log, which is called only if this returns nothing: takes the chunk if it can do so without waiting, which avoids a trip through the executor; `std::optional<std::error_code>` |
/// | `s.on_log_reset(reset)` | optional; the bytes that follow start at offset 0 again; `void` or `std::error_code` |
/// | `s.on_retry(info)` | optional; a failure within the budget; `void` |
/// | `s.on_notice(notice)` | optional; `void` |
/// | `s.diagnostics()` | optional: text on the last error, such as a file name; convertible to std::string |
///
/// All hooks run on the transport's executor, one at a time. `bytes` is valid until on_log or try_on_log returns or
/// async_on_log completes. Only then is the chunk acknowledged. An error or an exception ends the watch with
/// `errc::sink_failed` and leaves the offset before the chunk. The same holds for an exception from any other hook
/// except on_event: its exceptions are ignored, since nothing is left to report them to. A hook that exists but cannot
/// be called as above is a compile error. A final class cannot be inspected: its invalid hooks are silently ignored. A
/// function with any other name is not a hook; assert `sink_traits<S>::takes_log` in addition to `sink<S>` to detect a
/// misspelt one.
///
/// @par Exemplar
/// A minimal implementation:
/// @include minimal_sink.hpp
template <class S>
concept sink =
    std::move_constructible<S> && detail::has_on_event<S> && detail::good_on_log<S> && detail::good_async_on_log<S> &&
    detail::good_try_on_log<S> && detail::one_log_hook<S> && detail::good_on_log_reset<S> && detail::good_on_retry<S> &&
    detail::good_on_notice<S> && detail::good_diagnostics_of_sink<S>;

/// Uniform access to a sink: calls each hook that exists.
template <class S>
struct sink_traits {
  /// Whether the sink takes the log at all.
  static constexpr bool takes_log = detail::has_on_log<S> || detail::has_async_on_log<S>;

  /// Whether the sink takes the log asynchronously.
  static constexpr bool is_async = detail::has_async_on_log<S>;

  /// Passes a chunk to any sink. Returns the outcome, or nothing if the chunk has to go to async_on_log().
  static std::optional<std::error_code> try_on_log(S& s, std::uint64_t offset, std::string_view bytes) {
    if constexpr (detail::has_try_on_log<S>)
      return s.try_on_log(offset, bytes);
    else if constexpr (is_async)
      return std::nullopt;
    else
      return on_log(s, offset, bytes);
  }

  /// Passes a chunk to a synchronous sink; returns the sink's error.
  static std::error_code on_log(S& s, std::uint64_t offset, std::string_view bytes) {
    if constexpr (detail::has_on_log<S>) {
      if constexpr (std::is_void_v<decltype(s.on_log(offset, bytes))>)
        s.on_log(offset, bytes);
      else
        return s.on_log(offset, bytes);
    }
    return {};
  }

  /// Reports that the log starts again at offset 0; returns the sink's error.
  static std::error_code on_log_reset(S& s, const log_reset& reset) {
    if constexpr (detail::has_on_log_reset<S>) {
      if constexpr (std::is_void_v<decltype(s.on_log_reset(reset))>)
        s.on_log_reset(reset);
      else
        return s.on_log_reset(reset);
    }
    return {};
  }

  /// Reports a failure within the budget.
  static void on_retry(S& s, const retry_info& info) {
    if constexpr (detail::has_on_retry<S>) s.on_retry(info);
  }

  /// Reports a notice.
  static void on_notice(S& s, const notice& n) {
    if constexpr (detail::has_on_notice<S>) s.on_notice(n);
  }

  /// Passes the final event.
  static void on_event(S& s, const trigger_event& event) { s.on_event(event); }

  /// Text on the last error; empty if there is none.
  static std::string diagnostics(S& s) {
    if constexpr (detail::has_diagnostics_of_sink<S>)
      return s.diagnostics();
    else
      return {};
  }
};

/// Asserts the requirements one by one, so that the compiler lists everything that S lacks, with the required
/// signatures.
template <class S>
constexpr bool check_sink() {
  static_assert(std::move_constructible<S>, "Sink: need a move constructor");
  static_assert(detail::has_on_event<S>, "Sink: need `void on_event(const trigger_event&)`");
  static_assert(detail::good_on_log<S>,
                "Sink: on_log is there but not as `void on_log(std::uint64_t offset, std::string_view bytes)` (or "
                "returning std::error_code)");
  static_assert(detail::good_async_on_log<S>,
                "Sink: async_on_log is there but not as `auto async_on_log(std::uint64_t offset, std::string_view "
                "bytes, CompletionToken&&)` with completion `void(std::error_code)`");
  static_assert(detail::good_try_on_log<S>,
                "Sink: try_on_log is there but not as `std::optional<std::error_code> try_on_log(std::uint64_t offset, "
                "std::string_view bytes)` beside async_on_log");
  static_assert(detail::one_log_hook<S>, "Sink: have either on_log or async_on_log, not both");
  static_assert(detail::good_on_log_reset<S>,
                "Sink: on_log_reset is there but not as `void on_log_reset(const log_reset&)` (or returning "
                "std::error_code)");
  static_assert(detail::good_on_retry<S>, "Sink: on_retry is there but not as `void on_retry(const retry_info&)`");
  static_assert(detail::good_on_notice<S>, "Sink: on_notice is there but not as `void on_notice(const notice&)`");
  static_assert(detail::good_diagnostics_of_sink<S>,
                "Sink: diagnostics is there but not as `std::string diagnostics()`");
  return true;
}

}  // namespace remote_job::inline REMOTE_JOB_ABI

#endif
