// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#pragma once

#include <remote_job/ssh/session/byte_stream.hpp>

#include <asio/buffer.hpp>
#include <asio/error.hpp>
#include <asio/io_context.hpp>
#include <asio/post.hpp>

#include <algorithm>
#include <cstring>
#include <memory>
#include <string>
#include <system_error>
#include <utility>

namespace fuzz {

/// What the session reads from and writes to.
struct fake_stream final : remote_job::ssh::byte_stream {
  struct shared {
    asio::io_context& context;
    std::string bytes{};  // on their way to the client
    bool ended = false;
    asio::mutable_buffer room{};
    std::shared_ptr<user> reader{};

    void go_on() {
      if (!reader || (bytes.empty() && !ended)) return;
      const auto n = std::min(bytes.size(), room.size());
      std::memcpy(room.data(), bytes.data(), n);
      bytes.erase(0, n);
      asio::post(context, [to = std::exchange(reader, nullptr), n] {
        to->on_read(n > 0 ? std::error_code() : asio::error::eof, n);
      });
    }
  };

  explicit fake_stream(std::shared_ptr<shared> s) : all(std::move(s)) {}

  void read_some(asio::mutable_buffer buffer, std::shared_ptr<user> owner) override {
    all->room = buffer;
    all->reader = std::move(owner);
    all->go_on();
  }
  void write(asio::const_buffer, std::shared_ptr<user> owner) override {
    asio::post(all->context, [owner] { owner->on_written({}); });
  }
  void close() noexcept override {
    all->ended = true;
    all->bytes.clear();
    all->go_on();
  }

  std::shared_ptr<shared> all;
};

}  // namespace fuzz
