// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#include "minimal_os_policy.hpp"

#include <support/catch.hpp>

#include <limits>
#include <string>
#include <string_view>

namespace rj = remote_job;

namespace {

struct good {
  void build_poll(const rj::job_spec&, const rj::poll_request&, rj::remote_command&) const {}
  std::error_code parse_poll(const rj::poll_request&, const rj::command_reply&, rj::poll_reply&) const { return {}; }
};

struct unmovable : good {
  unmovable(unmovable&&) = delete;
};
struct build_returns : good {
  rj::remote_command build_poll(const rj::job_spec&, const rj::poll_request&, rj::remote_command&) const;
};
struct build_changes_the_job : good {
  void build_poll(rj::job_spec&, const rj::poll_request&, rj::remote_command&) const;
};
struct build_without_request : good {
  void build_poll(const rj::job_spec&, rj::remote_command&) const;
};
struct parse_says_bool : good {
  bool parse_poll(const rj::poll_request&, const rj::command_reply&, rj::poll_reply&) const;
};
struct parse_of_text : good {
  std::error_code parse_poll(const rj::poll_request&, const std::string&, rj::poll_reply&) const;
};
struct private_build : good {
 private:
  void build_poll(const rj::job_spec&, const rj::poll_request&, rj::remote_command&) const;
};
struct for_windows : good {
  static constexpr auto target_os = rj::remote_os::windows;
};

static_assert(rj::os_policy<good> && rj::os_policy<for_windows>);
static_assert(!rj::os_policy<unmovable>);
static_assert(!rj::os_policy<build_returns>);
static_assert(!rj::os_policy<build_changes_the_job>);
static_assert(!rj::os_policy<build_without_request>);
static_assert(!rj::os_policy<parse_says_bool>);
static_assert(!rj::os_policy<parse_of_text>);
static_assert(!rj::os_policy<private_build>);
static_assert(!rj::os_policy<const minimal_os_policy>, "its functions need not be const, so a const one is none");
static_assert(!rj::os_policy<int>);

static_assert(rj::check_os_policy<minimal_os_policy>());
static_assert(rj::check_os_policy<good>());

static_assert(rj::os_policy_traits<good>::accepts(rj::remote_os::posix));
static_assert(rj::os_policy_traits<good>::accepts(rj::remote_os::windows));
static_assert(rj::os_policy_traits<for_windows>::accepts(rj::remote_os::windows));
static_assert(!rj::os_policy_traits<for_windows>::accepts(rj::remote_os::posix));

const rj::poll_request request{.nonce = "abcd", .offset = 10, .overlap = 2, .max_bytes = 4};

struct parsed {
  std::error_code error;
  rj::poll_reply reply;
};

parsed parse(const rj::command_reply& raw) {
  parsed result;
  result.error = minimal_os_policy().parse_poll(request, raw, result.reply);
  return result;
}

rj::command_reply output(std::string text) {
  rj::command_reply raw;
  raw.output = std::move(text);
  return raw;
}

}  // namespace

TEST_CASE("the minimal OS policy asks for the overlap and the new bytes") {
  rj::remote_command command;
  command.end_mark = "of an earlier use";
  minimal_os_policy().build_poll({}, request, command);
  CHECK(command.command == "poll abcd 8 6");
  CHECK(command.end_mark.empty());
  CHECK(command.max_output >= 6 + std::string("abcd -2147483648 18446744073709551615\n").size());
}

TEST_CASE("the minimal OS policy reads the reply to its question") {
  const auto raw = output("abcd - 99\nLMnopq");
  const auto running = parse(raw);
  CHECK_FALSE(running.error);
  CHECK(running.reply.exit_state == rj::exit_code_state::absent);
  CHECK(running.reply.log_size == 99);
  CHECK(running.reply.bytes == "LMnopq");

  const auto end = output("abcd -7 10\n");
  const auto ended = parse(end);
  CHECK_FALSE(ended.error);
  CHECK(ended.reply.exit_state == rj::exit_code_state::present);
  CHECK(ended.reply.exit_code == -7);
  CHECK(ended.reply.bytes.empty());
}

TEST_CASE("the minimal OS policy takes nothing but the reply to its question") {
  CHECK(parse(output("")).error == rj::errc::reply_missing);
  CHECK(parse(output("dcba - 99\nLMnopq")).error == rj::errc::reply_missing);
  CHECK(parse(output("abcd - 99")).error == rj::errc::reply_truncated);
  CHECK(parse(output("abcd - 99\nLMnop")).error == rj::errc::reply_truncated);
  CHECK(parse(output("abcd - 99\nLMnopqr")).error == rj::errc::reply_malformed);
  CHECK(parse(output("abcd x 99\nLMnopq")).error == rj::errc::reply_malformed);
  CHECK(parse(output("abcd 0x10 99\nLMnopq")).error == rj::errc::reply_malformed);
  CHECK(parse(output("abcd - -1\nLMnopq")).error == rj::errc::reply_malformed);
  CHECK(parse(output("abcd - 99999999999999999999\nLMnopq")).error == rj::errc::reply_malformed);

  // Every prefix of a good reply is an error, never half a reply.
  const std::string whole = "abcd 0 99\nLMnopq";
  for (std::size_t length = 0; length < whole.size(); ++length) CHECK(parse(output(whole.substr(0, length))).error);
}
