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

/// What a login needs to be told by a person, or by whatever stands for one. A plain value.
struct ssh_challenge {
  /// What is asked for.
  enum class kind {
    passphrase,           ///< of an encrypted private key
    password,             ///< of the user on the host
    keyboard_interactive  ///< whatever the server asks (RFC 4256)
  };

  /// One question.
  struct prompt {
    std::string text;   ///< for people; that of a server is made printable
    bool echo = false;  ///< whether what is typed may be seen
  };

  kind what = kind::password;   ///< what is asked for
  std::string subject;          ///< the identity, or `user@host`
  std::string instruction;      ///< of the server, made printable; mostly empty
  std::vector<prompt> prompts;  ///< one or more; each wants one answer
  unsigned attempt = 1;         ///< above 1: what was answered before was wrong
};

namespace ssh {

/// Overwrites a secret, and what a longer one left behind, before its memory is given back.
REMOTE_JOB_DECL void wipe(std::string& secret) noexcept;

/// Answers that are wiped when they are used up.
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

  /// `on_answer` is called once, on the thread that answers, unless close() comes first.
  explicit question(std::function<void()> on_answer) : on_answer_(std::move(on_answer)) {}

  /// The first call counts. The secret is taken, or wiped.
  REMOTE_JOB_DECL void answer(std::vector<std::string>& list);
  void decline() { settle(status::declined, nullptr); }

  /// Nobody wants to know any more: from here on nobody is called.
  REMOTE_JOB_DECL void close() noexcept;
  REMOTE_JOB_DECL status state() const;

  /// Blocks until it is answered, declined or closed. For a thread of its own.
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

/// Where the answer to a challenge goes: at once or later, on any thread, also when nobody wants it any more. Only the
/// first answer counts. Copies stand for the same challenge; when the last one is destroyed without an answer, it is
/// declined. What is given is wiped after use.
class ssh_answer {
 public:
  explicit ssh_answer(std::shared_ptr<ssh::question> to) : to_(std::make_shared<holder>(std::move(to))) {}

  /// To a challenge with one prompt.
  REMOTE_JOB_DECL void operator()(std::string secret) const;

  /// One answer for each prompt, in their order. Any other number of them is as none.
  void operator()(std::vector<std::string> answers) const { to_->question->answer(answers); }

  /// There is no answer: the method is given up.
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

/// Who is asked: a function `void(const ssh_challenge&, ssh_answer)`, which must not block but may answer later; or for
/// those who know the answer at once `std::string(const std::string& subject)`, which is called for each prompt, but
/// not again after a wrong answer: the same one once more would only use up the server's patience. Called on the
/// transport's executor. To throw is to decline.
class ssh_prompter {
 public:
  /// Nobody: what needs an answer is given up.
  ssh_prompter() = default;

  /// One that may answer later.
  template <class Function>
  requires std::is_invocable_v<Function&, const ssh_challenge&, ssh_answer> ssh_prompter(
      Function function)  // NOLINT: a function is as good as a prompter
      : plain_(plain(function)), function_(std::move(function)) {}

  /// One that knows the answer at once.
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

  /// Whether there is anybody to ask.
  explicit operator bool() const noexcept { return static_cast<bool>(function_); }

  /// Asks.
  void operator()(const ssh_challenge& challenge, ssh_answer answer) const { function_(challenge, std::move(answer)); }

  /// How often it is asked for one thing, where `most` times are allowed.
  unsigned tries(unsigned most) const noexcept { return once_ ? 1 : most; }

  /// Whether they are known to be the same: none, or one plain function. Other objects cannot be compared.
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
