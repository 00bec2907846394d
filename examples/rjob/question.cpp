// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#include "question.hpp"

#include "../common/state_file.hpp"
#include "../common/text.hpp"
#include "attached.hpp"
#include "carry_out.hpp"
#include "conversation.hpp"
#include "exit_status.hpp"
#include "reach.hpp"
#include "report.hpp"
#include "say.hpp"
#include "start.hpp"
#include "status_line.hpp"

#include <remote_job/backoff/exponential.hpp>
#include <remote_job/basic_remote_job_trigger.hpp>

#include <nlohmann/json.hpp>

#include <cstdio>
#include <optional>
#include <stdexcept>
#include <string>
#include <system_error>
#include <utility>

namespace rjob {

namespace {

nlohmann::json of_job(const remote_job::job_spec& job) {
  return {{"job_id", job.job_id}, {"remote_host", job.remote_host}, {"job_dir", job.job_dir}};
}

nlohmann::json members(const remote_job::job_status& s) {
  static constexpr const char* states[] = {"absent", "present", "damaged", "unreadable"};
  return {{"liveness", to_string(s.liveness)},
          {"evidence", s.evidence},
          {"exit_code", or_null(s.exit_code)},
          {"exit_code_file", states[static_cast<int>(s.exit_state)]},
          {"log_size", s.log == remote_job::log_state::present ? nlohmann::json(s.log_size) : nlohmann::json(nullptr)},
          {"message", s.message}};
}

nlohmann::json members(const remote_job::stop_result& s) {
  return {{"outcome", to_string(s.outcome)}, {"sent_term", s.sent_term},          {"sent_kill", s.sent_kill},
          {"survived", s.survived},          {"exit_code", or_null(s.exit_code)}, {"message", s.message}};
}

nlohmann::json members(const remote_job::cleanup_result& s) { return {{"removed", s.removed}, {"message", s.message}}; }

void print_text(const remote_job::job_spec& job, const remote_job::job_status& s) {
  print_line(cli::unescaped(s.message));
  print_line("  host       " + (job.remote_host.empty() ? "this machine" : job.remote_host));
  if (!job.job_dir.empty()) print_line("  directory  " + job.job_dir);
  print_line("  log        " + job.log_file + " (" +
             (s.log == remote_job::log_state::present  ? cli::size_text(static_cast<double>(s.log_size))
              : s.log == remote_job::log_state::absent ? "not there"
                                                       : "unreadable") +
             ')');
}

template <class Result>
void print_text(const remote_job::job_spec& job, const Result& result) {
  print_line(job.job_id + ": " + cli::unescaped(result.message));
}

/// `rjob submit`, once the host has answered.
template <class Trigger, class Make>
int submitted(const arguments& given, conversation& talk, status_line& status, Trigger& trigger, Make& make,
              const remote_job::submit_result& result) {
  const auto state = trigger.serialize();
  attached_job there;
  if (result.attached) {
    there = look_at(talk, status, trigger, make, state.options, result.job);
    warn_attached(given, result.job.job_id, there);
    if (given.only_new) return exit_gave_up;
  } else {
    status.on_terminal(cli::unescaped(result.message));
  }
  cli::state_file file(given.state.value_or(default_state_file(result.job.job_id)));
  if (!given.json) std::printf("%s\n", result.job.job_id.c_str());
  try {
    // Of a job that was there the state may be there, too: it may know how much of the log was read.
    const auto saved = result.attached && !given.state ? file.load() : std::nullopt;
    if (!saved || saved->job != state.job) {
      if (!given.state) file.open();
      file.save(state);
    }
  } catch (const std::runtime_error& e) {
    if (!result.attached) say_message(result.message);
    say(std::string("but its state could not be saved: ") + e.what() + "; submit it again with the same --job-id");
    return exit_gave_up;
  }
  const auto elements = array_jobs(result.job, given.slurm.array);
  if (!given.json) {
    std::printf("%s\n", file.path().c_str());
    for (const auto& job : elements)
      std::printf("%s\t%s\t%s\t%s\n", job.job_id.c_str(), job.log_file.c_str(), job.exit_code_file.c_str(),
                  job.remote_host.c_str());
    return 0;
  }
  auto all = of_job(result.job);
  for (const auto& job : elements) all["jobs"].push_back(of_job(job));
  all.update({{"state", file.path()},
              {"attached", result.attached},
              {"pid", result.pid},
              {"exit_code", or_null(there.exit_code)},
              {"message", result.message}});
  return print(all), 0;
}

}  // namespace

int ask(const arguments& given) {
  auto start = rjob::start(given);
  auto& state = start.state;
  conversation talk;
  status_line status(given.quiet);
  talk.on_switch([&](const std::string& why) { status.notice(cli::unescaped(why)); });
  const auto use = [&](auto make, auto os) {
    const auto family = decltype(os)::target_os;
    state.job.remote_os = family;
    std::optional<remote_job::job_command> what;
    if (given.command == command::submit) what = command_of(given, family);
    remote_job::basic_remote_job_trigger trigger(make(), state, std::move(os), remote_job::exponential_backoff(),
                                                 notice_sink{&status});
    const auto tell = [&](std::error_code error, const auto& result) {
      if (error || talk.interrupt().signal()) return failed(talk, error, result.message);
      if (!wants_json(given)) return print_text(state.job, result), 0;
      auto all = of_job(state.job);
      all.update(members(result));
      return print(all), 0;
    };
    switch (given.command) {
      case command::submit: {
        remote_job::submit_result result;
        const auto error = carry_out(
            talk, trigger, [&](auto handler) { trigger.async_submit(*what, std::move(handler)); }, result);
        if (error || talk.interrupt().signal()) return failed(talk, error, result.message);
        return submitted(given, talk, status, trigger, make, result);
      }
      case command::stop: {
        remote_job::stop_options options;
        if (given.grace) options.grace = *given.grace;
        remote_job::stop_result result;
        const auto error = carry_out(
            talk, trigger, [&](auto handler) { trigger.async_stop(options, std::move(handler)); }, result);
        return tell(error, result);
      }
      case command::cleanup: {
        const auto policy = given.cleanup.value_or(remote_job::cleanup_policy::always);
        remote_job::cleanup_result result;
        const auto error = carry_out(
            talk, trigger, [&](auto handler) { trigger.async_cleanup(policy, std::move(handler)); }, result);
        return tell(error, result);
      }
      default: {
        remote_job::job_status result;
        const auto error = carry_out(
            talk, trigger, [&](auto handler) { trigger.async_status(std::move(handler)); }, result);
        return tell(error, result);
      }
    }
  };
  try {
    return reach(given, talk, state, use);
  } catch (const host_unknown& e) {
    say(e.what());
    return talk.interrupt().signal() ? 128 + talk.interrupt().signal() : exit_gave_up;
  }
}

}  // namespace rjob
