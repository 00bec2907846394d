// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
// says: Transport: need `executor_type` and `executor_type get_executor()`
// says: Transport: need `auto async_connect(CompletionToken&&)` with completion `void(std::error_code)`
// says: Transport: need `auto async_execute(const remote_command&, command_reply&, CompletionToken&&)` with completion `void(std::error_code)`
// says: Transport: need `void close() noexcept`
#include <concepts/minimal_transport.hpp>

#ifdef MISTAKE
struct my_transport {};
#else
using my_transport = minimal_transport;
#endif

static_assert(remote_job::check_transport<my_transport>());
