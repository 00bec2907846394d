// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_OS_POLICY_DETAIL_IMPL_SLURM_QUEUE_IPP
#define REMOTE_JOB_OS_POLICY_DETAIL_IMPL_SLURM_QUEUE_IPP

#include <remote_job/error.hpp>
#include <remote_job/os_policy/detail/framing.hpp>
#include <remote_job/os_policy/detail/slurm_queue.hpp>

#include <algorithm>
#include <initializer_list>
#include <iterator>
#include <string>
#include <unordered_map>

namespace remote_job::inline REMOTE_JOB_ABI::detail {

queue_report judge_slurm_state(std::string_view id, std::string_view state, std::string_view why,
                               std::string_view start) {
  const auto any = [&](std::initializer_list<std::string_view> words) {
    return std::find(words.begin(), words.end(), state) != words.end();
  };
  queue_report report;
  if (any({"PENDING", "CONFIGURING", "REQUEUED", "REQUEUE_FED", "REQUEUE_HOLD", "RESV_DEL_HOLD", "SPECIAL_EXIT"}))
    report.liveness = liveness::queued;
  else if (any({"RUNNING", "COMPLETING", "RESIZING", "SIGNALING", "STAGE_OUT", "STOPPED", "SUSPENDED"}))
    report.liveness = liveness::alive;
  else if (any({"", "BOOT_FAIL", "CANCELLED", "COMPLETED", "DEADLINE", "FAILED", "NODE_FAIL", "OUT_OF_MEMORY",
                "TIMEOUT"}))
    report.liveness = liveness::vanished;
  // It may be put into the queue again as long as it is listed.
  if (state == "PREEMPTED") report.liveness = liveness::alive;

  if (any({"TIMEOUT", "DEADLINE"})) report.end = job_end::timed_out;
  if (any({"NODE_FAIL", "BOOT_FAIL"})) report.end = job_end::node_failed;
  if (state == "OUT_OF_MEMORY") report.end = job_end::out_of_memory;
  if (state == "PREEMPTED") report.end = job_end::preempted;
  if (state == "CANCELLED") report.end = job_end::cancelled;

  report.evidence.append("slurm=").append(id).append(",state=").append(state.empty() ? "not_listed" : state);
  if (why != "None" && !why.empty()) report.evidence.append(",reason=").append(why);
  if (report.liveness == liveness::queued) {
    report.why = why;
    if (start != "N/A") report.expected_start = start;
    static constexpr std::string_view never[] = {"AccountNotAllowed",
                                                 "BadConstraints",
                                                 "DependencyNeverSatisfied",
                                                 "InvalidAccount",
                                                 "InvalidQOS",
                                                 "PartitionConfig",
                                                 "PartitionNodeLimit",
                                                 "PartitionTimeLimit",
                                                 "QOSNotAllowed",
                                                 "AssocMaxWallDurationPerJobLimit",
                                                 "QOSMaxWallDurationPerJobLimit"};
    report.never_starts = std::find(std::begin(never), std::end(never), why) != std::end(never);
  }
  // For people, and short.
  for (auto* text : {&report.evidence, &report.why, &report.expected_start}) {
    text->resize(std::min<std::size_t>(text->size(), 300));
    std::replace_if(
        text->begin(), text->end(), [](char c) { return c < ' ' || c > '~'; }, '?');
  }
  std::replace(report.evidence.begin(), report.evidence.end(), ' ', '_');
  return report;
}

std::error_code parse_slurm_census(const census_request& request, std::string_view output, census_reply& reply) {
  reply = {};
  const auto begin = find_frame(output, request.nonce, " census state=");
  if (begin == output.npos) return errc::reply_missing;
  output.remove_prefix(begin);
  const std::string end = std::string(frame_tag) + request.nonce + std::string(frame_end);
  if (!output.ends_with(end)) return errc::reply_truncated;
  output.remove_suffix(end.size() - 1);  // all but the end of the line before it
  const auto take = [](std::string_view& text, char until) {
    const auto at = std::min(text.find(until), text.size());
    const auto word = text.substr(0, at);
    text.remove_prefix(std::min(at + 1, text.size()));
    return word;
  };
  const auto state = take(output, '\n');
  reply.pending = state == "pending";
  if (reply.pending) return {};
  if (state != "done") return state == "failed" ? errc::scheduler_unavailable : errc::reply_malformed;

  // By number and name: ID|rj-TICKET. A job may be watched more than once.
  std::unordered_multimap<std::string, std::size_t> places;
  while (output.starts_with("j ")) {
    auto line = take(output, '\n').substr(2);
    const auto id = take(line, ' ');
    take(line, ' ');  // the cluster
    queue_report report;
    if (id == "-") {
      // Of a job without a directory nothing can be known.
      const bool known = reply.jobs.size() < request.jobs.size() && !request.jobs[reply.jobs.size()].job_dir.empty();
      report.liveness = known ? liveness::not_started : liveness::unknown;
    } else {
      report = judge_slurm_state(id, "", "", "");
      places.emplace(std::string(id).append("|rj-").append(line), reply.jobs.size());
    }
    reply.jobs.push_back(std::move(report));
  }
  if (reply.jobs.size() != request.jobs.size()) return errc::reply_malformed;
  while (!output.empty()) {
    auto line = take(output, '\n');
    if (!line.starts_with("q ")) return errc::reply_malformed;
    line.remove_prefix(2);
    const auto id = take(line, '|'), name = take(line, '|'), word = take(line, '|'), why = take(line, '|');
    const auto [first, last] = places.equal_range(std::string(id).append("|").append(name));
    for (auto place = first; place != last; ++place) reply.jobs[place->second] = judge_slurm_state(id, word, why, line);
  }
  return {};
}

}  // namespace remote_job::inline REMOTE_JOB_ABI::detail

#endif
