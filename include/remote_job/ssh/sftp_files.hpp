// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_SSH_SFTP_FILES_HPP
#define REMOTE_JOB_SSH_SFTP_FILES_HPP

#include <remote_job/ssh/sftp_channel.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
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
};

class sftp_files;

/// A file that the server has open, or is opening, for us.
class sftp_file final : public sftp_receiver {
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

  std::string path_;
  std::string handle_;
  sftp_files* files_ = nullptr;
  std::vector<std::shared_ptr<sftp_opener>> waiting_;
  std::size_t users_ = 0;
  bool kept_ = true;  // among the files that are kept open
  clock::time_point used_{};
  std::list<std::shared_ptr<sftp_file>>::iterator place_{};
};

/// Files that stay open between one reading and the next, so that a reading costs one round trip: one for each path, at
/// most `capacity` and those in use, and none for longer than a minute without use. An open file keeps its place on the
/// host's disk even if it was deleted there.
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

  /// The file of a path. Unless it is open already, it is being opened and `opener` will be told. To be given back.
  std::shared_ptr<sftp_file> acquire(const std::string& path, std::shared_ptr<sftp_opener> opener) {
    const auto found = by_path_.find(path);
    std::shared_ptr<sftp_file> file;
    if (found != by_path_.end()) {
      file = found->second;
      recent_.splice(recent_.begin(), recent_, file->place_);
    } else {
      file = std::make_shared<sftp_file>(path);
      file->files_ = this;
      recent_.push_front(file);
      file->place_ = recent_.begin();
      by_path_.emplace(path, file);
      channel_.open(file, 0, path);
    }
    if (file->users_++ == 0) ++in_use_;
    if (!file->is_open()) file->waiting_.push_back(std::move(opener));
    return file;
  }

  /// Gives a file back; it stays open for the next.
  void release(const std::shared_ptr<sftp_file>& file) {
    if (--file->users_ == 0) --in_use_;
    file->used_ = sftp_file::clock::now();
    if (!file->kept_) close(*file);
    trim(file->used_);
  }

  /// Whoever wants the path next has it opened anew; what reads this file may go on.
  void drop(sftp_file& file) {
    if (!std::exchange(file.kept_, false)) return;
    by_path_.erase(file.path_);
    const auto hold = *file.place_;
    recent_.erase(file.place_);
    close(file);
  }

  /// Forgets all: the server is gone, and with it what it had open.
  void clear() noexcept {
    for (const auto& file : recent_) {
      file->kept_ = false;
      file->waiting_.clear();
    }
    by_path_.clear();
    recent_.clear();
  }

  /// Whether another one may be acquired: a server has room for so many open files only.
  bool has_room() const noexcept { return in_use_ < capacity; }

 private:
  friend class sftp_file;
  static constexpr auto idle_time = std::chrono::minutes(1);

  void close(sftp_file& file) {
    if (file.users_ > 0 || !file.is_open() || channel_.state() != sftp_channel::status::ready) return;
    channel_.close(file.handle_);
    file.handle_.clear();
  }

  void trim(sftp_file::clock::time_point now) {
    for (auto each = recent_.end(); each != recent_.begin();) {
      const auto file = *--each;
      if (recent_.size() <= capacity && now - file->used_ < idle_time) return;
      if (file->users_ > 0) continue;
      ++each;  // drop() takes the one before it away
      drop(*file);
    }
  }

  void opened(sftp_file& file, const sftp_reply& reply) {
    const auto waiting = std::exchange(file.waiting_, {});
    if (reply.type == sftp_type::handle) {
      file.handle_ = reply.text;
      if (file.users_ == 0) return file.kept_ ? drop(file) : close(file);  // nobody wants it any more
      for (const auto& each : waiting) each->on_open(std::nullopt);
    } else {
      drop(file);
      for (const auto& each : waiting) each->on_open(reply.status);
    }
  }

  sftp_channel& channel_;
  std::list<std::shared_ptr<sftp_file>> recent_;  // the one used last is the first
  std::unordered_map<std::string, std::shared_ptr<sftp_file>> by_path_;
  std::size_t in_use_ = 0;
};

inline bool sftp_file::on_reply(std::uint64_t, const sftp_reply& reply) {
  if (reply.type != sftp_type::handle && (reply.type != sftp_type::status || reply.status == sftp_status::ok))
    return false;
  files_->opened(*this, reply);
  return true;
}

}  // namespace remote_job::inline v0::ssh

#endif
