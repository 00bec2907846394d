// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_DETAIL_ASIO_SHARED_CALL_HPP
#define REMOTE_JOB_DETAIL_ASIO_SHARED_CALL_HPP

#include <remote_job/config.hpp>

#include <asio/any_io_executor.hpp>

#include <cstddef>
#include <memory>
#include <system_error>
#include <type_traits>
#include <utility>

namespace remote_job::inline REMOTE_JOB_ABI::detail {

/// A handler that owns a share of an object and calls a member function of it. All such handlers have one type, so each
/// Asio operation, which is a large template, is compiled only once.
class shared_call {
 public:
  /// `Member`: a member function with the parameters (), `(std::error_code)` or `(std::error_code, std::size_t)`.
  template <auto Member, class Object>
  static shared_call to(std::shared_ptr<Object> object) {
    return {std::move(object), [](void* o, std::error_code ec, std::size_t size) {
              auto& self = *static_cast<Object*>(o);
              if constexpr (std::is_invocable_v<decltype(Member), Object&, std::error_code, std::size_t>)
                (self.*Member)(ec, size);
              else if constexpr (std::is_invocable_v<decltype(Member), Object&, std::error_code>)
                (self.*Member)(ec);
              else
                (self.*Member)();
            }};
  }

  void operator()(std::error_code ec = {}, std::size_t size = 0) const { call_(object_.get(), ec, size); }

 private:
  using function = void (*)(void*, std::error_code, std::size_t);

  shared_call(std::shared_ptr<void> object, function call) : object_(std::move(object)), call_(call) {}

  std::shared_ptr<void> object_;
  function call_;
};

/// Posts the call to the executor, so it never runs from within this function.
REMOTE_JOB_DECL void post_call(const asio::any_io_executor& executor, shared_call call, std::error_code ec = {},
                               std::size_t size = 0);

}  // namespace remote_job::inline REMOTE_JOB_ABI::detail

#if !defined(REMOTE_JOB_SEPARATE_COMPILATION)
#include <remote_job/detail/asio/impl/shared_call.ipp>
#endif

#endif
