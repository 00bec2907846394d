// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_SSH_SFTP_SFTP_CHANNEL_HPP
#define REMOTE_JOB_SSH_SFTP_SFTP_CHANNEL_HPP

#include <remote_job/ssh/session/session.hpp>
#include <remote_job/ssh/sftp/sftp_packets.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace remote_job::inline v0::ssh {

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
  std::shared_ptr<sftp_user> oldest_user() const {
    return waits() && pending_.front().from ? pending_.front().from->asked_for() : nullptr;
  }

  /// Takes over an open channel and asks for the subsystem.
  void begin(session& over, LIBSSH2_CHANNEL* channel) {
    session_ = &over;
    channel_ = channel;
    state_ = status::starting;
    asked_ = accepted_ = false;
    why_.clear();
    libssh2_channel_handle_extended_data2(channel, LIBSSH2_CHANNEL_EXTENDED_DATA_IGNORE);
    step();
  }

  /// The channel, to be released; all requests are forgotten.
  LIBSSH2_CHANNEL* give_up() noexcept {
    forget();
    return std::exchange(channel_, nullptr);
  }

  /// Forgets the channel, which is gone, and all requests.
  void forget() noexcept {
    state_ = status::none;
    session_ = nullptr;
    inbox_ = {};
    out_.clear();
    written_ = 0;
    pending_.clear();
    expected_ = 0;
  }

  // Requests, in the order of asking; only while ready. The receiver is kept until the answer; none: it is of no
  // interest.
  void open(std::shared_ptr<sftp_receiver> to, std::uint64_t question, std::string_view path) {
    writer().open(enter(std::move(to), question), path);
  }
  void close(std::string_view handle) { writer().close(enter(nullptr, 0), handle); }
  void stat(std::shared_ptr<sftp_receiver> to, std::uint64_t question, std::string_view path) {
    writer().stat(enter(std::move(to), question), path);
  }
  void fstat(std::shared_ptr<sftp_receiver> to, std::uint64_t question, std::string_view handle) {
    writer().fstat(enter(std::move(to), question), handle);
  }
  void read(std::shared_ptr<sftp_receiver> to, std::uint64_t question, std::string_view handle, std::uint64_t offset,
            std::uint32_t size) {
    writer().read(enter(std::move(to), question, size), handle, offset, size);
    expected_ += size;
  }

  /// Takes what has come and hands the answers out. The session may have ended after it.
  void step() {
    if (state_ == status::starting && !accepted_ && !start()) return;
    if (state_ == status::starting || state_ == status::ready) receive();
  }

  bool has_unsent() const noexcept { return written_ < out_.size(); }

  /// Sends what has been asked, in as few packets as possible.
  void flush() {
    widen();
    while (has_unsent()) {
      if (!session_->can_write()) return;
      const auto rc = session_->call(
          [&] { return libssh2_channel_write_ex(channel_, 0, out_.data() + written_, out_.size() - written_); });
      if (rc == LIBSSH2_ERROR_EAGAIN || rc == 0) return;
      if (rc == LIBSSH2_ERROR_CHANNEL_CLOSED || rc == LIBSSH2_ERROR_CHANNEL_EOF_SENT) break;  // step() will see it
      if (rc < 0) return session_->fail("sending to the SFTP server failed");
      written_ += static_cast<std::size_t>(rc);
    }
    out_.clear();
    written_ = 0;
  }

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
  void widen() {
    if (expected_ <= usual_window) return;
    const auto window = libssh2_channel_window_read_ex(channel_, nullptr, nullptr);
    if (window >= expected_) return;
    session_->call([&] {
      return libssh2_channel_receive_window_adjust2(channel_, expected_ - window + usual_window, 1, nullptr);
    });
  }

  std::uint32_t enter(std::shared_ptr<sftp_receiver> from, std::uint64_t number, std::uint32_t size = 0) {
    pending_.push_back({std::move(from), number, size, false});
    return first_id_ + static_cast<std::uint32_t>(pending_.size() - 1);
  }

  /// False while there is nothing to receive.
  bool start() {
    auto& s = *session_;
    const int rc = s.call([&] { return libssh2_channel_process_startup(channel_, "subsystem", 9, "sftp", 4); });
    if (!std::exchange(asked_, true)) {
      s.refill();  // its opening travels with this request
      if (!s.alive()) return false;
    }
    if (rc == 0) {
      accepted_ = true;
      sftp_writer(out_).init();
      flush();
      return s.alive();
    }
    if (rc == LIBSSH2_ERROR_CHANNEL_REQUEST_DENIED)
      fail(status::unavailable, "the server has no SFTP subsystem");
    else if (rc != LIBSSH2_ERROR_EAGAIN)
      s.fail("asking for the SFTP subsystem failed");
    else if (libssh2_channel_eof(channel_) == 1)
      fail(status::unavailable, "the server closed the channel without starting the SFTP subsystem");
    return false;
  }

  void receive() {
    auto& s = *session_;
    for (;;) {
      const auto [data, size] = inbox_.prepare();
      const auto rc = s.call([&, to = data, n = size] { return libssh2_channel_read_ex(channel_, 0, to, n); });
      if (rc < 0 && rc != LIBSSH2_ERROR_EAGAIN) return s.fail("reading from the SFTP server failed");
      if (rc <= 0) break;
      heard_ += static_cast<std::uint64_t>(rc);
      inbox_.commit(static_cast<std::size_t>(rc));
      while (const auto packet = inbox_.next())
        if (!take(*packet)) return;
      if (inbox_.broken()) return misunderstood(inbox_.rest());
    }
    if (libssh2_channel_eof(channel_) != 1) return;
    const auto said = printable(inbox_.rest(), 100);
    fail(state_ == status::starting ? status::unavailable : status::ended,
         "the SFTP server has ended" + (said.empty() ? said : ": \"" + said + '"'));
  }

  /// False when there is nothing more to take.
  bool take(std::string_view packet) {
    if (state_ == status::starting) {
      const auto version = parse_sftp_version(packet);
      if (!version) return misunderstood(packet), false;
      if (*version < 3) {
        fail(status::unavailable, "the server speaks version " + std::to_string(*version) + " of SFTP only");
        return false;
      }
      state_ = status::ready;
      return true;
    }
    const auto reply = parse_sftp_reply(packet);
    const auto index = reply ? std::uint32_t(reply->id - first_id_) : 0U;  // ids wrap around
    if (!reply || index >= pending_.size() || pending_[index].answered) return misunderstood(packet), false;
    const auto question = std::exchange(pending_[index], {nullptr, 0, 0, true});
    expected_ -= question.size;
    while (!pending_.empty() && pending_.front().answered) {
      pending_.pop_front();
      ++first_id_;
    }
    if (question.from && !question.from->on_reply(question.number, *reply)) return misunderstood(packet), false;
    return true;
  }

  void misunderstood(std::string_view said) {
    if (state_ == status::starting)
      fail(status::unavailable, "what answers is not an SFTP server: \"" + printable(said, 80) + '"');
    else
      fail(status::malformed, "the SFTP server sent what makes no sense");
  }

  void fail(status state, std::string why) {
    state_ = state;
    why_ = std::move(why);
  }

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

  static constexpr unsigned long usual_window = 1024 * 1024;
};

}  // namespace remote_job::inline v0::ssh

#endif
