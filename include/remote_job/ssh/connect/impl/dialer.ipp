// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_SSH_CONNECT_IMPL_DIALER_IPP
#define REMOTE_JOB_SSH_CONNECT_IMPL_DIALER_IPP

#include <remote_job/detail/asio/shared_call.hpp>
#include <remote_job/detail/text/saturating_add.hpp>
#include <remote_job/job.hpp>
#include <remote_job/ssh/connect/dialer.hpp>
#include <remote_job/ssh/options/options.hpp>

#include <asio/error.hpp>
#include <asio/ip/address.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <system_error>
#include <utility>

namespace remote_job::inline REMOTE_JOB_ABI::ssh {

bool dialer::take_address(const std::string& host, std::uint16_t port) {
  std::error_code not_literal;
  const auto address = asio::ip::make_address(host, not_literal);
  if (not_literal) return false;
  endpoints_.emplace_back(address, port);
  return true;
}

void dialer::resolve(const std::string& host, std::uint16_t port, ip_version version, std::shared_ptr<user> owner) {
  resolver_.async_resolve(
      host, std::to_string(port), asio::ip::resolver_base::numeric_service,
      [this, version, owner = std::move(owner)](std::error_code ec, const results& found) {
        for (const auto& each : found)
          if (version == ip_version::any || each.endpoint().address().is_v6() == (version == ip_version::v6))
            endpoints_.push_back(each.endpoint());
        if (!ec && endpoints_.empty()) ec = asio::error::no_data;
        owner->on_resolved(ec);
      });
}

void dialer::connect(const std::shared_ptr<user>& owner, duration allowed) {
  owner_ = owner;
  next_ = 0;
  deadline_ = detail::saturating_add(std::chrono::steady_clock::now(), allowed);
  try_next(owner);
}

void dialer::close() noexcept {
  resolver_.cancel();
  timer_.cancel();
  closed_ = true;
  std::error_code ignored;
  socket_.close(ignored);
}

void dialer::try_next(const std::shared_ptr<user>& owner) {
  std::error_code ignored;
  socket_.close(ignored);
  const auto self = std::shared_ptr<dialer>(owner, this);
  socket_.async_connect(endpoints_[next_++], detail::shared_call::to<&dialer::on_connected>(self));
  stop_timer();
  const auto others = static_cast<int>(endpoints_.size() - next_);
  if (others == 0) return;
  const auto now = std::chrono::steady_clock::now();
  timer_.expires_at(now + (deadline_ - now) / (others + 1));
  timer_.async_wait(detail::shared_call::to<&dialer::on_time>(self));
}

void dialer::on_connected(std::error_code ec) {
  const auto owner = owner_.lock();
  if (ec && !closed_ && next_ < endpoints_.size()) return try_next(owner);
  stop_timer();
  owner->on_dialled(ec);
}

void dialer::on_time(std::error_code ec) {
  if (ec || closed_ || timer_.expiry() > std::chrono::steady_clock::now()) return;
  std::error_code ignored;
  socket_.close(ignored);  // on_connected() goes on to the next
}

}  // namespace remote_job::inline REMOTE_JOB_ABI::ssh

#endif
