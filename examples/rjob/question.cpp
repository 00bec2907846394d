// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#include "question.hpp"

#include "../common/state_file.hpp"
#include "conversation.hpp"
#include "exit_status.hpp"
#include "reach.hpp"
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

/// Tells on a terminal what is tried again.
struct retries {
  status_line* status;
  void on_retry(const remote_job::retry_info& info) { status->say(info.message); }
  void on_event(const remote_job::trigger_event&) {}
};

void complain(const std::string& text) { std::fprintf(stderr, "rjob: %s\n", text.c_str()); }

void print(const nlohmann::json& members) {
  std::puts(members.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace).c_str());
}

template <class T>
nlohmann::json or_null(const std::optional<T>& value) {
  return value ? nlohmann::json(*value) : nlohmann::json(nullptr);
}

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

/// Starts the operation on the trigger, waits for its end, and gives its result to `tell`.
template <class Result, class Trigger, class Start, class Tell>
int carry_out(conversation& talk, Trigger& trigger, Start start, Tell tell) {
  std::error_code error;
  Result result;
  talk.run(
      [&](auto done) {
        start([&, done](std::error_code ec, Result r) {
          error = ec;
          result = std::move(r);
          done();
        });
      },
      [&] { trigger.cancel(); });
  if (const int number = talk.interrupt().signal()) {
    complain("ended by a signal; whether the host carried it out is not known, the same command may be given again");
    return 128 + number;
  }
  if (!error) return tell(result);
  complain(result.message);
  return error == remote_job::errc::invalid_argument ? exit_usage : exit_gave_up;
}

}  // namespace

int ask(const arguments& given) {
  auto state = start(given);
  conversation talk;
  status_line status;
  const auto use = [&](auto transport, auto os) {
    const auto family = decltype(os)::target_os;
    state.job.remote_os = family;
    std::optional<remote_job::job_command> what;
    if (given.command == command::submit) what = command_of(given, family);
    remote_job::basic_remote_job_trigger trigger(std::move(transport), state, std::move(os),
                                                 remote_job::exponential_backoff(), retries{&status});
    const auto told = [&](const auto& result) {
      auto all = of_job(state.job);
      all.update(members(result));
      return print(all), 0;
    };
    switch (given.command) {
      case command::submit:
        return carry_out<remote_job::submit_result>(
            talk, trigger, [&](auto handler) { trigger.async_submit(*what, std::move(handler)); },
            [&](const remote_job::submit_result& result) {
              const auto file = given.state.value_or(default_state_file(state.job.job_id));
              status.say(result.message);
              std::printf("%s\n", result.job.job_id.c_str());
              try {
                cli::state_file(file).save(trigger.serialize());
              } catch (const std::runtime_error& e) {
                complain(result.message);
                complain(std::string("but its state could not be kept: ") + e.what() +
                         "; submit it again under the same --job-id");
                return exit_gave_up;
              }
              return std::printf("%s\n", file.c_str()), 0;
            });
      case command::stop: {
        remote_job::stop_options options;
        if (given.grace) options.grace = *given.grace;
        return carry_out<remote_job::stop_result>(
            talk, trigger, [&](auto handler) { trigger.async_stop(options, std::move(handler)); }, told);
      }
      case command::cleanup:
        return carry_out<remote_job::cleanup_result>(
            talk, trigger,
            [&](auto handler) {
              trigger.async_cleanup(given.cleanup.value_or(remote_job::cleanup_policy::always), std::move(handler));
            },
            told);
      default:
        return carry_out<remote_job::job_status>(
            talk, trigger, [&](auto handler) { trigger.async_status(std::move(handler)); }, told);
    }
  };
  try {
    return reach(given, talk, state, use);
  } catch (const host_unknown& e) {
    complain(e.what());
    return talk.interrupt().signal() ? 128 + talk.interrupt().signal() : exit_gave_up;
  }
}

}  // namespace rjob
