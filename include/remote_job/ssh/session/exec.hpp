// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_SSH_SESSION_EXEC_HPP
#define REMOTE_JOB_SSH_SESSION_EXEC_HPP

#include <remote_job/command.hpp>
#include <remote_job/detail/asio/any_completion.hpp>
#include <remote_job/ssh/session/session.hpp>

#include <libssh2.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <system_error>

namespace remote_job::inline REMOTE_JOB_ABI::ssh {

/// Runs commands over a session, one at a time, each on a channel of its own. Several of these may share a session.
///
/// With a channel opened in advance a command costs one round trip; one with input costs another on OpenSSH, which
/// takes no data before it has answered to the request.
class exec final : public operation, public channel_waiter, public std::enable_shared_from_this<exec> {
 public:
  /// Begins a command; `command` and `reply` have to stay where they are until the completion.
  REMOTE_JOB_DECL void start(const std::shared_ptr<session>& over, const remote_command& command, command_reply& reply,
                             detail::any_completion completion);

  /// Completes an outstanding command with `operation_aborted`; libssh2 1.11 and newer also have the host end it.
  REMOTE_JOB_DECL void cancel();

  /// Why the last command failed; empty when it did not.
  const std::string& why() const noexcept { return why_; }

 private:
  static constexpr std::size_t max_command = 30000;  // RFC 4253, section 6.1: no packet needs to be larger than 35000

  /// Cancels the run of this number, if it is still under way.
  REMOTE_JOB_DECL void cancel_run(std::uint64_t generation);

  REMOTE_JOB_DECL void on_channel(LIBSSH2_CHANNEL* channel, std::error_code ec) override;
  REMOTE_JOB_DECL void step() override;
  REMOTE_JOB_DECL void on_end(std::error_code ec) override;
  REMOTE_JOB_DECL void drop() noexcept override;

  REMOTE_JOB_DECL void ask_for_channel();
  /// False when it is over.
  REMOTE_JOB_DECL bool request();
  REMOTE_JOB_DECL bool send_input();
  REMOTE_JOB_DECL void receive();
  REMOTE_JOB_DECL void finish(std::error_code ec, std::string why);
  REMOTE_JOB_DECL void complete(std::error_code ec);

  detail::any_completion completion_;
  std::string why_;
  std::uint64_t generation_ = 0;
  bool cancelled_ = false;

  // Of the command that is running:
  session* session_ = nullptr;  // which then shares this object's ownership
  const remote_command* command_ = nullptr;
  command_reply* reply_ = nullptr;
  LIBSSH2_CHANNEL* channel_ = nullptr;
  std::size_t written_ = 0;
  int tries_ = 0;
  bool requested_ = false;
  bool accepted_ = false;
  bool eof_sent_ = false;
};

}  // namespace remote_job::inline REMOTE_JOB_ABI::ssh

#if !defined(REMOTE_JOB_SEPARATE_COMPILATION)
#include <remote_job/ssh/session/impl/exec.ipp>
#endif

#endif
