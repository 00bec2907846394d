// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_SINK_OSTREAM_HPP
#define REMOTE_JOB_SINK_OSTREAM_HPP

#include <remote_job/sink.hpp>

#include <cstdint>
#include <ostream>
#include <string_view>
#include <system_error>

namespace remote_job::inline REMOTE_JOB_ABI {

/// A sink that writes the log, and nothing else, to a stream.
///
/// After a log reset, the bytes of the new log follow those of the old one. Notices and the final event are not
/// written. Not thread-safe.
class ostream_sink {
 public:
  /// @param log receives the bytes; kept by reference, must outlive the sink. Open a file in binary mode.
  explicit ostream_sink(std::ostream& log) noexcept : log_(&log) {}

  /// Writes and flushes, so that acknowledged bytes have left the stream's buffer. Returns `std::io_errc::stream` once
  /// the stream has failed. If exceptions are enabled on the stream, they propagate.
  REMOTE_JOB_DECL std::error_code on_log(std::uint64_t /*offset*/, std::string_view bytes);

  void on_event(const trigger_event& /*event*/) noexcept {}

 private:
  std::ostream* log_;
};

}  // namespace remote_job::inline REMOTE_JOB_ABI

#if !defined(REMOTE_JOB_SEPARATE_COMPILATION)
#include <remote_job/sink/impl/ostream.ipp>
#endif

#endif
