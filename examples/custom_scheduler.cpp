// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
// A batch scheduler of one's own: Grid Engine (qsub, qstat, qdel), as an OS policy in one file.
//
//     custom_scheduler BASE_DIR JOB_ID SCRIPT    runs the script on the cluster of this machine, prints its log, and exits
//                                                as it does. The base directory is shared by host and nodes. The same
//                                                command again attaches to the job; Ctrl-C leaves it running.
//     custom_scheduler BASE_DIR JOB_ID           stops the job and removes its directory.
//
// The job's directory holds what posix_os reads: stdout.log and exit_code. The policy adds how to get a job into the queue
// exactly once, how to get it out, and one question about all jobs of a host, a census.
#include <remote_job.hpp>

#include <asio/io_context.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

namespace rj = remote_job;

class grid_engine_os {
 public:
  static constexpr rj::remote_os target_os = rj::remote_os::posix;
  static constexpr bool files_suffice = true;

  /// `options`: more options of qsub, as typed in a shell.
  explicit grid_engine_os(std::string options = {}) : options_(std::move(options)) {}

  // A poll reads files; the job has no pid file, so that it is never asked for a process.
  void build_poll(const rj::job_spec& job, const rj::poll_request& request, rj::remote_command& command) const {
    posix_.build_poll(job, request, command);
  }
  std::error_code parse_poll(const rj::poll_request& request, const rj::command_reply& raw,
                             rj::poll_reply& reply) const {
    return posix_.parse_poll(request, raw, reply);
  }

  // One entry per job, whatever is repeated: submits take turns (flock), and an entry whose number was never written down,
  // since the connection was cut, is found by its name.
  void build_submit(const rj::job_spec& job, const rj::submit_request& request, rj::remote_command& command) const {
    std::string run = "#!/bin/sh\ndir=" + quoted(request.command.base_dir + '/' + job.job_id) + '\n';
    if (!request.command.working_directory.empty()) run += "cd " + quoted(request.command.working_directory) + '\n';
    for (const auto& [name, value] : request.command.environment) run += "export " + name + '=' + quoted(value) + '\n';
    run += R"sh(sh "$dir/script" >>"$dir/stdout.log" 2>&1 </dev/null
echo $? >"$dir/exit_code.new" && mv "$dir/exit_code.new" "$dir/exit_code"
)sh";
    std::string text = "base=" + quoted(request.command.base_dir) + " options=" + quoted(options_);
    text +=
        " what=" + quoted(request.fingerprint) + " script=" + quoted(request.command.script) + " run=" + quoted(run);
    begin(request.nonce, request.command.base_dir + '/' + job.job_id, command, text);
    command.input += R"sh(
mkdir -p -m 700 "$base" "$dir" && exec 9>"$dir/lock" && flock -w 20 9 || say unusable
if [ -f "$dir/what" ]; then [ "$(cat "$dir/what")" = "$what" ] || say taken
else
  printf %s "$script" >"$dir/script" && printf %s "$run" >"$dir/run" && chmod u+x "$dir/run" &&
    echo "$what" >"$dir/what.new" && mv "$dir/what.new" "$dir/what" || say unusable
fi
attached=attached
if [ ! -f "$dir/number" ]; then
  qstat >/dev/null || say away
  number=$(qstat -j "$name" 2>/dev/null | sed -n 's/^job_number: *//p' | head -n 1)
  if [ -z "$number" ] && [ ! -f "$dir/exit_code" ]; then
    set +f
    number=$(qsub -terse -r n -N "$name" -o /dev/null -e /dev/null $options "$dir/run" 9>&-) || say refused
  fi
  echo "$number" >"$dir/number.new" && mv "$dir/number.new" "$dir/number" || say unusable
  attached=new
fi
say done "$attached" "$(cat "$dir/number")"
)sh" + end();
  }
  std::error_code parse_submit(const rj::submit_request& request, const rj::command_reply& raw,
                               rj::submit_result& result) const {
    std::vector<std::string> words;
    if (const auto ec = read(request.nonce, raw, words)) return explain(ec, raw, result.message);
    if (words.size() != 3) return rj::errc::reply_malformed;
    rj::job_paths::under(request.command.base_dir, result.job.job_id).assign_to(result.job);
    result.job.pid_file.clear();
    result.job.scheduler = "grid_engine";
    result.attached = words[1] == "attached";
    result.message = "Job " + result.job.job_id + (result.attached ? " was there before" : " submitted") +
                     ": Grid Engine job " + words[2];
    return {};
  }

  // qdel kills, so that no exit code comes of the job itself: the stop leaves one in its place.
  void build_stop(const rj::job_spec& job, const rj::stop_request& request, rj::remote_command& command) const {
    begin(request.nonce, job.job_dir, command);
    command.input += R"sh(
[ -d "$dir" ] || say absent
[ ! -f "$dir/exit_code" ] || say done finished "$(cat "$dir/exit_code")"
exec 9>"$dir/lock" && flock -w 20 9 || say unusable
qstat >/dev/null || say away
number=$(cat "$dir/number" 2>/dev/null)
if [ -n "$number" ]; then
  qdel "$number" >/dev/null
  k=0
  while qstat -j "$number" >/dev/null 2>&1; do
    k=$((k+1))
    [ "$k" -lt 100 ] || say survived
    sleep 0.2
  done
  qstat >/dev/null || say away
fi
echo none >"$dir/number"
[ -f "$dir/exit_code" ] || { echo 137 >"$dir/exit_code.new" && mv "$dir/exit_code.new" "$dir/exit_code"; }
say done stopped "$(cat "$dir/exit_code")"
)sh" + end();
  }
  std::error_code parse_stop(const rj::stop_request& request, const rj::command_reply& raw,
                             rj::stop_result& result) const {
    std::vector<std::string> words;
    if (const auto ec = read(request.nonce, raw, words)) return explain(ec, raw, result.message);
    if (words.size() != 3) return rj::errc::reply_malformed;
    result.outcome = words[1] == "finished" ? rj::stop_outcome::already_finished : rj::stop_outcome::stopped;
    result.exit_code = std::atoi(words[2].c_str());
    result.message = "The job is " + words[1] + ", exit code " + words[2];
    return {};
  }

  void build_cleanup(const rj::job_spec& job, const rj::cleanup_request& request, rj::remote_command& command) const {
    begin(request.nonce, job.job_dir, command, "policy=" + std::string(to_string(request.policy)));
    command.input += R"sh(
[ -e "$dir" ] || say done removed
[ -f "$dir/what" ] || say not_ours
code=$(cat "$dir/exit_code" 2>/dev/null)
[ "$policy$code" = on_success0 ] || [ "$policy" = always ] || say done kept
if [ -z "$code" ]; then
  qstat >/dev/null || say away
  number=$(cat "$dir/number" 2>/dev/null)
  [ -n "$number" ] && ! qstat -j "$number" >/dev/null 2>&1 && qstat >/dev/null || say running
fi
rm -rf "$dir" && say done removed
say unusable
)sh" + end();
  }
  std::error_code parse_cleanup(const rj::cleanup_request& request, const rj::command_reply& raw,
                                rj::cleanup_result& result) const {
    std::vector<std::string> words;
    if (const auto ec = read(request.nonce, raw, words)) return explain(ec, raw, result.message);
    if (words.size() != 2) return rj::errc::reply_malformed;
    result.removed = words[1] == "removed";
    result.message = "The job's directory is " + words[1];
    return {};
  }

  // What makes a scheduler of it: one qstat for all jobs. Grid Engine forgets a job as soon as it has ended.
  void build_census(const rj::census_request& request, rj::remote_command& command) const {
    begin(request.nonce, {}, command);
    command.input += "all=$(qstat | awk 'NR > 2 { print \":\" $1 \"=\" $5 \":\" }') || say away\nset --\n";
    for (const auto& job : request.jobs) command.input += "set -- \"$@\" " + quoted(job.job_dir) + '\n';
    // qstat's own exit status is hidden by awk's.
    command.input += R"sh(
qstat >/dev/null || say away
words=
for dir in "$@"; do
  number=$(cat "$dir/number" 2>/dev/null)
  case $all in
    *":$number="*) state=${all#*":$number="} state=${state%%:*} ;;
    *) state=gone ;;
  esac
  [ -n "$number" ] || state=none
  words="$words $state"
done
say done $words
)sh" + end();
    command.max_output += 8 * request.jobs.size();
  }
  std::error_code parse_census(const rj::census_request& request, const rj::command_reply& raw,
                               rj::census_reply& reply) const {
    reply = {};
    std::vector<std::string> words;
    if (const auto ec = read(request.nonce, raw, words)) return ec;
    if (words.size() != request.jobs.size() + 1) return rj::errc::reply_malformed;
    for (std::size_t i = 1; i < words.size(); ++i) {
      const auto& state = words[i];
      rj::queue_report report;
      report.evidence = "state=" + state;
      if (state == "gone") report.liveness = rj::liveness::vanished;
      if (state == "none") report.liveness = rj::liveness::not_started;
      if (state.find('w') != state.npos) {
        report.liveness = rj::liveness::queued;
        report.why = state;
        report.never_starts = state.starts_with('E');
      } else if (state.find_first_of("rtsS") != state.npos) {
        report.liveness = rj::liveness::alive;
      }
      reply.jobs.push_back(std::move(report));
    }
    return {};
  }

 private:
  static std::string quoted(std::string_view text) {
    std::string word = "'";
    for (const char c : text) c == '\'' ? word.append("'\\''") : word.append(1, c);
    return word + '\'';
  }

  /// Every script is one group, of which a shell that sees only a part runs nothing. It answers with one line of words and
  /// a last line, both with the nonce.
  static void begin(const std::string& nonce, const std::string& dir, rj::remote_command& command,
                    const std::string& more = {}) {
    command.clear();
    command.command = "exec /bin/sh -s";
    command.input = "{ set -f; umask 077; exec </dev/null\nnonce=" + nonce + " dir=" + quoted(dir) + ' ' + more + '\n';
    command.input += "say() { printf '\\n%s %s\\n%s end\\n' \"$nonce\" \"$*\" \"$nonce\"; exit 0; }\n";
    command.input += "name=rj_$(printf %s \"$dir\" | cksum | tr ' ' _)\n";
    command.end_mark = '\n' + nonce + " end\n";
    command.max_output = 65536;
  }
  static std::string end() { return "exit 0\n}\n"; }

  static std::error_code read(const std::string& nonce, const rj::command_reply& raw, std::vector<std::string>& words) {
    const auto start = raw.output.find('\n' + nonce + ' ');
    if (start == std::string::npos) return rj::errc::reply_missing;
    auto rest = std::string_view(raw.output).substr(start + nonce.size() + 2);
    const auto line = rest.substr(0, rest.find('\n'));
    if (rest.substr(line.size()) != '\n' + nonce + " end\n") return rj::errc::reply_truncated;
    for (std::size_t at = 0; at < line.size();) {
      const auto blank = std::min(line.find(' ', at), line.size());
      if (blank > at) words.emplace_back(line.substr(at, blank - at));
      at = blank + 1;
    }
    const auto is = [&](std::string_view word) { return !words.empty() && words[0] == word; };
    if (is("done")) return {};
    if (is("away")) return rj::errc::scheduler_unavailable;
    if (is("refused")) return rj::errc::scheduler_refused;
    if (is("taken")) return rj::errc::job_id_taken;
    if (is("absent")) return rj::errc::job_not_found;
    if (is("running")) return rj::errc::job_not_finished;
    if (is("not_ours")) return rj::errc::not_our_directory;
    if (is("survived")) return rj::errc::job_survived;
    return is("unusable") ? rj::errc::directory_unusable : rj::errc::reply_malformed;
  }

  static std::error_code explain(std::error_code ec, const rj::command_reply& raw, std::string& message) {
    message = ec.message() + (raw.error_output.empty() ? "" : ": " + raw.error_output);
    return ec;
  }

  rj::posix_os posix_;
  std::string options_;
};

static_assert(rj::check_lifecycle_os_policy<grid_engine_os>() && rj::check_census_os_policy<grid_engine_os>());

/// The log goes to standard output, all else to standard error.
struct shown {
  void on_log(std::uint64_t, std::string_view bytes) { std::cout << bytes << std::flush; }
  void on_notice(const rj::notice& n) { std::cerr << n.message << '\n'; }
  void on_event(const rj::trigger_event& e) { std::cerr << e.message << '\n'; }
};

int main(int argc, char** argv) {
  if (argc != 3 && argc != 4) return std::fputs("usage: custom_scheduler BASE_DIR JOB_ID [SCRIPT]\n", stderr), 64;
  asio::io_context context;
  rj::trigger_state state;
  state.job.job_id = argv[2];
  if (argc == 3) rj::job_paths::under(argv[1], argv[2]).assign_to(state.job);
  state.options.poll_interval = std::chrono::seconds(1);
  rj::basic_remote_job_trigger job(rj::process_transport::local(context.get_executor()), state, grid_engine_os(),
                                   rj::exponential_backoff(), shown());
  int status = 255;
  const auto run = [&](std::error_code ec, const rj::submit_result& result) {
    std::cerr << result.message << '\n';
    if (ec) return;
    job.async_run([&](std::error_code, const rj::trigger_event& event) {
      if (event.exit_code) status = static_cast<int>(*event.exit_code);
    });
  };
  const auto clean_up = [&](std::error_code ec, const rj::stop_result& result) {
    std::cerr << result.message << '\n';
    if (ec) return;
    job.async_cleanup(rj::cleanup_policy::always, [&](std::error_code error, const rj::cleanup_result& cleaned) {
      std::cerr << cleaned.message << '\n';
      status = error ? 255 : 0;
    });
  };
  if (argc == 4)
    job.async_submit({.script = argv[3], .base_dir = argv[1]}, run);
  else
    job.async_stop({}, clean_up);
  context.run();
  return status;
}
