// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_DETAIL_ASIO_IMPL_SHARED_CALL_IPP
#define REMOTE_JOB_DETAIL_ASIO_IMPL_SHARED_CALL_IPP

#include <remote_job/detail/asio/shared_call.hpp>

#include <asio/any_io_executor.hpp>
#include <asio/post.hpp>

#include <cstddef>
#include <system_error>
#include <utility>

namespace remote_job::inline REMOTE_JOB_ABI::detail {

void post_call(const asio::any_io_executor& executor, shared_call call, std::error_code ec, std::size_t size) {
  asio::post(executor, [call = std::move(call), ec, size] { call(ec, size); });
}

}  // namespace remote_job::inline REMOTE_JOB_ABI::detail

#endif
