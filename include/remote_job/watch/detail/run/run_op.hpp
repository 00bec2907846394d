// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_WATCH_DETAIL_RUN_RUN_OP_HPP
#define REMOTE_JOB_WATCH_DETAIL_RUN_RUN_OP_HPP

#include <remote_job/detail/text/escaped.hpp>
#include <remote_job/detail/text/seconds.hpp>
#include <remote_job/watch/detail/run/watch.hpp>

#include <asio/associated_allocator.hpp>
#include <asio/associated_executor.hpp>
#include <asio/bind_cancellation_slot.hpp>
#include <asio/bind_executor.hpp>
#include <asio/cancellation_state.hpp>
#include <asio/dispatch.hpp>
#include <asio/post.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <new>
#include <string>
#include <string_view>
#include <system_error>
#include <type_traits>
#include <utility>

namespace remote_job::inline v0::detail {

/// Says what is being thrown, for people.
inline std::string exception_text(std::string text) {
  try {
    throw;
  } catch (const std::exception& e) {
    return text.append(": ").append(e.what());
  } catch (...) {
    return text;
  }
}

/// The composed operation behind every initiating function: carries out what a machine asks for, and decides nothing.
///
/// A Task is a machine, `fsm`, the line it works on, and what is sent and read there: a watch or a call.
///
/// Every step runs on the transport's executor; only the completion goes to the handler's own. Whatever a step throws,
/// a policy's code among it, ends the run as an error.
template <class Task>
class run_op {
 public:
  explicit run_op(std::shared_ptr<Task> task) : t_(std::move(task)) {}

  /// The initiation, and the completion.
  template <class Self>
  void operator()(Self& self) {
    if (stage_ == stage::leaving) return self.complete(result_, std::move(outcome_));
    const auto task = t_;
    auto& w = task->line();
    // Inline, so that a cancel() that follows the initiation at once is not lost.
    stage_ = w.begin() ? stage::starting : stage::refused;
    const bool begun = stage_ == stage::starting;
    try {
      // Whatever kind is asked for, the watch can be resumed after it: nothing on the host was changed.
      self.reset_cancellation_state(asio::enable_total_cancellation());
      const auto memory = asio::get_associated_allocator(self);
      using of_bytes = typename std::allocator_traits<std::decay_t<decltype(memory)>>::template rebind_alloc<std::byte>;
      auto own = std::allocate_shared<Self>(of_bytes(memory), std::move(self));
      asio::post(w.executor, asio::bind_executor(w.executor, step<Self>{own}));
    } catch (...) {
      if (begun) w.running = false;
      throw;
    }
  }

  /// The end of a step. `own` alone keeps this object.
  template <class Self>
  void operator()(Self&, std::error_code ec, std::shared_ptr<Self>& own) {
    if (stage_ == stage::refused)
      result_ = errc::already_running;
    else if (!go_on(own, ec))
      return;
    leave(own);
  }

 private:
  enum class stage { initiated, refused, starting, stepping, leaving };

  /// The handler of each step. Only refers to the operation: an initiating function that throws destroys its handler.
  template <class Self>
  struct step {
    using allocator_type = asio::associated_allocator_t<Self>;

    std::shared_ptr<Self> op;
    // Asio 1.22 asks a handler for it that it has moved from.
    [[no_unique_address]] const allocator_type memory = asio::get_associated_allocator(*op);

    allocator_type get_allocator() const noexcept { return memory; }

    void operator()(std::error_code ec = {}) {
      auto own = std::move(op);
      (*own)(ec, own);
    }
  };

  using line = typename Task::line_type;
  using traits = typename line::traits;
  using sink = sink_traits<typename line::sink_type>;

  /// Goes on after a step; true if the run is over.
  template <class Self>
  bool go_on(const std::shared_ptr<Self>& own, std::error_code ec) {
    try {
      const bool first = std::exchange(stage_, stage::stepping) == stage::starting;
      return carry_out(own, first ? t_->start() : answer(ec));
    } catch (...) {
      give_up(own);
      return true;
    }
  }

  /// Ends the run because of what is being thrown.
  template <class Self>
  void give_up(const std::shared_ptr<Self>& own) noexcept {
    auto& w = t_->line();
    std::error_code ec = errc::policy_failed;
    try {
      throw;
    } catch (const std::bad_alloc&) {
      ec = std::make_error_code(std::errc::not_enough_memory);
    } catch (...) {
    }
    try {
      w.signal.slot().clear();
      w.disarm();
      carry_out(own, w.cancelled ? t_->fsm.cancelled() : t_->fsm.broke(ec, exception_text("an exception ended it")));
    } catch (...) {
      // There is not even memory to say it in.
      w.transport.close();
      outcome_ = {};
      if constexpr (Task::watches) outcome_.error = ec;
      finish(ec);
    }
  }

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
      case action_kind::poll:
      case action_kind::stop: {
        if (w.timed_out) ec = errc::command_timeout;
        const auto say_why = [&](std::error_code failure) { return why(failure, fsm.command_timeout()); };
        if constexpr (Task::watches)
          if (pending_ == action_kind::stop) return t_->stop_answered(ec, say_why);
        return t_->answered(ec, say_why);
      }
      case action_kind::deliver: return fsm.delivered(ec, guarded([&] { return ec; }));
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
    if (pending_ == action_kind::poll || pending_ == action_kind::stop)
      if (const auto words = words_of_host(ec); !words.empty()) text += "; the host says: " + words;
    return text;
  }

  /// What the host printed with the errors of a command, and in the place of its reply: "This account is not available."
  std::string words_of_host(std::error_code ec) const {
    const auto& raw = t_->line().raw;
    std::string words;
    const auto add = [&](std::string_view text) {
      text = text.substr(0, 200);
      text = text.substr(0, text.find_last_not_of(" \r\n") + 1);
      if (!words.empty() && !text.empty()) words += ' ';
      words += escaped(text);
    };
    add(raw.error_output);
    if (ec == errc::reply_missing || ec == errc::command_refused) add(raw.output);
    return words;
  }

  /// The handler of the next step. The slot of a composed operation is emptied at each invocation, so the way from the
  /// caller's cancellation to the watch is laid anew for each step.
  template <class Self>
  auto bind(const std::shared_ptr<Self>& own) {
    auto& w = t_->line();
    if (auto slot = own->get_cancellation_state().slot(); slot.is_connected())
      slot.assign(cancel_line{t_->shared_line(), w.run});
    return asio::bind_cancellation_slot(w.signal.slot(), asio::bind_executor(w.executor, step<Self>{own}));
  }

  /// Whether the run is cancelled: from outside, or by a hook of the sink just now.
  template <class Self>
  bool cancel_asked(Self& self) {
    if (self.get_cancellation_state().cancelled() != asio::cancellation_type::none) t_->line().cancelled = true;
    return t_->line().cancelled;
  }

  /// Does what is asked for, up to the next step; true if the run is over.
  template <class Self>
  bool carry_out(const std::shared_ptr<Self>& own, action next) {
    auto& w = t_->line();
    auto& fsm = t_->fsm;
    for (;;) {
      // What ends the run anyway takes precedence.
      if (cancel_asked(*own) && next.kind < action_kind::close) next = fsm.cancelled();
      pending_ = next.kind;
      switch (next.kind) {
        case action_kind::connect:
          w.arm(next.time);
          w.transport.async_connect(bind(own));
          return false;
        case action_kind::poll:
        case action_kind::stop:
          w.arm(next.time);
          if constexpr (Task::watches) {
            if (next.kind == action_kind::stop) {
              t_->send_stop(bind(own));
              return false;
            }
          }
          t_->send(bind(own));
          return false;
        case action_kind::back_off: {
          const duration delay = std::max(duration::zero(), duration(w.backoff.delay(fsm.failures())));
          const auto info = fsm.retry(delay);
          if (const auto failure = guarded([&] { return sink::on_retry(w.sink, info), std::error_code(); });
              !failure.empty()) {
            next = fsm.delivered(errc::sink_failed, failure);
            break;
          }
          if (cancel_asked(*own)) break;
          wait(own, delay);
          return false;
        }
        case action_kind::wait:
          if (!over_at_once(next.time)) {
            wait(own, next.time);
            return false;
          }
          next = fsm.woke();
          break;
        case action_kind::close:
          w.transport.close();
          next = fsm.closed();
          break;
        case action_kind::finish:
          outcome_ = t_->result();
          if constexpr (Task::watches)
            finish(outcome_.error);
          else
            finish(t_->error());
          return true;
        case action_kind::abort:
          w.running = false;
          result_ = asio::error::operation_aborted;
          return true;
        case action_kind::deliver:
        case action_kind::reset:
        case action_kind::notify:
          if constexpr (Task::watches) {
            if (tell(own, next)) return false;
          }
          break;
      }
    }
  }

  /// The run is over, with `outcome_`.
  void finish(std::error_code result) noexcept {
    auto& w = t_->line();
    w.running = false;
    result_ = result;
    if constexpr (Task::watches) {
      try {
        sink::on_event(w.sink, outcome_);
      } catch (...) {  // there is no one left to tell
      }
    }
  }

  /// Tells the sink; true if it is told asynchronously.
  template <class Self>
  bool tell(const std::shared_ptr<Self>& own, action& next) {
    auto& w = t_->line();
    auto& fsm = t_->fsm;
    switch (next.kind) {
      case action_kind::deliver:
        if constexpr (sink::is_async) {
          const auto failure = guarded([&] {
            w.sink.async_on_log(fsm.offset(), fsm.bytes(), bind(own));
            return std::error_code();
          });
          if (failure.empty()) return true;
          next = fsm.delivered(errc::sink_failed, failure);
        } else {
          next = told([&] { return sink::on_log(w.sink, fsm.offset(), fsm.bytes()); });
        }
        return false;
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
  void wait(const std::shared_ptr<Self>& own, duration time) {
    auto& w = t_->line();
    w.timer.expires_after(std::chrono::duration_cast<typename traits::timer_type::duration>(time));
    w.timer.async_wait(bind(own));
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
    } catch (...) {
      return exception_text("the sink threw");
    }
  }

  /// Says for people why the sink refused: it knows the name of its file.
  std::string refusal(std::error_code ec) {
    const auto text = sink::diagnostics(t_->line().sink);
    return "the sink could not take the log: " + (text.empty() ? ec.message() : text);
  }

  /// Completes on the handler's own executor, with all memory of the run given back.
  template <class Self>
  void leave(std::shared_ptr<Self>& own) {
    stage_ = stage::leaving;
    const auto task = t_;
    const auto executor = asio::get_associated_executor(*own, task->line().executor);
    Self last(std::move(*own));
    own.reset();
    asio::dispatch(executor, asio::bind_executor(executor, std::move(last)));
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
