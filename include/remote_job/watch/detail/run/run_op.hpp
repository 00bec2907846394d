// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_WATCH_DETAIL_RUN_RUN_OP_HPP
#define REMOTE_JOB_WATCH_DETAIL_RUN_RUN_OP_HPP

#include <remote_job/detail/asio/any_completion.hpp>
#include <remote_job/error.hpp>
#include <remote_job/event.hpp>
#include <remote_job/job.hpp>
#include <remote_job/watch/detail/rules/action.hpp>
#include <remote_job/watch/detail/run/run_texts.hpp>
#include <remote_job/watch/detail/run/step.hpp>

#include <asio/associated_allocator.hpp>
#include <asio/cancellation_signal.hpp>
#include <asio/cancellation_type.hpp>
#include <asio/error.hpp>
#include <asio/post.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <string>
#include <system_error>
#include <type_traits>
#include <utility>

namespace remote_job::inline REMOTE_JOB_ABI::detail {

/// The composed operation behind every initiating function: carries out what a machine asks for, and decides nothing.
///
/// A Task is a watch or a call: a machine `fsm`, the operation_context that it works on, and
///
///     action start();                                    // the first action
///     void send(Handler&&);                              // begins an action_kind::poll
///     action answered(std::error_code);                  // the machine's answer to the end of it
///     std::string pass_on_notices();                     // to the sink; says how that failed, or nothing
///     bool tell(action& next, Bind bind);                // deliver, reset, notify; true if the sink takes its time
///     std::error_code result(result_type&);              // the end of a run
///     static result_type failure(std::error_code);       // the same, without the memory for a text
///     void ended(const result_type&);                    // tells the sink
///
/// Every step runs on the transport's executor; only the completion goes to the handler's own. Whatever a step throws,
/// a policy's code among it, ends the run as an error. The type of the handler is erased, so that another one costs
/// little to compile; its allocator is a parameter, since Asio keeps the memory of the default one for reuse.
template <class Task, class Allocator = std::allocator<std::byte>>
class run_op final : public stepped_operation<typename Task::context_type, Allocator> {
  using context_type = typename Task::context_type;
  using base = stepped_operation<context_type, Allocator>;
  using traits = typename context_type::traits;
  using sink = typename context_type::sink_hooks;
  using result_type = typename Task::result_type;
  using completion = basic_any_completion<result_type>;

 public:
  /// Begins a run, or has it refused if the context is taken. If this throws, nothing was begun.
  static void start(std::shared_ptr<Task> task, completion handler, const Allocator& memory);

  run_op(std::shared_ptr<Task> task, completion handler, const Allocator& memory, bool begun) noexcept
      : base(task->context(), memory),
        task_(std::move(task)),
        completion_(std::move(handler)),
        stage_(begun ? stage::starting : stage::refused) {}

 private:
  enum class stage { refused, starting, stepping };

  void resume(std::shared_ptr<base>& own, std::error_code ec) override;
  bool go_on(const std::shared_ptr<base>& own, std::error_code ec);
  void give_up(const std::shared_ptr<base>& own) noexcept;
  action answer(std::error_code ec);
  bool carry_out(const std::shared_ptr<base>& own, action next);
  bool back_off(const std::shared_ptr<base>& own, action& next);
  bool over_at_once(duration pause);
  void wait(const std::shared_ptr<base>& own, duration time);
  void finish(std::error_code result) noexcept;
  void leave(std::shared_ptr<base>& own);

  /// What the handler's cancellation slot calls.
  struct cancel_run {
    std::weak_ptr<context_type> context;
    std::uint64_t run;
    void operator()(asio::cancellation_type type) const {
      if (type == asio::cancellation_type::none) return;
      if (const auto c = context.lock(); c && c->run == run) c->cancel();
    }
  };

  std::shared_ptr<Task> task_;
  completion completion_;
  stage stage_;
  action_kind pending_ = action_kind::connect;
  std::error_code result_;
  result_type outcome_{};
};

// The members are defined outside of the class: those in it are inline, and inline functions are instantiated in every
// file that uses them even where they are declared extern.

template <class Task, class Allocator>
void run_op<Task, Allocator>::start(std::shared_ptr<Task> task, completion handler, const Allocator& memory) {
  auto& context = task->context();
  // Here and not in the first step, so that a cancel() that follows the initiation at once is not lost.
  const bool begun = context.begin();
  try {
    auto slot = handler.slot();
    if (begun && slot.is_connected()) slot.assign(cancel_run{task->shared_context(), context.run});
    auto op = std::allocate_shared<run_op>(memory, std::move(task), std::move(handler), memory, begun);
    asio::post(step<context_type, Allocator>(std::move(op)));
  } catch (...) {
    if (begun) context.running = false;
    throw;
  }
}

/// The end of a step.
template <class Task, class Allocator>
void run_op<Task, Allocator>::resume(std::shared_ptr<base>& own, std::error_code ec) {
  if (stage_ == stage::refused)
    result_ = errc::already_running;
  else if (!go_on(own, ec))
    return;
  leave(own);
}

/// Goes on after a step; true if the run is over.
template <class Task, class Allocator>
bool run_op<Task, Allocator>::go_on(const std::shared_ptr<base>& own, std::error_code ec) {
  try {
    const bool first = std::exchange(stage_, stage::stepping) == stage::starting;
    return carry_out(own, first ? task_->start() : answer(ec));
  } catch (...) {
    give_up(own);
    return true;
  }
}

/// Ends the run because of what is being thrown.
template <class Task, class Allocator>
void run_op<Task, Allocator>::give_up(const std::shared_ptr<base>& own) noexcept {
  auto& context = task_->context();
  std::error_code ec = errc::policy_failed;
  try {
    throw;
  } catch (const std::bad_alloc&) {
    ec = std::make_error_code(std::errc::not_enough_memory);
  } catch (...) {
  }
  try {
    context.signal.slot().clear();
    context.disarm();
    carry_out(own, context.cancelled ? task_->fsm.cancelled()
                                     : task_->fsm.broke(ec, exception_text("an exception ended it")));
  } catch (...) {
    // There is not even memory to say it in.
    context.transport.close();
    outcome_ = Task::failure(ec);
    finish(ec);
  }
}

/// The machine's answer to the end of the step that was under way.
template <class Task, class Allocator>
action run_op<Task, Allocator>::answer(std::error_code ec) {
  auto& context = task_->context();
  auto& fsm = task_->fsm;
  context.disarm();
  // A later cancellation must reach nothing of the step that ended. Not clear(): that would give the memory away.
  context.signal.slot().assign([](asio::cancellation_type) {});
  // What an asynchronous sink took is taken, even if the watch is cancelled at the same time.
  if (context.cancelled && !(pending_ == action_kind::deliver && !ec)) return fsm.cancelled();

  switch (pending_) {
    case action_kind::connect: {
      if (context.timed_out) ec = errc::connect_timeout;
      if (const auto failure = task_->pass_on_notices(); !failure.empty())
        return fsm.delivered(errc::sink_failed, failure);
      return fsm.connected(ec, ec ? context.why(ec, fsm.connect_timeout()) : std::string());
    }
    case action_kind::poll:
    case action_kind::stop: return task_->answered(pending_, context.timed_out ? errc::command_timeout : ec);
    case action_kind::deliver: return fsm.delivered(ec, context.guarded([&] { return ec; }));
    default: return fsm.woke();
  }
}

/// Does what is asked for, up to the next step; true if the run is over.
template <class Task, class Allocator>
bool run_op<Task, Allocator>::carry_out(const std::shared_ptr<base>& own, action next) {
  auto& context = task_->context();
  auto& fsm = task_->fsm;
  const auto bind = [&own] { return step<context_type, Allocator>(own); };
  for (;;) {
    // A hook of the sink may have cancelled the run just now. What ends the run anyway takes precedence.
    if (context.cancelled && next.kind < action_kind::close) next = fsm.cancelled();
    pending_ = next.kind;
    switch (next.kind) {
      case action_kind::connect:
        context.arm(next.time);
        context.transport.async_connect(bind());
        return false;
      case action_kind::poll:
      case action_kind::stop:
        context.arm(next.time);
        task_->send(next.kind, bind());
        return false;
      case action_kind::back_off:
        if (back_off(own, next)) return false;
        break;
      case action_kind::wait:
        if (!over_at_once(next.time)) {
          wait(own, next.time);
          return false;
        }
        next = fsm.woke();
        break;
      case action_kind::close:
        context.transport.close();
        next = fsm.closed();
        break;
      case action_kind::finish: finish(task_->result(outcome_)); return true;
      case action_kind::abort:
        context.running = false;
        result_ = asio::error::operation_aborted;
        return true;
      case action_kind::deliver:
      case action_kind::reset:
      case action_kind::notify:
        if (task_->tell(next, bind)) return false;
        break;
    }
  }
}

/// Tells the sink of a retry and waits; false if that is not to be, with the next action.
template <class Task, class Allocator>
bool run_op<Task, Allocator>::back_off(const std::shared_ptr<base>& own, action& next) {
  auto& context = task_->context();
  auto& fsm = task_->fsm;
  const duration delay = std::max(duration::zero(), duration(context.backoff.delay(fsm.failures())));
  const auto info = fsm.retry(delay);
  const auto failure = context.guarded([&] { return sink::on_retry(context.sink, info), std::error_code(); });
  if (!failure.empty()) {
    next = fsm.delivered(errc::sink_failed, failure);
    return false;
  }
  if (context.cancelled) return false;
  wait(own, delay);
  return true;
}

/// Whether so short a pause is over before a timer could be set for it, which costs two system calls.
template <class Task, class Allocator>
bool run_op<Task, Allocator>::over_at_once(duration pause) {
  auto& transport = task_->context().transport;
  const auto begin = traits::now(transport);
  return traits::now(transport) - begin >= pause;
}

template <class Task, class Allocator>
void run_op<Task, Allocator>::wait(const std::shared_ptr<base>& own, duration time) {
  auto& timer = task_->context().timer;
  timer.expires_after(std::chrono::duration_cast<typename traits::timer_type::duration>(time));
  timer.async_wait(step<context_type, Allocator>(own));
}

/// The run is over, with `outcome_`.
template <class Task, class Allocator>
void run_op<Task, Allocator>::finish(std::error_code result) noexcept {
  task_->context().running = false;
  result_ = result;
  try {
    task_->ended(outcome_);
  } catch (...) {  // there is no one left to tell
  }
}

/// Completes on the handler's own executor, with all memory of the run given back.
template <class Task, class Allocator>
void run_op<Task, Allocator>::leave(std::shared_ptr<base>& own) {
  const auto task = task_;
  auto last = std::move(completion_);
  const bool refused = stage_ == stage::refused;
  const auto result = result_;
  auto outcome = std::move(outcome_);
  own.reset();
  if (auto slot = last.slot(); slot.is_connected() && !refused) slot.clear();
  last.dispatch(result, std::move(outcome));
}

/// Begins a run as the operation behind an initiating function; completion `void(std::error_code, result_type)`.
template <class Task, class Handler>
void start_run(std::shared_ptr<Task> task, Handler&& handler) {
  using allocator = typename std::allocator_traits<
      asio::associated_allocator_t<std::decay_t<Handler>>>::template rebind_alloc<std::byte>;
  const allocator memory(asio::get_associated_allocator(handler));
  const auto executor = task->context().executor;
  run_op<Task, allocator>::start(std::move(task), {std::forward<Handler>(handler), executor}, memory);
}

}  // namespace remote_job::inline REMOTE_JOB_ABI::detail

#endif
