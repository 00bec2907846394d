// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_SSH_SFTP_SFTP_FILES_HPP
#define REMOTE_JOB_SSH_SFTP_SFTP_FILES_HPP

#include <remote_job/ssh/sftp/sftp_channel.hpp>

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

namespace remote_job::inline REMOTE_JOB_ABI::ssh {

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

  REMOTE_JOB_DECL bool on_reply(std::uint64_t, const sftp_reply& reply) override;
  REMOTE_JOB_DECL std::shared_ptr<sftp_user> asked_for() const override;

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
  REMOTE_JOB_DECL bool has(const std::string& path) const;

  /// The file of a path. Unless it is open already, it is opened when there is room, and `opener` will be told. To be
  /// given back.
  REMOTE_JOB_DECL std::shared_ptr<sftp_file> acquire(const std::string& path, std::shared_ptr<sftp_opener> opener);

  /// Gives a file back; it stays open for the next.
  REMOTE_JOB_DECL void release(const std::shared_ptr<sftp_file>& file);

  /// Whoever wants the path next has it opened anew; what reads this file may go on.
  REMOTE_JOB_DECL void drop(sftp_file& file);

  /// Forgets all: the server is gone, and with it what it had open.
  REMOTE_JOB_DECL void clear() noexcept;

 private:
  friend class sftp_file;
  static constexpr auto idle_time = std::chrono::minutes(1);
  static constexpr int max_refusals = 3;

  REMOTE_JOB_DECL void close(sftp_file& file);
  REMOTE_JOB_DECL std::shared_ptr<sftp_file> forget(sftp_file& file);

  /// Has opened what waits for it, as far as there is room.
  REMOTE_JOB_DECL void open_next();
  REMOTE_JOB_DECL void opened(sftp_file& file, const sftp_reply& reply);

  /// A failure without a reason, beside files that are open, is taken for the server's limit; a file that is refused
  /// again and again although there are fewer has a reason of its own.
  REMOTE_JOB_DECL bool wait_for_room(sftp_file& file);

  sftp_channel& channel_;
  std::unordered_map<std::string, std::shared_ptr<sftp_file>> by_path_;
  std::list<std::shared_ptr<sftp_file>> idle_;  // the one used last is the first
  std::deque<std::shared_ptr<sftp_file>> unopened_;
  std::size_t open_ = 0;  // or asked for
  std::size_t capacity_ = capacity;
};

}  // namespace remote_job::inline REMOTE_JOB_ABI::ssh

#if !defined(REMOTE_JOB_SEPARATE_COMPILATION)
#include <remote_job/ssh/sftp/impl/sftp_files.ipp>
#endif

#endif
