// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_BASIC_REMOTE_JOB_TRIGGER_HPP
#define REMOTE_JOB_BASIC_REMOTE_JOB_TRIGGER_HPP

#include <remote_job/backoff.hpp>
#include <remote_job/backoff/exponential.hpp>
#include <remote_job/detail/text/saturating_add.hpp>
#include <remote_job/event.hpp>
#include <remote_job/file_access.hpp>
#include <remote_job/job.hpp>
#include <remote_job/job_command.hpp>
#include <remote_job/lifecycle.hpp>
#include <remote_job/os_policy.hpp>
#include <remote_job/os_policy/census.hpp>
#include <remote_job/os_policy/lifecycle.hpp>
#include <remote_job/sink.hpp>
#include <remote_job/sink/null.hpp>
#include <remote_job/state.hpp>
#include <remote_job/transport.hpp>
#include <remote_job/watch/detail/run/exchanges.hpp>
#include <remote_job/watch/detail/run/run_op.hpp>
#include <remote_job/watch/detail/run/throwing_result.hpp>

#include <asio/async_result.hpp>

#include <memory>
#include <system_error>
#include <utility>

namespace remote_job::inline REMOTE_JOB_ABI {

/// Watches one detached job on a remote host: streams its log into a sink and ends with one final event.
///
/// It connects once and polls over that connection: is there an exit code, how long is the log, the next bytes of it. A
/// connection that fails is closed, and made again after the backoff's delay; more consecutive failures than
/// `max_reconnect_attempts` end the watch. Only a whole poll gives the budget back. Every byte of the log goes to the
/// sink, in order and once, before the final event; while there is more to read, no time passes between polls.
///
/// The watch only reads: cancelling or destroying it never touches the job, and it can be resumed from `serialize()`.
///
/// @tparam Transport  the wire to the host and its clock; see `transport`
/// @tparam OsPolicy   writes the commands and reads their replies; see `os_policy`
/// @tparam Backoff    the delay before each new try to connect; see `backoff`
/// @tparam Sink       takes the log, notices and the final event; see `sink`
///
/// @par Thread safety
/// Distinct objects: safe. Shared objects: unsafe; call everything on get_executor() once a run is outstanding. That
/// executor, the transport's, runs one handler at a time: a strand, an io_context that one thread runs, or, for a
/// transport given the executor of a thread pool, a strand on that.
///
/// @par Object lifetimes
/// Destroying the trigger cancels an outstanding run, which keeps the policies alive until it has completed. The
/// execution context must outlive the trigger.
///
/// @par Default completion token
/// That of the transport's executor. One made by `asio::use_awaitable_t<>::as_default_on(transport)` lets the trigger
/// be awaited as it is: `co_await trigger.async_run()`.
///
/// @par Example
/// @code
/// asio::io_context context;
/// remote_job::basic_remote_job_trigger trigger(
///     remote_job::process_transport::local(context.get_executor()),
///     {.job = {.job_id = "job-1", .log_file = "/tmp/job-1/log", .exit_code_file = "/tmp/job-1/exit_code"}},
///     remote_job::posix_os(), remote_job::exponential_backoff(), remote_job::ostream_sink(std::cout));
/// trigger.async_run(
///     [](std::error_code, const remote_job::trigger_event& event) { std::cerr << event.message << '\n'; });
/// context.run();
/// @endcode
template <class Transport, class OsPolicy, class Backoff = exponential_backoff, class Sink = null_sink>
class basic_remote_job_trigger {
  static_assert(check_transport<Transport>());
  static_assert(check_file_access<Transport>());
  static_assert(check_os_policy<OsPolicy>());
  static_assert(check_lifecycle<OsPolicy>());
  static_assert(check_census<OsPolicy>());
  static_assert(check_backoff<Backoff>());
  static_assert(check_sink<Sink>());

  using watch = typename detail::watch_of<Transport, OsPolicy, Backoff, Sink>::type;

  struct initiate_run {
    template <class Handler>
    void operator()(Handler&& handler, std::shared_ptr<watch> task) const {
      if constexpr (watch::sound) detail::start_run(std::move(task), std::forward<Handler>(handler));
    }
  };

 public:
  using transport_type = Transport;                     ///< the first policy
  using os_policy_type = OsPolicy;                      ///< the second policy
  using backoff_type = Backoff;                         ///< the third policy
  using sink_type = Sink;                               ///< the fourth policy
  using executor_type = typename watch::executor_type;  ///< the transport's

  /// A trigger for a job, or one that goes on where a serialized one stopped: a `trigger_state` is both.
  ///
  /// Nothing is opened or checked here; `async_run` refuses what `validate` objects to.
  explicit basic_remote_job_trigger(Transport transport, trigger_state state, OsPolicy os = {}, Backoff backoff = {},
                                    Sink sink = {});

  /// An outstanding run goes on, as one of the new object. The moved-from object can only be assigned to and destroyed.
  basic_remote_job_trigger(basic_remote_job_trigger&&) noexcept = default;
  /// As the move constructor, after cancelling what is outstanding here.
  basic_remote_job_trigger& operator=(basic_remote_job_trigger&& other) noexcept {
    if (this != &other) {
      cancel();
      watch_ = std::move(other.watch_);
    }
    return *this;
  }

  /// Cancels an outstanding run. The job is not touched.
  ~basic_remote_job_trigger() { cancel(); }

  /// Watches the job to its end.
  ///
  /// @param token  completion token; the signature is `void(std::error_code, trigger_event)`
  ///
  /// Completes with no error when the job ended, whatever its exit code: see `trigger_event::status`. When the watch
  /// gave up, the error code says why and the event, of status `error`, which rule ended it. In both cases the sink was
  /// given the same event just before. When the run was cancelled it completes with
  /// `asio::error::operation_aborted` and an event that says nothing; the sink is given no event.
  ///
  /// @par Errors
  /// `errc::invalid_argument` with a message that names the field; `errc::already_running` while a run is outstanding
  /// (without an event to the sink); any transient error once the budget is spent; any fatal error at once;
  /// `errc::exit_code_damaged`, `exit_code_unreadable`, `log_unreadable` after `trouble_grace`; `errc::sink_failed`;
  /// `errc::policy_failed` when another policy threw; `std::errc::not_enough_memory`.
  ///
  /// With `asio::use_awaitable` or `asio::use_future` an error becomes a std::system_error, whose `what()` begins with
  /// the message of the event; `asio::as_tuple` (asio::experimental::as_tuple before Asio 1.26) of either gives code and
  /// event instead. The operations on the job's life do the same with the messages of their results. Other tokens that
  /// throw know the code alone.
  ///
  /// @par Per-operation cancellation
  /// Terminal, partial and total: all stop the watch at once, at any point. The state stands at the last acknowledged
  /// byte, so another run, of this trigger or of one made from `serialize()`, goes on from there.
  ///
  /// @par Executor and allocator
  /// Never completes inline. An initiation that throws, std::bad_alloc, has begun nothing. The handler is invoked on its
  /// associated executor, the transport's by default; what is allocated between comes from its associated allocator.
  template <asio::completion_token_for<void(std::error_code, trigger_event)> CompletionToken =
                asio::default_completion_token_t<executor_type>>
  auto async_run(CompletionToken&& token = {})
      -> decltype(asio::async_initiate<CompletionToken, void(std::error_code, trigger_event)>(
          std::declval<initiate_run>(), token, std::declval<std::shared_ptr<watch>>())) {
    return asio::async_initiate<CompletionToken, void(std::error_code, trigger_event)>(initiate_run(), token,
                                                                                       std::shared_ptr<watch>(watch_));
  }

  /// @name The job's life
  ///
  /// Each is one command on the host, sent until it is answered: connecting, time-outs, the budget of failures and the
  /// backoff between them are those of the watch, and the sink is told of retries by the same hook. Each may be asked
  /// for again, also by another process with a state that was serialized: what was done is not done twice. One
  /// operation at a time, the watch among them: another completes with `errc::already_running`. The connection is
  /// closed at the end of each.
  ///
  /// @par Per-operation cancellation
  /// Terminal, partial and total. Whether the host carried the command out is then not known; ask again.
  /// @par Executor and allocator
  /// As `async_run`.
  /// @{

  /// Starts the job: makes its directory and runs the command there, detached; or finds that this was done before.
  ///
  /// @param command  what to run; of the trigger's job only the job_id counts
  /// @param token    completion token; the signature is `void(std::error_code, submit_result)`
  ///
  /// Afterwards the trigger's job has its paths, and `async_run` watches it. The same job_id submitted again starts
  /// nothing: `attached` says so, and another command under it is refused.
  ///
  /// @par Errors
  /// `errc::invalid_argument` with a message that names the field, before anything is opened; `job_id_taken`;
  /// `directory_unsafe`, `directory_unusable`, `not_our_directory`; `job_not_started` and any transient error once the
  /// budget is spent; any fatal error at once.
  template <asio::completion_token_for<void(std::error_code, submit_result)> CompletionToken =
                asio::default_completion_token_t<executor_type>>
  auto async_submit(job_command command, CompletionToken&& token = {})
      -> decltype(asio::async_initiate<CompletionToken, void(std::error_code, submit_result)>(
          std::declval<detail::initiate_call>(), token, std::declval<std::shared_ptr<watch>>(),
          std::declval<detail::submit_exchange<watch>>(), std::declval<watch_options>(), std::declval<duration>())) {
    static_assert(check_lifecycle_os_policy<OsPolicy>());
    return call<submit_result>(detail::submit_exchange<watch>(*watch_, std::move(command)), duration::zero(), token);
  }

  /// Asks once how the job is. Completion: `void(std::error_code, job_status)`. For any OS policy.
  template <asio::completion_token_for<void(std::error_code, job_status)> CompletionToken =
                asio::default_completion_token_t<executor_type>>
  auto async_status(CompletionToken&& token = {})
      -> decltype(asio::async_initiate<CompletionToken, void(std::error_code, job_status)>(
          std::declval<detail::initiate_call>(), token, std::declval<std::shared_ptr<watch>>(),
          std::declval<detail::status_exchange<watch>>(), std::declval<watch_options>(), std::declval<duration>())) {
    return call<job_status>(detail::status_exchange<watch>(*watch_), duration::zero(), token);
  }

  /// Stops the job for certain: asks its processes to end, waits, kills them, and looks. Completion:
  /// `void(std::error_code, stop_result)`, without error when none of the job runs any more.
  ///
  /// What cannot be proved to be of the job is never signalled. A job that has not begun never will.
  ///
  /// @par Errors
  /// `errc::job_not_found`; `identity_unproved` for a job that no submit started; `job_elsewhere`; `job_survived`; and
  /// as `async_submit`.
  template <asio::completion_token_for<void(std::error_code, stop_result)> CompletionToken =
                asio::default_completion_token_t<executor_type>>
  auto async_stop(stop_options options, CompletionToken&& token = {})
      -> decltype(asio::async_initiate<CompletionToken, void(std::error_code, stop_result)>(
          std::declval<detail::initiate_call>(), token, std::declval<std::shared_ptr<watch>>(),
          std::declval<detail::stop_exchange<watch>>(), std::declval<watch_options>(), std::declval<duration>())) {
    static_assert(check_lifecycle_os_policy<OsPolicy>());
    return call<stop_result>(detail::stop_exchange<watch>(*watch_, options), detail::stop_time(options), token);
  }

  /// Removes the job's directory, if the policy says so. Completion: `void(std::error_code, cleanup_result)`.
  ///
  /// Only the directory that a submit made, and only when the job is proved to have ended; with `never` nothing is
  /// opened. A job that left processes running has not ended, unless `leave_processes` says otherwise.
  ///
  /// @par Errors
  /// `errc::job_not_finished`, `job_not_found` where the base directory cannot be seen, `not_our_directory`,
  /// `directory_unsafe`, `directory_unusable`; and as `async_submit`.
  template <asio::completion_token_for<void(std::error_code, cleanup_result)> CompletionToken =
                asio::default_completion_token_t<executor_type>>
  auto async_cleanup(cleanup_options options, CompletionToken&& token = {})
      -> decltype(asio::async_initiate<CompletionToken, void(std::error_code, cleanup_result)>(
          std::declval<detail::initiate_call>(), token, std::declval<std::shared_ptr<watch>>(),
          std::declval<detail::cleanup_exchange<watch>>(), std::declval<watch_options>(), std::declval<duration>())) {
    static_assert(check_lifecycle_os_policy<OsPolicy>());
    return call<cleanup_result>(detail::cleanup_exchange<watch>(*watch_, options), duration::zero(), token);
  }
  /// @}

  /// Cancels an outstanding run, which completes with operation_aborted; nothing happens if there is none.
  void cancel() noexcept;

  /// The state to resume from: the job, the options, and the offset behind the last byte that the sink acknowledged.
  /// At any time, also while a run is outstanding. Holds no secret.
  trigger_state serialize() const;

  /// Counters over all runs of this trigger.
  const watch_stats& stats() const noexcept { return watch_->fsm.stats(); }

  /// The transport's executor, on which every step runs.
  executor_type get_executor() const noexcept { return watch_->executor; }

  /// @name The policies in use
  /// On the transport's executor only while a run is outstanding; it uses them.
  /// @{
  Transport& transport() noexcept { return watch_->transport; }
  OsPolicy& os_policy() noexcept { return watch_->os; }
  Backoff& backoff() noexcept { return watch_->backoff; }
  Sink& sink() noexcept { return watch_->sink; }
  /// @}

 private:
  /// `time`: what the command may take besides the usual.
  template <class Result, class Exchange, class CompletionToken>
  auto call(Exchange exchange, duration time, CompletionToken& token) {
    const auto& options = watch_->fsm.options();
    return asio::async_initiate<CompletionToken, void(std::error_code, Result)>(
        detail::initiate_call(), token, std::shared_ptr<watch>(watch_), std::move(exchange), watch_options(options),
        detail::saturating_add(options.command_timeout, time));
  }

  std::shared_ptr<watch> watch_;
};

// Outside of the class, as those of detail::run_op.

template <class Transport, class OsPolicy, class Backoff, class Sink>
basic_remote_job_trigger<Transport, OsPolicy, Backoff, Sink>::basic_remote_job_trigger(Transport transport,
                                                                                       trigger_state state, OsPolicy os,
                                                                                       Backoff backoff, Sink sink) {
  if constexpr (watch::sound)
    watch_ = std::make_shared<watch>(std::move(transport), std::move(state), std::move(os), std::move(backoff),
                                     std::move(sink));
}

template <class Transport, class OsPolicy, class Backoff, class Sink>
void basic_remote_job_trigger<Transport, OsPolicy, Backoff, Sink>::cancel() noexcept {
  if (watch_) watch_->cancel();
}

template <class Transport, class OsPolicy, class Backoff, class Sink>
trigger_state basic_remote_job_trigger<Transport, OsPolicy, Backoff, Sink>::serialize() const {
  return watch_->fsm.state();
}

}  // namespace remote_job::inline REMOTE_JOB_ABI

#endif
