// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_SSH_POOL_ENDPOINT_POOL_HPP
#define REMOTE_JOB_SSH_POOL_ENDPOINT_POOL_HPP

#include <remote_job/detail/asio/shutdown_list.hpp>
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

namespace remote_job::inline v0::ssh {

/// Who shares the sessions of an endpoint.
class pool_user {
 public:
  virtual void on_lease(std::error_code ec) = 0;
  virtual void on_grant(const pooled_session& link) = 0;
  virtual void on_refuse(std::error_code ec) = 0;

 protected:
  ~pool_user() = default;
};

/// The sessions to one endpoint: carries out what the rules say, and decides nothing.
class endpoint_pool final : public handshaker,
                        public pool_link_owner,
                        private detail::shutdown_listener,
                        public std::enable_shared_from_this<endpoint_pool> {
 public:
  using number = detail::pool_rules::number;

  endpoint_pool(const asio::any_io_executor& executor, std::shared_ptr<const ssh_options> options,
            const detail::pool_limits& limits, std::shared_ptr<connect_throttle> handshakes)
      : shutdown_listener(executor),
        executor_(executor),
        options_(std::move(options)),
        handshakes_(std::move(handshakes)),
        rules_(limits),
        timer_(std::in_place, executor) {}

  const std::shared_ptr<const ssh_options>& options() const noexcept { return options_; }
  const asio::any_io_executor& get_executor() const noexcept { return executor_; }

  std::size_t sessions() const noexcept { return links_.size(); }
  std::uint64_t connects() const noexcept { return connects_; }
  /// Of the last attempt to connect.
  const connection& last_attempt() const noexcept { return *result_; }
  /// Why there is no session, if there was one.
  const std::string& lost_why() const noexcept { return lost_why_; }

  /// A number for something that a user is about to ask for. The user lives until it has the answer, or forget().
  number ticket(pool_user& user) {
    users_.emplace(++last_ticket_, &user);
    return last_ticket_;
  }
  void seek(number ticket) {
    tell([&](duration now) { rules_.seek(ticket, now); });
  }
  void queue(number ticket) {
    for (const auto& [session, link] : links_) look_at(*link);  // nobody looked while nobody waited
    tell([&](duration now) { rules_.queue(ticket, now); });
  }
  void forget(number ticket) {
    users_.erase(ticket);
    tell([&](duration now) { rules_.forget(ticket, now); });
  }
  void refused(number ticket, pool_user& user, number session) {
    users_.emplace(ticket, &user);
    if (const auto link = find(session)) look_at(*link);
    tell([&](duration now) { rules_.refused(ticket, session, now); });
  }
  void done(number session) {
    if (const auto link = find(session)) look_at(*link);
    tell([&](duration now) { rules_.done(session, now); });
  }
  void doubt(number session) {
    tell([&](duration now) { rules_.doubt(session, now); });
  }
  void leave() {
    tell([&](duration now) { rules_.leave(now); });
  }

  /// The session that files are read over; null: there is none.
  std::shared_ptr<pooled_session> for_files() {
    const auto found = links_.find(rules_.common());
    if (found == links_.end()) return nullptr;
    rules_.sharing(found->first, found->second->known_sharing = 1, now());
    return found->second;
  }

  /// Ends what one asks of files, over whichever session.
  void cancel_files(const sftp_user& user) {
    for (const auto& link : all()) link->cancel_files(user);
  }

  void keep(duration idle) {
    tell([&](duration now) { rules_.keep(idle, now); });
  }
  void end() {
    tell([&](duration now) { rules_.end(now); });
  }

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
    // What is done may tell more at once: that is done after it.
    if (std::exchange(acting_, true)) return;
    while (const auto next = rules_.next()) act(*next);
    acting_ = false;
    arm();
  }

  void act(const action& next) {
    switch (next.kind) {
      case action_kind::connect: wanted_ = next.session; return handshakes_->enter(first_host(), weak_from_this());
      case action_kind::abandon:
        wanted_ = 0;
        if (const auto connecting = connecting_.lock()) connecting->close();
        return;
      case action_kind::prove:
        if (const auto link = find(next.session)) link->prove();
        return;
      case action_kind::close: return close(next);
      case action_kind::lease:
        if (auto* user = take(next.user)) user->on_lease(next.error);
        return;
      case action_kind::grant:
        if (auto* user = take(next.user))
          if (const auto link = find(next.session)) user->on_grant(*link);
        return;
      case action_kind::refuse:
        if (auto* user = take(next.user)) user->on_refuse(next.error);
        return;
      case action_kind::move: return move(find(next.session), find(next.to));
    }
  }

  void move(const std::shared_ptr<pooled_session>& from, const std::shared_ptr<pooled_session>& to) {
    if (!from || !to) return;
    to->known_sharing += std::exchange(from->known_sharing, 0);
    from->move_files(*to, options_->timeouts.files);
  }

  void close(const action& next) {
    const auto link = find(next.session);
    links_.erase(next.session);
    if (!link) return;
    if (next.error)
      lost_why_ = next.error == errc::channel_refused
                      ? "what does not end on the host has all channels that the server allows"
                      : "something failed, and the server then gave no sign of life";
    link->close(next.error ? next.error : std::error_code(asio::error::operation_aborted),
                next.error ? lost_why_ : "closed");
  }

  // --- connecting

  /// Where the TCP connection goes.
  const std::string& first_host() const {
    const auto* first = options_.get();
    while (!first->jump_hosts.empty()) first = &first->jump_hosts.front();
    return first->host;
  }

  bool on_turn() override {
    if (wanted_ == 0 || !connecting_.expired()) return false;
    ++connects_;
    const auto result = std::make_shared<connection>();
    const auto attempt = std::make_shared<connector>(executor_, options_, result);
    connecting_ = attempt;
    attempt->start(detail::any_completion([self = shared_from_this(), result, number = wanted_](
                                              std::error_code ec) { self->on_connected(number, ec, result); },
                                          executor_));
    return true;
  }

  void on_connected(number session, std::error_code ec, const std::shared_ptr<connection>& result) {
    connecting_.reset();
    if (session == wanted_) {
      wanted_ = 0;
      result_ = result;
      if (!ec) {
        const auto link = std::make_shared<pooled_session>(session, shared_from_this(), std::move(result->session));
        links_.emplace(session, link);
        link->attend();
      }
      tell([&](duration now) { rules_.connected(ec, now); });
    } else if (const auto late = std::exchange(result->session, nullptr)) {
      late->kill(asio::error::operation_aborted, "not needed any more");
    }
    handshakes_->leave(first_host());
    if (wanted_ != 0 && connecting_.expired()) handshakes_->enter(first_host(), weak_from_this());
  }

  // --- what the sessions say

  void on_link_step(pooled_session& link) override {
    const bool proved = link.take_proof();
    const std::size_t sharing = link.files_are_busy() ? 1 : 0;
    const bool starving = link.files_starve();
    if (!proved && sharing == link.known_sharing && starving == link.known_starving && !rules_.somebody_waits()) return;
    link.known_sharing = sharing;
    link.known_starving = starving;
    tell([&](duration now) {
      rules_.sharing(link.number(), sharing, now);
      rules_.starving(link.number(), starving, now);
      look_at(link);
      if (proved) rules_.proved(link.number(), now);
    });
  }

  void on_link_end(pooled_session& link, std::error_code ec, const std::string& why) override {
    const auto hold = shared_from_this();
    if (links_.erase(link.number()) == 0) return;  // closed from here
    lost_why_ = why;
    tell([&](duration now) { rules_.lost(link.number(), ec, now); });
  }

  void look_at(const pooled_session& link) {
    if (link.over()) rules_.closing(link.number(), link.over()->closing(), now());
  }

  std::vector<std::shared_ptr<pooled_session>> all() const {
    std::vector<std::shared_ptr<pooled_session>> found;
    found.reserve(links_.size());
    for (const auto& [session, link] : links_) found.push_back(link);
    return found;
  }

  std::shared_ptr<pooled_session> find(number session) const {
    const auto found = links_.find(session);
    return found == links_.end() ? nullptr : found->second;
  }

  pool_user* take(number ticket) {
    const auto found = users_.find(ticket);
    if (found == users_.end()) return nullptr;
    auto* user = found->second;
    users_.erase(found);
    return user;
  }

  /// The execution context is being destroyed; the users and the pool may stay.
  void on_shutdown() noexcept override {
    timer_.reset();
    links_.clear();
    users_.clear();
  }

  // --- time

  void arm() {
    const auto due = rules_.due();
    if (due == armed_) return;
    armed_ = due;
    if (!due) return static_cast<void>(timer_->cancel());
    timer_->expires_at(clock::time_point(std::chrono::duration_cast<clock::duration>(*due)));
    timer_->async_wait([weak = weak_from_this(), due](std::error_code ec) {
      const auto self = weak.lock();
      if (ec || !self || self->armed_ != due) return;
      self->armed_.reset();
      self->tell([&](duration now) { self->rules_.tick(now); });
    });
  }

  asio::any_io_executor executor_;
  std::shared_ptr<const ssh_options> options_;
  std::shared_ptr<connect_throttle> handshakes_;
  detail::pool_rules rules_;
  std::optional<asio::steady_timer> timer_;
  std::optional<duration> armed_;

  std::unordered_map<number, std::shared_ptr<pooled_session>> links_;
  std::unordered_map<number, pool_user*> users_;
  number last_ticket_ = 0;

  number wanted_ = 0;  // the session that is to be connected
  std::weak_ptr<connector> connecting_;
  std::shared_ptr<connection> result_ = std::make_shared<connection>();
  std::uint64_t connects_ = 0;
  std::string lost_why_;
  bool acting_ = false;
};

}  // namespace remote_job::inline v0::ssh

#endif
