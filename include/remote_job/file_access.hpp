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

// What is read into a copy is lost; see async_execute_into_copy.
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

/// A transport that also reads the host's files itself: a watch then needs no command, no shell and no process there.
///
/// | expression | meaning |
/// |---|---|
/// | `t.async_stat(path, status, token)` | fills the status of what the path names, symbolic links followed; `void(std::error_code)` |
/// | `t.async_read_file(path, offset, max, out, token)` | replaces out by the bytes of the file from the offset on: max of them, or as many as there are; `void(std::error_code)` |
///
/// Paths are bytes as in `job_spec`; a relative one is taken as by a command. An offset at or behind the end gives no
/// bytes, and no error. Both are asked of an open connection, and *several at once*, which the host may answer in any
/// order; asked for together they should take one round trip. `path`, `status` and `out` stay alive and in place until
/// the completion, and out is to keep its memory. Completions never come inline, honour the handler's associated
/// executor and allocator, and terminal cancellation through its slot, which ends that operation alone and costs the
/// connection nothing; `close()` ends them all.
///
/// @par Errors
/// These are answers, and no failures of the connection: `std::errc::no_such_file_or_directory` and `not_a_directory`,
/// there is no such file; `permission_denied`, `is_a_directory` and `io_error`, it is there but the host cannot read
/// it. What is neither file nor directory, as a FIFO, is an `io_error`, and is not opened: that could wait for ever.
/// With any other error, and when it is cancelled, a read leaves in out no byte but those that came, from the offset on
/// without a gap: a watch makes use of them, so that a slow link makes progress. `errc::files_unavailable`: the host
/// offers no file access, or tells no sizes; the connection is as good for commands as it was. Any other error is that
/// of the connection, and is treated as one of async_execute.
///
/// @par Exemplar
/// The least that will do:
/// @include minimal_file_access.hpp
template <class T>
concept file_access_transport = transport<T> && detail::has_async_stat<T> && detail::has_async_read_file<T>;

/// Asserts of a transport that has a member of this name that both are there and can be called. One that has neither
/// has no file access, which is no mistake (a final class cannot be looked into: there a wrong member is silently
/// absent).
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
