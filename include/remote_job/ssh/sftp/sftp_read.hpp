// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_SSH_SFTP_SFTP_READ_HPP
#define REMOTE_JOB_SSH_SFTP_SFTP_READ_HPP

#include <remote_job/ssh/sftp/sftp_task.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace remote_job::inline v0::ssh {

/// Reads a range of a file: one round trip if the file is open already and the range is small, three if it is not.
///
/// A path is opened only after the server has said that it is a regular file: to open a FIFO waits for its writer, and
/// the whole server with it. A file that stays open is that of the path only until the path is given to another. So
/// beside the bytes the attributes of the path are asked for; when they are not as before, or were not the last time,
/// also those of the open file, and when they are of two files the path is opened anew and the bytes are read again.
/// Version 3 knows no inode: another file of equal size, owner, mode and second of modification is not told from the
/// old one until one of these changes.
class sftp_read final : public sftp_task, public sftp_receiver, public sftp_opener {
 public:
  static constexpr std::uint32_t chunk_size = 255 * 1024;  ///< one request; OpenSSH answers no more than that
  static constexpr std::size_t window = 32;                ///< requests in flight

  sftp_read(std::string path, std::uint64_t offset, std::size_t max, std::string& out, std::shared_ptr<sftp_user> user,
            detail::any_completion completion)
      : sftp_task(std::move(path), std::move(user), std::move(completion)),
        out_(&out),
        begin_(offset),
        end_(offset + std::min<std::uint64_t>(max, std::numeric_limits<std::uint64_t>::max() - offset)) {
    out.clear();
  }

 private:
  enum kind : std::uint64_t { before_opening, of_path, of_file, of_path_again, first_chunk };

  struct chunk {
    std::uint64_t from = 0;
    std::uint32_t wanted = 0;  // bytes that are still to come
    std::string bytes{};       // come before those of the chunk before
    bool answered = false;
    bool at_end = false;
  };

  void begin() override {
    ++round_;
    checked_ = false;
    if (!desk().files.has(path())) return ask_path(before_opening);
    file_ = desk().files.acquire(path(), self());
    // A path whose file changes again and again is not followed for ever.
    checked_ = round_ > 3;
    ask();
  }

  void on_open(const std::optional<sftp_status>& failure) override {
    if (!outstanding()) return;
    if (failure) return refused(sftp_error(*failure), {});
    opened_ = checked_ = true;
    size_ = at_path_->size;
    file_->seen = *at_path_;
    ask();
  }

  void leave() override {
    // What came of a file that may be another one is not passed on.
    if (!checked_) out_->clear();
    if (file_) desk().files.release(file_);
    file_.reset();
  }

  std::shared_ptr<sftp_task> copy(detail::any_completion completion) override {
    return std::make_shared<sftp_read>(path(), begin_, static_cast<std::size_t>(end_ - begin_), *out_, user(),
                                       std::move(completion));
  }

  std::shared_ptr<sftp_user> asked_for() const override { return user(); }
  std::shared_ptr<sftp_user> opens_for() const override { return user(); }

  void ask_path(kind question) {
    if (auto& last = desk().last_stat; question != of_path_again && last && last->leads(path()))
      last->follow(self(), tag(question));
    else
      desk().channel.stat(self(), tag(question), path());
  }

  void ask_file() {
    file_asked_ = true;
    desk().channel.fstat(self(), tag(of_file), file_->handle());
  }

  void ask() {
    out_->clear();
    chunks_.clear();
    first_serial_ = next_serial_;
    next_ = begin_;
    failure_.reset();
    file_asked_ = ended_ = again_ = false;
    if (!checked_) {
      size_.reset();
      at_path_.reset();
      at_file_.reset();
      ask_path(of_path);
      if (file_->changing) ask_file();
    }
    fill(std::max(file_->seen.size.value_or(0), begin_ + 1));
  }

  /// As far as is known, the file reaches at least to here. Where no size is told, the end is found by reading.
  std::uint64_t known_end() const noexcept {
    if (size_.value_or(0) > 0) return *size_;
    return chunks_.empty() && next_ < end_ ? next_ + 1 : 0;
  }

  /// Asks for the bytes up to where the file is known to reach.
  void fill(std::uint64_t limit) {
    while (chunks_.size() < window && next_ < std::min(end_, limit)) {
      const auto wanted = static_cast<std::uint32_t>(std::min<std::uint64_t>(chunk_size, end_ - next_));
      chunks_.push_back({next_, wanted});
      request(chunks_.back(), next_serial_++);
      next_ += wanted;
    }
  }

  void request(chunk& c, std::uint64_t serial) {
    c.answered = false;
    desk().channel.read(self(), tag(first_chunk + serial), file_->handle(), c.from, c.wanted);
  }

  bool on_reply(std::uint64_t question, const sftp_reply& reply) override {
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

  void open_if_regular(const sftp_reply& reply) {
    if (reply.type == sftp_type::status) return refused(sftp_error(reply.status), reply.text);
    if (reply.attributes.is_directory()) return refused(std::make_error_code(std::errc::is_a_directory), {});
    if (!reply.attributes.is_regular())
      return finish(std::make_error_code(std::errc::io_error), printable(path()) + ": no regular file");
    at_path_ = reply.attributes;
    file_ = desk().files.acquire(path(), self());
    if (file_->is_open()) on_open(std::nullopt);  // another has had it opened meanwhile
  }

  bool on_chunk(std::uint64_t serial, const sftp_reply& reply) {
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

  void on_attributes(std::uint64_t what, const sftp_reply& reply) {
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

  /// Whether the open file is known to be that of the path; what is not known is asked for, and a wrong file left.
  bool is_of_path() {
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

  bool accept(const sftp_attributes& now) {
    size_ = now.size;
    file_->changing = now != file_->seen;
    file_->seen = now;
    if (size_.value_or(0) > begin_) out_->reserve(static_cast<std::size_t>(std::min(end_, *size_) - begin_));
    return checked_ = true;
  }

  void go_on() {
    advance();
    if (!checked_ && !failure_) return;
    if (failure_) {
      // What was open may be a file that has gone bad, as one of a process that has ended.
      if (!opened_ && round_ <= 3) return begin_anew();
      return refused(sftp_error(*failure_), {});
    }
    if (!ended_) fill(known_end());
    if (ended_ || chunks_.empty()) finish({});
  }

  /// Puts together what has come without a gap.
  void advance() {
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
      ended_ = c.at_end || (size_.value_or(0) > 0 && c.from >= *size_);
      if (ended_) return chunks_.clear();
      request(c, first_serial_);
    }
    if (checked_ && !failure_) fill(known_end());
  }

  void begin_anew() {
    desk().files.drop(*file_);
    leave();
    begin();
  }

  /// Whether a file that is `before` can be `after` a moment later, by growing.
  static bool may_become(const sftp_attributes& before, const sftp_attributes& after) {
    return before.user == after.user && before.group == after.group && before.permissions == after.permissions &&
           before.size <= after.size && before.modified <= after.modified;
  }

  std::shared_ptr<sftp_read> self() { return std::static_pointer_cast<sftp_read>(shared_from_this()); }
  std::uint64_t tag(std::uint64_t what) const noexcept { return what * max_rounds + round_; }

  static constexpr std::uint64_t max_rounds = 8;

  std::string* out_;
  std::uint64_t begin_;
  std::uint64_t end_;
  std::shared_ptr<sftp_file> file_;
  std::uint64_t round_ = 0;

  std::deque<chunk> chunks_;  // asked for, in order
  std::uint64_t first_serial_ = 0;
  std::uint64_t next_serial_ = 0;
  std::uint64_t next_ = 0;

  std::optional<sftp_status> failure_;
  std::optional<std::uint64_t> size_;
  std::optional<sftp_attributes> at_path_;
  std::optional<sftp_attributes> at_file_;
  bool file_asked_ = false;
  bool again_ = false;    // the path was asked for again, after the file
  bool opened_ = false;   // for this reading
  bool checked_ = false;  // the file is that of the path
  bool ended_ = false;
};

}  // namespace remote_job::inline v0::ssh

#endif
