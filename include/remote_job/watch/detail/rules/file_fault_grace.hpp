// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_WATCH_DETAIL_RULES_FILE_FAULT_GRACE_HPP
#define REMOTE_JOB_WATCH_DETAIL_RULES_FILE_FAULT_GRACE_HPP

#include <remote_job/event.hpp>
#include <remote_job/job.hpp>

#include <optional>

namespace remote_job::inline v0::detail {

/// What is wrong with one file of a job, and since when. No clock of its own.
class trouble {
 public:
  explicit trouble(duration grace) noexcept : grace_(grace) {}

  /// Takes what a whole poll shows; whether that is new, and worth a notice.
  bool observe(std::optional<notice_kind> seen, duration now) noexcept {
    if (seen == kind_) return false;
    // A file that fails now in this way, now in that, has one grace; a log that is gone is another matter.
    const bool same = kind_ && seen && kind_ != notice_kind::log_missing && seen != notice_kind::log_missing;
    if (!same) since_ = now;
    kind_ = seen;
    return seen.has_value();
  }

  void clear() noexcept { kind_.reset(); }

  explicit operator bool() const noexcept { return kind_.has_value(); }
  /// Only while there is one.
  notice_kind kind() const noexcept { return *kind_; }
  /// How long it may last yet; zero or less: no longer.
  duration left(duration now) const noexcept { return grace_ - (now - since_); }

 private:
  duration grace_;
  std::optional<notice_kind> kind_;
  duration since_{};
};

}  // namespace remote_job::inline v0::detail

#endif
