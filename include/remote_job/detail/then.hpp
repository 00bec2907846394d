// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_DETAIL_THEN_HPP
#define REMOTE_JOB_DETAIL_THEN_HPP

#include <remote_job/config.hpp>

#include <asio/associator.hpp>

#include <system_error>
#include <type_traits>
#include <utility>

namespace remote_job::inline v0::detail {

/// A handler that turns one result into another and passes it on; all else about it is the final handler's.
template <class Function, class Handler>
struct then_handler {
  Function function;
  Handler handler;

  void operator()(std::error_code ec) { std::move(handler)(function(ec)); }
};

template <class Function, class Handler>
then_handler<Function, std::decay_t<Handler>> then(Function function, Handler&& handler) {
  return {std::move(function), std::forward<Handler>(handler)};
}

}  // namespace remote_job::inline v0::detail

// Executor, allocator and cancellation slot are those of the final handler.
template <template <class, class> class Associator, class Function, class Handler, class Default>
struct asio::associator<Associator, remote_job::detail::then_handler<Function, Handler>, Default>
    : Associator<Handler, Default> {
  using self = remote_job::detail::then_handler<Function, Handler>;

  static auto get(const self& s) noexcept { return Associator<Handler, Default>::get(s.handler); }
  static auto get(const self& s, const Default& d) noexcept { return Associator<Handler, Default>::get(s.handler, d); }
};

#endif
