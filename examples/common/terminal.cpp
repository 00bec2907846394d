// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#include "terminal.hpp"

#include <asio/buffer.hpp>
#include <asio/posix/stream_descriptor.hpp>

#include <fcntl.h>
#include <termios.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

namespace cli {

using remote_job::ssh_answer;
using remote_job::ssh_challenge;
using remote_job::ssh::wipe;

class terminal::device : public std::enable_shared_from_this<device> {
 public:
  device(const asio::any_io_executor& executor, std::function<void(bool)> asking)
      : asking_(std::move(asking)), tty_(executor) {}

  ~device() {
    for (auto& [what, secret] : known_) wipe(secret);
  }

  void ask(const ssh_challenge& challenge, ssh_answer answer) {
    const auto key = std::to_string(static_cast<int>(challenge.what)) + challenge.subject;
    if (challenge.what != ssh_challenge::kind::keyboard_interactive) {
      const auto known = known_.find(key);
      if (known != known_.end() && challenge.attempt == 1) return answer(known->second);
    }
    stop();
    const int fd = ::open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
    std::error_code ec;
    if (fd >= 0) tty_.assign(fd, ec);
    if (fd < 0 || ec) return answer.decline();
    challenge_ = challenge;
    key_ = key;
    answer_ = std::move(answer);
    answers_.clear();
    asking_(true);
    if (!challenge_.instruction.empty()) say(challenge_.instruction + "\n");
    ask_next();
  }

  /// Leaves the terminal as it was found; whoever waits for an answer gets none.
  void stop() {
    if (!tty_.is_open()) return;
    show(true);
    std::error_code ignored;
    tty_.close(ignored);
    for (auto& each : answers_) wipe(each);
    answers_.clear();
    wipe(line_);
    answer_.reset();
    asking_(false);
  }

 private:
  void ask_next() {
    const auto& prompt = challenge_.prompts[answers_.size()];
    show(prompt.echo);
    say(prompt.text);
    read();
  }

  void read() {
    // The end of the watch ends the wait: it closes the terminal.
    tty_.async_wait(asio::posix::stream_descriptor::wait_read, [self = shared_from_this()](std::error_code ec) {
      if (!ec && self->tty_.is_open()) self->take();
    });
  }

  void take() {
    std::array<char, 256> buffer;
    const auto n = ::read(tty_.native_handle(), buffer.data(), buffer.size());
    if (n < 0 && errno == EAGAIN) return read();
    if (n <= 0) return stop();
    for (ssize_t i = 0; i < n; ++i) {
      const char c = std::exchange(buffer[static_cast<std::size_t>(i)], '\0');
      if (c != '\n') {
        line_ += c;
        continue;
      }
      if (!challenge_.prompts[answers_.size()].echo) say("\n");
      answers_.emplace_back();
      answers_.back().swap(line_);
      wipe(line_);
      if (answers_.size() == challenge_.prompts.size()) return done();
      return ask_next();
    }
    read();
  }

  void done() {
    if (challenge_.what != ssh_challenge::kind::keyboard_interactive) {
      wipe(known_[key_]);
      known_[key_] = answers_.front();
    }
    const auto answer = *answer_;
    answer(std::exchange(answers_, {}));
    stop();
  }

  void show(bool echo) {
    termios mode{};
    if (::tcgetattr(tty_.native_handle(), &mode) != 0) return;
    if (!before_) before_ = mode;
    mode = *before_;
    if (echo)
      before_.reset();
    else
      mode.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    ::tcsetattr(tty_.native_handle(), TCSAFLUSH, &mode);
  }

  void say(std::string_view text) {
    [[maybe_unused]] const auto n = ::write(tty_.native_handle(), text.data(), text.size());
  }

  std::function<void(bool)> asking_;
  asio::posix::stream_descriptor tty_;
  std::map<std::string, std::string> known_;
  std::optional<termios> before_;
  ssh_challenge challenge_;
  std::string key_;
  std::optional<ssh_answer> answer_;
  std::vector<std::string> answers_;
  std::string line_;
};

terminal::terminal(const asio::any_io_executor& executor, std::function<void(bool)> asking)
    : device_(std::make_shared<device>(executor, std::move(asking))) {}

terminal::~terminal() { device_->stop(); }

void terminal::stop() { device_->stop(); }

bool terminal::is_there() {
  const int fd = ::open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);
  if (fd < 0) return false;
  const bool ours = ::tcgetpgrp(fd) == ::getpgrp();
  ::close(fd);
  return ours;
}

remote_job::ssh_prompter terminal::prompter() {
  return [to = std::weak_ptr(device_)](const ssh_challenge& challenge, ssh_answer answer) {
    if (const auto self = to.lock()) self->ask(challenge, std::move(answer));
  };
}

}  // namespace cli
