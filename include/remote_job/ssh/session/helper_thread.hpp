// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_SSH_SESSION_HELPER_THREAD_HPP
#define REMOTE_JOB_SSH_SESSION_HELPER_THREAD_HPP

#include <remote_job/detail/asio/shared_call.hpp>

#include <asio/any_io_executor.hpp>

#include <functional>
#include <system_error>
#include <thread>
#include <utility>

namespace remote_job::inline REMOTE_JOB_ABI::ssh {

/// One call that may take long, on a thread of its own. All but that call is on one executor.
class helper_thread {
 public:
  /// Has `function` called there, and then `back`, by the executor, which is at work so long: it has to join(). `done`
  /// is for whoever is back. The error is why no thread could be started.
  REMOTE_JOB_DECL std::error_code start(const asio::any_io_executor& executor, std::function<int()> function,
                                        std::function<void(int)> done, detail::shared_call back);

  /// Whether the thread is there.
  bool busy() const noexcept { return thread_.joinable(); }

  /// Waits for the thread's end.
  REMOTE_JOB_DECL void join();

  /// To be called once, after join(): what is done with the result. Who ends it instead drops it.
  void finish() { std::exchange(done_, nullptr)(result_); }
  void drop() noexcept { done_ = nullptr; }

 private:
  std::thread thread_;
  std::function<void(int)> done_;
  int result_ = 0;
};

}  // namespace remote_job::inline REMOTE_JOB_ABI::ssh

#if !defined(REMOTE_JOB_SEPARATE_COMPILATION)
#include <remote_job/ssh/session/impl/helper_thread.ipp>
#endif

#endif
