// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_SSH_SESSION_HPP
#define REMOTE_JOB_SSH_SESSION_HPP

#include <remote_job/detail/libssh2_compat.hpp>
#include <remote_job/detail/shutdown_list.hpp>
#include <remote_job/error.hpp>
#include <remote_job/job.hpp>
#include <remote_job/ssh/byte_stream.hpp>
#include <remote_job/ssh/server_hello.hpp>

#include <asio/any_io_executor.hpp>
#include <asio/post.hpp>
#include <asio/steady_timer.hpp>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

namespace remote_job::inline v0::ssh {

/// Something that goes on over a session: a state machine whose steps never wait.
class operation {
 public:
  virtual ~operation() = default;

  /// Goes as far as it can; called whenever anything may have changed.
  virtual void step() = 0;

  /// Another waits for a channel and the server allows no more: whether this one will soon release its own.
  virtual bool make_room() { return false; }

  /// The session has ended: its channels are gone.
  virtual void on_end(std::error_code ec) = 0;

  /// The execution context is being destroyed: destroy the handler, call nobody.
  virtual void drop() noexcept = 0;
};

/// Who waits for a channel.
class channel_waiter {
 public:
  /// A channel, owned by the receiver until it is released, or why there is none. May be called from request_channel().
  virtual void on_channel(LIBSSH2_CHANNEL* channel, std::error_code ec) = 0;

 protected:
  ~channel_waiter() = default;
};

/// How long a session waits for its server.
struct session_limits {
  duration open = std::chrono::seconds(15);
  duration keepalive = std::chrono::seconds(15);
  duration silence = std::chrono::seconds(30);
};

/// One SSH connection, driven without letting libssh2 near the socket.
///
/// libssh2 reads and writes through callbacks on two buffers. All its calls are made here or through call(), on the
/// session's executor, which has to run one handler at a time. Three rules make libssh2 safe for several operations at
/// once:
///  * Writing always succeeds, into the buffer: no call is ever left half-sent.
///  * Once a channel is open, only drain() takes input, and sorts all of it into libssh2's queue. An operation that asked
///    libssh2 for its reply can then take no other's (the gate).
///  * One channel is opened at a time, in the order of asking, and an opening is never abandoned.
/// Whatever comes in, all operations are stepped. The end is kill(): the callbacks fail from then on, so that freeing
/// never waits. A session that is not killed keeps itself alive by its outstanding read.
class session final : public std::enable_shared_from_this<session>,
                      public byte_stream::user,
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

  ~session() {
    dead_ = true;
    free_all();
  }

  /// Begins to read. Called once.
  void start() {
    const turn t(*this);
    if (raw_ == nullptr) kill(std::make_error_code(std::errc::not_enough_memory), "libssh2 has no memory");
  }

  const asio::any_io_executor& get_executor() const noexcept { return executor_; }
  LIBSSH2_SESSION* native() const noexcept { return raw_; }
  bool alive() const noexcept { return !dead_; }

  /// Once it has ended: why.
  std::error_code error() const noexcept { return error_; }
  const std::string& why() const noexcept { return why_; }
  /// libssh2's text on the channel last refused.
  const std::string& refusal() const noexcept { return refusal_; }

  /// Whether the server has identified itself as SSH 2.
  bool identified() const noexcept { return identified_; }
  /// The algorithms the server offers; to be asked before enter_service().
  server_algorithms offered() const { return parse_server_algorithms(hello_); }
  /// What the server gave as reason for ending the connection, if it did.
  const std::string& farewell() const noexcept { return farewell_; }
  /// Bytes that libssh2 has sent so far.
  std::size_t bytes_sent() const noexcept { return bytes_sent_; }
  /// Room for the data of operations; more may be written, but should be left for a later step.
  bool can_write() const noexcept { return out_.size() < max_waiting_output; }
  /// Memory for whoever reads, good until the next call of anything.
  std::vector<char>& scratch() noexcept { return scratch_; }

  /// Calls libssh2, until it has an answer or really waits for input: it also says EAGAIN when it does not.
  template <class Function>
  auto call(Function function) -> decltype(function()) {
    decltype(function()) rc{};
    for (int tries = 0; tries < max_tries; ++tries) {
      would_block_ = false;
      rc = function();
      if (rc != LIBSSH2_ERROR_EAGAIN || would_block_) return rc;
    }
    wake_soon_ = true;
    return rc;
  }

  /// Exchanges identifications and keys: to be called in each step until it is not LIBSSH2_ERROR_EAGAIN.
  int handshake() {
    const int rc = call([this] { return libssh2_session_handshake(raw_, no_socket); });
    half_shaken_ = rc == LIBSSH2_ERROR_EAGAIN;
    return rc;
  }

  /// libssh2's text on the call that has just failed.
  std::string last_error() const {
    char* text = nullptr;
    int size = 0;
    libssh2_session_last_error(raw_, &text, &size, 0);
    return text == nullptr ? std::string() : printable({text, static_cast<std::size_t>(size)});
  }

  /// Ends the session after a call of libssh2 failed in a way that leaves no session to go on with.
  void fail(std::string_view what) {
    auto why = std::string(what) + ": " + (farewell_.empty() ? last_error() : "the server says: " + farewell_);
    kill(errc::connection_lost, std::move(why));
  }

  /// Ends the session: all operations get the error, at the end of the turn. Never blocks.
  void kill(std::error_code ec, std::string why) noexcept {
    if (dead_) return;
    const turn t(*this);
    dead_ = true;
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
    hello_ = std::string();
    in_service_ = true;
    last_input_ = clock::now();
    arm();
    refill();
  }

  /// Asks for a session channel. The one opened in advance is handed over at once.
  void request_channel(channel_waiter& waiter) {
    const turn t(*this);
    if (auto* channel = std::exchange(spare_, nullptr)) {
      in_use_.push_back(channel);
      waiter.on_channel(channel, {});
      return;
    }
    waiters_.push_back(&waiter);
    step_open();
  }

  /// Takes the request back; the opening goes on and leaves a spare channel.
  void forget(const channel_waiter& waiter) noexcept { std::erase(waiters_, &waiter); }

  /// Opens the next channel in advance, so that a command need not wait for it. A server that refuses is not asked again.
  void refill() {
    const turn t(*this);
    if (spare_ != nullptr || spare_refused_ || dead_) return;
    want_spare_ = true;
    step_open();
  }

  /// Gives a channel back: it is closed in the background, however long the host takes.
  void release(LIBSSH2_CHANNEL* channel) {
    if (dead_) return;
    const turn t(*this);
    std::erase(in_use_, channel);
    closing_.push_back(channel);
    room_promised_ = false;
    step_closing();
  }

 private:
  using clock = std::chrono::steady_clock;

  // libssh2 only looks whether there is such a file descriptor; it never reads from it.
  static constexpr libssh2_socket_t no_socket = 0x7fffffff;
  static constexpr int max_tries = 64;
  static constexpr std::size_t input_size = 64 * 1024;
  static constexpr std::size_t max_hello = 48 * 1024;
  static constexpr std::size_t max_waiting_output = 256 * 1024;
  static constexpr std::size_t max_output = 8 * 1024 * 1024;
  static constexpr unsigned window_size = 2 * 1024 * 1024;

  session(const asio::any_io_executor& executor, std::unique_ptr<byte_stream> stream, const session_limits& limits)
      : shutdown_listener(executor),
        executor_(executor),
        stream_(std::move(stream)),
        limits_(limits),
        timer_(executor),
        in_(input_size),
        scratch_(32 * 1024) {
    if (!detail::libssh2_ready()) return;
    raw_ = libssh2_session_init_ex(nullptr, nullptr, nullptr, this);
    if (raw_ == nullptr) return;
    libssh2_session_set_blocking(raw_, 0);
    detail::libssh2_set_callback(raw_, LIBSSH2_CALLBACK_SEND, &session::on_libssh2_send);
    detail::libssh2_set_callback(raw_, LIBSSH2_CALLBACK_RECV, &session::on_libssh2_receive);
    detail::libssh2_set_callback(raw_, LIBSSH2_CALLBACK_DISCONNECT, &session::on_libssh2_disconnect);
  }

  /// The execution context is being destroyed: handlers are destroyed, nobody is called.
  void on_shutdown() noexcept override {
    const auto self = weak_from_this().lock();
    dead_ = buried_ = true;
    stream_->close();
    waiters_.clear();
    for (const auto& each : std::exchange(operations_, {}))
      if (each) each->drop();
    free_all();
  }

  // --- what libssh2 calls

  static ssize_t on_libssh2_send(libssh2_socket_t, const void* data, std::size_t size, int, void** abstract) {
    auto& self = *static_cast<session*>(*abstract);
    if (self.dead_) return -ECONNRESET;
    const auto* bytes = static_cast<const char*>(data);
    self.out_.insert(self.out_.end(), bytes, bytes + size);
    self.bytes_sent_ += size;
    return static_cast<ssize_t>(size);
  }

  static ssize_t on_libssh2_receive(libssh2_socket_t, void* data, std::size_t size, int, void** abstract) {
    auto& self = *static_cast<session*>(*abstract);
    if (self.dead_) return -ECONNRESET;
    const auto ready = self.in_end_ - self.in_begin_;
    if (ready == 0 || !self.identified_ || !(self.gate_ || self.channels_ == 0)) {
      self.would_block_ = true;
      return -EAGAIN;
    }
    const auto n = std::min(size, ready);
    std::memcpy(data, self.in_.data() + self.in_begin_, n);
    self.in_begin_ += n;
    if (self.in_begin_ == self.in_end_) self.in_begin_ = self.in_end_ = 0;
    return static_cast<ssize_t>(n);
  }

  static void on_libssh2_disconnect(LIBSSH2_SESSION*, int, const char* message, int size, const char*, int,
                                    void** abstract) {
    auto& self = *static_cast<session*>(*abstract);
    self.farewell_ = message != nullptr && size > 0 ? printable({message, static_cast<std::size_t>(size)})
                                                    : std::string("(no reason)");
  }

  // --- input and output

  void on_read(std::error_code ec, std::size_t size) override {
    const turn t(*this);
    reading_ = false;
    if (dead_) return;
    if (ec) return lost(ec);
    last_input_ = clock::now();
    in_end_ += size;
    if (!in_service_) capture(size);
    if (dead_ || !identified_) return;
    if (in_begin_ != in_end_) drain();
    wake_all();
  }

  void on_written(std::error_code ec) override {
    const turn t(*this);
    writing_ = false;
    if (dead_) return;
    if (ec) return lost(ec);
    const bool was_full = sending_.size() >= max_waiting_output || !can_write();
    sending_.clear();
    if (was_full) wake_all();
  }

  void lost(std::error_code ec) {
    if (!identified_ && in_end_ > 0) {
      // OpenSSH says in plain text that it has too much to do (MaxStartups, PerSourcePenalties): that will pass.
      const std::string_view text(in_.data(), in_end_);
      const bool busy = text.starts_with("Exceeded MaxStartups") || text.starts_with("Not allowed at this time");
      return kill(
          busy ? errc::connection_lost : errc::not_ssh,
          busy ? "the server refuses: " + printable(text) : "what answers is not SSH: \"" + printable(text, 80) + '"');
    }
    kill(errc::connection_lost, !farewell_.empty()       ? "the server says: " + farewell_
                                : ec == asio::error::eof ? std::string("the server closed the connection")
                                                         : ec.message());
  }

  /// Keeps what comes before encryption, and withholds it from libssh2 until the server has identified itself: libssh2
  /// would read any number of other lines.
  void capture(std::size_t size) {
    if (identified_) {
      hello_.append(in_.data() + in_end_ - size, std::min(size, max_hello - std::min(max_hello, hello_.size())));
      return;
    }
    const std::string_view received(in_.data(), in_end_);
    const auto found = find_identification(received);
    if (found.result == identification::status::not_ssh ||
        (found.result == identification::status::more && in_end_ == in_.size()))
      return kill(errc::not_ssh, "what answers is not SSH 2: \"" + printable(received.substr(found.begin), 80) + '"');
    if (found.result == identification::status::more) return;
    in_begin_ = found.begin;
    hello_.assign(received.substr(found.begin, max_hello));
    identified_ = true;
  }

  /// Has libssh2 take all input and sort it into its queue. Any channel will do to ask with: a read of no bytes.
  void drain() {
    if (channels_ == 0 || dead_) return;
    LIBSSH2_CHANNEL* channel = spare_ != nullptr     ? spare_
                               : !in_use_.empty()    ? in_use_.front()
                               : retired_ != nullptr ? retired_
                                                     : closing_.front();
    gate_ = true;
    char nothing = 0;
    ssize_t rc = 0;
    do {
      would_block_ = false;
      rc = libssh2_channel_read_ex(channel, 0, &nothing, 0);
    } while ((rc >= 0 || rc == LIBSSH2_ERROR_EAGAIN) && !would_block_);
    gate_ = false;
    if (rc < 0 && rc != LIBSSH2_ERROR_EAGAIN) {
      // What was sorted before the error is still good: who is complete with it may complete.
      wake_all();
      fail("the connection broke");
    }
  }

  void wake_all() {
    step_ping();
    step_open();
    step_closing();
    for (std::size_t i = 0; i < operations_.size() && !dead_; ++i)
      if (const auto each = operations_[i]) each->step();
  }

  void end_turn() {
    if (wake_soon_ && !dead_) {
      wake_soon_ = false;
      asio::post(executor_, [self = shared_from_this()] {
        const turn t(*self);
        if (!self->dead_) self->wake_all();
      });
    }
    if (out_.size() > max_output) kill(errc::connection_lost, "the server does not read");
    if (dead_) return bury();
    std::erase(operations_, nullptr);
    if (!writing_ && !out_.empty()) {
      std::swap(out_, sending_);
      writing_ = true;
      stream_->write(asio::buffer(sending_), shared_from_this());
    }
    if (reading_) return;
    if (in_begin_ > 0) {
      std::memmove(in_.data(), in_.data() + in_begin_, in_end_ - in_begin_);
      in_end_ -= in_begin_;
      in_begin_ = 0;
    }
    if (in_end_ == in_.size()) return;  // nobody takes it: the server has to wait
    reading_ = true;
    stream_->read_some(asio::buffer(in_.data() + in_end_, in_.size() - in_end_), shared_from_this());
  }

  void bury() {
    if (buried_) return;
    buried_ = true;
    const auto self = shared_from_this();
    waiters_.clear();
    const auto operations = std::exchange(operations_, {});
    for (const auto& each : operations)
      if (each) each->on_end(error_);
    free_all();
  }

  /// With failing callbacks this frees all channels and never waits.
  void free_all() noexcept {
    spare_ = retired_ = nullptr;
    in_use_.clear();
    closing_.clear();
    channels_ = 0;
    // A key exchange left in the middle frees its keys only when it is told of the end itself.
    if (std::exchange(half_shaken_, false)) libssh2_session_handshake(raw_, no_socket);
    if (raw_ != nullptr) libssh2_session_free(raw_);
    raw_ = nullptr;
  }

  // --- channels

  void step_open() {
    while (in_service_ && !dead_) {
      if (!opening_) {
        if (waiters_.empty() && !want_spare_) return;
        if (held_ && (room_promised_ || !closing_.empty()) && freed_ == 0) return;
        held_ = false;
        opening_ = true;
        for_spare_ = waiters_.empty();
        freed_at_open_ = std::exchange(freed_, 0);
        open_deadline_ = clock::now() + limits_.open;
        arm();
      }
      LIBSSH2_CHANNEL* channel = nullptr;
      const int rc = call([&] {
        channel = libssh2_channel_open_ex(raw_, "session", 7, window_size, LIBSSH2_CHANNEL_PACKET_DEFAULT, nullptr, 0);
        return channel != nullptr ? 0 : libssh2_session_last_errno(raw_);
      });
      if (rc == LIBSSH2_ERROR_EAGAIN) return;
      opening_ = false;
      open_deadline_.reset();
      if (channel != nullptr)
        opened(channel);
      else if (rc == LIBSSH2_ERROR_CHANNEL_FAILURE)
        refused();
      else
        return fail("opening a channel failed");
    }
  }

  void opened(LIBSSH2_CHANNEL* channel) {
    ++channels_;
    hold_deadline_.reset();
    if (auto* retired = std::exchange(retired_, nullptr)) free_channel(retired);
    in_use_.push_back(channel);
    drain();
    if (dead_) return;
    if (waiters_.empty()) {
      want_spare_ = false;
      std::erase(in_use_, channel);
      spare_ = channel;
      return;
    }
    auto* waiter = waiters_.front();
    waiters_.erase(waiters_.begin());
    waiter->on_channel(channel, {});
  }

  /// MaxSessions of sshd_config(5). A channel of ours counts until its process has ended and the server has seen our
  /// close, so a refusal says nothing while one is on its way out.
  void refused() {
    const auto text = last_error();
    if (for_spare_) {
      spare_refused_ = true;
      want_spare_ = false;
      return;
    }
    if (freed_at_open_ > 0 || freed_ > 0) return;  // once more, at once
    if (closing_.empty())
      for (const auto& each : operations_)
        if (!room_promised_ && each) room_promised_ = each->make_room();
    if (room_promised_ || !closing_.empty()) {
      held_ = true;
      hold_deadline_ = hold_deadline_.value_or(clock::now() + limits_.open);
      arm();
      return;
    }
    refuse(text);
  }

  void refuse(const std::string& text) {
    hold_deadline_.reset();
    held_ = room_promised_ = false;
    spare_refused_ = true;
    want_spare_ = false;
    if (waiters_.empty()) return;
    auto* waiter = waiters_.front();
    waiters_.erase(waiters_.begin());
    refusal_ = text;
    waiter->on_channel(nullptr, errc::channel_refused);
  }

  void step_closing() {
    for (std::size_t i = 0; i < closing_.size() && !dead_;) {
      auto* channel = closing_[i];
      const int rc = call([&] { return libssh2_channel_close(channel); });
      if (rc == LIBSSH2_ERROR_EAGAIN) {
        ++i;
        continue;
      }
      closing_.erase(closing_.begin() + static_cast<std::ptrdiff_t>(i));
      ++freed_;
      // The last channel is kept, closed, to drain with: a session without one could not answer its server.
      // Not one whose window is worn: reading from it would widen it, and it is the server's no more.
      unsigned long initial = 0;
      if (channels_ == 1 && libssh2_channel_window_read_ex(channel, nullptr, &initial) >= initial / 4 * 3)
        retired_ = channel;
      else
        free_channel(channel);
      if (held_) step_open();
    }
  }

  void free_channel(LIBSSH2_CHANNEL* channel) {
    if (ping_ == channel) ping_ = nullptr;
    call([&] { return libssh2_channel_free(channel); });
    --channels_;
  }

  // --- time

  /// Between asking for a sign of life and giving up. Counted from the asking, as this program may have slept itself.
  duration answer_time() const { return limits_.silence - limits_.keepalive; }

  void arm() {
    auto due = ping_ != nullptr ? std::max(last_input_, ping_sent_) + answer_time()
                                : std::max(last_input_ + limits_.keepalive, next_keepalive_);
    if (open_deadline_) due = std::min(due, *open_deadline_);
    if (hold_deadline_) due = std::min(due, *hold_deadline_);
    if (armed_ && timer_.expiry() <= due) return;
    armed_ = true;
    timer_.expires_at(due);
    timer_.async_wait([self = shared_from_this()](std::error_code ec) {
      if (ec == asio::error::operation_aborted || self->dead_) return;
      const turn t(*self);
      self->armed_ = false;
      self->on_time(clock::now());
    });
  }

  void on_time(clock::time_point now) {
    if (open_deadline_ && now >= *open_deadline_)
      return kill(errc::open_timeout, "the server does not answer to the opening of a channel");
    if (hold_deadline_ && now >= *hold_deadline_) refuse("the channels closed before are still in use on the server");
    if (ping_ != nullptr && now - std::max(last_input_, ping_sent_) >= answer_time())
      return kill(errc::connection_lost, "no sign of life from the server");
    if (now - last_input_ >= limits_.keepalive && now >= next_keepalive_ && ping_ == nullptr) {
      next_keepalive_ = now + limits_.keepalive;
      if (spare_ != nullptr) {
        ping_ = spare_;
        ping_sent_ = now;
        step_ping();
      } else {
        // Its answer would leak in libssh2. The operating system notices if nothing takes it (tcp(7), TCP_USER_TIMEOUT).
        libssh2_keepalive_config(raw_, 0, 1);
        int seconds = 0;
        libssh2_keepalive_send(raw_, &seconds);
      }
    }
    if (!dead_) arm();
  }

  /// A request whose answer, yes or no, libssh2 consumes: an environment variable for the channel opened in advance.
  void step_ping() {
    if (ping_ == nullptr || dead_) return;
    const int rc = call([&] { return libssh2_channel_setenv_ex(ping_, "REMOTE_JOB_ALIVE", 16, "1", 1); });
    if (rc == LIBSSH2_ERROR_EAGAIN) return;
    ping_ = nullptr;
    if (rc != 0 && rc != LIBSSH2_ERROR_CHANNEL_REQUEST_DENIED) fail("the connection broke");
  }

  asio::any_io_executor executor_;
  std::unique_ptr<byte_stream> stream_;
  session_limits limits_;
  asio::steady_timer timer_;
  LIBSSH2_SESSION* raw_ = nullptr;

  std::vector<char> in_;
  std::size_t in_begin_ = 0;
  std::size_t in_end_ = 0;
  std::vector<char> out_;
  std::vector<char> sending_;
  std::vector<char> scratch_;
  std::string hello_;
  std::size_t bytes_sent_ = 0;

  std::vector<std::shared_ptr<operation>> operations_;
  std::vector<channel_waiter*> waiters_;
  std::vector<LIBSSH2_CHANNEL*> in_use_;
  std::vector<LIBSSH2_CHANNEL*> closing_;
  LIBSSH2_CHANNEL* spare_ = nullptr;
  LIBSSH2_CHANNEL* retired_ = nullptr;
  LIBSSH2_CHANNEL* ping_ = nullptr;
  std::size_t channels_ = 0;  // all of the above
  std::size_t freed_ = 0;     // since the last opening was sent
  std::size_t freed_at_open_ = 0;

  std::optional<clock::time_point> open_deadline_;
  std::optional<clock::time_point> hold_deadline_;
  clock::time_point last_input_{};
  clock::time_point next_keepalive_{};
  clock::time_point ping_sent_{};

  int turns_ = 0;
  bool armed_ = false;
  bool reading_ = false;
  bool writing_ = false;
  bool would_block_ = false;
  bool wake_soon_ = false;
  bool gate_ = false;
  bool half_shaken_ = false;
  bool identified_ = false;
  bool in_service_ = false;
  bool opening_ = false;
  bool for_spare_ = false;
  bool held_ = false;
  bool room_promised_ = false;
  bool want_spare_ = false;
  bool spare_refused_ = false;
  bool dead_ = false;
  bool buried_ = false;

  std::error_code error_;
  std::string why_;
  std::string farewell_;
  std::string refusal_;
};

}  // namespace remote_job::inline v0::ssh

#endif
