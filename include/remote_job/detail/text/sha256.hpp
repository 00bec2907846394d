// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_DETAIL_TEXT_SHA256_HPP
#define REMOTE_JOB_DETAIL_TEXT_SHA256_HPP

#include <remote_job/config.hpp>

#include <string>
#include <string_view>

namespace remote_job::inline REMOTE_JOB_ABI::detail {

/// SHA-256 (FIPS 180-4, section 6.2). Used only for fingerprints in messages, of keys that libssh2 does not hash. Do
/// not use it for secrets or decisions.
REMOTE_JOB_DECL std::string sha256(std::string_view message);

}  // namespace remote_job::inline REMOTE_JOB_ABI::detail

#if !defined(REMOTE_JOB_SEPARATE_COMPILATION)
#include <remote_job/detail/text/impl/sha256.ipp>
#endif

#endif
