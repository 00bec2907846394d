// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_LOOPBACK_HOST_HPP
#define REMOTE_JOB_LOOPBACK_HOST_HPP

#include <remote_job/command.hpp>
#include <remote_job/detail/text/random.hpp>
#include <remote_job/error.hpp>
#include <remote_job/file_status.hpp>
#include <remote_job/loopback/detail/virtual_clock.hpp>
#include <remote_job/loopback/jobs.hpp>
#include <remote_job/poll.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

namespace remote_job::inline REMOTE_JOB_ABI {

namespace detail {
struct loopback_link;
class loopback_connect;
class loopback_execute;
class loopback_file_step;
class loopback_stat;
}  // namespace detail

/// A file of a scripted host and the events in its life. Events of equal time happen in the order they were added.
class loopback_file {
 public:
  /// Appends bytes; creates the file if it does not exist.
  loopback_file& append(duration at, std::string bytes) { return add(at, kind::append, std::move(bytes)); }

  /// Appends the same bytes `times` times, first at `from`.
  REMOTE_JOB_DECL loopback_file& append_every(duration from, duration step, int times, const std::string& bytes);

  /// Empties the file in place; its identity stays the same.
  loopback_file& truncate(duration at) { return add(at, kind::truncate, {}); }

  /// Replaces the file by another one of this name.
  loopback_file& replace(duration at, std::string bytes = {}) { return add(at, kind::replace, std::move(bytes)); }

  /// Removes the file; append() creates a new one.
  loopback_file& remove(duration at) { return add(at, kind::remove, {}); }

  /// Makes the file unreadable.
  loopback_file& deny(duration at) { return add(at, kind::deny, {}); }
  /// Makes the file readable again.
  loopback_file& allow(duration at) { return add(at, kind::allow, {}); }

  /// Replaces the file by a directory; replace() restores a file.
  loopback_file& become_directory(duration at) { return add(at, kind::directory, {}); }
  /// Replaces the file by a FIFO; replace() restores a file.
  loopback_file& become_fifo(duration at) { return add(at, kind::fifo, {}); }

  /// Makes the status of the file tell a size that is smaller by this, or 0; 0 makes it true again. Commands see the
  /// true size.
  loopback_file& understate(duration at, std::uint64_t by) { return add(at, kind::understate, {}, by); }
  /// Ends reads through files where the file ends at this time, however much it grows: as a server does whose open
  /// handle lags behind.
  loopback_file& freeze_reads(duration at) { return add(at, kind::freeze, {}); }
  /// Lets reads reach the end of the file again.
  loopback_file& thaw_reads(duration at) { return add(at, kind::thaw, {}); }

  /// @name The state of the file at a time; times must not go backwards
  /// @{
  REMOTE_JOB_DECL void advance(duration now);
  bool exists() const noexcept { return exists_; }
  bool readable() const noexcept { return readable_ && kind_ == file_kind::regular; }
  file_kind what_kind() const noexcept { return kind_; }
  std::uint64_t identity() const noexcept { return identity_; }
  const std::string& bytes() const noexcept { return bytes_; }
  /// What its status tells.
  std::uint64_t told_size() const noexcept {
    return bytes_.size() - std::min<std::uint64_t>(understated_, bytes_.size());
  }
  /// What a read through files sees of it.
  std::string_view seen_bytes() const noexcept { return std::string_view(bytes_).substr(0, frozen_); }
  /// @}

 private:
  friend class loopback_host;
  enum class kind { append, truncate, replace, remove, deny, allow, directory, fifo, understate, freeze, thaw };
  struct event {
    duration at;
    kind what;
    std::string bytes;
    std::uint64_t number;
  };

  explicit loopback_file(std::uint64_t& identities) : identities_(&identities) {}

  REMOTE_JOB_DECL loopback_file& add(duration at, kind what, std::string bytes, std::uint64_t number = 0);
  REMOTE_JOB_DECL void apply(const event& e);
  REMOTE_JOB_DECL void put(file_kind what, const std::string& bytes);
  REMOTE_JOB_DECL void create();

  std::uint64_t* identities_;
  std::vector<event> events_;
  std::size_t next_ = 0;
  std::string bytes_;
  std::uint64_t identity_ = 0;
  bool exists_ = false;
  bool readable_ = true;
  file_kind kind_ = file_kind::regular;
  std::uint64_t understated_ = 0;
  std::size_t frozen_ = std::string_view::npos;  // where reads end
};

/// A fault of one step. A plain value, made by the functions below.
struct loopback_fault {
  /// The kinds of fault, one for each function below.
  enum class kind { none, refuse, delay, hang, cut, garble, noise };

  kind what = kind::none;    ///< what goes wrong
  std::error_code error;     ///< of refuse
  duration time{};           ///< of delay
  std::size_t position = 0;  ///< of cut and garble
  std::string text;          ///< of noise

  /// The step fails with this error.
  static loopback_fault refuse(std::error_code ec) { return {kind::refuse, ec, {}, 0, {}}; }
  /// The step takes longer by this time.
  static loopback_fault delay(duration d) { return {kind::delay, {}, d, 0, {}}; }
  /// The step never ends.
  static loopback_fault hang() { return {kind::hang, {}, {}, 0, {}}; }
  /// Only this many bytes of the reply arrive, and the command seems to have ended.
  static loopback_fault cut(std::size_t bytes) { return {kind::cut, {}, {}, bytes, {}}; }
  /// The byte of the reply at this position (modulo the reply's size) is changed.
  static loopback_fault garble(std::size_t position) { return {kind::garble, {}, {}, position, {}}; }
  /// This text precedes the reply, as from a login shell that prints something.
  static loopback_fault noise(std::string text) { return {kind::noise, {}, {}, 0, std::move(text)}; }
};

/// A scripted host: files with a history, and faults. Deterministic. Not thread-safe. A directory exists if a file in it
/// does, or by `become_directory`.
///
/// Must outlive the transports that connect to it. Events can be added at any time.
class loopback_host {
 public:
  loopback_host() = default;
  loopback_host(const loopback_host&) = delete;
  loopback_host& operator=(const loopback_host&) = delete;

  /// The file with this path; it does not exist until it has events.
  REMOTE_JOB_DECL loopback_file& file(std::string_view path);

  /// The jobs submitted to this host.
  loopback_jobs& jobs() noexcept { return jobs_; }

  /// Time that each step takes, for connecting and commands alike; 1 ms by default.
  REMOTE_JOB_DECL loopback_host& latency(duration d);

  /// Lets each attempt to connect, command and file operation take up to this time longer, at random from the seed. So
  /// file operations in flight together end in any order.
  REMOTE_JOB_DECL loopback_host& jitter(std::uint64_t seed, duration most);

  /// Transfer rate from the host in bytes per second; 0, the default, means unlimited.
  REMOTE_JOB_DECL loopback_host& rate(std::uint64_t bytes_per_second);

  /// Applies a fault to the n-th attempt to connect (from 1), or to `times` attempts starting with it.
  REMOTE_JOB_DECL loopback_host& on_connect(int nth, loopback_fault fault, int times = 1);

  /// Applies a fault to the n-th step on an open connection (from 1), counted over all connections, or to `times` steps
  /// starting with it. A step is a command, or a group of file operations in flight together. File operations support
  /// only refuse, delay and hang.
  REMOTE_JOB_DECL loopback_host& on_execute(int nth, loopback_fault fault, int times = 1);

  /// Applies a fault to the n-th file operation alone (from 1), counted over all connections, or to `times` of them
  /// starting with it; the others in flight together go on. It takes precedence over the fault of the step.
  REMOTE_JOB_DECL loopback_host& on_file(int nth, loopback_fault fault, int times = 1);

  /// Makes the host unreachable during this time: connecting is refused, and connections made before break. Of no length
  /// it only breaks connections.
  REMOTE_JOB_DECL loopback_host& down(duration from, duration to);

  /// Sets a function that answers commands, for OS policies other than loopback_os. It takes the command and the
  /// virtual time, and appends the command's output.
  REMOTE_JOB_DECL loopback_host& respond_with(
      std::function<void(const remote_command&, duration, std::string&)> responder);

  /// Disables file access, so that the watch uses commands only. A respond_with() function disables it too, since the
  /// host cannot know which files that function stands for.
  REMOTE_JOB_DECL loopback_host& without_files();

  /// Refuses all commands from now on, as for an account that may only transfer files; with false it runs them again.
  REMOTE_JOB_DECL loopback_host& respond_to_files_only(bool only = true);

  /// @name Counters
  /// @{
  /// Attempts to connect.
  int connects() const noexcept { return connect_.count; }
  /// Steps on an open connection.
  int executes() const noexcept { return execute_.count; }
  /// File operations.
  int file_operations() const noexcept { return file_.count; }
  /// @}

 private:
  friend struct loopback_os;
  friend class detail::loopback_connect;
  friend class detail::loopback_execute;
  friend class detail::loopback_file_step;
  friend class detail::loopback_stat;
  friend struct detail::loopback_link;

  struct scheduled_fault {
    int first;
    int times;
    loopback_fault fault;
  };
  struct step {
    int count = 0;
    std::vector<scheduled_fault> faults;

    REMOTE_JOB_DECL loopback_fault next();
  };

  /// Whether a connection made at a time lasts until now.
  REMOTE_JOB_DECL bool reachable(duration since, duration now) const noexcept;

  /// Whether this is a directory at this time: of a file that exists, or one of its own.
  REMOTE_JOB_DECL bool has_directory(std::string_view path, duration now);

  /// Updates the submitted jobs to this time; must run before files are read.
  REMOTE_JOB_DECL void live(duration now);

  loopback_jobs jobs_;
  std::map<std::string, loopback_file, std::less<>> files_;
  std::uint64_t identities_ = 0;
  duration latency_ = std::chrono::milliseconds(1);
  duration jitter_{};
  detail::splitmix64 chance_{0};  // of the jitter
  std::uint64_t rate_ = 0;
  step connect_;
  step execute_;
  step file_;
  std::vector<std::pair<duration, duration>> down_;
  std::function<void(const remote_command&, duration, std::string&)> responder_;
  bool offers_files_ = true;
  bool runs_commands_ = true;
  poll_request request_;  // the request being answered; kept to reuse its memory
};

}  // namespace remote_job::inline REMOTE_JOB_ABI

#if !defined(REMOTE_JOB_SEPARATE_COMPILATION)
#include <remote_job/loopback/impl/host.ipp>
#endif

#endif
