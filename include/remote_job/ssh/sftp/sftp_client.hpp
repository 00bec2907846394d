// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_SSH_SFTP_SFTP_CLIENT_HPP
#define REMOTE_JOB_SSH_SFTP_SFTP_CLIENT_HPP

#include <remote_job/detail/asio/shared_call.hpp>
#include <remote_job/ssh/sftp/sftp_read.hpp>

#include <asio/steady_timer.hpp>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

namespace remote_job::inline v0::ssh {

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
  static std::shared_ptr<sftp_client> create(const std::shared_ptr<session>& over, duration deadline) {
    return std::shared_ptr<sftp_client>(new sftp_client(over, deadline));
  }

  /// The status of a path. `out` has to stay where it is until the completion.
  void stat(const std::string& path, file_status& out, const std::shared_ptr<sftp_user>& user,
            detail::any_completion completion) {
    start(path, std::make_shared<sftp_stat>(path, out, user, std::move(completion)));
  }

  /// At most `max` bytes from `offset`. `out` is replaced, and has to stay where it is until the completion.
  void read(const std::string& path, std::uint64_t offset, std::size_t max, std::string& out,
            const std::shared_ptr<sftp_user>& user, detail::any_completion completion) {
    start(path, std::make_shared<sftp_read>(path, offset, max, out, user, std::move(completion)));
  }

  /// Completes the tasks of one user with `operation_aborted`.
  void cancel(const sftp_user& user) {
    std::vector<std::shared_ptr<sftp_task>> mine;
    for (const auto& each : running)
      if (each->is_of(user)) mine.push_back(each);
    for (const auto& each : waiting_)
      if (each->is_of(user)) mine.push_back(each);
    for (const auto& each : mine) each->finish(asio::error::operation_aborted);
  }

  /// Whether anybody waits for anything.
  bool busy() const noexcept { return !running.empty() || !waiting_.empty(); }

  /// Whether whoever asks for something has to wait because others have the channels that the server allows.
  bool starves() const noexcept { return stage_ == stage::asked_for && session_ != nullptr && session_->full(); }

  /// Has another client, over another session to the same host, do all that waits here.
  void hand_over(sftp_client& to, std::uint64_t its_session) {
    for (auto& each : std::exchange(waiting_, {})) {
      each->move_to(its_session);
      to.take(std::move(each));
    }
  }

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
  void abandon() {
    release();
    session_->remove(*this);
  }

 private:
  enum class stage { none, asked_for, begun, unavailable };

  sftp_client(const std::shared_ptr<session>& over, duration deadline)
      : session_(over.get()), executor_(over->get_executor()), timer_(executor_), deadline_(deadline) {}

  void start(const std::string& path, std::shared_ptr<sftp_task> task) {
    task->attend();
    if (path.empty() || path.size() > max_path || path.find('\0') != std::string::npos)
      return task->finish(errc::invalid_argument, "a path must not be empty, hold a NUL byte or be longer than " +
                                                      std::to_string(max_path) + " bytes");
    take(std::move(task));
  }

  void take(std::shared_ptr<sftp_task> task) {
    if (session_ == nullptr || !session_->alive()) {
      const auto ec = session_ == nullptr ? end_ : session_->error();
      return task->finish(ec && ec != asio::error::operation_aborted ? ec : std::error_code(errc::connection_lost),
                          session_ == nullptr ? end_why_ : session_->why());
    }
    if (stage_ == stage::unavailable) return task->finish(errc::files_unavailable, unavailable_);
    waiting_.push_back(std::move(task));
    if (!std::exchange(added_, true)) session_->add(shared_from_this());
    go_on_later();
  }

  void go_on_later() {
    if (std::exchange(posted_, true)) return;
    detail::post_call(executor_, detail::shared_call::to<&sftp_client::go_on_now>(shared_from_this()));
  }

  void go_on_now() {
    posted_ = false;
    if (session_ == nullptr) return;
    const auto hold = session_->shared_from_this();
    const session::turn t(*hold);
    go_on();
  }

  /// Within a turn of the session.
  void go_on() {
    if (!session_->alive()) return;
    if (leaving_ && served_ && running.empty() && channel.state() == sftp_channel::status::ready) release();
    while (!waiting_.empty() && !waiting_.front()->outstanding()) waiting_.pop_front();
    if (stage_ == stage::none && !waiting_.empty()) {
      stage_ = stage::asked_for;
      session_->request_channel(*this, true);
      return;
    }
    if (channel.state() != sftp_channel::status::ready) return;
    // Who was waited for so long is served before the channel is given up.
    while (!waiting_.empty() && !(leaving_ && served_)) {
      const auto task = std::move(waiting_.front());
      waiting_.pop_front();
      if (task->outstanding()) task->run(*this);
    }
    served_ = true;
    last_stat.reset();
    channel.flush();
    if (leaving_ && running.empty()) go_on_later();
  }

  void on_task_done() override {
    if (leaving_ || !waiting_.empty() || channel.has_unsent()) go_on_later();
  }

  // --- what the session calls

  void on_channel(LIBSSH2_CHANNEL* opened, std::error_code ec) override {
    if (ec) {
      stage_ = stage::none;
      // A server that allows none at all has no files either; one that still counts channels given back may have.
      const bool none = session_->closing() == 0;
      return fail_all(none ? errc::files_unavailable : errc::channel_refused,
                      "the server refused to open a channel: " + session_->refusal());
    }
    stage_ = stage::begun;
    served_ = false;
    timer_.expires_after(deadline_);
    timer_.async_wait(detail::shared_call::to<&sftp_client::on_deadline>(shared_from_this()));
    channel.begin(*session_, opened);
    after_step();
  }

  void on_deadline(std::error_code ec) {
    if (ec || session_ == nullptr || channel.state() != sftp_channel::status::starting) return;
    const auto hold = session_->shared_from_this();
    const session::turn t(*hold);
    give_up("the SFTP server did not answer in time");
  }

  void step() override {
    if (stage_ != stage::begun) return;
    channel.step();
    after_step();
  }

  void after_step() {
    if (session_ == nullptr || !session_->alive()) return;
    using status = sftp_channel::status;
    const auto state = channel.state();
    if (state != status::starting) timer_.cancel();
    if (state == status::unavailable) return give_up(channel.why());
    if (state == status::ended || state == status::malformed) {
      const auto reason = channel.why();
      release();
      return fail_all(state == status::ended ? errc::connection_lost : errc::reply_malformed, reason);
    }
    go_on();
  }

  bool make_room() override {
    if (stage_ != stage::begun) return false;
    leaving_ = true;
    go_on_later();
    return true;
  }

  void on_end(std::error_code ec) override {
    timer_.cancel();
    channel.forget();
    end_ = ec;
    end_why_ = session_->why();
    session_ = nullptr;
    fail_all(ec, end_why_);
  }

  void drop() noexcept override {
    channel.forget();
    files.clear();
    session_ = nullptr;
    for (const auto& each : std::exchange(running, {})) each->drop();
    for (const auto& each : std::exchange(waiting_, {})) each->drop();
  }

  // --- ends

  /// There is no SFTP server; that is found out once.
  void give_up(const std::string& reason) {
    release();
    stage_ = stage::unavailable;
    unavailable_ = reason;
    fail_all(errc::files_unavailable, reason);
  }

  /// Gives the channel back; the next task asks for another.
  void release() {
    stage_ = stage::none;
    leaving_ = false;
    if (auto* last = channel.give_up()) session_->release(last);
    files.clear();
  }

  void fail_all(std::error_code ec, const std::string& reason) {
    files.clear();
    const auto all = std::exchange(waiting_, {});
    while (!running.empty()) running.back()->finish(ec, reason);
    for (const auto& each : all) each->finish(ec, reason);
  }

  static constexpr std::size_t max_path = 32 * 1024;

  session* session_;  // which shares this object's ownership once something was asked
  asio::any_io_executor executor_;
  asio::steady_timer timer_;
  duration deadline_;
  std::deque<std::shared_ptr<sftp_task>> waiting_;
  stage stage_ = stage::none;
  bool added_ = false;
  bool posted_ = false;
  bool leaving_ = false;  // the channel is needed by others
  bool served_ = false;   // those who waited for it
  std::error_code end_;
  std::string end_why_;
  std::string unavailable_;
};

}  // namespace remote_job::inline v0::ssh

#endif
