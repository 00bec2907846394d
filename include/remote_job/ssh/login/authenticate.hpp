// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_SSH_LOGIN_AUTHENTICATE_HPP
#define REMOTE_JOB_SSH_LOGIN_AUTHENTICATE_HPP

#include <remote_job/detail/asio/shared_call.hpp>
#include <remote_job/ssh/login/agent_login.hpp>
#include <remote_job/ssh/login/interactive_login.hpp>
#include <remote_job/ssh/login/key_login.hpp>
#include <remote_job/ssh/login/login.hpp>
#include <remote_job/ssh/login/password_login.hpp>
#include <remote_job/ssh/options/identity.hpp>
#include <remote_job/ssh/options/options.hpp>
#include <remote_job/ssh/session/session.hpp>

#include <asio/any_io_executor.hpp>

#include <algorithm>
#include <cstdlib>
#include <functional>
#include <iterator>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

namespace remote_job::inline v0::ssh {

/// Logs in as OpenSSH does: asks which methods the server takes, and goes through them in the order of the options, or
/// else of public key (the agent's keys, first those that are among the identities, then the identities),
/// keyboard-interactive, password. A server that wants several factors (AuthenticationMethods of sshd_config(5)) names
/// the next ones after each. A state machine: stepped until it has a result, and whenever `wake` is called.
class authenticator {
 public:
  enum class status { more, done, failed };

  /// `wake` is called on the executor.
  authenticator(const asio::any_io_executor& executor, const ssh_options& options, std::string user,
                const std::function<void()>& wake)
      : user_(std::move(user)), identities_(identity_source::of(options)) {
    const auto wake_from_anywhere = [executor, alarm = std::make_shared<alarm_clock>(wake)] {
      detail::post_call(executor, detail::shared_call::to<&alarm_clock::ring>(alarm));
    };
    allowed_.assign(options.methods.begin(), options.methods.end());
    if (allowed_.empty()) allowed_.assign(std::begin(known), std::end(known));
    for (const auto& name : allowed_) {
      if (name == "publickey") {
        if (auto agent = use_agent(executor, options, wake)) add(name, std::move(agent));
        add(name, std::make_unique<key_login>(options, identities_, user_, refused_prints_, wake_from_anywhere));
      }
      if (name == "keyboard-interactive" && options.keyboard_interactive)
        add(name, std::make_unique<interactive_login>(options, user_, wake_from_anywhere));
      if (name == "password" && options.password)
        add(name, std::make_unique<password_login>(options, user_, wake_from_anywhere));
    }
  }
  authenticator(const authenticator&) = delete;
  authenticator& operator=(const authenticator&) = delete;

  status step(session& s) {
    while (s.alive()) {
      if (ask_methods_) {
        if (const auto result = ask_methods(s); result != status::failed) return result;
        if (ask_methods_) return broken(s);
        continue;
      }
      const auto next =
          std::find_if(methods_.begin(), methods_.end(), [&](const method& m) { return !m.used_up && takes(m.name); });
      if (next == methods_.end()) return give_up();
      current_ = next->login.get();
      switch (current_->step(s)) {
        case login_status::more: return status::more;
        case login_status::done: return status::done;
        case login_status::over: next->used_up = true; break;
        case login_status::broken: return broken(s);
        case login_status::refused:
          refused_ = &*next;
          ask_methods_ = true;
          break;
      }
    }
    return status::more;
  }

  /// When failed: why, and the methods tried.
  std::error_code error() const noexcept { return error_; }
  const std::string& why() const noexcept { return why_; }
  /// While it is not the server that is waited for: who.
  std::string waits_for() const { return current_ == nullptr ? std::string() : current_->waits_for(); }
  /// Waits for nobody any more.
  void close() noexcept {
    for (const auto& each : methods_) each.login->close();
  }

 private:
  struct alarm_clock {
    void ring() const { wake(); }

    std::function<void()> wake;
  };

  static constexpr const char* known[] = {"publickey", "keyboard-interactive", "password"};

  struct method {
    std::string name;
    std::unique_ptr<login_method> login;
    bool used_up = false;
  };

  void add(const std::string& name, std::unique_ptr<login_method> login) {
    methods_.push_back({name, std::move(login)});
  }

  std::unique_ptr<login_method> use_agent(const asio::any_io_executor& executor, const ssh_options& options,
                                          const std::function<void()>& wake) {
    const char* usual = std::getenv("SSH_AUTH_SOCK");
    const auto path = options.agent.empty() ? std::string(usual == nullptr ? "" : usual) : expand_home(options.agent);
    if (path.empty() || path == "none") return nullptr;
    std::vector<std::string> preferred;
    for (const auto& each : identities_) {
      std::string ignored;
      if (auto print = each.load(ignored).print; !print.empty()) preferred.push_back(std::move(print));
    }
    return std::make_unique<agent_login>(executor, path, user_, std::move(preferred), options.identities_only,
                                         refused_prints_, wake);
  }

  bool takes(std::string_view name) const { return std::ranges::find(offered_, name) != offered_.end(); }

  /// Failed: not done, and `ask_methods_` tells whether there was an answer.
  status ask_methods(session& s) {
    const char* list = nullptr;
    const int rc = s.call([&] {
      list = libssh2_userauth_list(s.native(), user_.data(), static_cast<unsigned>(user_.size()));
      return list != nullptr || libssh2_userauth_authenticated(s.native()) ? 0 : libssh2_session_last_errno(s.native());
    });
    if (rc == LIBSSH2_ERROR_EAGAIN) return status::more;
    if (list == nullptr) {
      if (libssh2_userauth_authenticated(s.native())) return status::done;
      if (refused_ != nullptr) refused_->login->conclude_last(false);
      return status::failed;
    }
    ask_methods_ = false;
    list_ = printable(list);
    offered_ = split_names(list);
    if (const auto* last = std::exchange(refused_, nullptr)) last->login->conclude_last(!takes(last->name));
    return status::failed;
  }

  /// The server ended the connection: it may have had too many tries, which no retry can mend.
  status broken(session& s) {
    if (s.farewell().find("authentication failures") == std::string::npos) {
      s.fail("the connection broke during authentication");
      return status::more;
    }
    collect();
    say("the server says: " + s.farewell());
    error_ = errc::authentication_failed;
    return status::failed;
  }

  /// All that there was to try has been tried.
  status give_up() {
    collect();
    const auto may = [&](std::string_view name) { return std::ranges::find(allowed_, name) != allowed_.end(); };
    const auto can = [&](std::string_view name) {
      return std::ranges::any_of(methods_, [&](const method& m) { return m.name == name; });
    };
    if (identities_.empty() && takes("publickey") && may("publickey"))
      say("no identity was given, and there is none of the usual ones");
    say("the server takes " + list_);
    for (const std::string name : known) {
      if (takes(name) && !may(name)) say("the options do not allow " + name);
      if (takes(name) && may(name) && !can(name)) say("nobody can be asked for " + name);
    }
    for (const std::string name : {"gssapi-with-mic", "hostbased"})
      if (takes(name)) say(name + " is for process_transport over ssh");
    if (any_refused_ || !error_) error_ = errc::authentication_failed;
    return status::failed;
  }

  void collect() {
    for (const auto& each : methods_) {
      for (const auto& text : each.login->notes()) say(text);
      if (!error_) error_ = each.login->error();
      any_refused_ = any_refused_ || each.login->any_refused();
    }
  }

  void say(const std::string& text) { why_ += (why_.empty() ? "" : "; ") + text; }

  std::string user_;
  std::vector<std::string> allowed_;
  std::vector<identity_source> identities_;
  std::vector<std::string> refused_prints_;
  std::vector<method> methods_;
  std::vector<std::string> offered_;
  std::string list_;
  bool ask_methods_ = true;
  method* refused_ = nullptr;
  login_method* current_ = nullptr;
  bool any_refused_ = false;
  std::error_code error_;
  std::string why_;
};

}  // namespace remote_job::inline v0::ssh

#endif
