// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
//
// Everything that needs only Asio, included and not used.
#include <remote_job.hpp>
