// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
//
// A sink of one's own: whole lines of the log go to a function, and all that is not the log to standard error.
//
// custom_sink LOG-FILE EXIT-CODE-FILE numbers the lines of a job of this machine.
#include <remote_job.hpp>

#include <asio/io_context.hpp>

#include <cstdint>
#include <functional>
#include <iostream>
#include <string>
#include <string_view>
#include <utility>

using namespace remote_job;

class line_sink {
 public:
  explicit line_sink(std::function<void(std::string_view)> on_line) : on_line_(std::move(on_line)) {}

  /// A chunk ends where it ends, also within a line or a character. What is kept here is acknowledged: a watch that is
  /// resumed in another process goes on behind it. Give std::error_code back to refuse a chunk.
  void on_log(std::uint64_t /*offset*/, std::string_view bytes) {
    for (auto end = bytes.find('\n'); end != bytes.npos; end = bytes.find('\n')) {
      line_.append(bytes.substr(0, end));
      on_line_(line_);
      line_.clear();
      bytes.remove_prefix(end + 1);
    }
    line_.append(bytes);
  }

  /// The log begins again: half a line of the old one is none.
  void on_log_reset(const log_reset& reset) {
    line_.clear();
    std::cerr << reset.message << '\n';
  }

  void on_retry(const retry_info& retry) { std::cerr << retry.message << '\n'; }
  void on_notice(const notice& what) { std::cerr << what.message << '\n'; }

  void on_event(const trigger_event& event) {
    if (!line_.empty()) on_line_(line_);  // the last line needs no line end
    std::cerr << event.message << '\n';
  }

 private:
  std::function<void(std::string_view)> on_line_;
  std::string line_;
};

static_assert(sink<line_sink>);

int main(int argc, char** argv) {
  if (argc != 3) {
    std::cerr << "usage: custom_sink LOG-FILE EXIT-CODE-FILE\n";
    return 2;
  }
  trigger_state job;
  job.job.job_id = "custom_sink";
  job.job.log_file = argv[1];
  job.job.exit_code_file = argv[2];
  job.options.poll_interval = std::chrono::seconds(1);
  job.options.log_chunk_size = 7;  // far too small, to show that chunks are not lines

  asio::io_context context;
  int lines = 0;
  line_sink numbered([&](std::string_view line) { std::cout << ++lines << '\t' << line << '\n'; });
  basic_remote_job_trigger trigger(process_transport::local(context.get_executor()), job, posix_os(),
                                   exponential_backoff(), std::move(numbered));
  int result = 1;
  trigger.async_run([&](std::error_code, const trigger_event& event) {
    if (event.status == status::success) result = 0;
  });
  context.run();
  return result;
}
