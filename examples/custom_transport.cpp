// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
//
// A transport of one's own: any function that runs a command on the host, however long it blocks, as those of a cloud's
// or a cluster manager's client library do. Each call is made on a pool of threads.
//
// custom_transport LOG-FILE EXIT-CODE-FILE watches a job of this machine; its function is popen(3).
#include <remote_job.hpp>

#include <asio/any_io_executor.hpp>
#include <asio/compose.hpp>
#include <asio/io_context.hpp>
#include <asio/post.hpp>
#include <asio/steady_timer.hpp>
#include <asio/thread_pool.hpp>

#include <cerrno>
#include <cstdio>
#include <functional>
#include <iostream>
#include <memory>
#include <string>
#include <system_error>
#include <utility>

using namespace remote_job;

class function_transport {
 public:
  using executor_type = asio::any_io_executor;
  /// Runs a command and fills the reply; called on a thread of the pool.
  using host_function = std::function<std::error_code(const remote_command&, command_reply&)>;

 private:
  /// One call, with copies of all it needs: the watch may be gone when the function returns.
  struct call {
    call(const executor_type& executor, host_function f, const remote_command& c)
        : host(std::move(f)), command(c), done(executor, asio::steady_timer::time_point::max()) {}

    host_function host;
    remote_command command;
    command_reply reply{};
    std::error_code error = asio::error::operation_aborted;
    asio::steady_timer done;  // never expires: a wait for it ends when it is cancelled
  };

  struct connect {
    bool posted = false;

    template <class Self>
    void operator()(Self& self) {
      if (!std::exchange(posted, true)) return asio::post(std::move(self));  // never completes inline
      self.complete({});
    }
  };

  struct execute {
    asio::thread_pool* pool;
    std::shared_ptr<call> c;
    command_reply* reply;
    bool waited = false;

    template <class Self>
    void operator()(Self& self, std::error_code = {}) {
      if (!std::exchange(waited, true)) {
        asio::post(*pool, [c = c] {
          command_reply result;
          const std::error_code error = c->host(c->command, result);
          // Back on the transport's own executor: there the reply can be given away without a lock.
          asio::post(c->done.get_executor(), [c, result = std::move(result), error]() mutable {
            c->reply = std::move(result);
            c->error = error;
            c->done.cancel();
          });
        });
        auto& done = c->done;
        return done.async_wait(std::move(self));  // cancelling this operation cancels the wait
      }
      *reply = std::move(c->reply);
      self.complete(c->error);
    }
  };

 public:
  /// The pool must be gone before the executor's context is.
  function_transport(executor_type executor, asio::thread_pool& pool, host_function host)
      : executor_(std::move(executor)), pool_(&pool), host_(std::move(host)) {}

  executor_type get_executor() const { return executor_; }

  /// There is nothing to connect to.
  template <class Token>
  auto async_connect(Token&& token)
      -> decltype(asio::async_compose<Token, void(std::error_code)>(std::declval<connect>(), token,
                                                                    std::declval<executor_type&>())) {
    return asio::async_compose<Token, void(std::error_code)>(connect(), token, executor_);
  }

  template <class Token>
  auto async_execute(const remote_command& command, command_reply& reply, Token&& token)
      -> decltype(asio::async_compose<Token, void(std::error_code)>(std::declval<execute>(), token,
                                                                    std::declval<executor_type&>())) {
    current_ = std::make_shared<call>(executor_, host_, command);
    return asio::async_compose<Token, void(std::error_code)>(execute{pool_, current_, &reply}, token, executor_);
  }

  /// A function cannot be called back: it runs on, for nobody.
  void close() noexcept {
    if (current_) current_->done.cancel();
  }

 private:
  executor_type executor_;
  asio::thread_pool* pool_;
  host_function host_;
  std::shared_ptr<call> current_;
};

static_assert(transport<function_transport>);

/// The host: this machine. Input goes to the command as a here-document.
std::error_code run_here(const remote_command& command, command_reply& reply) {
  const std::string line = command.command + " <<'END-OF-INPUT'\n" + command.input + "END-OF-INPUT\n";
  std::FILE* pipe = ::popen(line.c_str(), "r");
  if (!pipe) return {errno, std::generic_category()};
  char buffer[4096];
  while (const auto n = std::fread(buffer, 1, sizeof buffer, pipe)) reply.output.append(buffer, n);
  ::pclose(pipe);
  return reply.output.size() > command.max_output ? errc::reply_too_long : std::error_code();
}

int main(int argc, char** argv) {
  if (argc != 3) {
    std::cerr << "usage: custom_transport LOG-FILE EXIT-CODE-FILE\n";
    return 2;
  }
  trigger_state job;
  job.job.job_id = "custom_transport";
  job.job.log_file = argv[1];
  job.job.exit_code_file = argv[2];
  job.options.poll_interval = std::chrono::seconds(1);

  asio::io_context context;
  asio::thread_pool pool(1);
  basic_remote_job_trigger trigger(function_transport(context.get_executor(), pool, run_here), job, posix_os(),
                                   exponential_backoff(), ostream_sink(std::cout));
  int result = 1;
  trigger.async_run([&](std::error_code, const trigger_event& event) {
    std::cerr << event.message << '\n';
    if (event.status == status::success) result = 0;
  });
  context.run();
  pool.join();
  return result;
}
