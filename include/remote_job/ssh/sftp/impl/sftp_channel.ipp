// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_SSH_SFTP_IMPL_SFTP_CHANNEL_IPP
#define REMOTE_JOB_SSH_SFTP_IMPL_SFTP_CHANNEL_IPP

#include <remote_job/ssh/session/session.hpp>
#include <remote_job/ssh/sftp/sftp_channel.hpp>
#include <remote_job/ssh/sftp/sftp_packets.hpp>

#include <libssh2.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace remote_job::inline REMOTE_JOB_ABI::ssh {

std::shared_ptr<sftp_user> sftp_channel::oldest_user() const {
  return waits() && pending_.front().from ? pending_.front().from->asked_for() : nullptr;
}

void sftp_channel::begin(session& over, LIBSSH2_CHANNEL* channel) {
  session_ = &over;
  channel_ = channel;
  state_ = status::starting;
  asked_ = accepted_ = false;
  why_.clear();
  libssh2_channel_handle_extended_data2(channel, LIBSSH2_CHANNEL_EXTENDED_DATA_IGNORE);
  step();
}

LIBSSH2_CHANNEL* sftp_channel::give_up() noexcept {
  forget();
  return std::exchange(channel_, nullptr);
}

void sftp_channel::forget() noexcept {
  state_ = status::none;
  session_ = nullptr;
  inbox_ = {};
  out_.clear();
  written_ = 0;
  pending_.clear();
  expected_ = 0;
}

void sftp_channel::open(std::shared_ptr<sftp_receiver> to, std::uint64_t question, std::string_view path) {
  writer().open(enter(std::move(to), question), path);
}

void sftp_channel::stat(std::shared_ptr<sftp_receiver> to, std::uint64_t question, std::string_view path) {
  writer().stat(enter(std::move(to), question), path);
}

void sftp_channel::fstat(std::shared_ptr<sftp_receiver> to, std::uint64_t question, std::string_view handle) {
  writer().fstat(enter(std::move(to), question), handle);
}

void sftp_channel::read(std::shared_ptr<sftp_receiver> to, std::uint64_t question, std::string_view handle,
                        std::uint64_t offset, std::uint32_t size) {
  writer().read(enter(std::move(to), question, size), handle, offset, size);
  expected_ += size;
}

void sftp_channel::step() {
  if (state_ == status::starting && !accepted_ && !start()) return;
  if (state_ == status::starting || state_ == status::ready) receive();
}

void sftp_channel::flush() {
  widen();
  while (has_unsent()) {
    if (!session_->can_write()) return;
    const auto rc = session_->call(
        [&] { return libssh2_channel_write_ex(channel_, 0, out_.data() + written_, out_.size() - written_); });
    if (rc == LIBSSH2_ERROR_EAGAIN || rc == 0) return;
    if (rc == LIBSSH2_ERROR_CHANNEL_CLOSED || rc == LIBSSH2_ERROR_CHANNEL_EOF_SENT) break;  // step() will see it
    if (rc < 0) return session_->fail("sending to the SFTP server failed");
    written_ += static_cast<std::size_t>(rc);
  }
  out_.clear();
  written_ = 0;
}

void sftp_channel::widen() {
  if (expected_ <= usual_window) return;
  const auto window = libssh2_channel_window_read_ex(channel_, nullptr, nullptr);
  if (window >= expected_) return;
  session_->call(
      [&] { return libssh2_channel_receive_window_adjust2(channel_, expected_ - window + usual_window, 1, nullptr); });
}

std::uint32_t sftp_channel::enter(std::shared_ptr<sftp_receiver> from, std::uint64_t number, std::uint32_t size) {
  pending_.push_back({std::move(from), number, size, false});
  return first_id_ + static_cast<std::uint32_t>(pending_.size() - 1);
}

bool sftp_channel::start() {
  auto& s = *session_;
  const int rc = s.call([&] { return libssh2_channel_process_startup(channel_, "subsystem", 9, "sftp", 4); });
  if (!std::exchange(asked_, true)) {
    s.refill();  // its opening travels with this request
    if (!s.alive()) return false;
  }
  if (rc == 0) {
    accepted_ = true;
    sftp_writer(out_).init();
    flush();
    return s.alive();
  }
  if (rc == LIBSSH2_ERROR_CHANNEL_REQUEST_DENIED)
    fail(status::unavailable, "the server has no SFTP subsystem");
  else if (rc != LIBSSH2_ERROR_EAGAIN)
    s.fail("asking for the SFTP subsystem failed");
  else if (libssh2_channel_eof(channel_) == 1)
    fail(status::closed, "the server closed the channel without starting the SFTP subsystem");
  return false;
}

void sftp_channel::receive() {
  auto& s = *session_;
  for (;;) {
    const auto [data, size] = inbox_.prepare();
    const auto rc = s.read(channel_, 0, data, size);
    if (rc < 0 && rc != LIBSSH2_ERROR_EAGAIN) return s.fail("reading from the SFTP server failed");
    if (rc <= 0) break;
    heard_ += static_cast<std::uint64_t>(rc);
    inbox_.commit(static_cast<std::size_t>(rc));
    while (const auto packet = inbox_.next())
      if (!take(*packet)) return;
    if (inbox_.broken()) return misunderstood(inbox_.rest());
  }
  if (libssh2_channel_eof(channel_) != 1) return;
  const auto said = printable(inbox_.rest(), 100);
  fail(state_ == status::starting ? status::unavailable : status::ended,
       "the SFTP server has ended" + (said.empty() ? said : ": \"" + said + '"'));
}

bool sftp_channel::take(std::string_view packet) {
  if (state_ == status::starting) {
    const auto version = parse_sftp_version(packet);
    if (!version) return misunderstood(packet), false;
    if (version->number < 3) {
      fail(status::unavailable, "the server speaks version " + std::to_string(version->number) + " of SFTP only");
      return false;
    }
    max_read_ = version->limits ? large_read : small_read;
    state_ = status::ready;
    return true;
  }
  const auto reply = parse_sftp_reply(packet);
  const auto index = reply ? std::uint32_t(reply->id - first_id_) : 0U;  // ids wrap around
  if (!reply || index >= pending_.size() || pending_[index].answered) return misunderstood(packet), false;
  const auto question = std::exchange(pending_[index], {nullptr, 0, 0, true});
  expected_ -= question.size;
  while (!pending_.empty() && pending_.front().answered) {
    pending_.pop_front();
    ++first_id_;
  }
  if (question.from && !question.from->on_reply(question.number, *reply)) return misunderstood(packet), false;
  return true;
}

void sftp_channel::misunderstood(std::string_view said) {
  if (state_ == status::starting)
    fail(status::unavailable, "what answers is not an SFTP server: \"" + printable(said, 80) + '"');
  else
    fail(status::malformed, "the SFTP server sent what makes no sense");
}

void sftp_channel::fail(status state, std::string why) {
  state_ = state;
  why_ = std::move(why);
}

}  // namespace remote_job::inline REMOTE_JOB_ABI::ssh

#endif
