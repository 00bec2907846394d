// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
// says: Sink: try_on_log is there but not as `std::optional<std::error_code> try_on_log(std::uint64_t offset, std::string_view bytes)` beside async_on_log
#include <remote_job/sink.hpp>

#include <cstdint>
#include <optional>
#include <string_view>
#include <system_error>

#ifdef MISTAKE
#define RESULT bool
#else
#define RESULT std::optional<std::error_code>
#endif

struct my_sink {
  void on_event(const remote_job::trigger_event& event);
  template <class Token>
  void async_on_log(std::uint64_t offset, std::string_view bytes, Token&& token);
  RESULT try_on_log(std::uint64_t offset, std::string_view bytes);
};

static_assert(remote_job::check_sink<my_sink>());
