// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
// says: Transport: diagnostics is there but not as `std::string diagnostics()`
// says: Transport: notices is there but not as `std::vector<std::string> notices()`
// says: Transport: now is there but not as `timer_type::time_point now()`
// says: Sink: diagnostics is there but not as `std::string diagnostics()`
// says: OsPolicy: files_suffice is there but not as `static constexpr bool files_suffice`
// says: OsPolicy: file_path is there but not as `static std::string file_path(const std::string&)`
// says: Transport: keeps_shell is there but does not name the class itself: `using keeps_shell = my_transport`
// says: OsPolicy: asks_shell is there but does not name the class itself: `using asks_shell = my_os`
#include <concepts/minimal_os_policy.hpp>
#include <concepts/minimal_sink.hpp>
#include <concepts/minimal_transport.hpp>

#include <remote_job/basic_remote_job_trigger.hpp>

#include <asio/steady_timer.hpp>

#include <string>
#include <vector>

#ifdef MISTAKE
struct my_transport : minimal_transport {
  using minimal_transport::minimal_transport;
  long now();
  static std::vector<int> notices();
  using keeps_shell = std::string;

 private:
  std::string diagnostics();
};
struct my_sink : minimal_sink {
  int diagnostics();
};
struct my_os : minimal_os_policy {
  enum { files_suffice = 1 };
  using asks_shell = struct other_os;
  static std::string file_path(int);
  static std::string file_path(char);
};
#else
struct my_transport : minimal_transport {
  using minimal_transport::minimal_transport;
  using timer_type = asio::steady_timer;
  timer_type::time_point now();
  static std::vector<std::string> notices();
  std::string diagnostics();
  using keeps_shell = my_transport;
};
struct my_sink : minimal_sink {
  const char* diagnostics();
};
struct my_os : minimal_os_policy {
  static constexpr bool files_suffice = true;
  static std::string file_path(const std::string&);
  using asks_shell = minimal_os_policy;  // not this one: it counts for nothing
};
#endif

using my_trigger = remote_job::basic_remote_job_trigger<my_transport, my_os, remote_job::exponential_backoff, my_sink>;
void use(my_trigger& trigger);
void use(my_trigger& trigger) { trigger.cancel(); }
