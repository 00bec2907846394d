// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_OS_POLICY_IMPL_SLURM_IPP
#define REMOTE_JOB_OS_POLICY_IMPL_SLURM_IPP

#include <remote_job/detail/text/escaped.hpp>
#include <remote_job/error.hpp>
#include <remote_job/job_paths.hpp>
#include <remote_job/os_policy/detail/framing.hpp>
#include <remote_job/os_policy/detail/lifecycle_frames.hpp>
#include <remote_job/os_policy/detail/posix_commands.hpp>
#include <remote_job/os_policy/detail/posix_identity.hpp>
#include <remote_job/os_policy/detail/posix_lifecycle.hpp>
#include <remote_job/os_policy/detail/posix_members.hpp>
#include <remote_job/os_policy/detail/posix_script.hpp>
#include <remote_job/os_policy/detail/posix_stop.hpp>
#include <remote_job/os_policy/detail/posix_supervisor.hpp>
#include <remote_job/os_policy/detail/quoting.hpp>
#include <remote_job/os_policy/detail/slurm_queue.hpp>
#include <remote_job/os_policy/detail/slurm_scripts.hpp>
#include <remote_job/os_policy/slurm.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <string_view>
#include <utility>

namespace remote_job::inline REMOTE_JOB_ABI {

std::string validate(const slurm_options& options) {
  const struct {
    std::string_view name;
    const std::string& value;
  } words[] = {{"partition", options.partition},   {"account", options.account},         {"qos", options.qos},
               {"nodes", options.nodes},           {"memory", options.memory},           {"gres", options.gres},
               {"constraint", options.constraint}, {"reservation", options.reservation}, {"cluster", options.cluster},
               {"directory", options.directory}};
  const auto unfit = [](std::string_view value) {
    return std::any_of(value.begin(), value.end(), [](char c) { return static_cast<unsigned char>(c) < 32; });
  };
  for (const auto& word : words)
    if (unfit(word.value)) return std::string(word.name) + " must not hold control characters";
  if (options.cluster.find_first_of(" ;,") != std::string::npos) return "cluster must be the name of one cluster";
  if (!options.directory.empty() && !options.directory.starts_with('/')) return "directory must be an absolute path";
  if (options.array > slurm_options::max_array) return "array must be at most 10000";
  if (options.time_limit < duration::zero()) return "time_limit must not be negative";
  for (const auto& word : options.extra)
    if (unfit(word) || !word.starts_with('-')) return "extra must be options, each one word: --name=value";
  return {};
}

std::vector<job_spec> array_jobs(const job_spec& array, unsigned count) {
  std::vector<job_spec> jobs(count, array);
  for (unsigned i = 0; i < count; ++i) {
    jobs[i].job_id += '_' + std::to_string(i);
    job_paths::under(array.job_dir, jobs[i].job_id).assign_to(jobs[i]);
  }
  return jobs;
}

namespace detail {

/// The arguments of sbatch.
inline std::vector<std::string> sbatch_words(const slurm_options& options) {
  std::vector<std::string> words = {"--parsable"};
  const auto add = [&](std::string_view name, const std::string& value) {
    if (!value.empty()) words.push_back(std::string(name) + "=" + value);
  };
  add("--partition", options.partition);
  add("--account", options.account);
  add("--qos", options.qos);
  if (options.time_limit > duration::zero()) {
    const auto seconds = std::chrono::ceil<std::chrono::seconds>(options.time_limit).count();
    add("--time", std::to_string(seconds / 60) + ":" + std::to_string(seconds % 60));
  }
  add("--nodes", options.nodes);
  if (options.ntasks > 0) add("--ntasks", std::to_string(options.ntasks));
  if (options.cpus_per_task > 0) add("--cpus-per-task", std::to_string(options.cpus_per_task));
  add("--mem", options.memory);
  add("--gres", options.gres);
  add("--constraint", options.constraint);
  add("--reservation", options.reservation);
  add("--clusters", options.cluster);
  if (options.array > 0) add("--array", "0-" + std::to_string(options.array - 1));
  words.insert(words.end(), options.extra.begin(), options.extra.end());
  words.insert(words.end(), {"--output=/dev/null", "--error=/dev/null"});
  words.push_back(options.requeue ? "--requeue" : "--no-requeue");
  return words;
}

inline std::string slurm_result() {
  std::string text(result_piece);
  static_assert(result_piece.starts_with("rj_result"));
  return text.replace(0, 9, "rj_code").append(slurm_result_piece);
}

/// Reads what a command of Slurm came to, where it did not get as far as the frame that is expected.
inline std::error_code slurm_refusal(std::string_view output, const std::string& nonce, const command_reply& raw,
                                     std::string& message) {
  std::string_view line;
  if (const auto ec = find_lifecycle_line(output, nonce, " slurm", line)) return ec;
  std::string_view said = raw.error_output;
  said = said.substr(0, 500);
  said = said.substr(0, said.find_last_not_of(" \r\n") + 1);
  const auto ec =
      refuse(line,
             {{" err=away", errc::scheduler_unavailable, "it does not answer"},
              {" err=refused", errc::scheduler_refused, "it refuses the job"},
              {" err=absent", errc::scheduler_refused,
               "the host has no command sbatch: is it one from which jobs are submitted, and its directory in "
               "the PATH of a login, or given?"}},
             "Slurm", message);
  if (!said.empty() && !message.empty()) message += "; it says: " + escaped(said);
  return ec;
}

}  // namespace detail

slurm_os::slurm_os(slurm_options options, std::string shell) : options_(std::move(options)), shell_(std::move(shell)) {
  if (const auto why = validate(options_); !why.empty()) throw std::system_error(errc::invalid_argument, why);
}

void slurm_os::build_poll(const job_spec& job, const poll_request& request, remote_command& command) const {
  begin(request.nonce, command);
  auto& script = command.input;
  detail::append_script_begin(script);
  detail::append_assignment(script, "rj_nonce", request.nonce);
  if (request.liveness) {
    append_tools(script);
    detail::append_path(script, "rj_p", job.pid_file);
    script.append(detail::slurm_life_piece).append("rj_life\nrj_v=\" life=$rj_v:$rj_e\"\n");
  } else {
    script.append("rj_v=\n");
  }
  detail::append_poll(script, job, request);
  command.max_output = detail::poll_limit(request) + detail::frame_allowance;
}

std::error_code slurm_os::parse_poll(const poll_request& request, const command_reply& raw,
                                     poll_reply& reply) const noexcept {
  return detail::parse_poll_frame(request, raw.output, reply);
}

void slurm_os::build_submit(const job_spec& job, const submit_request& request, remote_command& command) const {
  begin(request.nonce, command);
  auto& script = command.input;
  detail::append_place(script, job, request, shell_);
  append_tools(script);
  detail::append_assignment(script, "rj_clusters", options_.cluster);
  detail::append_number(script.append("rj_array="), options_.array);
  script.append(options_.requeue ? "\nrj_requeue=yes\n" : "\nrj_requeue=no\n");
  script.append(detail::process_piece).append("rj_sbatch() {\n");
  script.append("set -- \"--job-name=rj-$rj_by\" \"$@\"\n");
  auto words = detail::sbatch_words(options_);
  std::reverse(words.begin(), words.end());  // each goes before the others
  for (const auto& word : words) {
    detail::append_assignment(script, "rj_v", word);
    script.append("set -- \"$rj_v\" \"$@\"\n");
  }
  script.append("$rj_limit \"$rj_c\" \"$@\"\n}\nrj_write() {\n");
  detail::append_file(script, "batch", detail::slurm_batch_script);
  std::string supervisor(detail::process_piece);
  supervisor.append(detail::child_piece).append(detail::members_piece).append(detail::slurm_lead_piece);
  supervisor.append(
      detail::supervisor_script.substr(0, detail::supervisor_script.size() - detail::supervisor_success.size()));
  supervisor.append(detail::slurm_supervisor_end);
  detail::append_files(script, request.command, supervisor);
  script.append(detail::slurm_submit_piece).append(detail::script_end);
}

std::error_code slurm_os::parse_submit(const submit_request& request, const command_reply& raw,
                                       submit_result& result) const {
  auto ec = detail::slurm_refusal(raw.output, request.nonce, raw, result.message);
  if (ec != errc::reply_missing) return ec;
  ec = detail::parse_submit_frame(request, raw.output, target_os, result);
  if (ec) return ec;
  result.job.scheduler = "slurm";
  result.message = "Job " + detail::escaped(result.job.job_id) +
                   (result.attached ? " was submitted before, attached to it" : " submitted") + ": Slurm job " +
                   std::to_string(result.pid) + ", directory " + detail::escaped(result.job.job_dir);
  return {};
}

void slurm_os::build_stop(const job_spec& job, const stop_request& request, remote_command& command) const {
  begin(request.nonce, command);
  auto& script = command.input;
  detail::append_lifecycle_begin(script, request.nonce);
  append_tools(script);
  detail::append_job_dir(script, job);
  script.append("rj_grace=");
  const auto tenths = std::chrono::ceil<std::chrono::duration<std::int64_t, std::deci>>(request.grace).count();
  detail::append_number(script, static_cast<std::uint64_t>(std::clamp<std::int64_t>(tenths, 0, 36'000'000)));
  script.append("\n").append(detail::slurm_result()).append(detail::slurm_stop_piece).append(detail::script_end);
}

std::error_code slurm_os::parse_stop(const stop_request& request, const command_reply& raw, stop_result& result) const {
  const auto ec = detail::slurm_refusal(raw.output, request.nonce, raw, result.message);
  return ec == errc::reply_missing ? detail::parse_stop_frame(request, raw.output, result) : ec;
}

void slurm_os::build_cleanup(const job_spec& job, const cleanup_request& request, remote_command& command) const {
  begin(request.nonce, command);
  auto& script = command.input;
  detail::append_lifecycle_begin(script, request.nonce);
  append_tools(script);
  detail::append_job_dir(script, job);
  detail::append_assignment(script, "rj_policy", to_string(request.policy));
  script.append("rj_leave=yes\n");  // Slurm ends what a job leaves running
  script.append(detail::slurm_life_piece).append(detail::slurm_result()).append(detail::cleanup_piece);
  script.append(detail::script_end);
}

std::error_code slurm_os::parse_cleanup(const cleanup_request& request, const command_reply& raw,
                                        cleanup_result& result) const {
  return detail::parse_cleanup_frame(request, raw.output, result);
}

void slurm_os::build_census(const census_request& request, remote_command& command) const {
  begin(request.nonce, command);
  auto& script = command.input;
  detail::append_lifecycle_begin(script, request.nonce);
  append_tools(script);
  detail::append_assignment(script, "rj_key", request.key);
  for (const auto& job : request.jobs) {
    detail::append_job_dir(script, job);
    script.append("set -- \"$@\" \"$rj_j\"\n");
  }
  script.append("rj_base=${1%/*}\n").append(detail::slurm_census_piece).append(detail::script_end);
  command.max_output = detail::frame_allowance + request.jobs.size() * detail::max_slurm_line;
}

std::error_code slurm_os::parse_census(const census_request& request, const command_reply& raw,
                                       census_reply& reply) const {
  return detail::parse_slurm_census(request, raw.output, reply);
}

void slurm_os::begin(const std::string& nonce, remote_command& command) const {
  command.clear();
  command.command.append("exec ").append(shell_).append(" -s");
  detail::append_end_mark(command.end_mark, nonce);
  command.max_output = detail::frame_allowance;
}

/// What every script needs that speaks to Slurm.
void slurm_os::append_tools(std::string& script) const {
  if (!options_.directory.empty()) {
    detail::append_assignment(script, "rj_v", options_.directory);
    script.append("PATH=$rj_v:$PATH\n");
  }
  script.append(detail::slurm_entry_piece).append(detail::slurm_query_piece);
}

}  // namespace remote_job::inline REMOTE_JOB_ABI

#endif
