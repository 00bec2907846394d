// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_WATCH_DETAIL_RUN_FILE_POLL_OP_HPP
#define REMOTE_JOB_WATCH_DETAIL_RUN_FILE_POLL_OP_HPP

#include <remote_job/detail/asio/recycled_block.hpp>
#include <remote_job/detail/text/exit_code.hpp>
#include <remote_job/job.hpp>
#include <remote_job/watch/detail/rules/file_poll.hpp>
#include <remote_job/watch/detail/rules/missing_files_rule.hpp>

#include <asio/associated_allocator.hpp>
#include <asio/associated_cancellation_slot.hpp>
#include <asio/associated_executor.hpp>
#include <asio/cancellation_signal.hpp>
#include <asio/error.hpp>
#include <asio/post.hpp>

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <string>
#include <system_error>
#include <type_traits>
#include <utility>

namespace remote_job::inline REMOTE_JOB_ABI::detail {

/// A file_poll, and what carrying it out needs from poll to poll. Must outlive the operations.
class running_file_poll : public file_poll {
 public:
  /// Chunks of a backlog may be read for the polls to come.
  bool read_ahead = false;

  /// Whether the host was asked anything.
  bool asked() const noexcept { return asks_ != nothing; }

  /// Passes on what the transport threw, where other questions were open: the poll then ended as cancelled.
  void rethrow() {
    if (thrown_) std::rethrow_exception(std::exchange(thrown_, nullptr));
  }

  /// Ends what is asked for and not yet answered.
  void cancel() noexcept {
    cancelled_ = true;
    interrupt();
  }

 private:
  template <class Transport, class Handler>
  friend class file_poll_op;

  void interrupt() noexcept {
    for (auto& signal : signals_) {
      try {
        signal.emit(asio::cancellation_type::terminal);
      } catch (...) {  // it ends with its connection
      }
    }
  }

  // One for each question, since a slot has room for one operation.
  asio::cancellation_signal& signal(question q) noexcept {
    return signals_[static_cast<std::size_t>(std::countr_zero(static_cast<unsigned>(q)))];
  }

  std::array<asio::cancellation_signal, file_poll::question_count> signals_;
  std::shared_ptr<recycled_block> memory_ = std::make_shared<recycled_block>();
  unsigned asks_ = nothing;  // at the beginning
  bool cancelled_ = false;
  std::exception_ptr thrown_;
};

/// Carries out one poll: asks together what can be asked together, waits for all answers, and calls the handler.
///
/// Lives on as long as one of its questions is open; all runs on the handler's executor.
template <class Transport, class Handler>
class file_poll_op {
  using executor_type = asio::associated_executor_t<Handler, typename Transport::executor_type>;
  using allocator_type = asio::associated_allocator_t<Handler>;
  using question = file_poll::question;

 public:
  file_poll_op(Transport& transport, const job_spec& job, const poll_request& request, running_file_poll& poll,
               Handler&& handler)
      : transport_(transport), job_(job), request_(request), poll_(poll), handler_(std::move(handler)) {}

  static void start(Transport& transport, const job_spec& job, const poll_request& request, running_file_poll& poll,
                    Handler&& handler) {
    poll.cancelled_ = false;
    poll.thrown_ = nullptr;
    if (auto slot = asio::get_associated_cancellation_slot(handler); slot.is_connected())
      slot.assign([&poll](asio::cancellation_type) { poll.cancel(); });
    const auto memory = allocator_for(handler, poll);
    auto self = std::allocate_shared<file_poll_op>(memory, transport, job, request, poll, std::move(handler));
    poll.asks_ = poll.begin(request, poll.read_ahead);
    if (poll.asks_ != file_poll::nothing) {
      try {
        return self->ask(self, poll.asks_);
      } catch (...) {
        if (self->open_ == 0) throw;
        return self->broke();
      }
    }
    const auto executor = asio::get_associated_executor(self->handler_, transport.get_executor());
    asio::post(executor, all_known{std::move(self)});
  }

 private:
  /// The handler of one question.
  struct part {
    using executor_type = file_poll_op::executor_type;
    using allocator_type = file_poll_op::allocator_type;
    using cancellation_slot_type = asio::cancellation_slot;

    std::shared_ptr<file_poll_op> self;
    question asked;
    // Asio 1.22 asks a handler for it that it has moved from.
    const allocator_type memory = asio::get_associated_allocator(self->handler_);

    executor_type get_executor() const noexcept {
      return asio::get_associated_executor(self->handler_, self->transport_.get_executor());
    }
    allocator_type get_allocator() const noexcept { return memory; }
    cancellation_slot_type get_cancellation_slot() const noexcept { return self->poll_.signal(asked).slot(); }

    void operator()(std::error_code ec) { file_poll_op::answered(std::move(self), asked, ec); }
  };

  /// Completes a poll that asks nothing.
  struct all_known {
    using executor_type = file_poll_op::executor_type;
    using allocator_type = file_poll_op::allocator_type;

    std::shared_ptr<file_poll_op> self;
    const allocator_type memory = asio::get_associated_allocator(self->handler_);

    executor_type get_executor() const noexcept {
      return asio::get_associated_executor(self->handler_, self->transport_.get_executor());
    }
    allocator_type get_allocator() const noexcept { return memory; }

    void operator()() { file_poll_op::complete(std::move(self)); }
  };

  static auto allocator_for(const Handler& handler, const running_file_poll& poll) {
    using of_bytes = typename std::allocator_traits<allocator_type>::template rebind_alloc<std::byte>;
    // A handler without an allocator of its own gets memory that is kept from poll to poll.
    if constexpr (std::is_same_v<of_bytes, std::allocator<std::byte>>)
      return kept_allocator<std::byte>(poll.memory_);
    else
      return of_bytes(asio::get_associated_allocator(handler));
  }

  void ask(const std::shared_ptr<file_poll_op>& self, unsigned questions) {
    // The status before the bytes: a host that answers in order then has them all.
    if (questions & file_poll::exit_code)
      read(self, file_poll::exit_code, job_.exit_code_file, max_exit_text, poll_.exit_text);
    if (questions & file_poll::log_status) {
      transport_.async_stat(job_.log_file, poll_.status, part{self, file_poll::log_status});
      ++open_;
    }
    if (questions & file_poll::log_bytes)
      read(self, file_poll::log_bytes, job_.log_file, poll_.limit(), poll_.bytes, poll_.first());
    if (questions & file_poll::of_life) ask_for_life(self, questions);
    if (questions & file_poll::log_directory)
      look_for_directory(self, file_poll::log_directory, job_.log_file, paths_[0], poll_.log_directory_status);
    if (questions & file_poll::exit_directory)
      look_for_directory(self, file_poll::exit_directory, job_.exit_code_file, paths_[1], poll_.exit_directory_status);
  }

  void look_for_directory(const std::shared_ptr<file_poll_op>& self, question q, const std::string& file,
                          std::string& directory, file_status& status) {
    directory = directory_of(file, remote_os::posix);
    transport_.async_stat(directory, status, part{self, q});
    ++open_;
  }

  void ask_for_life(const std::shared_ptr<file_poll_op>& self, unsigned questions) {
    auto& found = poll_.evidence;
    const auto read_small = [&](question q, const std::string& path, std::string& out) {
      if (questions & q) read(self, q, path, file_evidence::max_text, out);
    };
    if (questions & file_poll::child_file)
      paths_[0] = job_.pid_file.substr(0, job_.pid_file.find_last_of('/') + 1) + "child";
    for (const auto q : {file_poll::process, file_poll::child_process})
      if (questions & q) paths_[q == file_poll::process ? 0 : 1] = file_evidence::stat_path(poll_.process_of(q));
    read_small(file_poll::pid_file, job_.pid_file, found.pid_file);
    read_small(file_poll::child_file, paths_[0], found.child_file);
    read_small(file_poll::boot_id, file_evidence::boot_id_path(), found.boot_id);
    read_small(file_poll::host_name, file_evidence::host_name_path(), found.host_name);
    read_small(file_poll::process, paths_[0], found.stat);
    read_small(file_poll::child_process, paths_[1], found.child_stat);
  }

  void read(const std::shared_ptr<file_poll_op>& self, question q, const std::string& path, std::size_t max,
            std::string& out, std::uint64_t offset = 0) {
    transport_.async_read_file(path, offset, max, out, part{self, q});
    ++open_;
  }

  /// To be called while an exception is handled. What was begun of the questions goes on to write into the poll, so its
  /// end is awaited.
  void broke() noexcept {
    poll_.thrown_ = std::current_exception();
    poll_.cancel();
  }

  static void answered(std::shared_ptr<file_poll_op> self, question q, std::error_code ec) {
    auto& poll = self->poll_;
    --self->open_;
    try {
      // Not clear(): that would give the memory away.
      poll.signal(q).slot().assign([](asio::cancellation_type) {});
      const bool failed_before = static_cast<bool>(poll.failure());
      poll.answer(q, ec);
      if (self->open_ > 0) {
        // Nothing comes of the other answers now.
        if (poll.failure() && !failed_before) poll.interrupt();
        return;
      }
      if (!poll.cancelled_)
        if (const auto more = poll.next(); more != file_poll::nothing) return self->ask(self, more);
    } catch (...) {
      self->broke();
    }
    if (self->open_ == 0) complete(std::move(self));
  }

  static void complete(std::shared_ptr<file_poll_op> self) {
    const auto& poll = self->poll_;
    const std::error_code result = poll.cancelled_ ? std::error_code(asio::error::operation_aborted) : poll.failure();
    auto handler = std::move(self->handler_);
    self.reset();  // its memory goes back before the handler is called
    std::move(handler)(result);
  }

  Transport& transport_;
  const job_spec& job_;
  const poll_request& request_;
  running_file_poll& poll_;
  Handler handler_;
  int open_ = 0;
  std::array<std::string, 2> paths_;  // of what is read for the job's life, and then of the directories
};

/// Starts one poll through the files of the host; the handler is called with the error, if it is no poll, and then
/// `poll.make_reply()` gives the reply. All but the handler must stay in place until then. Terminal cancellation
/// through the handler's slot.
template <class Transport, class Handler>
void start_file_poll(Transport& transport, const job_spec& job, const poll_request& request, running_file_poll& poll,
                     Handler handler) {
  file_poll_op<Transport, Handler>::start(transport, job, request, poll, std::move(handler));
}

}  // namespace remote_job::inline REMOTE_JOB_ABI::detail

#endif
