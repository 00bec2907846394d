// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_SSH_IMPL_SESSION_POOL_IPP
#define REMOTE_JOB_SSH_IMPL_SESSION_POOL_IPP

#include <remote_job/error.hpp>
#include <remote_job/ssh/options/options.hpp>
#include <remote_job/ssh/pool/connect_throttle.hpp>
#include <remote_job/ssh/pool/endpoint_pool.hpp>
#include <remote_job/ssh/pool/same_endpoint.hpp>
#include <remote_job/ssh/pool/shared_connection.hpp>
#include <remote_job/ssh/session/connection_backend.hpp>
#include <remote_job/ssh/session_pool.hpp>

#include <chrono>
#include <cstdlib>
#include <iterator>
#include <memory>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

namespace remote_job::inline REMOTE_JOB_ABI {

std::string validate(const session_pool_options& options) {
  if (options.channels == 0) return "channels must be above 0";
  if (options.sessions == 0) return "sessions must be above 0";
  if (options.handshakes == 0) return "handshakes must be above 0";
  if (options.idle < duration::zero()) return "idle must be 0 or more";
  if (options.proof <= duration::zero() || options.proof > std::chrono::hours(1))
    return "proof must be above 0 and at most an hour";
  return {};
}

session_pool::session_pool(const executor_type& executor, const session_pool_options& options)
    : executor_(detail::serial(executor)), handshakes_(std::make_shared<ssh::connect_throttle>(options.handshakes)), options_(options) {
  if (auto wrong = validate(options); !wrong.empty()) throw std::system_error(errc::invalid_argument, wrong);
}

session_pool::~session_pool() {
  for (const auto& each : all()) each->keep(duration::zero());
}

void session_pool::close() {
  for (const auto& each : all()) each->end();
}

session_pool_stats session_pool::stats() const {
  session_pool_stats sum;
  for (const auto& each : all()) {
    sum.sessions += each->sessions();
    sum.connects += each->connects();
  }
  return sum;
}

std::shared_ptr<ssh::connection_backend> session_pool::share(std::shared_ptr<const ssh_options> options) {
  return std::make_shared<ssh::shared_connection>(endpoint(std::move(options)));
}

std::shared_ptr<ssh::endpoint_pool> session_pool::endpoint(std::shared_ptr<const ssh_options> options) {
  const auto [first, last] = endpoints_.equal_range(options->host);
  for (auto each = first; each != last;) {
    auto found = each->second.lock();
    if (found && ssh::same_endpoint(*found->options(), *options)) return found;
    each = found ? std::next(each) : endpoints_.erase(each);
  }
  const auto host = options->host;
  auto added = std::make_shared<ssh::endpoint_pool>(
      executor_, std::move(options),
      detail::pool_limits{options_.channels, options_.sessions, options_.idle, options_.proof}, handshakes_);
  endpoints_.emplace(host, added);
  return added;
}

std::vector<std::shared_ptr<ssh::endpoint_pool>> session_pool::all() const {
  std::vector<std::shared_ptr<ssh::endpoint_pool>> found;
  for (const auto& [host, each] : endpoints_)
    if (auto endpoint = each.lock()) found.push_back(std::move(endpoint));
  return found;
}

}  // namespace remote_job::inline REMOTE_JOB_ABI

#endif
