// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_DETAIL_TEXT_SHA256_HPP
#define REMOTE_JOB_DETAIL_TEXT_SHA256_HPP

#include <remote_job/config.hpp>

#include <string>
#include <string_view>

namespace remote_job::inline REMOTE_JOB_ABI::detail {

/// FIPS 180-4, section 6.2. For fingerprints in messages only, of keys that libssh2 does not hold and so does not hash:
/// nothing secret goes through it, and nothing is decided by it.
REMOTE_JOB_DECL std::string sha256(std::string_view message);

}  // namespace remote_job::inline REMOTE_JOB_ABI::detail

#if !defined(REMOTE_JOB_SEPARATE_COMPILATION)
#include <remote_job/detail/text/impl/sha256.ipp>
#endif

#endif
