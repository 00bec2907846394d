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

// One member for each optional hook, to be ambiguous with a sink's own.
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

// A hook is either not there at all or callable as documented.
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

/// A sink: where log bytes, notices and the final event go. It observes; nothing it does steers the watch, but that a
/// log it could not take ends it.
///
/// | expression | meaning |
/// |---|---|
/// | `s.on_event(event)` | required; the final event, once per run that was not cancelled; `void` |
/// | `s.on_log(offset, bytes)` | optional; bytes of the log (std::string_view over bytes, not text) that stand at offset (std::uint64_t); `void` or `std::error_code` |
/// | `s.async_on_log(offset, bytes, token)` | optional, in place of on_log; `void(std::error_code)`; nothing is read until it completes |
/// | `s.try_on_log(offset, bytes)` | optional, beside async_on_log, which is called only if this gives nothing: takes the chunk without waiting, if it can, which spares the way through the executor; `std::optional<std::error_code>` |
/// | `s.on_log_reset(reset)` | optional; the bytes that follow start at offset 0 again; `void` or `std::error_code` |
/// | `s.on_retry(info)` | optional; a failure within the budget; `void` |
/// | `s.on_notice(notice)` | optional; `void` |
/// | `s.diagnostics()` | optional: text on the last error, as the name of a file; convertible to std::string |
///
/// All hooks are called on the transport's executor, one at a time. `bytes` is valid until on_log or
/// try_on_log returns or async_on_log completes. Only then is the chunk acknowledged: an error or an exception ends the watch with
/// `errc::sink_failed` and leaves the offset before the chunk. An exception from any other hook is treated alike, but
/// for on_event, whose exceptions are swallowed: there is no one left to tell.
/// A hook that is there but cannot be called as above is a compile error (a final class cannot be looked into: there a
/// wrong hook is silently absent). A hook under any other name is none: `sink_traits<S>::takes_log` can be asserted
/// beside `sink<S>`.
///
/// @par Exemplar
/// The least that will do:
/// @include minimal_sink.hpp
template <class S>
concept sink =
    std::move_constructible<S> && detail::has_on_event<S> && detail::good_on_log<S> && detail::good_async_on_log<S> &&
    detail::good_try_on_log<S> && detail::one_log_hook<S> && detail::good_on_log_reset<S> && detail::good_on_retry<S> &&
    detail::good_on_notice<S> && detail::good_diagnostics_of_sink<S>;

/// What generic code asks of a sink: each hook if it is there, nothing if not.
template <class S>
struct sink_traits {
  /// Whether the log is taken at all.
  static constexpr bool takes_log = detail::has_on_log<S> || detail::has_async_on_log<S>;

  /// Whether the log is taken asynchronously.
  static constexpr bool is_async = detail::has_async_on_log<S>;

  /// Hands a chunk over, to any sink: what came of it, or nothing if the chunk is to go to async_on_log().
  static std::optional<std::error_code> try_on_log(S& s, std::uint64_t offset, std::string_view bytes) {
    if constexpr (detail::has_try_on_log<S>)
      return s.try_on_log(offset, bytes);
    else if constexpr (is_async)
      return std::nullopt;
    else
      return on_log(s, offset, bytes);
  }

  /// Hands a chunk over, to a sink that does not take it asynchronously; gives the sink's refusal.
  static std::error_code on_log(S& s, std::uint64_t offset, std::string_view bytes) {
    if constexpr (detail::has_on_log<S>) {
      if constexpr (std::is_void_v<decltype(s.on_log(offset, bytes))>)
        s.on_log(offset, bytes);
      else
        return s.on_log(offset, bytes);
    }
    return {};
  }

  /// Tells that the log begins again at 0; gives the sink's refusal.
  static std::error_code on_log_reset(S& s, const log_reset& reset) {
    if constexpr (detail::has_on_log_reset<S>) {
      if constexpr (std::is_void_v<decltype(s.on_log_reset(reset))>)
        s.on_log_reset(reset);
      else
        return s.on_log_reset(reset);
    }
    return {};
  }

  /// Tells of a failure within the budget.
  static void on_retry(S& s, const retry_info& info) {
    if constexpr (detail::has_on_retry<S>) s.on_retry(info);
  }

  /// Tells of something worth knowing.
  static void on_notice(S& s, const notice& n) {
    if constexpr (detail::has_on_notice<S>) s.on_notice(n);
  }

  /// Hands the final event over.
  static void on_event(S& s, const trigger_event& event) { s.on_event(event); }

  /// Text on the last error, or nothing.
  static std::string diagnostics(S& s) {
    if constexpr (detail::has_diagnostics_of_sink<S>)
      return s.diagnostics();
    else
      return {};
  }
};

/// Asserts one requirement after the other, so that the compiler lists all that S lacks, each with the wanted
/// signature.
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
