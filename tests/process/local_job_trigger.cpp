// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#include <remote_job/local_job_trigger.hpp>
#include <remote_job/sink/null.hpp>
#include <remote_job/sink/recording.hpp>
#include <support/catch.hpp>
#include <support/temp_dir.hpp>

#include <asio/io_context.hpp>

#include <fstream>
#include <optional>
#include <type_traits>
#include <utility>
#include <vector>

using namespace remote_job;

namespace {

// As a header would: no sink is named.
struct watcher {
  std::vector<local_job_trigger> triggers;

  void add(asio::io_context& context, trigger_state state, any_sink sink) {
    triggers.emplace_back(process_transport::local(context.get_executor()), std::move(state), posix_os(),
                          exponential_backoff(), std::move(sink));
  }
};

static_assert(std::is_same_v<local_job_trigger::sink_type, any_sink>);

TEST_CASE("triggers with sinks of several types are of one type") {
  const support::temp_dir dir;
  std::ofstream(dir / "log") << "hello\n";
  std::ofstream(dir / "exit_code") << "3\n";
  const trigger_state state{.job = {.job_id = "job", .log_file = dir / "log", .exit_code_file = dir / "exit_code"}};

  asio::io_context context;
  watcher all;
  all.add(context, state, recording_sink());
  all.add(context, state, null_sink());
  all.add(context, state, {});
  int ended = 0;
  for (auto& trigger : all.triggers)
    trigger.async_run([&](std::error_code ec, const trigger_event& e) {
      ended += !ec && e.status == status::failed && e.exit_code == 3 && e.log_offset == 6;
    });
  context.run();
  CHECK(ended == 3);
  REQUIRE(all.triggers[0].sink().target<recording_sink>());
  CHECK(all.triggers[0].sink().target<recording_sink>()->log() == "hello\n");
  CHECK_FALSE(all.triggers[1].sink().target<recording_sink>());
}

}  // namespace
