// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
//
// A backoff of one's own: decorrelated jitter. Each delay is drawn between the base and three times the one before, so
// that watches which began together drift apart faster than by doubling.
//
// custom_backoff [SEED] shows the delays of a watch whose host is down: a scripted host in virtual time, so at once.
#include <remote_job.hpp>

#include <asio/io_context.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <random>

using namespace remote_job;
using std::chrono::milliseconds;

/// A strategy may have a state: it belongs to one watch. The number of the failure tells when a new row begins.
class decorrelated_jitter {
 public:
  explicit decorrelated_jitter(std::uint64_t seed = std::random_device()(), milliseconds base = milliseconds(500),
                               milliseconds maximum = std::chrono::seconds(60))
      : generator_(seed), base_(base), maximum_(maximum), last_(base) {}

  milliseconds delay(int failure) {
    if (failure == 1) last_ = base_;
    std::uniform_int_distribution<milliseconds::rep> draw(base_.count(), last_.count() * 3);
    last_ = std::min(maximum_, milliseconds(draw(generator_)));
    return last_;
  }

 private:
  std::mt19937_64 generator_;
  milliseconds base_, maximum_, last_;
};

static_assert(backoff<decorrelated_jitter>);

struct retries_sink {
  void on_retry(const retry_info& retry) {
    std::cout << retry.attempt << ' ' << std::chrono::duration_cast<milliseconds>(retry.delay).count() << '\n';
  }
  void on_event(const trigger_event& event) { std::cerr << event.message << '\n'; }
};

int main(int argc, char** argv) {
  asio::io_context context;
  loopback_host host;
  host.down(std::chrono::seconds(0), std::chrono::hours(24));

  trigger_state job;
  job.job.job_id = "custom_backoff";
  job.job.log_file = "log";
  job.job.exit_code_file = "exit_code";
  job.options.max_reconnect_attempts = 8;

  const std::uint64_t seed = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : std::random_device()();
  basic_remote_job_trigger trigger(loopback_transport(context.get_executor(), host), job, loopback_os(),
                                   decorrelated_jitter(seed), retries_sink());
  bool gave_up = false;
  trigger.async_run([&](std::error_code error, const trigger_event&) { gave_up = bool(error); });
  run_virtual(context);
  return gave_up ? 0 : 1;  // the host never comes back
}
