// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_SSH_SFTP_SFTP_PACKETS_HPP
#define REMOTE_JOB_SSH_SFTP_SFTP_PACKETS_HPP

#include <remote_job/config.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// The packets of SFTP version 3 (draft-ietf-secsh-filexfer-02) that reading files needs. Pure functions: no I/O.
namespace remote_job::inline v0::ssh {

/// Section 3.
enum class sftp_type : std::uint8_t {
  init = 1,
  version = 2,
  open = 3,
  close = 4,
  read = 5,
  fstat = 8,
  stat = 17,
  status = 101,
  handle = 102,
  data = 103,
  attributes = 105
};

/// Section 7. A server may answer with other numbers.
enum class sftp_status : std::uint32_t {
  ok = 0,
  eof = 1,
  no_such_file = 2,
  permission_denied = 3,
  failure = 4,
  bad_message = 5,
  unsupported = 8
};

/// What version 3 tells of a file (section 5). It has no inode number, and times in whole seconds.
struct sftp_attributes {
  std::optional<std::uint64_t> size;
  std::optional<std::uint32_t> user;
  std::optional<std::uint32_t> group;
  std::optional<std::uint32_t> permissions;  ///< st_mode of POSIX
  std::optional<std::uint32_t> modified;     ///< seconds since 1970

  bool is_directory() const noexcept { return permissions && (*permissions & 0170000U) == 0040000U; }

  /// A server that does not tell is believed to have regular files only.
  bool is_regular() const noexcept { return (permissions.value_or(0100000U) & 0170000U) == 0100000U; }

  friend bool operator==(const sftp_attributes&, const sftp_attributes&) = default;
};

/// One answer of the server. The views are into the packet it was read from.
struct sftp_reply {
  sftp_type type = sftp_type::status;
  std::uint32_t id = 0;
  sftp_status status = sftp_status::ok;  ///< of a status
  std::string_view text;                 ///< of a status: for a person; of a handle or data: the bytes
  sftp_attributes attributes;
};

/// Writes one request behind what is there already.
class sftp_writer {
 public:
  explicit sftp_writer(std::string& to) : to_(to) {}

  void init() { head(sftp_type::init, 4, 3); }
  void open(std::uint32_t id, std::string_view path) {
    head(sftp_type::open, 4 + 4 + path.size() + 8, id);
    text(path);
    number(1);  // SSH_FXF_READ
    number(0);  // no attributes
  }
  void close(std::uint32_t id, std::string_view handle) { named(sftp_type::close, id, handle); }
  void stat(std::uint32_t id, std::string_view path) { named(sftp_type::stat, id, path); }
  void fstat(std::uint32_t id, std::string_view handle) { named(sftp_type::fstat, id, handle); }
  void read(std::uint32_t id, std::string_view handle, std::uint64_t offset, std::uint32_t size) {
    head(sftp_type::read, 4 + 4 + handle.size() + 12, id);
    text(handle);
    number(static_cast<std::uint32_t>(offset >> 32));
    number(static_cast<std::uint32_t>(offset));
    number(size);
  }

 private:
  void named(sftp_type type, std::uint32_t id, std::string_view name) {
    head(type, 4 + 4 + name.size(), id);
    text(name);
  }
  void head(sftp_type type, std::size_t size, std::uint32_t id) {
    number(static_cast<std::uint32_t>(size + 1));
    to_ += static_cast<char>(type);
    number(id);
  }
  void number(std::uint32_t n) {
    for (int shift = 24; shift >= 0; shift -= 8) to_ += static_cast<char>(n >> shift);
  }
  void text(std::string_view bytes) {
    number(static_cast<std::uint32_t>(bytes.size()));
    to_ += bytes;
  }

  std::string& to_;
};

/// Takes fields off the front of a packet. Once one was not there, none is.
class sftp_reader {
 public:
  explicit sftp_reader(std::string_view bytes) : rest_(bytes) {}

  bool good() const noexcept { return good_; }

  std::uint8_t byte() {
    const auto one = take(1);
    return one.empty() ? std::uint8_t{0} : static_cast<std::uint8_t>(one[0]);
  }
  std::uint32_t number() {
    std::uint32_t n = 0;
    for (const char c : take(4)) n = n << 8 | static_cast<unsigned char>(c);
    return n;
  }
  std::uint64_t long_number() {
    const std::uint64_t high = number();
    return high << 32 | number();
  }
  std::string_view text() { return take(number()); }
  bool at_end() const noexcept { return rest_.empty(); }

 private:
  std::string_view take(std::size_t size) {
    good_ = good_ && size <= rest_.size();
    if (!good_) return {};
    const auto front = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return front;
  }

  std::string_view rest_;
  bool good_ = true;
};

inline sftp_attributes read_sftp_attributes(sftp_reader& in) {
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

/// The version in the server's first packet, without its length; nothing if that is not what it is.
inline std::optional<std::uint32_t> parse_sftp_version(std::string_view packet) {
  sftp_reader in(packet);
  const auto type = in.byte();
  const auto version = in.number();
  if (!in.good() || type != static_cast<std::uint8_t>(sftp_type::version)) return std::nullopt;
  return version;
}

/// A packet without its length; nothing if it is no answer to any of our requests.
inline std::optional<sftp_reply> parse_sftp_reply(std::string_view packet) {
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

/// Cuts a stream of bytes into packets. Holds at most one packet and what came with it.
class sftp_inbox {
 public:
  static constexpr std::size_t max_packet = 256 * 1024 + 9;  ///< without the length; 9: the head of data

  /// Room for the bytes that come next: at least one.
  std::pair<char*, std::size_t> prepare() {
    std::size_t wanted = least;
    if (end_ - begin_ >= 4 && !broken())
      wanted = std::max(wanted, 4 + length() - std::min(4 + length(), end_ - begin_));
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

  /// So many bytes have come.
  void commit(std::size_t size) noexcept { end_ += size; }

  /// The next whole packet without its length, good until prepare(). Nothing while it is not there, and if broken().
  std::optional<std::string_view> next() {
    if (end_ - begin_ < 4 || broken() || end_ - begin_ - 4 < length()) return std::nullopt;
    const std::string_view packet(bytes_.data() + begin_ + 4, length());
    begin_ += 4 + packet.size();
    return packet;
  }

  /// Whether what has come cannot be the beginning of a packet.
  bool broken() const noexcept { return end_ - begin_ >= 4 && (length() == 0 || length() > max_packet); }

  /// What has come and is no whole packet yet.
  std::string_view rest() const noexcept { return {bytes_.data() + begin_, end_ - begin_}; }

 private:
  static constexpr std::size_t least = 32 * 1024;

  std::size_t length() const noexcept {
    std::size_t n = 0;
    for (std::size_t i = 0; i < 4; ++i) n = n << 8 | static_cast<unsigned char>(bytes_[begin_ + i]);
    return n;
  }

  std::vector<char> bytes_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
};

}  // namespace remote_job::inline v0::ssh

#endif
