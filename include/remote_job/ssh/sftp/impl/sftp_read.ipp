// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_SSH_SFTP_IMPL_SFTP_READ_IPP
#define REMOTE_JOB_SSH_SFTP_IMPL_SFTP_READ_IPP

#include <remote_job/ssh/sftp/sftp_read.hpp>
#include <remote_job/ssh/sftp/sftp_task.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <system_error>
#include <utility>

namespace remote_job::inline REMOTE_JOB_ABI::ssh {

sftp_read::sftp_read(std::string path, std::uint64_t offset, std::size_t max, std::string& out,
                     std::shared_ptr<sftp_user> user, detail::any_completion completion)
    : sftp_task(std::move(path), std::move(user), std::move(completion)),
      out_(&out),
      begin_(offset),
      end_(offset + std::min<std::uint64_t>(max, std::numeric_limits<std::uint64_t>::max() - offset)) {
  out.clear();
}

void sftp_read::begin() {
  ++round_;
  checked_ = false;
  if (!desk().files.has(path())) return ask_path(before_opening);
  file_ = desk().files.acquire(path(), self());
  // A path whose file changes again and again is not followed for ever.
  checked_ = round_ > 3;
  ask();
}

void sftp_read::on_open(const std::optional<sftp_status>& failure) {
  if (!outstanding()) return;
  if (failure) return refused(sftp_error(*failure), {});
  opened_ = checked_ = true;
  size_ = at_path_->size;
  file_->seen = *at_path_;
  ask();
}

void sftp_read::leave() {
  // What came of a file that may be another one is not passed on.
  if (!checked_) out_->clear();
  if (file_) desk().files.release(file_);
  file_.reset();
}

std::shared_ptr<sftp_task> sftp_read::copy(detail::any_completion completion) {
  return std::make_shared<sftp_read>(path(), begin_, static_cast<std::size_t>(end_ - begin_), *out_, user(),
                                     std::move(completion));
}

void sftp_read::ask_path(kind question) {
  if (auto& last = desk().last_stat; question != of_path_again && last && last->leads(path()))
    last->follow(self(), tag(question));
  else
    desk().channel.stat(self(), tag(question), path());
}

void sftp_read::ask_file() {
  file_asked_ = true;
  desk().channel.fstat(self(), tag(of_file), file_->handle());
}

void sftp_read::ask() {
  out_->clear();
  chunks_.clear();
  first_serial_ = next_serial_;
  next_ = begin_;
  failure_.reset();
  file_asked_ = ended_ = lags_ = again_ = false;
  if (!checked_) {
    size_.reset();
    at_path_.reset();
    at_file_.reset();
    ask_path(of_path);
    if (file_->changing) ask_file();
  }
  fill(std::max(file_->seen.size.value_or(0), begin_ + 1));
}

std::uint64_t sftp_read::known_end() const noexcept {
  if (size_.value_or(0) > 0 && (next_ <= *size_ || !chunks_.empty())) return *size_;
  return chunks_.empty() && next_ < end_ ? next_ + 1 : 0;
}

void sftp_read::fill(std::uint64_t limit) {
  while (chunks_.size() < window && next_ < std::min(end_, limit)) {
    const auto wanted = static_cast<std::uint32_t>(std::min<std::uint64_t>(desk().channel.max_read(), end_ - next_));
    chunks_.push_back({next_, wanted});
    request(chunks_.back(), next_serial_++);
    next_ += wanted;
  }
}

void sftp_read::request(chunk& c, std::uint64_t serial) {
  c.answered = false;
  desk().channel.read(self(), tag(first_chunk + serial), file_->handle(), c.from, c.wanted);
}

bool sftp_read::on_reply(std::uint64_t question, const sftp_reply& reply) {
  if (!outstanding() || question % max_rounds != round_) return true;  // of no interest any more
  const auto what = question / max_rounds;
  const bool refusal = reply.type == sftp_type::status && reply.status != sftp_status::ok;
  if (what >= first_chunk) {
    if (!(refusal || reply.type == sftp_type::data) || !on_chunk(what - first_chunk, reply)) return false;
    go_on();
  } else {
    if (!(refusal || reply.type == sftp_type::attributes)) return false;
    if (what == before_opening)
      open_if_regular(reply);
    else
      on_attributes(what, reply);
  }
  return true;
}

void sftp_read::open_if_regular(const sftp_reply& reply) {
  if (reply.type == sftp_type::status) return refused(sftp_error(reply.status), reply.text);
  if (reply.attributes.is_directory()) return refused(std::make_error_code(std::errc::is_a_directory), {});
  if (!reply.attributes.is_regular())
    return finish(std::make_error_code(std::errc::io_error), printable(path()) + ": no regular file");
  at_path_ = reply.attributes;
  file_ = desk().files.acquire(path(), self());
  if (file_->is_open()) on_open(std::nullopt);  // another has had it opened meanwhile
}

bool sftp_read::on_chunk(std::uint64_t serial, const sftp_reply& reply) {
  if (serial - first_serial_ >= chunks_.size()) return true;
  auto& c = chunks_[static_cast<std::size_t>(serial - first_serial_)];
  c.answered = true;
  if (reply.type == sftp_type::status) {
    c.at_end = reply.status == sftp_status::eof;
    if (!c.at_end) failure_ = reply.status;
    return true;
  }
  if (reply.text.size() > c.wanted) return false;
  c.at_end = reply.text.empty();
  c.from += reply.text.size();
  c.wanted -= static_cast<std::uint32_t>(reply.text.size());
  (serial == first_serial_ ? *out_ : c.bytes) += reply.text;
  return true;
}

void sftp_read::on_attributes(std::uint64_t what, const sftp_reply& reply) {
  const bool known = reply.type == sftp_type::attributes;
  if (!known && what != of_file) return begin_anew();  // there is no such path any more
  if (!known) {
    failure_ = reply.status;
    return go_on();
  }
  (what == of_file ? at_file_ : at_path_) = reply.attributes;
  if (what == of_path_again) again_ = true;
  if (checked_ || is_of_path()) go_on();
}

bool sftp_read::is_of_path() {
  if (!at_path_ || (file_asked_ && !at_file_)) return false;
  if (!file_asked_) {
    if (*at_path_ == file_->seen) return accept(*at_path_);
    ask_file();
    return false;
  }
  if (*at_path_ == *at_file_ || (again_ && may_become(*at_file_, *at_path_))) return accept(*at_file_);
  if (again_ || !may_become(*at_path_, *at_file_)) return begin_anew(), false;
  // Grown between the two answers, or another file: what the file has come to, the path must have come to later.
  at_path_.reset();
  ask_path(of_path_again);
  return false;
}

bool sftp_read::accept(const sftp_attributes& now) {
  size_ = now.size;
  file_->changing = now != file_->seen;
  file_->seen = now;
  if (size_.value_or(0) > begin_) out_->reserve(static_cast<std::size_t>(std::min(end_, *size_) - begin_));
  return checked_ = true;
}

void sftp_read::go_on() {
  advance();
  if (!checked_ && !failure_) return;
  if (failure_) {
    // What was open may be a file that has gone bad, as one of a process that has ended.
    if (!opened_ && round_ <= 3) return begin_anew();
    return refused(sftp_error(*failure_), {});
  }
  // Some servers see through an open handle no more than was there when it was opened.
  if (ended_ && lags_ && !opened_ && round_ <= 3) return begin_anew();
  if (!ended_) fill(known_end());
  if (ended_ || chunks_.empty()) finish({});
}

void sftp_read::advance() {
  while (!chunks_.empty() && chunks_.front().answered && !failure_) {
    auto& c = chunks_.front();
    *out_ += c.bytes;
    c.bytes.clear();
    if (c.wanted == 0) {
      chunks_.pop_front();
      ++first_serial_;
      continue;
    }
    // Less than was asked for: the end, or all that the server gives at once. Some files, as those of /proc, say that
    // they are empty and are not.
    if (!checked_) return;
    // Who has read beyond the size told knows that there is more than it tells: read to the end.
    ended_ = c.at_end || (size_.value_or(0) > 0 && c.from == *size_);
    lags_ = c.at_end && c.from < size_.value_or(0);
    if (ended_) return chunks_.clear();
    request(c, first_serial_);
  }
  if (checked_ && !failure_) fill(known_end());
}

void sftp_read::begin_anew() {
  desk().files.drop(*file_);
  leave();
  begin();
}

bool sftp_read::may_become(const sftp_attributes& before, const sftp_attributes& after) {
  return before.user == after.user && before.group == after.group && before.permissions == after.permissions &&
         before.size <= after.size && before.modified <= after.modified;
}

}  // namespace remote_job::inline REMOTE_JOB_ABI::ssh

#endif
