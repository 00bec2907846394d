// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#pragma once

#include <remote_job/event.hpp>
#include <remote_job/job.hpp>
#include <remote_job/poll.hpp>

#include <chrono>
#include <cstdint>
#include <stdexcept>
#include <string>

/// The machine of the watch, a host that can do anything to it, and a bookkeeper of its own who knows what is allowed
/// then. Here: the settings of such a world, and what can happen in it.
namespace fsm_world {

using remote_job::duration;
using remote_job::errc;
using remote_job::exit_code_state;
using remote_job::log_state;
using remote_job::notice_kind;
using remote_job::reason;

struct broken_rule : std::runtime_error {
  using std::runtime_error::runtime_error;
};

inline void rule(bool kept, const char* text) {
  if (!kept) throw broken_rule(text);
}

struct settings {
  const char* name = "";
  std::uint64_t unit = 1;  // a log grows by so many bytes
  std::int64_t chunk = 2;
  std::int64_t max_chunk = 0;
  std::uint64_t top = 3;  // no log is longer
  bool plain = false;     // the host sends all that it can; else also less
  std::int64_t exit_code = 0;
  bool identities = true;  // the host names files
  int attempts = 1;
  std::int64_t offset = 0;
  duration interval = std::chrono::seconds(2);
  duration quick{};
  duration grace = std::chrono::seconds(3);
  duration delay = std::chrono::seconds(10);
  bool files = false;  // a poll goes through files first
  bool lies = false;   // the host may tell sizes that are too small
  duration deadline{};
  bool stop = false;  // the job, at the deadline
  bool life = false;  // the job has a pid file
  duration lost_grace = std::chrono::seconds(3);
  remote_job::poll_via via = remote_job::poll_via::automatic;
};

// ---- Inputs

enum class kind {
  start,
  start_refused,
  connected,
  connect_lost,
  connect_fatal,
  connect_timeout,
  polled,
  stopped,
  stop_lost,
  stop_fatal,
  stop_timeout,
  woke,
  taken,
  refused,
  closed,
  cancelled
};
enum class fault { none, lost, fatal, timeout, garbled, too_many, beyond, below, ghost, only_overlap, no_files };
enum class change {
  none,
  grow,
  surge,
  shrink,
  empty,
  rewrite,
  rewrite_grow,
  replace,
  remove,
  create,
  restore,
  deny,
  allow
};
enum class portion { all, some, nothing, overlap };

struct input {
  kind what = kind::start;
  fault failure = fault::none;
  change log = change::none;
  exit_code_state exit = exit_code_state::absent;
  portion part = portion::all;
  bool slow = false;  // a whole poll that took its time
  remote_job::liveness life = remote_job::liveness::alive;
  bool lied = false;  // one whose bytes go beyond the size told
};

inline std::string to_string(const input& in) {
  static constexpr const char* kinds[] = {
      "start",          "start, refused",    "connected",      "connect: connection lost",
      "connect: fatal", "connect: time-out", "polled",         "stopped",
      "stop: lost",     "stop: fatal",       "stop: time-out", "woke",
      "taken",          "refused",           "closed",         "cancelled"};
  static constexpr const char* faults[] = {"",
                                           "connection lost",
                                           "fatal",
                                           "time-out",
                                           "garbled",
                                           "more bytes than asked for",
                                           "bytes beyond the size",
                                           "bytes of a log that is too short",
                                           "bytes of no log",
                                           "nothing but the overlap",
                                           "no file access"};
  static constexpr const char* changes[] = {
      "",        "grow",   "grow far", "shrink",  "empty", "rewrite", "rewrite and grow",
      "replace", "remove", "create",   "restore", "deny",  "allow"};
  static constexpr const char* exits[] = {"no exit code", "exit code", "damaged exit code", "unreadable exit code"};
  static constexpr const char* parts[] = {"", ", fewer bytes than asked for", ", no bytes", ", the overlap"};
  std::string text = kinds[static_cast<int>(in.what)];
  if (in.what != kind::polled) return text;
  if (in.failure != fault::none) text += std::string(": ") + faults[static_cast<int>(in.failure)];
  if (in.failure != fault::none && in.part != portion::some) return text;
  if (in.failure != fault::none) return text + " after bytes, log: " + changes[static_cast<int>(in.log)];
  text += std::string(": ") + exits[static_cast<int>(in.exit)];
  if (in.log != change::none) text += std::string(", log: ") + changes[static_cast<int>(in.log)];
  if (in.life != remote_job::liveness::alive) text += ", " + std::string(to_string(in.life));
  return text + parts[static_cast<int>(in.part)] + (in.slow ? ", slowly" : "") + (in.lied ? ", beyond the size" : "");
}

}  // namespace fsm_world
