// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_TRANSPORT_IMPL_LOOPBACK_IPP
#define REMOTE_JOB_TRANSPORT_IMPL_LOOPBACK_IPP

#include <remote_job/transport/detail/loopback_steps.hpp>
#include <remote_job/loopback/virtual_timer.hpp>
#include <remote_job/transport/loopback.hpp>

namespace remote_job::inline REMOTE_JOB_ABI {

void loopback_transport::close() noexcept {
  if (link_) link_->close();
}

}  // namespace remote_job::inline REMOTE_JOB_ABI

#endif
