// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#include "host_route.hpp"

#include "host.hpp"

#include <remote_job/transport/openssh.hpp>

#include <sys/wait.h>

#include <stdexcept>

namespace cli {

bool turns::take(const std::shared_ptr<waiter>& w) {
  w->called = free_ > 0;
  if (w->called)
    --free_;
  else
    line_.push_back(w);
  return w->called;
}

void turns::give_back() {
  if (line_.empty()) {
    ++free_;
    return;
  }
  const auto next = std::move(line_.front());
  line_.pop_front();
  next->called = true;
  next->timer.cancel();
}

host_route::host_route(const asio::any_io_executor& executor, const connection_arguments& given, std::string host,
                       const remote_job::ssh_prompter& prompter, [[maybe_unused]] remote_job::duration command_timeout,
                       listener told, std::shared_ptr<host_sessions> sessions)
    : executor_(executor),
      given_(given),
      host_(std::move(host)),
      on_terminal_(static_cast<bool>(prompter)),
      told_(std::move(told)),
      sessions_(sessions ? std::move(sessions) : std::make_shared<host_sessions>(executor)) {
#ifdef HAVE_SSH
  if (given.transport == ssh_way::openssh) {
    use_ssh();
    return;
  }
  try {
    auto options = ssh_options(given, host_, prompter, command_timeout);
    options.defer_to_openssh = may_switch();
    options_ = std::make_shared<const remote_job::ssh_options>(std::move(options));
  } catch (const ssh_config_unsupported& e) {
    if (!switch_to_ssh(e.what())) throw;
  }
#else
  if (given.transport == ssh_way::libssh2)
    throw std::runtime_error("--transport: this program was built without libssh2");
  use_ssh();
#endif
}

void host_route::close() {
  processes_.close();
  sessions_->close();
}

bool host_route::may_switch() const {
  return given_.transport == ssh_way::automatic && given_.fingerprints.empty() && ssh_master::is_installed();
}

bool host_route::switch_to_ssh(const std::string& why) {
  if (by_ssh()) return true;
  if (!may_switch()) return false;
  use_ssh();
  told_.on_switch(why + ". Using the ssh program instead, as --transport ssh does");
  return true;
}

void host_route::use_ssh() { master_ = std::make_unique<ssh_master>(given_, host_); }

host_route::opening host_route::judge_child(int status) const {
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return {};
  const auto text = master_->last_messages();
  auto last = text.substr(0, text.find_last_not_of(" \t\r\n") + 1);
  last.erase(0, last.find_last_of('\n') + 1);
  return {remote_job::openssh_failure(text), "ssh: " + (last.empty() ? "it could not connect" : last)};
}

void host_transport::link::close() noexcept {
  ++closed;
#ifdef HAVE_SSH
  if (direct) direct->close();
#endif
  if (ssh) ssh->close();
  if (waiting) waiting->timer.cancel();
}

void host_transport::link::use_ssh() {
  if (!ssh) ssh.emplace(route->get_executor(), route->master_->prefix(), route->processes_);
}

std::shared_ptr<waiter> host_transport::link::wait() {
  waiting = std::make_shared<waiter>(route->get_executor());
  return waiting;
}

std::string host_transport::diagnostics() const {
  if (!link_->why.empty()) return link_->why;
  if (link_->ssh) return link_->ssh->diagnostics();
#ifdef HAVE_SSH
  if (link_->direct) return link_->direct->diagnostics();
#endif
  return {};
}

std::vector<std::string> host_transport::notices() const {
#ifdef HAVE_SSH
  // What of the configuration has no effect on libssh2 has one on ssh.
  if (link_->direct && !link_->ssh) return link_->direct->notices();
#endif
  return {};
}

remote_job::remote_account host_transport::account() const {
  if (link_->ssh) {
    auto account = link_->ssh->account();
    // Our own configuration is gone when somebody tries the command.
    if (const auto at = account.test.find(" -F "); at != account.test.npos)
      account.test.erase(at, account.test.find(' ', at + 4) - at);
    return account;
  }
#ifdef HAVE_SSH
  if (link_->direct) return link_->direct->account();
#endif
  return {};
}

}  // namespace cli
