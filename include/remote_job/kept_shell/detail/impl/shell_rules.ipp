// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_KEPT_SHELL_DETAIL_IMPL_SHELL_RULES_IPP
#define REMOTE_JOB_KEPT_SHELL_DETAIL_IMPL_SHELL_RULES_IPP

#include <remote_job/detail/asio/recycled_block.hpp>
#include <remote_job/detail/text/saturating_add.hpp>
#include <remote_job/kept_shell/detail/shell_rules.hpp>

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace remote_job::inline REMOTE_JOB_ABI::detail {

auto shell_rules::next() -> std::optional<action> {
  if (taken_ == actions_.size()) {
    actions_.clear();
    taken_ = 0;
    return std::nullopt;
  }
  return actions_[taken_++];
}

void shell_rules::add(request& r, duration now) {
  if (given_up_ && phase_ == phase::none && now - given_up_at_ >= pause) {
    given_up_ = false;
    failed_starts_ = max_starts - 1;
  }
  if (given_up_ || !fits(*r.command) || (takes_time(r) && (users_ > 1 || r.failures > 1))) {
    r.failures = std::min(r.failures, 1U);
    return act(action_kind::alone, &r);
  }
  r.reply->clear();
  if (waiting_.empty() && alone_in_flight()) heard_ = now;
  waiting_.push_back(&r);
}

void shell_rules::send(duration now) {
  if (!flight_.empty() || waiting_.empty() || (phase_ == phase::starting && takes_time(*waiting_.front()))) return;
  const auto& leader = *waiting_.front()->command;
  if (phase_ == phase::none) {
    phase_ = phase::starting;
    command_ = leader.command;
    prelude_ = leader.shell.prelude;
    greeting_ = leader.shell.greeting;
    out_.assign(prelude_);
    written_ = 0;
    heard_ = now;
    act(action_kind::open);
    // Should the start fail, it can be executed at once, since the shell has not begun with it.
    if (takes_time(*waiting_.front())) return act(action_kind::write);
  }
  const bool single = waiting_.front()->failures > 0 || takes_time(*waiting_.front());
  std::size_t count = 0, size = 0;
  for (const auto* each : waiting_) {
    const auto& shell = each->command->shell;
    size += shell.text.size();
    if (count > 0 &&
        (single || each->failures > 0 || shell.flush != leader.shell.flush || count == max_batch || size > max_text))
      break;
    out_.append(shell.text);
    ++count;
  }
  out_.append(leader.shell.flush);
  for (std::size_t i = 0; i < count; ++i) flight_.push_back({waiting_[i]});
  waiting_.erase(waiting_.begin(), waiting_.begin() + static_cast<std::ptrdiff_t>(count));
  heard_ = now;
  act(action_kind::write);
}

bool shell_rules::cancel(request& r, duration now) {
  if (std::erase(waiting_, &r) > 0) {
    if (phase_ == phase::starting && !busy()) broken(now, now - heard_ >= patience);
    return true;
  }
  const auto found = std::find_if(flight_.begin() + static_cast<std::ptrdiff_t>(first_), flight_.end(),
                                  [&](const entry& each) { return each.who == &r; });
  if (found == flight_.end()) return false;
  const auto& output = r.reply->output;
  found->mark = r.command->end_mark;
  found->room = r.command->max_output - std::min(r.command->max_output, output.size());
  found->who = nullptr;
  // The mark may have begun.
  if (found == flight_.begin() + static_cast<std::ptrdiff_t>(first_))
    discarded_.assign(output, output.size() - std::min(output.size(), found->mark.size()));
  if (std::any_of(flight_.begin() + static_cast<std::ptrdiff_t>(first_), flight_.end(),
                  [](const entry& other) { return other.who != nullptr; }))
    return true;
  broken(now, now - heard_ >= patience);
  return true;
}

void shell_rules::received(std::string_view bytes, duration now) {
  if (phase_ == phase::none) return;
  std::string rest;
  if (phase_ == phase::starting) {
    noise_.append(bytes);
    const auto at = noise_.find(greeting_);
    if (at == noise_.npos) {
      if (noise_.size() > max_noise) broken(now);
      return;
    }
    phase_ = phase::ready;
    failed_starts_ = 0;
    rest = noise_.substr(at + greeting_.size());
    noise_.clear();
    bytes = rest;
  }
  heard_ = now;
  while (!bytes.empty() && !flight_.empty())
    if (!take(bytes, now)) return;
  send(now);
}

/// Takes what belongs to the first reply; false if the rest of the bytes belongs to nobody any more.
bool shell_rules::take(std::string_view& bytes, duration now) {
  auto& front = flight_[first_];
  auto& out = front.who != nullptr ? front.who->reply->output : discarded_;
  const std::string_view mark = front.end();
  // The mark may have begun in what came before.
  std::size_t size = std::string_view::npos;
  for (auto before = std::min(out.size(), mark.size() - 1); before > 0 && size == bytes.npos; --before)
    if (out.ends_with(mark.substr(0, before)) && bytes.starts_with(mark.substr(before))) size = mark.size() - before;
  if (size == bytes.npos)
    if (const auto at = bytes.find(mark); at != bytes.npos) size = at + mark.size();
  const auto part = bytes.substr(0, size);
  const auto room = front.who == nullptr
                        ? front.room
                        : front.who->command->max_output - std::min(front.who->command->max_output, out.size());
  if (part.size() > room) {
    broken(now);
    return false;
  }
  out.append(part);
  if (size != bytes.npos) {
    bytes.remove_prefix(size);
    answered(now);
    return true;
  }
  bytes = {};
  auto& last = flight_.back();
  const bool cancelled = front.who == nullptr;
  if (cancelled) {
    front.room -= part.size();
    const auto longest = std::max(mark.size(), last.end().size());
    if (out.size() > longest) out.erase(0, out.size() - longest);
  }
  // The last reply is whole, and others before it never came: nothing more will.
  if (&last == &front || !out.ends_with(last.end())) return true;
  auto output = std::move(out);
  std::vector<request*> lost;
  for (; first_ + 1 < flight_.size(); ++first_)
    if (auto* who = flight_[first_].who) lost.push_back(who);
  if (last.who != nullptr && !cancelled) last.who->reply->output = std::move(output);
  if (last.who != nullptr && cancelled) lost.push_back(std::exchange(last.who, nullptr));
  for (auto each = lost.rbegin(); each != lost.rend(); ++each) failed(**each);
  answered(now);
  return true;
}

void shell_rules::answered(duration now) {
  if (auto* who = flight_[first_].who) {
    who->failures = 0;
    act(action_kind::answered, who);
  }
  discarded_.clear();
  if (++first_ < flight_.size()) return;
  first_ = 0;
  flight_.clear();
  if (given_up_ && waiting_.empty()) return broken(now);
  send(now);
}

/// Asks once more, or else has it executed; or gives it up.
void shell_rules::failed(request& r) {
  if (takes_time(r)) {
    ++r.failures;
    return act(action_kind::answered, &r);
  }
  r.reply->clear();
  if (given_up_ || ++r.failures > 1) {
    r.failures = std::min(r.failures, 1U);
    return act(action_kind::alone, &r);
  }
  waiting_.insert(waiting_.begin(), &r);
}

void shell_rules::ended(duration now) {
  if (phase_ != phase::none) broken(now);
}

void shell_rules::broken(duration now, bool counts) {
  const bool starting = phase_ == phase::starting;
  const auto flight = std::exchange(flight_, {});
  const auto first = std::exchange(first_, 0);
  act(action_kind::close);
  reset();
  if (starting && counts && ++failed_starts_ >= max_starts) {
    given_up_ = true;
    given_up_at_ = now;
  }
  for (auto i = flight.size(); i > first; --i)
    if (auto* who = flight[i - 1].who; who != nullptr) {
      if (starting)
        act(action_kind::alone, who);
      else
        failed(*who);
    }
  if (starting && !waiting_.empty() && takes_time(*waiting_.front())) {
    act(action_kind::alone, waiting_.front());
    waiting_.erase(waiting_.begin());
  }
  if (given_up_)
    for (auto* who : std::exchange(waiting_, {})) act(action_kind::alone, who);
  send(now);
}

void shell_rules::reset() noexcept {
  phase_ = phase::none;
  out_.clear();
  written_ = 0;
  noise_.clear();
  discarded_.clear();
}

void shell_rules::sent(std::size_t size) noexcept {
  written_ += size;
  if (written_ < out_.size()) return;
  out_.clear();
  written_ = 0;
  shrink(out_, max_text);
}

void shell_rules::tick(duration now) {
  if (const auto limit = due(); limit && now >= *limit) broken(now);
}

std::optional<duration> shell_rules::due() const noexcept {
  if (phase_ == phase::none || !busy()) return std::nullopt;
  if (phase_ == phase::starting) return saturating_add(heard_, limits_.start);
  if (flight_.empty() || (alone_in_flight() && waiting_.empty())) return std::nullopt;
  return saturating_add(heard_, limits_.answer);
}

void shell_rules::give_up(duration now) {
  if (std::exchange(given_up_, true)) return;
  given_up_at_ = now;
  for (auto* who : std::exchange(waiting_, {})) act(action_kind::alone, who);
  if (flight_.empty() && phase_ != phase::none) broken(now);
}

bool shell_rules::fits(const remote_command& wanted) const noexcept {
  if (wanted.shell.prelude.empty() || wanted.end_mark.empty()) return false;
  if (phase_ != phase::none) return wanted.shell.prelude == prelude_ && wanted.command == command_;
  if (waiting_.empty()) return true;
  const auto& first = *waiting_.front()->command;
  return wanted.shell.prelude == first.shell.prelude && wanted.command == first.command;
}

/// What takes its time has no limit but its user's.
bool shell_rules::alone_in_flight() const noexcept {
  const auto* who = flight_.empty() ? nullptr : flight_.back().who;
  return who != nullptr && takes_time(*who);
}

}  // namespace remote_job::inline REMOTE_JOB_ABI::detail

#endif
