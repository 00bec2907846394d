// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#include <remote_job/error.hpp>
#include <support/catch.hpp>

#include <asio/error.hpp>

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

TEST_CASE("no error meets no condition") {
  CHECK_FALSE(std::error_code{} == condition::transient);
  CHECK_FALSE(std::error_code{} == condition::fatal);
}

TEST_CASE("socket errors are transient, what no retry can mend is fatal") {
  CHECK(std::error_code(ECONNREFUSED, std::system_category()) == condition::transient);
  CHECK(asio::error::make_error_code(asio::error::eof) == condition::transient);
  CHECK(asio::error::make_error_code(asio::error::host_not_found_try_again) == condition::transient);
  CHECK(asio::error::make_error_code(asio::error::host_not_found) == condition::fatal);
  CHECK(std::error_code(ENOMEM, std::system_category()) == condition::fatal);
  CHECK(std::error_code(errc::host_key_changed) == condition::fatal);
  CHECK(std::error_code(errc::channel_refused) == condition::transient);
  CHECK(std::make_error_code(std::io_errc::stream) == condition::fatal);
}
