// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#include "minimal_lifecycle_os_policy.hpp"

#include <support/catch.hpp>

#include <set>
#include <string>

namespace rj = remote_job;

namespace {

using good = minimal_lifecycle_os_policy;

struct submit_returns : good {
  rj::remote_command build_submit(const rj::job_spec&, const rj::submit_request&, rj::remote_command&);
};
struct stop_says_bool : good {
  bool parse_stop(const rj::stop_request&, const rj::command_reply&, rj::stop_result&);
};
struct cleanup_of_submit : good {
  void build_cleanup(const rj::job_spec&, const rj::submit_request&, rj::remote_command&);
};

static_assert(rj::check_lifecycle_os_policy<good>());
static_assert(!rj::lifecycle_os_policy<minimal_os_policy>, "an OS policy need not start jobs");
static_assert(!rj::lifecycle_os_policy<submit_returns>);
static_assert(!rj::lifecycle_os_policy<stop_says_bool>);
static_assert(!rj::lifecycle_os_policy<cleanup_of_submit>);
static_assert(!rj::lifecycle_os_policy<int>);

rj::job_command with(std::string name, std::string value = "v") {
  return {.script = "true", .environment = {{std::move(name), std::move(value)}}};
}

}  // namespace

TEST_CASE("the paths of a job are in one directory") {
  const auto posix = rj::job_paths::under("/tmp/jobs", "j 1");
  CHECK(posix.job_dir == "/tmp/jobs/j 1");
  CHECK(posix.log_file == "/tmp/jobs/j 1/stdout.log");
  CHECK(posix.exit_code_file == "/tmp/jobs/j 1/exit_code");
  CHECK(posix.exit_code_tmp == "/tmp/jobs/j 1/exit_code.tmp");
  CHECK(posix.pid_file == "/tmp/jobs/j 1/pid");
  CHECK(posix.status_file == "/tmp/jobs/j 1/status");
  CHECK(rj::job_paths::under("/tmp/jobs/", "j 1") == posix);
  CHECK(rj::job_paths::in("/tmp/jobs/j 1") == posix);
  CHECK(rj::job_paths::under("C:\\jobs", "j", rj::remote_os::windows).pid_file == "C:\\jobs\\j\\pid");

  rj::job_spec job{.job_id = "j 1"};
  posix.assign_to(job);
  CHECK(rj::validate(job, {}).empty());
  CHECK(job.pid_file == posix.pid_file);
}

TEST_CASE("a new job id is usable, of its parts, and new") {
  std::set<std::string> ids;
  for (int i = 0; i < 100; ++i) ids.insert(rj::make_job_id({"a/b", "..", "c d'é"}));
  CHECK(ids.size() == 100);
  for (const auto& id : ids) {
    CHECK(id.starts_with("a_b_.._c_d____"));
    CHECK(rj::validate_job_id(id, rj::remote_os::windows) == "");
  }
  CHECK(rj::make_job_id().starts_with("job_"));
  CHECK(rj::make_job_id({".."}).starts_with("_._"));
  const auto longest = rj::make_job_id({std::string(1000, 'x')});
  CHECK(longest.size() == rj::max_job_id);
  CHECK(rj::validate_job_id(longest).empty());
}

TEST_CASE("a job id that cannot name a directory is refused") {
  const auto bad =
      GENERATE(as<std::string>(), "", ".", "..", ".x", "a/b", "/", std::string("a\0b", 3), std::string(129, 'x'));
  CHECK(rj::validate_job_id(bad).starts_with("job_id "));
  for (const auto* good_id : {"a", "a b", "-n", "a\nb", "'; x", "\xff", "..."}) {
    CAPTURE(good_id);
    CHECK(rj::validate_job_id(good_id).empty() == (good_id[0] != '.'));
  }
  CHECK(rj::validate_job_id(std::string(128, 'x')).empty());
  for (const auto* id : {"a:b", "a\\b", "a\n", "a.", "a ", "\xff", "con", "Nul.txt", "COM1", "lpt9.x"})
    CHECK_FALSE(rj::validate_job_id(id, rj::remote_os::windows).empty());
}

TEST_CASE("a base directory that is relative or there for other things is refused") {
  const auto bad = GENERATE(as<std::string>(), "jobs", "./jobs", "~/jobs", "/", "//", "/tmp", "/tmp/", "//tmp//",
                            "/home", "/tmp/../etc", "/tmp/./x", "/tmp/x/..", "/var/tmp", "/dev//shm/",
                            std::string("/tmp/a\0b", 8), "/tmp/" + std::string(4000, 'x'));
  CHECK(rj::validate_base_dir(bad).starts_with("base_dir "));
  CHECK(rj::validate({.script = "true", .base_dir = bad}).starts_with("base_dir "));
  for (const auto* dir : {"", "/tmp/jobs", "/tmp/jobs/", "/home/u/a b", "/tmp/...", "/a/\xff"})
    CHECK(rj::validate_base_dir(dir).empty());
  for (const auto* dir : {"C:\\jobs", "c:/jobs/x"}) CHECK(rj::validate_base_dir(dir, rj::remote_os::windows).empty());
  for (const auto* dir : {"C:\\", "C:", "jobs", "\\\\x\\y", "C:\\a\\..\\b", "C:jobs", "C:\\a|b", "C:\\x:y", "C:\\\xff"})
    CHECK_FALSE(rj::validate_base_dir(dir, rj::remote_os::windows).empty());
}

TEST_CASE("a command with a mistake is refused by the name of the field") {
  CHECK(rj::validate({.script = "exit 3"}).empty());
  CHECK(rj::validate(with("A_1", "any\nbytes \xff")).empty());
  CHECK(rj::validate({.script = ""}) == "script must not be empty");
  CHECK(rj::validate({.script = std::string("a\0b", 3)}) == "script must not hold a NUL byte");
  CHECK(rj::validate({.script = std::string((16u << 20) + 1, 'x')}).starts_with("script "));
  for (const auto* name : {"", "1A", "A B", "A=B", "A-B", "Ä", "a.b", "A\n"})
    CHECK(rj::validate(with(name)).starts_with("environment: a name must be"));
  for (const auto* name : {"PPID", "UID", "LOG_FILE", "rj_x", "IFS", "_"})
    CHECK(rj::validate(with(name)).starts_with("environment: " + std::string(name) + ' '));
  CHECK(rj::validate(with("UID"), rj::remote_os::windows).empty());

  // Whatever is wrong with a value, it is not told.
  CHECK(rj::validate(with("KEY", std::string("secret\0x", 8))) ==
        "environment: KEY must not hold a NUL byte: no environment can");
  CHECK(rj::validate(with("KEY", std::string(131000, 's'))) == "environment: KEY is too long: at most 131000 bytes");
  rj::job_command command{.script = "true", .environment = {{"A", "1"}, {"A", "2"}}};
  CHECK(rj::validate(command) == "environment: A is there twice");
  command.environment.clear();
  for (const auto* name : {"A", "B", "C", "D", "E", "F", "G", "H", "I"})
    command.environment.emplace_back(name, std::string(130000, 'x'));
  CHECK(rj::validate(command) == "environment must have at most 1 MiB in all");

  CHECK(rj::validate({.script = "x", .working_directory = std::string("/\0", 2)}).starts_with("working_directory "));
  CHECK(rj::validate({.script = "x", .umask = 01000}).starts_with("umask "));

  const auto windows = rj::remote_os::windows;
  CHECK(rj::validate({.script = "\xff"}, windows) == "script must be UTF-8 for a Windows host");
  CHECK(rj::validate({.script = "x", .working_directory = "\xff"}, windows).starts_with("working_directory "));
  CHECK(rj::validate({.script = "x", .umask = 022}, windows).starts_with("umask "));
  CHECK(rj::validate(with("KEY", "\xff"), windows) == "environment: KEY must be UTF-8 for a Windows host");
  CHECK(rj::validate(with("KEY", ""), windows).starts_with("environment: KEY must not be empty"));
}
