// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_WATCH_DETAIL_RUN_OPERATION_CONTEXT_HPP
#define REMOTE_JOB_WATCH_DETAIL_RUN_OPERATION_CONTEXT_HPP

#include <remote_job/backoff.hpp>
#include <remote_job/detail/text/hex.hpp>
#include <remote_job/detail/text/random.hpp>
#include <remote_job/error.hpp>
#include <remote_job/sink.hpp>
#include <remote_job/transport.hpp>
#include <remote_job/watch/detail/run/run_texts.hpp>

#include <asio/bind_executor.hpp>
#include <asio/cancellation_signal.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <system_error>
#include <type_traits>
#include <utility>
#include <vector>

namespace remote_job::inline REMOTE_JOB_ABI::detail {

/// What any operation on a host works with: the transport and its clock, the backoff, the sink that is told of retries,
/// and the one step that is under way. One operation at a time. Transport may be a reference.
template <class Transport, class Backoff, class Sink>
struct operation_context : std::enable_shared_from_this<operation_context<Transport, Backoff, Sink>> {
  using transport_type = std::remove_reference_t<Transport>;
  using traits = transport_traits<transport_type>;
  using executor_type = typename traits::executor_type;
  using sink_hooks = sink_traits<Sink>;

  operation_context(Transport t, Backoff b, Sink s)
      : transport(std::forward<Transport>(t)),
        backoff(std::move(b)),
        sink(std::move(s)),
        executor(transport.get_executor()),
        timer(executor),
        nonces(random_bits()) {}

  /// 32 hexadecimal digits, never the same.
  void make_nonce(std::string& nonce) {
    nonce.clear();
    for (int half = 0; half < 2; ++half) append_hex(nonce, nonces(), 16);
  }

  /// Gives the step under way so much time; then it is cancelled, and its connection closed.
  void arm(duration time) {
    timed_out = false;
    step_began = traits::now(transport);
    expect(deadline{this->shared_from_this(), ++step, time}, time);
  }

  void disarm() {
    ++step;
    timer.cancel();
  }

  /// Claims the context for one operation; false if another is outstanding.
  bool begin() {
    if (running) return false;
    ++run;
    said.clear();
    cancelled = false;
    return running = true;
  }

  void cancel() noexcept {
    if (!running) return;
    cancelled = true;
    try {
      timer.cancel();
    } catch (...) {  // the step under way is interrupted, or its wait ends by itself
    }
    interrupt();
  }

  /// Judges what came of a command, by the error that reading its reply gave. A shell that ran a command before will do
  /// so again: then the lack of a reply is a failure that may pass.
  std::error_code judge(std::error_code ec) {
    if (!ec) shell_answers = true;
    const bool unusable = ec == errc::reply_missing && !shell_answers && never_began(raw) &&
                          !traits::account(transport).host.empty();
    return unusable ? errc::shell_unusable : ec;
  }

  /// Says for people why a step failed. `reply`: of the command, if the step was one.
  std::string why(std::error_code ec, duration limit, const command_reply* reply = nullptr) {
    if (ec == errc::shell_unusable) return unusable_shell_text(traits::account(transport), raw);
    return failure_text(ec, traits::diagnostics(transport), timed_out ? &limit : nullptr, reply);
  }

  /// Calls a hook of the sink, which returns a std::error_code; says how it failed, or nothing.
  template <class Hook>
  std::string guarded(Hook hook) {
    try {
      const std::error_code ec = hook();
      if (!ec) return {};
      // The sink knows the name of its file.
      const auto text = sink_hooks::diagnostics(sink);
      return "the sink could not take the log: " + (text.empty() ? ec.message() : text);
    } catch (...) {
      return exception_text("the sink threw");
    }
  }

  Transport transport;
  Backoff backoff;
  Sink sink;
  executor_type executor;
  typename traits::timer_type timer;
  splitmix64 nonces;
  asio::cancellation_signal signal;  // reaches the step under way

  remote_command command;
  command_reply raw;
  std::vector<std::string> said;  // of the transport's notices, in this run

  std::uint64_t run = 0;   // tells a late cancellation of an earlier run from one of this run
  std::uint64_t step = 0;  // tells a late deadline of an earlier step from one of this step
  duration step_began{};
  bool running = false;
  bool cancelled = false;
  bool timed_out = false;
  bool shell_answers = false;  // whether a command was answered, in any run

 private:
  struct deadline {
    std::shared_ptr<operation_context> self;
    std::uint64_t step;
    duration time;
    bool put_off = false;

    void operator()(std::error_code ec) {
      if (ec || step != self->step) return;
      if (noticed_late()) return;
      self->timed_out = true;
      self->interrupt();
    }

    /// So late that this program was stopped itself: once there is a moment more for what is there unread.
    bool noticed_late() noexcept {
      constexpr duration moment = std::chrono::seconds(1);
      try {
        if (put_off || traits::now(self->transport) - self->step_began - moment < time) return false;
        self->expect(deadline{self, step, time, true}, moment);
        return true;
      } catch (...) {
        return false;
      }
    }
  };

  void expect(deadline d, duration time) {
    timer.expires_after(std::chrono::duration_cast<typename traits::timer_type::duration>(time));
    timer.async_wait(asio::bind_executor(executor, std::move(d)));
  }

  // Both, since a step that does not heed the one, or throws, heeds the other.
  void interrupt() noexcept {
    try {
      signal.emit(asio::cancellation_type::terminal);
    } catch (...) {
    }
    transport.close();
  }
};

}  // namespace remote_job::inline REMOTE_JOB_ABI::detail

#endif
