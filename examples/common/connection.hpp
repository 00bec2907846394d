// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#pragma once

#include "host.hpp"

#include <CLI/CLI.hpp>

#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#ifdef HAVE_SSH
#include <remote_job/job.hpp>
#include <remote_job/ssh/options/options.hpp>
#endif

namespace cli {

/// What reaches a host: libssh2 where it can, else OpenSSH's ssh; or just one of them.
enum class ssh_way { automatic, libssh2, openssh };

/// The command line's part on how to reach the host: what was given, and nothing that was not.
struct connection_arguments {
  bool local = false;
  ssh_way transport = ssh_way::automatic;
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
/// The ssh configuration asks for something that libssh2 cannot do.
struct ssh_config_unsupported : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// How to reach `host`, [USER@]HOST[:PORT]. Throws std::runtime_error, of which ssh_config_unsupported is one.
///
/// @param asked for passphrases, passwords and what servers ask; may be empty.
/// @param command_timeout of the watch: whether the host gives access to files is to be known before.
remote_job::ssh_options ssh_options(const connection_arguments& given, const std::string& host,
                                    const remote_job::ssh_prompter& asked, remote_job::duration command_timeout);
#endif

}  // namespace cli
