// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_SSH_CONNECT_IMPL_TUNNEL_IPP
#define REMOTE_JOB_SSH_CONNECT_IMPL_TUNNEL_IPP

#include <remote_job/detail/asio/shared_call.hpp>
#include <remote_job/error.hpp>
#include <remote_job/ssh/connect/tunnel.hpp>
#include <remote_job/ssh/session/byte_stream.hpp>
#include <remote_job/ssh/session/operation.hpp>
#include <remote_job/ssh/session/session.hpp>

#include <asio/buffer.hpp>
#include <asio/error.hpp>
#include <libssh2.h>

#include <cstddef>
#include <memory>
#include <string>
#include <system_error>
#include <utility>

namespace remote_job::inline REMOTE_JOB_ABI::ssh {

void tunnel::open(tunnel_end to, on_open done) {
  done_ = std::move(done);
  const auto hold = session_;
  const session::turn t(*hold);
  if (!hold->alive()) return opened(hold->error(), name_ + hold->why());
  hold->add(shared_from_this());
  hold->request_tunnel(*this, std::move(to));
}

void tunnel::read_some(asio::mutable_buffer buffer, std::shared_ptr<byte_stream::user> owner) {
  read_buffer_ = buffer;
  reader_ = std::move(owner);
  go_on();
}

void tunnel::write(asio::const_buffer buffer, std::shared_ptr<byte_stream::user> owner) {
  write_buffer_ = buffer;
  writer_ = std::move(owner);
  go_on();
}

void tunnel::close() noexcept {
  done_ = nullptr;
  end(asio::error::operation_aborted);
  if (session_) session_->kill(asio::error::operation_aborted, "closed");
}

void tunnel::go_on() {
  if (ended_) return answer(ended_);
  const auto hold = session_;
  const session::turn t(*hold);
  step();
}

void tunnel::on_channel(LIBSSH2_CHANNEL* channel, std::error_code ec) {
  channel_ = channel;
  if (!ec) return opened({}, {});
  const auto& text = session_->refusal();
  if (text.find("prohibited") != std::string::npos)
    return opened(errc::forwarding_refused,
                  name_ + "it does not let connections through (AllowTcpForwarding, PermitOpen): " + text);
  const bool unreachable = text.find("connect failed") != std::string::npos;
  opened(unreachable ? errc::connect_failed : errc::channel_refused, name_ + "it cannot connect: " + text);
}

void tunnel::opened(std::error_code ec, std::string why) {
  if (const auto done = std::exchange(done_, nullptr)) done(ec, std::move(why));
}

void tunnel::step() {
  if (channel_ == nullptr || ended_) return;
  auto& s = *session_;
  while (writer_ && write_buffer_.size() > 0 && s.can_write()) {
    const auto rc = s.call([&] {
      return libssh2_channel_write_ex(channel_, 0, static_cast<const char*>(write_buffer_.data()),
                                      write_buffer_.size());
    });
    if (rc == LIBSSH2_ERROR_EAGAIN || rc == 0) break;
    if (rc < 0) return end(asio::error::eof);
    write_buffer_ += static_cast<std::size_t>(rc);
  }
  if (writer_ && write_buffer_.size() == 0) answer_writer({});
  if (!reader_) return;
  const auto rc = s.read(channel_, 0, static_cast<char*>(read_buffer_.data()), read_buffer_.size());
  if (rc > 0) return answer_reader({}, static_cast<std::size_t>(rc));
  if (rc != LIBSSH2_ERROR_EAGAIN && (rc < 0 || libssh2_channel_eof(channel_) == 1)) end(asio::error::eof);
}

void tunnel::on_end(std::error_code ec) {
  channel_ = nullptr;
  why_ = name_ + session_->why();
  opened(ec, why_);
  end(ec);
}

void tunnel::drop() noexcept {
  channel_ = nullptr;
  ended_ = asio::error::operation_aborted;
  [[maybe_unused]] const auto done = std::exchange(done_, nullptr);
  [[maybe_unused]] const auto reader = std::exchange(reader_, nullptr);
  [[maybe_unused]] const auto writer = std::exchange(writer_, nullptr);
}

void tunnel::end(std::error_code ec) {
  if (!ended_) ended_ = ec;
  answer(ended_);
}

void tunnel::answer(std::error_code ec) {
  answer_writer(ec);
  answer_reader(ec, 0);
}

void tunnel::answer_writer(std::error_code ec) {
  if (auto to = std::exchange(writer_, nullptr))
    detail::post_call(session_->get_executor(), detail::shared_call::to<&byte_stream::user::on_written>(std::move(to)),
                      ec);
}

void tunnel::answer_reader(std::error_code ec, std::size_t size) {
  if (auto to = std::exchange(reader_, nullptr))
    detail::post_call(session_->get_executor(), detail::shared_call::to<&byte_stream::user::on_read>(std::move(to)), ec,
                      size);
}

void tunnel_stream::read_some(asio::mutable_buffer buffer, std::shared_ptr<user> owner) {
  tunnel_->read_some(buffer, std::move(owner));
}

void tunnel_stream::write(asio::const_buffer buffer, std::shared_ptr<user> owner) {
  tunnel_->write(buffer, std::move(owner));
}

}  // namespace remote_job::inline REMOTE_JOB_ABI::ssh

#endif
