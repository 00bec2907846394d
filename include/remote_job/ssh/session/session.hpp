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
#include <remote_job/ssh/session/operation.hpp>
#include <remote_job/ssh/session/server_hello.hpp>
#include <remote_job/ssh/session/traffic_rule.hpp>
#include <remote_job/ssh/session/wire.hpp>

#include <libssh2.h>
#include <asio/any_io_executor.hpp>
#include <asio/steady_timer.hpp>

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

namespace remote_job::inline REMOTE_JOB_ABI::ssh {

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
    REMOTE_JOB_DECL ~turn();
    turn(const turn&) = delete;
    turn& operator=(const turn&) = delete;

   private:
    session& session_;
  };

  REMOTE_JOB_DECL static std::shared_ptr<session> create(const asio::any_io_executor& executor,
                                                         std::unique_ptr<byte_stream> stream,
                                                         const session_limits& limits);

  session(const session&) = delete;
  session& operator=(const session&) = delete;

  ~session() { free_all(); }

  /// Begins to read. Called once.
  REMOTE_JOB_DECL void start();

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
  /// Whether the server is OpenSSH's; known once it is identified.
  bool is_openssh() const noexcept { return openssh_; }
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

  /// Reads data of a channel (libssh2_channel_read_ex(3)). All data is read through this: what is not counts as noise.
  REMOTE_JOB_DECL ssize_t read(LIBSSH2_CHANNEL* channel, int stream, char* to, std::size_t size);

  /// Has `function`, which calls libssh2, called on a thread of its own, and then `done`, on the executor, with what it
  /// returned, unless the session has ended by then. Till then the session is that thread's: what comes in waits, and
  /// nothing of libssh2 may be called. Both may be called while the callers of this have gone, but not without session.
  /// The end of the execution context waits for the thread.
  REMOTE_JOB_DECL void run_on_thread(std::function<int()> function, std::function<void(int)> done);

  bool is_aside() const noexcept { return helper_thread_.busy(); }
  void set_callback_context(void* callback_context) noexcept { wire_.callback_context = callback_context; }

  /// Exchanges identifications and keys: to be called in each step until it is not LIBSSH2_ERROR_EAGAIN.
  int handshake() { return wire_.handshake(); }

  /// libssh2's text on the call that has just failed.
  std::string last_error() const { return wire_.last_error(); }

  /// Ends the session after a call of libssh2 failed in a way that leaves no session to go on with.
  REMOTE_JOB_DECL void fail(std::string_view what) override;

  /// Ends the session: all operations get the error, at the end of the turn. Never blocks.
  REMOTE_JOB_DECL void kill(std::error_code ec, std::string why) noexcept;

  /// An operation is stepped until it is removed; the session shares its ownership so long.
  void add(std::shared_ptr<operation> op) { operations_.push_back(std::move(op)); }
  REMOTE_JOB_DECL void remove(const operation& op) noexcept;

  /// From now on, after authentication, channels can be had; one is opened in advance.
  REMOTE_JOB_DECL void enter_service();

  /// Asks for a session channel. The one opened in advance is handed over at once. Where the server allows no more, a
  /// patient one waits for one that is in use; its user has to see to it that this does not last for ever.
  REMOTE_JOB_DECL void request_channel(channel_waiter& waiter, bool patient = false);

  /// Asks for a channel that leads to another host.
  REMOTE_JOB_DECL void request_tunnel(channel_waiter& waiter, tunnel_end to);

  /// Takes the request back; the opening goes on and leaves a spare channel.
  void forget(const channel_waiter& waiter) noexcept { channels_.forget(waiter); }

  /// Opens the next channel in advance, so that a command need not wait for it. A server that refuses, or closes it
  /// unused, is not asked again.
  REMOTE_JOB_DECL void refill();

  /// A server that closes channels which run nothing, as dropbear does when a command on another ends, may close one
  /// while a request is on its way. The request was not carried out then, and may be made so many times.
  static constexpr int most_channels_tried = 8;
  /// The server has closed a channel without answering to the request: none is opened in advance any more.
  REMOTE_JOB_DECL void closed_unanswered(LIBSSH2_CHANNEL* channel);

  /// Gives a channel back: it is closed in the background, however long the host takes.
  REMOTE_JOB_DECL void release(LIBSSH2_CHANNEL* channel);

  /// How many channels were given back and still count on the server, as those of commands that do not end.
  std::size_t closing() const noexcept { return channels_.closing(); }
  /// Whether somebody waits for a channel because the server allows no more.
  bool full() const noexcept { return channels_.full(); }

  /// Asks the server for a sign of life, now; awaits_sign() is true until it came.
  REMOTE_JOB_DECL void ask_alive();
  bool awaits_sign() const noexcept { return channels_.pinging() || unanswered_; }

 private:
  using clock = std::chrono::steady_clock;

  REMOTE_JOB_DECL session(const asio::any_io_executor& executor, std::unique_ptr<byte_stream> stream,
                          const session_limits& limits);

  /// The execution context is being destroyed: handlers are destroyed, nobody is called.
  REMOTE_JOB_DECL void on_shutdown() noexcept override;

  // --- input and output

  REMOTE_JOB_DECL void on_read(std::error_code ec, std::size_t size) override;
  REMOTE_JOB_DECL void on_written(std::error_code ec) override;
  REMOTE_JOB_DECL void lost(std::error_code ec);
  REMOTE_JOB_DECL std::string why_lost(std::error_code ec) const;

  /// The error of a connection that ends. A server that rejects a ChrootDirectory sends nothing after the login; nor does
  /// one whose connection is cut there.
  std::error_code lost_error() const noexcept {
    if (!channels_.in_service() || channels_.served()) return errc::connection_lost;
    if (!farewell().empty()) return errc::service_refused;
    return heard_ ? errc::connection_lost : errc::hung_up_after_login;
  }
  REMOTE_JOB_DECL void take_back();
  REMOTE_JOB_DECL void drain() override;
  void on_closed(std::size_t unread) override { traffic_.closed(unread); }
  REMOTE_JOB_DECL void wake_all();
  REMOTE_JOB_DECL void step_operations();
  REMOTE_JOB_DECL void wake_again();
  REMOTE_JOB_DECL bool make_room() override;
  REMOTE_JOB_DECL void end_turn();

  /// Sends what there is, and reads on.
  REMOTE_JOB_DECL void transfer();

  /// Ends a session whose server has libssh2 hold too much, or sends too much that nothing explains.
  REMOTE_JOB_DECL void limit_noise();
  REMOTE_JOB_DECL void bury();
  REMOTE_JOB_DECL void free_all() noexcept;

  // --- time

  REMOTE_JOB_DECL void arm() override;
  REMOTE_JOB_DECL void on_time(std::error_code ec);
  REMOTE_JOB_DECL void look_at(clock::time_point now);
  REMOTE_JOB_DECL void send_keepalive(int with_answer, unsigned interval);

  asio::any_io_executor executor_;
  std::unique_ptr<byte_stream> stream_;
  asio::steady_timer timer_;
  wire wire_;
  channel_table channels_;
  keepalive_rule silence_;
  traffic_rule traffic_;
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
  bool openssh_ = false;
  bool heard_ = false;  // something since the login
  bool unanswered_ = false;  // asked for a sign of life without a channel

  std::error_code error_;
  std::string why_;
};

}  // namespace remote_job::inline REMOTE_JOB_ABI::ssh

#if !defined(REMOTE_JOB_SEPARATE_COMPILATION)
#include <remote_job/ssh/session/impl/session.ipp>
#endif

#endif
