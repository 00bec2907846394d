// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_SINK_RECORDING_HPP
#define REMOTE_JOB_SINK_RECORDING_HPP

#include <remote_job/sink.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace remote_job::inline REMOTE_JOB_ABI {

/// A sink that records every call in order: for tests, and for logs that fit in memory.
///
/// Access it through the trigger's `sink()`. Not thread-safe.
class recording_sink {
 public:
  /// One call of on_log.
  struct log_call {
    std::uint64_t offset = 0;
    std::string bytes;

    friend bool operator==(const log_call&, const log_call&) = default;
  };

  using call = std::variant<log_call, log_reset, retry_info, notice, trigger_event>;

  REMOTE_JOB_DECL void on_log(std::uint64_t offset, std::string_view bytes);
  REMOTE_JOB_DECL void on_log_reset(const log_reset& reset);
  REMOTE_JOB_DECL void on_retry(const retry_info& info);
  REMOTE_JOB_DECL void on_notice(const notice& n);
  REMOTE_JOB_DECL void on_event(const trigger_event& event);

  /// All calls, in order.
  const std::vector<call>& calls() const noexcept { return calls_; }

  /// The calls of one kind, in order: `all<retry_info>()`.
  template <class T>
  std::vector<T> all() const {
    std::vector<T> found;
    for (const auto& c : calls_)
      if (const T* one = std::get_if<T>(&c)) found.push_back(*one);
    return found;
  }

  /// The bytes of the log in order of arrival, including those from before a reset.
  REMOTE_JOB_DECL std::string log() const;

 private:
  std::vector<call> calls_;
};

}  // namespace remote_job::inline REMOTE_JOB_ABI

#if !defined(REMOTE_JOB_SEPARATE_COMPILATION)
#include <remote_job/sink/impl/recording.ipp>
#endif

#endif
