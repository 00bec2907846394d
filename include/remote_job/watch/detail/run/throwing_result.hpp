// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_WATCH_DETAIL_RUN_THROWING_RESULT_HPP
#define REMOTE_JOB_WATCH_DETAIL_RUN_THROWING_RESULT_HPP

#include <remote_job/detail/asio/asio_compat.hpp>
#include <remote_job/event.hpp>
#include <remote_job/lifecycle.hpp>

#include <asio/associator.hpp>
#include <asio/async_result.hpp>
#include <asio/use_awaitable.hpp>

#include <exception>
#include <string>
#include <system_error>
#include <type_traits>
#include <utility>

// A token that throws knows the error code alone: by default the message, which says what failed, where and why, would be
// lost with the result. For the library's results, use_awaitable and use_future throw both.
namespace remote_job::inline REMOTE_JOB_ABI::detail {

/// Whether T is the result of one of the library's operations, with a message.
template <class T>
inline constexpr bool is_outcome = false;
template <>
inline constexpr bool is_outcome<trigger_event> = true;
template <>
inline constexpr bool is_outcome<submit_result> = true;
template <>
inline constexpr bool is_outcome<job_status> = true;
template <>
inline constexpr bool is_outcome<stop_result> = true;
template <>
inline constexpr bool is_outcome<cleanup_result> = true;

template <class T>
concept outcome = is_outcome<T>;

/// The exception for an operation that ended with `ec`, if that is an error.
inline std::exception_ptr exception_of(std::error_code ec, const std::string& message) noexcept {
  if (!ec) return nullptr;
  try {
    if (message.empty()) throw std::system_error(ec);
    throw std::system_error(ec, message);
  } catch (...) {  // also of memory that ran out
    return std::current_exception();
  }
}

/// Turns a handler `void(std::exception_ptr, Outcome)` into a handler `void(std::error_code, Outcome)`.
template <class Handler, outcome Outcome>
struct throwing_handler {
  void operator()(std::error_code ec, Outcome result) {
    auto error = exception_of(ec, result.message);
    std::move(handler)(std::move(error), std::move(result));
  }

  Handler handler;
};

template <class Initiation, outcome Outcome>
struct throwing_initiation {
  template <class Handler, class... Args>
  void operator()(Handler&& handler, Args&&... args) {
    std::move(initiation)(throwing_handler<std::decay_t<Handler>, Outcome>{std::forward<Handler>(handler)},
                          std::forward<Args>(args)...);
  }

  Initiation initiation;
};

/// The async_result of a token that throws, by that of the same token for `void(std::exception_ptr, Outcome)`. `Return`:
/// what an initiating function returns then; binders of Asio 1.22 need its name.
template <class Token, outcome Outcome, class Return>
struct throwing_result {
  using return_type = Return;

  template <class Initiation, class... Args>
  static auto initiate(Initiation&& initiation, Token token, Args&&... args)
      -> decltype(asio::async_initiate<Token, void(std::exception_ptr, Outcome)>(
          std::declval<throwing_initiation<std::decay_t<Initiation>, Outcome>>(), token, std::forward<Args>(args)...)) {
    return asio::async_initiate<Token, void(std::exception_ptr, Outcome)>(
        throwing_initiation<std::decay_t<Initiation>, Outcome>{std::forward<Initiation>(initiation)}, token,
        std::forward<Args>(args)...);
  }
};

}  // namespace remote_job::inline REMOTE_JOB_ABI::detail

/// The executor, allocator and cancellation slot of the handler inside.
template <template <class, class> class Associator, class Handler, class Outcome, class Default>
struct asio::associator<Associator, remote_job::detail::throwing_handler<Handler, Outcome>, Default>
    : Associator<Handler, Default> {
  using handler_type = remote_job::detail::throwing_handler<Handler, Outcome>;
  static auto get(const handler_type& h) noexcept { return Associator<Handler, Default>::get(h.handler); }
  static auto get(const handler_type& h, const Default& other) noexcept {
    return Associator<Handler, Default>::get(h.handler, other);
  }
};

#if defined(ASIO_HAS_CO_AWAIT)
template <class Executor, remote_job::detail::outcome Outcome>
class asio::async_result<asio::use_awaitable_t<Executor>, void(std::error_code, Outcome)>
    : public remote_job::detail::throwing_result<asio::use_awaitable_t<Executor>, Outcome,
                                                 asio::awaitable<Outcome, Executor>> {};
#endif

template <class Allocator, remote_job::detail::outcome Outcome>
class asio::async_result<asio::use_future_t<Allocator>, void(std::error_code, Outcome)>
    : public remote_job::detail::throwing_result<
          asio::use_future_t<Allocator>, Outcome,
          typename asio::async_result<asio::use_future_t<Allocator>, void(std::exception_ptr, Outcome)>::return_type> {
};

#endif
