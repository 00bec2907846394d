// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#include "state_file.hpp"

#include <remote_job/json.hpp>

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <stdexcept>
#include <string_view>

namespace cli {

namespace {

[[noreturn]] void fail(const std::string& what, const std::string& path) {
  throw std::runtime_error(what + ' ' + path + ": " + std::strerror(errno));
}

class descriptor {
 public:
  explicit descriptor(int fd) : fd_(fd) {}
  descriptor(const descriptor&) = delete;
  descriptor& operator=(const descriptor&) = delete;
  ~descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  int get() const { return fd_; }

 private:
  int fd_;
};

}  // namespace

std::optional<remote_job::trigger_state> state_file::load() const {
  const descriptor file(::open(path_.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.get() < 0 && errno == ENOENT) return std::nullopt;
  if (file.get() < 0) fail("cannot open", path_);
  std::string text;
  for (char buffer[4096];;) {
    const auto n = ::read(file.get(), buffer, sizeof buffer);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) fail("cannot read", path_);
    if (n == 0) break;
    text.append(buffer, static_cast<std::size_t>(n));
    if (text.size() > (1U << 20)) throw std::runtime_error(path_ + " is too long to be a saved state");
  }
  remote_job::trigger_state state;
  std::string why;
  if (remote_job::state_from_json(text, state, why)) throw std::runtime_error(path_ + " is no saved state: " + why);
  return state;
}

void state_file::save(const remote_job::trigger_state& state) const {
  const auto temporary = path_ + ".tmp";
  const auto text = remote_job::state_to_json(state) + '\n';
  const descriptor file(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (file.get() < 0) fail("cannot write", temporary);
  for (std::string_view rest = text; !rest.empty();) {
    const auto n = ::write(file.get(), rest.data(), rest.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) fail("cannot write", temporary);
    rest.remove_prefix(static_cast<std::size_t>(n));
  }
  if (::fsync(file.get()) != 0) fail("cannot write", temporary);
  if (std::rename(temporary.c_str(), path_.c_str()) != 0) fail("cannot replace", path_);
}

}  // namespace cli
