// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_WATCH_DETAIL_RULES_ACTION_HPP
#define REMOTE_JOB_WATCH_DETAIL_RULES_ACTION_HPP

#include <remote_job/job.hpp>

namespace remote_job::inline v0::detail {

/// What a machine wants done next, and the one input that answers it.
enum class action_kind {
  connect,   ///< connect within `time`; then connected()
  poll,      ///< send what is asked and have the reply within `time`; then polled()
  wait,      ///< wait for `time`; then woke()
  back_off,  ///< ask the backoff for a delay, tell retry() to the sink, wait; then woke()
  reset,     ///< tell reset() to the sink; then delivered()
  notify,    ///< tell note() to the sink; then delivered()
  deliver,   ///< give bytes() to the sink; then delivered()
  close,     ///< close the connection; then closed()
  finish,    ///< tell event() to the sink and complete with it
  abort      ///< complete with operation_aborted
};

struct action {
  action_kind kind;
  duration time{};
};

}  // namespace remote_job::inline v0::detail

#endif
