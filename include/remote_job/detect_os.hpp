// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_DETECT_OS_HPP
#define REMOTE_JOB_DETECT_OS_HPP

#include <remote_job/backoff.hpp>
#include <remote_job/backoff/exponential.hpp>
#include <remote_job/detail/text/escaped.hpp>
#include <remote_job/job.hpp>
#include <remote_job/os_policy/detail/lifecycle_frames.hpp>
#include <remote_job/os_policy/detail/posix_script.hpp>
#include <remote_job/os_policy/detail/powershell.hpp>
#include <remote_job/os_policy/detail/quoting.hpp>
#include <remote_job/os_policy/detail/windows_commands.hpp>
#include <remote_job/sink/null.hpp>
#include <remote_job/transport.hpp>
#include <remote_job/watch/detail/run/call.hpp>
#include <remote_job/watch/detail/run/operation_context.hpp>
#include <remote_job/watch/detail/run/throwing_result.hpp>

#include <asio/async_result.hpp>

#include <memory>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

namespace remote_job::inline REMOTE_JOB_ABI {

/// What a host runs. A plain value.
struct host_os {
  remote_os family = remote_os::posix;  ///< how commands are spelt there
  std::string name{};                   ///< what the host calls it: "Linux", "Darwin", "Windows 10.0.20348.0"
  std::string message{};                ///< for people

  friend bool operator==(const host_os&, const host_os&) = default;
};

namespace detail {

template <>
inline constexpr bool is_outcome<host_os> = true;

/// Asks a POSIX shell, and where none answers PowerShell, on the same connection.
template <class Context>
class detect_exchange {
 public:
  using result_type = host_os;
  static constexpr bool possible = true;

  explicit detect_exchange(const watch_options& options) : objection_(objection_to_options(options)) {}

  const std::string& objection() const noexcept { return objection_; }

  void build(Context& context) {
    context.make_nonce(nonce_);
    auto& command = context.command;
    if (powershell_) {
      auto script = windows_script(nonce_);
      script.append("rj_w \"`n@RJ1 $rj_n os $([Environment]::OSVersion.Platform) $([Environment]::OSVersion.Version)")
          .append("`n@RJ1 $rj_n end`n\"\nrj_send\n");
      append_powershell(command.command, "powershell.exe", powershell_bootstrap);
      append_powershell_input(command.input, script);
    } else {
      command.command = "exec /bin/sh -s";
      append_script_begin(command.input);
      append_assignment(command.input, "rj_nonce", nonce_);
      command.input.append("echo \"\n@RJ1 $rj_nonce os $(uname -s)\n@RJ1 $rj_nonce end\"\n").append(script_end);
    }
    append_end_mark(command.end_mark, nonce_);
    command.max_output = 2 * frame_allowance;
  }

  std::error_code read(Context& context, host_os& result) {
    std::string_view output = context.raw.output, name;
    if (powershell_) {
      if (const auto ec = unwrap_frame(nonce_, output, frame_)) return ec == errc::reply_missing ? unknown(result) : ec;
      output = frame_;
    }
    if (const auto ec = find_lifecycle_line(output, nonce_, " os ", name)) return ec;
    constexpr std::string_view windows = "Win32NT ";
    if (powershell_ != name.starts_with(windows)) return unknown(result);
    result.family = powershell_ ? remote_os::windows : remote_os::posix;
    result.name = powershell_ ? "Windows " + std::string(name.substr(windows.size())) : std::string(name);
    result.message = "The host runs " + escaped(result.name);
    return {};
  }

  /// Whether another question is to be asked at once.
  bool another(std::error_code ec) noexcept {
    if (powershell_ || ec != errc::reply_missing) return false;
    return powershell_ = true;
  }

 private:
  static std::error_code unknown(host_os& result) {
    result.message =
        "neither /bin/sh nor powershell.exe answered on the host: its login shell may know neither of them, or the "
        "account "
        "may be bound to a command of its own";
    return errc::os_not_detected;
  }

  std::string objection_;
  std::string nonce_;
  std::string frame_;
  bool powershell_ = false;
};

template <class Transport, class Backoff>
using detect_context = operation_context<Transport&, Backoff, null_sink>;

}  // namespace detail

/// Finds out what a host runs, so that the OS policy can be chosen: asks a POSIX shell, then PowerShell.
///
/// @param transport  carries the question; not connected before, nor afterwards. It is to outlive the operation
/// @param options    of these, the time-outs (`connect_timeout`, `command_timeout` for each of at most two commands)
///                   and the budget of failures; else unused
/// @param backoff    the pause between tries
/// @param token      completion token; the signature is `void(std::error_code, host_os)`
///
/// @par Per-operation cancellation
/// Terminal, partial and total.
/// @par Errors
/// `errc::os_not_detected` where neither answers; else as `basic_remote_job_trigger::async_status`.
/// @par Thread safety
/// One operation on a transport at a time; it runs on the transport's executor and completes on the token's.
template <transport Transport, backoff Backoff,
          asio::completion_token_for<void(std::error_code, host_os)> CompletionToken =
              asio::default_completion_token_t<typename transport_traits<Transport>::executor_type>>
auto async_detect_os(Transport& transport, const watch_options& options, Backoff backoff, CompletionToken&& token = {})
    -> decltype(asio::async_initiate<CompletionToken, void(std::error_code, host_os)>(
        std::declval<detail::initiate_call>(), token,
        std::declval<std::shared_ptr<detail::detect_context<Transport, Backoff>>>(),
        std::declval<detail::detect_exchange<detail::detect_context<Transport, Backoff>>>(),
        std::declval<watch_options>(), std::declval<duration>())) {
  using context = detail::detect_context<Transport, Backoff>;
  return asio::async_initiate<CompletionToken, void(std::error_code, host_os)>(
      detail::initiate_call(), token, std::make_shared<context>(transport, std::move(backoff), null_sink()),
      detail::detect_exchange<context>(options), watch_options(options), options.command_timeout);
}

}  // namespace remote_job::inline REMOTE_JOB_ABI

#endif
