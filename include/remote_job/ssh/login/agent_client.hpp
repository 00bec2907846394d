// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_SSH_LOGIN_AGENT_CLIENT_HPP
#define REMOTE_JOB_SSH_LOGIN_AGENT_CLIENT_HPP

#include <remote_job/detail/asio/shared_call.hpp>
#include <remote_job/job.hpp>
#include <remote_job/ssh/session/stream_socket.hpp>

#include <asio/any_io_executor.hpp>
#include <asio/buffer.hpp>
#include <asio/steady_timer.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

namespace remote_job::inline REMOTE_JOB_ABI::ssh {

/// The messages of the agent protocol (draft-miller-ssh-agent) that a login needs. Does no I/O.
namespace agent_protocol {

static constexpr std::size_t max_message = 256 * 1024;  // as in OpenSSH
static constexpr std::uint32_t max_keys = 2048;         // as in OpenSSH

struct key {
  std::string blob;  ///< the public key
  std::string comment;
};

REMOTE_JOB_DECL std::string number(std::size_t value);

inline std::string text(std::string_view bytes) { return number(bytes.size()) + std::string(bytes); }

REMOTE_JOB_DECL std::optional<std::uint32_t> take_number(std::string_view& rest);

REMOTE_JOB_DECL std::optional<std::string_view> take_text(std::string_view& rest);

/// SSH_AGENTC_REQUEST_IDENTITIES
inline std::string ask_keys() { return "\x0b"; }

/// SSH_AGENTC_SIGN_REQUEST. The algorithm name in `data` (RFC 4252, section 7) selects the hash for an RSA key.
REMOTE_JOB_DECL std::string ask_signature(std::string_view blob, std::string_view data);

/// Parses SSH_AGENT_IDENTITIES_ANSWER; nothing for any other message.
REMOTE_JOB_DECL std::optional<std::vector<key>> keys(std::string_view message);

/// The signature in SSH_AGENT_SIGN_RESPONSE, without the algorithm name; nothing for any other message.
REMOTE_JOB_DECL std::optional<std::string> signature(std::string_view message);

}  // namespace agent_protocol

/// Talks to a running ssh-agent over its Unix socket, without blocking. Handles one request at a time and calls back
/// when it has an answer or has failed. Runs on one executor.
class agent_client : public std::enable_shared_from_this<agent_client> {
 public:
  agent_client(const asio::any_io_executor& executor, std::string path)
      : path_(std::move(path)), socket_(executor), timer_(executor) {}

  /// Calls `on_answer` once, never from within ask(), unless close() comes first. An answer that takes longer than
  /// `limit` is a failure, after which the agent is asked nothing more.
  REMOTE_JOB_DECL void ask(std::string_view message, std::function<void()> on_answer, duration limit = duration::max());

  bool waiting() const noexcept { return static_cast<bool>(on_answer_); }
  /// The answer; nothing if the request failed, and then why() holds the reason.
  const std::optional<std::string>& answer() const noexcept { return answer_; }
  const std::string& why() const noexcept { return why_; }
  const std::string& path() const noexcept { return path_; }

  /// Calls nothing from now on.
  REMOTE_JOB_DECL void close() noexcept;

 private:
  template <auto Member>
  detail::shared_call calls() {
    return detail::shared_call::to<Member>(shared_from_this());
  }

  REMOTE_JOB_DECL void on_connected(std::error_code ec);

  void write() { socket_.async_write_some(rest_, calls<&agent_client::on_written>()); }

  REMOTE_JOB_DECL void on_written(std::error_code ec, std::size_t size);

  /// Reads `size` bytes into `in_`.
  REMOTE_JOB_DECL void read(std::size_t size);

  void read_on() { socket_.async_read_some(room_, calls<&agent_client::on_read>()); }

  REMOTE_JOB_DECL void on_read(std::error_code ec, std::size_t size);
  REMOTE_JOB_DECL void on_time(std::error_code ec);
  REMOTE_JOB_DECL void end(std::error_code ec);

  std::string path_;
  stream_socket socket_;
  asio::steady_timer timer_;
  std::function<void()> on_answer_;
  std::string out_;
  asio::const_buffer rest_;
  std::string in_;
  asio::mutable_buffer room_;
  bool has_size_ = false;  // the size of the answer has been read
  std::optional<std::string> answer_;
  std::string why_;
};

}  // namespace remote_job::inline REMOTE_JOB_ABI::ssh

#if !defined(REMOTE_JOB_SEPARATE_COMPILATION)
#include <remote_job/ssh/login/impl/agent_client.ipp>
#endif

#endif
