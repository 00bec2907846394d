// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_SSH_OPTIONS_IMPL_PROMPT_IPP
#define REMOTE_JOB_SSH_OPTIONS_IMPL_PROMPT_IPP

#include <remote_job/ssh/options/prompt.hpp>

#include <cstddef>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace remote_job::inline REMOTE_JOB_ABI::ssh {

void wipe(std::string& secret) noexcept {
  secret.resize(secret.capacity());
  volatile char* bytes = secret.data();
  for (std::size_t i = 0; i < secret.size(); ++i) bytes[i] = '\0';
  secret.clear();
}

secrets& secrets::operator=(secrets&& other) noexcept {
  wipe_all();
  list = std::move(other.list);
  return *this;
}

void secrets::wipe_all() noexcept {
  for (auto& each : list) wipe(each);
  list.clear();
}

void question::answer(std::vector<std::string>& list) {
  settle(status::answered, &list);
  for (auto& each : list) wipe(each);
}

void question::close() noexcept {
  const std::lock_guard lock(mutex_);
  on_answer_ = nullptr;
  if (status_ == status::open) status_ = status::declined;
  changed_.notify_all();
}

auto question::state() const -> status {
  const std::lock_guard lock(mutex_);
  return status_;
}

auto question::wait() -> status {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return status_ != status::open; });
  return status_;
}

secrets question::take() {
  const std::lock_guard lock(mutex_);
  return std::move(secrets_);
}

void question::settle(status s, std::vector<std::string>* list) {
  // Under the lock, so that no call is in progress once close() has returned.
  const std::lock_guard lock(mutex_);
  if (status_ != status::open) return;
  status_ = s;
  if (list != nullptr) std::swap(secrets_.list, *list);
  changed_.notify_all();
  if (const auto call = std::exchange(on_answer_, nullptr)) call();
}

}  // namespace remote_job::inline REMOTE_JOB_ABI::ssh

namespace remote_job::inline REMOTE_JOB_ABI {

void ssh_answer::operator()(std::string secret) const {
  std::vector<std::string> list(1);
  list.front().swap(secret);
  to_->question->answer(list);
  ssh::wipe(secret);
}

}  // namespace remote_job::inline REMOTE_JOB_ABI

#endif
