// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#pragma once

#include "open_file.hpp"

#include <remote_job/state.hpp>

#include <optional>
#include <string>

namespace cli {

/// The file of --state. Whatever it throws is a std::runtime_error.
class state_file {
 public:
  /// A link to a file stays a link: what it points to is replaced.
  explicit state_file(const std::string& path);

  const std::string& path() const { return path_; }

  /// What is in the file; nothing if there is none.
  std::optional<remote_job::trigger_state> load() const;

  /// The same, and makes this process the only one that watches with it, until this object goes. The lock is that of
  /// the file itself, and each save hands it over to the file that comes in its place, so that there is no other file,
  /// and nothing is left of a process that was killed.
  std::optional<remote_job::trigger_state> open();

  /// Replaces the file as a whole: a crash leaves the old state or the new.
  void save(const remote_job::trigger_state& state);

  /// Finds out whether it can be saved, and leaves everything as it is.
  void try_save(const remote_job::trigger_state& state) const;

  /// Removes the file.
  void remove();

 private:
  struct temporary;

  std::string path_;
  bool exclusive_ = false;
  descriptor locked_;  // the file that is there, if it is locked
};

/// Removes what processes that were killed while they saved a state left in the directory: of the file of this name, or
/// of all files. Only for who is alone there.
void remove_leftovers(const std::string& directory, const std::string& name = {});

}  // namespace cli
