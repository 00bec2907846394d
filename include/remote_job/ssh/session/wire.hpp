// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_SSH_SESSION_WIRE_HPP
#define REMOTE_JOB_SSH_SESSION_WIRE_HPP

#include <remote_job/config.hpp>

#include <libssh2.h>
#include <asio/buffer.hpp>

#include <atomic>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace remote_job::inline REMOTE_JOB_ABI::ssh {

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

  REMOTE_JOB_DECL wire();

  ~wire() { free(); }
  wire(const wire&) = delete;
  wire& operator=(const wire&) = delete;

  /// Null when libssh2 has no memory, and after free().
  LIBSSH2_SESSION* native() const noexcept { return raw_; }
  bool is_cut() const noexcept { return cut_; }

  /// Bytes that libssh2 holds for this session. It queues each packet that nobody has asked for, without a limit.
  std::size_t memory() const noexcept { return memory_; }

  /// Memory for what libssh2 frees by itself; null when there is none. `abstract`: see libssh2_session_abstract(3).
  REMOTE_JOB_DECL static void* allocate(std::size_t size, void** abstract) noexcept;

  void cut() noexcept { cut_ = true; }

  /// Frees the session and all its channels.
  REMOTE_JOB_DECL void free() noexcept;

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

  REMOTE_JOB_DECL int handshake();

  /// libssh2's text on the call that has just failed.
  REMOTE_JOB_DECL std::string last_error() const;

  /// From now on input is only taken by drain(), or freely again.
  void gate(bool on) noexcept { gated_ = on; }

  /// Has libssh2 take all input. Any channel will do to ask with: a read of no bytes. An error of libssh2, or none.
  REMOTE_JOB_DECL ssize_t drain(LIBSSH2_CHANNEL* channel);

  // --- input

  /// Where the next bytes go; empty when nobody takes those that are there: the server has to wait.
  REMOTE_JOB_DECL asio::mutable_buffer room() noexcept;

  void received(std::size_t size) noexcept { end_ += size; }
  /// What was received and not taken.
  std::string_view input() const noexcept { return {in_.data() + begin_, end_ - begin_}; }

  /// Keeps what comes before encryption, and withholds it from libssh2 until the server has identified itself: libssh2
  /// would read any number of other lines. To be told the size of what was just received; false when that is not SSH 2.
  REMOTE_JOB_DECL bool capture(std::size_t size);

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
  REMOTE_JOB_DECL asio::const_buffer send() noexcept;

  /// The size of what was sent.
  REMOTE_JOB_DECL std::size_t sent() noexcept;

 private:
  // libssh2 only looks whether there is such a file descriptor; it never reads from it.
  static constexpr libssh2_socket_t no_socket = 0x7fffffff;
  static constexpr int max_tries = 64;
  static constexpr std::size_t input_size = 64 * 1024;
  static constexpr std::size_t max_hello = 48 * 1024;

  /// As malloc(3) has it. The blocks are its own: libssh2 1.11.1 hands one to OpenSSL to be freed.
  REMOTE_JOB_DECL static std::size_t size_of_block(void* block) noexcept;
  REMOTE_JOB_DECL static void* on_libssh2_realloc(void* block, std::size_t size, void** abstract) noexcept;
  REMOTE_JOB_DECL static void on_libssh2_free(void* block, void** abstract) noexcept;
  REMOTE_JOB_DECL static ssize_t on_libssh2_send(libssh2_socket_t, const void* data, std::size_t size, int,
                                                 void** abstract);
  REMOTE_JOB_DECL static ssize_t on_libssh2_receive(libssh2_socket_t, void* data, std::size_t size, int,
                                                    void** abstract);

  REMOTE_JOB_DECL static void on_libssh2_disconnect(LIBSSH2_SESSION*, int, const char* message, int size, const char*,
                                                    int, void** abstract);

  std::size_t memory_ = 0;
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

}  // namespace remote_job::inline REMOTE_JOB_ABI::ssh

#if !defined(REMOTE_JOB_SEPARATE_COMPILATION)
#include <remote_job/ssh/session/impl/wire.ipp>
#endif

#endif
