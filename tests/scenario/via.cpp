// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#include <concepts/minimal_os_policy.hpp>
#include <concepts/minimal_transport.hpp>
#include <support/catch.hpp>
#include <support/loopback_world.hpp>

using namespace remote_job;
using namespace std::chrono_literals;

namespace {

struct via_world : loopback_world {
  via_world() {
    log().append(0s, "first\n").append(12s, "second\n");
    exit_code().append(13s, "0");
  }
};

TEST_CASE_METHOD(via_world, "files are read where the host offers them, and no command is run") {
  struct no_commands : loopback_os {
    void build_poll(const job_spec&, const poll_request&, remote_command&) const { FAIL("a command"); }
  };
  state.options.via = GENERATE(poll_via::automatic, poll_via::files);
  basic_remote_job_trigger t(loopback_transport(context.get_executor(), host), state, no_commands(),
                             exponential_backoff(1), recording_sink());
  CHECK(watch(t).status == status::success);
  CHECK(t.sink().log() == "first\nsecond\n");
  CHECK(t.sink().all<notice>().empty());
}

TEST_CASE_METHOD(via_world, "without file access the same poll goes on by a command, and this is told once") {
  host.without_files();
  SECTION("on one connection") {
    auto t = make();
    CHECK(watch(t).status == status::success);
    CHECK(t.stats() == watch_stats{.polls = 4, .connects = 1, .bytes = 13});
    CHECK(t.sink().log() == "first\nsecond\n");
    const auto notices = t.sink().all<notice>();
    REQUIRE(notices.size() == 1);
    CHECK(notices[0].kind == notice_kind::files_unavailable);
    CHECK(notices[0].message ==
          "The host's files cannot be read directly, polling with commands instead: loopback host: the host offers no "
          "file access");
    CHECK(host.executes() == 1 + 4);
  }
  SECTION("and over those that follow") {
    host.on_execute(3, loopback_fault::refuse(errc::connection_lost), 2);
    auto t = make();
    CHECK(watch(t).status == status::success);
    CHECK(t.stats().connects == 3);
    CHECK(t.sink().all<notice>().size() == 1);
  }
  SECTION("without a cost to the budget") {
    state.options.max_reconnect_attempts = 0;
    auto t = make();
    CHECK(watch(t).status == status::success);
  }
  SECTION("a sink may cancel then") {
    struct cancelling_sink {
      std::function<void()> cancel{};
      void on_notice(const notice&) { cancel(); }
      void on_event(const trigger_event&) {}
    };
    auto t = make(cancelling_sink{});
    t.sink().cancel = [&] { t.cancel(); };
    watch(t);
    CHECK(error == asio::error::operation_aborted);
    CHECK(host.executes() == 1);
  }
}

TEST_CASE_METHOD(via_world, "without file access a watch that must have it ends, and says what to do") {
  host.without_files();
  state.options.via = poll_via::files;
  auto t = make();
  const auto& e = watch(t);
  CHECK(error == errc::files_unavailable);
  CHECK(e.reason == reason::fatal_error);
  CHECK(e.message ==
        "Trigger error: the host's files cannot be read directly (loopback host: the host offers no file access): "
        "set via to commands or automatic to poll with commands");
  CHECK(t.stats().retries == 0);
}

TEST_CASE_METHOD(via_world, "file access that goes away later costs nothing but a notice") {
  host.on_execute(3, loopback_fault::refuse(errc::files_unavailable));
  auto t = make();
  CHECK(watch(t).status == status::success);
  CHECK(t.stats() == watch_stats{.polls = 4, .connects = 1, .bytes = 13});
  CHECK(t.sink().all<notice>().size() == 1);
}

/// Says that it asks for more than is in the files, by saying nothing else.
struct knowing_os : loopback_os {
  static constexpr bool files_suffice = false;
  int* commands;
  void build_poll(const job_spec& job, const poll_request& request, remote_command& command) const {
    ++*commands;
    loopback_os::build_poll(job, request, command);
  }
};

TEST_CASE_METHOD(via_world, "files do not stand in for an OS policy that knows more than they tell") {
  int commands = 0;
  basic_remote_job_trigger t(loopback_transport(context.get_executor(), host), state, knowing_os{{}, &commands},
                             exponential_backoff(1), recording_sink());
  CHECK(watch(t).status == status::success);
  CHECK(commands == host.executes());
  CHECK(t.sink().all<notice>().empty());
}

TEST_CASE_METHOD(loopback_world, "a transport that cannot read files is refused where they are asked for") {
  state.options.via = poll_via::files;
  basic_remote_job_trigger t(
      minimal_transport(context.get_executor(), [](const remote_command&) { return std::string(); }), state,
      minimal_os_policy());
  context.restart();
  t.async_run([&](std::error_code ec, const trigger_event& e) {
    error = ec;
    event = e;
  });
  context.run();
  REQUIRE(event);
  CHECK(error == errc::invalid_argument);
  CHECK(event->message ==
        "Trigger error: via is files, but this transport cannot read files: let it be commands or automatic");
}

TEST_CASE_METHOD(either_way, "a log of the same size in place of the old one, on a host that does not name files") {
  // The loopback host names files; a mark without a name stands for one that does not.
  log().append(0s, "old old old old\n");
  exit_code().append(20s, "0");
  auto t = make();
  watch(t);
  state = t.serialize();
  state.mark.identity = 0;
  log().replace(now(), "new new new new\n");
  auto next = make();
  const auto& e = watch(next);
  CHECK(e.status == status::success);
  CHECK(next.sink().log() == "new new new new\n");
  CHECK(next.sink().all<log_reset>().size() == 1);
}

}  // namespace
