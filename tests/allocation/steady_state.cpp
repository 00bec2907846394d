// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#include <support/catch.hpp>
#include <support/loopback_world.hpp>

#include <cstdlib>
#include <new>

using namespace remote_job;
using namespace std::chrono_literals;

// An executable of its own: every allocation of the whole program is counted.
namespace {

std::size_t allocations = 0;

void* counted(std::size_t size) noexcept {
  ++allocations;
  return std::malloc(size ? size : 1);
}

void* counted(std::size_t size, std::align_val_t alignment) noexcept {
  ++allocations;
  const auto align = static_cast<std::size_t>(alignment);
  return std::aligned_alloc(align, (size + align - 1) / align * align);
}

void* or_throw(void* p) { return p ? p : throw std::bad_alloc(); }

}  // namespace

// Not inlined, or the compiler takes new and free for a mismatched pair.
[[gnu::noinline]] void* operator new(std::size_t size) { return or_throw(counted(size)); }
[[gnu::noinline]] void* operator new[](std::size_t size) { return or_throw(counted(size)); }
[[gnu::noinline]] void* operator new(std::size_t size, std::align_val_t align) {
  return or_throw(counted(size, align));
}
[[gnu::noinline]] void* operator new[](std::size_t size, std::align_val_t align) {
  return or_throw(counted(size, align));
}
[[gnu::noinline]] void* operator new(std::size_t size, const std::nothrow_t&) noexcept { return counted(size); }
[[gnu::noinline]] void* operator new[](std::size_t size, const std::nothrow_t&) noexcept { return counted(size); }
[[gnu::noinline]] void operator delete(void* p) noexcept { std::free(p); }
[[gnu::noinline]] void operator delete[](void* p) noexcept { std::free(p); }
[[gnu::noinline]] void operator delete(void* p, std::size_t) noexcept { std::free(p); }
[[gnu::noinline]] void operator delete[](void* p, std::size_t) noexcept { std::free(p); }
[[gnu::noinline]] void operator delete(void* p, std::align_val_t) noexcept { std::free(p); }
[[gnu::noinline]] void operator delete[](void* p, std::align_val_t) noexcept { std::free(p); }
[[gnu::noinline]] void operator delete(void* p, std::size_t, std::align_val_t) noexcept { std::free(p); }
[[gnu::noinline]] void operator delete[](void* p, std::size_t, std::align_val_t) noexcept { std::free(p); }
[[gnu::noinline]] void operator delete(void* p, const std::nothrow_t&) noexcept { std::free(p); }
[[gnu::noinline]] void operator delete[](void* p, const std::nothrow_t&) noexcept { std::free(p); }

namespace {

struct counting_sink {
  std::uint64_t bytes = 0;
  void on_log(std::uint64_t, std::string_view chunk) { bytes += chunk.size(); }
  void on_event(const trigger_event&) {}
};

TEST_CASE_METHOD(loopback_world, "polling allocates nothing in the steady state") {
  std::uint64_t expected = 0;
  SECTION("idle") {}
  SECTION("with a chunk at each poll") {
    log().append(0s, std::string(expected = 100'000'000, 'x'));
    state.options.log_chunk_size = 1000;
  }
  auto t = make(counting_sink{});
  start(t);
  run_virtual_for(context, expected ? 10s : 100s);
  const auto polls = t.stats().polls;
  const auto before = allocations;
  run_virtual_for(context, expected ? 80s : 1h);
  CHECK(allocations - before == 0);
  CHECK(t.stats().polls - polls > 500);
  if (expected) CHECK(t.sink().bytes > expected / 2);
}

}  // namespace
