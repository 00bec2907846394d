// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_SSH_CONNECT_IMPL_CONNECT_IPP
#define REMOTE_JOB_SSH_CONNECT_IMPL_CONNECT_IPP

#include <remote_job/detail/asio/any_completion.hpp>
#include <remote_job/detail/asio/call_on_cancellation.hpp>
#include <remote_job/detail/asio/shared_call.hpp>
#include <remote_job/ssh/connect/algorithms.hpp>
#include <remote_job/ssh/connect/connect.hpp>
#include <remote_job/ssh/connect/dialer.hpp>
#include <remote_job/ssh/connect/host_key.hpp>
#include <remote_job/ssh/connect/tcp_stream.hpp>
#include <remote_job/ssh/connect/tunnel.hpp>
#include <remote_job/ssh/login/authenticate.hpp>
#include <remote_job/ssh/options/local_user.hpp>
#include <remote_job/ssh/options/options.hpp>
#include <remote_job/ssh/session/session.hpp>

#include <asio/any_io_executor.hpp>
#include <asio/error.hpp>
#include <libssh2.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

namespace remote_job::inline REMOTE_JOB_ABI::ssh {

connector::connector(const asio::any_io_executor& executor, std::shared_ptr<const ssh_options> options,
                     std::shared_ptr<connection> result)
    : executor_(executor),
      options_(without_brackets(std::move(options))),
      result_(std::move(result)),
      dialer_(executor),
      timer_(executor),
      host_key_(*options_) {}

void connector::start(detail::any_completion completion) {
  completion_ = std::move(completion);
  detail::call_on_cancellation(completion_.slot(), weak_from_this(), &connector::cancel);
  result_->session.reset();
  result_->diagnostics.clear();

  if (auto wrong = validate(*options_); !wrong.empty()) return finish(errc::invalid_argument, wrong);
  if (auto wrong = unknown_algorithm(options_->algorithms); !wrong.empty())
    return finish(errc::invalid_argument, wrong);
  user_ = options_->user.empty() ? local_user::current().name : options_->user;
  if (user_.empty()) return finish(errc::invalid_argument, "user must be given: this program's user has no name");
  host_key_.load();
  result_->notices = options_->notices;
  note_added_key();
  begin();
}

void connector::cancel() {
  cancelled_ = true;
  finish(asio::error::operation_aborted, "cancelled");
}

std::shared_ptr<const ssh_options> connector::without_brackets(std::shared_ptr<const ssh_options> options) {
  const auto& host = options->host;
  if (host.size() < 4 || host.front() != '[' || host.back() != ']') return options;
  auto changed = std::make_shared<ssh_options>(*options);
  changed->host = host.substr(1, host.size() - 2);
  return changed;
}

void connector::begin() {
  if (!options_->jump_hosts.empty()) return jump();
  if (dialer_.has_addresses()) return dial();
  resolve();
}

void connector::jump() {
  auto before = options_->jump_hosts;
  auto hop = std::make_shared<ssh_options>(std::move(before.back()));
  before.pop_back();
  for (auto& each : hop->jump_hosts) before.push_back(std::move(each));
  hop->jump_hosts = std::move(before);
  below_ = std::make_shared<connection>();
  const auto next = std::make_shared<connector>(executor_, std::move(hop), below_);
  hop_ = next;
  next->start(detail::any_completion(detail::shared_call::to<&connector::jumped>(shared_from_this()), executor_));
}

void connector::jumped(std::error_code ec) {
  if (!completion_) return;  // finish() has closed what was below
  const auto& hop = options_->jump_hosts.back();
  const auto name = "jump host " + host_and_port(hop) + ": ";
  for (const auto& each : below_->notices) result_->notices.push_back(name + each);
  if (ec) return finish(ec, "through " + name.substr(0, name.size() - 2) + ": " + below_->diagnostics);
  enter(stage::connect, options_->timeouts.connect, errc::connect_timeout);
  const auto way = std::make_shared<tunnel>(below_->session, name);
  way->open({options_->host, options_->port},
            [self = shared_from_this(), way = std::weak_ptr(way)](std::error_code error, const std::string& why) {
              if (!self->completion_) return;
              if (error) return self->finish(error, why);
              self->below_.reset();
              self->greet(std::make_unique<tunnel_stream>(way.lock()));
            });
}

void connector::resolve() {
  if (dialer_.take_address(options_->host, options_->port)) return dial();
  // After a time-out the result is dropped.
  enter(stage::resolve, options_->timeouts.resolve, errc::resolve_timeout);
  dialer_.resolve(options_->host, options_->port, options_->ip, shared_from_this());
}

void connector::on_resolved(std::error_code ec) {
  if (!completion_) return;
  if (!ec) return dial();
  const bool never =
      ec == asio::error::host_not_found || ec == asio::error::no_data || ec == asio::error::service_not_found;
  finish(never ? errc::host_not_found : errc::resolve_failed, ec.message());
}

void connector::dial() {
  enter(stage::connect, options_->timeouts.connect, errc::connect_timeout);
  dialer_.connect(shared_from_this(), options_->timeouts.connect);
}

void connector::on_dialled(std::error_code ec) {
  if (!completion_) return;
  if (ec) return finish(errc::connect_failed, ec.message());
  greet(std::make_unique<tcp_stream>(dialer_.take(), options_->silence_limit));
}

void connector::greet(std::unique_ptr<byte_stream> stream) {
  session_ = session::create(executor_, std::move(stream),
                             {options_->timeouts.open, options_->keepalive, options_->silence_limit});
  const auto hold = session_;
  const session::turn t(*hold);
  hold->start();
  if (!hold->alive()) return finish(hold->error(), hold->why());
  prefer_host_keys();
  prefer(session_->native(), options_->algorithms);
  enter(stage::banner, options_->timeouts.banner, errc::banner_timeout);
  hold->add(shared_from_this());
  step();
}

void connector::prefer_host_keys() {
  supported_ = options_->algorithms.host_key.empty() ? supported_algorithms(session_->native(), LIBSSH2_METHOD_HOSTKEY)
                                                     : options_->algorithms.host_key;
  const auto wanted = only_host_key_.empty() ? host_key_.preference(supported_) : only_host_key_;
  if (!wanted.empty()) libssh2_session_method_pref(session_->native(), LIBSSH2_METHOD_HOSTKEY, wanted.c_str());
}

void connector::step() {
  const auto hold = session_;
  if (!completion_ || !hold || !hold->alive()) return;
  if (stage_ == stage::banner || stage_ == stage::handshake) {
    const int rc = hold->handshake();
    if (stage_ == stage::banner && hold->identified())
      enter(stage::handshake, options_->timeouts.handshake, errc::handshake_timeout);
    if (rc == LIBSSH2_ERROR_EAGAIN || !hold->alive()) return;
    if (rc != 0) return handshake_failed(rc);
    if (!check_host_key()) return;
    note_added_key();
    enter(stage::authentication, options_->timeouts.authentication, errc::authentication_timeout);
    authenticator_.emplace(executor_, *options_, user_, host_key_.distrusted(), [weak = weak_from_this()] {
      const auto self = weak.lock();
      if (!self || !self->session_) return;
      const auto session = self->session_;
      const session::turn t(*session);
      self->step();
    });
  }
  switch (authenticator_->step(*hold)) {
    case authenticator::status::more: return;
    case authenticator::status::failed: return finish(authenticator_->error(), authenticator_->why());
    case authenticator::status::done: return finish({}, {});
  }
}

void connector::on_end(std::error_code ec) {
  const auto ended = std::exchange(session_, nullptr);
  if (completion_) finish(ec, ended->why());
}

void connector::drop() noexcept {
  if (authenticator_) authenticator_->close();
  session_.reset();
  [[maybe_unused]] const auto last = std::move(completion_);
}

void connector::handshake_failed(int rc) {
  if (rc != LIBSSH2_ERROR_KEX_FAILURE && rc != LIBSSH2_ERROR_KEY_EXCHANGE_FAILURE && rc != LIBSSH2_ERROR_METHOD_NONE)
    return session_->fail("the key exchange failed");
  const auto offered = session_->offered();
  if (!offered.known) return session_->fail("the key exchange failed");
  const auto why = nothing_in_common(session_->native(), offered, options_->algorithms);
  if (!why.empty()) return finish(errc::no_common_algorithm, why);
  // Something is in common: what failed was the exchange itself.
  session_->fail("the key exchange failed");
}

bool connector::check_host_key() {
  std::size_t size = 0;
  int type = 0;
  const char* data = libssh2_session_hostkey(session_->native(), &size, &type);
  const std::string_view blob(data == nullptr ? "" : data, data == nullptr ? 0 : size);
  const char* digest = libssh2_hostkey_hash(session_->native(), LIBSSH2_HOSTKEY_HASH_SHA256);
  const auto ec = host_key_.check(blob, digest == nullptr ? std::string_view() : std::string_view(digest, 32));
  if (!ec) return true;
  if (!options_->fingerprints.empty() && try_other_host_key()) return false;
  finish(ec, host_key_.why());
  return false;
}

void connector::note_added_key() {
  const auto& all = host_key_.notices();
  for (auto i = noted_; i < all.size(); ++i) result_->notices.push_back(all[i]);
  noted_ = all.size();
}

bool connector::try_other_host_key() {
  const auto offered = split_names(session_->offered().host_key);
  const char* shown = libssh2_session_methods(session_->native(), LIBSSH2_METHOD_HOSTKEY);
  if (shown != nullptr) seen_types_.emplace_back(host_key_checker::key_type(shown));
  for (const auto& algorithm : supported_) {
    const std::string type(host_key_checker::key_type(algorithm));
    if (std::find(offered.begin(), offered.end(), algorithm) == offered.end() ||
        std::find(seen_types_.begin(), seen_types_.end(), type) != seen_types_.end())
      continue;
    only_host_key_ = algorithm;
    const auto old = std::exchange(session_, nullptr);
    old->remove(*this);
    old->kill(asio::error::operation_aborted, {});
    begin();
    return true;
  }
  return false;
}

void connector::enter(stage next, duration allowed, errc error) {
  stage_ = next;
  allowed_ = allowed;
  too_late_ = error;
  timer_.expires_after(allowed);
  timer_.async_wait(detail::shared_call::to<&connector::on_time>(shared_from_this()));
}

void connector::on_time(std::error_code ec) {
  // That of an earlier stage may be on its way already.
  if (ec || !completion_ || timer_.expiry() > std::chrono::steady_clock::now()) return;
  const auto who = authenticator_ ? authenticator_->waits_for() : std::string();
  finish(too_late_, "no answer " + (who.empty() ? who : "of " + who + ' ') + "within " + milliseconds_of(allowed_));
}

void connector::finish(std::error_code ec, std::string_view why) {
  if (!completion_) return;
  const auto hold = shared_from_this();
  if (!cancelled_) completion_.slot().clear();
  auto completion = std::move(completion_);
  timer_.cancel();
  if (const auto ended = std::exchange(session_, nullptr)) {
    ended->remove(*this);
    if (ec)
      ended->kill(ec, std::string(why));
    else
      ended->enter_service();
    result_->session = ec ? nullptr : ended;
  }
  // Only now: a session that lives would take the silence for an answer.
  if (authenticator_) authenticator_->close();
  if (ec) {
    dialer_.close();
    if (const auto hop = hop_.lock()) hop->close();
    if (const auto below = std::exchange(below_, nullptr); below && below->session)
      below->session->kill(asio::error::operation_aborted, "closed");
    result_->diagnostics = where() + std::string(why);
  }
  completion.post(ec);
}

std::string connector::host_and_port(const ssh_options& o) {
  const bool v6 = o.host.find(':') != std::string::npos;
  return (v6 ? '[' + o.host + ']' : o.host) + ':' + std::to_string(o.port);
}

std::string connector::milliseconds_of(duration d) {
  return std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(d).count()) + " ms";
}

std::string connector::where() const {
  static constexpr const char* names[] = {"resolving", "connecting", "waiting for the SSH identification",
                                          "key exchange", "authentication"};
  auto text = host_and_port(*options_) + ": ";
  if (stage_ == stage::authentication) text = user_ + '@' + text;
  if (stage_) text += std::string(names[static_cast<int>(*stage_)]) + ": ";
  return text;
}

}  // namespace remote_job::inline REMOTE_JOB_ABI::ssh

#endif
