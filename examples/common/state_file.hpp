// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#pragma once

#include <remote_job/state.hpp>

#include <optional>
#include <string>
#include <utility>

namespace cli {

/// The file of --state.
class state_file {
 public:
  explicit state_file(std::string path) : path_(std::move(path)) {}

  const std::string& path() const { return path_; }

  /// What is in the file; nothing if there is none. Throws std::runtime_error.
  std::optional<remote_job::trigger_state> load() const;

  /// Replaces the file as a whole: a crash leaves the old state or the new. Throws std::runtime_error.
  void save(const remote_job::trigger_state& state) const;

 private:
  std::string path_;
};

}  // namespace cli
