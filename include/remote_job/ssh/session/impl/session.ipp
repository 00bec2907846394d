// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_SSH_SESSION_IMPL_SESSION_IPP
#define REMOTE_JOB_SSH_SESSION_IMPL_SESSION_IPP

#include <remote_job/detail/asio/shared_call.hpp>
#include <remote_job/detail/asio/shutdown_list.hpp>
#include <remote_job/error.hpp>
#include <remote_job/ssh/session/byte_stream.hpp>
#include <remote_job/ssh/session/channel_table.hpp>
#include <remote_job/ssh/session/helper_thread.hpp>
#include <remote_job/ssh/session/keepalive_rule.hpp>
#include <remote_job/ssh/session/operation.hpp>
#include <remote_job/ssh/session/server_hello.hpp>
#include <remote_job/ssh/session/session.hpp>
#include <remote_job/ssh/session/traffic_rule.hpp>
#include <remote_job/ssh/session/wire.hpp>

#include <libssh2.h>
#include <asio/any_io_executor.hpp>
#include <asio/error.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

namespace remote_job::inline REMOTE_JOB_ABI::ssh {

session::turn::~turn() {
  if (--session_.turns_ == 0) session_.end_turn();
}

std::shared_ptr<session> session::create(const asio::any_io_executor& executor, std::unique_ptr<byte_stream> stream,
                                         const session_limits& limits) {
  return std::shared_ptr<session>(new session(executor, std::move(stream), limits));
}

void session::start() {
  const turn t(*this);
  if (native() == nullptr) kill(std::make_error_code(std::errc::not_enough_memory), "libssh2 has no memory");
}

void session::run_on_thread(std::function<int()> function, std::function<void(int)> done) {
  const turn t(*this);
  transfer();  // so that the end of the connection is noticed meanwhile
  const auto ec = helper_thread_.start(executor_, std::move(function), std::move(done),
                                       detail::shared_call::to<&session::take_back>(shared_from_this()));
  if (ec) kill(ec, "no thread can be started: " + ec.message());
}

ssize_t session::read(LIBSSH2_CHANNEL* channel, int stream, char* to, std::size_t size) {
  const auto rc = wire_.call([&] { return libssh2_channel_read_ex(channel, stream, to, size); });
  if (rc > 0) traffic_.read(static_cast<std::size_t>(rc));
  return rc;
}

void session::fail(std::string_view what) {
  auto why = std::string(what) + ": " + (farewell().empty() ? last_error() : "the server says: " + farewell());
  kill(lost_error(), std::move(why));
}

void session::kill(std::error_code ec, std::string why) noexcept {
  if (!alive()) return;
  const turn t(*this);
  wire_.cut();
  error_ = ec;
  why_ = std::move(why);
  stream_->close();
  timer_.cancel();
}

void session::remove(const operation& op) noexcept {
  for (auto& each : operations_)
    if (each.get() == &op) each.reset();
}

void session::enter_service() {
  const turn t(*this);
  openssh_ = wire_.hello().substr(0, wire_.hello().find('\n')).find("OpenSSH") != std::string::npos;
  wire_.forget_hello();
  heard_ = !wire_.input().empty();
  channels_.enter_service();
  traffic_.login();
  silence_.heard(clock::now());
  arm();
  channels_.refill();
}

void session::request_channel(channel_waiter& waiter, bool patient) {
  const turn t(*this);
  channels_.request(waiter, patient);
}

void session::request_tunnel(channel_waiter& waiter, tunnel_end to) {
  const turn t(*this);
  channels_.request(waiter, std::move(to));
}

void session::refill() {
  const turn t(*this);
  channels_.refill();
}

void session::closed_unanswered(LIBSSH2_CHANNEL* channel) {
  const turn t(*this);
  channels_.stop_refilling();
  channels_.release(channel);
}

void session::release(LIBSSH2_CHANNEL* channel) {
  if (!alive()) return;
  const turn t(*this);
  channels_.release(channel);
}

void session::ask_alive() {
  const turn t(*this);
  if (!alive() || awaits_sign()) return;
  silence_.asked(clock::now());
  if (channels_.ping()) return arm();
  unanswered_ = true;
  // libssh2 keeps the answer for ever, so this way is for rare occasions. No interval holds it back: -1 is before
  // now.
  send_keepalive(1, static_cast<unsigned>(-1));
}

session::session(const asio::any_io_executor& executor, std::unique_ptr<byte_stream> stream,
                 const session_limits& limits)
    : shutdown_listener(executor),
      executor_(executor),
      stream_(std::move(stream)),
      timer_(executor),
      channels_(wire_, *this, limits.open),
      silence_(limits.keepalive, limits.silence),
      scratch_(32 * 1024) {}

void session::on_shutdown() noexcept {
  const auto self = weak_from_this().lock();
  wire_.cut();
  buried_ = true;
  stream_->close();
  channels_.forget_waiters();
  for (const auto& each : std::exchange(operations_, {}))
    if (each) each->drop();
  helper_thread_.join();
  helper_thread_.drop();
  free_all();
}

void session::on_read(std::error_code ec, std::size_t size) {
  const turn t(*this);
  if (is_aside()) {
    if (ec) return kill(errc::connection_lost, why_lost(ec));
    unread_ = size;
    return;
  }
  reading_ = false;
  if (!alive()) return;
  if (ec) return lost(ec);
  const auto now = clock::now();
  silence_.heard(now);
  traffic_.received(size, now);
  unanswered_ = false;
  heard_ = true;
  wire_.received(size);
  if (!channels_.in_service() && !wire_.capture(size))
    return kill(errc::not_ssh, "what answers is not SSH 2: \"" + printable(wire_.input(), 80) + '"');
  if (!identified()) return;
  if (!wire_.input().empty()) drain();
  wake_all();
}

void session::on_written(std::error_code ec) {
  const turn t(*this);
  if (is_aside()) {
    if (ec) return kill(errc::connection_lost, why_lost(ec));
    unwritten_ = true;
    return;
  }
  writing_ = false;
  if (!alive()) return;
  if (ec) return lost(ec);
  if (wire_.sent() >= wire::max_waiting_output || !can_write()) wake_all();
}

void session::lost(std::error_code ec) {
  // What breaks off in the middle of an identification may well be SSH.
  if (const auto text = wire_.input(); !identified() && !text.empty() && !text.starts_with("SSH-")) {
    // OpenSSH says in plain text that it has too much to do (MaxStartups, PerSourcePenalties): that will pass.
    const bool busy = text.starts_with("Exceeded MaxStartups") || text.starts_with("Not allowed at this time");
    return kill(
        busy ? errc::connection_lost : errc::not_ssh,
        busy ? "the server refuses: " + printable(text) : "what answers is not SSH: \"" + printable(text, 80) + '"');
  }
  auto why = farewell().empty() ? why_lost(ec) : "the server says: " + farewell();
  if (lost_error() != errc::connection_lost)
    why = "right after the login: " + why +
          "; its log says more (a ChrootDirectory that others may write to, a limit of the account)";
  kill(lost_error(), std::move(why));
}

std::string session::why_lost(std::error_code ec) const {
  if (auto text = stream_->why(); !text.empty()) return text;
  return ec == asio::error::eof ? "the server closed the connection" : ec.message();
}

void session::take_back() {
  helper_thread_.join();
  if (!alive()) helper_thread_.drop();
  if (buried_) return free_all();
  const turn t(*this);
  if (!alive()) return;
  helper_thread_.finish();
  if (std::exchange(unwritten_, false)) on_written({});
  // An operation takes the outcome of its call before it is told of new input: the call may have waited for that.
  wake_all();
  if (const auto size = std::exchange(unread_, std::nullopt)) on_read({}, *size);
}

void session::drain() {
  auto* channel = channels_.any();
  if (channel == nullptr || !alive()) return;
  const auto sent_before = wire_.bytes_sent();
  const auto rc = wire_.drain(channel);
  traffic_.answered(wire_.bytes_sent() - sent_before);
  if (rc >= 0) return;
  // What was sorted before the error is still good: who is complete with it may complete. The opening of a channel would
  // only meet the error before them.
  step_operations();
  fail("the connection broke");
}

void session::wake_all() {
  channels_.step();
  step_operations();
}

void session::step_operations() {
  for (std::size_t i = 0; i < operations_.size() && alive(); ++i)
    if (const auto each = operations_[i]) each->step();
}

void session::wake_again() {
  const turn t(*this);
  if (alive()) wake_all();
}

bool session::make_room() {
  return std::any_of(operations_.begin(), operations_.end(),
                     [](const auto& each) { return each && each->make_room(); });
}

void session::end_turn() {
  if (!alive()) return bury();
  if (is_aside()) return;
  if (wire_.take_call_again())
    detail::post_call(executor_, detail::shared_call::to<&session::wake_again>(shared_from_this()));
  limit_noise();
  if (wire_.waiting_output() > wire::max_output) kill(errc::connection_lost, "the server does not read");
  if (!alive()) return bury();
  std::erase(operations_, nullptr);
  transfer();
}

void session::limit_noise() {
  const auto most = traffic_.limit(channels_.count());
  if (std::max<std::uint64_t>(wire_.memory(), traffic_.unexplained()) > most)
    kill(errc::connection_lost, "the server sends packets that nobody has asked for, more than " +
                                    std::to_string(most / 1024) + " KiB of them");
}

void session::transfer() {
  if (!writing_ && wire_.waiting_output() > 0) {
    writing_ = true;
    stream_->write(wire_.send(), shared_from_this());
  }
  if (reading_) return;
  const auto room = wire_.room();
  if (room.size() == 0) return;
  reading_ = true;
  stream_->read_some(room, shared_from_this());
}

void session::bury() {
  if (buried_) return;
  buried_ = true;
  const auto self = shared_from_this();
  channels_.forget_waiters();
  const auto operations = std::exchange(operations_, {});
  for (const auto& each : operations)
    if (each) each->on_end(error_);
  if (!is_aside()) free_all();
}

void session::free_all() noexcept {
  channels_.clear();
  wire_.free();
}

void session::arm() {
  auto due = silence_.due(channels_.pinging());
  if (const auto other = channels_.due()) due = std::min(due, *other);
  if (armed_ && timer_.expiry() <= due) return;
  armed_ = true;
  timer_.expires_at(due);
  timer_.async_wait(detail::shared_call::to<&session::on_time>(shared_from_this()));
}

void session::on_time(std::error_code ec) {
  if (ec == asio::error::operation_aborted || !alive()) return;
  const turn t(*this);
  armed_ = false;
  look_at(clock::now());
}

void session::look_at(clock::time_point now) {
  if (!channels_.check_time(now))
    return kill(errc::open_timeout, "the server does not answer to the opening of a channel");
  if (channels_.pinging() && silence_.is_lost(now))
    return kill(errc::connection_lost, "no sign of life from the server");
  if (!channels_.pinging() && silence_.must_ask(now)) {
    silence_.asked(now);
    // An answer would leak in libssh2. The operating system notices if nothing takes it (tcp(7), TCP_USER_TIMEOUT).
    if (!channels_.ping()) send_keepalive(0, 1);
  }
  if (alive()) arm();
}

void session::send_keepalive(int with_answer, unsigned interval) {
  libssh2_keepalive_config(native(), with_answer, interval);
  int seconds = 0;
  libssh2_keepalive_send(native(), &seconds);
}

}  // namespace remote_job::inline REMOTE_JOB_ABI::ssh

#endif
