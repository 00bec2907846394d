// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_SSH_POOL_POOLED_SESSION_HPP
#define REMOTE_JOB_SSH_POOL_POOLED_SESSION_HPP

#include <remote_job/ssh/session/session.hpp>
#include <remote_job/ssh/sftp/shared_sftp.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <system_error>
#include <utility>

namespace remote_job::inline v0::ssh {

class pooled_session;

/// Whose sessions they are.
class pool_link_owner {
 public:
  /// Something may have changed on the session. Called within its turn, often.
  virtual void on_link_step(pooled_session& link) = 0;
  virtual void on_link_end(pooled_session& link, std::error_code ec, const std::string& why) = 0;

 protected:
  ~pool_link_owner() = default;
};

/// One session of a pool, and what all share who read files over it.
class pooled_session final : public operation, public std::enable_shared_from_this<pooled_session> {
 public:
  pooled_session(std::uint64_t number, std::shared_ptr<pool_link_owner> owner, std::shared_ptr<session> over)
      : number_(number), owner_(std::move(owner)), session_(std::move(over)) {}

  /// Called once.
  void attend() {
    const session::turn t(*session_);
    session_->add(shared_from_this());
  }

  std::uint64_t number() const noexcept { return number_; }
  const std::shared_ptr<session>& over() const noexcept { return session_; }

  shared_sftp& files(duration deadline) {
    if (!files_) files_ = std::make_shared<shared_sftp>(session_, deadline);
    return *files_;
  }
  bool files_are_busy() const noexcept { return files_ && files_->busy(); }
  bool files_starve() const noexcept { return files_ && files_->starves(); }
  void cancel_files(const sftp_user& user) {
    if (const auto files = files_) files->cancel(user);
  }
  /// Has what waits for the files done over another session.
  void move_files(pooled_session& to, duration deadline) {
    if (const auto files = files_) files->hand_over(to.files(deadline), to.number());
  }

  /// Asks the server for a sign of life.
  void prove() {
    proving_ = true;
    const session::turn t(*session_);
    session_->ask_alive();
  }
  /// Whether one has come since; true once.
  bool take_proof() noexcept {
    if (!proving_ || session_->awaits_sign()) return false;
    proving_ = false;
    return true;
  }

  /// @name What its owner knows of who reads files
  /// @{
  std::size_t known_sharing = 0;
  bool known_starving = false;
  /// @}

  void close(std::error_code ec, std::string why) {
    if (const auto ended = session_) ended->kill(ec, std::move(why));
  }

 private:
  void step() override {
    if (const auto owner = owner_) owner->on_link_step(*this);
  }

  void on_end(std::error_code ec) override {
    const auto hold = shared_from_this();
    const auto owner = std::exchange(owner_, nullptr);
    if (owner) owner->on_link_end(*this, ec, session_->why());
    if (files_) files_->end();
    files_.reset();
    session_.reset();
  }

  void drop() noexcept override {
    files_.reset();
    session_.reset();
    [[maybe_unused]] const auto last = std::exchange(owner_, nullptr);
  }

  std::uint64_t number_;
  std::shared_ptr<pool_link_owner> owner_;
  std::shared_ptr<session> session_;
  std::shared_ptr<shared_sftp> files_;
  bool proving_ = false;
};

}  // namespace remote_job::inline v0::ssh

#endif
