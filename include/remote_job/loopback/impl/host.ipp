// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_LOOPBACK_IMPL_HOST_IPP
#define REMOTE_JOB_LOOPBACK_IMPL_HOST_IPP

#include <remote_job/command.hpp>
#include <remote_job/error.hpp>
#include <remote_job/file_status.hpp>
#include <remote_job/loopback/detail/virtual_clock.hpp>
#include <remote_job/loopback/host.hpp>
#include <remote_job/loopback/jobs.hpp>
#include <remote_job/poll.hpp>

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>

namespace remote_job::inline REMOTE_JOB_ABI {

loopback_file& loopback_file::append_every(duration from, duration step, int times, const std::string& bytes) {
  for (int i = 0; i < times; ++i) append(from + i * step, bytes);
  return *this;
}

void loopback_file::advance(duration now) {
  for (; next_ < events_.size() && events_[next_].at <= now; ++next_) apply(events_[next_]);
}

loopback_file& loopback_file::add(duration at, kind what, std::string bytes, std::uint64_t number) {
  auto place = events_.end();
  while (place != events_.begin() && std::prev(place)->at > at) --place;
  events_.insert(place, {at, what, std::move(bytes), number});
  return *this;
}

void loopback_file::apply(const event& e) {
  switch (e.what) {
    case kind::append:
      create();
      bytes_ += e.bytes;
      break;
    case kind::truncate: bytes_.clear(); break;
    case kind::replace: put(file_kind::regular, e.bytes); break;
    case kind::remove:
      exists_ = false;
      kind_ = file_kind::regular;
      bytes_.clear();
      break;
    case kind::deny: readable_ = false; break;
    case kind::allow: readable_ = true; break;
    case kind::directory: put(file_kind::directory, {}); break;
    case kind::fifo: put(file_kind::other, {}); break;
    case kind::understate: understated_ = e.number; break;
    case kind::freeze: frozen_ = bytes_.size(); break;
    case kind::thaw: frozen_ = std::string_view::npos; break;
  }
}

void loopback_file::put(file_kind what, const std::string& bytes) {
  exists_ = false;
  create();
  kind_ = what;
  bytes_ = bytes;
}

void loopback_file::create() {
  if (!std::exchange(exists_, true)) identity_ = ++*identities_;
}

loopback_file& loopback_host::file(std::string_view path) {
  const auto found = files_.find(path);
  if (found != files_.end()) return found->second;
  return files_.emplace(std::string(path), loopback_file(identities_)).first->second;
}

loopback_host& loopback_host::latency(duration d) {
  latency_ = d;
  return *this;
}

loopback_host& loopback_host::jitter(std::uint64_t seed, duration most) {
  chance_ = detail::splitmix64(seed);
  jitter_ = most;
  return *this;
}

loopback_host& loopback_host::rate(std::uint64_t bytes_per_second) {
  rate_ = bytes_per_second;
  return *this;
}

loopback_host& loopback_host::on_connect(int nth, loopback_fault fault, int times) {
  connect_.faults.push_back({nth, times, std::move(fault)});
  return *this;
}

loopback_host& loopback_host::on_execute(int nth, loopback_fault fault, int times) {
  execute_.faults.push_back({nth, times, std::move(fault)});
  return *this;
}

loopback_host& loopback_host::on_file(int nth, loopback_fault fault, int times) {
  file_.faults.push_back({nth, times, std::move(fault)});
  return *this;
}

loopback_host& loopback_host::down(duration from, duration to) {
  down_.push_back({from, to});
  return *this;
}

loopback_host& loopback_host::respond_with(
    std::function<void(const remote_command&, duration, std::string&)> responder) {
  responder_ = std::move(responder);
  return *this;
}

loopback_host& loopback_host::without_files() {
  offers_files_ = false;
  return *this;
}

loopback_host& loopback_host::respond_to_files_only(bool only) {
  runs_commands_ = !only;
  return *this;
}

loopback_fault loopback_host::step::next() {
  ++count;
  for (const auto& f : faults)
    if (count >= f.first && count - f.first < f.times) return f.fault;
  return {};
}

bool loopback_host::reachable(duration since, duration now) const noexcept {
  for (const auto& [from, to] : down_)
    if (now >= from && (now < to || since < from)) return false;
  return true;
}

bool loopback_host::has_directory(std::string_view path, duration now) {
  if (path == "." || path == "/") return true;
  for (auto& [name, file] : files_) {
    file.advance(now);
    if (!file.exists() || !name.starts_with(path)) continue;
    if (name.size() == path.size() ? file.what_kind() == file_kind::directory : name[path.size()] == '/') return true;
  }
  return false;
}

void loopback_host::live(duration now) {
  jobs_.advance(now, [&](const std::string& dir, const loopback_jobs::submitted& j) {
    if (!j.ended) {
      file(dir + "/pid").append(j.begun, std::to_string(j.pid) + "\n");
      file(dir + "/stdout.log").append(j.begun, j.what.output);
      return;
    }
    file(dir + "/exit_code").append(*j.ended, std::to_string(*j.exit_code) + "\n");
  });
}

}  // namespace remote_job::inline REMOTE_JOB_ABI

#endif
