// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors

// The log of a job that has ended: how fast it comes home, beside the reference and OpenSSH's own sftp.
#include "../support/bench.hpp"
#include "../support/login.hpp"
#include "../support/relay.hpp"
#include "../support/table.hpp"

#include <support/sshd.hpp>

#include <remote_job/basic_remote_job_trigger.hpp>
#include <remote_job/os_policy/posix.hpp>
#include <remote_job/transport/libssh2.hpp>

#include <asio/io_context.hpp>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>

using namespace remote_job;
using clock_type = std::chrono::steady_clock;

namespace {

constexpr double mib = 256;

double seconds_since(clock_type::time_point begin) {
  return std::chrono::duration<double>(clock_type::now() - begin).count();
}

/// What counts the bytes and lets them go.
struct counting_sink {
  std::uint64_t* bytes;
  void on_log(std::uint64_t, std::string_view chunk) { *bytes += chunk.size(); }
  void on_event(const trigger_event&) {}
};

class host {
 public:
  explicit host(int rtt_ms) {
    const std::string line(1023, 'x');
    std::ofstream log(server_.file("job0.log"), std::ios::binary);
    for (int i = 0; i < static_cast<int>(mib) * 1024; ++i) log << line << '\n';
    log.close();
    support::write_file(server_.file("job0.exit_code"), "0\n");
    if (rtt_ms > 0) relay_.emplace(server_.port(), std::chrono::microseconds(rtt_ms * 500));
  }

  /// MB per second.
  double ours(std::int64_t chunk, std::int64_t max_chunk) {
    asio::io_context context(1);
    const auto options = benchmark::login(port(), server_.file(""));
    trigger_state state;
    state.job.job_id = "job";
    state.job.log_file = server_.file("job0.log");
    state.job.exit_code_file = server_.file("job0.exit_code");
    state.options.log_chunk_size = chunk;
    state.options.max_chunk_size = max_chunk;
    state.options.via = poll_via::files;
    std::uint64_t bytes = 0;
    basic_remote_job_trigger t(libssh2_transport(context.get_executor(), options), state, posix_os(),
                               exponential_backoff(), counting_sink{&bytes});
    bool whole = false;
    t.async_run([&](std::error_code ec, const trigger_event& e) { whole = !ec && e.status == status::success; });
    const auto begin = clock_type::now();
    context.run();
    const auto time = seconds_since(begin);
    if (!whole || bytes != static_cast<std::uint64_t>(mib * 1024 * 1024))
      throw std::runtime_error("the log did not come");
    return static_cast<double>(bytes) / time / 1e6;
  }

  double sftp() {
    const auto copy = server_.file("copy"), batch = server_.file("batch");
    support::write_file(batch, "get " + server_.file("job0.log") + ' ' + copy + '\n');
    auto argv = benchmark::openssh("sftp", server_.file(""));
    for (const auto& word :
         {std::string("-q"), "-b" + batch, "-P" + std::to_string(port()), server_.user() + "@127.0.0.1"})
      argv.push_back(word);
    const auto begin = clock_type::now();
    if (support::run(argv) != 0) throw std::runtime_error("sftp failed");
    const auto time = seconds_since(begin);
    std::filesystem::remove(copy);
    return mib * 1024 * 1024 / time / 1e6;
  }

  /// The reference reads one chunk of 64 KiB with each of its polls.
  double reference() {
    std::filesystem::remove(server_.file("job0.exit_code"));
    std::string printed;
    support::run({"/usr/bin/python3", REFERENCE_SCRIPT, "1", "commands", "0", "5", std::to_string(port()),
                  std::to_string(server_.pid()), server_.file("")},
                 &printed);
    support::write_file(server_.file("job0.exit_code"), "0\n");
    return benchmark::at(numbers(printed), "polls_per_s") * 65536 / 1e6;
  }

 private:
  std::uint16_t port() const { return relay_ ? relay_->port() : server_.port(); }

  support::sshd server_;
  std::optional<benchmark::relay> relay_;
};

int compare(benchmark::bench&) {
  host near(0);
  const auto reference = near.reference(), sftp = near.sftp();
  const auto fixed = near.ours(65536, 0), growing = near.ours(65536, 8 << 20);
  benchmark::table table("a log of 256 MiB, through files", "other");
  table.row("chunks of 64 KiB; the reference", fixed, reference, "MB/s", ">= 40 times", fixed >= 40 * reference);
  table.row("chunks that grow; OpenSSH's sftp", growing, sftp, "MB/s", ">= 1", growing >= sftp);
  host far(20);
  const auto far_sftp = far.sftp(), far_growing = far.ours(65536, 8 << 20);
  table.row("the same with a RTT of 20 ms", far_growing, far_sftp, "MB/s", ">= 1", far_growing >= far_sftp);
  return table.exit_status();
}

}  // namespace

int main(int argc, char** argv) { return benchmark::run(argc, argv, compare); }
