// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_DETAIL_CONCEPT_ARCHETYPE_HPP
#define REMOTE_JOB_DETAIL_CONCEPT_ARCHETYPE_HPP

#include <remote_job/config.hpp>

#include <concepts>
#include <cstdint>
#include <functional>
#include <system_error>
#include <type_traits>

namespace remote_job::inline REMOTE_JOB_ABI::detail {

/// A completion handler for unevaluated use: concepts check with it whether an initiating function can be called.
struct handler_archetype {
  handler_archetype(handler_archetype&&) = default;
  handler_archetype& operator=(handler_archetype&&) = default;
  void operator()(std::error_code) const {}
};

/// For unevaluated use: valid if the member is a single function or variable that is not a template, overloaded or
/// private. Such a function can be checked for arguments that it must reject without compiling its body.
template <auto Pointer>
struct member;

/// Stands for a std::function. A function that accepts it, but not a stranger, copies its handlers into a
/// std::function. That requires copyable handlers and loses their executor and allocator.
struct function_archetype {
  operator std::function<void(std::error_code)>() const;
};
struct stranger {};

/// An offset that does not convert to a narrower integer: a 32-bit offset would overflow in a long log.
struct wide_offset {
  template <std::integral T>
  requires(sizeof(T) >= sizeof(std::uint64_t)) operator T() const;
};

/// Detects a member by name, whatever its signature: if T has one, the name is ambiguous between T and Names. An
/// optional hook that exists but cannot be called is thus reported as an error instead of being ignored.
template <class T, class Names>
struct ambiguous : T, Names {};

/// Whether members of T can be detected: a final class cannot be derived from.
template <class T>
concept open_class = std::is_class_v<T> && !std::is_final_v<T>;

}  // namespace remote_job::inline REMOTE_JOB_ABI::detail

#endif
