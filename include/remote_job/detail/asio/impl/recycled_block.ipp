// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_DETAIL_ASIO_IMPL_RECYCLED_BLOCK_IPP
#define REMOTE_JOB_DETAIL_ASIO_IMPL_RECYCLED_BLOCK_IPP

#include <remote_job/detail/asio/recycled_block.hpp>

#include <cstddef>
#include <new>
#include <string>
#include <utility>

namespace remote_job::inline REMOTE_JOB_ABI::detail {

void shrink(std::string& buffer, std::size_t wanted) noexcept {
  if (buffer.capacity() > std::size_t{256} * 1024 && buffer.capacity() / 4 > wanted) buffer = std::string();
}

void* recycled_block::take(std::size_t size) {
  if (out_) return ::operator new(size);
  if (size > size_) {
    ::operator delete(std::exchange(block_, nullptr));
    size_ = 0;
    block_ = ::operator new(size);
    size_ = size;
  }
  out_ = true;
  return block_;
}

void recycled_block::give(void* p) noexcept {
  if (p == block_)
    out_ = false;
  else
    ::operator delete(p);
}

}  // namespace remote_job::inline REMOTE_JOB_ABI::detail

#endif
