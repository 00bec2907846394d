// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_SSH_SFTP_SFTP_CHANNEL_HPP
#define REMOTE_JOB_SSH_SFTP_SFTP_CHANNEL_HPP

#include <remote_job/ssh/session/session.hpp>
#include <remote_job/ssh/sftp/sftp_packets.hpp>

#include <libssh2.h>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>

namespace remote_job::inline REMOTE_JOB_ABI::ssh {

struct sftp_user;

/// Who has asked an SFTP server for something.
class sftp_receiver {
 public:
  virtual ~sftp_receiver() = default;

  /// For whom; null: for nobody any more.
  virtual std::shared_ptr<sftp_user> asked_for() const = 0;

  /// The answer to the question that was asked with this number. False when it is no answer to such a question.
  virtual bool on_reply(std::uint64_t question, const sftp_reply& reply) = 0;
};

/// The packets of one SFTP server on one channel: starts it, then carries any number of requests at once, each answered
/// by its id. Requests are collected until flush(). libssh2's own SFTP calls are not used: they allow one request at a
/// time.
class sftp_channel {
 public:
  enum class status {
    none,         ///< not begun, or given up
    starting,     ///< no word from the server yet
    ready,        ///< requests are answered
    closed,       ///< the server closed the channel before it answered; another may do
    unavailable,  ///< the server was heard and is no SFTP server; why() says more
    ended,        ///< the server has ended
    malformed     ///< the server says what makes no sense
  };

  status state() const noexcept { return state_; }
  const std::string& why() const noexcept { return why_; }

  /// How far the server has come. While it stays the same, the server has said nothing.
  struct progress {
    std::uint32_t oldest = 0;  ///< of the questions without an answer
    std::uint64_t heard = 0;   ///< bytes

    friend bool operator==(const progress&, const progress&) = default;
  };
  progress so_far() const noexcept { return {first_id_, heard_}; }

  /// Whether an answer is to come.
  bool waits() const noexcept { return !pending_.empty(); }
  /// For whom the oldest question was asked, which a server that answers one after the other is at.
  REMOTE_JOB_DECL std::shared_ptr<sftp_user> oldest_user() const;

  /// How many bytes may be asked for at once.
  std::uint32_t max_read() const noexcept { return max_read_; }

  /// Takes over an open channel and asks for the subsystem.
  REMOTE_JOB_DECL void begin(session& over, LIBSSH2_CHANNEL* channel);

  /// The channel, to be released; all requests are forgotten.
  REMOTE_JOB_DECL LIBSSH2_CHANNEL* give_up() noexcept;

  /// Forgets the channel, which is gone, and all requests.
  REMOTE_JOB_DECL void forget() noexcept;

  // Requests, in the order of asking; only while ready. The receiver is kept until the answer; none: it is of no
  // interest.
  REMOTE_JOB_DECL void open(std::shared_ptr<sftp_receiver> to, std::uint64_t question, std::string_view path);
  void close(std::string_view handle) { writer().close(enter(nullptr, 0), handle); }
  REMOTE_JOB_DECL void stat(std::shared_ptr<sftp_receiver> to, std::uint64_t question, std::string_view path);
  REMOTE_JOB_DECL void fstat(std::shared_ptr<sftp_receiver> to, std::uint64_t question, std::string_view handle);
  REMOTE_JOB_DECL void read(std::shared_ptr<sftp_receiver> to, std::uint64_t question, std::string_view handle,
                            std::uint64_t offset, std::uint32_t size);

  /// Takes what has come and hands the answers out. The session may have ended after it.
  REMOTE_JOB_DECL void step();

  bool has_unsent() const noexcept { return written_ < out_.size(); }

  /// Sends what has been asked, in as few packets as possible.
  REMOTE_JOB_DECL void flush();

 private:
  struct asking {
    std::shared_ptr<sftp_receiver> from;
    std::uint64_t number;
    std::uint32_t size;  // bytes of data that may come
    bool answered;
  };

  sftp_writer writer() { return sftp_writer(out_); }

  /// Lets the server send all that was asked for without waiting for us: libssh2 by itself lets it send a fixed amount,
  /// which on a long way is too little.
  REMOTE_JOB_DECL void widen();
  REMOTE_JOB_DECL std::uint32_t enter(std::shared_ptr<sftp_receiver> from, std::uint64_t number,
                                      std::uint32_t size = 0);

  /// False while there is nothing to receive.
  REMOTE_JOB_DECL bool start();
  REMOTE_JOB_DECL void receive();

  /// False when there is nothing more to take.
  REMOTE_JOB_DECL bool take(std::string_view packet);
  REMOTE_JOB_DECL void misunderstood(std::string_view said);
  REMOTE_JOB_DECL void fail(status state, std::string why);

  session* session_ = nullptr;
  LIBSSH2_CHANNEL* channel_ = nullptr;
  status state_ = status::none;
  std::string why_;
  bool asked_ = false;
  bool accepted_ = false;

  sftp_inbox inbox_;
  std::string out_;
  std::size_t written_ = 0;
  std::deque<asking> pending_;  // without gaps: that of first_id_ is the first
  std::uint32_t first_id_ = 0;
  unsigned long expected_ = 0;  // bytes of data that were asked for and have not come
  std::uint64_t heard_ = 0;

  std::uint32_t max_read_ = small_read;

  static constexpr unsigned long usual_window = 1024 * 1024;
  static constexpr std::uint32_t large_read = 255 * 1024;  // OpenSSH answers with no more than that
  // Section 3 of the draft has servers take packets of 34000 bytes; some refuse to read more, others do not answer.
  static constexpr std::uint32_t small_read = 32 * 1024;
};

}  // namespace remote_job::inline REMOTE_JOB_ABI::ssh

#if !defined(REMOTE_JOB_SEPARATE_COMPILATION)
#include <remote_job/ssh/sftp/impl/sftp_channel.ipp>
#endif

#endif
