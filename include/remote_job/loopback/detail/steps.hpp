// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_LOOPBACK_DETAIL_STEPS_HPP
#define REMOTE_JOB_LOOPBACK_DETAIL_STEPS_HPP

#include <remote_job/command.hpp>
#include <remote_job/error.hpp>
#include <remote_job/file_status.hpp>
#include <remote_job/loopback/host.hpp>
#include <remote_job/loopback/virtual_timer.hpp>
#include <remote_job/os_policy/loopback.hpp>

#include <asio/associator.hpp>
#include <asio/io_context.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <new>
#include <optional>
#include <string>
#include <system_error>
#include <utility>

// What a loopback_transport does, step by step. Each step takes its time, then its fault, then what the host says, then
// the time that this takes to come through.
namespace remote_job::inline v0::detail {

/// What a loopback_transport and its outstanding steps share.
struct loopback_link {
  using executor_type = asio::io_context::executor_type;
  using timer_type = basic_virtual_timer<executor_type>;

  /// The timer of one of the file operations that are in flight together.
  struct lane {
    explicit lane(const executor_type& executor) : timer(executor) {}
    timer_type timer;
    bool taken = false;
  };

  loopback_link(const executor_type& executor, loopback_host& h) : host(h), timer(executor) {}

  lane& take_lane() {
    const auto free = std::ranges::find(lanes, false, &lane::taken);
    auto& found = free != lanes.end() ? *free : lanes.emplace_back(timer.get_executor());
    found.taken = true;
    return found;
  }

  /// Sets a timer to the end of a step with this fault.
  timer_type& arm(timer_type& t, const loopback_fault& fault) const {
    auto time = host.latency_;
    if (fault.what == loopback_fault::kind::delay) time += fault.time;
    if (fault.what == loopback_fault::kind::hang) time = duration::max();
    t.expires_after(time);
    return t;
  }

  /// How long so many bytes are on the way.
  duration sending(std::size_t bytes) const noexcept {
    if (host.rate_ == 0) return {};
    return duration(static_cast<duration::rep>(bytes * 1'000'000'000 / host.rate_));
  }

  /// How many bytes come in this time.
  std::size_t sent(duration time) const noexcept {
    return static_cast<std::size_t>(std::chrono::duration<double>(time).count() * static_cast<double>(host.rate_));
  }

  duration now() const noexcept { return timer.now().time_since_epoch(); }

  void close() noexcept {
    open = false;
    timer.cancel();
    for (auto& l : lanes) l.timer.cancel();
  }

  std::error_code fail(std::error_code ec) {
    diagnostics = "loopback host: " + ec.message();
    return ec;
  }

  loopback_host& host;
  timer_type timer;
  std::list<lane> lanes;  // a list, since a lane that is waited for must stay in place
  int files_in_flight = 0;
  loopback_fault files_fault;  // of the file operations in flight
  bool open = false;
  std::string diagnostics;
};

class loopback_connect {
 public:
  explicit loopback_connect(std::shared_ptr<loopback_link> l)
      : link_(std::move(l)), fault_(link_->host.connect_.next()) {}

  auto& arm() { return link_->arm(link_->timer, fault_); }

  std::error_code answer(std::error_code ec) {
    if (ec) return ec;
    if (fault_.what == loopback_fault::kind::refuse) return link_->fail(fault_.error);
    link_->open = link_->host.reachable(link_->now());
    return link_->open ? std::error_code() : link_->fail(errc::connect_failed);
  }

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

  std::error_code answer(std::error_code ec) {
    if (ec) return ec;
    auto& host = link_->host;
    if (fault_.what == loopback_fault::kind::refuse) return link_->fail(fault_.error);
    if (!host.reachable(link_->now())) link_->open = false;
    if (!link_->open) return link_->fail(errc::connection_lost);

    if (!host.runs_commands_) return link_->fail(errc::command_refused);
    auto& output = reply_->output;
    if (fault_.what == loopback_fault::kind::noise) output += fault_.text;
    if (host.responder_)
      host.responder_(*command_, link_->now(), output);
    else
      loopback_os::answer(host, *command_, link_->now(), output);
    if (fault_.what == loopback_fault::kind::cut) output.resize(std::min(output.size(), fault_.position));
    if (fault_.what == loopback_fault::kind::garble && !output.empty()) {
      char& byte = output[fault_.position % output.size()];
      byte = static_cast<char>(~byte);
    }
    if (output.size() > command_->max_output) return link_->fail(errc::reply_too_long);
    return {};
  }

  duration sending() const noexcept { return link_->sending(reply_->output.size()); }
  auto& timer() noexcept { return link_->timer; }
  std::error_code finish(std::error_code ec) { return ec; }

 private:
  std::shared_ptr<loopback_link> link_;
  const remote_command* command_;
  command_reply* reply_;
  loopback_fault fault_;
};

/// An operation on a file. Those in flight together count as one, and have one fault.
class loopback_file_step {
 public:
  auto& arm() { return link_->arm(lane_->timer, link_->files_fault); }

  auto& timer() noexcept { return lane_->timer; }

  /// The end of the operation, however it went.
  std::error_code finish(std::error_code ec) {
    lane_->taken = false;
    --link_->files_in_flight;
    return ec;
  }

 protected:
  loopback_file_step(std::shared_ptr<loopback_link> l, const std::string& path)
      : link_(std::move(l)), lane_(&link_->take_lane()), path_(&path) {
    if (link_->files_in_flight++ == 0) link_->files_fault = link_->host.execute_.next();
  }

  /// `answer` takes the file, which is there.
  template <class Answer>
  std::error_code answer_with(std::error_code ec, Answer answer) {
    if (ec) return ec;
    auto& host = link_->host;
    if (link_->files_fault.what == loopback_fault::kind::refuse) return link_->fail(link_->files_fault.error);
    if (!host.reachable(link_->now())) link_->open = false;
    if (!link_->open) return link_->fail(errc::connection_lost);
    if (!host.offers_files_ || host.responder_) return link_->fail(errc::files_unavailable);

    host.live(link_->now());
    auto& file = host.file(*path_);
    file.advance(link_->now());
    if (!file.exists()) return std::make_error_code(std::errc::no_such_file_or_directory);
    return answer(file);
  }

  std::shared_ptr<loopback_link> link_;

 private:
  loopback_link::lane* lane_;
  const std::string* path_;
};

class loopback_stat : public loopback_file_step {
 public:
  loopback_stat(std::shared_ptr<loopback_link> l, const std::string& path, file_status& status)
      : loopback_file_step(std::move(l), path), status_(&status) {}

  duration sending() const noexcept { return {}; }

  std::error_code answer(std::error_code ec) {
    return answer_with(ec, [this](const loopback_file& file) {
      *status_ = {file.bytes().size(), file.identity(), file.what_kind()};
      return std::error_code();
    });
  }

 private:
  file_status* status_;
};

class loopback_read : public loopback_file_step {
 public:
  loopback_read(std::shared_ptr<loopback_link> l, const std::string& path, std::uint64_t offset, std::size_t max,
                std::string& out)
      : loopback_file_step(std::move(l), path), offset_(offset), max_(max), out_(&out) {
    out.clear();
  }

  std::error_code answer(std::error_code ec) {
    return answer_with(ec, [this](const loopback_file& file) {
      if (file.what_kind() == file_kind::directory) return std::make_error_code(std::errc::is_a_directory);
      if (file.what_kind() != file_kind::regular) return std::make_error_code(std::errc::io_error);
      if (!file.readable()) return std::make_error_code(std::errc::permission_denied);
      const auto& bytes = file.bytes();
      out_->assign(bytes, static_cast<std::size_t>(std::min<std::uint64_t>(offset_, bytes.size())), max_);
      return std::error_code();
    });
  }

  duration sending() noexcept {
    began_ = link_->now();
    return link_->sending(out_->size());
  }

  /// What has come by then has come, even if no more does.
  std::error_code finish(std::error_code ec) {
    if (ec && began_) out_->resize(std::min(out_->size(), link_->sent(link_->now() - *began_)));
    return loopback_file_step::finish(ec);
  }

 private:
  std::uint64_t offset_;
  std::size_t max_;
  std::string* out_;
  std::optional<duration> began_;
};

/// Carries a step out and calls the handler; all else about it is the handler's.
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

}  // namespace remote_job::inline v0::detail

template <template <class, class> class Associator, class Step, class Handler, class Default>
struct asio::associator<Associator, remote_job::detail::loopback_step_op<Step, Handler>, Default>
    : Associator<Handler, Default> {
  using self = remote_job::detail::loopback_step_op<Step, Handler>;

  static auto get(const self& s) noexcept { return Associator<Handler, Default>::get(s.handler); }
  static auto get(const self& s, const Default& d) noexcept { return Associator<Handler, Default>::get(s.handler, d); }
};

#endif
