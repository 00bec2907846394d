// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_SSH_LOGIN_IMPL_AGENT_CLIENT_IPP
#define REMOTE_JOB_SSH_LOGIN_IMPL_AGENT_CLIENT_IPP

#include <remote_job/detail/asio/shared_call.hpp>
#include <remote_job/detail/text/saturating_add.hpp>
#include <remote_job/job.hpp>
#include <remote_job/ssh/login/agent_client.hpp>

#include <asio/buffer.hpp>
#include <asio/error.hpp>
#include <asio/local/stream_protocol.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

namespace remote_job::inline REMOTE_JOB_ABI::ssh::agent_protocol {

std::string number(std::size_t value) {
  std::string bytes;
  for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(value >> shift & 255);
  return bytes;
}

std::optional<std::uint32_t> take_number(std::string_view& rest) {
  if (rest.size() < 4) return std::nullopt;
  std::uint32_t value = 0;
  for (int i = 0; i < 4; ++i) value = value << 8 | static_cast<unsigned char>(rest[static_cast<std::size_t>(i)]);
  rest.remove_prefix(4);
  return value;
}

std::optional<std::string_view> take_text(std::string_view& rest) {
  const auto size = take_number(rest);
  if (!size || *size > rest.size()) return std::nullopt;
  const auto value = rest.substr(0, *size);
  rest.remove_prefix(*size);
  return value;
}

std::string ask_signature(std::string_view blob, std::string_view data) {
  auto rest = data;
  std::string_view algorithm;
  bool good = take_text(rest) && !rest.empty();
  if (good) rest.remove_prefix(1);
  good = good && take_text(rest) && take_text(rest) && take_text(rest) && !rest.empty();
  if (good) {
    rest.remove_prefix(1);
    algorithm = take_text(rest).value_or("");
  }
  // Also with a certificate, as rsa-sha2-512-cert-v01@openssh.com.
  const std::size_t flags = algorithm.starts_with("rsa-sha2-256") ? 2 : algorithm.starts_with("rsa-sha2-512") ? 4 : 0;
  return '\x0d' + text(blob) + text(data) + number(flags);
}

std::optional<std::vector<key>> keys(std::string_view message) {
  if (!message.starts_with('\x0c')) return std::nullopt;
  message.remove_prefix(1);
  const auto count = take_number(message);
  if (!count || *count > max_keys) return std::nullopt;
  std::vector<key> all;
  for (std::uint32_t i = 0; i < *count; ++i) {
    const auto blob = take_text(message);
    const auto comment = blob ? take_text(message) : std::nullopt;
    if (!comment) return std::nullopt;
    all.push_back({std::string(*blob), std::string(*comment)});
  }
  return all;
}

std::optional<std::string> signature(std::string_view message) {
  if (!message.starts_with('\x0e')) return std::nullopt;
  message.remove_prefix(1);
  auto both = take_text(message);
  if (!both || !take_text(*both)) return std::nullopt;
  const auto value = take_text(*both);
  if (!value || value->empty()) return std::nullopt;
  return std::string(*value);
}

}  // namespace remote_job::inline REMOTE_JOB_ABI::ssh::agent_protocol

namespace remote_job::inline REMOTE_JOB_ABI::ssh {

void agent_client::ask(std::string_view message, std::function<void()> on_answer, duration limit) {
  on_answer_ = std::move(on_answer);
  if (limit < duration::max()) {
    timer_.expires_at(detail::saturating_add(std::chrono::steady_clock::now(), limit));
    timer_.async_wait(calls<&agent_client::on_time>());
  }
  answer_.reset();
  has_size_ = false;
  out_ = agent_protocol::text(message);
  rest_ = asio::buffer(out_);
  if (socket_.is_open()) return write();
  asio::local::stream_protocol::endpoint endpoint;
  try {
    endpoint = asio::local::stream_protocol::endpoint(path_);
  } catch (const std::system_error& e) {  // the path is too long
    return detail::post_call(socket_.get_executor(), calls<&agent_client::end>(), e.code());
  }
  socket_.async_connect(endpoint, calls<&agent_client::on_connected>());
}

void agent_client::close() noexcept {
  on_answer_ = nullptr;
  timer_.cancel();
  std::error_code ignored;
  socket_.close(ignored);
}

void agent_client::on_connected(std::error_code ec) {
  if (ec) return end(ec);
  write();
}

void agent_client::on_written(std::error_code ec, std::size_t size) {
  if (ec) return end(ec);
  rest_ += size;
  if (rest_.size() > 0) return write();
  read(4);
}

void agent_client::read(std::size_t size) {
  in_.resize(size);
  room_ = asio::buffer(in_);
  read_on();
}

void agent_client::on_read(std::error_code ec, std::size_t size) {
  if (ec) return end(ec);
  room_ += size;
  if (room_.size() > 0) return read_on();
  if (std::exchange(has_size_, true)) {
    answer_ = std::move(in_);
    return end({});
  }
  std::string_view head(in_);
  const auto announced = agent_protocol::take_number(head).value_or(0);
  if (announced == 0 || announced > agent_protocol::max_message)
    return end(std::make_error_code(std::errc::bad_message));
  read(announced);
}

void agent_client::on_time(std::error_code ec) {
  if (!ec) end(std::make_error_code(std::errc::timed_out));
}

void agent_client::end(std::error_code ec) {
  if (!on_answer_) return;  // closed, or given up
  timer_.cancel();
  if (ec) {
    why_ = ec == asio::error::eof         ? "it closed the connection"
           : ec == std::errc::timed_out ? "it gives no answer"
                                        : ec.message();
    std::error_code ignored;
    socket_.close(ignored);
  }
  std::exchange(on_answer_, nullptr)();
}

}  // namespace remote_job::inline REMOTE_JOB_ABI::ssh

#endif
