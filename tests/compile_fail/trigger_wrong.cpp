// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
// says: Transport: need `auto async_connect(CompletionToken&&)` with completion `void(std::error_code)`
// says: Transport: need `auto async_execute(const remote_command&, command_reply&, CompletionToken&&)` with completion `void(std::error_code)`
// says: OsPolicy: need `void build_poll(const job_spec&, const poll_request&, remote_command&)`
// says: OsPolicy: need `std::error_code parse_poll(const poll_request&, const command_reply&, poll_reply&)`
// says: Backoff: need `std::chrono::nanoseconds delay(int failure)`
// says: Sink: need `void on_event(const trigger_event&)`
// says: Sink: on_log is there but not as `void on_log(std::uint64_t offset, std::string_view bytes)` (or returning std::error_code)
#include <concepts/minimal_backoff.hpp>
#include <concepts/minimal_os_policy.hpp>
#include <concepts/minimal_sink.hpp>
#include <concepts/minimal_transport.hpp>

#include <remote_job/basic_remote_job_trigger.hpp>

#ifdef MISTAKE
struct my_transport {
  using executor_type = asio::any_io_executor;
  executor_type get_executor() const;
  void close() noexcept;
};
struct my_os {};
struct my_backoff {};
struct my_sink {
  void on_log(std::string_view bytes);
};
#else
using my_transport = minimal_transport;
using my_os = minimal_os_policy;
using my_backoff = minimal_backoff;
using my_sink = minimal_sink;
#endif

using my_trigger = remote_job::basic_remote_job_trigger<my_transport, my_os, my_backoff, my_sink>;

// All that is wrong with four policies, without the trigger's own insides among it, whatever is asked of it.
void run(my_trigger& trigger) {
  trigger.async_run([](std::error_code, const remote_job::trigger_event&) {});
  trigger.async_status([](std::error_code, const remote_job::job_status&) {});
  trigger.cancel();
}
