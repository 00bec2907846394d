// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#include "minimal_file_access.hpp"
#include "minimal_os_policy.hpp"

#include <remote_job/basic_remote_job_trigger.hpp>
#include <remote_job/sink/recording.hpp>
#include <remote_job/transport/loopback.hpp>
#include <remote_job/transport/process.hpp>
#include <support/catch.hpp>

#include <asio/io_context.hpp>
#include <asio/use_future.hpp>

#include <string>

namespace rj = remote_job;

// Not anonymous: clang warns about members there that are declared and not defined.
namespace file_access_test {

struct neither {
  using executor_type = asio::any_io_executor;
  executor_type get_executor() const;
  void async_connect(rj::detail::handler_archetype);
  void async_execute(const rj::remote_command&, rj::command_reply&, rj::detail::handler_archetype);
  void close() noexcept;
};

struct both : neither {
  void async_stat(const std::string&, rj::file_status&, rj::detail::handler_archetype);
  void async_read_file(const std::string&, std::uint64_t, std::size_t, std::string&, rj::detail::handler_archetype);
};

// Each of these lacks one thing, or has it wrong.
struct only_stat : neither {
  void async_stat(const std::string&, rj::file_status&, rj::detail::handler_archetype);
};
struct only_read : neither {
  void async_read_file(const std::string&, std::uint64_t, std::size_t, std::string&, rj::detail::handler_archetype);
};
struct path_to_write : both {
  void async_stat(std::string&, rj::file_status&, rj::detail::handler_archetype);
};
struct read_without_offset : both {
  void async_read_file(const std::string&, std::size_t, std::string&, rj::detail::handler_archetype);
};
struct no_wire {
  void async_stat(const std::string&, rj::file_status&, rj::detail::handler_archetype);
  void async_read_file(const std::string&, std::uint64_t, std::size_t, std::string&, rj::detail::handler_archetype);
};

static_assert(rj::file_access_transport<both>);
static_assert(rj::file_access_transport<rj::loopback_transport>);
static_assert(!rj::file_access_transport<rj::process_transport>);
static_assert(!rj::file_access_transport<minimal_transport>);
static_assert(!rj::file_access_transport<neither>);
static_assert(!rj::file_access_transport<only_stat>);
static_assert(!rj::file_access_transport<only_read>);
static_assert(!rj::file_access_transport<path_to_write>);
static_assert(!rj::file_access_transport<read_without_offset>);
static_assert(!rj::file_access_transport<no_wire>);
static_assert(!rj::file_access_transport<int>);

// No file access is no mistake; half of it is.
static_assert(rj::check_file_access<both>());
static_assert(rj::check_file_access<neither>());
static_assert(rj::check_file_access<rj::process_transport>());
static_assert(!rj::detail::names_file_access<neither>);
static_assert(rj::detail::names_async_stat<path_to_write>);
static_assert(rj::detail::names_async_read_file<read_without_offset>);
static_assert(!rj::detail::names_async_read_file<only_stat>);

}  // namespace file_access_test

using namespace file_access_test;

TEST_CASE("the minimal file access reads what is there, and says what is not") {
  asio::io_context context;
  minimal_file_access transport(context.get_executor(), {{"log", "0123456789"}});
  std::string out = "old";
  auto read = transport.async_read_file("log", 4, 3, out, asio::use_future);
  rj::file_status status;
  auto told = transport.async_stat("log", status, asio::use_future);
  context.run();
  CHECK_NOTHROW(read.get());
  CHECK_NOTHROW(told.get());
  CHECK(out == "456");
  CHECK(status.size == 10);

  std::error_code behind, missing;
  context.restart();
  std::string none = "old";
  transport.async_read_file("log", 11, 3, out, [&](std::error_code ec) { behind = ec; });
  transport.async_read_file("gol", 0, 3, none, [&](std::error_code ec) { missing = ec; });
  context.run();
  CHECK_FALSE(behind);
  CHECK(out.empty());
  CHECK(missing == std::errc::no_such_file_or_directory);
}

TEST_CASE("a job is watched through the minimal file access") {
  asio::io_context context;
  rj::trigger_state state{.job = {.job_id = "1", .log_file = "log", .exit_code_file = "exit_code"}};
  state.options.via = rj::poll_via::files;
  state.options.log_chunk_size = 3;
  rj::basic_remote_job_trigger trigger(
      minimal_file_access(context.get_executor(), {{"log", "0123456789"}, {"exit_code", "4\n"}}), state,
      minimal_os_policy(), rj::exponential_backoff(), rj::recording_sink());
  auto result = trigger.async_run(asio::use_future);
  context.run();
  CHECK(result.get().exit_code == 4);
  CHECK(trigger.sink().log() == "0123456789");
}
