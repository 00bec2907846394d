// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_SIMULATION_SINK_HPP
#define REMOTE_JOB_SIMULATION_SINK_HPP

#include <remote_job/error.hpp>
#include <remote_job/event.hpp>
#include <remote_job/simulation/detail/witness.hpp>

#include <asio/compose.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string_view>
#include <system_error>
#include <utility>

namespace remote_job::inline REMOTE_JOB_ABI {
namespace detail {

/// What a simulation_sink and its completions share.
struct simulated_ear {
  simulated_ear(simulated_stage& stage, witness& w)
      : timer(stage.context.get_executor()), who(&w), waits(w.waits()) {}

  /// Calls `tell` with the witness, unless the process has died; throws if the sink is to.
  template <class Tell>
  std::error_code call(Tell tell) {
    if (who == nullptr) return {};
    tell(*who);
    switch (who->mood()) {
      case sink_mood::throws: throw std::runtime_error("this sink throws");
      case sink_mood::refuses: return std::make_error_code(std::errc::no_space_on_device);
      case sink_mood::takes: break;
    }
    return {};
  }

  simulated_timer timer;
  witness* who;  // null once the process has died
  duration waits;
};

}  // namespace detail

/// The sink of a simulated watch: checks all that it is told. The story decides whether it is slow, refuses or throws.
///
/// To simulate a sink of your own, put it before this one into a `tee_sink`.
class simulation_sink {
 public:
  explicit simulation_sink(std::shared_ptr<detail::simulated_ear> ear) : ear_(std::move(ear)) {}

  std::optional<std::error_code> try_on_log(std::uint64_t offset, std::string_view bytes) {
    if (ear_->waits > duration::zero()) return std::nullopt;
    return take(offset, bytes);
  }

  template <class CompletionToken>
  auto async_on_log(std::uint64_t offset, std::string_view bytes, CompletionToken&& token) {
    return asio::async_compose<CompletionToken, void(std::error_code)>(waiting{ear_, offset, bytes}, token,
                                                                       ear_->timer);
  }

  std::error_code on_log_reset(const log_reset& reset) {
    const auto ec = ear_->call([&](detail::witness& w) { w.told(reset); });
    if (!ec && ear_->who != nullptr) ear_->who->starts_anew();
    return ec;
  }
  void on_retry(const retry_info& info) {
    if (ear_->call([&](detail::witness& w) { w.told(info); })) throw std::runtime_error("this sink refuses");
  }
  void on_notice(const notice& n) {
    if (ear_->call([&](detail::witness& w) { w.told(n); })) throw std::runtime_error("this sink refuses");
  }
  void on_event(const trigger_event& event) {
    if (ear_->who != nullptr) ear_->who->told(event);
  }

 private:
  std::error_code take(std::uint64_t offset, std::string_view bytes) {
    const auto ec = ear_->call([&](detail::witness& w) { w.offered(offset, bytes); });
    if (!ec && ear_->who != nullptr) ear_->who->taken(offset, bytes);
    return ec;
  }

  struct waiting {
    std::shared_ptr<detail::simulated_ear> ear;
    std::uint64_t offset;
    std::string_view bytes;
    bool begun = false;
    std::error_code result{};

    template <class Self>
    void operator()(Self& self, std::error_code ec = {}) {
      if (!std::exchange(begun, true)) {
        result = ear->call([&](detail::witness& w) { w.offered(offset, bytes); });
        auto& timer = ear->timer;
        timer.expires_after(ear->waits);
        return timer.async_wait(std::move(self));
      }
      if (!ec) ec = result;
      if (!ec && ear->who != nullptr) ear->who->taken(offset, bytes);
      self.complete(ec);
    }
  };

  std::shared_ptr<detail::simulated_ear> ear_;
};

}  // namespace remote_job::inline REMOTE_JOB_ABI

#endif
