// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_WATCH_DETAIL_RULES_ACTION_HPP
#define REMOTE_JOB_WATCH_DETAIL_RULES_ACTION_HPP

#include <remote_job/job.hpp>

namespace remote_job::inline REMOTE_JOB_ABI::detail {

/// What a machine wants done next, and the one input that answers it.
enum class action_kind {
  connect,   ///< connect within `time`; then connected()
  poll,      ///< send the question and read the reply within `time`; then polled(), of a call replied()
  stop,      ///< stop the job and read the reply within `time`; then stop_answered()
  wait,      ///< wait for `time`; then woke()
  back_off,  ///< ask the backoff for a delay, tell the sink of retry(), wait; then woke()
  reset,     ///< tell the sink of reset(); then delivered()
  notify,    ///< tell the sink of note(); then delivered()
  deliver,   ///< give bytes() to the sink; then delivered()
  // What follows ends the run.
  close,   ///< close the connection; then closed()
  finish,  ///< complete with the result; of a watch, tell the sink of event() first
  abort    ///< complete with operation_aborted
};

struct action {
  action_kind kind;
  duration time{};
};

}  // namespace remote_job::inline REMOTE_JOB_ABI::detail

#endif
