// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#pragma once

#include "connection.hpp"
#include "ssh_master.hpp"

#include <remote_job/command.hpp>
#include <remote_job/error.hpp>
#include <remote_job/file_status.hpp>
#include <remote_job/job.hpp>
#include <remote_job/ssh/options/prompt.hpp>
#include <remote_job/transport/process.hpp>
#ifdef HAVE_SSH
#include <remote_job/ssh/session_pool.hpp>
#include <remote_job/transport/libssh2.hpp>
#endif

#include <asio/any_io_executor.hpp>
#include <asio/compose.hpp>
#include <asio/error.hpp>
#include <asio/post.hpp>
#include <asio/steady_timer.hpp>

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

namespace cli {

/// Somebody who waits for a turn.
struct waiter {
  explicit waiter(const asio::any_io_executor& executor) : timer(executor, asio::steady_timer::time_point::max()) {}

  asio::steady_timer timer;  // never expires: a wait for it ends when it is cancelled
  bool called = false;
};

/// Lets so many do something at once; the others wait in line.
class turns {
 public:
  explicit turns(std::size_t most) : free_(most) {}

  /// False if `w` has to wait for its timer, and then see whether it was called.
  bool take(const std::shared_ptr<waiter>& w);
  void leave(const std::shared_ptr<waiter>& w) { std::erase(line_, w); }
  void give_back();

 private:
  std::size_t free_;
  std::deque<std::shared_ptr<waiter>> line_;
};

/// The sessions of libssh2 to any number of hosts.
struct host_sessions {
  explicit host_sessions([[maybe_unused]] const asio::any_io_executor& executor)
#ifdef HAVE_SSH
      : pool(executor)
#endif
  {
  }
  void close() {
#ifdef HAVE_SSH
    pool.close();
#endif
  }

#ifdef HAVE_SSH
  remote_job::session_pool pool;
#endif
};

/// How one host is reached, shared by all transports to it: by libssh2 and a pool of sessions, or by OpenSSH's ssh. If
/// libssh2 lacks what the connection needs (`remote_job::condition::beyond_libssh2`) and ssh is installed, ssh takes
/// over for good. That never happens because of a host key or a wrong password, nor where a fingerprint is to be
/// checked, which ssh cannot.
class host_route {
 public:
  struct listener {
    std::function<void(const std::string&)> on_switch = [](const std::string&) {};  ///< why ssh has taken over
    std::function<void(bool)> on_asking = [](bool) {};  ///< ssh may ask on the terminal from now on, or no more
  };

  /// Connects to nothing yet. `host`: [USER@]HOST[:PORT]. `prompter`: empty if there is nobody to ask. Throws
  /// std::runtime_error. Routes with the same `sessions` together make few connections at a time through the same host.
  host_route(const asio::any_io_executor& executor, const connection_arguments& given, std::string host,
             const remote_job::ssh_prompter& prompter, remote_job::duration command_timeout, listener told,
             std::shared_ptr<host_sessions> sessions = {});

  const asio::any_io_executor& get_executor() const { return executor_; }
  bool by_ssh() const { return master_ != nullptr; }

  /// Lets go of the sessions.
  void close();

 private:
  friend class host_transport;

  /// How many commands may run at a time on the connection of ssh: servers allow ten (MaxSessions of sshd_config(5)).
  static constexpr std::size_t most_commands = 8;

  struct opening {
    std::error_code error;
    std::string why;
  };

  bool may_switch() const;
  bool switch_to_ssh(const std::string& why);
  void use_ssh();
  opening judge_child(int status) const;

  asio::any_io_executor executor_;
  const connection_arguments& given_;
  std::string host_;
  bool on_terminal_;
  listener told_;
  std::unique_ptr<ssh_master> master_;
  remote_job::process_pool processes_{executor_};  // of ssh
  turns commands_{most_commands};
  turns openings_{1};
  std::uint64_t opened_ = 0;  // how often that was tried
  opening last_opening_;
#ifdef HAVE_SSH
  std::shared_ptr<const remote_job::ssh_options> options_;
#endif
  std::shared_ptr<host_sessions> sessions_;
};

/// A transport to the host of a route. By ssh there is no file access.
class host_transport {
 public:
  using keeps_shell = host_transport;  // those that it passes commands on to do

 private:
  struct link {
    explicit link(std::shared_ptr<host_route> r) : route(std::move(r)) {}

    void close() noexcept;
    /// Gets ready for ssh.
    void use_ssh();
    std::shared_ptr<waiter> wait();

    std::shared_ptr<host_route> route;
#ifdef HAVE_SSH
    std::optional<remote_job::libssh2_transport> direct;
#endif
    std::optional<remote_job::process_transport> ssh;  // instead, once there is one
    std::shared_ptr<waiter> waiting;
    remote_job::remote_command greeting{"exit 0", "", "", 64 * 1024};
    remote_job::command_reply reply;
    std::string why;
    std::uint64_t closed = 0;
  };

  /// Opens the connection of ssh, one of all transports at a time; what came out of it goes for all that waited.
  struct connect_op {
    enum class stage { start, direct, line, greeting, child };

    std::shared_ptr<link> l;
    stage at = stage::start;
    std::shared_ptr<waiter> turn = nullptr;
    std::uint64_t before = 0;
    std::uint64_t closed = 0;
    pid_t child = -1;

    template <class Self>
    void operator()(Self& self, std::error_code ec = {});
    template <class Self>
    void wait_in_line(Self& self);
    template <class Self>
    void open(Self& self, std::error_code ec);
    template <class Self>
    void finish(Self& self, host_route::opening result);
    template <class Self>
    void watch_child(Self& self, std::error_code ec);
  };

  struct execute_op {
    enum class stage { start, line, run };

    std::shared_ptr<link> l;
    const remote_job::remote_command* command;
    remote_job::command_reply* reply;
    stage at = stage::start;
    std::shared_ptr<waiter> turn = nullptr;
    std::uint64_t closed = 0;

    template <class Self>
    void operator()(Self& self, std::error_code ec = {});
  };

#ifdef HAVE_SSH
  /// Calls `begin(transport, self)` with that of libssh2; by ssh there are no files.
  template <class Begin>
  struct file_op {
    std::shared_ptr<link> l;
    Begin begin;
    bool started = false;

    template <class Self>
    void operator()(Self& self, std::error_code ec = {});
  };

  struct stat_begin {
    const std::string* path;
    remote_job::file_status* status;
    template <class Self>
    void operator()(remote_job::libssh2_transport& t, Self&& self) const {
      t.async_stat(*path, *status, std::forward<Self>(self));
    }
  };

  struct read_begin {
    const std::string* path;
    std::uint64_t offset;
    std::size_t max;
    std::string* out;
    template <class Self>
    void operator()(remote_job::libssh2_transport& t, Self&& self) const {
      t.async_read_file(*path, offset, max, *out, std::forward<Self>(self));
    }
  };
#endif

 public:
  using executor_type = asio::any_io_executor;

 private:
  template <class Op, class Token>
  using result_of = decltype(asio::async_compose<Token, void(std::error_code)>(
      std::declval<Op>(), std::declval<Token&>(), std::declval<const executor_type&>()));

 public:
  explicit host_transport(std::shared_ptr<host_route> route) : link_(std::make_shared<link>(std::move(route))) {}
  host_transport(host_transport&&) noexcept = default;
  host_transport& operator=(host_transport&&) = delete;
  ~host_transport() { close(); }

  executor_type get_executor() const { return link_->route->get_executor(); }

  template <class Token>
  auto async_connect(Token&& token) -> result_of<connect_op, Token> {
    return asio::async_compose<Token, void(std::error_code)>(connect_op{link_}, token, link_->route->get_executor());
  }

  template <class Token>
  auto async_execute(const remote_job::remote_command& command, remote_job::command_reply& reply, Token&& token)
      -> result_of<execute_op, Token> {
    return asio::async_compose<Token, void(std::error_code)>(execute_op{link_, &command, &reply}, token,
                                                             link_->route->get_executor());
  }

#ifdef HAVE_SSH
  template <class Token>
  auto async_stat(const std::string& path, remote_job::file_status& status, Token&& token)
      -> result_of<file_op<stat_begin>, Token> {
    return asio::async_compose<Token, void(std::error_code)>(file_op<stat_begin>{link_, {&path, &status}}, token,
                                                             link_->route->get_executor());
  }

  template <class Token>
  auto async_read_file(const std::string& path, std::uint64_t offset, std::size_t max, std::string& out, Token&& token)
      -> result_of<file_op<read_begin>, Token> {
    return asio::async_compose<Token, void(std::error_code)>(file_op<read_begin>{link_, {&path, offset, max, &out}},
                                                             token, link_->route->get_executor());
  }
#endif

  void close() noexcept {
    if (link_) link_->close();
  }
  std::string diagnostics() const;
  std::vector<std::string> notices() const;
  remote_job::remote_account account() const;

 private:
  std::shared_ptr<link> link_;
};

// --- connecting

template <class Self>
void host_transport::connect_op::operator()(Self& self, std::error_code ec) {
  switch (at) {
    case stage::start: l->why.clear(); closed = l->closed;
#ifdef HAVE_SSH
      if (!l->ssh && !l->route->by_ssh()) {
        at = stage::direct;
        if (!l->direct) l->direct.emplace(l->route->executor_, l->route->options_, l->route->sessions_->pool);
        auto& direct = *l->direct;
        return direct.async_connect(std::move(self));
      }
#endif
      l->use_ssh();
      return wait_in_line(self);
    case stage::direct:
#ifdef HAVE_SSH
      if (ec == remote_job::condition::beyond_libssh2 && l->route->switch_to_ssh(l->direct->diagnostics())) {
        l->use_ssh();
        return wait_in_line(self);
      }
#endif
      return self.complete(ec);
    case stage::line: return open(self, ec);
    case stage::greeting: return finish(self, {ec, ec ? l->ssh->diagnostics() : std::string()});
    case stage::child: return watch_child(self, ec);
  }
}

template <class Self>
void host_transport::connect_op::wait_in_line(Self& self) {
  at = stage::line;
  before = l->route->opened_;
  turn = l->wait();
  if (l->route->openings_.take(turn)) return open(self, {});
  auto& timer = turn->timer;
  timer.async_wait(std::move(self));
}

template <class Self>
void host_transport::connect_op::open(Self& self, std::error_code ec) {
  auto& route = *l->route;
  if (!turn->called) {
    route.openings_.leave(turn);
    return self.complete(ec ? ec : asio::error::operation_aborted);
  }
  if (l->closed != closed) return finish(self, {asio::error::operation_aborted, {}});
  if (route.opened_ != before) {
    route.openings_.give_back();
    l->why = route.last_opening_.why;
    return self.complete(route.last_opening_.error);
  }
  if (route.on_terminal_ && !route.master_->has_socket()) {
    try {
      child = route.master_->start_on_terminal();
    } catch (const std::runtime_error& e) {
      return finish(self, {remote_job::errc::program_not_found, e.what()});
    }
    route.told_.on_asking(true);
    at = stage::child;
    return watch_child(self, {});
  }
  at = stage::greeting;
  auto& ssh = *l->ssh;
  auto& greeting = l->greeting;
  auto& reply = l->reply;
  ssh.async_execute(greeting, reply, std::move(self));
}

template <class Self>
void host_transport::connect_op::finish(Self& self, host_route::opening result) {
  auto& route = *l->route;
  const auto ec = result.error;
  l->why = result.why;
  if (ec != asio::error::operation_aborted) {
    ++route.opened_;
    route.last_opening_ = std::move(result);
  }
  route.openings_.give_back();
  self.complete(ec);
}

/// Looks now and then whether ssh has ended; how long that takes is up to the person at the terminal.
template <class Self>
void host_transport::connect_op::watch_child(Self& self, std::error_code ec) {
  const bool over = ec || l->closed != closed;
  const auto status = ssh_master::wait_for(child, over);
  if (!over && !status) {
    auto& timer = turn->timer;
    timer.expires_after(std::chrono::milliseconds(20));
    return timer.async_wait(std::move(self));
  }
  l->route->told_.on_asking(false);
  finish(self, over ? host_route::opening{asio::error::operation_aborted, {}} : l->route->judge_child(*status));
}

// --- commands and files

template <class Self>
void host_transport::execute_op::operator()(Self& self, std::error_code ec) {
  if (at == stage::start) {
    closed = l->closed;
#ifdef HAVE_SSH
    if (!l->ssh && l->direct) {
      at = stage::run;
      auto& direct = *l->direct;
      return direct.async_execute(*command, *reply, std::move(self));
    }
#endif
    at = stage::line;
    l->use_ssh();
    turn = l->wait();
    if (!l->route->commands_.take(turn)) {
      auto& timer = turn->timer;
      return timer.async_wait(std::move(self));
    }
    ec = {};
  }
  if (at == stage::line) {
    if (!turn->called) {
      l->route->commands_.leave(turn);
      return self.complete(ec ? ec : asio::error::operation_aborted);
    }
    if (l->closed == closed) {
      at = stage::run;
      l->why.clear();
      auto& ssh = *l->ssh;
      auto* const what = command;
      auto& into = *reply;
      return ssh.async_execute(*what, into, std::move(self));
    }
    ec = asio::error::operation_aborted;
  }
  if (turn) l->route->commands_.give_back();
  self.complete(ec);
}

#ifdef HAVE_SSH
template <class Begin>
template <class Self>
void host_transport::file_op<Begin>::operator()(Self& self, std::error_code ec) {
  if (std::exchange(started, true)) return self.complete(l->ssh ? remote_job::errc::files_unavailable : ec);
  if (l->ssh || !l->direct) {
    l->why = "ssh runs commands only";
    return asio::post(std::move(self));
  }
  auto& direct = *l->direct;
  const auto call = begin;
  call(direct, std::move(self));
}
#endif

}  // namespace cli
