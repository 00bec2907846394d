// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_SSH_SFTP_SFTP_CLIENT_HPP
#define REMOTE_JOB_SSH_SFTP_SFTP_CLIENT_HPP

#include <remote_job/detail/asio/shared_call.hpp>
#include <remote_job/ssh/sftp/sftp_read.hpp>

#include <asio/steady_timer.hpp>
#include <libssh2.h>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

namespace remote_job::inline REMOTE_JOB_ABI::ssh {

/// Reads files of the host over one channel of a session, any number at once, for any number of users.
///
/// The channel is opened at the first use and kept. All that is asked before the executor turns to something else goes
/// out together. Whether the server has SFTP is found out once, within a deadline; without it everything completes with
/// `errc::files_unavailable`, and the session is as good as before. If a command needs the channel, because the server
/// allows no other, it is given up between two tasks and asked for again when it is needed; if commands have all that
/// the server allows, all wait for one of them to end. `errc::channel_refused`: what does not end has them.
class sftp_client final : public operation,
                          public channel_waiter,
                          private sftp_task_list,
                          public std::enable_shared_from_this<sftp_client> {
 public:
  REMOTE_JOB_DECL static std::shared_ptr<sftp_client> create(const std::shared_ptr<session>& over, duration deadline);

  /// The status of a path. `out` has to stay where it is until the completion.
  REMOTE_JOB_DECL void stat(const std::string& path, file_status& out, const std::shared_ptr<sftp_user>& user,
                            detail::any_completion completion);

  /// At most `max` bytes from `offset`. `out` is replaced, and has to stay where it is until the completion.
  REMOTE_JOB_DECL void read(const std::string& path, std::uint64_t offset, std::size_t max, std::string& out,
                            const std::shared_ptr<sftp_user>& user, detail::any_completion completion);

  /// Completes the tasks of one user with `operation_aborted`.
  REMOTE_JOB_DECL void cancel(const sftp_user& user);

  /// Whether anybody waits for anything.
  bool busy() const noexcept { return !running.empty() || !waiting_.empty(); }

  /// Whether whoever asks for something has to wait because others have the channels that the server allows.
  bool starves() const noexcept { return stage_ == stage::asked_for && session_ != nullptr && session_->full(); }

  /// Has another client, over another session to the same host, do all that waits here.
  REMOTE_JOB_DECL void hand_over(sftp_client& to, std::uint64_t its_session);

  /// Has another client over the same session do what was asked for by those of whom `which` is true, from the
  /// beginning.
  template <class Predicate>
  void move(sftp_client& to, Predicate which) {
    std::vector<std::shared_ptr<sftp_task>> moved;
    for (const auto& each : running)
      if (which(*each->user())) moved.push_back(each);
    for (auto& each : moved) each = each->anew();
    std::erase_if(waiting_, [&](const auto& each) {
      if (!each->outstanding() || !which(*each->user())) return false;
      moved.push_back(each);
      return true;
    });
    for (auto& each : moved) to.take(std::move(each));
  }

  /// Whether the server owes an answer, how far it has come, and for whom it is at work.
  bool waits() const noexcept { return channel.waits(); }
  sftp_channel::progress so_far() const noexcept { return channel.so_far(); }
  std::shared_ptr<sftp_user> oldest_user() const { return channel.oldest_user(); }

  /// Gives up the channel, and its place in the session. Not to be used any more.
  REMOTE_JOB_DECL void abandon();

 private:
  enum class stage { none, asked_for, begun, unavailable };

  sftp_client(const std::shared_ptr<session>& over, duration deadline)
      : session_(over.get()), executor_(over->get_executor()), timer_(executor_), deadline_(deadline) {}

  REMOTE_JOB_DECL void start(const std::string& path, std::shared_ptr<sftp_task> task);
  REMOTE_JOB_DECL void take(std::shared_ptr<sftp_task> task);
  REMOTE_JOB_DECL void go_on_later();
  REMOTE_JOB_DECL void go_on_now();

  /// Within a turn of the session.
  REMOTE_JOB_DECL void go_on();
  REMOTE_JOB_DECL void on_task_done() override;

  // --- what the session calls

  REMOTE_JOB_DECL void on_channel(LIBSSH2_CHANNEL* opened, std::error_code ec) override;
  REMOTE_JOB_DECL void on_deadline(std::error_code ec);
  REMOTE_JOB_DECL void step() override;
  REMOTE_JOB_DECL void after_step();
  REMOTE_JOB_DECL bool make_room() override;
  REMOTE_JOB_DECL void on_end(std::error_code ec) override;
  REMOTE_JOB_DECL void drop() noexcept override;

  // --- ends

  /// There is no SFTP server; that is found out once.
  REMOTE_JOB_DECL void give_up(const std::string& reason);

  /// Gives the channel back; the next task asks for another.
  REMOTE_JOB_DECL void release();
  REMOTE_JOB_DECL void fail_all(std::error_code ec, const std::string& reason);

  static constexpr std::size_t max_path = 32 * 1024;

  session* session_;  // which shares this object's ownership once something was asked
  asio::any_io_executor executor_;
  asio::steady_timer timer_;
  duration deadline_;
  std::deque<std::shared_ptr<sftp_task>> waiting_;
  stage stage_ = stage::none;
  bool added_ = false;
  bool posted_ = false;
  int tries_ = 0;         // to have the subsystem started
  bool leaving_ = false;  // the channel is needed by others
  bool served_ = false;   // those who waited for it
  std::error_code end_;
  std::string end_why_;
  std::string unavailable_;
};

}  // namespace remote_job::inline REMOTE_JOB_ABI::ssh

#if !defined(REMOTE_JOB_SEPARATE_COMPILATION)
#include <remote_job/ssh/sftp/impl/sftp_client.ipp>
#endif

#endif
