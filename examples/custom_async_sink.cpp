// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
//
// An asynchronous sink of one's own: each chunk is worked on by another executor, a thread that may block, while the
// thread of the watches goes on with others. Nothing more is read of this log until the chunk is done.
//
// custom_async_sink LOG-FILE EXIT-CODE-FILE shows a job of this machine, slowly.
#include <remote_job.hpp>

#include <asio/any_io_executor.hpp>
#include <asio/associated_executor.hpp>
#include <asio/async_result.hpp>
#include <asio/executor_work_guard.hpp>
#include <asio/io_context.hpp>
#include <asio/post.hpp>
#include <asio/thread_pool.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <iostream>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>

using namespace remote_job;

class slow_sink {
  struct initiate {
    slow_sink* sink;  // stays in place while the watch runs

    template <class Handler>
    void operator()(Handler&& handler, std::uint64_t offset, std::string_view bytes) const {
      // The handler is carried to the worker and back, but called at home only; the guard keeps home's run() from
      // returning for want of work meanwhile.
      auto home = asio::get_associated_executor(handler, sink->home_);
      auto guard = asio::make_work_guard(home);
      asio::post(sink->worker_, [s = sink, offset, bytes, home, guard = std::move(guard),
                                 handler = std::forward<Handler>(handler)]() mutable {
        const std::error_code error = s->work_(offset, bytes);
        asio::post(home, [handler = std::move(handler), error]() mutable { std::move(handler)(error); });
      });
    }
  };

 public:
  using work_function = std::function<std::error_code(std::uint64_t offset, std::string_view bytes)>;

  /// `worker` runs the work, one chunk at a time; `home` is where the watch runs.
  slow_sink(asio::any_io_executor worker, asio::any_io_executor home, work_function work)
      : worker_(std::move(worker)), home_(std::move(home)), work_(std::move(work)) {}

  /// Completes with what the work gave back: an error ends the watch, and leaves its offset before these bytes.
  /// It cannot be cancelled: a watch that is, waits until the chunk is done. `bytes` stays where it is until then.
  template <asio::completion_token_for<void(std::error_code)> Token>
  auto async_on_log(std::uint64_t offset, std::string_view bytes, Token&& token)
      -> decltype(asio::async_initiate<Token, void(std::error_code)>(std::declval<initiate>(), token, offset, bytes)) {
    return asio::async_initiate<Token, void(std::error_code)>(initiate{this}, token, offset, bytes);
  }

  void on_event(const trigger_event& event) { std::cerr << event.message << '\n'; }

 private:
  asio::any_io_executor worker_, home_;
  work_function work_;
};

static_assert(sink<slow_sink>);

int main(int argc, char** argv) {
  if (argc != 3) {
    std::cerr << "usage: custom_async_sink LOG-FILE EXIT-CODE-FILE\n";
    return 2;
  }
  trigger_state job;
  job.job.job_id = "custom_async_sink";
  job.job.log_file = argv[1];
  job.job.exit_code_file = argv[2];
  job.options.poll_interval = std::chrono::seconds(1);
  job.options.log_chunk_size = 64;

  asio::io_context context;
  asio::thread_pool worker(1);
  slow_sink show(worker.get_executor(), context.get_executor(), [](std::uint64_t, std::string_view bytes) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));  // compresses, uploads, ...
    std::cout << bytes << std::flush;
    return std::cout ? std::error_code() : std::make_error_code(std::io_errc::stream);
  });
  basic_remote_job_trigger trigger(process_transport::local(context.get_executor()), job, posix_os(),
                                   exponential_backoff(), std::move(show));
  int result = 1;
  trigger.async_run([&](std::error_code, const trigger_event& event) {
    if (event.status == status::success) result = 0;
  });
  context.run();
  worker.join();
  return result;
}
