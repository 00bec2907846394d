// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_SINK_TEE_HPP
#define REMOTE_JOB_SINK_TEE_HPP

#include <remote_job/sink.hpp>

#include <asio/async_result.hpp>
#include <asio/compose.hpp>
#include <asio/post.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <tuple>
#include <type_traits>
#include <utility>

namespace remote_job::inline REMOTE_JOB_ABI {

namespace detail {

/// The hooks that do not depend on whether the log is taken synchronously or asynchronously.
template <class... Sinks>
class tee_hooks {
 public:
  explicit tee_hooks(Sinks... sinks) : sinks_(std::move(sinks)...) {}

  std::error_code on_log_reset(const log_reset& reset) {
    std::error_code ec;
    visit([&](auto& s, auto traits) { return !(ec = traits.on_log_reset(s, reset)); });
    return ec;
  }

  void on_retry(const retry_info& info) {
    visit([&](auto& s, auto traits) { return traits.on_retry(s, info), true; });
  }

  void on_notice(const notice& n) {
    visit([&](auto& s, auto traits) { return traits.on_notice(s, n), true; });
  }

  void on_event(const trigger_event& event) {
    visit([&](auto& s, auto traits) {
      try {
        traits.on_event(s, event);
      } catch (...) {  // as the trigger does: an exception of one sink must not keep the event from the others
      }
      return true;
    });
  }

  /// The diagnostics of the sinks on the last error, or nothing.
  std::string diagnostics() {
    std::string all;
    visit([&](auto& s, auto traits) {
      const auto one = traits.diagnostics(s);
      if (!one.empty()) all += (all.empty() ? "" : "; ") + one;
      return true;
    });
    return all;
  }

  /// The Index-th sink.
  template <std::size_t Index>
  auto& get() noexcept {
    return std::get<Index>(sinks_);
  }

 protected:
  // Calls f(sink, its traits) for each sink until it returns false.
  template <class F>
  void visit(F f) {
    std::apply([&](auto&... s) { (void)(f(s, sink_traits<std::remove_reference_t<decltype(s)>>{}) && ...); }, sinks_);
  }

  std::tuple<Sinks...> sinks_;
};

/// Passes one chunk to the sinks, one after the other.
template <class... Sinks>
class tee_op {
 public:
  tee_op(std::tuple<Sinks...>& sinks, std::uint64_t offset, std::string_view bytes)
      : sinks_(&sinks), offset_(offset), bytes_(bytes) {}

  template <class Self>
  void operator()(Self& self, std::error_code ec = {}) {
    if (finished_) return self.complete(result_);
    if (ec || next_ == sizeof...(Sinks)) return finish(self, ec);
    const bool waiting = hand_on(self, std::index_sequence_for<Sinks...>{}, ec);
    if (!waiting) finish(self, ec);
  }

 private:
  // Passes the chunk to the sinks from next_ on, through the first asynchronous one. True if that one now holds it.
  template <class Self, std::size_t... Index>
  bool hand_on(Self& self, std::index_sequence<Index...>, std::error_code& ec) {
    bool waiting = false;
    // Moving self destroys this object: do not touch members once a sink is waiting.
    (void)((Index < next_ || (!waiting && !ec && hand_to<Index>(self, ec, waiting))) && ...);
    return waiting;
  }

  template <std::size_t Index, class Self>
  bool hand_to(Self& self, std::error_code& ec, bool& waiting) {
    auto& sink = std::get<Index>(*sinks_);
    using traits = sink_traits<std::tuple_element_t<Index, std::tuple<Sinks...>>>;
    ++next_;
    std::optional<std::error_code> taken;
    try {
      taken = traits::try_on_log(sink, offset_, bytes_);
    } catch (...) {  // must not reach the executor that runs another sink's completion
      taken = errc::sink_failed;
    }
    if constexpr (traits::is_async)
      if (!taken) {
        waiting = true;
        initiated_ = true;
        sink.async_on_log(offset_, bytes_, std::move(self));
        return false;
      }
    ec = *taken;
    return !ec;
  }

  // A completion must not run inline. If no sink was asynchronous, it goes through the handler's executor.
  template <class Self>
  void finish(Self& self, std::error_code ec) {
    if (initiated_) return self.complete(ec);
    finished_ = true;
    result_ = ec;
    asio::post(std::move(self));
  }

  std::tuple<Sinks...>* sinks_;
  std::uint64_t offset_;
  std::string_view bytes_;
  std::size_t next_ = 0;
  bool initiated_ = false;  // a sink was waited for: this is a completion, not the initiating function
  bool finished_ = false;
  std::error_code result_;
};

template <class... Sinks>
struct initiate_tee {
  template <class Handler>
  void operator()(Handler&& handler, std::tuple<Sinks...>* sinks, std::uint64_t offset, std::string_view bytes) const {
    asio::async_compose<Handler, void(std::error_code)>(tee_op<Sinks...>(*sinks, offset, bytes), handler);
  }
};

template <bool IsAsync, class... Sinks>
class tee_log : public tee_hooks<Sinks...> {
 public:
  using tee_hooks<Sinks...>::tee_hooks;

  std::error_code on_log(std::uint64_t offset, std::string_view bytes) {
    std::error_code ec;
    this->visit([&](auto& s, auto traits) { return !(ec = traits.on_log(s, offset, bytes)); });
    return ec;
  }
};

template <class... Sinks>
class tee_log<true, Sinks...> : public tee_hooks<Sinks...> {
 public:
  using tee_hooks<Sinks...>::tee_hooks;

  template <class Token>
  auto async_on_log(std::uint64_t offset, std::string_view bytes, Token&& token)
      -> decltype(asio::async_initiate<Token, void(std::error_code)>(std::declval<initiate_tee<Sinks...>>(), token,
                                                                     std::declval<std::tuple<Sinks...>*>(), offset,
                                                                     bytes)) {
    return asio::async_initiate<Token, void(std::error_code)>(initiate_tee<Sinks...>{}, token, &this->sinks_, offset,
                                                              bytes);
  }
};

}  // namespace detail

/// A sink that passes each call to several sinks, in order.
///
/// If a sink cannot take a chunk or a reset, the sinks after it do not get that call, and its error becomes the tee's
/// error. The chunk is then not acknowledged, so the sinks before it get it again when the watch is resumed. The final
/// event reaches all sinks, even if one throws.
///
/// If one of the sinks takes the log asynchronously, so does the tee: `async_on_log(offset, bytes, token)` completes
/// with `void(std::error_code)` once all sinks have taken the chunk, one after the other. Cancellation is passed to the
/// sink that holds the chunk. An exception of a synchronous sink then becomes `errc::sink_failed`. The completion runs
/// on the handler's associated executor. Not thread-safe. Must not be moved while a chunk is being processed.
template <class... Sinks>
class tee_sink : public detail::tee_log<(sink_traits<Sinks>::is_async || ...), Sinks...> {
  static_assert((check_sink<Sinks>() && ...));

 public:
  using detail::tee_log<(sink_traits<Sinks>::is_async || ...), Sinks...>::tee_log;
};

template <class... Sinks>
tee_sink(Sinks...) -> tee_sink<Sinks...>;

}  // namespace remote_job::inline REMOTE_JOB_ABI

#endif
