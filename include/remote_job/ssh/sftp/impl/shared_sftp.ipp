// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_SSH_SFTP_IMPL_SHARED_SFTP_IPP
#define REMOTE_JOB_SSH_SFTP_IMPL_SHARED_SFTP_IPP

#include <remote_job/ssh/session/session.hpp>
#include <remote_job/ssh/sftp/sftp_client.hpp>
#include <remote_job/ssh/sftp/shared_sftp.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <memory>
#include <system_error>
#include <utility>

namespace remote_job::inline REMOTE_JOB_ABI::ssh {

shared_sftp::shared_sftp(const std::shared_ptr<session>& over, duration deadline)
    : session_(over),
      timer_(over->get_executor()),
      deadline_(deadline),
      period_(std::clamp<duration>(deadline / 3, std::chrono::milliseconds(1), std::chrono::hours(1))),
      common_(sftp_client::create(over, deadline)) {}

std::shared_ptr<sftp_client> shared_sftp::client_for(const sftp_user& user) {
  if (user.quarantined) return quarantine();
  arm();
  return common_;
}

void shared_sftp::cancel(const sftp_user& user) {
  common_->cancel(user);
  if (quarantine_) quarantine_->cancel(user);
}

void shared_sftp::hand_over(shared_sftp& to, std::uint64_t its_session) {
  to.arm();
  common_->hand_over(*to.common_, its_session);
  if (quarantine_) quarantine_->hand_over(*to.quarantine(), its_session);
}

void shared_sftp::end() noexcept {
  session_.reset();
  timer_.cancel();
}

const std::shared_ptr<sftp_client>& shared_sftp::quarantine() {
  if (!quarantine_) quarantine_ = sftp_client::create(session_, deadline_);
  return quarantine_;
}

void shared_sftp::arm() {
  if (std::exchange(armed_, true)) return;
  timer_.expires_after(period_);
  timer_.async_wait([weak = weak_from_this()](std::error_code ec) {
    const auto self = weak.lock();
    if (self && !ec) self->on_time();
  });
}

void shared_sftp::on_time() {
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

void shared_sftp::part() {
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

}  // namespace remote_job::inline REMOTE_JOB_ABI::ssh

#endif
