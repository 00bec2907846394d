// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_COMMAND_HPP
#define REMOTE_JOB_COMMAND_HPP

#include <remote_job/config.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace remote_job::inline REMOTE_JOB_ABI {

/// How a command is put to a shell that a transport keeps open on the host, in place of being executed: the seam
/// between an OS policy that fills this in (see os_policy) and a transport that keeps shells (see transport). A plain
/// value.
///
/// The shell is started by the `command` of the remote_command with `prelude` as its first input, which stays open. Then
/// it is sent the `text` of one request, or those of several in the order of asking, and `flush`. It prints the replies
/// in that order, each ending with the end mark of its remote_command. Where it does not answer, the transport executes
/// the command itself, so it has to be safe to do both. The greeting and the end mark must not stand in what the shell
/// is sent, since a host may echo it.
struct shell_request {
  // The views stay valid as long as the remote_command does.
  std::string_view prelude{};   ///< prepares the shell; empty: there is no way to ask one
  std::string_view greeting{};  ///< what the prelude prints at its end
  std::string text{};           ///< asks
  /// Has the shell answer what was asked since the last one. Empty: the text answers by itself and may take its time.
  /// The transport sends it alone and never once more.
  std::string_view flush{};

  /// Forgets the request but keeps the memory.
  void clear() noexcept {
    prelude = greeting = flush = {};
    text.clear();
  }
};

/// One command for the remote host, as an OS policy writes it and a transport carries it. A plain value.
struct remote_command {
  std::string command{};       ///< what the host is asked to execute (RFC 4254, section 6.5, "exec")
  std::string input{};         ///< bytes for its standard input, followed by end-of-file
  std::string end_mark{};      ///< the output is complete once it ends with these bytes; empty: once the command ended
  std::size_t max_output = 0;  ///< more output than so many bytes is `errc::reply_too_long`
  shell_request shell{};       ///< optional: the same for a shell that is kept open; a transport may leave it alone

  /// Forgets the text but keeps the memory, so that the next command is written without allocating.
  REMOTE_JOB_DECL void clear() noexcept;
};

/// Whose login shell runs the commands of a transport. A plain value.
struct remote_account {
  std::string user{};  ///< empty: not known
  std::string host{};  ///< empty: no login shell runs them, or that is not known
  std::string test{};  ///< a command line for people, which does nothing but log in there: `ssh user@host true`
};

/// What came back from one command. A plain value.
struct command_reply {
  std::string output{};              ///< bytes of its standard output; never more than max_output
  std::string error_output{};        ///< the first bytes of its standard error, for messages; at most max_error_output
  std::optional<int> exit_status{};  ///< none: ended by a signal, not told, or not waited for because of end_mark

  static constexpr std::size_t max_error_output = 4096;  ///< bytes kept of standard error

  /// Forgets the content but keeps the memory.
  REMOTE_JOB_DECL void clear() noexcept;
};

}  // namespace remote_job::inline REMOTE_JOB_ABI

#if !defined(REMOTE_JOB_SEPARATE_COMPILATION)
#include <remote_job/impl/command.ipp>
#endif

#endif
