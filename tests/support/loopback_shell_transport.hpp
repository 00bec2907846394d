// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#pragma once

#include <remote_job/detail/asio/any_completion.hpp>
#include <remote_job/kept_shell/detail/kept_shell.hpp>
#include <remote_job/transport/loopback.hpp>

#include <asio/async_result.hpp>
#include <asio/bind_cancellation_slot.hpp>
#include <asio/cancellation_signal.hpp>
#include <asio/error.hpp>
#include <asio/post.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <system_error>
#include <utility>

/// A loopback_transport whose commands may go to a shell that stays open. The shell is the library's, up to its input and
/// output; behind these the host executes each command, with its latency and its faults, in virtual time. Output without
/// the end mark is all that came before the shell ended.
///
/// The shell's own limits are in real time: here they are never reached.
class loopback_shell_transport {
  struct link : std::enable_shared_from_this<link> {
    link(const remote_job::loopback_transport::executor_type& executor, remote_job::loopback_host& host, bool keep)
        : direct(executor, host), keep_shell(keep) {
      const remote_job::detail::shell_limits none{std::chrono::hours(1), std::chrono::hours(1)};
      if (keep) shell = std::make_shared<remote_job::detail::kept_shell>(executor, none);
      user = std::make_shared<remote_job::detail::shell_user>(
          [this](const remote_job::remote_command&, remote_job::command_reply& reply,
                 remote_job::detail::any_completion done) {
            const auto slot = done.slot();
            direct.async_execute(
                plain, reply, asio::bind_cancellation_slot(slot, [done = std::move(done)](std::error_code ec) mutable {
                  done.post(ec);
                }));
          });
    }
    link(const link&) = delete;
    link& operator=(const link&) = delete;
    ~link() { user->leave(); }

    void execute(const remote_job::remote_command& command, remote_job::command_reply& reply,
                 remote_job::detail::any_completion done);
    void close() noexcept {
      user->leave();
      if (shell) shell->close(asio::error::operation_aborted, "closed");
      direct.close();
    }

    remote_job::loopback_transport direct;
    bool keep_shell;
    std::shared_ptr<remote_job::detail::kept_shell> shell;
    std::shared_ptr<remote_job::detail::shell_user> user;
    remote_job::remote_command plain;  // as the policy wrote it
    remote_job::remote_command asked;  // the same for the shell
  };

  /// The shell on the host. What it is to do is the plain command of the link.
  class pipe final : public remote_job::detail::shell_pipe, public std::enable_shared_from_this<pipe> {
   public:
    explicit pipe(const std::shared_ptr<link>& l) : link_(l) {}

    void open(const std::string&) override { open_ = true; }
    void write() override {
      const auto l = link_.lock();
      input_ += l->shell->output();
      l->shell->sent(l->shell->output().size());
      asio::post(l->direct.get_executor(), [self = shared_from_this()] { self->read(); });
    }
    void close() noexcept override {
      open_ = busy_ = false;
      input_.clear();
      ++generation_;
      running_.emit(asio::cancellation_type::terminal);
    }

   private:
    void read() {
      const auto l = link_.lock();
      while (l && open_ && !busy_ && !input_.empty()) {
        const auto line = input_.substr(0, input_.find('\n'));
        input_.erase(0, line.size() + 1);
        if (line == "prelude") l->shell->received("motd\nready\n");
        if (line == "go" || line == "run") execute(*l);
      }
    }
    void execute(link& l) {
      busy_ = true;
      const auto reply = std::make_shared<remote_job::command_reply>();
      const auto command = std::make_shared<remote_job::remote_command>(l.plain);
      l.direct.async_execute(
          *command, *reply,
          asio::bind_cancellation_slot(running_.slot(), [self = shared_from_this(), generation = generation_, command,
                                                         reply](std::error_code ec) {
            if (generation == self->generation_) self->executed(ec, *command, *reply);
          }));
    }
    void executed(std::error_code ec, const remote_job::remote_command& command,
                  const remote_job::command_reply& reply) {
      const auto l = link_.lock();
      if (!l) return;
      busy_ = false;
      if (ec) return l->shell->lost(ec, l->direct.diagnostics());
      l->shell->received(reply.output);
      if (!reply.output.ends_with(command.end_mark)) return l->shell->ended();
      read();
    }

    std::weak_ptr<link> link_;
    std::string input_;
    bool open_ = false;
    bool busy_ = false;
    std::uint64_t generation_ = 0;
    asio::cancellation_signal running_;
  };

  struct initiate_execute {
    std::shared_ptr<link> l;

    template <class Handler>
    void operator()(Handler&& handler, const remote_job::remote_command* command,
                    remote_job::command_reply* reply) const {
      if (!l->keep_shell) return l->direct.async_execute(*command, *reply, std::forward<Handler>(handler));
      l->execute(*command, *reply,
                 remote_job::detail::any_completion(std::forward<Handler>(handler), l->direct.get_executor()));
    }
  };

 public:
  using executor_type = remote_job::loopback_transport::executor_type;
  using timer_type = remote_job::loopback_transport::timer_type;

  loopback_shell_transport(const executor_type& executor, remote_job::loopback_host& host, bool keep_shell = false)
      : link_(std::make_shared<link>(executor, host, keep_shell)) {}
  loopback_shell_transport(loopback_shell_transport&&) = default;
  loopback_shell_transport& operator=(loopback_shell_transport&&) = default;
  ~loopback_shell_transport() {
    if (link_) link_->close();
  }

  executor_type get_executor() const noexcept { return link_->direct.get_executor(); }
  auto now() const noexcept { return link_->direct.now(); }
  auto wall_now() const noexcept { return link_->direct.wall_now(); }
  const std::string& diagnostics() const noexcept { return link_->direct.diagnostics(); }
  void close() noexcept { link_->close(); }

  template <class Token>
  auto async_connect(Token&& token)
      -> decltype(std::declval<remote_job::loopback_transport&>().async_connect(std::forward<Token>(token))) {
    return link_->direct.async_connect(std::forward<Token>(token));
  }
  template <asio::completion_token_for<void(std::error_code)> Token>
  auto async_execute(const remote_job::remote_command& command, remote_job::command_reply& reply, Token&& token)
      -> decltype(asio::async_initiate<Token, void(std::error_code)>(std::declval<initiate_execute>(), token, &command,
                                                                     &reply)) {
    return asio::async_initiate<Token, void(std::error_code)>(initiate_execute{link_}, token, &command, &reply);
  }
  template <class Token>
  auto async_stat(const std::string& path, remote_job::file_status& status, Token&& token)
      -> decltype(std::declval<remote_job::loopback_transport&>().async_stat(path, status,
                                                                             std::forward<Token>(token))) {
    return link_->direct.async_stat(path, status, std::forward<Token>(token));
  }
  template <class Token>
  auto async_read_file(const std::string& path, std::uint64_t offset, std::size_t max, std::string& out, Token&& token)
      -> decltype(std::declval<remote_job::loopback_transport&>().async_read_file(path, offset, max, out,
                                                                                  std::forward<Token>(token))) {
    return link_->direct.async_read_file(path, offset, max, out, std::forward<Token>(token));
  }

 private:
  std::shared_ptr<link> link_;
};

inline void loopback_shell_transport::link::execute(const remote_job::remote_command& command,
                                                    remote_job::command_reply& reply,
                                                    remote_job::detail::any_completion done) {
  plain = asked = command;
  if (command.command == "poll")
    asked.shell = {"prelude\n", "\nready\n", "ask\n", "go\n"};
  else
    asked.shell = {"prelude\n", "\nready\n", "run\n", {}};
  asked.command = "shell";  // one for all
  if (!shell->attached()) shell->use(std::make_shared<pipe>(shared_from_this()));
  user->execute(shell, asked, reply, std::move(done));
}
