// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
// says: Sink: need `void on_event(const trigger_event&)`
// says: Sink: on_log is there but not as `void on_log(std::uint64_t offset, std::string_view bytes)` (or returning std::error_code)
// says: Sink: on_log_reset is there but not as `void on_log_reset(const log_reset&)` (or returning std::error_code)
// says: Sink: on_retry is there but not as `void on_retry(const retry_info&)`
// says: Sink: on_notice is there but not as `void on_notice(const notice&)`
#include <remote_job/sink.hpp>

#include <cstdint>
#include <string_view>

#ifdef MISTAKE
#define CONST
#define OFFSET
#define RESULT int
#define RETRY remote_job::notice
#else
#define CONST const
#define OFFSET std::uint64_t,
#define RESULT void
#define RETRY remote_job::retry_info
#endif

struct my_sink {
  void on_event(CONST remote_job::trigger_event& event);
  void on_log(OFFSET std::string_view bytes);
  RESULT on_log_reset(const remote_job::log_reset& reset);
  void on_retry(const RETRY& info);
  RESULT on_notice(const remote_job::notice& notice);
};

static_assert(remote_job::check_sink<my_sink>());
