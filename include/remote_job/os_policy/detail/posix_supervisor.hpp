// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_OS_POLICY_DETAIL_POSIX_SUPERVISOR_HPP
#define REMOTE_JOB_OS_POLICY_DETAIL_POSIX_SUPERVISOR_HPP

#include <remote_job/config.hpp>

#include <string_view>

// What runs on the host for as long as the job does: two scripts, which a submit writes to files.
//
// supervisor   a session of its own; claims the job, runs the runner in the foreground, writes the exit code
//  `- runner   a session of its own, which is the job's; becomes the shell that runs the job's script
//
// In the foreground, since `wait` gives another status than the child's in ksh93 after a trap and in zsh after a stop
// and a continuation. Whatever the script does, the exit code is that of a process, which the supervisor sees.
namespace remote_job::inline REMOTE_JOB_ABI::detail {

/// Arguments: job directory, directory of this attempt, ticket, umask of the login, then the shell that runs scripts.
///
/// The claim is a hard link with the identity in it: there at once and whole, for one attempt only. What the end of the
/// job must write is reserved before, and overwritten in place: that a full disk lets happen. Should that fail, an
/// empty file has the exit code in its name, until there is room again.
///
/// The job's own environment is that of the login: only PATH is changed, and given back.
inline constexpr std::string_view supervisor_script = R"sh(set +euxvCm
rj_d=$1 rj_n=$2 rj_by=$3 rj_um=$4
shift 4
umask 077
IFS=' '
trap : TERM INT
rj_path=${PATH-} rj_had_path=${PATH+x}
PATH=/usr/bin:/bin:/usr/sbin:/sbin${PATH:+:$PATH}
rj_reserve() { printf '%-62s\n' 125 >"$1" && [ "$(wc -c <"$1")" -eq 63 ]; }
rj_start "$$"; rj_where; rj_space
printf '%s\nstart=%s boot=%s ns=%s host=%s by=%s .\n' "$$" "$rj_s" "$rj_b" "$rj_m" "$rj_h" "$rj_by" >"$rj_n/pid"
{ IFS= read -r rj_q; IFS= read -r rj_i; } <"$rj_n/pid"
case $rj_i in *"by=$rj_by .") ;; *) exit 1 ;; esac
rj_reserve "$rj_n/exit_code.tmp" && rj_reserve "$rj_n/child" || exit 1
if ! ln "$rj_n/pid" "$rj_d/pid" 2>/dev/null; then
  [ -e "$rj_d/pid" ] && rm -rf "$rj_n"
  exit 1
fi
mv -f "$rj_n/exit_code.tmp" "$rj_n/job.sh" "$rj_d/"
rj_finish() {
  rj_k=0
  while [ -d "$rj_d" ] && [ "$rj_k" -lt 3600 ]; do
    if { printf '%-62s\n' "$1" 1<>"$rj_d/exit_code.tmp"; } 2>/dev/null &&
       mv -f "$rj_d/exit_code.tmp" "$rj_d/exit_code" 2>/dev/null && [ -f "$rj_d/exit_code" ]; then
      [ "$rj_k" = 0 ] || rm -f "$rj_d/exit_code.is.$1"
      break
    fi
    { : >"$rj_d/exit_code.is.$1"; } 2>/dev/null
    rj_k=$((rj_k+1))
    sleep 1
  done
}
if [ -e "$rj_d/cancel" ]; then rj_finish 143; exit 0; fi
if ! { : >>"$rj_d/stdout.log"; } 2>/dev/null; then rj_finish 125; exit 0; fi
rj_setsid=$(command -v setsid) rj_perl=
[ -n "$rj_setsid" ] || rj_perl=$(command -v perl)
(
  trap - TERM INT
  if [ -n "$rj_had_path" ]; then PATH=$rj_path; else unset PATH; fi
  umask "$rj_um"
  set -- "$@" "$rj_n/runner" "$rj_d" "$rj_n" "$rj_by" "$@"
  if [ -n "$rj_setsid" ]; then exec "$rj_setsid" "$@"; fi
  if [ -n "$rj_perl" ]; then
    exec "$rj_perl" -MPOSIX -e 'POSIX::setsid(); exec { $ARGV[0] } @ARGV; exit 127' -- "$@"
  fi
  trap '' HUP
  exec "$@"
) </dev/null >>"$rj_d/stdout.log" 2>&1
rj_r=$?
if [ "$rj_r" -gt 384 ]; then rj_r=$((rj_r-256))
elif [ "$rj_r" -gt 256 ]; then rj_r=$((rj_r-128))
fi
rj_finish "$rj_r"
rm -rf "$rj_n"
exit 0
)sh";

/// Arguments: job directory, directory of the attempt, ticket, then the shell.
///
/// Says which process it is, in place of what was reserved, and looks whether it is still wanted: in this order, so
/// that a stop that comes at the same time sees the one or is seen. The second part is made for the job: see
/// append_enter(). The environment is read whole and its file removed before the job begins.
inline constexpr std::string_view runner_script = R"sh(set +euxvCm
rj_d=$1 rj_n=$2 rj_by=$3
shift 3
rj_ifs=$IFS
IFS=' '
rj_start "$$"
rj_l=no
[ "$rj_g" != "$$" ] || rj_l=yes
(
  PATH=/usr/bin:/bin:/usr/sbin:/sbin
  { printf '%s\nstart=%s leads=%s .\n' "$$" "$rj_s" "$rj_l" 1<>"$rj_n/child"; } && mv -f "$rj_n/child" "$rj_d/child"
) 2>/dev/null
[ ! -e "$rj_d/cancel" ] || exit 143
. "$rj_n/enter"
(PATH=/usr/bin:/bin:/usr/sbin:/sbin; rm -rf "$rj_n")
IFS=$rj_ifs
rj_enter "$@"
)sh";

}  // namespace remote_job::inline REMOTE_JOB_ABI::detail

#endif
