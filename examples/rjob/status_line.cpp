// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#include "status_line.hpp"

#include <unistd.h>

#include <cstdio>

namespace rjob {

namespace {

std::string amount(double bytes) {
  const char* unit = "B";
  for (const char* next : {"KiB", "MiB", "GiB", "TiB"}) {
    if (bytes < 1024) break;
    bytes /= 1024;
    unit = next;
  }
  char text[32];
  std::snprintf(text, sizeof text, *unit == 'B' ? "%.0f %s" : "%.1f %s", bytes, unit);
  return text;
}

// What a host says may hold control characters, which are not for the terminal.
std::string printable(std::string_view text) {
  std::string clean;
  for (const char c : text) clean += static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? '?' : c;
  return clean;
}

}  // namespace

status_line::status_line() : visible_(::isatty(STDERR_FILENO) == 1) {}

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
               amount(static_cast<double>(bytes_)).c_str(), amount(rate_).c_str(), attempt_.c_str());
  std::fflush(stderr);
  drawn_ = true;
}

void status_line::hide() {
  if (!drawn_) return;
  std::fputs("\r\033[K", stderr);
  std::fflush(stderr);
  drawn_ = false;
}

void status_line::say(std::string_view text) {
  if (!visible_) return;
  hide();
  std::fprintf(stderr, "rjob: %s\n", printable(text).c_str());
}

}  // namespace rjob
