// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#include "minimal_sink.hpp"

#include <support/catch.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>

namespace rj = remote_job;

namespace {

struct base {
  void on_event(const rj::trigger_event&) {}
};

// All hooks, none of which can refuse.
struct all_hooks : base {
  void on_log(std::uint64_t offset, std::string_view bytes) { calls += std::to_string(offset) + std::string(bytes); }
  void on_log_reset(const rj::log_reset& r) { calls += "reset" + std::to_string(r.old_offset); }
  void on_retry(const rj::retry_info& r) { calls += "retry" + std::to_string(r.attempt); }
  void on_notice(const rj::notice& n) { calls += "notice" + n.message; }

  std::string calls;
};

struct refusing : base {
  std::error_code on_log(std::uint64_t, std::string_view) { return rj::errc::sink_failed; }
  std::error_code on_log_reset(const rj::log_reset&) { return rj::errc::bad_state; }
};

struct async_one : base {
  template <class Token>
  void async_on_log(std::uint64_t, std::string_view, Token&&);
};

struct may_take : async_one {
  std::optional<std::error_code> try_on_log(std::uint64_t, std::string_view);
};
static_assert(rj::sink<may_take> && rj::sink_traits<may_take>::is_async);

struct generic {
  void on_event(const auto&) {}
  void on_log(auto, auto) {}
};
struct overloaded : base {
  void on_log(std::uint64_t, std::string_view);
  void on_log(const std::string&);
};

static_assert(rj::sink<all_hooks> && rj::sink<refusing> && rj::sink<async_one> && rj::sink<generic>);
static_assert(rj::sink<overloaded>);
static_assert(rj::sink_traits<async_one>::is_async && !rj::sink_traits<all_hooks>::is_async);
static_assert(rj::sink_traits<async_one>::takes_log && rj::sink_traits<all_hooks>::takes_log);
static_assert(!rj::sink_traits<base>::takes_log);

// What need not wait has on_log for it; a hook that counts to 2 GiB only loses its place.
struct try_without_async : base {
  std::optional<std::error_code> try_on_log(std::uint64_t, std::string_view);
};
struct try_beside_sync : all_hooks {
  std::optional<std::error_code> try_on_log(std::uint64_t, std::string_view);
};
struct try_narrow : async_one {
  std::optional<std::error_code> try_on_log(int, std::string_view);
};
static_assert(!rj::sink<try_without_async> && !rj::sink<try_beside_sync> && !rj::sink<try_narrow>);

struct nothing {};
struct event_to_change {
  void on_event(rj::trigger_event&);
};
struct event_answers {
  bool on_event(const rj::trigger_event&);
};
struct unmovable : base {
  unmovable(unmovable&&) = delete;
};
static_assert(!rj::sink<nothing> && !rj::sink<event_to_change> && !rj::sink<event_answers> && !rj::sink<unmovable>);

// A hook that is there but cannot be called is a mistake, whatever is wrong with it.
struct log_without_offset : base {
  void on_log(std::string_view);
};
struct log_narrow : base {
  void on_log(int, std::string_view);
};
struct log_by_int64 : base {
  void on_log(std::int64_t, std::string_view);
};
struct own_offset {
  own_offset(std::uint64_t);
};
struct log_by_own_type : base {
  void on_log(const own_offset&, std::string_view);
};
struct async_narrow : base {
  template <class Token>
  void async_on_log(unsigned, std::string_view, Token&&);
};
static_assert(rj::sink<log_by_int64> && rj::sink<log_by_own_type> && !rj::sink<log_narrow> && !rj::sink<async_narrow>);
struct log_says_bool : base {
  bool on_log(std::uint64_t, std::string_view);
};
struct private_log : base {
 private:
  void on_log(std::uint64_t, std::string_view);
};
struct log_is_data : base {
  int on_log = 0;
};
struct log_in_a_base : log_without_offset {};
struct async_without_token : base {
  void async_on_log(std::uint64_t, std::string_view);
};
struct both_logs : all_hooks {
  template <class Token>
  void async_on_log(std::uint64_t, std::string_view, Token&&);
};
struct reset_without_argument : base {
  void on_log_reset();
};
struct retry_of_notice : base {
  void on_retry(const rj::notice&);
};
struct notice_answers : base {
  std::error_code on_notice(const rj::notice&);
};
static_assert(!rj::sink<log_without_offset> && !rj::sink<log_says_bool> && !rj::sink<private_log>);
static_assert(!rj::sink<log_is_data> && !rj::sink<log_in_a_base>);
static_assert(!rj::sink<async_without_token> && !rj::sink<both_logs>);
static_assert(!rj::sink<reset_without_argument> && !rj::sink<retry_of_notice> && !rj::sink<notice_answers>);

// A final class cannot be looked into: what can be called is called, what cannot is not seen.
struct final_good final : base {
  void on_log(std::uint64_t, std::string_view);
};
struct final_wrong final : base {
  void on_log(std::string_view);
};
static_assert(rj::sink<final_good> && rj::detail::has_on_log<final_good>);
static_assert(rj::sink<final_wrong> && !rj::detail::has_on_log<final_wrong>);

static_assert(rj::check_sink<minimal_sink>() && rj::check_sink<all_hooks>() && rj::check_sink<final_good>());

}  // namespace

TEST_CASE("the minimal sink keeps the final event and lets all else pass") {
  using traits = rj::sink_traits<minimal_sink>;
  minimal_sink sink;
  CHECK_FALSE(traits::on_log(sink, 0, "bytes"));
  CHECK_FALSE(traits::on_log_reset(sink, {}));
  traits::on_retry(sink, {});
  traits::on_notice(sink, {});
  CHECK_FALSE(sink.event);
  rj::trigger_event event;
  event.exit_code = 3;
  traits::on_event(sink, event);
  REQUIRE(sink.event);
  CHECK(sink.event->exit_code == 3);
}

TEST_CASE("sink_traits call each hook that is there and hand its refusal on") {
  all_hooks sink;
  using traits = rj::sink_traits<all_hooks>;
  CHECK_FALSE(traits::on_log(sink, 5, "x"));
  rj::log_reset reset;
  reset.old_offset = 6;
  CHECK_FALSE(traits::on_log_reset(sink, reset));
  rj::retry_info retry;
  retry.attempt = 7;
  traits::on_retry(sink, retry);
  rj::notice notice;
  notice.message = "8";
  traits::on_notice(sink, notice);
  CHECK(sink.calls == "5xreset6retry7notice8");

  refusing no;
  CHECK(rj::sink_traits<refusing>::on_log(no, 0, "") == rj::errc::sink_failed);
  CHECK(rj::sink_traits<refusing>::on_log_reset(no, {}) == rj::errc::bad_state);
}
