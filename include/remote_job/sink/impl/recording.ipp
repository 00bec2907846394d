// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_SINK_IMPL_RECORDING_IPP
#define REMOTE_JOB_SINK_IMPL_RECORDING_IPP

#include <remote_job/sink/recording.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

namespace remote_job::inline REMOTE_JOB_ABI {

void recording_sink::on_log(std::uint64_t offset, std::string_view bytes) {
  calls_.emplace_back(log_call{offset, std::string(bytes)});
}
void recording_sink::on_log_reset(const log_reset& reset) { calls_.emplace_back(reset); }
void recording_sink::on_retry(const retry_info& info) { calls_.emplace_back(info); }
void recording_sink::on_notice(const notice& n) { calls_.emplace_back(n); }
void recording_sink::on_event(const trigger_event& event) { calls_.emplace_back(event); }

std::string recording_sink::log() const {
  std::string bytes;
  for (const auto& c : calls_)
    if (const auto* one = std::get_if<log_call>(&c)) bytes += one->bytes;
  return bytes;
}

}  // namespace remote_job::inline REMOTE_JOB_ABI

#endif
