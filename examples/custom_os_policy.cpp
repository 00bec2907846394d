// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
//
// An OS policy of one's own: a host whose batch system keeps no exit-code file. It keeps a status file, that holds
// `queued`, `running`, or `ended CODE`.
//
// custom_os_policy LOG-FILE STATUS-FILE watches such a job of this machine.
#include <remote_job.hpp>

#include <asio/io_context.hpp>

#include <charconv>
#include <iostream>
#include <string_view>
#include <system_error>

using namespace remote_job;

/// A policy writes a command and reads what it printed, and does no I/O. Most need not start from nothing: the script
/// and the frame of posix_os stay, and only what the file means is another thing.
class batch_os {
 public:
  static constexpr remote_job::remote_os target_os = remote_os::posix;
  // No files_suffice: a transport with file access would read the file itself, and expect an exit code in it.

  void build_poll(const job_spec& job, const poll_request& request, remote_command& command) const {
    posix_.build_poll(job, request, command);
  }

  std::error_code parse_poll(const poll_request& request, const command_reply& raw, poll_reply& reply) const {
    if (const auto error = posix_.parse_poll(request, raw, reply)) return error;
    // To posix_os words are a damaged exit code; it hands them on. What is no word of ours stays damaged, and is given
    // trouble_grace to become whole.
    if (reply.exit_state != exit_code_state::damaged) return {};
    std::string_view text = reply.exit_text;
    if (text == "queued" || text == "running") {
      reply.exit_state = exit_code_state::absent;
    } else if (text.starts_with("ended ")) {
      text.remove_prefix(6);
      const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), reply.exit_code);
      if (error == std::errc() && end == text.data() + text.size()) reply.exit_state = exit_code_state::present;
    }
    return {};
  }

 private:
  posix_os posix_;
};

static_assert(os_policy<batch_os>);

int main(int argc, char** argv) {
  if (argc != 3) {
    std::cerr << "usage: custom_os_policy LOG-FILE STATUS-FILE\n";
    return 2;
  }
  trigger_state job;
  job.job.job_id = "custom_os_policy";
  job.job.log_file = argv[1];
  job.job.exit_code_file = argv[2];
  job.options.poll_interval = std::chrono::seconds(1);

  asio::io_context context;
  basic_remote_job_trigger trigger(process_transport::local(context.get_executor()), job, batch_os(),
                                   exponential_backoff(), ostream_sink(std::cout));
  int result = 1;
  trigger.async_run([&](std::error_code, const trigger_event& event) {
    std::cerr << event.message << '\n';
    if (event.status == status::success) result = 0;
  });
  context.run();
  return result;
}
