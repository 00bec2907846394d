// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_SSH_SFTP_IMPL_SFTP_TASK_IPP
#define REMOTE_JOB_SSH_SFTP_IMPL_SFTP_TASK_IPP

#include <remote_job/detail/asio/any_completion.hpp>
#include <remote_job/detail/asio/call_on_cancellation.hpp>
#include <remote_job/error.hpp>
#include <remote_job/file_status.hpp>
#include <remote_job/ssh/sftp/sftp_files.hpp>
#include <remote_job/ssh/sftp/sftp_task.hpp>

#include <asio/error.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

namespace remote_job::inline REMOTE_JOB_ABI::ssh {

std::error_code sftp_error(sftp_status status) {
  switch (status) {
    case sftp_status::no_such_file:
    case sftp_status::no_such_path: return std::make_error_code(std::errc::no_such_file_or_directory);
    case sftp_status::permission_denied: return std::make_error_code(std::errc::permission_denied);
    case sftp_status::unsupported: return errc::files_unavailable;  // the server cannot do what it takes
    default: return std::make_error_code(std::errc::io_error);
  }
}

void sftp_task::attend() {
  detail::call_on_cancellation(completion_.slot(), weak_from_this(), &sftp_task::cancel);
}

void sftp_task::run(sftp_task_list& desk) {
  desk_ = &desk;
  place_ = desk.running.size();
  desk.running.push_back(shared_from_this());
  begin();
}

void sftp_task::finish(std::error_code ec, const std::string& why) {
  if (!completion_) return;
  const auto hold = shared_from_this();
  leave_desk();
  user_->in_doubt = ec == asio::error::operation_aborted || ec == errc::connection_lost || ec == errc::reply_malformed;
  if (!why.empty()) user_->why = why;
  // A slot that is just calling must not lose what it calls.
  if (!cancelled_) completion_.slot().clear();
  completion_.post(ec);
}

std::shared_ptr<sftp_task> sftp_task::anew() {
  const auto hold = shared_from_this();
  leave_desk();
  auto other = copy(std::move(completion_));
  other->attend();
  return other;
}

void sftp_task::drop() noexcept {
  desk_ = nullptr;
  [[maybe_unused]] const auto last = std::move(completion_);
}

void sftp_task::refused(std::error_code ec, std::string_view said) {
  if (ec == std::errc::no_such_file_or_directory) return finish(ec);  // no failure: it may come later
  auto why = printable(path_) + ": " + ec.message();
  if (!said.empty()) why += ", the server says: " + printable(said, 80);
  finish(ec, why);
}

void sftp_task::leave_desk() {
  auto* desk = desk_;
  if (desk == nullptr) return;
  leave();
  desk_ = nullptr;
  desk->running.back()->place_ = place_;
  std::swap(desk->running[place_], desk->running.back());
  desk->running.pop_back();
  desk->on_task_done();
}

void sftp_task::cancel() {
  if (!completion_) return;
  cancelled_ = true;
  finish(asio::error::operation_aborted);
}

file_status to_file_status(const sftp_attributes& a) {
  return {*a.size, 0, a.is_directory() ? file_kind::directory : a.is_regular() ? file_kind::regular : file_kind::other};
}

void sftp_stat::follow(std::shared_ptr<sftp_receiver> follower, std::uint64_t question) {
  follower_ = std::move(follower);
  question_ = question;
}

void sftp_stat::begin() {
  const auto self = std::static_pointer_cast<sftp_stat>(shared_from_this());
  desk().channel.stat(self, 0, path());
  desk().last_stat = self;
}

std::shared_ptr<sftp_task> sftp_stat::copy(detail::any_completion completion) {
  return std::make_shared<sftp_stat>(path(), *out_, user(), std::move(completion));
}

bool sftp_stat::on_reply(std::uint64_t, const sftp_reply& reply) {
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

}  // namespace remote_job::inline REMOTE_JOB_ABI::ssh

#endif
