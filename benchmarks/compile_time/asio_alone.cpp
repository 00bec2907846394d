// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
//
// What the umbrella includes of Asio: the floor below it.
#include <asio/any_io_executor.hpp>
#include <asio/basic_waitable_timer.hpp>
#include <asio/compose.hpp>
#include <asio/posix/stream_descriptor.hpp>
