// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_SSH_SFTP_SFTP_READ_HPP
#define REMOTE_JOB_SSH_SFTP_SFTP_READ_HPP

#include <remote_job/ssh/sftp/sftp_task.hpp>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>

namespace remote_job::inline REMOTE_JOB_ABI::ssh {

/// Reads a range of a file: one round trip if the file is open already and the range is small, three if it is not.
///
/// A path is opened only after the server has said that it is a regular file: to open a FIFO waits for its writer, and
/// the whole server with it. A file that stays open is that of the path only until the path is given to another. So
/// beside the bytes the attributes of the path are asked for; when they are not as before, or were not the last time,
/// also those of the open file, and when they are of two files the path is opened anew and the bytes are read again.
/// Version 3 knows no inode: another file of equal size, owner, mode and second of modification is not told from the
/// old one until one of these changes.
///
/// Where a file that was open already ends before the size that the server tells, the path is opened anew, too: with
/// some servers, as ProFTPD, a handle does not see what was written after it was opened.
class sftp_read final : public sftp_task, public sftp_receiver, public sftp_opener {
 public:
  static constexpr std::size_t window = 32;  ///< requests in flight

  REMOTE_JOB_DECL sftp_read(std::string path, std::uint64_t offset, std::size_t max, std::string& out,
                            std::shared_ptr<sftp_user> user, detail::any_completion completion);

 private:
  enum kind : std::uint64_t { before_opening, of_path, of_file, of_path_again, first_chunk };

  struct chunk {
    std::uint64_t from = 0;
    std::uint32_t wanted = 0;  // bytes that are still to come
    std::string bytes{};       // come before those of the chunk before
    bool answered = false;
    bool at_end = false;
  };

  REMOTE_JOB_DECL void begin() override;
  REMOTE_JOB_DECL void on_open(const std::optional<sftp_status>& failure) override;
  REMOTE_JOB_DECL void leave() override;
  REMOTE_JOB_DECL std::shared_ptr<sftp_task> copy(detail::any_completion completion) override;

  std::shared_ptr<sftp_user> asked_for() const override { return user(); }
  std::shared_ptr<sftp_user> opens_for() const override { return user(); }

  REMOTE_JOB_DECL void ask_path(kind question);
  REMOTE_JOB_DECL void ask_file();
  REMOTE_JOB_DECL void ask();

  /// As far as is known, the file reaches at least to here. Where no size is told, or one that is
  /// too small, the end is found by reading.
  REMOTE_JOB_DECL std::uint64_t known_end() const noexcept;

  /// Asks for the bytes up to where the file is known to reach.
  REMOTE_JOB_DECL void fill(std::uint64_t limit);
  REMOTE_JOB_DECL void request(chunk& c, std::uint64_t serial);
  REMOTE_JOB_DECL bool on_reply(std::uint64_t question, const sftp_reply& reply) override;
  REMOTE_JOB_DECL void open_if_regular(const sftp_reply& reply);
  REMOTE_JOB_DECL bool on_chunk(std::uint64_t serial, const sftp_reply& reply);
  REMOTE_JOB_DECL void on_attributes(std::uint64_t what, const sftp_reply& reply);

  /// Whether the open file is known to be that of the path; what is not known is asked for, and a wrong file left.
  REMOTE_JOB_DECL bool is_of_path();
  REMOTE_JOB_DECL bool accept(const sftp_attributes& now);
  REMOTE_JOB_DECL void go_on();

  /// Puts together what has come without a gap.
  REMOTE_JOB_DECL void advance();
  REMOTE_JOB_DECL void begin_anew();

  /// Whether a file that is `before` can be `after` a moment later, by growing.
  REMOTE_JOB_DECL static bool may_become(const sftp_attributes& before, const sftp_attributes& after);

  std::shared_ptr<sftp_read> self() { return std::static_pointer_cast<sftp_read>(shared_from_this()); }
  std::uint64_t tag(std::uint64_t what) const noexcept { return what * max_rounds + round_; }

  static constexpr std::uint64_t max_rounds = 8;

  std::string* out_;
  std::uint64_t begin_;
  std::uint64_t end_;
  std::shared_ptr<sftp_file> file_;
  std::uint64_t round_ = 0;

  std::deque<chunk> chunks_;  // asked for, in order
  std::uint64_t first_serial_ = 0;
  std::uint64_t next_serial_ = 0;
  std::uint64_t next_ = 0;

  std::optional<sftp_status> failure_;
  std::optional<std::uint64_t> size_;
  std::optional<sftp_attributes> at_path_;
  std::optional<sftp_attributes> at_file_;
  bool file_asked_ = false;
  bool again_ = false;    // the path was asked for again, after the file
  bool opened_ = false;   // for this reading
  bool checked_ = false;  // the file is that of the path
  bool ended_ = false;
  bool lags_ = false;  // reading ended before the size told
};

}  // namespace remote_job::inline REMOTE_JOB_ABI::ssh

#if !defined(REMOTE_JOB_SEPARATE_COMPILATION)
#include <remote_job/ssh/sftp/impl/sftp_read.ipp>
#endif

#endif
