// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_FILE_ACCESS_HPP
#define REMOTE_JOB_FILE_ACCESS_HPP

#include <remote_job/detail/concept/archetype.hpp>
#include <remote_job/file_status.hpp>
#include <remote_job/transport.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <type_traits>

namespace remote_job::inline REMOTE_JOB_ABI {

namespace detail {

template <class T>
concept async_stat_by_function = requires(T& t, const std::string& path, file_status& status) {
  typename member<&T::async_stat>;
  t.async_stat(path, status, std::declval<function_archetype>());
}
&&!requires(T & t, const std::string& path, file_status& status) {
  t.async_stat(path, status, std::declval<stranger>());
};

// Reading into a copy would lose the bytes; see async_execute_into_copy.
template <class T>
concept async_stat_into_copy = requires(T& t, const std::string& path) {
  t.template async_stat<handler_archetype>(path, file_status(), std::declval<handler_archetype>());
}
|| requires(T& t, const std::string& path) {
  typename member<&T::async_stat>;
  t.async_stat(path, file_status(), std::declval<handler_archetype>());
};

template <class T>
concept async_read_file_into_copy = requires(T& t, const std::string& path, std::uint64_t offset, std::size_t max) {
  t.template async_read_file<handler_archetype>(path, offset, max, std::string(), std::declval<handler_archetype>());
}
|| requires(T& t, const std::string& path, std::uint64_t offset, std::size_t max) {
  typename member<&T::async_read_file>;
  t.async_read_file(path, offset, max, std::string(), std::declval<handler_archetype>());
};

template <class T>
concept has_async_stat = requires(T& t, const std::string& path, file_status& status) {
  t.async_stat(path, status, std::declval<handler_archetype>());
}
&&!async_stat_by_function<T> && !async_stat_into_copy<T>;

template <class T>
concept async_read_file_by_function = requires(T& t, const std::string& path, std::size_t max, std::string& out) {
  typename member<&T::async_read_file>;
  t.async_read_file(path, 0, max, out, std::declval<function_archetype>());
}
&&!requires(T & t, const std::string& path, std::size_t max, std::string& out) {
  t.async_read_file(path, 0, max, out, std::declval<stranger>());
};

template <class T>
concept has_async_read_file = requires(T& t, const std::string& path, std::uint64_t offset, std::size_t max,
                                       std::string& out, wide_offset wide) {
  t.async_read_file(path, offset, max, out, std::declval<handler_archetype>());
  t.async_read_file(path, wide, max, out, std::declval<handler_archetype>());
}
&&!async_read_file_by_function<T> && !async_read_file_into_copy<T>;

struct names_of_file_access {
  void async_stat();
  void async_read_file();
};

template <class T>
concept names_async_stat = has_async_stat<T> ||
    (open_class<T> && !requires { &ambiguous<T, names_of_file_access>::async_stat; });

template <class T>
concept names_async_read_file = has_async_read_file<T> ||
    (open_class<T> && !requires { &ambiguous<T, names_of_file_access>::async_read_file; });

template <class T>
concept names_file_access = names_async_stat<T> || names_async_read_file<T>;

}  // namespace detail

/// A transport that also reads the host's files. A watch then needs no command, shell or process on the host.
///
/// | expression | meaning |
/// |---|---|
/// | `t.async_stat(path, status, token)` | fills the status of the file at path, following symbolic links; `void(std::error_code)` |
/// | `t.async_read_file(path, offset, max, out, token)` | replaces out with up to max bytes of the file, starting at offset; `void(std::error_code)` |
///
/// Paths are bytes, as in `job_spec`; a relative path is resolved as for a command. Reading at or behind the end gives
/// no bytes and no error. Both operations need an open connection. *Several may be outstanding at once*; the host may
/// answer them in any order, and those started together should take one round trip. `path`, `status` and `out` stay
/// alive and in place until the completion; out should keep its capacity. Completions are never inline and honour the
/// handler's associated executor and allocator, and terminal cancellation through its slot. Cancellation ends only that
/// operation and does not affect the connection; `close()` ends all of them.
///
/// @par Errors
/// The following errors are answers, not failures of the connection. `std::errc::no_such_file_or_directory` and
/// `not_a_directory`: the file does not exist. `permission_denied`, `is_a_directory` and `io_error`: it exists, but the
/// host cannot read it. Anything that is neither file nor directory, such as a FIFO, gives `io_error` and is not
/// opened, since that could block forever. After any other error and after cancellation, out holds only bytes that
/// arrived, without a gap from the offset on. A watch uses them, so that a slow link makes progress.
/// `errc::files_unavailable`: the host offers no file access or does not report sizes; the connection remains usable
/// for commands. Any other error is a failure of the connection and is treated like one of async_execute.
///
/// @par Exemplar
/// A minimal implementation:
/// @include minimal_file_access.hpp
template <class T>
concept file_access_transport = transport<T> && detail::has_async_stat<T> && detail::has_async_read_file<T>;

/// For a transport that has one of these members, asserts that both exist and can be called. A transport with neither
/// has no file access, which is not an error. A final class cannot be inspected: its invalid members are silently
/// ignored.
template <class T>
constexpr bool check_file_access() {
  if constexpr (detail::names_file_access<T>) {
    static_assert(detail::has_async_stat<T>,
                  "Transport: file access needs `auto async_stat(const std::string&, file_status&, CompletionToken&&)` "
                  "with completion `void(std::error_code)`");
    static_assert(detail::has_async_read_file<T>,
                  "Transport: file access needs `auto async_read_file(const std::string&, std::uint64_t, std::size_t, "
                  "std::string&, CompletionToken&&)` with completion `void(std::error_code)`");
  }
  return true;
}

}  // namespace remote_job::inline REMOTE_JOB_ABI

#endif
