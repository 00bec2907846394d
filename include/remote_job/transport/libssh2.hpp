// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_TRANSPORT_LIBSSH2_HPP
#define REMOTE_JOB_TRANSPORT_LIBSSH2_HPP

#include <remote_job/command.hpp>
#include <remote_job/detail/asio/serial_executor.hpp>
#include <remote_job/file_status.hpp>
#include <remote_job/ssh/options/options.hpp>
#include <remote_job/ssh/own_connection.hpp>
#include <remote_job/ssh/session/connection_backend.hpp>
#include <remote_job/ssh/session_pool.hpp>

#include <asio/any_io_executor.hpp>
#include <asio/async_result.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <system_error>
#include <type_traits>
#include <utility>
#include <vector>

namespace remote_job::inline REMOTE_JOB_ABI {

/// A transport over SSH with libssh2. Uses its own connection or a shared one, and a separate channel for each command.
///
/// Where the OS policy knows how, commands are put to one shell that stays open on a channel of its own; see
/// `ssh_options::keep_shell`. For the others, the next channel is opened while a command runs. Either way a command costs
/// one round trip; it costs two if the server allows only one channel (MaxSessions 1). An unresponsive server is detected
/// during and between commands; see `ssh_options::keepalive`.
///
/// Thread safety: distinct objects are independent. Use one object and all its operations on get_executor(), which runs
/// one handler at a time: a strand, an io_context that one thread runs, or, given the executor of a thread pool, a strand
/// on that. A temporary helper thread decrypts private keys and waits for answers to the server's questions.
template <class Executor = asio::any_io_executor>
class basic_libssh2_transport {
  template <class Other>
  friend class basic_libssh2_transport;

  struct initiate_connect;
  struct initiate_execute;
  struct initiate_stat;
  struct initiate_read_file;

 public:
  using executor_type = Executor;
  using keeps_shell = basic_libssh2_transport;  ///< commands may be put to a shell that stays open; see transport

  /// The same transport with another type of executor.
  template <class Other>
  struct rebind_executor {
    using other = basic_libssh2_transport<Other>;
  };

  /// Uses its own connection. Opens nothing yet; async_connect() reports invalid options as `errc::invalid_argument`.
  basic_libssh2_transport(const executor_type& executor, ssh_options options)
      : executor_(detail::serial_executor(executor)),
        backend_(ssh::make_own_connection(executor_, std::make_shared<const ssh_options>(std::move(options)))) {}

  /// Shares the pool's connections with transports that have equal options; see `session_pool`. The executor must be
  /// the pool's, or the one that the pool was given. The transport may outlive the pool.
  basic_libssh2_transport(const executor_type& executor, const ssh_options& options, session_pool& pool)
      : basic_libssh2_transport(executor, std::make_shared<const ssh_options>(options), pool) {}
  basic_libssh2_transport(const executor_type& executor, std::shared_ptr<const ssh_options> options, session_pool& pool)
      : executor_(pool.executor_for(executor)), backend_(pool.share(std::move(options))) {}

  /// Converts from another type of executor. Used by `as_default_on` to set a default completion token.
  template <class Other>
  requires(!std::is_same_v<Other, Executor> && std::is_constructible_v<Executor, const Other&>)
      basic_libssh2_transport(basic_libssh2_transport<Other>&& other)
      : executor_(other.executor_), backend_(std::move(other.backend_)) {}

  /// A moved-from object can only be assigned to and destroyed. Assignment ends the target's outstanding operations.
  basic_libssh2_transport(basic_libssh2_transport&&) noexcept = default;
  basic_libssh2_transport& operator=(basic_libssh2_transport&& other) noexcept {
    if (this != &other) {
      close();
      executor_ = std::move(other.executor_);
      backend_ = std::move(other.backend_);
    }
    return *this;
  }

  /// Ends the connection, as close() does; outstanding operations complete.
  ~basic_libssh2_transport() { close(); }

  /// The executor of all operations: the one given, or a strand on it.
  executor_type get_executor() const noexcept { return executor_; }

  /// Connects and logs in. Closes an open connection first.
  ///
  /// Completion: `void(std::error_code)`. Terminal cancellation completes with `asio::error::operation_aborted`.
  /// Errors: `errc::resolve_failed` to `errc::connection_lost` and `errc::host_not_found` to `errc::passphrase_wrong`,
  /// and `errc::forwarding_refused`; diagnostics() says more. This object may be destroyed before the completion.
  template <asio::completion_token_for<void(std::error_code)> Token = asio::default_completion_token_t<executor_type>>
  auto async_connect(Token&& token = asio::default_completion_token_t<executor_type>())
      -> decltype(asio::async_initiate<Token, void(std::error_code)>(std::declval<initiate_connect>(), token)) {
    return asio::async_initiate<Token, void(std::error_code)>(initiate_connect{backend_}, token);
  }

  /// Runs one command. `command` and `reply` must stay in place until the completion. A reply of a shell that stays open
  /// has neither an exit status nor error output.
  ///
  /// Completion: `void(std::error_code)`; no error, whatever the command's exit status. Terminal cancellation completes
  /// with `asio::error::operation_aborted` and leaves the connection usable. The command may go on until it notices
  /// that its output is no longer read (libssh2 1.11 and newer make the host end it). Errors: `errc::connection_lost`,
  /// `open_timeout`, `channel_refused`, `command_refused`, `service_refused`, `reply_too_long`; `invalid_argument` for a
  /// command longer than 30000 bytes. On an error, the reply holds what had arrived by then.
  template <asio::completion_token_for<void(std::error_code)> Token = asio::default_completion_token_t<executor_type>>
  auto async_execute(const remote_command& command, command_reply& reply,
                     Token&& token = asio::default_completion_token_t<executor_type>())
      -> decltype(asio::async_initiate<Token, void(std::error_code)>(std::declval<initiate_execute>(), token, &command,
                                                                     &reply)) {
    return asio::async_initiate<Token, void(std::error_code)>(initiate_execute{backend_}, token, &command, &reply);
  }

  /// Gets the status of a file. `path` and `status` must stay in place until the completion.
  ///
  /// Uses SFTP on one channel, which is opened at the first use. Any number of these operations and of
  /// async_read_file() may be outstanding; those started together take one round trip. SFTP has no inode numbers, so
  /// the identity is 0.
  ///
  /// Completion: `void(std::error_code)`. Terminal cancellation completes with `asio::error::operation_aborted` and
  /// does not affect the connection or other operations. Errors: `std::errc::no_such_file_or_directory`,
  /// `permission_denied`, `io_error`; `errc::files_unavailable` if the server has no SFTP, which is checked once per
  /// connection, for at most `ssh_timeouts::files`; `errc::connection_lost`, `open_timeout`, `reply_malformed`;
  /// `channel_refused` if commands that do not end hold all channels that the server allows; `invalid_argument` for an
  /// invalid path.
  template <asio::completion_token_for<void(std::error_code)> Token = asio::default_completion_token_t<executor_type>>
  auto async_stat(const std::string& path, file_status& status,
                  Token&& token = asio::default_completion_token_t<executor_type>())
      -> decltype(asio::async_initiate<Token, void(std::error_code)>(std::declval<initiate_stat>(), token, &path,
                                                                     &status)) {
    return asio::async_initiate<Token, void(std::error_code)>(initiate_stat{backend_}, token, &path, &status);
  }

  /// Replaces `out` with up to `max` bytes of a file, starting at `offset`. `path` and `out` must stay in place until
  /// the completion.
  ///
  /// The file stays open on the host for up to a minute, so reading it again takes one round trip. If the path then
  /// names another file, that one is read. Large ranges are read in overlapping requests.
  ///
  /// Completion and cancellation are as for async_stat(). Errors: those of async_stat(), and
  /// `std::errc::is_a_directory`.
  template <asio::completion_token_for<void(std::error_code)> Token = asio::default_completion_token_t<executor_type>>
  auto async_read_file(const std::string& path, std::uint64_t offset, std::size_t max, std::string& out,
                       Token&& token = asio::default_completion_token_t<executor_type>())
      -> decltype(asio::async_initiate<Token, void(std::error_code)>(std::declval<initiate_read_file>(), token, &path,
                                                                     offset, max, &out)) {
    return asio::async_initiate<Token, void(std::error_code)>(initiate_read_file{backend_}, token, &path, offset, max,
                                                              &out);
  }

  /// Ends the connection at once, without notifying the server; never blocks. Outstanding operations complete soon with
  /// `asio::error::operation_aborted`. May be called at any time. A shared connection goes back to the pool and stays
  /// open.
  void close() noexcept {
    if (backend_) backend_->close();
  }

  /// Describes the last error: user, host, port, step and cause. Contains no secrets.
  std::string diagnostics() const { return backend_ ? backend_->diagnostics() : std::string(); }

  /// Whose login shell runs the commands.
  remote_account account() const { return backend_ ? backend_->account() : remote_account(); }

  /// Problems found while connecting that are not errors, such as damaged known-hosts lines, for people.
  std::vector<std::string> notices() const { return backend_ ? backend_->notices() : std::vector<std::string>(); }

 private:
  struct initiate_connect {
    template <class Handler>
    void operator()(Handler&& handler) const {
      self->connect(detail::any_completion(std::forward<Handler>(handler), self->get_executor()));
    }

    std::shared_ptr<ssh::connection_backend> self;
  };

  struct initiate_execute {
    template <class Handler>
    void operator()(Handler&& handler, const remote_command* command, command_reply* reply) const {
      self->execute(*command, *reply, detail::any_completion(std::forward<Handler>(handler), self->get_executor()));
    }

    std::shared_ptr<ssh::connection_backend> self;
  };

  struct initiate_stat {
    template <class Handler>
    void operator()(Handler&& handler, const std::string* path, file_status* status) const {
      self->stat(*path, *status, detail::any_completion(std::forward<Handler>(handler), self->get_executor()));
    }

    std::shared_ptr<ssh::connection_backend> self;
  };

  struct initiate_read_file {
    template <class Handler>
    void operator()(Handler&& handler, const std::string* path, std::uint64_t offset, std::size_t max,
                    std::string* out) const {
      self->read_file(*path, offset, max, *out,
                      detail::any_completion(std::forward<Handler>(handler), self->get_executor()));
    }

    std::shared_ptr<ssh::connection_backend> self;
  };

  executor_type executor_;
  std::shared_ptr<ssh::connection_backend> backend_;
};

/// The transport over SSH for any executor type.
using libssh2_transport = basic_libssh2_transport<>;

}  // namespace remote_job::inline REMOTE_JOB_ABI

#endif
