// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_SSH_OPTIONS_PROMPT_HPP
#define REMOTE_JOB_SSH_OPTIONS_PROMPT_HPP

#include <remote_job/config.hpp>

#include <condition_variable>
#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace remote_job::inline REMOTE_JOB_ABI {

/// A request for a secret or an answer that a login needs from the user. A plain value.
struct ssh_challenge {
  /// The kind of answer.
  enum class kind {
    passphrase,           ///< of an encrypted private key
    password,             ///< of the user on the host
    keyboard_interactive  ///< answers to the server's questions (RFC 4256)
  };

  /// One question.
  struct prompt {
    std::string text;   ///< for people; text from a server is made printable
    bool echo = false;  ///< whether the typed answer may be shown
  };

  kind what = kind::password;   ///< the kind of answer
  std::string subject;          ///< the identity, or `user@host`
  std::string instruction;      ///< from the server, made printable; usually empty
  std::vector<prompt> prompts;  ///< one or more; each needs one answer
  unsigned attempt = 1;         ///< above 1: the previous answer was wrong
};

namespace ssh {

/// Overwrites a secret, including the rest of a longer earlier value, before its memory is freed.
REMOTE_JOB_DECL void wipe(std::string& secret) noexcept;

/// Answers that are wiped after use.
struct secrets {
  std::vector<std::string> list;

  secrets() = default;
  secrets(secrets&&) = default;
  REMOTE_JOB_DECL secrets& operator=(secrets&& other) noexcept;
  ~secrets() { wipe_all(); }

  REMOTE_JOB_DECL void wipe_all() noexcept;
};

/// A challenge that waits for its answer. Thread-safe.
class question {
 public:
  enum class status { open, answered, declined };

  /// Calls `on_answer` once, on the thread that answers, unless close() comes first.
  explicit question(std::function<void()> on_answer) : on_answer_(std::move(on_answer)) {}

  /// Only the first call counts. Takes or wipes the secrets.
  REMOTE_JOB_DECL void answer(std::vector<std::string>& list);
  void decline() { settle(status::declined, nullptr); }

  /// Cancels the question: `on_answer` is not called from now on.
  REMOTE_JOB_DECL void close() noexcept;
  REMOTE_JOB_DECL status state() const;

  /// Blocks until the question is answered, declined or closed. Call it on a separate thread.
  REMOTE_JOB_DECL status wait();
  REMOTE_JOB_DECL secrets take();

 private:
  REMOTE_JOB_DECL void settle(status s, std::vector<std::string>* list);

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::function<void()> on_answer_;
  status status_ = status::open;
  secrets secrets_;
};

}  // namespace ssh

/// Receives the answer to a challenge: immediately or later, on any thread, even after the login has ended. Only the
/// first answer counts. Copies refer to the same challenge; destroying the last copy without an answer declines it.
/// Answers are wiped after use.
class ssh_answer {
 public:
  explicit ssh_answer(std::shared_ptr<ssh::question> to) : to_(std::make_shared<holder>(std::move(to))) {}

  /// Answers a challenge that has one prompt.
  REMOTE_JOB_DECL void operator()(std::string secret) const;

  /// Gives one answer for each prompt, in their order. A wrong number of answers counts as none.
  void operator()(std::vector<std::string> answers) const { to_->question->answer(answers); }

  /// Gives no answer; the login gives this method up.
  void decline() const { to_->question->decline(); }

 private:
  struct holder {
    explicit holder(std::shared_ptr<ssh::question> q) : question(std::move(q)) {}
    holder(const holder&) = delete;
    holder& operator=(const holder&) = delete;
    ~holder() { question->decline(); }

    std::shared_ptr<ssh::question> question;
  };

  std::shared_ptr<holder> to_;
};

/// A function that answers challenges. Either `void(const ssh_challenge&, ssh_answer)`, which must not block but may
/// answer later; or `std::string(const std::string& subject)`, which returns the answer directly. The latter is called
/// for each prompt, but not again after a wrong answer, since the same answer would only use up the server's tries.
/// Runs on the transport's executor. An exception declines the challenge.
class ssh_prompter {
 public:
  /// No function: a method that needs an answer is given up.
  ssh_prompter() = default;

  /// A function that may answer later.
  template <class Function>
  requires std::is_invocable_v<Function&, const ssh_challenge&, ssh_answer> ssh_prompter(
      Function function)  // NOLINT: implicit, so that a function can be passed as a prompter
      : plain_(plain(function)), function_(std::move(function)) {}

  /// A function that returns the answer directly.
  template <class Function>
  requires(!std::is_same_v<Function, ssh_prompter> && std::is_invocable_r_v<std::string, Function&, const std::string&>)
      ssh_prompter(Function function)  // NOLINT: as above
      : plain_(plain(function)),
        function_([f = std::move(function)](const ssh_challenge& challenge, const ssh_answer& answer) mutable {
          std::vector<std::string> all;
          for (std::size_t i = 0; i < challenge.prompts.size(); ++i) all.push_back(f(challenge.subject));
          answer(std::move(all));
        }),
        once_(true) {}

  /// Whether a function is set.
  explicit operator bool() const noexcept { return static_cast<bool>(function_); }

  /// Passes the challenge to the function.
  void operator()(const ssh_challenge& challenge, ssh_answer answer) const { function_(challenge, std::move(answer)); }

  /// How often the function is called for one answer if `most` calls are allowed.
  unsigned tries(unsigned most) const noexcept { return once_ ? 1 : most; }

  /// Whether both are known to be equal: both empty, or the same plain function. Other function objects cannot be
  /// compared.
  friend bool same(const ssh_prompter& a, const ssh_prompter& b) noexcept {
    return !a && !b ? true : a.plain_ != nullptr && a.plain_ == b.plain_;
  }

 private:
  using any_function = void (*)();

  template <class Function>
  static any_function plain(const Function& function) noexcept {
    if constexpr (std::is_pointer_v<Function>)
      return reinterpret_cast<any_function>(function);
    else
      return nullptr;
  }

  any_function plain_ = nullptr;
  std::function<void(const ssh_challenge&, ssh_answer)> function_;
  bool once_ = false;
};

}  // namespace remote_job::inline REMOTE_JOB_ABI

#if !defined(REMOTE_JOB_SEPARATE_COMPILATION)
#include <remote_job/ssh/options/impl/prompt.ipp>
#endif

#endif
