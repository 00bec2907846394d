// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_DETAIL_ASIO_RECYCLED_BLOCK_HPP
#define REMOTE_JOB_DETAIL_ASIO_RECYCLED_BLOCK_HPP

#include <remote_job/config.hpp>

#include <cstddef>
#include <memory>
#include <string>
#include <utility>

namespace remote_job::inline REMOTE_JOB_ABI::detail {

/// Frees the memory of a buffer that is far larger than the next use needs.
REMOTE_JOB_DECL void shrink(std::string& buffer, std::size_t wanted) noexcept;

/// One memory block that is reused, so that a repeated step allocates once. While the block is in use, further requests
/// go to the heap.
class recycled_block {
 public:
  recycled_block() = default;
  recycled_block(const recycled_block&) = delete;
  recycled_block& operator=(const recycled_block&) = delete;
  ~recycled_block() { ::operator delete(block_); }

  REMOTE_JOB_DECL void* take(std::size_t size);
  REMOTE_JOB_DECL void give(void* p) noexcept;

 private:
  void* block_ = nullptr;
  std::size_t size_ = 0;
  bool out_ = false;
};

/// An allocator that uses a recycled_block and shares its ownership.
template <class T>
struct kept_allocator {
  using value_type = T;
  static_assert(alignof(T) <= __STDCPP_DEFAULT_NEW_ALIGNMENT__);

  std::shared_ptr<recycled_block> memory;

  explicit kept_allocator(std::shared_ptr<recycled_block> m) noexcept : memory(std::move(m)) {}
  template <class U>
  kept_allocator(const kept_allocator<U>& other) noexcept : memory(other.memory) {}

  T* allocate(std::size_t n) {
    if (n > std::size_t(-1) / sizeof(T)) throw std::bad_array_new_length();
    return static_cast<T*>(memory->take(n * sizeof(T)));
  }
  void deallocate(T* p, std::size_t) noexcept { memory->give(p); }

  template <class U>
  bool operator==(const kept_allocator<U>& other) const noexcept {
    return memory == other.memory;
  }
};

}  // namespace remote_job::inline REMOTE_JOB_ABI::detail

#if !defined(REMOTE_JOB_SEPARATE_COMPILATION)
#include <remote_job/detail/asio/impl/recycled_block.ipp>
#endif

#endif
