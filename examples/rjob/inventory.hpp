// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#pragma once

#include <remote_job/command.hpp>
#include <remote_job/job.hpp>
#include <remote_job/os_policy/posix.hpp>
#include <remote_job/os_policy/slurm.hpp>
#include <remote_job/poll.hpp>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

namespace rjob {

/// A job directory as it is found on a host, and how old it is by the host's own clock.
struct found_job {
  std::string dir, id;
  std::optional<std::int64_t> exit_code;
  std::optional<std::int64_t> submitted, ended;  // seconds ago
  std::optional<std::uint64_t> kib;              // on the disk
  remote_job::liveness liveness = remote_job::liveness::unknown;
};

/// Writes the command that looks at one job directory.
void build_look(const std::string& nonce, const std::string& job_dir, remote_job::remote_command& command);

/// Writes the command that lists all job directories in a base directory, or in those that the host has by default.
void build_inventory(const std::string& nonce, const std::optional<std::string>& base_dir,
                     remote_job::remote_command& command);

/// Reads the reply to either. Total.
std::error_code parse_inventory(std::string_view nonce, std::string_view output, std::vector<found_job>& found);

/// An OS policy that asks a POSIX host one question of ours, with all that a status of the library brings: retries,
/// time-outs, messages. What is asked is kept elsewhere, since the policy is moved.
class question_os {
 public:
  struct question {
    std::function<void(const std::string& nonce, remote_job::remote_command&)> build;
    std::function<std::error_code(const std::string& nonce, const remote_job::command_reply&)> read;
  };

  static constexpr remote_job::remote_os target_os = remote_job::remote_os::posix;

  explicit question_os(const question& asked) : asked_(&asked) {}

  void build_poll(const remote_job::job_spec&, const remote_job::poll_request& request,
                  remote_job::remote_command& command) const {
    command.clear();
    asked_->build(request.nonce, command);
  }
  std::error_code parse_poll(const remote_job::poll_request& request, const remote_job::command_reply& raw,
                             remote_job::poll_reply& reply) const {
    reply = {};
    return asked_->read(request.nonce, raw);
  }

 private:
  const question* asked_;
};

/// Asks whether jobs live, so many with one command.
class life_question {
 public:
  static constexpr std::size_t most = 32;

  /// @param jobs those to be asked about, at most `most`, which learn the answer.
  explicit life_question(std::vector<found_job*> jobs) : jobs_(std::move(jobs)) {}

  void build(const std::string& nonce, remote_job::remote_command& command) const;
  std::error_code read(const std::string& nonce, const remote_job::command_reply& raw) const;

 private:
  std::vector<found_job*> jobs_;
};

/// The question how jobs are that a batch scheduler runs.
class queue_question {
 public:
  /// @param jobs those to be asked about, which learn the answer.
  queue_question(remote_job::slurm_os os, std::vector<found_job*> jobs);

  void build(const std::string& nonce, remote_job::remote_command& command);
  std::error_code read(const remote_job::command_reply& raw);

  /// Whether the answer has not come yet: to be asked again.
  bool is_pending() const { return pending_; }

 private:
  remote_job::slurm_os os_;
  std::vector<found_job*> jobs_;
  remote_job::census_request request_;
  bool pending_ = true;
};

}  // namespace rjob
