// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_SSH_SFTP_IMPL_SFTP_CLIENT_IPP
#define REMOTE_JOB_SSH_SFTP_IMPL_SFTP_CLIENT_IPP

#include <remote_job/detail/asio/shared_call.hpp>
#include <remote_job/ssh/sftp/sftp_client.hpp>
#include <remote_job/ssh/sftp/sftp_read.hpp>

#include <libssh2.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

namespace remote_job::inline REMOTE_JOB_ABI::ssh {

std::shared_ptr<sftp_client> sftp_client::create(const std::shared_ptr<session>& over, duration deadline) {
  return std::shared_ptr<sftp_client>(new sftp_client(over, deadline));
}

void sftp_client::stat(const std::string& path, file_status& out, const std::shared_ptr<sftp_user>& user,
                       detail::any_completion completion) {
  start(path, std::make_shared<sftp_stat>(path, out, user, std::move(completion)));
}

void sftp_client::read(const std::string& path, std::uint64_t offset, std::size_t max, std::string& out,
                       const std::shared_ptr<sftp_user>& user, detail::any_completion completion) {
  start(path, std::make_shared<sftp_read>(path, offset, max, out, user, std::move(completion)));
}

void sftp_client::cancel(const sftp_user& user) {
  std::vector<std::shared_ptr<sftp_task>> mine;
  for (const auto& each : running)
    if (each->is_of(user)) mine.push_back(each);
  for (const auto& each : waiting_)
    if (each->is_of(user)) mine.push_back(each);
  for (const auto& each : mine) each->finish(asio::error::operation_aborted);
}

void sftp_client::hand_over(sftp_client& to, std::uint64_t its_session) {
  for (auto& each : std::exchange(waiting_, {})) {
    each->move_to(its_session);
    to.take(std::move(each));
  }
}

void sftp_client::abandon() {
  release();
  session_->remove(*this);
}

void sftp_client::start(const std::string& path, std::shared_ptr<sftp_task> task) {
  task->attend();
  if (path.empty() || path.size() > max_path || path.find('\0') != std::string::npos)
    return task->finish(errc::invalid_argument, "a path must not be empty, hold a NUL byte or be longer than " +
                                                    std::to_string(max_path) + " bytes");
  take(std::move(task));
}

void sftp_client::take(std::shared_ptr<sftp_task> task) {
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

void sftp_client::go_on_later() {
  if (std::exchange(posted_, true)) return;
  detail::post_call(executor_, detail::shared_call::to<&sftp_client::go_on_now>(shared_from_this()));
}

void sftp_client::go_on_now() {
  posted_ = false;
  if (session_ == nullptr) return;
  const auto hold = session_->shared_from_this();
  const session::turn t(*hold);
  go_on();
}

void sftp_client::go_on() {
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

void sftp_client::on_task_done() {
  if (leaving_ || !waiting_.empty() || channel.has_unsent()) go_on_later();
}

void sftp_client::on_channel(LIBSSH2_CHANNEL* opened, std::error_code ec) {
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

void sftp_client::on_deadline(std::error_code ec) {
  if (ec || session_ == nullptr || channel.state() != sftp_channel::status::starting) return;
  const auto hold = session_->shared_from_this();
  const session::turn t(*hold);
  give_up("the SFTP server did not answer in time");
}

void sftp_client::step() {
  if (stage_ != stage::begun) return;
  channel.step();
  after_step();
}

void sftp_client::after_step() {
  if (session_ == nullptr || !session_->alive()) return;
  using status = sftp_channel::status;
  const auto state = channel.state();
  if (state != status::starting) timer_.cancel();
  if (state == status::closed && ++tries_ < session::most_channels_tried) {
    stage_ = stage::none;
    session_->closed_unanswered(channel.give_up());
    return go_on();
  }
  if (state == status::closed || state == status::unavailable) return give_up(channel.why());
  if (state == status::ended || state == status::malformed) {
    const auto reason = channel.why();
    release();
    return fail_all(state == status::ended ? errc::connection_lost : errc::reply_malformed, reason);
  }
  go_on();
}

bool sftp_client::make_room() {
  if (stage_ != stage::begun) return false;
  leaving_ = true;
  go_on_later();
  return true;
}

void sftp_client::on_end(std::error_code ec) {
  timer_.cancel();
  channel.forget();
  end_ = ec;
  end_why_ = session_->why();
  session_ = nullptr;
  fail_all(ec, end_why_);
}

void sftp_client::drop() noexcept {
  channel.forget();
  files.clear();
  session_ = nullptr;
  for (const auto& each : std::exchange(running, {})) each->drop();
  for (const auto& each : std::exchange(waiting_, {})) each->drop();
}

void sftp_client::give_up(const std::string& reason) {
  release();
  stage_ = stage::unavailable;
  unavailable_ = reason;
  fail_all(errc::files_unavailable, reason);
}

void sftp_client::release() {
  stage_ = stage::none;
  leaving_ = false;
  if (auto* last = channel.give_up()) session_->release(last);
  files.clear();
}

void sftp_client::fail_all(std::error_code ec, const std::string& reason) {
  files.clear();
  const auto all = std::exchange(waiting_, {});
  while (!running.empty()) running.back()->finish(ec, reason);
  for (const auto& each : all) each->finish(ec, reason);
}

}  // namespace remote_job::inline REMOTE_JOB_ABI::ssh

#endif
