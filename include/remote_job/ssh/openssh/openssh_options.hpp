// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_SSH_OPENSSH_OPENSSH_OPTIONS_HPP
#define REMOTE_JOB_SSH_OPENSSH_OPENSSH_OPTIONS_HPP

#include <remote_job/ssh/openssh/openssh_output.hpp>
#include <remote_job/ssh/options/options.hpp>

#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace remote_job::inline REMOTE_JOB_ABI::ssh {

/// What a configuration refers to on this machine.
struct openssh_surroundings {
  std::string home;  ///< of the user who runs this program, as the next two are
  std::string user;
  std::string uid;
  std::string machine;                                     ///< this one's name
  std::function<bool(const std::string&)> is_there;        ///< whether a file exists
  std::function<std::string(const std::string&)> value;    ///< of an environment variable; empty when there is none
  std::function<std::string(const std::string&)> home_of;  ///< of a user; empty when there is none
};

/// Turns what `ssh -G` prints into options. ssh's own lists of usual keys and known-hosts files name many that nobody
/// has: those are left out. A key that the configuration names stays, so that a mistake in its name is told. The jump
/// hosts are left to the caller, and so is what libssh2 knows of the algorithms.
class openssh_reader {
 public:
  openssh_reader(const openssh_output& output, const openssh_surroundings& here) : output_(output), here_(here) {}

  /// The options, or why there are none.
  REMOTE_JOB_DECL std::optional<ssh_options> read(std::string& why);

 private:
  static constexpr const char* elsewhere = "use process_transport over ssh, which does what the configuration says";

  REMOTE_JOB_DECL void refuse(std::string_view keyword, const std::string& name);
  REMOTE_JOB_DECL bool is_no(std::string_view keyword) const;
  REMOTE_JOB_DECL bool is_yes(std::string_view keyword) const;
  REMOTE_JOB_DECL void read_address();
  REMOTE_JOB_DECL void read_methods();
  REMOTE_JOB_DECL void read_identities();
  REMOTE_JOB_DECL void read_known_hosts();
  REMOTE_JOB_DECL void read_algorithms();
  REMOTE_JOB_DECL void read_times();

  /// Of what is not obeyed, though it changes who logs in, how or from where.
  REMOTE_JOB_DECL void read_notices();

  /// As ssh does it with names of files: `~`, environment variables in `${}`, and those tokens of ssh_config(5) that
  /// make sense in them; others stay as they are.
  REMOTE_JOB_DECL std::string expand(std::string_view text);
  REMOTE_JOB_DECL std::optional<std::string> value_of(char token) const;

  const openssh_output& output_;
  const openssh_surroundings& here_;
  ssh_options options_;
  std::string why_;
};

}  // namespace remote_job::inline REMOTE_JOB_ABI::ssh

#if !defined(REMOTE_JOB_SEPARATE_COMPILATION)
#include <remote_job/ssh/openssh/impl/openssh_options.ipp>
#endif

#endif
