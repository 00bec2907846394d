// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_SSH_SFTP_SFTP_TASK_HPP
#define REMOTE_JOB_SSH_SFTP_SFTP_TASK_HPP

#include <remote_job/detail/asio/any_completion.hpp>
#include <remote_job/error.hpp>
#include <remote_job/file_status.hpp>
#include <remote_job/ssh/sftp/sftp_files.hpp>


#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

namespace remote_job::inline REMOTE_JOB_ABI::ssh {

/// What a server's refusal means.
REMOTE_JOB_DECL std::error_code sftp_error(sftp_status status);

class sftp_task;
class sftp_stat;

/// One of those who use an SFTP client.
struct sftp_user {
  std::string why;            ///< of the task that failed last
  bool in_doubt = false;      ///< the last task to end was broken off, or failed together with the connection
  std::uint64_t session = 0;  ///< of those of a pool, the one over which the last task went
  bool quarantined = false;   ///< a server came to a halt over its files: nobody else is to wait behind it
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
  REMOTE_JOB_DECL void attend();

  /// Makes the first requests.
  REMOTE_JOB_DECL void run(sftp_task_list& desk);
  REMOTE_JOB_DECL void finish(std::error_code ec, const std::string& why = {});

  /// The same task, to be run from the beginning at another desk; what this one is still answered is of no interest.
  REMOTE_JOB_DECL std::shared_ptr<sftp_task> anew();

  /// Destroys the handler without calling it.
  REMOTE_JOB_DECL void drop() noexcept;

 protected:
  sftp_task(std::string path, std::shared_ptr<sftp_user> user, detail::any_completion completion)
      : path_(std::move(path)), user_(std::move(user)), completion_(std::move(completion)) {}

  sftp_task_list& desk() noexcept { return *desk_; }
  const std::string& path() const noexcept { return path_; }

  /// The server has refused what was asked of the path.
  REMOTE_JOB_DECL void refused(std::error_code ec, std::string_view said);

 private:
  virtual void begin() = 0;
  /// Gives back what it holds.
  virtual void leave() {}
  virtual std::shared_ptr<sftp_task> copy(detail::any_completion completion) = 0;

  REMOTE_JOB_DECL void leave_desk();

  REMOTE_JOB_DECL void cancel();

  std::string path_;
  std::shared_ptr<sftp_user> user_;
  detail::any_completion completion_;
  sftp_task_list* desk_ = nullptr;
  std::size_t place_ = 0;
  bool cancelled_ = false;
};

/// What attributes say for a watch; their size is there.
REMOTE_JOB_DECL file_status to_file_status(const sftp_attributes& a);

/// Asks for the attributes of a path: one request.
class sftp_stat final : public sftp_task, public sftp_receiver {
 public:
  sftp_stat(std::string path, file_status& out, std::shared_ptr<sftp_user> user, detail::any_completion completion)
      : sftp_task(std::move(path), std::move(user), std::move(completion)), out_(&out) {}

  /// Hands the answer to another, too.
  REMOTE_JOB_DECL void follow(std::shared_ptr<sftp_receiver> follower, std::uint64_t question);
  bool leads(const std::string& wanted) const noexcept { return !follower_ && path() == wanted; }

 private:
  REMOTE_JOB_DECL void begin() override;
  REMOTE_JOB_DECL std::shared_ptr<sftp_task> copy(detail::any_completion completion) override;

  std::shared_ptr<sftp_user> asked_for() const override { return user(); }

  REMOTE_JOB_DECL bool on_reply(std::uint64_t, const sftp_reply& reply) override;

  file_status* out_;
  std::shared_ptr<sftp_receiver> follower_;
  std::uint64_t question_ = 0;
};

}  // namespace remote_job::inline REMOTE_JOB_ABI::ssh

#if !defined(REMOTE_JOB_SEPARATE_COMPILATION)
#include <remote_job/ssh/sftp/impl/sftp_task.ipp>
#endif

#endif
