// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_SSH_SFTP_IMPL_SFTP_FILES_IPP
#define REMOTE_JOB_SSH_SFTP_IMPL_SFTP_FILES_IPP

#include <remote_job/ssh/sftp/sftp_channel.hpp>
#include <remote_job/ssh/sftp/sftp_files.hpp>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace remote_job::inline REMOTE_JOB_ABI::ssh {

std::shared_ptr<sftp_user> sftp_file::asked_for() const {
  return waiting_.empty() ? nullptr : waiting_.front()->opens_for();
}

bool sftp_files::has(const std::string& path) const {
  const auto found = by_path_.find(path);
  return found != by_path_.end() && found->second->is_open();
}

std::shared_ptr<sftp_file> sftp_files::acquire(const std::string& path, std::shared_ptr<sftp_opener> opener) {
  auto& of_path = by_path_[path];
  if (!of_path) {
    of_path = std::make_shared<sftp_file>(path);
    of_path->files_ = this;
    unopened_.push_back(of_path);
  } else if (of_path->users_ == 0 && of_path->is_open()) {
    idle_.erase(of_path->place_);
  }
  const auto file = of_path;
  ++file->users_;
  if (!file->is_open()) file->waiting_.push_back(std::move(opener));
  open_next();
  return file;
}

void sftp_files::release(const std::shared_ptr<sftp_file>& file) {
  const auto now = sftp_file::clock::now();
  if (--file->users_ == 0 && file->is_open()) {
    if (file->kept_) {
      file->used_ = now;
      file->place_ = idle_.insert(idle_.begin(), file);
    } else {
      close(*file);
    }
  }
  while (!idle_.empty() && (open_ > capacity_ || now - idle_.back()->used_ >= idle_time)) drop(*idle_.back());
  open_next();
}

void sftp_files::drop(sftp_file& file) {
  if (!file.kept_) return;
  const auto hold = forget(file);
  if (file.users_ > 0 || !file.is_open()) return;
  idle_.erase(file.place_);
  close(file);
}

void sftp_files::clear() noexcept {
  for (const auto& [path, file] : by_path_) {
    file->kept_ = false;
    file->waiting_.clear();
  }
  unopened_.clear();
  idle_.clear();
  by_path_.clear();
  open_ = 0;
  capacity_ = capacity;
}

void sftp_files::close(sftp_file& file) {
  if (channel_.state() != sftp_channel::status::ready) return;
  channel_.close(file.handle_);
  file.handle_.clear();
  --open_;
}

std::shared_ptr<sftp_file> sftp_files::forget(sftp_file& file) {
  const auto hold = file.shared_from_this();
  if (std::exchange(file.kept_, false)) by_path_.erase(file.path_);
  return hold;
}

void sftp_files::open_next() {
  while (!unopened_.empty()) {
    const auto file = unopened_.front();
    if (file->users_ > 0 && open_ >= capacity_) {
      if (idle_.empty()) return;
      drop(*idle_.back());
      continue;
    }
    unopened_.pop_front();
    if (file->users_ == 0) {
      forget(*file);  // nobody wants it any more
    } else {
      file->others_ = open_++;
      channel_.open(file, 0, file->path_);
    }
  }
}

void sftp_files::opened(sftp_file& file, const sftp_reply& reply) {
  const auto hold = file.shared_from_this();
  if (reply.type == sftp_type::handle) {
    file.handle_ = reply.text;
    if (file.users_ == 0) {
      forget(file);
      close(file);
    }
  } else {
    --open_;
    if (reply.status == sftp_status::failure && file.others_ > 0 && wait_for_room(file)) return open_next();
    forget(file);
  }
  for (const auto& each : std::exchange(file.waiting_, {}))
    each->on_open(reply.type == sftp_type::handle ? std::nullopt : std::optional(reply.status));
  open_next();
}

bool sftp_files::wait_for_room(sftp_file& file) {
  if (file.refusals_ == 0) file.before_ = capacity_;
  if (++file.refusals_ > max_refusals) {
    capacity_ = std::max(capacity_, file.before_);
    return false;
  }
  capacity_ = std::min(capacity_, file.others_);
  unopened_.push_back(file.shared_from_this());
  return true;
}

bool sftp_file::on_reply(std::uint64_t, const sftp_reply& reply) {
  if (reply.type != sftp_type::handle && (reply.type != sftp_type::status || reply.status == sftp_status::ok))
    return false;
  files_->opened(*this, reply);
  return true;
}

}  // namespace remote_job::inline REMOTE_JOB_ABI::ssh

#endif
