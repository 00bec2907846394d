// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_SSH_CONNECT_CONNECT_HPP
#define REMOTE_JOB_SSH_CONNECT_CONNECT_HPP

#include <remote_job/detail/asio/any_completion.hpp>
#include <remote_job/ssh/connect/dialer.hpp>
#include <remote_job/ssh/connect/host_key.hpp>
#include <remote_job/ssh/connect/tcp_stream.hpp>
#include <remote_job/ssh/connect/tunnel.hpp>
#include <remote_job/ssh/login/authenticate.hpp>
#include <remote_job/ssh/options/options.hpp>
#include <remote_job/ssh/session/session.hpp>

#include <asio/any_io_executor.hpp>
#include <asio/error.hpp>
#include <asio/steady_timer.hpp>

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

namespace remote_job::inline REMOTE_JOB_ABI::ssh {

/// What connecting leaves behind.
struct connection {
  std::shared_ptr<ssh::session> session;  ///< ready for channels
  std::string diagnostics;                ///< when it failed: host, step and why
  std::vector<std::string> notices;       ///< what is odd in the known-hosts files, and what was added
};

/// Connects to one host: address, TCP, or a tunnel through another host; identification, key exchange, host key,
/// authentication; each with its time-out.
class connector final : public operation, public dialer::user, public std::enable_shared_from_this<connector> {
 public:
  REMOTE_JOB_DECL connector(const asio::any_io_executor& executor, std::shared_ptr<const ssh_options> options,
                            std::shared_ptr<connection> result);

  REMOTE_JOB_DECL void start(detail::any_completion completion);

  /// Completes with `operation_aborted`, or with another error that ended it.
  REMOTE_JOB_DECL void cancel();

  /// Completes with `operation_aborted` when nobody is calling through the cancellation slot.
  void close() { finish(asio::error::operation_aborted, "closed"); }

 private:
  enum class stage { resolve, connect, banner, handshake, authentication };

  /// An address of IPv6 in brackets is that without them.
  REMOTE_JOB_DECL static std::shared_ptr<const ssh_options> without_brackets(
      std::shared_ptr<const ssh_options> options);
  REMOTE_JOB_DECL void begin();

  /// Connects to the last of the jump hosts, itself through those before it.
  REMOTE_JOB_DECL void jump();
  REMOTE_JOB_DECL void jumped(std::error_code ec);
  REMOTE_JOB_DECL void resolve();
  REMOTE_JOB_DECL void on_resolved(std::error_code ec) override;
  REMOTE_JOB_DECL void dial();
  REMOTE_JOB_DECL void on_dialled(std::error_code ec) override;

  /// The rest is SSH, over any stream.
  REMOTE_JOB_DECL void greet(std::unique_ptr<byte_stream> stream);
  REMOTE_JOB_DECL void prefer_host_keys();
  REMOTE_JOB_DECL void step() override;
  REMOTE_JOB_DECL void on_end(std::error_code ec) override;
  REMOTE_JOB_DECL void drop() noexcept override;
  REMOTE_JOB_DECL void handshake_failed(int rc);

  /// False when it is over, or begun anew.
  REMOTE_JOB_DECL bool check_host_key();

  /// What was read of the known-hosts files has been noted before.
  REMOTE_JOB_DECL void note_added_key();

  /// A fingerprint does not tell the type of its key, and a server shows only the one asked for: when it is not that of
  /// the key shown, the others are looked at, one connection each.
  REMOTE_JOB_DECL bool try_other_host_key();
  REMOTE_JOB_DECL void enter(stage next, duration allowed, errc error);
  REMOTE_JOB_DECL void on_time(std::error_code ec);
  REMOTE_JOB_DECL void finish(std::error_code ec, std::string_view why);
  REMOTE_JOB_DECL static std::string host_and_port(const ssh_options& o);
  REMOTE_JOB_DECL static std::string milliseconds_of(duration d);
  REMOTE_JOB_DECL std::string where() const;

  asio::any_io_executor executor_;
  std::shared_ptr<const ssh_options> options_;
  std::shared_ptr<connection> result_;
  dialer dialer_;
  asio::steady_timer timer_;
  host_key_checker host_key_;
  detail::any_completion completion_;
  std::string user_;
  std::optional<stage> stage_;
  duration allowed_{};
  errc too_late_ = errc::connect_timeout;
  std::weak_ptr<connector> hop_;       // shared by its own handlers only
  std::shared_ptr<connection> below_;  // of the last jump host, until there is a tunnel over it
  std::size_t noted_ = 0;
  bool cancelled_ = false;
  std::shared_ptr<session> session_;
  std::optional<authenticator> authenticator_;
  std::vector<std::string> supported_;
  std::vector<std::string> seen_types_;
  std::string only_host_key_;
};

}  // namespace remote_job::inline REMOTE_JOB_ABI::ssh

#if !defined(REMOTE_JOB_SEPARATE_COMPILATION)
#include <remote_job/ssh/connect/impl/connect.ipp>
#endif

#endif
