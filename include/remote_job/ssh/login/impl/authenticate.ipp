// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_SSH_LOGIN_IMPL_AUTHENTICATE_IPP
#define REMOTE_JOB_SSH_LOGIN_IMPL_AUTHENTICATE_IPP

#include <remote_job/detail/asio/shared_call.hpp>
#include <remote_job/ssh/login/agent_login.hpp>
#include <remote_job/ssh/login/authenticate.hpp>
#include <remote_job/ssh/login/interactive_login.hpp>
#include <remote_job/ssh/login/key_login.hpp>
#include <remote_job/ssh/login/login.hpp>
#include <remote_job/ssh/login/password_login.hpp>
#include <remote_job/ssh/options/identity.hpp>
#include <remote_job/ssh/options/local_user.hpp>
#include <remote_job/ssh/options/options.hpp>
#include <remote_job/ssh/session/session.hpp>

#include <asio/any_io_executor.hpp>
#include <libssh2.h>

#include <algorithm>
#include <cstdlib>
#include <functional>
#include <iterator>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace remote_job::inline REMOTE_JOB_ABI::ssh {

authenticator::authenticator(const asio::any_io_executor& executor, const ssh_options& options, std::string user,
                             bool distrusted, const std::function<void()>& wake)
    : user_(std::move(user)),
      distrusted_(distrusted),
      other_methods_(options.unsupported_methods),
      defer_(options.defer_to_openssh),
      identities_(identity_source::of(options)) {
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
    if (distrusted) continue;
    if (name == "keyboard-interactive" && options.keyboard_interactive)
      add(name, std::make_unique<interactive_login>(options, user_, wake_from_anywhere));
    if (name == "password" && options.password)
      add(name, std::make_unique<password_login>(options, user_, wake_from_anywhere));
  }
}

auto authenticator::step(session& s) -> status {
  while (s.alive()) {
    if (ask_methods_) {
      if (const auto result = ask_methods(s); result != status::failed) return result;
      if (ask_methods_) return broken(s);
      continue;
    }
    const auto next =
        std::find_if(methods_.begin(), methods_.end(), [&](const method& m) { return !m.used_up && takes(m.name); });
    if (next != methods_.end() && defer_ && next->name != "publickey" && beyond_libssh2()) return give_up();
    if (next == methods_.end()) {
      if (silent_ == nullptr) return give_up();
      refused_ = std::exchange(silent_, nullptr);
      ask_methods_ = true;
      continue;
    }
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
      case login_status::silent:
        // Whether it was accepted as one factor is asked once nothing else is left: the question costs a try.
        next->used_up = true;
        silent_ = &*next;
        break;
    }
  }
  return status::more;
}

void authenticator::close() noexcept {
  for (const auto& each : methods_) each.login->close();
}

void authenticator::add(const std::string& name, std::unique_ptr<login_method> login) {
  methods_.push_back({name, std::move(login)});
}

std::unique_ptr<login_method> authenticator::use_agent(const asio::any_io_executor& executor,
                                                       const ssh_options& options, const std::function<void()>& wake) {
  const char* usual = std::getenv("SSH_AUTH_SOCK");
  const auto path = options.agent.empty() ? std::string(usual == nullptr ? "" : usual) : expand_home(options.agent);
  if (path.empty() || path == "none") return nullptr;
  std::vector<std::string> preferred;
  for (const auto& each : identities_) {
    std::string ignored;
    if (auto print = each.load(ignored).print; !print.empty()) preferred.push_back(std::move(print));
  }
  return std::make_unique<agent_login>(executor, path, options.timeouts.agent, user_, std::move(preferred),
                                       options.identities_only, refused_prints_, wake);
}

auto authenticator::ask_methods(session& s) -> status {
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
  for (const auto* each : {std::exchange(silent_, nullptr), std::exchange(refused_, nullptr)})
    if (each != nullptr) each->login->conclude_last(!takes(each->name));
  return status::failed;
}

bool authenticator::beyond_libssh2() const {
  return std::ranges::any_of(methods_, [](const method& m) { return m.login->any_unsupported(); }) &&
         std::ranges::none_of(methods_, [](const method& m) { return m.login->secret_refused(); });
}

auto authenticator::broken(session& s) -> status {
  if (libssh2_session_last_errno(s.native()) == LIBSSH2_ERROR_OUT_OF_BOUNDARY) {
    say(std::string("the server sends a packet, such as a login banner, of more than 40000 bytes, which libssh2 does "
                    "not take: use ") +
        over_ssh + ", or shorten the Banner of the server");
    error_ = errc::banner_too_long;
    return status::failed;
  }
  if (s.farewell().find("authentication failures") == std::string::npos) {
    s.fail("the connection broke during authentication");
    return status::more;
  }
  collect();
  say("the server says: " + s.farewell());
  error_ = errc::authentication_failed;
  return status::failed;
}

auto authenticator::give_up() -> status {
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
    if (takes(name) && may(name) && !can(name) && distrusted_)
      say(name + " is not used with a host whose key is changed or revoked");
    else if (takes(name) && may(name) && !can(name))
      say("nobody can be asked for " + name);
  }
  for (const std::string name : {"gssapi-with-mic", "hostbased"})
    if (takes(name)) say(name + " is for " + over_ssh);
  const bool other = std::ranges::any_of(other_methods_, [&](const auto& name) { return takes(name); });
  const bool wrong = std::ranges::any_of(methods_, [](const method& m) { return m.login->secret_refused(); });
  if (beyond_libssh2() || (other && !wrong))
    error_ = errc::credential_unsupported;
  else if (any_refused_ || !error_)
    error_ = errc::authentication_failed;
  return status::failed;
}

void authenticator::collect() {
  for (const auto& each : methods_) {
    for (const auto& text : each.login->notes()) say(text);
    if (!error_) error_ = each.login->error();
    any_refused_ = any_refused_ || each.login->any_refused();
  }
}

}  // namespace remote_job::inline REMOTE_JOB_ABI::ssh

#endif
