// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_SSH_SFTP_SFTP_FILES_HPP
#define REMOTE_JOB_SSH_SFTP_SFTP_FILES_HPP

#include <remote_job/ssh/sftp/sftp_channel.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace remote_job::inline v0::ssh {

/// Who waits for a file to be open.
class sftp_opener {
 public:
  virtual ~sftp_opener() = default;
  /// Nothing: it is open.
  virtual void on_open(const std::optional<sftp_status>& failure) = 0;
  virtual std::shared_ptr<sftp_user> opens_for() const = 0;
};

class sftp_files;

/// A file that the server has open, or is to open, for us.
class sftp_file final : public sftp_receiver, public std::enable_shared_from_this<sftp_file> {
 public:
  explicit sftp_file(std::string path) : path_(std::move(path)) {}

  const std::string& handle() const noexcept { return handle_; }
  bool is_open() const noexcept { return !handle_.empty(); }

  sftp_attributes seen;   ///< its attributes when they were last asked for
  bool changing = false;  ///< whether they were others the time before

 private:
  friend class sftp_files;
  using clock = std::chrono::steady_clock;

  bool on_reply(std::uint64_t, const sftp_reply& reply) override;
  std::shared_ptr<sftp_user> asked_for() const override {
    return waiting_.empty() ? nullptr : waiting_.front()->opens_for();
  }

  std::string path_;
  std::string handle_;
  sftp_files* files_ = nullptr;
  std::vector<std::shared_ptr<sftp_opener>> waiting_;
  std::size_t users_ = 0;
  bool kept_ = true;  // whoever wants its path is given this one
  clock::time_point used_{};
  std::list<std::shared_ptr<sftp_file>>::iterator place_{};  // while it is open and nobody uses it

  std::size_t others_ = 0;  // that were open, or asked for, when it was asked for
  std::size_t before_ = 0;  // the capacity before it was refused
  int refusals_ = 0;
};

/// Files that stay open between one reading and the next, so that a reading costs one round trip: one for each path, at
/// most `capacity` together with those in use, and none for longer than a minute without use. An open file keeps its
/// place on the host's disk even if it was deleted there.
///
/// Servers allow fewer, some 250 only, and say so by a failure to open one more: then it waits for another to be closed.
class sftp_files {
 public:
  static constexpr std::size_t capacity = 500;

  explicit sftp_files(sftp_channel& channel) : channel_(channel) {}
  sftp_files(const sftp_files&) = delete;
  sftp_files& operator=(const sftp_files&) = delete;

  /// Whether the file of a path is open.
  bool has(const std::string& path) const {
    const auto found = by_path_.find(path);
    return found != by_path_.end() && found->second->is_open();
  }

  /// The file of a path. Unless it is open already, it is opened when there is room, and `opener` will be told. To be
  /// given back.
  std::shared_ptr<sftp_file> acquire(const std::string& path, std::shared_ptr<sftp_opener> opener) {
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

  /// Gives a file back; it stays open for the next.
  void release(const std::shared_ptr<sftp_file>& file) {
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

  /// Whoever wants the path next has it opened anew; what reads this file may go on.
  void drop(sftp_file& file) {
    if (!file.kept_) return;
    const auto hold = forget(file);
    if (file.users_ > 0 || !file.is_open()) return;
    idle_.erase(file.place_);
    close(file);
  }

  /// Forgets all: the server is gone, and with it what it had open.
  void clear() noexcept {
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

 private:
  friend class sftp_file;
  static constexpr auto idle_time = std::chrono::minutes(1);
  static constexpr int max_refusals = 3;

  void close(sftp_file& file) {
    if (channel_.state() != sftp_channel::status::ready) return;
    channel_.close(file.handle_);
    file.handle_.clear();
    --open_;
  }

  std::shared_ptr<sftp_file> forget(sftp_file& file) {
    const auto hold = file.shared_from_this();
    if (std::exchange(file.kept_, false)) by_path_.erase(file.path_);
    return hold;
  }

  /// Has opened what waits for it, as far as there is room.
  void open_next() {
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

  void opened(sftp_file& file, const sftp_reply& reply) {
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

  /// A failure without a reason, beside files that are open, is taken for the server's limit; a file that is refused
  /// again and again although there are fewer has a reason of its own.
  bool wait_for_room(sftp_file& file) {
    if (file.refusals_ == 0) file.before_ = capacity_;
    if (++file.refusals_ > max_refusals) {
      capacity_ = std::max(capacity_, file.before_);
      return false;
    }
    capacity_ = std::min(capacity_, file.others_);
    unopened_.push_back(file.shared_from_this());
    return true;
  }

  sftp_channel& channel_;
  std::unordered_map<std::string, std::shared_ptr<sftp_file>> by_path_;
  std::list<std::shared_ptr<sftp_file>> idle_;  // the one used last is the first
  std::deque<std::shared_ptr<sftp_file>> unopened_;
  std::size_t open_ = 0;  // or asked for
  std::size_t capacity_ = capacity;
};

inline bool sftp_file::on_reply(std::uint64_t, const sftp_reply& reply) {
  if (reply.type != sftp_type::handle && (reply.type != sftp_type::status || reply.status == sftp_status::ok))
    return false;
  files_->opened(*this, reply);
  return true;
}

}  // namespace remote_job::inline v0::ssh

#endif
