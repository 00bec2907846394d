// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
//
// A watch as an asynchronous generator: its chunks and its event are awaited one after the other, where the caller wants
// them. generator LOG-FILE EXIT-CODE-FILE shows a job of this machine.
//
// The sink sends each chunk through a channel without room, so that the watch waits until the chunk is taken: nothing is
// read ahead, and a state that is serialized meanwhile stands behind what was taken.
#include <remote_job.hpp>

#include <asio/any_io_executor.hpp>
#include <asio/awaitable.hpp>
#include <asio/co_spawn.hpp>
#include <asio/experimental/channel.hpp>
#include <asio/io_context.hpp>
#include <asio/this_coro.hpp>
#include <asio/use_awaitable.hpp>

#include <chrono>
#include <cstdint>
#include <exception>
#include <iostream>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <variant>

using namespace remote_job;

struct log_chunk {
  std::uint64_t offset;  // 0 once more after a log was replaced or truncated
  std::string bytes;
};

using item = std::variant<log_chunk, trigger_event>;
using channel = asio::experimental::channel<void(std::error_code, item)>;

struct channel_sink {
  // Completes when the chunk was taken. It is copied: whoever takes it may keep it for longer.
  template <asio::completion_token_for<void(std::error_code)> Token>
  auto async_on_log(std::uint64_t offset, std::string_view bytes, Token&& token) {
    return to->async_send(std::error_code(), item(log_chunk{offset, std::string(bytes)}), std::forward<Token>(token));
  }
  void on_event(const trigger_event&) {}  // comes with the completion of the run

  std::shared_ptr<channel> to;
};

class generator {
 public:
  generator(const asio::any_io_executor& executor, trigger_state job)
      : channel_(std::make_shared<channel>(executor)),
        trigger_(process_transport::local(executor), std::move(job), posix_os(), exponential_backoff(),
                 channel_sink{channel_}) {
    // The event ends the generator, also that of a watch that gave up.
    trigger_.async_run([to = channel_](std::error_code, trigger_event event) {
      to->async_send(std::error_code(), item(std::move(event)), [to](std::error_code) {});
    });
  }

  /// Nobody takes anything any more: what waits to be sent is dropped, and the watch ends. The job is not touched.
  ~generator() { channel_->close(); }

  generator(const generator&) = delete;
  generator& operator=(const generator&) = delete;

  /// The next chunk, or the event, after which there is nothing more to await.
  asio::awaitable<item> next() { co_return co_await channel_->async_receive(asio::use_awaitable); }

 private:
  std::shared_ptr<channel> channel_;
  basic_remote_job_trigger<process_transport, posix_os, exponential_backoff, channel_sink> trigger_;
};

asio::awaitable<bool> show(trigger_state job) {
  generator watch(co_await asio::this_coro::executor, std::move(job));
  for (;;) {
    const auto next = co_await watch.next();
    if (const auto* chunk = std::get_if<log_chunk>(&next)) {
      std::cout << chunk->bytes << std::flush;
      continue;
    }
    const auto& event = std::get<trigger_event>(next);
    std::cerr << event.message << '\n';
    co_return event.status == status::success;
  }
}

int main(int argc, char** argv) {
  if (argc != 3) {
    std::cerr << "usage: generator LOG-FILE EXIT-CODE-FILE\n";
    return 2;
  }
  trigger_state job;
  job.job.job_id = "generator";
  job.job.log_file = argv[1];
  job.job.exit_code_file = argv[2];
  job.options.poll_interval = std::chrono::seconds(1);

  int result = 1;
  asio::io_context context;
  asio::co_spawn(context, show(std::move(job)), [&](std::exception_ptr e, bool succeeded) {
    if (e) std::rethrow_exception(e);
    if (succeeded) result = 0;
  });
  context.run();
  return result;
}
