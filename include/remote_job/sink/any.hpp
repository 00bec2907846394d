// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_SINK_ANY_HPP
#define REMOTE_JOB_SINK_ANY_HPP

#include <remote_job/detail/asio/any_completion.hpp>
#include <remote_job/sink.hpp>

#include <asio/any_io_executor.hpp>
#include <asio/associated_executor.hpp>
#include <asio/async_result.hpp>
#include <asio/cancellation_signal.hpp>
#include <asio/system_executor.hpp>

#include <concepts>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <type_traits>
#include <utility>

namespace remote_job::inline REMOTE_JOB_ABI {

namespace detail {

/// The handler that an any_sink passes to its asynchronous sink.
class any_log_handler {
 public:
  using executor_type = asio::any_io_executor;
  using cancellation_slot_type = asio::cancellation_slot;

  template <class Handler>
  explicit any_log_handler(Handler handler)
      : executor_(asio::get_associated_executor(handler, asio::system_executor())),
        completion_(std::move(handler), executor_) {}

  executor_type get_executor() const noexcept { return executor_; }
  cancellation_slot_type get_cancellation_slot() const noexcept { return completion_.slot(); }

  /// Called as a completion handler, on the executor.
  void operator()(std::error_code ec) { completion_.dispatch(ec); }

  /// Completes from an initiating function.
  void post(std::error_code ec) { completion_.post(ec); }

 private:
  executor_type executor_;
  any_completion completion_;
};

}  // namespace detail

/// A type-erased sink, as std::function is a type-erased function: the type of a trigger then does not depend on the
/// type of its sink.
///
/// Each hook calls that of the contained sink, if it has one. A sink with `on_log` takes a chunk immediately, without
/// an allocation: see `try_on_log` at `sink`. For a sink with `async_on_log`, the handler of the chunk is type-erased,
/// with one allocation through its associated allocator. The sink receives a handler with the same associated executor,
/// as an asio::any_io_executor, and the same cancellation slot.
///
/// Move-only, so that the contained sink may be; that sink stays in place in memory. Empty if default-constructed or
/// moved from; an empty any_sink drops everything. Not thread-safe.
class any_sink {
  struct initiate_on_log;

 public:
  /// Drops everything, like a null_sink.
  any_sink() noexcept = default;

  /// Contains a copy of `s`, or `s` moved.
  template <class S>
  requires(!std::same_as<std::remove_cvref_t<S>, any_sink> && sink<std::remove_cvref_t<S>> &&
           std::constructible_from<std::remove_cvref_t<S>, S>) any_sink(S&& s)
      : model_(std::make_unique<model<std::remove_cvref_t<S>>>(std::forward<S>(s))) {}

  any_sink(any_sink&&) noexcept = default;
  any_sink& operator=(any_sink&&) noexcept = default;
  ~any_sink() = default;

  /// The contained sink; null if it has another type.
  template <class S>
  S* target() noexcept {
    return model_ && model_->type == &type_of<S> ? &static_cast<model<S>&>(*model_).sink : nullptr;
  }
  template <class S>
  const S* target() const noexcept {
    return const_cast<any_sink&>(*this).target<S>();
  }

  /// @name The hooks; see `sink`
  /// @{
  std::optional<std::error_code> try_on_log(std::uint64_t offset, std::string_view bytes) {
    return model_ ? model_->try_on_log(offset, bytes) : std::error_code();
  }

  template <asio::completion_token_for<void(std::error_code)> Token>
  auto async_on_log(std::uint64_t offset, std::string_view bytes, Token&& token)
      -> decltype(asio::async_initiate<Token, void(std::error_code)>(std::declval<initiate_on_log>(), token, offset,
                                                                     bytes)) {
    return asio::async_initiate<Token, void(std::error_code)>(initiate_on_log{model_.get()}, token, offset, bytes);
  }

  std::error_code on_log_reset(const log_reset& reset) {
    return model_ ? model_->on_log_reset(reset) : std::error_code();
  }
  void on_retry(const retry_info& info) {
    if (model_) model_->on_retry(info);
  }
  void on_notice(const notice& n) {
    if (model_) model_->on_notice(n);
  }
  void on_event(const trigger_event& event) {
    if (model_) model_->on_event(event);
  }
  std::string diagnostics() { return model_ ? model_->diagnostics() : std::string(); }
  /// @}

 private:
  /// Its address identifies a type without run-time type information.
  template <class S>
  static inline char type_of = 0;

  struct base {
    explicit base(const void* t) noexcept : type(t) {}
    base(const base&) = delete;
    base& operator=(const base&) = delete;
    virtual ~base() = default;

    virtual std::optional<std::error_code> try_on_log(std::uint64_t offset, std::string_view bytes) = 0;
    virtual void async_on_log(std::uint64_t offset, std::string_view bytes, detail::any_log_handler handler) = 0;
    virtual std::error_code on_log_reset(const log_reset& reset) = 0;
    virtual void on_retry(const retry_info& info) = 0;
    virtual void on_notice(const notice& n) = 0;
    virtual void on_event(const trigger_event& event) = 0;
    virtual std::string diagnostics() = 0;

    const void* const type;
  };

  template <class S>
  struct model final : base {
    using traits = sink_traits<S>;

    template <class T>
    explicit model(T&& s) : base(&type_of<S>), sink(std::forward<T>(s)) {}

    std::optional<std::error_code> try_on_log(std::uint64_t offset, std::string_view bytes) override {
      return traits::try_on_log(sink, offset, bytes);
    }
    void async_on_log(std::uint64_t offset, std::string_view bytes, detail::any_log_handler handler) override {
      if constexpr (traits::is_async)
        sink.async_on_log(offset, bytes, std::move(handler));
      else
        handler.post(traits::on_log(sink, offset, bytes));
    }
    std::error_code on_log_reset(const log_reset& reset) override { return traits::on_log_reset(sink, reset); }
    void on_retry(const retry_info& info) override { traits::on_retry(sink, info); }
    void on_notice(const notice& n) override { traits::on_notice(sink, n); }
    void on_event(const trigger_event& event) override { traits::on_event(sink, event); }
    std::string diagnostics() override { return traits::diagnostics(sink); }

    S sink;
  };

  struct initiate_on_log {
    base* sink;

    template <class Handler>
    void operator()(Handler&& handler, std::uint64_t offset, std::string_view bytes) const {
      detail::any_log_handler erased(std::forward<Handler>(handler));
      if (sink)
        sink->async_on_log(offset, bytes, std::move(erased));
      else
        erased.post({});
    }
  };

  std::unique_ptr<base> model_;
};

}  // namespace remote_job::inline REMOTE_JOB_ABI

#endif
