// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#include "inventory.hpp"

#include "../common/text.hpp"

#include <remote_job/error.hpp>
#include <remote_job/job_paths.hpp>

#include <algorithm>
#include <charconv>
#include <limits>
#include <utility>

// The reply:
//
//   \n@RJL <nonce> now=<T>
//   for each job \n@RJL <nonce> exit=<N|-> submitted=<T|-> ended=<T|-> kib=<N|-> dir=<path>
//   \n@RJL <nonce> end\n
//
// The times are seconds of the host's clock. No path holds the nonce, so that the next mark ends it.
namespace rjob {

namespace {

constexpr std::string_view tag = "\n@RJL ";
constexpr std::size_t most_output = std::size_t{16} << 20;

/// One brace group: a shell that sees only a part of it runs nothing. Its first mark says that it runs.
constexpr std::string_view script = R"sh(set +euxvCmf
unset CDPATH BLOCKSIZE BLOCK_SIZE
unset -f cd date du echo find id printf read stat 2>/dev/null
PATH=/usr/bin:/bin:/usr/sbin:/sbin${PATH:+:$PATH} LC_ALL=C IFS=' '
export PATH LC_ALL
exec </dev/null
rj_time() {
  rj_t=$(stat -c %Y "$1" 2>/dev/null || stat -f %m "$1" 2>/dev/null)
  case $rj_t in ''|*[!0-9]*) rj_t=- ;; esac
}
rj_job() {
  [ ! -h "$1" ] && [ -f "$1/remote_job" ] && { IFS= read -r rj_l <"$1/remote_job"; } 2>/dev/null || return
  case $rj_l in 'remote_job 1 '*) ;; *) return ;; esac
  rj_x= rj_e=-
  if [ -f "$1/exit_code" ]; then
    { IFS=' ' read -r rj_x rj_l <"$1/exit_code"; } 2>/dev/null
    rj_time "$1/exit_code"; rj_e=$rj_t
  fi
  case $rj_x in ''|*[!0-9]*|????*) rj_x=- ;; esac
  rj_time "$1/remote_job"
  rj_k=$(du -sk "$1" 2>/dev/null) rj_k=${rj_k%%[!0-9]*}
  printf '\n@RJL %s exit=%s submitted=%s ended=%s kib=%s dir=%s' \
    "$rj_nonce" "$rj_x" "$rj_t" "$rj_e" "${rj_k:--}" "$1"
}
rj_base() {
  [ -d "$1/" ] || return
  case $1/ in *//*|*/./*|*/../*) rj_p=$(cd "$1" && pwd) ;; *) rj_p=$1 ;; esac
  case $rj_seen in *":$rj_p:"*) return ;; esac
  rj_seen="$rj_seen:$rj_p:"
  [ -n "$(find "$rj_p/" -prune -user "$(id -u)" 2>/dev/null)" ] || return
  for rj_j in "$rj_p"/*; do rj_job "$rj_j"; done
}
rj_seen=
rj_now=$(date +%s)
case $rj_now in ''|*[!0-9]*) rj_now=- ;; esac
printf '\n@RJL %s now=%s' "$rj_nonce" "$rj_now"
)sh";

void begin(const std::string& nonce, remote_job::remote_command& command) {
  command.command = "exec /bin/sh -s";
  command.input.append("{ rj_nonce=").append(nonce).append("\n").append(script);
  command.end_mark.append(tag).append(nonce).append(" end\n");
  command.max_output = most_output;
}

void end(remote_job::remote_command& command) {
  command.input.append("printf '\\n@RJL %s end\\n' \"$rj_nonce\"\nexit 0\n}\n");
}

// Any bytes but NUL; no login shell and no locale in between changes ASCII.
std::string word(std::string_view text) {
  std::string result = "'";
  for (const char c : text) c == '\'' ? result.append("'\\''") : result.append(1, c);
  return result + '\'';
}

bool take(std::string_view& rest, std::string_view literal) {
  if (!rest.starts_with(literal)) return false;
  rest.remove_prefix(literal.size());
  return true;
}

/// A number of 0 or more, or `-` for none.
template <class T>
bool take(std::string_view& rest, std::string_view key, std::optional<T>& value) {
  if (!take(rest, key)) return false;
  value.reset();
  if (take(rest, "-")) return true;
  T number{};
  const auto [last, ec] = std::from_chars(rest.data(), rest.data() + rest.size(), number);
  if (ec != std::errc{} || number < 0) return false;
  rest.remove_prefix(static_cast<std::size_t>(last - rest.data()));
  value = number;
  return true;
}

std::optional<std::int64_t> ago(const std::optional<std::int64_t>& now, const std::optional<std::int64_t>& then) {
  if (!now || !then) return std::nullopt;
  return std::max<std::int64_t>(*now - *then, 0);
}

std::string nonce_of(std::string nonce, std::size_t number) {
  static constexpr char digits[] = "0123456789abcdef";
  nonce[0] = digits[number >> 4 & 15];
  nonce[1] = digits[number & 15];
  return nonce;
}

}  // namespace

void build_look(const std::string& nonce, const std::string& job_dir, remote_job::remote_command& command) {
  begin(nonce, command);
  command.input.append("rj_job ").append(word(job_dir)).append("\n");
  end(command);
}

void build_inventory(const std::string& nonce, const std::optional<std::string>& base_dir,
                     remote_job::remote_command& command) {
  begin(nonce, command);
  if (base_dir)
    command.input.append("rj_base ").append(word(*base_dir)).append("\n");
  else
    command.input.append(R"sh(case ${XDG_STATE_HOME-} in /*) rj_base "$XDG_STATE_HOME/remote_job" ;; esac
case ${HOME-} in /*) rj_base "$HOME/.local/state/remote_job" ;; esac
rj_base "/tmp/remote_job-$(id -u)"
)sh");
  end(command);
}

std::error_code parse_inventory(std::string_view nonce, std::string_view output, std::vector<found_job>& found) {
  using remote_job::errc;
  found.clear();
  const auto mark = std::string(tag).append(nonce).append(" ");
  auto at = output.find(mark);
  if (at == output.npos) return errc::reply_missing;
  std::optional<std::int64_t> now;
  for (bool first = true;; first = false) {
    auto rest = output.substr(at + mark.size());
    const auto next = rest.find(mark);
    if (next == rest.npos) {
      if (first || rest != "end\n") return rest.find('\n') == rest.npos ? errc::reply_truncated : errc::reply_malformed;
      return {};
    }
    at += mark.size() + next;
    rest = rest.substr(0, next);
    if (first) {
      if (!take(rest, "now=", now) || !rest.empty()) return errc::reply_malformed;
      continue;
    }
    found_job job;
    std::optional<std::int64_t> submitted, ended;
    if (!take(rest, "exit=", job.exit_code) || !take(rest, " submitted=", submitted) || !take(rest, " ended=", ended) ||
        !take(rest, " kib=", job.kib) || !take(rest, " dir="))
      return errc::reply_malformed;
    job.dir = rest;
    job.id = job.dir.substr(job.dir.rfind('/') + 1);
    if (job.dir.empty() || job.dir.front() != '/' || !remote_job::validate_job_id(job.id).empty())
      return errc::reply_malformed;
    job.submitted = ago(now, submitted);
    job.ended = ago(now, ended);
    found.push_back(std::move(job));
  }
}

void life_question::build(const std::string& nonce, remote_job::remote_command& command) const {
  const remote_job::posix_os os;
  remote_job::remote_command one;
  command.command = "exec /bin/sh -s";
  command.input = "{\n";  // read whole: the scripts close its input
  for (std::size_t i = 0; i < jobs_.size(); ++i) {
    remote_job::job_spec job;
    job.job_id = jobs_[i]->id;
    remote_job::job_paths::in(jobs_[i]->dir).assign_to(job);
    remote_job::poll_request request;
    request.nonce = nonce_of(nonce, i);
    request.liveness = true;
    os.build_poll(job, request, one);
    command.input.append("(\n").append(one.input).append(")\n");
    command.max_output += one.max_output;
  }
  command.input.append("exit 0\n}\n");
  command.end_mark = one.end_mark;
}

std::error_code life_question::read(const std::string& nonce, const remote_job::command_reply& raw) const {
  const remote_job::posix_os os;
  for (std::size_t i = 0; i < jobs_.size(); ++i) {
    remote_job::poll_request request;
    request.nonce = nonce_of(nonce, i);
    request.liveness = true;
    remote_job::poll_reply reply;
    if (const auto ec = os.parse_poll(request, raw, reply)) return ec;
    jobs_[i]->liveness = reply.liveness;
    if (reply.exit_state == remote_job::exit_code_state::present) jobs_[i]->exit_code = reply.exit_code;
  }
  return {};
}

queue_question::queue_question(remote_job::slurm_os os, std::vector<found_job*> jobs)
    : os_(std::move(os)), jobs_(std::move(jobs)) {
  for (const auto* each : jobs_) {
    remote_job::job_spec job;
    job.job_id = each->id;
    remote_job::job_paths::in(each->dir).assign_to(job);
    request_.jobs.push_back(std::move(job));
  }
}

void queue_question::build(const std::string& nonce, remote_job::remote_command& command) {
  request_.nonce = nonce;
  if (request_.key.empty()) request_.key = nonce;
  os_.build_census(request_, command);
}

std::error_code queue_question::read(const remote_job::command_reply& raw) {
  remote_job::census_reply reply;
  if (const auto ec = os_.parse_census(request_, raw, reply)) return ec;
  pending_ = reply.pending;
  for (std::size_t i = 0; i < reply.jobs.size(); ++i) jobs_[i]->liveness = reply.jobs[i].liveness;
  return {};
}

}  // namespace rjob
