// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_WATCH_DETAIL_RUN_WATCH_HPP
#define REMOTE_JOB_WATCH_DETAIL_RUN_WATCH_HPP

#include <remote_job/detail/asio/recycled_block.hpp>
#include <remote_job/detail/poll_bounds.hpp>
#include <remote_job/detail/text/saturating_add.hpp>
#include <remote_job/error.hpp>
#include <remote_job/event.hpp>
#include <remote_job/file_access.hpp>
#include <remote_job/lifecycle.hpp>
#include <remote_job/os_policy/census.hpp>
#include <remote_job/os_policy/lifecycle.hpp>
#include <remote_job/sink.hpp>
#include <remote_job/transport.hpp>
#include <remote_job/watch/detail/rules/action.hpp>
#include <remote_job/watch/detail/rules/watch_fsm.hpp>
#include <remote_job/watch/detail/run/census.hpp>
#include <remote_job/watch/detail/run/file_poll_op.hpp>
#include <remote_job/watch/detail/run/operation_context.hpp>

#include <asio/any_io_executor.hpp>

#include <algorithm>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <system_error>
#include <type_traits>
#include <utility>

namespace remote_job::inline REMOTE_JOB_ABI::detail {

/// What a trigger and its outstanding run share. It lives as long as either.
template <class Transport, class OsPolicy, class Backoff, class Sink>
class watch : public operation_context<Transport, Backoff, Sink> {
  using base = operation_context<Transport, Backoff, Sink>;

 public:
  using context_type = watch;
  using sink_hooks = typename base::sink_hooks;
  using result_type = trigger_event;
  static constexpr bool sound = true;
  static constexpr bool has_files = file_access_transport<Transport>;
  /// Whether a run may choose by itself to read the files.
  static constexpr bool prefers_files = has_files && os_policy_traits<OsPolicy>::files_suffice();

  static constexpr bool renames_files = has_files && os_policy_traits<OsPolicy>::renames_files();
  static constexpr bool can_stop = lifecycle_os_policy<OsPolicy>;
  static constexpr bool asks_shell =
      os_policy_traits<OsPolicy>::asks_shell() && transport_traits<Transport>::keeps_shell();
  static constexpr bool counts = census_os_policy<OsPolicy>;

  watch(Transport t, trigger_state state, OsPolicy o, Backoff b, Sink s)
      : base(std::move(t), std::move(b), std::move(s)), os(std::move(o)), fsm(std::move(state)) {}

  /// @name What run_op asks for
  /// @{
  watch& context() noexcept { return *this; }
  std::shared_ptr<watch> shared_context() { return std::static_pointer_cast<watch>(this->shared_from_this()); }
  action start() {
    if constexpr (renames_files) files_job = os_policy_traits<OsPolicy>::for_file_access(fsm.job());
    if constexpr (has_files) files.forget();
    if constexpr (counts) census.template join<OsPolicy>(this->transport, fsm.job());
    return fsm.start(objection(), prefers_files, base::traits::now(this->transport),
                     base::traits::wall_now(this->transport), counts);
  }

  template <class Handler>
  void send(action_kind kind, Handler&& handler) {
    this->raw.clear();
    if (kind == action_kind::stop)
      send_stop(std::forward<Handler>(handler));
    else if (census_is_due())
      send_census(std::forward<Handler>(handler));
    else
      send_poll(std::forward<Handler>(handler));
  }

  action answered(action_kind kind, std::error_code ec) {
    if (kind == action_kind::stop) {
      stop_result stopped;
      if constexpr (can_stop)
        if (!ec) ec = this->judge(os.parse_stop(stop, this->raw, stopped));
      return fsm.stop_answered(ec, ec && stopped.message.empty() ? why_of_command(ec) : std::move(stopped.message));
    }
    const auto now = base::traits::now(this->transport);
    if constexpr (counts)
      if (census.asking) {
        census_reply counted;
        if (!ec) ec = os.parse_census(census.request, this->raw, counted);
        census.answered(ec, std::move(counted), now);
        return fsm.counted();
      }
    ec = read_reply(ec);
    if (!fsm.by_files())
      if (const auto failure = pass_on_notices(); !failure.empty()) return fsm.delivered(errc::sink_failed, failure);
    if constexpr (counts) census.fill(reply);
    return fsm.polled(ec, ec ? why_of_command(ec) : std::string(), reply, now, time_taken(now - this->step_began));
  }

  std::string pass_on_notices() {
    for (auto& text : base::traits::notices(this->transport)) {
      if (std::find(this->said.begin(), this->said.end(), text) != this->said.end()) continue;
      this->said.push_back(text);
      const notice n{.kind = notice_kind::transport, .message = std::move(text)};
      auto failure = this->guarded([&] { return sink_hooks::on_notice(this->sink, n), std::error_code(); });
      if (!failure.empty()) return failure;
    }
    return {};
  }

  template <class Bind>
  bool tell(action& next, Bind bind) {
    std::string failure;
    switch (next.kind) {
      case action_kind::deliver: {
        std::optional<std::error_code> taken;
        failure = this->guarded([&] {
          taken = sink_hooks::try_on_log(this->sink, fsm.offset(), fsm.bytes());
          if constexpr (sink_hooks::is_async)
            if (!taken) this->sink.async_on_log(fsm.offset(), fsm.bytes(), bind());
          return taken.value_or(std::error_code());
        });
        if (!taken && failure.empty()) return true;
        break;
      }
      case action_kind::reset:
        failure = this->guarded([&] { return sink_hooks::on_log_reset(this->sink, fsm.reset()); });
        break;
      default:
        failure = this->guarded([&] { return sink_hooks::on_notice(this->sink, fsm.note()), std::error_code(); });
        break;
    }
    next = fsm.delivered(failure.empty() ? std::error_code() : errc::sink_failed, failure);
    return false;
  }

  std::error_code result(trigger_event& event) {
    if constexpr (counts) census.leave();
    event = fsm.event();
    return event.error;
  }
  static trigger_event failure(std::error_code ec) noexcept {
    trigger_event event;
    event.error = ec;
    return event;
  }
  void ended(const trigger_event& event) { sink_hooks::on_event(this->sink, event); }
  /// @}

  std::string objection_to_family() const {
    if (os_policy_traits<OsPolicy>::accepts(fsm.job().remote_os)) return {};
    return "remote_os is " + std::string(to_string(fsm.job().remote_os)) +
           ", but the OS policy is for the other family";
  }

  std::string objection() const {
    auto text = validate(fsm.job(), fsm.options());
    if (text.empty()) text = objection_to_family();
    if (text.empty() && fsm.options().via == poll_via::files && !has_files)
      text = "via is files, but this transport cannot read files: let it be commands or automatic";
    if (text.empty() && !counts && !fsm.job().scheduler.empty())
      text = "scheduler is " + fsm.job().scheduler + ", but the OS policy asks no scheduler";
    if (text.empty() && fsm.options().stop_at_deadline && !can_stop)
      text = "stop_at_deadline is set, but the OS policy cannot stop jobs";
    return text;
  }

  std::string why_of_command(std::error_code ec) { return this->why(ec, fsm.command_timeout(), &this->raw); }

  /// Sends the poll, whichever way the machine wants it.
  template <class Handler>
  void send_poll(Handler&& handler) {
    fsm.request(request);
    if constexpr (has_files)
      if (fsm.by_files()) {
        files.read_ahead = may_read_ahead();
        return start_file_poll(this->transport, job_of_files(), request, files, std::forward<Handler>(handler));
      }
    shrink(this->raw.output, poll_limit(request));
    build_poll();
    this->transport.async_execute(this->command, this->raw, std::forward<Handler>(handler));
  }

  /// Whether the scheduler is to be asked about all jobs of the host, before the poll.
  bool census_is_due() {
    if constexpr (counts) {
      // Long enough that a watch which is cancelled now does not bring about another too early.
      const auto within =
          std::max<duration>(saturating_add(fsm.command_timeout(), std::chrono::seconds(1)), std::chrono::seconds(30));
      return census.due(base::traits::now(this->transport), within);
    }
    return false;
  }

  template <class Handler>
  void send_census(Handler&& handler) {
    if constexpr (counts) {
      this->command.clear();
      this->make_nonce(census.request.nonce);
      os.build_census(census.request, this->command);
      this->transport.async_execute(this->command, this->raw, std::forward<Handler>(handler));
    }
  }

  /// Stops the job, whose deadline is over.
  template <class Handler>
  void send_stop(Handler&& handler) {
    if constexpr (can_stop) {
      this->command.clear();
      this->make_nonce(stop.nonce);
      stop.grace = stop_options().grace;
      os.build_stop(fsm.job(), stop, this->command);
      leave_out_shell();
      this->transport.async_execute(this->command, this->raw, std::forward<Handler>(handler));
    }
  }

  /// The job, its files named as the transport wants them.
  const job_spec& job_of_files() const noexcept {
    if constexpr (renames_files)
      return files_job;
    else
      return fsm.job();
  }

  /// Reads what came back of the poll that ended in this way.
  std::error_code read_reply(std::error_code ec) {
    reply = {};
    if constexpr (has_files)
      if (fsm.by_files()) {
        files.rethrow();
        if (ec)
          files.make_partial_reply(reply);
        else
          files.make_reply(reply);
        return ec;
      }
    return ec ? ec : this->judge(os.parse_poll(request, this->raw, reply));
  }

  /// Whether several chunks may be asked for at once, and yet come in good time. Chunks that may grow do that instead.
  bool may_read_ahead() const noexcept {
    const auto& options = fsm.options();
    return options.max_chunk_size <= options.log_chunk_size && took <= options.command_timeout / 8;
  }

  /// How long a poll took; one that asked nothing, as long as that which read for it.
  duration time_taken(duration now) noexcept {
    if constexpr (has_files)
      if (fsm.by_files() && !files.asked()) return took;
    return took = now;
  }

  void build_poll() {
    this->make_nonce(request.nonce);
    this->command.clear();
    os.build_poll(fsm.job(), request, this->command);
    leave_out_shell();
  }

  /// A policy may pass on the command of another and change it; a transport, too: then it is executed as it is.
  void leave_out_shell() noexcept {
    if constexpr (!asks_shell) this->command.shell.clear();
  }

  OsPolicy os;
  watch_fsm fsm;

  poll_request request;
  poll_reply reply;
  duration took{};  // by the poll before
  stop_request stop;
  struct nothing {};
  [[no_unique_address]] std::conditional_t<has_files, running_file_poll, nothing> files;
  [[no_unique_address]] std::conditional_t<renames_files, job_spec, nothing> files_job;
  [[no_unique_address]] std::conditional_t<counts, census_member, nothing> census;
};

/// What stands in for a watch where a policy is not what it has to be: nothing is run, so that the compiler says what
/// is wrong with the policy, and not what comes of it in here.
template <class Transport, class OsPolicy, class Backoff, class Sink>
struct no_watch {
  template <class T>
  struct executor_of {
    using type = asio::any_io_executor;
  };
  template <has_executor T>
  struct executor_of<T> {
    using type = typename T::executor_type;
  };
  using executor_type = typename executor_of<Transport>::type;
  static constexpr bool sound = false;
  static constexpr bool can_stop = false;

  void cancel() noexcept {}
  void make_nonce(std::string&) {}

  Transport& transport;
  OsPolicy& os;
  Backoff& backoff;
  Sink& sink;
  executor_type executor;
  watch_fsm fsm;
};

/// Whether all four policies are what they have to be.
template <class Transport, class OsPolicy, class Backoff, class Sink>
concept sound_policies = remote_job::transport<Transport> && remote_job::os_policy<OsPolicy> &&
    remote_job::backoff<Backoff> && remote_job::sink<Sink>;

template <class Transport, class OsPolicy, class Backoff, class Sink>
struct watch_of {
  using type = no_watch<Transport, OsPolicy, Backoff, Sink>;
};
template <class Transport, class OsPolicy, class Backoff, class Sink>
requires sound_policies<Transport, OsPolicy, Backoff, Sink>
struct watch_of<Transport, OsPolicy, Backoff, Sink> {
  using type = watch<Transport, OsPolicy, Backoff, Sink>;
};

}  // namespace remote_job::inline REMOTE_JOB_ABI::detail

#endif
