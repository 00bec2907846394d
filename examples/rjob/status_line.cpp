// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#include "status_line.hpp"

#include "say.hpp"

#include <unistd.h>

#include <cstdio>

namespace rjob {

status_line::status_line(bool quiet) : quiet_(quiet), visible_(!quiet && ::isatty(STDERR_FILENO) == 1) {}

void status_line::attempt(int number, int most) {
  attempt_ = "  attempt " + std::to_string(number) + '/' + std::to_string(most);
}

void status_line::draw() {
  if (!visible_) return;
  const auto now = clock::now();
  if (const std::chrono::duration<double> passed = now - rate_since_; passed.count() >= 1) {
    rate_ = static_cast<double>(bytes_ - rate_bytes_) / passed.count();
    rate_since_ = now;
    rate_bytes_ = bytes_;
  }
  const auto elapsed = std::chrono::duration_cast<std::chrono::seconds>(now - began_).count();
  std::fprintf(stderr, "\r\033[K%02lld:%02lld:%02lld  %s  %s/s%s", static_cast<long long>(elapsed / 3600),
               static_cast<long long>(elapsed / 60 % 60), static_cast<long long>(elapsed % 60),
               cli::size_text(static_cast<double>(bytes_)).c_str(), cli::size_text(rate_).c_str(), attempt_.c_str());
  std::fflush(stderr);
  drawn_ = true;
}

void status_line::hide() {
  if (!drawn_) return;
  std::fputs("\r\033[K", stderr);
  std::fflush(stderr);
  drawn_ = false;
}

void status_line::notice(std::string_view text) {
  if (quiet_) return;
  hide();
  say((visible_ ? cli::time_of_day() : cli::timestamp()).append(" ").append(text));
}

}  // namespace rjob
