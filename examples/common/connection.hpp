// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#pragma once

#include "host.hpp"

#include <CLI/CLI.hpp>

#include <optional>
#include <string>
#include <vector>

#ifdef HAVE_SSH
#include <remote_job/job.hpp>
#include <remote_job/ssh/options/options.hpp>
#endif

namespace cli {

/// The command line's part on how to reach the host: what was given, and nothing that was not.
struct connection_arguments {
  bool local = false;
  std::optional<std::string> host, ssh_config;
  bool no_ssh_config = false;
  std::optional<std::vector<cli::host>> jump;
  std::optional<std::string> host_key_policy;
  std::vector<std::string> identities, known_hosts, fingerprints;
};

/// The group of the options of describe_ssh().
inline constexpr auto ssh_group = "SSH (with --host)";

/// Adds the options; `given` has to stay in place until they were read.
void describe_host(CLI::App& app, connection_arguments& given);
void describe_ssh(CLI::App& app, connection_arguments& given);

/// Throws CLI::ValidationError for what cannot be given together.
void check(const CLI::App& app, const connection_arguments& given);

#ifdef HAVE_SSH
/// How to reach `host`, [USER@]HOST[:PORT]. Throws std::runtime_error.
///
/// @param asked for passphrases, passwords and what servers ask; may be empty.
/// @param command_timeout of the watch: whether the host gives access to files is to be known before.
remote_job::ssh_options ssh_options(const connection_arguments& given, const std::string& host,
                                    const remote_job::ssh_prompter& asked, remote_job::duration command_timeout);
#endif

}  // namespace cli
