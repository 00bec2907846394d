// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_SSH_SESSION_SHELL_CHANNEL_HPP
#define REMOTE_JOB_SSH_SESSION_SHELL_CHANNEL_HPP

#include <remote_job/kept_shell/detail/kept_shell.hpp>
#include <remote_job/ssh/session/session.hpp>

#include <libssh2.h>

#include <memory>
#include <string>
#include <system_error>

namespace remote_job::inline REMOTE_JOB_ABI::ssh {

/// Keeps a shell open on a channel of a session. What the shell writes to its standard error is not kept.
class shell_channel final : public operation,
                            public channel_waiter,
                            public detail::shell_pipe,
                            public std::enable_shared_from_this<shell_channel> {
 public:
  /// Gives a shell its way to the host; the session is open.
  REMOTE_JOB_DECL static void attach(const std::shared_ptr<session>& over,
                                     const std::shared_ptr<detail::kept_shell>& shell);

  shell_channel(session& over, std::weak_ptr<detail::kept_shell> shell) : session_(&over), shell_(std::move(shell)) {}

 private:
  REMOTE_JOB_DECL void open(const std::string& command) override;
  REMOTE_JOB_DECL void write() override;
  REMOTE_JOB_DECL void close() noexcept override;

  REMOTE_JOB_DECL void on_channel(LIBSSH2_CHANNEL* channel, std::error_code ec) override;
  REMOTE_JOB_DECL void step() override;
  REMOTE_JOB_DECL bool make_room() override;
  REMOTE_JOB_DECL void on_end(std::error_code ec) override;
  REMOTE_JOB_DECL void drop() noexcept override;

  REMOTE_JOB_DECL void ask_for_channel();
  /// False when it is over.
  REMOTE_JOB_DECL bool request();
  REMOTE_JOB_DECL bool send(detail::kept_shell& shell);
  REMOTE_JOB_DECL void receive(detail::kept_shell& shell);

  session* session_;  // which shares this object's ownership
  std::weak_ptr<detail::kept_shell> shell_;
  std::string command_;
  LIBSSH2_CHANNEL* channel_ = nullptr;
  bool waiting_ = false;  // for the channel
  bool requested_ = false;
  bool accepted_ = false;
  int tries_ = 0;
  bool room_wanted_ = false;
};

}  // namespace remote_job::inline REMOTE_JOB_ABI::ssh

#if !defined(REMOTE_JOB_SEPARATE_COMPILATION)
#include <remote_job/ssh/session/impl/shell_channel.ipp>
#endif

#endif
