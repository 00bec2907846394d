// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_SINK_IMPL_OSTREAM_IPP
#define REMOTE_JOB_SINK_IMPL_OSTREAM_IPP

#include <remote_job/sink.hpp>
#include <remote_job/sink/ostream.hpp>

#include <cstdint>
#include <ios>
#include <string_view>
#include <system_error>

namespace remote_job::inline REMOTE_JOB_ABI {

std::error_code ostream_sink::on_log(std::uint64_t /*offset*/, std::string_view bytes) {
  log_->write(bytes.data(), static_cast<std::streamsize>(bytes.size())).flush();
  return log_->good() ? std::error_code{} : std::make_error_code(std::io_errc::stream);
}

}  // namespace remote_job::inline REMOTE_JOB_ABI

#endif
