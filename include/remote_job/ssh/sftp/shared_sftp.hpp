// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_SSH_SFTP_SHARED_SFTP_HPP
#define REMOTE_JOB_SSH_SFTP_SHARED_SFTP_HPP

#include <remote_job/ssh/session/session.hpp>
#include <remote_job/ssh/sftp/sftp_client.hpp>

#include <asio/steady_timer.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <system_error>
#include <utility>

namespace remote_job::inline v0::ssh {

/// The SFTP clients over one session, for any number of users: one for all, and one for those apart.
///
/// An SFTP server answers one question after the other. One that it never answers, as of a file on a network disk that
/// is gone, would hold up all users. So a server that says nothing, while the session is alive, is left to the user for
/// whom it is at work, who is apart from then on, and the others are served by a new one. All who are apart share one
/// server and its fate.
class shared_sftp final : public std::enable_shared_from_this<shared_sftp> {
 public:
  /// `deadline`: within the time that a server may take to say that it is one, one that says nothing is found out.
  shared_sftp(const std::shared_ptr<session>& over, duration deadline)
      : session_(over),
        timer_(over->get_executor()),
        deadline_(deadline),
        period_(std::clamp<duration>(deadline / 3, std::chrono::milliseconds(1), std::chrono::hours(1))),
        common_(sftp_client::create(over, deadline)) {}

  /// The client for what a user is about to ask.
  std::shared_ptr<sftp_client> client_for(const sftp_user& user) {
    if (user.quarantined) return quarantine();
    arm();
    return common_;
  }

  bool busy() const noexcept { return common_->busy() || (quarantine_ && quarantine_->busy()); }
  bool starves() const noexcept { return common_->starves() || (quarantine_ && quarantine_->starves()); }

  void cancel(const sftp_user& user) {
    common_->cancel(user);
    if (quarantine_) quarantine_->cancel(user);
  }

  /// Has what waits here done over another session.
  void hand_over(shared_sftp& to, std::uint64_t its_session) {
    to.arm();
    common_->hand_over(*to.common_, its_session);
    if (quarantine_) quarantine_->hand_over(*to.quarantine(), its_session);
  }

  /// The session has ended.
  void end() noexcept {
    session_.reset();
    timer_.cancel();
  }

 private:
  const std::shared_ptr<sftp_client>& quarantine() {
    if (!quarantine_) quarantine_ = sftp_client::create(session_, deadline_);
    return quarantine_;
  }

  /// Looks after the server as long as it owes an answer.
  void arm() {
    if (std::exchange(armed_, true)) return;
    timer_.expires_after(period_);
    timer_.async_wait([weak = weak_from_this()](std::error_code ec) {
      const auto self = weak.lock();
      if (self && !ec) self->on_time();
    });
  }

  void on_time() {
    armed_ = false;
    if (!session_ || !session_->alive()) return;
    const auto hold = session_;
    const session::turn t(*hold);
    const auto now = common_->so_far();
    if (now != std::exchange(before_, now)) {
      asked_ = false;
    } else if (common_->waits()) {
      // The connection may be what is slow: only one that is heard of bears witness against the server.
      if (!std::exchange(asked_, true))
        hold->ask_alive();
      else if (!hold->awaits_sign())
        part();
    }
    if (common_->waits() || common_->busy()) arm();
  }

  void part() {
    if (session_->closing() >= most_left_behind) return;
    const auto stuck = std::exchange(common_, sftp_client::create(session_, deadline_));
    before_ = {};
    asked_ = false;
    const auto stalled_user = stuck->oldest_user();
    if (stalled_user) stalled_user->quarantined = true;
    stuck->move(*common_, [&](const sftp_user& user) { return &user != stalled_user.get(); });
    // One that nobody waits for any more, and that is still at work, is of use to nobody.
    if (quarantine_ && !quarantine_->busy() && quarantine_->waits()) std::exchange(quarantine_, nullptr)->abandon();
    if (stalled_user && !quarantine_) {
      quarantine_ = stuck;
      return;
    }
    if (stalled_user) stuck->move(*quarantine_, [](const sftp_user&) { return true; });
    stuck->abandon();
  }

  // Servers that were given up and hold their channels until they have an answer. When more come to a halt, it is the
  // host, and the time-outs of what was asked decide.
  static constexpr std::size_t most_left_behind = 2;

  std::shared_ptr<session> session_;
  asio::steady_timer timer_;
  duration deadline_;
  duration period_;
  std::shared_ptr<sftp_client> common_;
  std::shared_ptr<sftp_client> quarantine_;  // for those apart; null until there are any
  sftp_channel::progress before_;       // of the common one, when it was last looked at
  bool asked_ = false;                  // the session for a sign of life, since the server was last heard
  bool armed_ = false;
};

}  // namespace remote_job::inline v0::ssh

#endif
