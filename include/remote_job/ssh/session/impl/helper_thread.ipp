// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_SSH_SESSION_IMPL_HELPER_THREAD_IPP
#define REMOTE_JOB_SSH_SESSION_IMPL_HELPER_THREAD_IPP

#include <remote_job/detail/asio/shared_call.hpp>
#include <remote_job/ssh/session/helper_thread.hpp>

#include <asio/any_io_executor.hpp>
#include <asio/executor_work_guard.hpp>

#include <cstdlib>
#include <functional>
#include <system_error>
#include <thread>
#include <utility>

namespace remote_job::inline REMOTE_JOB_ABI::ssh {

std::error_code helper_thread::start(const asio::any_io_executor& executor, std::function<int()> function,
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

void helper_thread::join() {
  if (busy()) thread_.join();
}

}  // namespace remote_job::inline REMOTE_JOB_ABI::ssh

#endif
