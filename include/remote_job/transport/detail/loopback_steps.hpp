// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_TRANSPORT_DETAIL_LOOPBACK_STEPS_HPP
#define REMOTE_JOB_TRANSPORT_DETAIL_LOOPBACK_STEPS_HPP

#include <remote_job/command.hpp>
#include <remote_job/error.hpp>
#include <remote_job/file_status.hpp>
#include <remote_job/loopback/host.hpp>
#include <remote_job/loopback/virtual_timer.hpp>
#include <remote_job/os_policy/loopback.hpp>

#include <asio/associator.hpp>
#include <asio/io_context.hpp>

#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <new>
#include <optional>
#include <string>
#include <system_error>
#include <utility>

// The steps of a loopback_transport. A step consists of the latency, the fault, the host's answer, and the transfer
// time of that answer.
namespace remote_job::inline REMOTE_JOB_ABI::detail {

/// The state shared by a loopback_transport and its outstanding steps.
struct loopback_link {
  using executor_type = asio::io_context::executor_type;
  using timer_type = basic_virtual_timer<executor_type>;

  /// The timer of one of the file operations in flight together.
  struct lane {
    explicit lane(const executor_type& executor) : timer(executor) {}
    timer_type timer;
    bool taken = false;
  };

  loopback_link(const executor_type& executor, loopback_host& h) : host(h), timer(executor) {}

  REMOTE_JOB_DECL lane& take_lane();

  /// Sets a timer to the end of a step with this fault.
  REMOTE_JOB_DECL timer_type& arm(timer_type& t, const loopback_fault& fault);

  /// The transfer time of this many bytes.
  REMOTE_JOB_DECL duration sending(std::size_t bytes) const noexcept;

  /// The number of bytes transferred in this time.
  REMOTE_JOB_DECL std::size_t sent(duration time) const noexcept;

  duration now() const noexcept { return timer.now().time_since_epoch(); }

  REMOTE_JOB_DECL void close() noexcept;
  REMOTE_JOB_DECL std::error_code fail(std::error_code ec);

  loopback_host& host;
  timer_type timer;
  std::list<lane> lanes;  // a list, since a lane must not move during a wait
  int files_in_flight = 0;
  loopback_fault files_fault;  // of the file operations in flight
  bool open = false;
  duration since{};  // when it was opened
  std::string diagnostics;
};

class loopback_connect {
 public:
  explicit loopback_connect(std::shared_ptr<loopback_link> l)
      : link_(std::move(l)), fault_(link_->host.connect_.next()) {}

  auto& arm() { return link_->arm(link_->timer, fault_); }

  REMOTE_JOB_DECL std::error_code answer(std::error_code ec);

  duration sending() const noexcept { return {}; }
  auto& timer() noexcept { return link_->timer; }
  std::error_code finish(std::error_code ec) { return ec; }

 private:
  std::shared_ptr<loopback_link> link_;
  loopback_fault fault_;
};

class loopback_execute {
 public:
  loopback_execute(std::shared_ptr<loopback_link> l, const remote_command& command, command_reply& reply)
      : link_(std::move(l)), command_(&command), reply_(&reply), fault_(link_->host.execute_.next()) {}

  auto& arm() { return link_->arm(link_->timer, fault_); }

  REMOTE_JOB_DECL std::error_code answer(std::error_code ec);

  duration sending() const noexcept { return link_->sending(reply_->output.size()); }
  auto& timer() noexcept { return link_->timer; }
  std::error_code finish(std::error_code ec) { return ec; }

 private:
  std::shared_ptr<loopback_link> link_;
  const remote_command* command_;
  command_reply* reply_;
  loopback_fault fault_;
};

/// A file operation. Operations in flight together count as one step and share its fault; each may have one of its own.
class loopback_file_step {
 public:
  auto& arm() { return link_->arm(lane_->timer, fault_); }

  auto& timer() noexcept { return lane_->timer; }

  /// Ends the operation, successfully or not.
  REMOTE_JOB_DECL std::error_code finish(std::error_code ec);

 protected:
  REMOTE_JOB_DECL loopback_file_step(std::shared_ptr<loopback_link> l, const std::string& path);

  /// Calls `answer` with the file, if it exists.
  template <class Answer>
  std::error_code answer_with(std::error_code ec, Answer answer) {
    if (ec) return ec;
    auto& host = link_->host;
    if (fault_.what == loopback_fault::kind::refuse) return link_->fail(fault_.error);
    if (!host.reachable(link_->since, link_->now())) link_->open = false;
    if (!link_->open) return link_->fail(errc::connection_lost);
    if (!host.offers_files_ || host.responder_) return link_->fail(errc::files_unavailable);

    host.live(link_->now());
    auto& file = host.file(*path_);
    file.advance(link_->now());
    if (!file.exists()) return std::make_error_code(std::errc::no_such_file_or_directory);
    return answer(file);
  }

  std::shared_ptr<loopback_link> link_;
  const std::string* path_;

 private:
  loopback_fault fault_;
  loopback_link::lane* lane_;
};

class loopback_stat : public loopback_file_step {
 public:
  loopback_stat(std::shared_ptr<loopback_link> l, const std::string& path, file_status& status)
      : loopback_file_step(std::move(l), path), status_(&status) {}

  duration sending() const noexcept { return {}; }

  REMOTE_JOB_DECL std::error_code answer(std::error_code ec);

 private:
  file_status* status_;
};

class loopback_read : public loopback_file_step {
 public:
  REMOTE_JOB_DECL loopback_read(std::shared_ptr<loopback_link> l, const std::string& path, std::uint64_t offset,
                                std::size_t max, std::string& out);

  REMOTE_JOB_DECL std::error_code answer(std::error_code ec);
  REMOTE_JOB_DECL duration sending() noexcept;

  /// Keeps the bytes that have arrived, even if the rest does not.
  REMOTE_JOB_DECL std::error_code finish(std::error_code ec);

 private:
  std::uint64_t offset_;
  std::size_t max_;
  std::string* out_;
  std::optional<duration> began_;
};

/// Runs a step and then calls the handler.
template <class Step, class Handler>
struct loopback_step_op {
  Step step;
  Handler handler;
  bool answered = false;

  void operator()(std::error_code ec) {
    if (!answered) {
      answered = true;
      try {
        ec = step.answer(ec);
      } catch (const std::bad_alloc&) {
        ec = std::make_error_code(std::errc::not_enough_memory);
      }
      if (const auto time = ec ? duration::zero() : step.sending(); time > duration::zero()) {
        auto& timer = step.timer();
        timer.expires_after(time);
        return timer.async_wait(std::move(*this));
      }
    }
    ec = step.finish(ec);
    std::move(handler)(ec);
  }
};

}  // namespace remote_job::inline REMOTE_JOB_ABI::detail

template <template <class, class> class Associator, class Step, class Handler, class Default>
struct asio::associator<Associator, remote_job::detail::loopback_step_op<Step, Handler>, Default>
    : Associator<Handler, Default> {
  using self = remote_job::detail::loopback_step_op<Step, Handler>;

  static auto get(const self& s) noexcept { return Associator<Handler, Default>::get(s.handler); }
  static auto get(const self& s, const Default& d) noexcept { return Associator<Handler, Default>::get(s.handler, d); }
};

#if !defined(REMOTE_JOB_SEPARATE_COMPILATION)
#include <remote_job/transport/detail/impl/loopback_steps.ipp>
#endif

#endif
