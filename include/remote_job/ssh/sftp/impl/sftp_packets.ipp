// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_SSH_SFTP_IMPL_SFTP_PACKETS_IPP
#define REMOTE_JOB_SSH_SFTP_IMPL_SFTP_PACKETS_IPP

#include <remote_job/ssh/sftp/sftp_packets.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string_view>
#include <utility>

namespace remote_job::inline REMOTE_JOB_ABI::ssh {

void sftp_writer::open(std::uint32_t id, std::string_view path) {
  head(sftp_type::open, 4 + 4 + path.size() + 8, id);
  text(path);
  number(1);  // SSH_FXF_READ
  number(0);  // no attributes
}

void sftp_writer::read(std::uint32_t id, std::string_view handle, std::uint64_t offset, std::uint32_t size) {
  head(sftp_type::read, 4 + 4 + handle.size() + 12, id);
  text(handle);
  number(static_cast<std::uint32_t>(offset >> 32));
  number(static_cast<std::uint32_t>(offset));
  number(size);
}

void sftp_writer::named(sftp_type type, std::uint32_t id, std::string_view name) {
  head(type, 4 + 4 + name.size(), id);
  text(name);
}

void sftp_writer::head(sftp_type type, std::size_t size, std::uint32_t id) {
  number(static_cast<std::uint32_t>(size + 1));
  to_ += static_cast<char>(type);
  number(id);
}

void sftp_writer::number(std::uint32_t n) {
  for (int shift = 24; shift >= 0; shift -= 8) to_ += static_cast<char>(n >> shift);
}

void sftp_writer::text(std::string_view bytes) {
  number(static_cast<std::uint32_t>(bytes.size()));
  to_ += bytes;
}

std::uint8_t sftp_reader::byte() {
  const auto one = take(1);
  return one.empty() ? std::uint8_t{0} : static_cast<std::uint8_t>(one[0]);
}

std::uint32_t sftp_reader::number() {
  std::uint32_t n = 0;
  for (const char c : take(4)) n = n << 8 | static_cast<unsigned char>(c);
  return n;
}

std::uint64_t sftp_reader::long_number() {
  const std::uint64_t high = number();
  return high << 32 | number();
}

std::string_view sftp_reader::take(std::size_t size) {
  good_ = good_ && size <= rest_.size();
  if (!good_) return {};
  const auto front = rest_.substr(0, size);
  rest_.remove_prefix(size);
  return front;
}

sftp_attributes read_sftp_attributes(sftp_reader& in) {
  sftp_attributes a;
  const auto flags = in.number();
  if (flags & 1U) a.size = in.long_number();
  if (flags & 2U) {
    a.user = in.number();
    a.group = in.number();
  }
  if (flags & 4U) a.permissions = in.number();
  if (flags & 8U) {
    in.number();  // of the last access: our own reading changes it
    a.modified = in.number();
  }
  // Extended pairs may follow; nothing follows those.
  return a;
}

std::optional<sftp_version> parse_sftp_version(std::string_view packet) {
  sftp_reader in(packet);
  const auto type = in.byte();
  sftp_version version{in.number()};
  if (!in.good() || type != static_cast<std::uint8_t>(sftp_type::version)) return std::nullopt;
  while (in.good() && !in.at_end()) {
    const auto name = in.text();
    in.text();
    version.limits = version.limits || (in.good() && name == "limits@openssh.com");
  }
  return version;
}

std::optional<sftp_reply> parse_sftp_reply(std::string_view packet) {
  sftp_reader in(packet);
  sftp_reply reply;
  reply.type = static_cast<sftp_type>(in.byte());
  reply.id = in.number();
  switch (reply.type) {
    case sftp_type::status:
      reply.status = static_cast<sftp_status>(in.number());
      if (in.good() && !in.at_end()) reply.text = in.text();  // the first servers sent no text
      break;
    case sftp_type::handle:
      reply.text = in.text();
      if (reply.text.empty() || reply.text.size() > 256) return std::nullopt;  // section 6.2
      break;
    case sftp_type::data: reply.text = in.text(); break;
    case sftp_type::attributes: reply.attributes = read_sftp_attributes(in); break;
    default: return std::nullopt;
  }
  if (!in.good()) return std::nullopt;
  return reply;
}

std::pair<char*, std::size_t> sftp_inbox::prepare() {
  std::size_t wanted = least;
  if (end_ - begin_ >= 4 && !broken()) wanted = std::max(wanted, 4 + length() - std::min(4 + length(), end_ - begin_));
  if (begin_ == end_) {
    begin_ = end_ = 0;
  } else if (bytes_.size() - end_ < least) {
    std::memmove(bytes_.data(), bytes_.data() + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
  }
  if (bytes_.size() - end_ < wanted) bytes_.resize(end_ + wanted);
  return {bytes_.data() + end_, bytes_.size() - end_};
}

std::optional<std::string_view> sftp_inbox::next() {
  if (end_ - begin_ < 4 || broken() || end_ - begin_ - 4 < length()) return std::nullopt;
  const std::string_view packet(bytes_.data() + begin_ + 4, length());
  begin_ += 4 + packet.size();
  return packet;
}

std::size_t sftp_inbox::length() const noexcept {
  std::size_t n = 0;
  for (std::size_t i = 0; i < 4; ++i) n = n << 8 | static_cast<unsigned char>(bytes_[begin_ + i]);
  return n;
}

}  // namespace remote_job::inline REMOTE_JOB_ABI::ssh

#endif
