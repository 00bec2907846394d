// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_TRANSPORT_DETAIL_IMPL_LOOPBACK_STEPS_IPP
#define REMOTE_JOB_TRANSPORT_DETAIL_IMPL_LOOPBACK_STEPS_IPP

#include <remote_job/command.hpp>
#include <remote_job/error.hpp>
#include <remote_job/file_status.hpp>
#include <remote_job/loopback/host.hpp>
#include <remote_job/loopback/virtual_timer.hpp>
#include <remote_job/os_policy/loopback.hpp>
#include <remote_job/transport/detail/loopback_steps.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <system_error>
#include <utility>

namespace remote_job::inline REMOTE_JOB_ABI::detail {

auto loopback_link::take_lane() -> lane& {
  const auto free = std::ranges::find(lanes, false, &lane::taken);
  auto& found = free != lanes.end() ? *free : lanes.emplace_back(timer.get_executor());
  found.taken = true;
  return found;
}

auto loopback_link::arm(timer_type& t, const loopback_fault& fault) -> timer_type& {
  auto time = host.latency_;
  if (host.jitter_ > duration::zero())
    time += duration(static_cast<duration::rep>(host.chance_() % static_cast<std::uint64_t>(host.jitter_.count())));
  if (fault.what == loopback_fault::kind::delay) time += fault.time;
  if (fault.what == loopback_fault::kind::hang) time = duration::max();
  t.expires_after(time);
  return t;
}

duration loopback_link::sending(std::size_t bytes) const noexcept {
  if (host.rate_ == 0) return {};
  return duration(static_cast<duration::rep>(bytes * 1'000'000'000 / host.rate_));
}

std::size_t loopback_link::sent(duration time) const noexcept {
  return static_cast<std::size_t>(std::chrono::duration<double>(time).count() * static_cast<double>(host.rate_));
}

void loopback_link::close() noexcept {
  open = false;
  timer.cancel();
  for (auto& l : lanes) l.timer.cancel();
}

std::error_code loopback_link::fail(std::error_code ec) {
  diagnostics = "loopback host: " + ec.message();
  return ec;
}

std::error_code loopback_connect::answer(std::error_code ec) {
  if (ec) return ec;
  if (fault_.what == loopback_fault::kind::refuse) return link_->fail(fault_.error);
  link_->since = link_->now();
  link_->open = link_->host.reachable(link_->since, link_->since);
  return link_->open ? std::error_code() : link_->fail(errc::connect_failed);
}

std::error_code loopback_execute::answer(std::error_code ec) {
  if (ec) return ec;
  auto& host = link_->host;
  if (fault_.what == loopback_fault::kind::refuse) return link_->fail(fault_.error);
  if (!host.reachable(link_->since, link_->now())) link_->open = false;
  if (!link_->open) return link_->fail(errc::connection_lost);

  if (!host.runs_commands_) return link_->fail(errc::command_refused);
  auto& output = reply_->output;
  if (fault_.what == loopback_fault::kind::noise) output += fault_.text;
  if (host.responder_)
    host.responder_(*command_, link_->now(), output);
  else
    loopback_os::answer(host, *command_, link_->now(), output);
  if (fault_.what == loopback_fault::kind::cut) output.resize(std::min(output.size(), fault_.position));
  if (fault_.what == loopback_fault::kind::garble && !output.empty()) {
    char& byte = output[fault_.position % output.size()];
    byte = static_cast<char>(~byte);
  }
  if (output.size() > command_->max_output) return link_->fail(errc::reply_too_long);
  return {};
}

std::error_code loopback_file_step::finish(std::error_code ec) {
  lane_->taken = false;
  --link_->files_in_flight;
  return ec;
}

loopback_file_step::loopback_file_step(std::shared_ptr<loopback_link> l, const std::string& path)
    : link_(std::move(l)), path_(&path), lane_(&link_->take_lane()) {
  auto& host = link_->host;
  if (link_->files_in_flight++ == 0) link_->files_fault = host.execute_.next();
  fault_ = host.file_.next();
  if (fault_.what == loopback_fault::kind::none) fault_ = link_->files_fault;
}

std::error_code loopback_stat::answer(std::error_code ec) {
  ec = answer_with(ec, [this](const loopback_file& file) {
    *status_ = {file.told_size(), file.identity(), file.what_kind()};
    return std::error_code();
  });
  if (ec != std::errc::no_such_file_or_directory || !link_->host.has_directory(*path_, link_->now())) return ec;
  *status_ = {0, 0, file_kind::directory};
  return {};
}

loopback_read::loopback_read(std::shared_ptr<loopback_link> l, const std::string& path, std::uint64_t offset,
                             std::size_t max, std::string& out)
    : loopback_file_step(std::move(l), path), offset_(offset), max_(max), out_(&out) {
  out.clear();
}

std::error_code loopback_read::answer(std::error_code ec) {
  return answer_with(ec, [this](const loopback_file& file) {
    if (file.what_kind() == file_kind::directory) return std::make_error_code(std::errc::is_a_directory);
    if (file.what_kind() != file_kind::regular) return std::make_error_code(std::errc::io_error);
    if (!file.readable()) return std::make_error_code(std::errc::permission_denied);
    const auto bytes = file.seen_bytes();
    out_->assign(bytes.substr(static_cast<std::size_t>(std::min<std::uint64_t>(offset_, bytes.size())), max_));
    return std::error_code();
  });
}

duration loopback_read::sending() noexcept {
  began_ = link_->now();
  return link_->sending(out_->size());
}

std::error_code loopback_read::finish(std::error_code ec) {
  if (ec && began_) out_->resize(std::min(out_->size(), link_->sent(link_->now() - *began_)));
  return loopback_file_step::finish(ec);
}

}  // namespace remote_job::inline REMOTE_JOB_ABI::detail

#endif
