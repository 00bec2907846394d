// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_SSH_SFTP_SFTP_TASK_HPP
#define REMOTE_JOB_SSH_SFTP_SFTP_TASK_HPP

#include <remote_job/detail/asio/any_completion.hpp>
#include <remote_job/error.hpp>
#include <remote_job/file_status.hpp>
#include <remote_job/ssh/sftp/sftp_files.hpp>

#include <asio/cancellation_type.hpp>
#include <asio/error.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

namespace remote_job::inline v0::ssh {

/// What a server's refusal means.
inline std::error_code sftp_error(sftp_status status) {
  switch (status) {
    case sftp_status::no_such_file: return std::make_error_code(std::errc::no_such_file_or_directory);
    case sftp_status::permission_denied: return std::make_error_code(std::errc::permission_denied);
    case sftp_status::unsupported: return std::make_error_code(std::errc::operation_not_supported);
    default: return std::make_error_code(std::errc::io_error);
  }
}

class sftp_task;
class sftp_stat;

/// One of those who use an SFTP client.
struct sftp_user {
  std::string why;            ///< of the task that failed last
  bool in_doubt = false;      ///< the last task to end was broken off, or failed together with the connection
  std::uint64_t session = 0;  ///< of those of a pool, the one over which the last task went
  bool quarantined = false;         ///< a server came to a halt over its files: nobody else is to wait behind it
};

/// What the tasks of one SFTP client share.
struct sftp_task_list {
  sftp_channel channel;
  sftp_files files{channel};
  std::vector<std::shared_ptr<sftp_task>> running;
  std::shared_ptr<sftp_stat> last_stat;  ///< asked in this turn; who wants to know the same follows it

  /// A task has come to its end; what that makes possible is to be done later, not from within.
  virtual void on_task_done() = 0;

 protected:
  ~sftp_task_list() = default;
};

/// Something asked of an SFTP client, from the initiation to the completion.
class sftp_task : public std::enable_shared_from_this<sftp_task> {
 public:
  virtual ~sftp_task() = default;
  sftp_task(const sftp_task&) = delete;
  sftp_task& operator=(const sftp_task&) = delete;

  bool is_of(const sftp_user& user) const noexcept { return user_.get() == &user; }
  const std::shared_ptr<sftp_user>& user() const noexcept { return user_; }

  /// It goes over this session of the pool now.
  void move_to(std::uint64_t session) noexcept { user_->session = session; }

  /// Whether its completion is still to come.
  bool outstanding() const noexcept { return static_cast<bool>(completion_); }

  /// Lets it be cancelled; called once.
  void attend() {
    if (completion_.slot().is_connected()) completion_.slot().assign(on_cancel{weak_from_this()});
  }

  /// Makes the first requests.
  void run(sftp_task_list& desk) {
    desk_ = &desk;
    place_ = desk.running.size();
    desk.running.push_back(shared_from_this());
    begin();
  }

  void finish(std::error_code ec, const std::string& why = {}) {
    if (!completion_) return;
    const auto hold = shared_from_this();
    leave_desk();
    user_->in_doubt =
        ec == asio::error::operation_aborted || ec == errc::connection_lost || ec == errc::reply_malformed;
    if (!why.empty()) user_->why = why;
    // A slot that is just calling must not lose what it calls.
    if (!cancelled_) completion_.slot().clear();
    completion_.post(ec);
  }

  /// The same task, to be run from the beginning at another desk; what this one is still answered is of no interest.
  std::shared_ptr<sftp_task> anew() {
    const auto hold = shared_from_this();
    leave_desk();
    auto other = copy(std::move(completion_));
    other->attend();
    return other;
  }

  /// Destroys the handler without calling it.
  void drop() noexcept {
    desk_ = nullptr;
    [[maybe_unused]] const auto last = std::move(completion_);
  }

 protected:
  sftp_task(std::string path, std::shared_ptr<sftp_user> user, detail::any_completion completion)
      : path_(std::move(path)), user_(std::move(user)), completion_(std::move(completion)) {}

  sftp_task_list& desk() noexcept { return *desk_; }
  const std::string& path() const noexcept { return path_; }

  /// The server has refused what was asked of the path.
  void refused(std::error_code ec, std::string_view said) {
    if (ec == std::errc::no_such_file_or_directory) return finish(ec);  // no failure: it may come later
    auto why = printable(path_) + ": " + ec.message();
    if (!said.empty()) why += ", the server says: " + printable(said, 80);
    finish(ec, why);
  }

 private:
  virtual void begin() = 0;
  /// Gives back what it holds.
  virtual void leave() {}
  virtual std::shared_ptr<sftp_task> copy(detail::any_completion completion) = 0;

  void leave_desk() {
    auto* desk = desk_;
    if (desk == nullptr) return;
    leave();
    desk_ = nullptr;
    desk->running.back()->place_ = place_;
    std::swap(desk->running[place_], desk->running.back());
    desk->running.pop_back();
    desk->on_task_done();
  }

  struct on_cancel {
    void operator()(asio::cancellation_type type) const {
      if ((type & asio::cancellation_type::terminal) == asio::cancellation_type::none) return;
      const auto self = target.lock();
      if (!self || !self->completion_) return;
      self->cancelled_ = true;
      self->finish(asio::error::operation_aborted);
    }

    std::weak_ptr<sftp_task> target;
  };

  std::string path_;
  std::shared_ptr<sftp_user> user_;
  detail::any_completion completion_;
  sftp_task_list* desk_ = nullptr;
  std::size_t place_ = 0;
  bool cancelled_ = false;
};

/// What attributes say for a watch; their size is there.
inline file_status to_file_status(const sftp_attributes& a) {
  return {*a.size, 0, a.is_directory() ? file_kind::directory : a.is_regular() ? file_kind::regular : file_kind::other};
}

/// Asks for the attributes of a path: one request.
class sftp_stat final : public sftp_task, public sftp_receiver {
 public:
  sftp_stat(std::string path, file_status& out, std::shared_ptr<sftp_user> user, detail::any_completion completion)
      : sftp_task(std::move(path), std::move(user), std::move(completion)), out_(&out) {}

  /// Hands the answer to another, too.
  void follow(std::shared_ptr<sftp_receiver> follower, std::uint64_t question) {
    follower_ = std::move(follower);
    question_ = question;
  }
  bool leads(const std::string& wanted) const noexcept { return !follower_ && path() == wanted; }

 private:
  void begin() override {
    const auto self = std::static_pointer_cast<sftp_stat>(shared_from_this());
    desk().channel.stat(self, 0, path());
    desk().last_stat = self;
  }

  std::shared_ptr<sftp_task> copy(detail::any_completion completion) override {
    return std::make_shared<sftp_stat>(path(), *out_, user(), std::move(completion));
  }

  std::shared_ptr<sftp_user> asked_for() const override { return user(); }

  bool on_reply(std::uint64_t, const sftp_reply& reply) override {
    if (follower_ && !std::exchange(follower_, nullptr)->on_reply(question_, reply)) return false;
    const bool found = reply.type == sftp_type::attributes;
    if (!found && (reply.type != sftp_type::status || reply.status == sftp_status::ok)) return false;
    if (!outstanding()) return true;
    if (!found) return refused(sftp_error(reply.status), reply.text), true;
    if (!reply.attributes.size) return finish(errc::files_unavailable, "the SFTP server tells no sizes"), true;
    *out_ = to_file_status(reply.attributes);
    finish({});
    return true;
  }

  file_status* out_;
  std::shared_ptr<sftp_receiver> follower_;
  std::uint64_t question_ = 0;
};

}  // namespace remote_job::inline v0::ssh

#endif
