// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_DETAIL_ASIO_CALL_ON_CANCELLATION_HPP
#define REMOTE_JOB_DETAIL_ASIO_CALL_ON_CANCELLATION_HPP

#include <remote_job/config.hpp>

#include <asio/cancellation_signal.hpp>
#include <asio/cancellation_type.hpp>

#include <memory>
#include <type_traits>
#include <utility>

namespace remote_job::inline REMOTE_JOB_ABI::detail {

/// Has a terminal cancellation through `slot` call a member of `target`, while it exists. The member may be called late,
/// when the operation has ended: it checks that, by the values if need be. It must not clear the slot.
template <class Target, class... Values>
void call_on_cancellation(asio::cancellation_slot slot, std::weak_ptr<Target> target, void (Target::*member)(Values...),
                          std::type_identity_t<Values>... values) {
  if (!slot.is_connected()) return;
  slot.assign([target = std::move(target), member, values...](asio::cancellation_type type) {
    if ((type & asio::cancellation_type::terminal) == asio::cancellation_type::none) return;
    if (const auto self = target.lock()) (self.get()->*member)(values...);
  });
}

}  // namespace remote_job::inline REMOTE_JOB_ABI::detail

#endif
