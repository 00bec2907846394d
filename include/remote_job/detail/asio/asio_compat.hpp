// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_DETAIL_ASIO_ASIO_COMPAT_HPP
#define REMOTE_JOB_DETAIL_ASIO_ASIO_COMPAT_HPP

/// What differs between releases of Asio.

#include <asio/detail/config.hpp>

namespace asio {
#if defined(ASIO_INLINE_NAMESPACE_BEGIN)  // from 1.38
ASIO_INLINE_NAMESPACE_BEGIN
#endif

// Declared here because <asio/use_future.hpp> includes <future>, which is an eighth of what the umbrella costs to compile.
template <typename Allocator>
class use_future_t;

#if defined(ASIO_INLINE_NAMESPACE_END)
ASIO_INLINE_NAMESPACE_END
#endif
}  // namespace asio

#endif
