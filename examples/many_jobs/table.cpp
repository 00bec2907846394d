// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#include "table.hpp"

#include "../common/text.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

namespace many_jobs {

std::string tally::text() const {
  return std::to_string(jobs) + " jobs: " + std::to_string(succeeded) + " succeeded, " + std::to_string(failed) +
         " failed, " + std::to_string(gave_up) + " not known, " + std::to_string(jobs - ended()) + " not ended";
}

std::string shown(const std::string& text, std::size_t most) {
  return std::string(cli::first(cli::printable(text), most));
}

table::table() : visible_(::isatty(STDERR_FILENO) == 1) {}

void table::draw(const std::vector<row>& rows, const tally& all) {
  if (!visible_) return;
  winsize size{};
  if (::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_row < 4 || size.ws_col < 40) size = {24, 80, 0, 0};
  const std::size_t width = size.ws_col;
  const std::size_t room = std::size_t{size.ws_row} - 3;

  std::vector<std::string> lines = {shown(all.text(), width - 1)};
  std::size_t more = 0;
  for (const auto& each : rows) {
    if (each.ended) continue;
    if (lines.size() > room) {
      ++more;
      continue;
    }
    constexpr std::size_t id_width = 30;
    auto line = "  " + shown(each.job_id, id_width);
    line.append(id_width + 2 - cli::width(line), ' ');
    char text[160];
    std::snprintf(text, sizeof text, " %14llu B  %s", static_cast<unsigned long long>(each.bytes),
                  shown(each.state, 80).c_str());
    lines.push_back(shown(line + text, width - 1));
  }
  if (more > 0) lines.push_back("  and " + std::to_string(more) + " more");
  hide();
  for (const auto& line : lines) std::fprintf(stderr, "%s\n", line.c_str());
  std::fflush(stderr);
  lines_ = lines.size();
}

void table::hide() {
  if (lines_ == 0) return;
  std::fprintf(stderr, "\033[%zuA\r\033[J", lines_);
  std::fflush(stderr);
  lines_ = 0;
}

}  // namespace many_jobs
