// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_SSH_SESSION_WIRE_HPP
#define REMOTE_JOB_SSH_SESSION_WIRE_HPP

#include <remote_job/ssh/session/libssh2_compat.hpp>
#include <remote_job/ssh/session/server_hello.hpp>

#include <asio/buffer.hpp>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace remote_job::inline v0::ssh {

/// libssh2 between two buffers: it comes near no socket, and nothing here waits.
///
/// Writing always succeeds, into the buffer: no call is ever left half-sent. Reading gives what has been received, as
/// far as it may be taken: before the server has identified itself nothing, and once it is gated only drain() takes
/// input, and sorts all of it into libssh2's queue. After cut(), which any thread may call, both fail, so that freeing
/// never waits.
class wire {
 public:
  static constexpr std::size_t max_waiting_output = 256 * 1024;
  static constexpr std::size_t max_output = 8 * 1024 * 1024;

  /// For callbacks of libssh2 that are told the session only, which is that of this wire: whoever makes the call.
  void* callback_context = nullptr;

  wire() : in_(input_size) {
    if (!detail::libssh2_ready()) return;
    raw_ = libssh2_session_init_ex(nullptr, nullptr, nullptr, this);
    if (raw_ == nullptr) return;
    libssh2_session_set_blocking(raw_, 0);
    detail::libssh2_set_callback(raw_, LIBSSH2_CALLBACK_SEND, &wire::on_libssh2_send);
    detail::libssh2_set_callback(raw_, LIBSSH2_CALLBACK_RECV, &wire::on_libssh2_receive);
    detail::libssh2_set_callback(raw_, LIBSSH2_CALLBACK_DISCONNECT, &wire::on_libssh2_disconnect);
  }

  ~wire() { free(); }
  wire(const wire&) = delete;
  wire& operator=(const wire&) = delete;

  /// Null when libssh2 has no memory, and after free().
  LIBSSH2_SESSION* native() const noexcept { return raw_; }
  bool is_cut() const noexcept { return cut_; }
  void cut() noexcept { cut_ = true; }

  /// Frees the session and all its channels.
  void free() noexcept {
    cut_ = true;
    // A key exchange left in the middle frees its keys only when it is told of the end itself.
    if (std::exchange(half_shaken_, false)) libssh2_session_handshake(raw_, no_socket);
    if (raw_ != nullptr) libssh2_session_free(raw_);
    raw_ = nullptr;
  }

  /// Calls libssh2, until it has an answer or really waits for input: it also says EAGAIN when it does not.
  template <class Function>
  auto call(Function function) -> decltype(function()) {
    decltype(function()) rc{};
    for (int tries = 0; tries < max_tries; ++tries) {
      would_block_ = false;
      rc = function();
      if (rc != LIBSSH2_ERROR_EAGAIN || would_block_) return rc;
    }
    call_again_ = true;
    return rc;
  }

  /// Whether libssh2 would go on without input: call() gave up on it.
  bool take_call_again() noexcept { return std::exchange(call_again_, false); }

  int handshake() {
    const int rc = call([this] { return libssh2_session_handshake(raw_, no_socket); });
    half_shaken_ = rc == LIBSSH2_ERROR_EAGAIN;
    return rc;
  }

  /// libssh2's text on the call that has just failed.
  std::string last_error() const {
    char* text = nullptr;
    int size = 0;
    libssh2_session_last_error(raw_, &text, &size, 0);
    return text == nullptr ? std::string() : printable({text, static_cast<std::size_t>(size)});
  }

  /// From now on input is only taken by drain(), or freely again.
  void gate(bool on) noexcept { gated_ = on; }

  /// Has libssh2 take all input. Any channel will do to ask with: a read of no bytes. An error of libssh2, or none.
  ssize_t drain(LIBSSH2_CHANNEL* channel) {
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

  // --- input

  /// Where the next bytes go; empty when nobody takes those that are there: the server has to wait.
  asio::mutable_buffer room() noexcept {
    if (begin_ > 0) {
      std::memmove(in_.data(), in_.data() + begin_, end_ - begin_);
      end_ -= begin_;
      begin_ = 0;
    }
    return asio::buffer(in_.data() + end_, in_.size() - end_);
  }

  void received(std::size_t size) noexcept { end_ += size; }
  /// What was received and not taken.
  std::string_view input() const noexcept { return {in_.data() + begin_, end_ - begin_}; }

  /// Keeps what comes before encryption, and withholds it from libssh2 until the server has identified itself: libssh2
  /// would read any number of other lines. To be told the size of what was just received; false when that is not SSH 2.
  bool capture(std::size_t size) {
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

  bool identified() const noexcept { return identified_; }
  /// From the server's identification on, what it sent in the clear.
  const std::string& hello() const noexcept { return hello_; }
  void forget_hello() noexcept { hello_ = std::string(); }
  /// What the server gave as reason for ending the connection, if it did.
  const std::string& farewell() const noexcept { return farewell_; }

  // --- output

  std::size_t waiting_output() const noexcept { return out_.size(); }
  /// Bytes that libssh2 has sent so far.
  std::size_t bytes_sent() const noexcept { return bytes_sent_; }

  /// What is to be sent now, good until sent().
  asio::const_buffer send() noexcept {
    std::swap(out_, sending_);
    return asio::buffer(sending_);
  }

  /// The size of what was sent.
  std::size_t sent() noexcept {
    const auto size = sending_.size();
    sending_.clear();
    return size;
  }

 private:
  // libssh2 only looks whether there is such a file descriptor; it never reads from it.
  static constexpr libssh2_socket_t no_socket = 0x7fffffff;
  static constexpr int max_tries = 64;
  static constexpr std::size_t input_size = 64 * 1024;
  static constexpr std::size_t max_hello = 48 * 1024;

  static ssize_t on_libssh2_send(libssh2_socket_t, const void* data, std::size_t size, int, void** abstract) {
    auto& self = *static_cast<wire*>(*abstract);
    if (self.cut_) return -ECONNRESET;
    const auto* bytes = static_cast<const char*>(data);
    self.out_.insert(self.out_.end(), bytes, bytes + size);
    self.bytes_sent_ += size;
    return static_cast<ssize_t>(size);
  }

  static ssize_t on_libssh2_receive(libssh2_socket_t, void* data, std::size_t size, int, void** abstract) {
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

  static void on_libssh2_disconnect(LIBSSH2_SESSION*, int, const char* message, int size, const char*, int,
                                    void** abstract) {
    auto& self = *static_cast<wire*>(*abstract);
    self.farewell_ = message != nullptr && size > 0 ? printable({message, static_cast<std::size_t>(size)})
                                                    : std::string("(no reason)");
  }

  LIBSSH2_SESSION* raw_ = nullptr;
  std::vector<char> in_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  std::vector<char> out_;
  std::vector<char> sending_;
  std::size_t bytes_sent_ = 0;
  std::string hello_;
  std::string farewell_;
  std::atomic<bool> cut_ = false;
  bool identified_ = false;
  bool gated_ = false;
  bool draining_ = false;
  bool would_block_ = false;
  bool call_again_ = false;
  bool half_shaken_ = false;
};

}  // namespace remote_job::inline v0::ssh

#endif
