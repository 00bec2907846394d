// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_KEPT_SHELL_DETAIL_SHELL_RULES_HPP
#define REMOTE_JOB_KEPT_SHELL_DETAIL_SHELL_RULES_HPP

#include <remote_job/command.hpp>
#include <remote_job/job.hpp>

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace remote_job::inline REMOTE_JOB_ABI::detail {

/// How long a shell may be silent.
struct shell_limits {
  duration start = std::chrono::seconds(5);  ///< until it has read its prelude
  /// While it owes an answer. A request that stops the shell is asked once more, so others wait for twice as long.
  duration answer = std::chrono::milliseconds(2500);

  /// Nobody waits for another's request for longer than this.
  static constexpr shell_limits within(duration time) noexcept { return {time, time / 2}; }
};

/// Decides what a shell that is kept open is sent, and which of its output answers whom. A state machine without I/O.
///
/// Requests that come while the shell is busy are sent together, in the order of asking. A request that the shell does
/// not answer, because it ended, was silent for too long, printed too much or lost a line, is asked once more, alone and
/// in a new shell; if that fails, too, it is executed as a command of its own, and so tells by itself what is wrong. Its
/// next request is then asked alone again. What takes its time is never asked once more, since it may go on without the
/// shell: its user has the reply end early, as that of a command. A shell that cannot be started twice in a row is not
/// started for a while.
///
/// The caller reports each event with its time and then calls next() until it returns nothing.
class shell_rules {
 public:
  /// What one user asks. Stays in place from add() until it is answered, handed back or cancelled.
  struct request {
    const remote_command* command = nullptr;
    command_reply* reply = nullptr;
    unsigned failures = 0;  ///< in the shell, since it was answered last
  };

  enum class action_kind {
    none,
    open,      ///< start a shell with command(); call ended() if that fails
    write,     ///< output() has grown
    close,     ///< end the shell, without calling ended()
    answered,  ///< `who` has its reply, or as much of it as there will be
    alone      ///< `who` is to be executed as a command
  };

  struct action {
    action_kind kind;
    request* who = nullptr;
  };

  explicit shell_rules(const shell_limits& limits) : limits_(limits) {}

  REMOTE_JOB_DECL std::optional<action> next();

  // ---- Users

  /// How many may ask. What takes its time is asked of the shell only if there is no other.
  void attach() noexcept { ++users_; }
  void detach() noexcept { --users_; }

  REMOTE_JOB_DECL void add(request& r, duration now);

  /// Sends what was added since the last call, if the shell is not busy.
  REMOTE_JOB_DECL void send(duration now);

  /// Forgets a request; false if it was not known. A shell whose answers nobody waits for is ended.
  REMOTE_JOB_DECL bool cancel(request& r, duration now);

  // ---- The shell

  REMOTE_JOB_DECL void received(std::string_view bytes, duration now);

  /// It ended, or could not be started.
  REMOTE_JOB_DECL void ended(duration now);

  /// What is to be written to it; `sent` says how much was.
  std::string_view output() const noexcept { return std::string_view(out_).substr(written_); }
  REMOTE_JOB_DECL void sent(std::size_t size) noexcept;
  const std::string& command() const noexcept { return command_; }

  // ---- The whole

  /// Time has passed; due() tells when to call this.
  REMOTE_JOB_DECL void tick(duration now);
  REMOTE_JOB_DECL std::optional<duration> due() const noexcept;

  bool busy() const noexcept { return !flight_.empty() || !waiting_.empty(); }
  /// Whether send() has something to do.
  bool must_send() const noexcept { return flight_.empty() && !waiting_.empty(); }
  bool open() const noexcept { return phase_ != phase::none; }
  /// Whether no shell is started for now.
  bool given_up() const noexcept { return given_up_; }

  /// Ends the shell as soon as it is not busy, and starts no other for a while.
  REMOTE_JOB_DECL void give_up(duration now);

  /// The shell is gone, and with it the connection: forgets all requests that next() has no action for, and calls `each`
  /// for each of them. What was learnt of the host stays.
  template <class Function>
  void drop(Function each) {
    const auto flight = std::exchange(flight_, {});
    const auto waiting = std::exchange(waiting_, {});
    const auto first = std::exchange(first_, 0);
    for (auto& next : actions_)
      if (next.who == nullptr) next.kind = action_kind::none;
    reset();
    for (auto i = first; i < flight.size(); ++i)
      if (flight[i].who != nullptr) each(*flight[i].who);
    for (auto* who : waiting) each(*who);
  }

 private:
  enum class phase { none, starting, ready };

  struct entry {
    request* who;          // null: cancelled
    std::string mark{};    // the end of its reply then
    std::size_t room = 0;  // how much of it may come then
    const std::string& end() const noexcept { return who != nullptr ? who->command->end_mark : mark; }
  };

  static constexpr std::size_t max_batch = 256;
  static constexpr std::size_t max_text = 64 * 1024;   // of a batch
  static constexpr std::size_t max_noise = 64 * 1024;  // before the greeting
  static constexpr unsigned max_starts = 2;
  // A cancelled start counts as one that failed only after this time.
  static constexpr duration patience = std::chrono::seconds(1);
  // After this time a start is tried once more.
  static constexpr duration pause = std::chrono::minutes(10);

  /// Whether the shell is the one for this command.
  REMOTE_JOB_DECL bool fits(const remote_command& wanted) const noexcept;
  static bool takes_time(const request& r) noexcept { return r.command->shell.flush.empty(); }
  REMOTE_JOB_DECL bool alone_in_flight() const noexcept;
  REMOTE_JOB_DECL bool take(std::string_view& bytes, duration now);
  REMOTE_JOB_DECL void answered(duration now);
  REMOTE_JOB_DECL void failed(request& r);
  /// `counts`: a start that failed says that no other will do.
  REMOTE_JOB_DECL void broken(duration now, bool counts = true);
  REMOTE_JOB_DECL void reset() noexcept;
  void act(action_kind kind, request* who = nullptr) { actions_.push_back({kind, who}); }

  shell_limits limits_;
  std::vector<action> actions_;
  std::size_t taken_ = 0;  // of the actions

  phase phase_ = phase::none;
  std::string command_;  // of the shell, as the other two
  std::string prelude_;
  std::string greeting_;
  std::string out_;
  std::size_t written_ = 0;
  std::string noise_;      // before the greeting
  std::string discarded_;  // the end of what came of a reply that nobody waits for

  std::vector<request*> waiting_;
  std::vector<entry> flight_;
  std::size_t first_ = 0;  // of those in flight that is not answered
  duration heard_{};       // when the shell last printed something, or was asked

  int users_ = 0;
  unsigned failed_starts_ = 0;
  bool given_up_ = false;
  duration given_up_at_{};
};

}  // namespace remote_job::inline REMOTE_JOB_ABI::detail

#if !defined(REMOTE_JOB_SEPARATE_COMPILATION)
#include <remote_job/kept_shell/detail/impl/shell_rules.ipp>
#endif

#endif
