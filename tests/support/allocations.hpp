// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#pragma once

#include <malloc.h>

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <new>

// Counts every allocation of the program, of one thread, and lets one fail: to be included by one source of an
// executable of its own.
namespace support {

inline std::size_t allocation_count = 0;
inline std::size_t live_bytes = 0;
inline std::size_t peak_bytes = 0;

inline std::size_t allocation_to_fail = 0;  // by its number, from 1; 0: none

inline std::size_t allocations() { return allocation_count; }

/// How much more than now was allocated at one time, at most, while the function ran.
template <class Function>
std::size_t peak_of(Function function) {
  const auto before = peak_bytes = live_bytes;
  function();
  return peak_bytes - before;
}

inline bool fails() { return ++allocation_count == allocation_to_fail; }

inline void* counted(void* p) noexcept {
  live_bytes += malloc_usable_size(p);
  peak_bytes = std::max(peak_bytes, live_bytes);
  return p;
}

inline void* counted(std::size_t size) noexcept { return fails() ? nullptr : counted(std::malloc(size ? size : 1)); }

inline void* counted(std::size_t size, std::align_val_t alignment) noexcept {
  if (fails()) return nullptr;
  const auto align = static_cast<std::size_t>(alignment);
  return counted(std::aligned_alloc(align, (size + align - 1) / align * align));
}

inline void release(void* p) noexcept {
  live_bytes -= malloc_usable_size(p);
  std::free(p);
}

inline void* or_throw(void* p) { return p ? p : throw std::bad_alloc(); }

}  // namespace support

// Not inlined, or the compiler takes new and free for a mismatched pair.
[[gnu::noinline]] void* operator new(std::size_t size) { return support::or_throw(support::counted(size)); }
[[gnu::noinline]] void* operator new[](std::size_t size) { return support::or_throw(support::counted(size)); }
[[gnu::noinline]] void* operator new(std::size_t size, std::align_val_t align) {
  return support::or_throw(support::counted(size, align));
}
[[gnu::noinline]] void* operator new[](std::size_t size, std::align_val_t align) {
  return support::or_throw(support::counted(size, align));
}
[[gnu::noinline]] void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  return support::counted(size);
}
[[gnu::noinline]] void* operator new[](std::size_t size, const std::nothrow_t&) noexcept {
  return support::counted(size);
}
[[gnu::noinline]] void operator delete(void* p) noexcept { support::release(p); }
[[gnu::noinline]] void operator delete[](void* p) noexcept { support::release(p); }
[[gnu::noinline]] void operator delete(void* p, std::size_t) noexcept { support::release(p); }
[[gnu::noinline]] void operator delete[](void* p, std::size_t) noexcept { support::release(p); }
[[gnu::noinline]] void operator delete(void* p, std::align_val_t) noexcept { support::release(p); }
[[gnu::noinline]] void operator delete[](void* p, std::align_val_t) noexcept { support::release(p); }
[[gnu::noinline]] void operator delete(void* p, std::size_t, std::align_val_t) noexcept { support::release(p); }
[[gnu::noinline]] void operator delete[](void* p, std::size_t, std::align_val_t) noexcept { support::release(p); }
[[gnu::noinline]] void operator delete(void* p, const std::nothrow_t&) noexcept { support::release(p); }
[[gnu::noinline]] void operator delete[](void* p, const std::nothrow_t&) noexcept { support::release(p); }
