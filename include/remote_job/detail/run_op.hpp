// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_DETAIL_RUN_OP_HPP
#define REMOTE_JOB_DETAIL_RUN_OP_HPP

#include <remote_job/detail/watch.hpp>

#include <asio/associated_executor.hpp>
#include <asio/bind_cancellation_slot.hpp>
#include <asio/bind_executor.hpp>
#include <asio/cancellation_state.hpp>
#include <asio/dispatch.hpp>
#include <asio/post.hpp>

#include <algorithm>
#include <cstdint>
#include <exception>
#include <memory>
#include <string>
#include <system_error>
#include <utility>

namespace remote_job::inline v0::detail {

/// The composed operation behind every initiating function: carries out what a machine asks for, and decides nothing.
///
/// A Task is a machine, `fsm`, the line it works on, and what is sent and read there: a watch or a call.
///
/// Every step runs on the transport's executor; only the completion goes to the handler's own.
template <class Task>
class run_op {
 public:
  explicit run_op(std::shared_ptr<Task> task) : t_(std::move(task)) {}

  template <class Self>
  void operator()(Self& self, std::error_code ec = {}) {
    switch (stage_) {
      case stage::initiated: {
        // Inline, so that a cancel() that follows the initiation at once is not lost.
        stage_ = t_->line().begin() ? stage::starting : stage::refused;
        // Whatever kind is asked for, the watch can be resumed after it: nothing on the host was changed.
        self.reset_cancellation_state(asio::enable_total_cancellation());
        const auto executor = t_->line().executor;
        return asio::post(executor, asio::bind_executor(executor, std::move(self)));
      }
      case stage::refused: return leave(self, errc::already_running);
      case stage::starting: stage_ = stage::stepping; return carry_out(self, t_->start());
      case stage::stepping: return carry_out(self, answer(ec));
      case stage::leaving: return self.complete(result_, std::move(outcome_));
    }
  }

 private:
  enum class stage { initiated, refused, starting, stepping, leaving };
  using line = typename Task::line_type;
  using traits = typename line::traits;
  using sink = sink_traits<typename line::sink_type>;

  /// The machine's answer to the end of the step that was under way.
  action answer(std::error_code ec) {
    auto& w = t_->line();
    w.disarm();
    // Nothing of the step that ended may be reached by a later cancellation. Not clear(): that would give the memory
    // away.
    w.signal.slot().assign([](asio::cancellation_type) {});
    auto& fsm = t_->fsm;
    // What an asynchronous sink took is taken, even if the watch is cancelled at the same time.
    if (w.cancelled && !(pending_ == action_kind::deliver && !ec)) return fsm.cancelled();

    switch (pending_) {
      case action_kind::connect: {
        if (w.timed_out) ec = errc::connect_timeout;
        if (const auto failure = pass_on_notices(); !failure.empty()) return fsm.delivered(errc::sink_failed, failure);
        return fsm.connected(ec, ec ? why(ec, fsm.connect_timeout()) : std::string());
      }
      case action_kind::poll: {
        if (w.timed_out) ec = errc::command_timeout;
        return t_->answered(ec, [&](std::error_code failure) { return why(failure, fsm.command_timeout()); });
      }
      case action_kind::deliver: return fsm.delivered(ec, ec ? refusal(ec) : std::string());
      default: return fsm.woke();
    }
  }

  /// Tells the sink what the transport has to say of connecting, each text once; says how the sink failed, or nothing.
  std::string pass_on_notices() {
    if constexpr (Task::watches) {
      auto& w = t_->line();
      for (auto& text : traits::notices(w.transport)) {
        if (std::find(w.said.begin(), w.said.end(), text) != w.said.end()) continue;
        w.said.push_back(text);
        const notice n{.kind = notice_kind::transport, .message = std::move(text)};
        if (auto failure = guarded([&] { return sink::on_notice(w.sink, n), std::error_code(); }); !failure.empty())
          return failure;
      }
    }
    return {};
  }

  /// Says what failed for people: the transport knows the host and the cause, the error code the kind.
  std::string why(std::error_code ec, duration limit) {
    auto text = traits::diagnostics(t_->line().transport);
    if (t_->line().timed_out)
      return ec.message() + " after " + seconds(limit) + " s" + (text.empty() ? text : ": " + text);
    if (text.empty()) text = ec.message();
    if (const auto& noise = t_->line().raw.error_output; pending_ == action_kind::poll && !noise.empty())
      text += "; the host says: " + escaped(std::string_view(noise).substr(0, 200));
    return text;
  }

  /// Makes the operation the handler of its next step. The slot of a composed operation is emptied at each invocation,
  /// so the way from the caller's cancellation to the watch is laid anew for each step.
  template <class Self>
  auto bind(Self& self) {
    auto& w = t_->line();
    if (auto slot = self.get_cancellation_state().slot(); slot.is_connected())
      slot.assign(cancel_line{t_->shared_line(), w.run});
    return asio::bind_cancellation_slot(w.signal.slot(), asio::bind_executor(w.executor, std::move(self)));
  }

  /// Whether the run is cancelled: from outside, or by a hook of the sink just now.
  template <class Self>
  bool cancel_asked(Self& self) {
    if (self.get_cancellation_state().cancelled() != asio::cancellation_type::none) t_->line().cancelled = true;
    return t_->line().cancelled;
  }

  template <class Self>
  void carry_out(Self& self, action next) {
    // A local copy: the operation object moves away together with the handler.
    const auto task = t_;
    auto& w = task->line();
    auto& fsm = task->fsm;
    for (;;) {
      // What ends the run anyway takes precedence.
      if (cancel_asked(self) && next.kind < action_kind::close) next = fsm.cancelled();
      pending_ = next.kind;
      switch (next.kind) {
        case action_kind::connect: w.arm(next.time); return static_cast<void>(w.transport.async_connect(bind(self)));
        case action_kind::poll: w.arm(next.time); return task->send(bind(self));
        case action_kind::back_off: {
          const duration delay = std::max(duration::zero(), duration(w.backoff.delay(fsm.failures())));
          if (const auto failure = guarded([&] { return sink::on_retry(w.sink, fsm.retry(delay)), std::error_code(); });
              !failure.empty()) {
            next = fsm.delivered(errc::sink_failed, failure);
            break;
          }
          if (cancel_asked(self)) break;
          return wait(self, delay);
        }
        case action_kind::wait:
          if (!over_at_once(next.time)) return wait(self, next.time);
          next = fsm.woke();
          break;
        case action_kind::close:
          w.transport.close();
          next = fsm.closed();
          break;
        case action_kind::finish:
          outcome_ = task->result();
          w.running = false;
          if constexpr (Task::watches) {
            guarded([&] { return sink::on_event(w.sink, outcome_), std::error_code(); });
            return leave(self, outcome_.error);
          } else {
            return leave(self, task->error());
          }
        case action_kind::abort: w.running = false; return leave(self, asio::error::operation_aborted);
        case action_kind::deliver:
        case action_kind::reset:
        case action_kind::notify:
          if constexpr (Task::watches) {
            if (tell(self, next)) return;
          }
          break;
      }
    }
  }

  /// Tells the sink; true if it is told asynchronously.
  template <class Self>
  bool tell(Self& self, action& next) {
    auto& w = t_->line();
    auto& fsm = t_->fsm;
    switch (next.kind) {
      case action_kind::deliver:
        if constexpr (sink::is_async) {
          w.sink.async_on_log(fsm.offset(), fsm.bytes(), bind(self));
          return true;
        } else {
          next = told([&] { return sink::on_log(w.sink, fsm.offset(), fsm.bytes()); });
          return false;
        }
      case action_kind::reset: next = told([&] { return sink::on_log_reset(w.sink, fsm.reset()); }); return false;
      default: next = told([&] { return sink::on_notice(w.sink, fsm.note()), std::error_code(); }); return false;
    }
  }

  /// Whether so short a pause is over before a timer could be set for it, which costs two system calls.
  bool over_at_once(duration pause) {
    auto& transport = t_->line().transport;
    const auto begin = traits::now(transport);
    return traits::now(transport) - begin >= pause;
  }

  template <class Self>
  void wait(Self& self, duration time) {
    auto& w = t_->line();
    w.timer.expires_after(std::chrono::duration_cast<typename traits::timer_type::duration>(time));
    w.timer.async_wait(bind(self));
  }

  template <class Hook>
  action told(Hook hook) {
    const auto failure = guarded(hook);
    return t_->fsm.delivered(failure.empty() ? std::error_code() : errc::sink_failed, failure);
  }

  /// Calls a hook of the sink; says how it failed, or nothing.
  template <class Hook>
  std::string guarded(Hook hook) {
    try {
      const std::error_code ec = hook();
      return ec ? refusal(ec) : std::string();
    } catch (const std::exception& e) {
      return std::string("the sink threw: ") + e.what();
    } catch (...) {
      return "the sink threw";
    }
  }

  /// Says for people why the sink refused: it knows the name of its file.
  std::string refusal(std::error_code ec) {
    const auto text = sink::diagnostics(t_->line().sink);
    return "the sink could not take the log: " + (text.empty() ? ec.message() : text);
  }

  /// Completes on the handler's own executor.
  template <class Self>
  void leave(Self& self, std::error_code result) {
    stage_ = stage::leaving;
    result_ = result;
    const auto executor = asio::get_associated_executor(self, t_->line().executor);
    asio::dispatch(executor, asio::bind_executor(executor, std::move(self)));
  }

  struct cancel_line {
    std::weak_ptr<line> watched;
    std::uint64_t run;
    void operator()(asio::cancellation_type) const {
      if (const auto w = watched.lock(); w && w->run == run) w->cancel();
    }
  };

  std::shared_ptr<Task> t_;
  stage stage_ = stage::initiated;
  action_kind pending_ = action_kind::connect;
  std::error_code result_;
  typename Task::result_type outcome_{};
};

}  // namespace remote_job::inline v0::detail

#endif
