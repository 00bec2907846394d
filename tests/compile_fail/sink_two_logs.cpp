// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
// says: Sink: have either on_log or async_on_log, not both
#include <remote_job/sink.hpp>

#include <asio/async_result.hpp>

#include <cstdint>
#include <string_view>

struct my_sink {
  void on_event(const remote_job::trigger_event& event);
#ifdef MISTAKE
  void on_log(std::uint64_t offset, std::string_view bytes);
#endif
  template <asio::completion_token_for<void(std::error_code)> Token>
  void async_on_log(std::uint64_t offset, std::string_view bytes, Token&& token);
};

static_assert(remote_job::check_sink<my_sink>());
