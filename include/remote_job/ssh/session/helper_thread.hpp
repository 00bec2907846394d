// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_SSH_SESSION_HELPER_THREAD_HPP
#define REMOTE_JOB_SSH_SESSION_HELPER_THREAD_HPP

#include <remote_job/detail/asio/shared_call.hpp>

#include <asio/any_io_executor.hpp>
#include <asio/executor_work_guard.hpp>

#include <functional>
#include <system_error>
#include <thread>
#include <utility>

namespace remote_job::inline v0::ssh {

/// One call that may take long, on a thread of its own. All but that call is on one executor.
class helper_thread {
 public:
  /// Has `function` called there, and then `back`, by the executor, which is at work so long: it has to join(). `done`
  /// is for whoever is back. The error is why no thread could be started.
  std::error_code start(const asio::any_io_executor& executor, std::function<int()> function,
                        std::function<void(int)> done, detail::shared_call back) {
    done_ = std::move(done);
    auto run = [this, work = asio::make_work_guard(executor), function = std::move(function),
                back = std::move(back)]() mutable {
      result_ = function();
      function = nullptr;  // what it holds is freed here
      detail::post_call(work.get_executor(), std::move(back));
    };
    try {
      thread_ = std::thread(std::move(run));
    } catch (const std::system_error& e) {
      return e.code();
    }
    return {};
  }

  /// Whether the thread is there.
  bool busy() const noexcept { return thread_.joinable(); }

  /// Waits for the thread's end.
  void join() {
    if (busy()) thread_.join();
  }

  /// To be called once, after join(): what is done with the result. Who ends it instead drops it.
  void finish() { std::exchange(done_, nullptr)(result_); }
  void drop() noexcept { done_ = nullptr; }

 private:
  std::thread thread_;
  std::function<void(int)> done_;
  int result_ = 0;
};

}  // namespace remote_job::inline v0::ssh

#endif
