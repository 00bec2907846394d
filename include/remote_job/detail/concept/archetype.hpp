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

/// A completion handler that is only ever named: concepts ask with it whether an initiating function can be called.
struct handler_archetype {
  handler_archetype(handler_archetype&&) = default;
  handler_archetype& operator=(handler_archetype&&) = default;
  void operator()(std::error_code) const {}
};

/// Only named, to ask whether a member is one function, or variable: neither a template, nor overloaded, nor private.
/// Of such a function can be asked what it must not take; its body is not compiled for that.
template <auto Pointer>
struct member;

/// Takes the place of a std::function: what accepts it, but not a stranger, has its handlers copied into one. A handler
/// need not be copyable, and the executor and allocator that go with it are lost there.
struct function_archetype {
  operator std::function<void(std::error_code)>() const;
};
struct stranger {};

/// An offset that no narrower integer takes: what counts to 2 GiB only would lose its place in a long log.
struct wide_offset {
  template <std::integral T>
  requires(sizeof(T) >= sizeof(std::uint64_t)) operator T() const;
};

/// Finds a member by name whatever its signature: where T has one, the name is ambiguous between T and Names.
/// With it an optional hook that is there but cannot be called is a mistake to be told, not a hook to be skipped.
template <class T, class Names>
struct ambiguous : T, Names {};

/// Whether T can be looked into: a final class cannot be derived from.
template <class T>
concept open_class = std::is_class_v<T> && !std::is_final_v<T>;

}  // namespace remote_job::inline REMOTE_JOB_ABI::detail

#endif
