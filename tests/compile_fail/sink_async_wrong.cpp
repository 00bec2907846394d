// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
// says: Sink: async_on_log is there but not as `auto async_on_log(std::uint64_t offset, std::string_view bytes, CompletionToken&&)` with completion `void(std::error_code)`
#include <remote_job/sink.hpp>

#include <asio/async_result.hpp>

#include <cstdint>
#include <string_view>

#ifdef MISTAKE
#define SIGNATURE void(std::error_code, std::size_t)
#else
#define SIGNATURE void(std::error_code)
#endif

struct my_sink {
  void on_event(const remote_job::trigger_event& event);
  template <asio::completion_token_for<SIGNATURE> Token>
  void async_on_log(std::uint64_t offset, std::string_view bytes, Token&& token);
};

static_assert(remote_job::check_sink<my_sink>());
