// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_SSH_SFTP_SHARED_SFTP_HPP
#define REMOTE_JOB_SSH_SFTP_SHARED_SFTP_HPP

#include <remote_job/ssh/session/session.hpp>
#include <remote_job/ssh/sftp/sftp_client.hpp>

#include <asio/steady_timer.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>

namespace remote_job::inline REMOTE_JOB_ABI::ssh {

/// The SFTP clients over one session, for any number of users: one for all, and one for those apart.
///
/// An SFTP server answers one question after the other. One that it never answers, as of a file on a network disk that
/// is gone, would hold up all users. So a server that says nothing, while the session is alive, is left to the user for
/// whom it is at work, who is apart from then on, and the others are served by a new one. All who are apart share one
/// server and its fate.
class shared_sftp final : public std::enable_shared_from_this<shared_sftp> {
 public:
  /// `deadline`: within the time that a server may take to say that it is one, one that says nothing is found out.
  REMOTE_JOB_DECL shared_sftp(const std::shared_ptr<session>& over, duration deadline);

  /// The client for what a user is about to ask.
  REMOTE_JOB_DECL std::shared_ptr<sftp_client> client_for(const sftp_user& user);

  bool busy() const noexcept { return common_->busy() || (quarantine_ && quarantine_->busy()); }
  bool starves() const noexcept { return common_->starves() || (quarantine_ && quarantine_->starves()); }

  REMOTE_JOB_DECL void cancel(const sftp_user& user);

  /// Has what waits here done over another session.
  REMOTE_JOB_DECL void hand_over(shared_sftp& to, std::uint64_t its_session);

  /// The session has ended.
  REMOTE_JOB_DECL void end() noexcept;

 private:
  REMOTE_JOB_DECL const std::shared_ptr<sftp_client>& quarantine();

  /// Looks after the server as long as it owes an answer.
  REMOTE_JOB_DECL void arm();
  REMOTE_JOB_DECL void on_time();
  REMOTE_JOB_DECL void part();

  // Servers that were given up and hold their channels until they have an answer. When more come to a halt, it is the
  // host, and the time-outs of what was asked decide.
  static constexpr std::size_t most_left_behind = 2;

  std::shared_ptr<session> session_;
  asio::steady_timer timer_;
  duration deadline_;
  duration period_;
  std::shared_ptr<sftp_client> common_;
  std::shared_ptr<sftp_client> quarantine_;  // for those apart; null until there are any
  sftp_channel::progress before_;            // of the common one, when it was last looked at
  bool asked_ = false;                       // the session for a sign of life, since the server was last heard
  bool armed_ = false;
};

}  // namespace remote_job::inline REMOTE_JOB_ABI::ssh

#if !defined(REMOTE_JOB_SEPARATE_COMPILATION)
#include <remote_job/ssh/sftp/impl/shared_sftp.ipp>
#endif

#endif
