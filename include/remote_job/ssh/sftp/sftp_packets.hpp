// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_SSH_SFTP_SFTP_PACKETS_HPP
#define REMOTE_JOB_SSH_SFTP_SFTP_PACKETS_HPP

#include <remote_job/config.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// The packets of SFTP version 3 (draft-ietf-secsh-filexfer-02) that reading files needs. Pure functions: no I/O.
namespace remote_job::inline REMOTE_JOB_ABI::ssh {

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
  unsupported = 8,
  no_such_path = 10  ///< of later versions, which some servers send all the same
};

/// What version 3 tells of a file (section 5). It has no inode number, and times in whole seconds.
struct sftp_attributes {
  std::optional<std::uint64_t> size;
  std::optional<std::uint32_t> user;
  std::optional<std::uint32_t> group;
  std::optional<std::uint32_t> permissions;  ///< st_mode of POSIX
  std::optional<std::uint32_t> modified;     ///< seconds since 1970

  bool is_directory() const noexcept { return type() == 0040000U; }

  /// A server that does not tell is believed to have regular files only: without permissions, or without the type in
  /// them, as on Windows.
  bool is_regular() const noexcept { return type() == 0100000U || type() == 0; }

  friend bool operator==(const sftp_attributes&, const sftp_attributes&) = default;

 private:
  std::uint32_t type() const noexcept { return permissions.value_or(0) & 0170000U; }
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
  REMOTE_JOB_DECL void open(std::uint32_t id, std::string_view path);
  void close(std::uint32_t id, std::string_view handle) { named(sftp_type::close, id, handle); }
  void stat(std::uint32_t id, std::string_view path) { named(sftp_type::stat, id, path); }
  void fstat(std::uint32_t id, std::string_view handle) { named(sftp_type::fstat, id, handle); }
  REMOTE_JOB_DECL void read(std::uint32_t id, std::string_view handle, std::uint64_t offset, std::uint32_t size);

 private:
  REMOTE_JOB_DECL void named(sftp_type type, std::uint32_t id, std::string_view name);
  REMOTE_JOB_DECL void head(sftp_type type, std::size_t size, std::uint32_t id);
  REMOTE_JOB_DECL void number(std::uint32_t n);
  REMOTE_JOB_DECL void text(std::string_view bytes);

  std::string& to_;
};

/// Takes fields off the front of a packet. Once one was not there, none is.
class sftp_reader {
 public:
  explicit sftp_reader(std::string_view bytes) : rest_(bytes) {}

  bool good() const noexcept { return good_; }

  REMOTE_JOB_DECL std::uint8_t byte();
  REMOTE_JOB_DECL std::uint32_t number();
  REMOTE_JOB_DECL std::uint64_t long_number();
  std::string_view text() { return take(number()); }
  bool at_end() const noexcept { return rest_.empty(); }

 private:
  REMOTE_JOB_DECL std::string_view take(std::size_t size);

  std::string_view rest_;
  bool good_ = true;
};

REMOTE_JOB_DECL sftp_attributes read_sftp_attributes(sftp_reader& in);

/// What a server says of itself at first.
struct sftp_version {
  std::uint32_t number = 0;
  bool limits = false;  ///< it has OpenSSH's extension that tells limits, and answers to more than it has to
};

/// The server's first packet, without its length; nothing if that is not what it is.
REMOTE_JOB_DECL std::optional<sftp_version> parse_sftp_version(std::string_view packet);

/// A packet without its length; nothing if it is no answer to any of our requests.
REMOTE_JOB_DECL std::optional<sftp_reply> parse_sftp_reply(std::string_view packet);

/// Cuts a stream of bytes into packets. Holds at most one packet and what came with it.
class sftp_inbox {
 public:
  static constexpr std::size_t max_packet = 256 * 1024 + 9;  ///< without the length; 9: the head of data

  /// Room for the bytes that come next: at least one.
  REMOTE_JOB_DECL std::pair<char*, std::size_t> prepare();

  /// So many bytes have come.
  void commit(std::size_t size) noexcept { end_ += size; }

  /// The next whole packet without its length, good until prepare(). Nothing while it is not there, and if broken().
  REMOTE_JOB_DECL std::optional<std::string_view> next();

  /// Whether what has come cannot be the beginning of a packet.
  bool broken() const noexcept { return end_ - begin_ >= 4 && (length() == 0 || length() > max_packet); }

  /// What has come and is no whole packet yet.
  std::string_view rest() const noexcept { return {bytes_.data() + begin_, end_ - begin_}; }

 private:
  static constexpr std::size_t least = 32 * 1024;

  REMOTE_JOB_DECL std::size_t length() const noexcept;

  std::vector<char> bytes_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
};

}  // namespace remote_job::inline REMOTE_JOB_ABI::ssh

#if !defined(REMOTE_JOB_SEPARATE_COMPILATION)
#include <remote_job/ssh/sftp/impl/sftp_packets.ipp>
#endif

#endif
