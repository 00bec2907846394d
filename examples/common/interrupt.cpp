// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#include "interrupt.hpp"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <system_error>

namespace cli {

namespace {

volatile std::sig_atomic_t caught = 0;
int pipe_ends[2] = {-1, -1};

extern "C" void on_signal(int number) {
  const int saved = errno;
  if (caught == 0) caught = number;
  [[maybe_unused]] const auto n = ::write(pipe_ends[1], "", 1);
  errno = saved;
}

// A handler, and not SIG_IGN: that would be handed down to the programs we start.
extern "C" void on_pipe(int) {}

}  // namespace

interrupt::interrupt() {
  if (::pipe2(pipe_ends, O_CLOEXEC | O_NONBLOCK) != 0) throw std::system_error(errno, std::generic_category(), "pipe");
  struct sigaction action {};
  sigemptyset(&action.sa_mask);
  action.sa_handler = on_pipe;
  ::sigaction(SIGPIPE, &action, nullptr);
  action.sa_handler = on_signal;
  for (const int number : {SIGHUP, SIGINT, SIGTERM}) {
    struct sigaction before {};
    ::sigaction(number, nullptr, &before);
    if (before.sa_handler != SIG_IGN) ::sigaction(number, &action, nullptr);  // as nohup wants it
  }
}

interrupt::~interrupt() {
  for (const int number : {SIGHUP, SIGINT, SIGTERM}) {
    struct sigaction now {};
    ::sigaction(number, nullptr, &now);
    if (now.sa_handler == on_signal) std::signal(number, SIG_DFL);
  }
  ::close(pipe_ends[0]);
  ::close(pipe_ends[1]);
}

int interrupt::signal() const { return caught; }

bool interrupt::again(std::chrono::milliseconds time) const {
  using clock = std::chrono::steady_clock;
  const auto end = clock::now() + time;
  char byte = 0;
  while (::read(pipe_ends[0], &byte, 1) < 0 && errno == EINTR) {
  }
  for (;;) {
    pollfd second{pipe_ends[0], POLLIN, 0};
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - clock::now()).count();
    const int n = ::poll(&second, 1, static_cast<int>(left > 0 ? left : 0));
    if (n > 0) break;
    if (n == 0 || errno != EINTR) return false;
  }
  // Taken, so that what is done next is not ended by it; a third one does.
  for (char rest[64]; ::read(pipe_ends[0], rest, sizeof rest) > 0;) {
  }
  return true;
}

int interrupt::descriptor() const { return pipe_ends[0]; }

}  // namespace cli
