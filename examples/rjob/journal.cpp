// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#include "journal.hpp"

#include "../common/text.hpp"

#include <remote_job/json.hpp>

#include <cerrno>
#include <cstring>
#include <stdexcept>

namespace rjob {

journal::journal(output& out, status_line& status, const std::optional<std::string>& events, bool commands_only)
    : out_(out), status_(status), lines_(events_), commands_only_(commands_only) {
  if (!events) return;
  try {
    cli::check_regular(*events);
  } catch (const std::runtime_error& e) {
    throw std::runtime_error(std::string("--events: ") + e.what());
  }
  events_.open(*events, std::ios::binary | std::ios::app);
  if (!events_) throw std::runtime_error("--events: cannot write " + *events + ": " + std::strerror(errno));
}

std::error_code journal::log(std::string_view bytes) {
  status_.hide();
  output_error_ = out_.write(bytes);
  if (output_error_) return output_error_;
  status_.progress(bytes.size());
  draw_status();
  if (written) written();
  return {};
}

void journal::reset(const remote_job::log_reset& reset) {
  if (events_.is_open()) lines_.on_log_reset(reset);
  status_.notice(cli::unescaped(reset.message));
}

void journal::retry(const remote_job::retry_info& info) {
  if (events_.is_open()) lines_.on_retry(info);
  status_.notice(cli::unescaped(info.message));
  status_.attempt(info.attempt, info.max_attempts);
}

void journal::switched(const std::string& why) {
  note({remote_job::notice_kind::transport, why});
  commands_only_ = true;
}

void journal::note(const remote_job::notice& n) {
  if (commands_only_ && n.kind == remote_job::notice_kind::files_unavailable) return;
  if (events_.is_open()) lines_.on_notice(n);
  status_.notice(cli::unescaped(n.message));
}

void journal::submitted(const nlohmann::json& members) {
  if (events_.is_open()) lines_.write("submit", members);
}

void journal::end(const remote_job::trigger_event& event, const remote_job::watch_stats& stats) {
  if (!events_.is_open()) return;
  nlohmann::json members = event;
  members.update(nlohmann::json(stats));
  lines_.write("event", members);
}

// On a terminal that shows the log too, only between its lines.
void journal::draw_status() {
  if (!out_.is_terminal() || out_.at_line_start()) status_.draw();
}

}  // namespace rjob
