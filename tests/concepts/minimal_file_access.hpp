// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef TESTS_CONCEPTS_MINIMAL_FILE_ACCESS_HPP
#define TESTS_CONCEPTS_MINIMAL_FILE_ACCESS_HPP

#include "minimal_transport.hpp"

#include <remote_job/file_access.hpp>

#include <asio/bind_allocator.hpp>
#include <asio/post.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <system_error>
#include <utility>

/// The least a transport with file access can be: a host that runs no command and has some files.
class minimal_file_access : public minimal_transport {
  struct complete {
    asio::any_io_executor executor;

    template <class Handler>
    void operator()(Handler&& handler, std::error_code ec) const {
      auto target = asio::get_associated_executor(handler, executor);
      auto allocator = asio::get_associated_allocator(handler);
      asio::post(target, asio::bind_allocator(allocator, [handler = std::forward<Handler>(handler), ec]() mutable {
                   std::move(handler)(ec);
                 }));
    }
  };

 public:
  using files = std::map<std::string, std::string>;

  minimal_file_access(executor_type executor, files f)
      : minimal_transport(std::move(executor), [](const remote_job::remote_command&) { return std::string(); }),
        files_(std::move(f)) {}

  template <asio::completion_token_for<void(std::error_code)> Token>
  auto async_stat(const std::string& path, remote_job::file_status& status, Token&& token)
      -> decltype(asio::async_initiate<Token, void(std::error_code)>(std::declval<complete>(), token,
                                                                     std::error_code())) {
    const auto file = files_.find(path);
    if (file != files_.end()) status = {.size = file->second.size()};
    return asio::async_initiate<Token, void(std::error_code)>(complete{get_executor()}, token, found(file));
  }

  template <asio::completion_token_for<void(std::error_code)> Token>
  auto async_read_file(const std::string& path, std::uint64_t offset, std::size_t max, std::string& out, Token&& token)
      -> decltype(asio::async_initiate<Token, void(std::error_code)>(std::declval<complete>(), token,
                                                                     std::error_code())) {
    const auto file = files_.find(path);
    if (file != files_.end()) out.assign(file->second, std::min<std::size_t>(offset, file->second.size()), max);
    return asio::async_initiate<Token, void(std::error_code)>(complete{get_executor()}, token, found(file));
  }

 private:
  std::error_code found(files::const_iterator file) const {
    return file != files_.end() ? std::error_code() : std::make_error_code(std::errc::no_such_file_or_directory);
  }

  files files_;
};

static_assert(remote_job::file_access_transport<minimal_file_access>);

#endif
