// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_SSH_OPENSSH_OPENSSH_OPTIONS_HPP
#define REMOTE_JOB_SSH_OPENSSH_OPENSSH_OPTIONS_HPP

#include <remote_job/error.hpp>
#include <remote_job/ssh/openssh/openssh_output.hpp>
#include <remote_job/ssh/options/options.hpp>

#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace remote_job::inline REMOTE_JOB_ABI::ssh {

/// The facts about this machine that a configuration refers to.
struct openssh_surroundings {
  std::string home;  ///< home directory of the user who runs this program; so are the name and number below
  std::string user;
  std::string uid;
  std::string machine;                                     ///< name of this machine
  std::function<bool(const std::string&)> is_there;        ///< whether a file exists
  std::function<std::string(const std::string&)> value;    ///< of an environment variable; empty if unset
  std::function<std::string(const std::string&)> home_of;  ///< of a user; empty if unknown
};

/// Turns the output of `ssh -G` into options. ssh prints default identity and known-hosts files even if they do not
/// exist; missing default files are dropped. An identity file named by the configuration stays, so that a mistyped name
/// is reported. The caller handles jump hosts and checks which algorithms libssh2 supports.
class openssh_reader {
 public:
  openssh_reader(const openssh_output& output, const openssh_surroundings& here) : output_(output), here_(here) {}

  /// The options; nothing on failure, with the reason in `why`.
  REMOTE_JOB_DECL std::optional<ssh_options> read(std::string& why);

  /// After a failure.
  errc error() const noexcept { return error_; }

 private:
  REMOTE_JOB_DECL void unsupported(std::string why);
  REMOTE_JOB_DECL void refuse(std::string_view keyword, const std::string& name);
  REMOTE_JOB_DECL bool is_no(std::string_view keyword) const;
  REMOTE_JOB_DECL bool is_yes(std::string_view keyword) const;
  REMOTE_JOB_DECL void read_address();
  REMOTE_JOB_DECL void read_methods();
  REMOTE_JOB_DECL void read_identities();
  REMOTE_JOB_DECL void read_known_hosts();
  REMOTE_JOB_DECL void read_algorithms();
  REMOTE_JOB_DECL void read_times();

  /// Adds a notice for each unsupported setting that affects who logs in, how, or from where.
  REMOTE_JOB_DECL void read_notices();

  /// Expands a file name as ssh does: `~`, environment variables in `${}`, and the tokens of ssh_config(5) that apply
  /// to file names. Other tokens stay as they are.
  REMOTE_JOB_DECL std::string expand(std::string_view text);
  REMOTE_JOB_DECL std::optional<std::string> value_of(char token) const;

  const openssh_output& output_;
  const openssh_surroundings& here_;
  ssh_options options_;
  std::string why_;
  errc error_ = errc::invalid_argument;
};

}  // namespace remote_job::inline REMOTE_JOB_ABI::ssh

#if !defined(REMOTE_JOB_SEPARATE_COMPILATION)
#include <remote_job/ssh/openssh/impl/openssh_options.ipp>
#endif

#endif
