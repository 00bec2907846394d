// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_SSH_SESSION_IMPL_WIRE_IPP
#define REMOTE_JOB_SSH_SESSION_IMPL_WIRE_IPP

#include <remote_job/ssh/session/libssh2_compat.hpp>
#include <remote_job/ssh/session/server_hello.hpp>
#include <remote_job/ssh/session/wire.hpp>

#include <libssh2.h>
#include <asio/buffer.hpp>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>

#if defined(__APPLE__)
#include <malloc/malloc.h>
#elif defined(__FreeBSD__)
#include <malloc_np.h>
#else
#include <malloc.h>
#endif

namespace remote_job::inline REMOTE_JOB_ABI::ssh {

wire::wire() : in_(input_size) {
  if (!detail::libssh2_ready()) return;
  raw_ = libssh2_session_init_ex(&wire::allocate, &wire::on_libssh2_free, &wire::on_libssh2_realloc, this);
  if (raw_ == nullptr) return;
  libssh2_session_set_blocking(raw_, 0);
  detail::libssh2_set_callback(raw_, LIBSSH2_CALLBACK_SEND, &wire::on_libssh2_send);
  detail::libssh2_set_callback(raw_, LIBSSH2_CALLBACK_RECV, &wire::on_libssh2_receive);
  detail::libssh2_set_callback(raw_, LIBSSH2_CALLBACK_DISCONNECT, &wire::on_libssh2_disconnect);
}

void wire::free() noexcept {
  cut_ = true;
  // A key exchange left in the middle frees its keys only when it is told of the end itself.
  if (std::exchange(half_shaken_, false)) libssh2_session_handshake(raw_, no_socket);
  if (raw_ != nullptr) libssh2_session_free(raw_);
  raw_ = nullptr;
}

int wire::handshake() {
  const int rc = call([this] { return libssh2_session_handshake(raw_, no_socket); });
  half_shaken_ = rc == LIBSSH2_ERROR_EAGAIN;
  return rc;
}

std::string wire::last_error() const {
  char* text = nullptr;
  int size = 0;
  libssh2_session_last_error(raw_, &text, &size, 0);
  return text == nullptr ? std::string() : printable({text, static_cast<std::size_t>(size)});
}

ssize_t wire::drain(LIBSSH2_CHANNEL* channel) {
  draining_ = true;
  char nothing = 0;
  ssize_t rc = 0;
  do {
    would_block_ = false;
    rc = libssh2_channel_read_ex(channel, 0, &nothing, 0);
  } while ((rc >= 0 || rc == LIBSSH2_ERROR_EAGAIN) && !would_block_);
  draining_ = false;
  return rc == LIBSSH2_ERROR_EAGAIN ? 0 : rc;
}

asio::mutable_buffer wire::room() noexcept {
  if (begin_ > 0) {
    std::memmove(in_.data(), in_.data() + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
  }
  return asio::buffer(in_.data() + end_, in_.size() - end_);
}

bool wire::capture(std::size_t size) {
  if (identified_) {
    hello_.append(in_.data() + end_ - size, std::min(size, max_hello - std::min(max_hello, hello_.size())));
    return true;
  }
  const std::string_view text(in_.data(), end_);
  const auto found = find_identification(text);
  if (found.result == identification::status::not_ssh ||
      (found.result == identification::status::more && end_ == in_.size())) {
    begin_ = found.begin;
    return false;
  }
  if (found.result == identification::status::more) return true;
  begin_ = found.begin;
  hello_.assign(text.substr(found.begin, max_hello));
  identified_ = true;
  return true;
}

asio::const_buffer wire::send() noexcept {
  std::swap(out_, sending_);
  return asio::buffer(sending_);
}

std::size_t wire::sent() noexcept {
  const auto size = sending_.size();
  sending_.clear();
  return size;
}

void* wire::allocate(std::size_t size, void** abstract) noexcept { return on_libssh2_realloc(nullptr, size, abstract); }

void* wire::on_libssh2_realloc(void* block, std::size_t size, void** abstract) noexcept {
  auto& self = *static_cast<wire*>(*abstract);
  const auto before = size_of_block(block);
  void* place = std::realloc(block, std::max(size, std::size_t(1)));
  if (place == nullptr) return nullptr;
  self.memory_ = self.memory_ - std::min(self.memory_, before) + size_of_block(place);
  return place;
}

std::size_t wire::size_of_block(void* block) noexcept {
#if defined(__APPLE__)
  return ::malloc_size(block);
#elif defined(_WIN32)
  return block == nullptr ? 0 : ::_msize(block);
#else
  return ::malloc_usable_size(block);
#endif
}

void wire::on_libssh2_free(void* block, void** abstract) noexcept {
  auto& memory = static_cast<wire*>(*abstract)->memory_;
  memory -= std::min(memory, size_of_block(block));
  std::free(block);
}

ssize_t wire::on_libssh2_send(libssh2_socket_t, const void* data, std::size_t size, int, void** abstract) {
  auto& self = *static_cast<wire*>(*abstract);
  if (self.cut_) return -ECONNRESET;
  const auto* bytes = static_cast<const char*>(data);
  self.out_.insert(self.out_.end(), bytes, bytes + size);
  self.bytes_sent_ += size;
  return static_cast<ssize_t>(size);
}

ssize_t wire::on_libssh2_receive(libssh2_socket_t, void* data, std::size_t size, int, void** abstract) {
  auto& self = *static_cast<wire*>(*abstract);
  if (self.cut_) return -ECONNRESET;
  const auto ready = self.end_ - self.begin_;
  if (ready == 0 || !self.identified_ || (self.gated_ && !self.draining_)) {
    self.would_block_ = true;
    return -EAGAIN;
  }
  // The rest is not moved: more may be on its way to the place behind it.
  const auto n = std::min(size, ready);
  std::memcpy(data, self.in_.data() + self.begin_, n);
  self.begin_ += n;
  return static_cast<ssize_t>(n);
}

void wire::on_libssh2_disconnect(LIBSSH2_SESSION*, int, const char* message, int size, const char*, int,
                                 void** abstract) {
  auto& self = *static_cast<wire*>(*abstract);
  self.farewell_ = message != nullptr && size > 0 ? printable({message, static_cast<std::size_t>(size)})
                                                  : std::string("(no reason)");
}

}  // namespace remote_job::inline REMOTE_JOB_ABI::ssh

#endif
