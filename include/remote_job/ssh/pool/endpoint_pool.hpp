// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_SSH_POOL_ENDPOINT_POOL_HPP
#define REMOTE_JOB_SSH_POOL_ENDPOINT_POOL_HPP

#include <remote_job/detail/asio/shutdown_list.hpp>
#include <remote_job/error.hpp>
#include <remote_job/ssh/connect/connect.hpp>
#include <remote_job/ssh/options/options.hpp>
#include <remote_job/ssh/pool/connect_throttle.hpp>
#include <remote_job/ssh/pool/pool_rules.hpp>
#include <remote_job/ssh/pool/pooled_session.hpp>

#include <asio/any_io_executor.hpp>
#include <asio/steady_timer.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <system_error>
#include <unordered_map>
#include <utility>
#include <vector>

namespace remote_job::inline REMOTE_JOB_ABI::ssh {

/// A user of the sessions to an endpoint.
class pool_user {
 public:
  virtual void on_lease(std::error_code ec) = 0;
  virtual void on_grant(const pooled_session& link) = 0;
  virtual void on_refuse(std::error_code ec) = 0;

 protected:
  ~pool_user() = default;
};

/// The sessions to one endpoint. Carries out the decisions of pool_rules and makes none of its own.
class endpoint_pool final : public handshaker,
                            public pool_link_owner,
                            private detail::shutdown_listener,
                            public std::enable_shared_from_this<endpoint_pool> {
 public:
  using number = detail::pool_rules::number;

  REMOTE_JOB_DECL endpoint_pool(const asio::any_io_executor& executor, std::shared_ptr<const ssh_options> options,
                                const detail::pool_limits& limits, std::shared_ptr<connect_throttle> handshakes);

  const std::shared_ptr<const ssh_options>& options() const noexcept { return options_; }
  const asio::any_io_executor& get_executor() const noexcept { return executor_; }

  std::size_t sessions() const noexcept { return links_.size(); }
  std::uint64_t connects() const noexcept { return connects_; }
  /// The last attempt to connect.
  const connection& last_attempt() const noexcept { return *result_; }
  /// Why the last session was lost, if there was one.
  const std::string& lost_why() const noexcept { return lost_why_; }
  /// The error that belongs to lost_why().
  const std::error_code& lost_error() const noexcept { return lost_error_; }

  /// Returns a number for a request that a user is about to make. The user must live until the answer or forget().
  REMOTE_JOB_DECL number ticket(pool_user& user);
  REMOTE_JOB_DECL void seek(number ticket);
  REMOTE_JOB_DECL void queue(number ticket);
  REMOTE_JOB_DECL void forget(number ticket);
  REMOTE_JOB_DECL void refused(number ticket, pool_user& user, number session);
  REMOTE_JOB_DECL void done(number session);
  REMOTE_JOB_DECL void doubt(number session);
  REMOTE_JOB_DECL void leave();

  /// The session to read files over, or to ask a shell on; null if there is none.
  REMOTE_JOB_DECL std::shared_ptr<pooled_session> for_sharing();

  /// Cancels the file operations of one user on all sessions.
  REMOTE_JOB_DECL void cancel_files(const sftp_user& user);
  REMOTE_JOB_DECL void keep(duration idle);
  REMOTE_JOB_DECL void end();

 private:
  using clock = std::chrono::steady_clock;
  using action = detail::pool_rules::action;
  using action_kind = detail::pool_rules::action_kind;

  static duration now() { return clock::now().time_since_epoch(); }

  template <class Input>
  void tell(Input input) {
    if (!timer_) return;  // the execution context is gone
    const auto hold = shared_from_this();
    input(now());
    // An action may report new input. Queue it until the current action is done.
    if (std::exchange(acting_, true)) return;
    while (const auto next = rules_.next()) act(*next);
    acting_ = false;
    arm();
  }

  REMOTE_JOB_DECL void act(const action& next);
  REMOTE_JOB_DECL void move(const std::shared_ptr<pooled_session>& from, const std::shared_ptr<pooled_session>& to);
  REMOTE_JOB_DECL void close(const action& next);

  // --- connecting

  /// The host that the TCP connection goes to.
  REMOTE_JOB_DECL const std::string& first_host() const;
  REMOTE_JOB_DECL bool on_turn() override;
  REMOTE_JOB_DECL void on_connected(number session, std::error_code ec, const std::shared_ptr<connection>& result);

  // --- what the sessions say

  REMOTE_JOB_DECL void on_link_step(pooled_session& link) override;
  REMOTE_JOB_DECL void on_link_end(pooled_session& link, std::error_code ec, const std::string& why) override;
  REMOTE_JOB_DECL void look_at(const pooled_session& link);
  REMOTE_JOB_DECL std::vector<std::shared_ptr<pooled_session>> all() const;
  REMOTE_JOB_DECL std::shared_ptr<pooled_session> find(number session) const;
  REMOTE_JOB_DECL pool_user* take(number ticket);

  /// The execution context is being destroyed; users and the pool may outlive it.
  REMOTE_JOB_DECL void on_shutdown() noexcept override;

  // --- time

  REMOTE_JOB_DECL void arm();

  asio::any_io_executor executor_;
  std::shared_ptr<const ssh_options> options_;
  std::shared_ptr<connect_throttle> handshakes_;
  detail::pool_rules rules_;
  std::optional<asio::steady_timer> timer_;
  std::optional<duration> armed_;

  std::unordered_map<number, std::shared_ptr<pooled_session>> links_;
  std::unordered_map<number, pool_user*> users_;
  number last_ticket_ = 0;

  number wanted_ = 0;  // the session to connect
  std::weak_ptr<connector> connecting_;
  std::shared_ptr<connection> result_ = std::make_shared<connection>();
  std::uint64_t connects_ = 0;
  std::string lost_why_;
  std::error_code lost_error_ = errc::connection_lost;
  bool acting_ = false;
};

}  // namespace remote_job::inline REMOTE_JOB_ABI::ssh

#if !defined(REMOTE_JOB_SEPARATE_COMPILATION)
#include <remote_job/ssh/pool/impl/endpoint_pool.ipp>
#endif

#endif
