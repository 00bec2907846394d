// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#include <remote_job/error.hpp>
#include <support/catch.hpp>

#include <asio/error.hpp>

#include <string>
#include <system_error>

using remote_job::condition;
using remote_job::errc;

TEST_CASE("every errc has a text of its own and one condition") {
  for (int value = 1; value <= static_cast<int>(errc::policy_failed); ++value) {
    const std::error_code ec = static_cast<errc>(value);
    CAPTURE(value, ec.message());
    CHECK(ec.message() != "unknown error");
    CHECK((ec == condition::transient) != (ec == condition::fatal));
  }
}

TEST_CASE("what OpenSSH's ssh may do is fatal here, and never a matter of trust") {
  for (const auto e : {errc::no_common_algorithm, errc::credential_unsupported, errc::ssh_config_unsupported,
                       errc::banner_too_long}) {
    CHECK(std::error_code(e) == condition::beyond_libssh2);
    CHECK(std::error_code(e) == condition::fatal);
  }
  for (const auto e : {errc::host_key_unknown, errc::host_key_changed, errc::host_key_revoked,
                       errc::known_hosts_unreadable, errc::authentication_failed, errc::passphrase_wrong,
                       errc::identity_unreadable, errc::connection_lost, errc::invalid_argument})
    CHECK_FALSE(std::error_code(e) == condition::beyond_libssh2);
  CHECK_FALSE(std::make_error_code(std::errc::invalid_argument) == condition::beyond_libssh2);
}

namespace {

/// A category of a user's own: each value is one of the library's conditions.
struct own_category final : std::error_category {
  const char* name() const noexcept override { return "own"; }
  std::string message(int) const override { return "own"; }
  std::error_condition default_error_condition(int value) const noexcept override {
    return static_cast<condition>(value);
  }
};

}  // namespace

TEST_CASE("an error of another category can be any condition") {
  static const own_category own;
  const auto code = [](condition c) { return std::error_code(static_cast<int>(c), own); };
  CHECK(code(condition::transient) == condition::transient);
  CHECK_FALSE(code(condition::transient) == condition::beyond_libssh2);
  CHECK(code(condition::fatal) == condition::fatal);
  CHECK(code(condition::beyond_libssh2) == condition::beyond_libssh2);
  CHECK(code(condition::beyond_libssh2) == condition::fatal);
}

TEST_CASE("no error meets no condition") {
  CHECK_FALSE(std::error_code{} == condition::transient);
  CHECK_FALSE(std::error_code{} == condition::fatal);
  CHECK_FALSE(std::error_code{} == condition::beyond_libssh2);
}

TEST_CASE("socket errors are transient, what no retry can mend is fatal") {
  CHECK(asio::error::make_error_code(asio::error::connection_refused) == condition::transient);
  CHECK(asio::error::make_error_code(asio::error::eof) == condition::transient);
  CHECK(asio::error::make_error_code(asio::error::host_not_found_try_again) == condition::transient);
  CHECK(asio::error::make_error_code(asio::error::host_not_found) == condition::fatal);
  for (const auto error : {asio::error::no_memory, asio::error::invalid_argument})
    CHECK(asio::error::make_error_code(error) == condition::fatal);
  for (const auto error : {std::errc::not_enough_memory, std::errc::invalid_argument})
    CHECK(std::error_code(static_cast<int>(error), std::generic_category()) == condition::fatal);
  CHECK(std::error_code(errc::host_key_changed) == condition::fatal);
  CHECK(std::error_code(errc::channel_refused) == condition::transient);
  CHECK(std::make_error_code(std::io_errc::stream) == condition::fatal);
}
