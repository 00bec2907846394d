// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#pragma once

#include <remote_job/transport/libssh2.hpp>
#include <support/fault_proxy.hpp>
#include <support/sshd.hpp>

#include <asio/bind_cancellation_slot.hpp>
#include <asio/cancellation_signal.hpp>
#include <asio/io_context.hpp>
#include <asio/steady_timer.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <system_error>

/// Options that are right for the server.
template <class Server>
remote_job::ssh_options options_for(const Server& server, const std::string& key = "id_ed25519") {
  remote_job::ssh_options options;
  options.host = server.host();
  options.port = server.port();
  options.user = server.user();
  options.identities = {{server.key(key)}};
  options.known_hosts = {server.known_hosts()};
  options.agent = "none";  // that of whoever runs the tests is not meant
  return options;
}

/// The same through a proxy that stands before it.
template <class Server>
remote_job::ssh_options options_via(const support::fault_proxy& proxy, const Server& server) {
  auto options = options_for(server);
  options.port = proxy.port();
  options.host_key_alias = server.known_name();
  return options;
}

/// A transport used as if it blocked.
class client {
 public:
  explicit client(remote_job::ssh_options options) : transport(context.get_executor(), std::move(options)) {}

  std::error_code connect() {
    std::optional<std::error_code> result;
    transport.async_connect([&](std::error_code ec) { result = ec; });
    run_until([&] { return result.has_value(); });
    return *result;
  }

  std::error_code execute(const std::string& text, const std::string& input = {}, const std::string& end_mark = {},
                          std::size_t max_output = 1 << 20) {
    command.command = text;
    command.input = input;
    command.end_mark = end_mark;
    command.max_output = max_output;
    std::optional<std::error_code> result;
    transport.async_execute(command, reply, [&](std::error_code ec) { result = ec; });
    run_until([&] { return result.has_value(); });
    return *result;
  }

  std::error_code stat(const std::string& path) {
    status = {};
    std::optional<std::error_code> result;
    transport.async_stat(path, status, [&](std::error_code ec) { result = ec; });
    run_until([&] { return result.has_value(); });
    return *result;
  }

  std::error_code read_file(const std::string& path, std::uint64_t offset = 0, std::size_t max = 1 << 20) {
    std::optional<std::error_code> result;
    transport.async_read_file(path, offset, max, bytes, [&](std::error_code ec) { result = ec; });
    run_until([&] { return result.has_value(); });
    return *result;
  }

  std::string diagnostics() { return transport.diagnostics(); }

  template <class Condition>
  void run_until(Condition condition, std::chrono::seconds bound = std::chrono::seconds(60)) {
    const auto end = std::chrono::steady_clock::now() + bound;
    context.restart();
    while (!condition()) {
      if (std::chrono::steady_clock::now() > end) throw std::runtime_error("nothing completed in time");
      if (context.run_one_for(std::chrono::seconds(1)) == 0 && context.stopped()) {
        if (condition()) return;
        throw std::runtime_error("nothing is going on any more, and no completion");
      }
    }
  }

  /// Runs what is left; true when all came to its end.
  bool finish() {
    context.restart();
    context.run_for(std::chrono::seconds(20));
    return context.stopped();
  }

  asio::io_context context{1};
  remote_job::libssh2_transport transport;
  remote_job::remote_command command;
  remote_job::command_reply reply;
  remote_job::file_status status;
  std::string bytes;
};
