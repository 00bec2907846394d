// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
// says: Transport: need `auto async_connect(CompletionToken&&)` with completion `void(std::error_code)`
// says: Transport: need `auto async_execute(const remote_command&, command_reply&, CompletionToken&&)` with completion `void(std::error_code)`
// says: Transport: file access needs `auto async_stat(const std::string&, file_status&, CompletionToken&&)` with completion `void(std::error_code)`
// says: Transport: file access needs `auto async_read_file(const std::string&, std::uint64_t, std::size_t, std::string&, CompletionToken&&)` with completion `void(std::error_code)`
// says: Sink: async_on_log is there but not as `auto async_on_log(std::uint64_t offset, std::string_view bytes, CompletionToken&&)` with completion `void(std::error_code)`
#include <concepts/minimal_os_policy.hpp>
#include <concepts/minimal_transport.hpp>

#include <remote_job/basic_remote_job_trigger.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>

// A handler need not be copyable: a std::function cannot hold it.
#ifdef MISTAKE
#define TEMPLATE
using handler = std::function<void(std::error_code)>;
#else
#define TEMPLATE template <asio::completion_token_for<void(std::error_code)> handler>
#endif

struct my_transport {
  using executor_type = asio::any_io_executor;
  executor_type get_executor() const;
  TEMPLATE void async_connect(handler h);
  TEMPLATE void async_execute(const remote_job::remote_command& command, remote_job::command_reply& reply, handler h);
  TEMPLATE void async_stat(const std::string& path, remote_job::file_status& status, const handler& h);
  TEMPLATE void async_read_file(const std::string& path, std::uint64_t offset, std::size_t max, std::string& out,
                                handler&& h);
  void close() noexcept;
};

struct my_sink {
  void on_event(const remote_job::trigger_event& event);
  TEMPLATE void async_on_log(std::uint64_t offset, std::string_view bytes, handler h);
};

using my_trigger =
    remote_job::basic_remote_job_trigger<my_transport, minimal_os_policy, remote_job::exponential_backoff, my_sink>;

void run(my_trigger& trigger) {
#ifdef MISTAKE
  trigger.async_run([only = std::make_unique<int>()](std::error_code, const remote_job::trigger_event&) {});
#else
  (void)trigger;  // without a body to complete it, it cannot be run
#endif
}
