// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_SSH_SESSION_SESSION_HPP
#define REMOTE_JOB_SSH_SESSION_SESSION_HPP

#include <remote_job/detail/asio/shared_call.hpp>
#include <remote_job/detail/asio/shutdown_list.hpp>
#include <remote_job/error.hpp>
#include <remote_job/job.hpp>
#include <remote_job/ssh/session/byte_stream.hpp>
#include <remote_job/ssh/session/channel_table.hpp>
#include <remote_job/ssh/session/helper_thread.hpp>
#include <remote_job/ssh/session/keepalive_rule.hpp>
#include <remote_job/ssh/session/libssh2_compat.hpp>
#include <remote_job/ssh/session/operation.hpp>
#include <remote_job/ssh/session/server_hello.hpp>
#include <remote_job/ssh/session/wire.hpp>

#include <asio/any_io_executor.hpp>
#include <asio/buffer.hpp>
#include <asio/error.hpp>
#include <asio/steady_timer.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

namespace remote_job::inline v0::ssh {

/// How long a session waits for its server.
struct session_limits {
  duration open = std::chrono::seconds(15);
  duration keepalive = std::chrono::seconds(15);
  duration silence = std::chrono::seconds(30);
};

/// One SSH connection, driven without letting libssh2 near the socket.
///
/// libssh2 reads and writes through callbacks on the two buffers of its wire. All its calls are made here or through
/// call(), on the session's executor, which has to run one handler at a time. Three rules make libssh2 safe for several
/// operations at once:
///  * Writing always succeeds, into the buffer: no call is ever left half-sent.
///  * Once a channel is open, only drain() takes input, and sorts all of it into libssh2's queue. An operation that
///    asked libssh2 for its reply can then take no other's (the gate).
///  * One channel is opened at a time, in the order of asking, and an opening is never abandoned.
/// Whatever comes in, all operations are stepped. The end is kill(): the callbacks fail from then on, so that freeing
/// never waits. A session that is not killed keeps itself alive by its outstanding read.
class session final : public std::enable_shared_from_this<session>,
                      public byte_stream::user,
                      private channel_table::owner,
                      private detail::shutdown_listener {
 public:
  /// Input and output between the ends of its life are one turn: what is left to do is done once, at its end.
  class turn {
   public:
    explicit turn(session& s) noexcept : session_(s) { ++session_.turns_; }
    ~turn() {
      if (--session_.turns_ == 0) session_.end_turn();
    }
    turn(const turn&) = delete;
    turn& operator=(const turn&) = delete;

   private:
    session& session_;
  };

  static std::shared_ptr<session> create(const asio::any_io_executor& executor, std::unique_ptr<byte_stream> stream,
                                         const session_limits& limits) {
    return std::shared_ptr<session>(new session(executor, std::move(stream), limits));
  }

  session(const session&) = delete;
  session& operator=(const session&) = delete;

  ~session() { free_all(); }

  /// Begins to read. Called once.
  void start() {
    const turn t(*this);
    if (native() == nullptr) kill(std::make_error_code(std::errc::not_enough_memory), "libssh2 has no memory");
  }

  const asio::any_io_executor& get_executor() const noexcept { return executor_; }
  LIBSSH2_SESSION* native() const noexcept { return wire_.native(); }
  bool alive() const noexcept { return !wire_.is_cut(); }

  /// Once it has ended: why.
  std::error_code error() const noexcept { return error_; }
  const std::string& why() const noexcept { return why_; }
  /// libssh2's text on the channel last refused.
  const std::string& refusal() const noexcept { return channels_.refusal(); }

  /// Whether the server has identified itself as SSH 2.
  bool identified() const noexcept { return wire_.identified(); }
  /// The algorithms the server offers; to be asked before enter_service().
  server_algorithms offered() const { return parse_server_algorithms(wire_.hello()); }
  /// What the server gave as reason for ending the connection, if it did.
  const std::string& farewell() const noexcept { return wire_.farewell(); }
  /// Bytes that libssh2 has sent so far.
  std::size_t bytes_sent() const noexcept { return wire_.bytes_sent(); }
  /// Room for the data of operations; more may be written, but should be left for a later step.
  bool can_write() const noexcept { return wire_.waiting_output() < wire::max_waiting_output; }
  /// Memory for whoever reads, good until the next call of anything.
  std::vector<char>& scratch() noexcept { return scratch_; }

  /// Calls libssh2, until it has an answer or really waits for input.
  template <class Function>
  auto call(Function function) -> decltype(function()) {
    return wire_.call(std::move(function));
  }

  /// Has `function`, which calls libssh2, called on a thread of its own, and then `done`, on the executor, with what it
  /// returned, unless the session has ended by then. Till then the session is that thread's: what comes in waits, and
  /// nothing of libssh2 may be called. Both may be called while the callers of this have gone, but not without session.
  /// The end of the execution context waits for the thread.
  void run_on_thread(std::function<int()> function, std::function<void(int)> done) {
    const turn t(*this);
    transfer();  // so that the end of the connection is noticed meanwhile
    const auto ec = helper_thread_.start(executor_, std::move(function), std::move(done),
                                 detail::shared_call::to<&session::take_back>(shared_from_this()));
    if (ec) kill(ec, "no thread can be started: " + ec.message());
  }

  bool is_aside() const noexcept { return helper_thread_.busy(); }
  void set_callback_context(void* callback_context) noexcept { wire_.callback_context = callback_context; }

  /// Exchanges identifications and keys: to be called in each step until it is not LIBSSH2_ERROR_EAGAIN.
  int handshake() { return wire_.handshake(); }

  /// libssh2's text on the call that has just failed.
  std::string last_error() const { return wire_.last_error(); }

  /// Ends the session after a call of libssh2 failed in a way that leaves no session to go on with.
  void fail(std::string_view what) override {
    auto why = std::string(what) + ": " + (farewell().empty() ? last_error() : "the server says: " + farewell());
    kill(errc::connection_lost, std::move(why));
  }

  /// Ends the session: all operations get the error, at the end of the turn. Never blocks.
  void kill(std::error_code ec, std::string why) noexcept {
    if (!alive()) return;
    const turn t(*this);
    wire_.cut();
    error_ = ec;
    why_ = std::move(why);
    stream_->close();
    timer_.cancel();
  }

  /// An operation is stepped until it is removed; the session shares its ownership so long.
  void add(std::shared_ptr<operation> op) { operations_.push_back(std::move(op)); }
  void remove(const operation& op) noexcept {
    for (auto& each : operations_)
      if (each.get() == &op) each.reset();
  }

  /// From now on, after authentication, channels can be had; one is opened in advance.
  void enter_service() {
    const turn t(*this);
    wire_.forget_hello();
    channels_.enter_service();
    silence_.heard(clock::now());
    arm();
    channels_.refill();
  }

  /// Asks for a session channel. The one opened in advance is handed over at once. Where the server allows no more, a
  /// patient one waits for one that is in use; its user has to see to it that this does not last for ever.
  void request_channel(channel_waiter& waiter, bool patient = false) {
    const turn t(*this);
    channels_.request(waiter, patient);
  }

  /// Asks for a channel that leads to another host.
  void request_tunnel(channel_waiter& waiter, tunnel_end to) {
    const turn t(*this);
    channels_.request(waiter, std::move(to));
  }

  /// Takes the request back; the opening goes on and leaves a spare channel.
  void forget(const channel_waiter& waiter) noexcept { channels_.forget(waiter); }

  /// Opens the next channel in advance, so that a command need not wait for it. A server that refuses is not asked
  /// again.
  void refill() {
    const turn t(*this);
    channels_.refill();
  }

  /// Gives a channel back: it is closed in the background, however long the host takes.
  void release(LIBSSH2_CHANNEL* channel) {
    if (!alive()) return;
    const turn t(*this);
    channels_.release(channel);
  }

  /// How many channels were given back and still count on the server, as those of commands that do not end.
  std::size_t closing() const noexcept { return channels_.closing(); }
  /// Whether somebody waits for a channel because the server allows no more.
  bool full() const noexcept { return channels_.full(); }

  /// Asks the server for a sign of life, now; awaits_sign() is true until it came.
  void ask_alive() {
    const turn t(*this);
    if (!alive() || awaits_sign()) return;
    silence_.asked(clock::now());
    if (channels_.ping()) return arm();
    unanswered_ = true;
    // libssh2 keeps the answer for ever, so this way is for rare occasions. No interval holds it back: -1 is before
    // now.
    send_keepalive(1, static_cast<unsigned>(-1));
  }
  bool awaits_sign() const noexcept { return channels_.pinging() || unanswered_; }

 private:
  using clock = std::chrono::steady_clock;

  session(const asio::any_io_executor& executor, std::unique_ptr<byte_stream> stream, const session_limits& limits)
      : shutdown_listener(executor),
        executor_(executor),
        stream_(std::move(stream)),
        timer_(executor),
        channels_(wire_, *this, limits.open),
        silence_(limits.keepalive, limits.silence),
        scratch_(32 * 1024) {}

  /// The execution context is being destroyed: handlers are destroyed, nobody is called.
  void on_shutdown() noexcept override {
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

  // --- input and output

  void on_read(std::error_code ec, std::size_t size) override {
    const turn t(*this);
    if (is_aside()) {
      if (ec) return kill(errc::connection_lost, why_lost(ec));
      unread_ = size;
      return;
    }
    reading_ = false;
    if (!alive()) return;
    if (ec) return lost(ec);
    silence_.heard(clock::now());
    unanswered_ = false;
    wire_.received(size);
    if (!channels_.in_service() && !wire_.capture(size))
      return kill(errc::not_ssh, "what answers is not SSH 2: \"" + printable(wire_.input(), 80) + '"');
    if (!identified()) return;
    if (!wire_.input().empty()) drain();
    wake_all();
  }

  void on_written(std::error_code ec) override {
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

  void lost(std::error_code ec) {
    // What breaks off in the middle of an identification may well be SSH.
    if (const auto text = wire_.input(); !identified() && !text.empty() && !text.starts_with("SSH-")) {
      // OpenSSH says in plain text that it has too much to do (MaxStartups, PerSourcePenalties): that will pass.
      const bool busy = text.starts_with("Exceeded MaxStartups") || text.starts_with("Not allowed at this time");
      return kill(
          busy ? errc::connection_lost : errc::not_ssh,
          busy ? "the server refuses: " + printable(text) : "what answers is not SSH: \"" + printable(text, 80) + '"');
    }
    kill(errc::connection_lost, farewell().empty() ? why_lost(ec) : "the server says: " + farewell());
  }

  std::string why_lost(std::error_code ec) const {
    if (auto text = stream_->why(); !text.empty()) return text;
    return ec == asio::error::eof ? "the server closed the connection" : ec.message();
  }

  void take_back() {
    helper_thread_.join();
    if (!alive()) helper_thread_.drop();
    if (buried_) return free_all();
    const turn t(*this);
    if (!alive()) return;
    helper_thread_.finish();
    if (std::exchange(unwritten_, false)) on_written({});
    if (const auto size = std::exchange(unread_, std::nullopt)) return on_read({}, *size);
    wake_all();
  }

  void drain() override {
    auto* channel = channels_.any();
    if (channel == nullptr || !alive() || wire_.drain(channel) >= 0) return;
    // What was sorted before the error is still good: who is complete with it may complete.
    wake_all();
    fail("the connection broke");
  }

  void wake_all() {
    channels_.step();
    for (std::size_t i = 0; i < operations_.size() && alive(); ++i)
      if (const auto each = operations_[i]) each->step();
  }

  void wake_again() {
    const turn t(*this);
    if (alive()) wake_all();
  }

  bool make_room() override {
    return std::any_of(operations_.begin(), operations_.end(),
                       [](const auto& each) { return each && each->make_room(); });
  }

  void end_turn() {
    if (!alive()) return bury();
    if (is_aside()) return;
    if (wire_.take_call_again())
      detail::post_call(executor_, detail::shared_call::to<&session::wake_again>(shared_from_this()));
    if (wire_.waiting_output() > wire::max_output) kill(errc::connection_lost, "the server does not read");
    if (!alive()) return bury();
    std::erase(operations_, nullptr);
    transfer();
  }

  /// Sends what there is, and reads on.
  void transfer() {
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

  void bury() {
    if (buried_) return;
    buried_ = true;
    const auto self = shared_from_this();
    channels_.forget_waiters();
    const auto operations = std::exchange(operations_, {});
    for (const auto& each : operations)
      if (each) each->on_end(error_);
    if (!is_aside()) free_all();
  }

  void free_all() noexcept {
    channels_.clear();
    wire_.free();
  }

  // --- time

  void arm() override {
    auto due = silence_.due(channels_.pinging());
    if (const auto other = channels_.due()) due = std::min(due, *other);
    if (armed_ && timer_.expiry() <= due) return;
    armed_ = true;
    timer_.expires_at(due);
    timer_.async_wait(detail::shared_call::to<&session::on_time>(shared_from_this()));
  }

  void on_time(std::error_code ec) {
    if (ec == asio::error::operation_aborted || !alive()) return;
    const turn t(*this);
    armed_ = false;
    look_at(clock::now());
  }

  void look_at(clock::time_point now) {
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

  void send_keepalive(int with_answer, unsigned interval) {
    libssh2_keepalive_config(native(), with_answer, interval);
    int seconds = 0;
    libssh2_keepalive_send(native(), &seconds);
  }

  asio::any_io_executor executor_;
  std::unique_ptr<byte_stream> stream_;
  asio::steady_timer timer_;
  wire wire_;
  channel_table channels_;
  keepalive_rule silence_;
  std::vector<std::shared_ptr<operation>> operations_;
  std::vector<char> scratch_;

  helper_thread helper_thread_;
  std::optional<std::size_t> unread_;  // what came in meanwhile
  bool unwritten_ = false;

  int turns_ = 0;
  bool armed_ = false;
  bool reading_ = false;
  bool writing_ = false;
  bool buried_ = false;
  bool unanswered_ = false;  // asked for a sign of life without a channel

  std::error_code error_;
  std::string why_;
};

}  // namespace remote_job::inline v0::ssh

#endif
