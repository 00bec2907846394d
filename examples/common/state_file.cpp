// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#include "state_file.hpp"

#include <remote_job/json.hpp>

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <memory>
#include <stdexcept>
#include <string_view>
#include <system_error>
#include <utility>

namespace cli {

namespace {

// What is written before it gets its name: NAME.tmp.RANDOM
constexpr std::string_view infix = ".tmp.";
constexpr std::string_view random_part = "XXXXXX";

[[noreturn]] void fail(const std::string& what, const std::string& path) {
  throw std::runtime_error(what + ' ' + path + ": " + std::strerror(errno));
}

std::string resolved(const std::string& path) {
  const std::unique_ptr<char, decltype(&std::free)> real(::realpath(path.c_str(), nullptr), &std::free);
  struct stat status {};
  const bool is_link = ::lstat(path.c_str(), &status) == 0 && S_ISLNK(status.st_mode);
  return real && is_link ? real.get() : path;
}

/// Nothing if there is no such file.
descriptor open_regular(const std::string& path, int mode) {
  check_regular(path);
  descriptor file(::open(path.c_str(), mode | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (file.get() < 0 && errno != ENOENT) fail("cannot open", path);
  return file;
}

remote_job::trigger_state read_state(const descriptor& file, const std::string& path) {
  std::string text;
  for (char buffer[4096];;) {
    const auto n = ::read(file.get(), buffer, sizeof buffer);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) fail("cannot read", path);
    if (n == 0) break;
    text.append(buffer, static_cast<std::size_t>(n));
    if (text.size() > (1U << 20)) throw std::runtime_error(path + " is too long to be a saved state");
  }
  remote_job::trigger_state state;
  std::string why;
  if (remote_job::state_from_json(text, state, why)) throw std::runtime_error(path + " is not a saved state: " + why);
  return state;
}

bool is_still_there(const descriptor& file, const std::string& path) {
  struct stat here {
  }, there{};
  return ::fstat(file.get(), &here) == 0 && ::stat(path.c_str(), &there) == 0 && here.st_dev == there.st_dev &&
         here.st_ino == there.st_ino;
}

}  // namespace

/// A file of a name that nobody else has, beside the one that it is to replace. Goes unless that has happened.
struct state_file::temporary {
  explicit temporary(const std::string& beside, const remote_job::trigger_state& state)
      : path(std::string(beside).append(infix).append(random_part)),
        file(::mkostemp(path.data(), O_CLOEXEC)) {  // O_EXCL, mode 0600
    if (file.get() < 0) {
      path.clear();
      fail("cannot make a file beside", beside);
    }
    const auto text = remote_job::state_to_json(state) + '\n';
    try {
      lock(file, path);
      for (std::string_view rest = text; !rest.empty();) {
        const auto n = ::write(file.get(), rest.data(), rest.size());
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) fail("cannot write", path);
        rest.remove_prefix(static_cast<std::size_t>(n));
      }
      if (::fsync(file.get()) != 0) fail("cannot write", path);
    } catch (...) {
      ::unlink(path.c_str());
      throw;
    }
  }
  temporary(const temporary&) = delete;
  temporary& operator=(const temporary&) = delete;
  ~temporary() {
    if (!path.empty()) ::unlink(path.c_str());
  }

  std::string path;
  descriptor file;
};

state_file::state_file(const std::string& path) : path_(resolved(path)) {}

std::optional<remote_job::trigger_state> state_file::load() const {
  const auto file = open_regular(path_, O_RDONLY);
  if (file.get() < 0) return std::nullopt;
  return read_state(file, path_);
}

std::optional<remote_job::trigger_state> state_file::open() {
  exclusive_ = true;
  for (;;) {
    auto file = open_regular(path_, O_RDWR);
    if (file.get() < 0) return std::nullopt;
    lock(file, path_);
    if (!is_still_there(file, path_)) continue;  // another process replaced it meanwhile: look at the new one
    auto state = read_state(file, path_);
    locked_ = std::move(file);
    const std::filesystem::path whole(path_);
    remove_leftovers(whole.has_parent_path() ? whole.parent_path().string() : ".", whole.filename().string());
    return state;
  }
}

void state_file::save(const remote_job::trigger_state& state) {
  check_regular(path_);
  temporary next(path_, state);
  if (exclusive_) {
    // The first of two that both found no file makes it.
    if (locked_.get() < 0 && ::link(next.path.c_str(), path_.c_str()) == 0) {
      locked_ = std::move(next.file);
      return;
    }
    if (locked_.get() < 0 && errno == EEXIST) {
      const auto other = open_regular(path_, O_RDWR);
      if (other.get() >= 0) lock(other, path_);
      throw std::runtime_error(path_ + " was made by another process meanwhile");
    }
    // A file system without hard links.
  }
  if (std::rename(next.path.c_str(), path_.c_str()) != 0) fail("cannot replace", path_);
  next.path.clear();
  if (exclusive_) locked_ = std::move(next.file);
}

void state_file::try_save(const remote_job::trigger_state& state) const {
  check_regular(path_);
  const temporary attempt(path_, state);
}

void remove_leftovers(const std::string& directory, const std::string& name) {
  std::error_code ec;
  for (std::filesystem::directory_iterator next(directory, ec), end; !ec && next != end; next.increment(ec)) {
    const auto file_name = next->path().filename().string();
    const auto mark = file_name.rfind(infix);
    if (mark == file_name.npos || file_name.size() != mark + infix.size() + random_part.size()) continue;
    if (!name.empty() && file_name.compare(0, mark, name) != 0) continue;
    struct stat status {};
    if (::lstat(next->path().c_str(), &status) != 0 || !S_ISREG(status.st_mode) || status.st_uid != ::geteuid())
      continue;
    const descriptor file(::open(next->path().c_str(), O_RDWR | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW));
    try {
      lock(file, {});  // whoever is about to save has locked it
    } catch (const std::runtime_error&) {
      continue;
    }
    ::unlink(next->path().c_str());
  }
}

void state_file::remove() {
  std::remove(path_.c_str());
  locked_ = descriptor();
}

}  // namespace cli
