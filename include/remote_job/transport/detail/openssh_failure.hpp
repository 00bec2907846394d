// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_TRANSPORT_DETAIL_OPENSSH_FAILURE_HPP
#define REMOTE_JOB_TRANSPORT_DETAIL_OPENSSH_FAILURE_HPP

#include <remote_job/error.hpp>

#include <string_view>
#include <system_error>

namespace remote_job::inline REMOTE_JOB_ABI::detail {

/// The error that OpenSSH's ssh means by its exit status 255 and this error output. Looks for the few sentences that
/// tell that another try cannot help; anything else is `errc::connection_lost`.
REMOTE_JOB_DECL std::error_code openssh_failure(std::string_view error_output);

}  // namespace remote_job::inline REMOTE_JOB_ABI::detail

#if !defined(REMOTE_JOB_SEPARATE_COMPILATION)
#include <remote_job/transport/detail/impl/openssh_failure.ipp>
#endif

#endif
