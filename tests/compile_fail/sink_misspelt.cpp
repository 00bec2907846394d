// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
// says: Sink: need `void on_event(const trigger_event&)`
#include <remote_job/sink.hpp>

#include <cstdint>
#include <string_view>

#ifdef MISTAKE
#define ON_EVENT onEvent
#else
#define ON_EVENT on_event
#endif

struct my_sink {
  void ON_EVENT(const remote_job::trigger_event& event);
  void on_log(std::uint64_t offset, std::string_view bytes);
};

static_assert(remote_job::check_sink<my_sink>());
