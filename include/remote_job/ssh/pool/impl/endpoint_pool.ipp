// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_SSH_POOL_IMPL_ENDPOINT_POOL_IPP
#define REMOTE_JOB_SSH_POOL_IMPL_ENDPOINT_POOL_IPP

#include <remote_job/detail/asio/shutdown_list.hpp>
#include <remote_job/error.hpp>
#include <remote_job/ssh/connect/connect.hpp>
#include <remote_job/ssh/options/options.hpp>
#include <remote_job/ssh/pool/connect_throttle.hpp>
#include <remote_job/ssh/pool/endpoint_pool.hpp>
#include <remote_job/ssh/pool/pool_rules.hpp>
#include <remote_job/ssh/pool/pooled_session.hpp>

#include <asio/any_io_executor.hpp>

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

namespace remote_job::inline REMOTE_JOB_ABI::ssh {

endpoint_pool::endpoint_pool(const asio::any_io_executor& executor, std::shared_ptr<const ssh_options> options,
                             const detail::pool_limits& limits, std::shared_ptr<connect_throttle> handshakes)
    : shutdown_listener(executor),
      executor_(executor),
      options_(std::move(options)),
      handshakes_(std::move(handshakes)),
      rules_(limits),
      timer_(std::in_place, executor) {}

auto endpoint_pool::ticket(pool_user& user) -> number {
  users_.emplace(++last_ticket_, &user);
  return last_ticket_;
}

void endpoint_pool::seek(number ticket) {
  tell([&](duration now) { rules_.seek(ticket, now); });
}

void endpoint_pool::queue(number ticket) {
  for (const auto& [session, link] : links_) look_at(*link);  // changes are not tracked while no user waits
  tell([&](duration now) { rules_.queue(ticket, now); });
}

void endpoint_pool::forget(number ticket) {
  users_.erase(ticket);
  tell([&](duration now) { rules_.forget(ticket, now); });
}

void endpoint_pool::refused(number ticket, pool_user& user, number session) {
  users_.emplace(ticket, &user);
  if (const auto link = find(session)) look_at(*link);
  tell([&](duration now) { rules_.refused(ticket, session, now); });
}

void endpoint_pool::done(number session) {
  if (const auto link = find(session)) look_at(*link);
  tell([&](duration now) { rules_.done(session, now); });
}

void endpoint_pool::doubt(number session) {
  tell([&](duration now) { rules_.doubt(session, now); });
}

void endpoint_pool::leave() {
  tell([&](duration now) { rules_.leave(now); });
}

std::shared_ptr<pooled_session> endpoint_pool::for_sharing() {
  const auto found = links_.find(rules_.common());
  if (found == links_.end()) return nullptr;
  rules_.sharing(found->first, found->second->known_sharing = 1, now());
  return found->second;
}

void endpoint_pool::cancel_files(const sftp_user& user) {
  for (const auto& link : all()) link->cancel_files(user);
}

void endpoint_pool::keep(duration idle) {
  tell([&](duration now) { rules_.keep(idle, now); });
}

void endpoint_pool::end() {
  tell([&](duration now) { rules_.end(now); });
}

void endpoint_pool::act(const action& next) {
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

void endpoint_pool::move(const std::shared_ptr<pooled_session>& from, const std::shared_ptr<pooled_session>& to) {
  if (!from || !to) return;
  to->known_sharing += std::exchange(from->known_sharing, 0);
  from->move_files(*to, options_->timeouts.files);
}

void endpoint_pool::close(const action& next) {
  const auto link = find(next.session);
  links_.erase(next.session);
  if (!link) return;
  if (next.error) {
    lost_error_ = errc::connection_lost;
    lost_why_ = next.error == errc::channel_refused
                    ? "what does not end on the host has all channels that the server allows"
                    : "something failed, and the server then gave no sign of life";
  }
  link->close(next.error ? next.error : std::error_code(asio::error::operation_aborted),
              next.error ? lost_why_ : "closed");
}

const std::string& endpoint_pool::first_host() const {
  const auto* first = options_.get();
  while (!first->jump_hosts.empty()) first = &first->jump_hosts.front();
  return first->host;
}

bool endpoint_pool::on_turn() {
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

void endpoint_pool::on_connected(number session, std::error_code ec, const std::shared_ptr<connection>& result) {
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

void endpoint_pool::on_link_step(pooled_session& link) {
  const bool proved = link.take_proof();
  const std::size_t sharing = link.files_are_busy() || link.shell_is_busy() ? 1 : 0;
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

void endpoint_pool::on_link_end(pooled_session& link, std::error_code ec, const std::string& why) {
  const auto hold = shared_from_this();
  if (links_.erase(link.number()) == 0) return;  // closed from here
  lost_why_ = why;
  lost_error_ = ec == asio::error::operation_aborted ? std::error_code(errc::connection_lost) : ec;
  tell([&](duration now) { rules_.lost(link.number(), ec, now); });
}

void endpoint_pool::look_at(const pooled_session& link) {
  if (link.over()) rules_.closing(link.number(), link.over()->closing(), now());
}

std::vector<std::shared_ptr<pooled_session>> endpoint_pool::all() const {
  std::vector<std::shared_ptr<pooled_session>> found;
  found.reserve(links_.size());
  for (const auto& [session, link] : links_) found.push_back(link);
  return found;
}

std::shared_ptr<pooled_session> endpoint_pool::find(number session) const {
  const auto found = links_.find(session);
  return found == links_.end() ? nullptr : found->second;
}

pool_user* endpoint_pool::take(number ticket) {
  const auto found = users_.find(ticket);
  if (found == users_.end()) return nullptr;
  auto* user = found->second;
  users_.erase(found);
  return user;
}

void endpoint_pool::on_shutdown() noexcept {
  timer_.reset();
  links_.clear();
  users_.clear();
}

void endpoint_pool::arm() {
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

}  // namespace remote_job::inline REMOTE_JOB_ABI::ssh

#endif
