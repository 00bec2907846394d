// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_SINK_JSONL_HPP
#define REMOTE_JOB_SINK_JSONL_HPP

#include <remote_job/json.hpp>
#include <remote_job/sink.hpp>

#include <nlohmann/json.hpp>

#include <ostream>

namespace remote_job::inline REMOTE_JOB_ABI {

/// A sink that writes one JSON object per line for each retry, log reset, notice, and for the final event, but never
/// the log itself. Combine it with a sink for the log in a `tee_sink`.
///
/// The member "type" is "retry", "log_reset", "notice" or "event"; the other members are those of json.hpp. Each line
/// is flushed. A stream error does not affect the watch: check the stream. Not thread-safe.
/// line is flushed. A stream that fails is no error of the watch: look at the stream. Not thread-safe.
class jsonl_sink {
 public:
  /// @param out receives the lines; kept by reference, must outlive the sink.
  explicit jsonl_sink(std::ostream& out) noexcept : out_(&out) {}

  void on_log_reset(const log_reset& reset) { write("log_reset", reset); }
  void on_retry(const retry_info& info) { write("retry", info); }
  void on_notice(const notice& n) { write("notice", n); }
  void on_event(const trigger_event& event) { write("event", event); }

  /// Writes a line with your own contents.
  /// @param type the member "type".
  /// @param members an object, or a value that converts to one; invalid UTF-8 in its strings is replaced by U+FFFD.
  void write(const char* type, const nlohmann::json& members) {
    nlohmann::ordered_json line{{"type", type}};
    line.update(members);
    *out_ << line.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) << '\n' << std::flush;
  }

 private:
  std::ostream* out_;
};

}  // namespace remote_job::inline REMOTE_JOB_ABI

#endif
