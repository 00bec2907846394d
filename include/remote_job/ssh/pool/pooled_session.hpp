// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_SSH_POOL_POOLED_SESSION_HPP
#define REMOTE_JOB_SSH_POOL_POOLED_SESSION_HPP

#include <remote_job/kept_shell/detail/kept_shell.hpp>
#include <remote_job/ssh/session/session.hpp>
#include <remote_job/ssh/sftp/shared_sftp.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <system_error>
#include <utility>

namespace remote_job::inline REMOTE_JOB_ABI::ssh {

class pooled_session;

/// The owner of the sessions.
class pool_link_owner {
 public:
  /// Something may have changed on the session. Called often, from within the session's step.
  virtual void on_link_step(pooled_session& link) = 0;
  virtual void on_link_end(pooled_session& link, std::error_code ec, const std::string& why) = 0;

 protected:
  ~pool_link_owner() = default;
};

/// One session of a pool, with the file access that its users share.
class pooled_session final : public operation, public std::enable_shared_from_this<pooled_session> {
 public:
  pooled_session(std::uint64_t number, std::shared_ptr<pool_link_owner> owner, std::shared_ptr<session> over)
      : number_(number), owner_(std::move(owner)), session_(std::move(over)) {}

  /// Starts watching the session. Call it once.
  REMOTE_JOB_DECL void attend();

  std::uint64_t number() const noexcept { return number_; }
  const std::shared_ptr<session>& over() const noexcept { return session_; }

  REMOTE_JOB_DECL shared_sftp& files(duration deadline);
  bool files_are_busy() const noexcept { return files_ && files_->busy(); }
  bool files_starve() const noexcept { return files_ && files_->starves(); }
  REMOTE_JOB_DECL void cancel_files(const sftp_user& user);
  /// Moves the waiting file operations to another session.
  REMOTE_JOB_DECL void move_files(pooled_session& to, duration deadline);

  /// The shell that is kept on this session.
  REMOTE_JOB_DECL const std::shared_ptr<detail::kept_shell>& shell(duration limit);
  bool shell_is_busy() const noexcept { return shell_ && shell_->busy(); }

  /// Sends a probe to the server.
  REMOTE_JOB_DECL void prove();
  /// Whether the server has answered the probe; true once per answer.
  REMOTE_JOB_DECL bool take_proof() noexcept;

  /// @name State of those who share it as last seen by the owner
  /// @{
  std::size_t known_sharing = 0;
  bool known_starving = false;
  /// @}

  REMOTE_JOB_DECL void close(std::error_code ec, std::string why);

 private:
  REMOTE_JOB_DECL void step() override;
  REMOTE_JOB_DECL void on_end(std::error_code ec) override;
  REMOTE_JOB_DECL void drop() noexcept override;

  std::uint64_t number_;
  std::shared_ptr<pool_link_owner> owner_;
  std::shared_ptr<session> session_;
  std::shared_ptr<shared_sftp> files_;
  std::shared_ptr<detail::kept_shell> shell_;
  bool proving_ = false;
};

}  // namespace remote_job::inline REMOTE_JOB_ABI::ssh

#if !defined(REMOTE_JOB_SEPARATE_COMPILATION)
#include <remote_job/ssh/pool/impl/pooled_session.ipp>
#endif

#endif
