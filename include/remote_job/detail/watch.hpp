// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_DETAIL_WATCH_HPP
#define REMOTE_JOB_DETAIL_WATCH_HPP

#include <remote_job/detail/file_poll_op.hpp>
#include <remote_job/detail/trigger_fsm.hpp>
#include <remote_job/file_access.hpp>
#include <remote_job/sink.hpp>
#include <remote_job/transport.hpp>

#include <asio/bind_executor.hpp>
#include <asio/cancellation_signal.hpp>

#include <cstdint>
#include <memory>
#include <random>
#include <string>
#include <type_traits>
#include <utility>

namespace remote_job::inline v0::detail {

/// What a trigger and its outstanding run share. It lives as long as either.
template <class Transport, class OsPolicy, class Backoff, class Sink>
struct watch : std::enable_shared_from_this<watch<Transport, OsPolicy, Backoff, Sink>> {
  using traits = transport_traits<Transport>;
  using executor_type = typename traits::executor_type;
  using transport_type = Transport;
  using sink_type = Sink;

  static constexpr bool has_files = file_access_transport<Transport>;
  /// Whether a run may choose by itself to read the files.
  static constexpr bool prefers_files = has_files && os_policy_traits<OsPolicy>::files_suffice();

  watch(Transport t, trigger_state state, OsPolicy o, Backoff b, Sink s)
      : transport(std::move(t)),
        os(std::move(o)),
        backoff(std::move(b)),
        sink(std::move(s)),
        fsm(std::move(state)),
        executor(transport.get_executor()),
        timer(executor),
        nonces(std::random_device{}()) {}

  std::string objection() const {
    auto text = validate(fsm.job(), fsm.options());
    if (text.empty() && !os_policy_traits<OsPolicy>::accepts(fsm.job().remote_os))
      text =
          "remote_os is " + std::string(to_string(fsm.job().remote_os)) + ", but the OS policy is for the other family";
    if (text.empty() && fsm.options().via == poll_via::files && !has_files)
      text = "via is files, but this transport cannot read files: let it be commands or automatic";
    return text;
  }

  /// Sends the poll, whichever way the machine wants it.
  template <class Handler>
  void send_poll(Handler&& handler) {
    raw.clear();
    if constexpr (has_files)
      if (fsm.by_files()) {
        fsm.request(request);
        return start_file_poll(transport, fsm.job(), request, files, std::forward<Handler>(handler));
      }
    build_poll();
    transport.async_execute(command, raw, std::forward<Handler>(handler));
  }

  /// Reads what came back.
  std::error_code read_reply() {
    reply = {};
    if constexpr (has_files)
      if (fsm.by_files()) return files.make_reply(reply), std::error_code();
    return os.parse_poll(request, raw, reply);
  }

  void build_poll() {
    static constexpr char digits[] = "0123456789abcdef";
    fsm.request(request);
    request.nonce.clear();
    for (int half = 0; half < 2; ++half) {
      auto bits = nonces();
      for (int i = 0; i < 16; ++i, bits >>= 4) request.nonce += digits[bits & 15];
    }
    command.clear();
    os.build_poll(fsm.job(), request, command);
  }

  /// Gives the step under way so much time; then it is cancelled, and its connection closed.
  void arm(duration time) {
    timed_out = false;
    timer.expires_after(std::chrono::duration_cast<typename traits::timer_type::duration>(time));
    timer.async_wait(asio::bind_executor(executor, deadline{this->shared_from_this(), ++step}));
  }

  void disarm() {
    ++step;
    timer.cancel();
  }

  /// Claims the watch for one run; false if a run is outstanding.
  bool begin() {
    if (running) return false;
    ++run;
    cancelled = false;
    return running = true;
  }

  void cancel() {
    if (!running) return;
    cancelled = true;
    timer.cancel();
    interrupt();
  }

  Transport transport;
  OsPolicy os;
  Backoff backoff;
  Sink sink;
  trigger_fsm fsm;
  executor_type executor;
  typename traits::timer_type timer;
  std::mt19937_64 nonces;
  asio::cancellation_signal signal;  // reaches the step under way

  poll_request request;
  remote_command command;
  command_reply raw;
  poll_reply reply;
  struct no_files {};
  [[no_unique_address]] std::conditional_t<has_files, running_file_poll, no_files> files;

  std::uint64_t run = 0;   // tells a late cancellation of an earlier run from one of this run
  std::uint64_t step = 0;  // tells a late deadline of an earlier step from one of this step
  bool running = false;
  bool cancelled = false;
  bool timed_out = false;

 private:
  struct deadline {
    std::shared_ptr<watch> self;
    std::uint64_t step;
    void operator()(std::error_code ec) const {
      if (ec || step != self->step) return;
      self->timed_out = true;
      self->interrupt();
    }
  };

  // Both, since a step that does not heed the one heeds the other.
  void interrupt() {
    signal.emit(asio::cancellation_type::terminal);
    transport.close();
  }
};

}  // namespace remote_job::inline v0::detail

#endif
