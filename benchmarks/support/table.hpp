// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_BENCHMARKS_SUPPORT_TABLE_HPP
#define REMOTE_JOB_BENCHMARKS_SUPPORT_TABLE_HPP

#include <cstdio>

namespace benchmark {

/// What is measured, beside what another program takes for it, their ratio, and the goal.
class table {
 public:
  explicit table(const char* title, const char* other = "reference") {
    std::printf("%-44s %10s %-8s %10s %8s   %-16s\n", title, "measured", "", other, "ratio", "goal");
  }

  /// @param theirs 0: there is nothing to compare it with
  void row(const char* what, double ours, double theirs, const char* unit, const char* goal = "", bool met = true) {
    char other[32] = "-";
    char ratio[32] = "-";
    if (theirs > 0) {
      std::snprintf(other, sizeof other, "%.4g", theirs);
      std::snprintf(ratio, sizeof ratio, "%.3g", ours / theirs);
    }
    std::printf("%-44s %10.4g %-8s %10s %8s   %-16s %s\n", what, ours, unit, other, ratio, goal,
                *goal == '\0' ? ""
                : met         ? "met"
                              : "MISSED");
    if (*goal != '\0' && !met) missed_ = true;
  }

  /// For main(): 2 if a goal was missed.
  int exit_status() const { return missed_ ? 2 : 0; }

 private:
  bool missed_ = false;
};

}  // namespace benchmark

#endif
