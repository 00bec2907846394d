// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors

// The whole SFTP client, its session and its channels, against a server that says anything at any time. In the place of
// libssh2 stands what libssh2 would be without encryption: what comes in is the data of the SFTP channel.
#include <remote_job/ssh/session/session.hpp>
#include <remote_job/ssh/sftp/sftp_client.hpp>

#include <libssh2.h>
#include <asio/io_context.hpp>
#include <asio/post.hpp>

#include <algorithm>
#include <array>
#include <cstring>
#include <deque>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "fake_stream.hpp"
#include "fuzz.hpp"

using namespace remote_job;

namespace {

// --- in the place of libssh2

using receive_function = ssize_t(libssh2_socket_t, void*, std::size_t, int, void**);

struct fake_channel {
  bool serves = false;  // SFTP
  bool closed = false;
};

struct fake_session {
  void* abstract = nullptr;
  receive_function* receive = nullptr;
  std::string data;                     // received and not read
  std::string sent;                     // by the client, on the SFTP channel
  bool eof = false;                     // of that channel
  int open = 0;                         // channels
  std::vector<fake_channel*> channels;  // all that were ever opened

  ~fake_session() {
    for (auto* each : channels) delete each;
  }

  /// What libssh2's transport does: takes all that the session lets it have.
  int pump() {
    char buffer[4096];
    for (;;) {
      const auto n = receive(0, buffer, sizeof buffer, 0, &abstract);
      if (n == -EAGAIN) return LIBSSH2_ERROR_EAGAIN;
      if (n <= 0) return LIBSSH2_ERROR_SOCKET_DISCONNECT;
      data.append(buffer, static_cast<std::size_t>(n));
    }
  }
};

fake_session* now = nullptr;

fake_channel* real(LIBSSH2_CHANNEL* channel) { return reinterpret_cast<fake_channel*>(channel); }

}  // namespace

extern "C" {
int libssh2_init(int) { return 0; }
const char* libssh2_version(int) { return "1.10.0"; }
LIBSSH2_SESSION* libssh2_session_init_ex(LIBSSH2_ALLOC_FUNC((*)), LIBSSH2_FREE_FUNC((*)), LIBSSH2_REALLOC_FUNC((*)),
                                         void* abstract) {
  now->abstract = abstract;
  return reinterpret_cast<LIBSSH2_SESSION*>(now);
}
int libssh2_session_free(LIBSSH2_SESSION*) { return 0; }
void libssh2_session_set_blocking(LIBSSH2_SESSION*, int) {}
#if LIBSSH2_VERSION_NUM >= 0x010b01
libssh2_cb_generic* libssh2_session_callback_set2(LIBSSH2_SESSION*, int kind, libssh2_cb_generic* function) {
  if (kind == LIBSSH2_CALLBACK_RECV) now->receive = reinterpret_cast<receive_function*>(function);
  return nullptr;
}
#else
void* libssh2_session_callback_set(LIBSSH2_SESSION*, int kind, void* function) {
  if (kind == LIBSSH2_CALLBACK_RECV) now->receive = reinterpret_cast<receive_function*>(function);
  return nullptr;
}
#endif
int libssh2_session_handshake(LIBSSH2_SESSION*, libssh2_socket_t) {
  const int rc = now->pump();
  if (now->data.empty()) return rc;
  now->data.clear();  // the identification
  return 0;
}
int libssh2_session_last_error(LIBSSH2_SESSION*, char** text, int* size, int) {
  static char nothing[] = "";
  *text = nothing;
  *size = 0;
  return 0;
}
int libssh2_session_last_errno(LIBSSH2_SESSION*) { return LIBSSH2_ERROR_CHANNEL_FAILURE; }
LIBSSH2_CHANNEL* libssh2_channel_open_ex(LIBSSH2_SESSION*, const char*, unsigned, unsigned, unsigned, const char*,
                                         unsigned) {
  if (now->open >= 2) return nullptr;  // refused, as by MaxSessions
  ++now->open;
  now->channels.push_back(new fake_channel);
  return reinterpret_cast<LIBSSH2_CHANNEL*>(now->channels.back());
}
LIBSSH2_CHANNEL* libssh2_channel_direct_tcpip_ex(LIBSSH2_SESSION*, const char*, int, const char*, int) {
  return nullptr;
}
int libssh2_channel_process_startup(LIBSSH2_CHANNEL* channel, const char*, unsigned, const char*, unsigned) {
  real(channel)->serves = true;
  now->data.clear();
  now->eof = false;
  return 0;
}
ssize_t libssh2_channel_read_ex(LIBSSH2_CHANNEL* channel, int, char* to, std::size_t size) {
  FUZZ_CHECK(!real(channel)->closed);
  const int rc = now->pump();
  if (rc == LIBSSH2_ERROR_SOCKET_DISCONNECT) return rc;
  if (!real(channel)->serves || now->data.empty() || size == 0) return now->eof && size > 0 ? 0 : rc;
  const auto n = std::min(size, now->data.size());
  std::memcpy(to, now->data.data(), n);
  now->data.erase(0, n);
  return static_cast<ssize_t>(n);
}
ssize_t libssh2_channel_write_ex(LIBSSH2_CHANNEL* channel, int, const char* from, std::size_t size) {
  FUZZ_CHECK(!real(channel)->closed && real(channel)->serves);
  now->sent.append(from, size);
  return static_cast<ssize_t>(size);
}
int libssh2_channel_eof(LIBSSH2_CHANNEL* channel) { return real(channel)->serves && now->eof && now->data.empty(); }
int libssh2_channel_send_eof(LIBSSH2_CHANNEL*) { return 0; }
int libssh2_channel_close(LIBSSH2_CHANNEL* channel) {
  if (!std::exchange(real(channel)->closed, true)) --now->open;
  return 0;
}
int libssh2_channel_wait_closed(LIBSSH2_CHANNEL*) { return 0; }
int libssh2_channel_free(LIBSSH2_CHANNEL*) { return 0; }
int libssh2_channel_get_exit_status(LIBSSH2_CHANNEL*) { return 0; }
int libssh2_channel_get_exit_signal(LIBSSH2_CHANNEL*, char**, std::size_t*, char**, std::size_t*, char**,
                                    std::size_t*) {
  return 0;
}
void libssh2_free(LIBSSH2_SESSION*, void*) {}
int libssh2_channel_setenv_ex(LIBSSH2_CHANNEL*, const char*, unsigned, const char*, unsigned) { return 0; }
unsigned long libssh2_channel_window_read_ex(LIBSSH2_CHANNEL*, unsigned long* unread, unsigned long* initial) {
  if (unread != nullptr) *unread = 0;
  if (initial != nullptr) *initial = 1 << 21;
  return 1 << 21;
}
int libssh2_channel_receive_window_adjust2(LIBSSH2_CHANNEL*, unsigned long, unsigned char, unsigned*) { return 0; }
int libssh2_channel_handle_extended_data2(LIBSSH2_CHANNEL*, int) { return 0; }
void libssh2_keepalive_config(LIBSSH2_SESSION*, int, unsigned) {}
int libssh2_keepalive_send(LIBSSH2_SESSION*, int*) { return 0; }
#if LIBSSH2_VERSION_NUM >= 0x010b00
int libssh2_channel_signal_ex(LIBSSH2_CHANNEL*, const char*, std::size_t) { return 0; }
#endif
}

namespace {

std::string number(std::uint64_t n, int bytes = 4) {
  std::string text;
  for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8) text += static_cast<char>(n >> shift);
  return text;
}

std::string text(std::string_view bytes) { return number(bytes.size()).append(bytes); }

/// One user of the client, with any number of tasks, on paths that are few enough to be shared.
class world {
 public:
  explicit world(fuzz::input in) : in_(in) {
    now = &libssh2_;
    line_->bytes = "SSH-2.0-x\r\n";
    session_ = ssh::session::create(context_.get_executor(), std::make_unique<fuzz::fake_stream>(line_), {});
    session_->start();
    run();
    {
      const ssh::session::turn t(*session_);
      FUZZ_CHECK(session_->handshake() == 0);
    }
    session_->enter_service();
    client_ = ssh::sftp_client::create(session_, std::chrono::hours(1));
  }

  void play() {
    while (!in_.empty()) {
      step();
      run();
    }
    session_->kill(asio::error::operation_aborted, "end");
    run();
    FUZZ_CHECK(context_.stopped());
    for (const auto& each : tasks_) FUZZ_CHECK(each->completions == 1);
    FUZZ_CHECK(!client_->busy());
  }

 private:
  struct task {
    std::size_t most = 0;
    file_status status{};
    std::string bytes{};
    int completions = 0;
  };

  void step() {
    const auto what = in_.byte();
    switch (what % 10) {
      case 0: client_->stat(path(), add(0).status, user(), done()); break;
      case 1: {
        auto& t = add(in_.byte() << in_.byte() % 12);
        client_->read(path(), in_.byte(), t.most, t.bytes, user(), done());
        break;
      }
      case 2: say(in_.take(in_.byte())); break;
      case 3:
      case 4:
      case 5: answer(); break;
      case 6: reply("\x65", number(in_.byte() % 10) + text(in_.take(in_.byte() % 8)) + text("")); break;
      case 7: reply(std::string(1, static_cast<char>(in_.byte())), std::string(in_.take(in_.byte()))); break;
      case 8:
        if (in_.byte() % 4 == 0)
          client_->cancel(*users_[in_.byte() % users_.size()]);
        else
          say(text("\x02" + number(3)));
        break;
      case 9:
        if (in_.byte() % 8 != 0) break;
        libssh2_.eof = true;
        line_->bytes += 'x';  // so that it is noticed
        line_->go_on();
        break;
    }
  }

  const std::string& path() {
    static const std::array<std::string, 3> paths = {"/log", "/exit", "/other"};
    return paths[in_.byte() % paths.size()];
  }
  const std::shared_ptr<ssh::sftp_user>& user() { return users_[in_.byte() % users_.size()]; }

  task& add(std::size_t most) {
    tasks_.push_back(std::make_unique<task>());
    tasks_.back()->most = most;
    return *tasks_.back();
  }

  detail::any_completion done() {
    return detail::any_completion(
        [t = tasks_.back().get()](std::error_code) {
          ++t->completions;
          FUZZ_CHECK(t->completions == 1);
          FUZZ_CHECK(t->bytes.size() <= t->most);
        },
        context_.get_executor());
  }

  void say(std::string_view bytes) {
    line_->bytes.append(bytes);
    line_->go_on();
  }

  struct request {
    char type;
    std::string id;
    std::uint32_t size;
  };

  /// Takes the client's requests apart. What it sends is right.
  void listen() {
    auto& sent = libssh2_.sent;
    while (sent.size() >= 4) {
      std::size_t length = 0;
      for (std::size_t i = 0; i < 4; ++i) length = length << 8 | static_cast<unsigned char>(sent[i]);
      FUZZ_CHECK(length >= 5 && sent.size() >= 4 + length);
      if (sent[4] == 1) {
        open_.clear();
      } else {
        std::uint32_t size = 0;
        if (sent[4] == 5)
          for (std::size_t i = length; i < length + 4; ++i) size = size << 8 | static_cast<unsigned char>(sent[i]);
        open_.push_back({sent[4], sent.substr(5, 4), size});
      }
      sent.erase(0, 4 + length);
    }
  }

  /// An answer to any of the questions that are open, that may or may not fit.
  void reply(const std::string& type, const std::string& body) {
    if (open_.empty()) return;
    const auto which = in_.byte();
    const auto at = open_.begin() + static_cast<std::ptrdiff_t>(which % 64 % open_.size());
    say(text(type + at->id + body));
    if (which < 192) open_.erase(at);
  }

  /// The answer that fits the oldest question.
  void answer() {
    if (open_.empty()) return;
    const auto asked = open_.front();
    open_.pop_front();
    const auto hint = in_.byte();
    switch (asked.type) {
      case 3: return say(text("\x66" + asked.id + text("h" + std::to_string(hint % 4))));
      case 4: return say(text("\x65" + asked.id + number(0) + text("") + text("")));
      case 5: {
        if (hint == 0) return say(text("\x65" + asked.id + number(1) + text("") + text("")));
        // All, a part, or more than was asked for.
        const std::size_t n = hint == 255  ? std::size_t{asked.size} + 1
                              : hint > 128 ? asked.size
                                           : std::min<std::size_t>(asked.size, hint);
        return say(text("\x67" + asked.id + text(std::string(std::min<std::size_t>(n, 65536), 'd'))));
      }
      default: {
        const std::uint64_t size = in_.byte() << in_.byte() % 8;
        const std::uint32_t mode = hint % 16 == 0 ? 0040755 : hint % 16 == 1 ? 0020644 : 0100644;
        return say(
            text("\x69" + asked.id + number(13) + number(size, 8) + number(mode) + number(0) + number(hint % 2)));
      }
    }
  }

  /// Until nobody has anything to do: that has to come.
  void run() {
    context_.restart();
    for (int handlers = 0; context_.poll_one() > 0;) FUZZ_CHECK(++handlers < 100000);
    listen();
  }

  fuzz::input in_;
  asio::io_context context_{1};
  fake_session libssh2_;
  std::shared_ptr<fuzz::fake_stream::shared> line_ =
      std::make_shared<fuzz::fake_stream::shared>(fuzz::fake_stream::shared{context_});
  std::shared_ptr<ssh::session> session_;
  std::shared_ptr<ssh::sftp_client> client_;
  std::array<std::shared_ptr<ssh::sftp_user>, 2> users_ = {std::make_shared<ssh::sftp_user>(),
                                                           std::make_shared<ssh::sftp_user>()};
  std::vector<std::unique_ptr<task>> tasks_;
  std::deque<request> open_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size > 4096) return 0;
  world(fuzz::input(data, size)).play();
  return 0;
}
