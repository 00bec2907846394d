// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_OS_POLICY_DETAIL_POSIX_SUPERVISOR_HPP
#define REMOTE_JOB_OS_POLICY_DETAIL_POSIX_SUPERVISOR_HPP

#include <remote_job/config.hpp>

#include <string_view>

// What runs on the host for as long as the job does: scripts that a submit writes to files.
//
// launcher          leaves the submit behind, and becomes
// supervisor        a session of its own; claims the job, runs the runner in the foreground, writes the exit code
//  |- runner        a session of its own, which is the job's; becomes the shell that runs the job's script
//  `- (keeper)      only where old files are removed: keeps the job's files young
//
// In the foreground, since `wait` gives another status than the child's in ksh93 after a trap and in zsh after a stop
// and a continuation. Whatever the script does, the exit code is that of a process, which the supervisor sees.
//
// None of the three is started with `&`: what a shell without job control starts so ignores SIGINT and SIGQUIT (POSIX,
// XCU 2.11), and so would all of the job, without a way back for a shell.
namespace remote_job::inline REMOTE_JOB_ABI::detail {

/// rj_lead COMMAND...: becomes the command, as the leader of a new session. Without setsid, perl and python3 there is
/// no new session, and the command ignores SIGHUP in its place.
///
/// rj_reset is yes if signals are ignored or blocked that a login does not ignore or block, as under nohup. A shell
/// cannot change that for what it starts. Of the tools, env cannot unblock.
inline constexpr std::string_view lead_piece = R"sh(rj_tools() {
  rj_setsid=$(command -v setsid) rj_perl= rj_python= rj_env=
  if [ -z "$rj_setsid" ] || [ "$rj_reset" = yes ]; then
    rj_perl=$(command -v perl) rj_python=$(command -v python3) rj_env=$(command -v env)
    [ -z "$rj_perl" ] || "$rj_perl" -MPOSIX -e 1 || rj_perl=
    [ -z "$rj_python" ] || "$rj_python" -c 'import os, signal, sys' || rj_python=
    [ -z "$rj_env" ] || "$rj_env" --default-signal true || rj_env=
  fi 2>/dev/null
}
rj_lead() {
  if [ "$rj_reset" = no ] && [ -n "$rj_setsid" ]; then exec "$rj_setsid" "$@"; fi
  if [ -n "$rj_perl" ]; then
    exec "$rj_perl" -MPOSIX -e 'POSIX::setsid(); $SIG{$_} = "DEFAULT" for grep !/^(KILL|STOP|NUM|_|RT)/, keys %SIG;
      sigprocmask(SIG_SETMASK, POSIX::SigSet->new); exec { $ARGV[0] } @ARGV; exit 127' -- "$@"
  fi
  if [ -n "$rj_python" ]; then
    exec "$rj_python" -c 'import os, signal, sys
try: os.setsid()
except OSError: pass
for s in set(range(1, signal.NSIG)) - {signal.SIGKILL, signal.SIGSTOP}:
  try: signal.signal(s, signal.SIG_DFL)
  except (OSError, ValueError, RuntimeError): pass
if hasattr(signal, "pthread_sigmask"): signal.pthread_sigmask(signal.SIG_SETMASK, [])
os.execvp(sys.argv[1], sys.argv[1:])' "$@"
  fi
  if [ -n "$rj_setsid" ] && [ -n "$rj_env" ]; then exec "$rj_env" --default-signal "$rj_setsid" "$@"; fi
  if [ -n "$rj_setsid" ]; then exec "$rj_setsid" "$@"; fi
  trap '' HUP
  exec "$@"
}
)sh";

/// Arguments: the command to start. Kills itself as soon as a child is there in its place, so that nobody waits for the
/// child any more. A process without a parent, as `&` would give, and with the signals of the login.
inline constexpr std::string_view launcher_script = R"sh(set +euxvCm
(
  kill -KILL "$$"
  rj_path=${PATH-} rj_had_path=${PATH+x}
  PATH=/usr/bin:/bin:/usr/sbin:/sbin${PATH:+:$PATH}
  rj_reset=no
  if (exec grep -q '^Sig[BI][lg][kn]:.*[1-9a-f]' /proc/self/status) 2>/dev/null; then rj_reset=yes; fi
  rj_tools
  if [ -n "$rj_had_path" ]; then PATH=$rj_path; else unset PATH; fi
  rj_lead "$@"
)
exit 0
)sh";

/// Arguments: job directory, directory of this attempt, ticket, umask of the login, then the shell that runs scripts.
///
/// The claim is a hard link with the identity in it: there at once and whole, for one attempt only. What the end of the
/// job must write is reserved before, and overwritten in place: that a full disk lets happen. Should that fail, an
/// empty file has the exit code in its name, until there is room again.
///
/// The job's directory may be removed, and made again for another job, while this one runs. The supervisor is in the
/// directory itself, where nothing can be made once it is removed, and not in what has its name now; the file that
/// becomes the exit code has the ticket in its name, is written through a descriptor held from the start, and cannot be
/// renamed if it is not there; and whatever else is written is written only while the claim is this supervisor's. Where
/// the directory of the login cannot be found again by its name, the supervisor stays there, and trusts the claim.
///
/// The log has a second name, so that a job which removes or renames it and writes on loses nothing: once the job has
/// ended the log has its name again, unless another file has it.
///
/// What the job leaves running in its session is written down as soon as the job has ended: see posix_members.hpp.
/// The job's own environment is that of the login: only PATH is changed, and given back.
inline constexpr std::string_view supervisor_script = R"sh(set +euxvCm
rj_d=$1 rj_n=$2 rj_by=$3 rj_um=$4
shift 4
umask 077
IFS=' '
trap : TERM INT
rj_path=${PATH-} rj_had_path=${PATH+x}
PATH=/usr/bin:/bin:/usr/sbin:/sbin${PATH:+:$PATH}
rj_reset=no
rj_tools
rj_reserve() { printf '%-62s\n' 125 >"$1" && [ "$(wc -c <"$1")" -eq 63 ]; }
rj_start "$$"; rj_where; rj_space
rj_me="start=$rj_s boot=$rj_b ns=$rj_m host=$rj_h by=$rj_by ."
printf '%s\n%s\n' "$$" "$rj_me" >"$rj_n/pid"
rj_tmp=exit_code.tmp.$rj_by rj_j=$rj_n
rj_owns() {
  rj_q= rj_i=
  { { IFS= read -r rj_q; IFS= read -r rj_i; } <"$rj_j/pid"; } 2>/dev/null
  [ "$rj_q" = "$$" ] && [ "$rj_i" = "$rj_me" ]
}
rj_owns && rj_reserve "$rj_n/$rj_tmp" && rj_reserve "$rj_n/child" || exit 1
exec 8<>"$rj_n/$rj_tmp"
rj_login=$PWD rj_j=$rj_d
if ! ln "$rj_n/pid" "$rj_d/pid" 2>/dev/null; then
  [ -e "$rj_d/pid" ] && rm -rf "$rj_n"
  exit 1
fi
mv -f "$rj_n/$rj_tmp" "$rj_n/job.sh" "$rj_d/"
if (cd "$rj_login") 2>/dev/null && cd "$rj_d" 2>/dev/null; then rj_j=.; fi
rj_finish() {
  rj_k=0
  while rj_owns && [ "$rj_k" -lt 3600 ]; do
    if { if [ "$rj_k" = 0 ]; then printf '%-62s\n' "$1" >&8; else printf '%-62s\n' "$1" 1<>"$rj_j/$rj_tmp"; fi
       } 2>/dev/null && [ -f "$rj_j/$rj_tmp" ] && mv -f "$rj_j/$rj_tmp" "$rj_j/exit_code" 2>/dev/null && [ -f "$rj_j/exit_code" ]; then
      [ "$rj_k" = 0 ] || rm -f "$rj_j/exit_code.is.$1"
      break
    fi
    rj_owns || break
    { : >"$rj_j/exit_code.is.$1"; } 2>/dev/null
    rj_k=$((rj_k+1))
    sleep 1
  done
}
if [ -e "$rj_j/cancel" ]; then rj_finish 143; exit 0; fi
if ! { : >>"$rj_j/stdout.log"; } 2>/dev/null; then rj_finish 125; exit 0; fi
ln "$rj_j/stdout.log" "$rj_j/.stdout.log" 2>/dev/null
rj_keeper=
case $(cd "$rj_j" && pwd -P) in
  /tmp/*|/var/tmp/*|/dev/shm/*)
    (
      trap 'kill "$!"; exit 0' TERM
      while sleep 60 & wait "$!"; rj_owns && { kill -0 "$$" || { rj_child; rj_child_runs; }; }; do
        touch -c -a "$rj_j" "$rj_j"/*
      done
    ) </dev/null >/dev/null 2>&1 8>&- &
    rj_keeper=$! ;;
esac
(
  trap - TERM INT
  if [ "$rj_j" = . ]; then cd "$rj_login" 2>/dev/null || cd /; unset OLDPWD; fi
  umask "$rj_um"
  set -- "$@" "$rj_n/runner" "$rj_d" "$rj_n" "$rj_by" "$@"
  if [ -n "$rj_had_path" ]; then PATH=$rj_path; else unset PATH; fi
  rj_lead "$@"
) </dev/null >>"$rj_j/stdout.log" 2>&1 8>&-
rj_r=$?
rj_recall
rj_child
[ "$rj_cl" != yes ] || rj_mine=" $rj_cp "
rj_q=$$
rj_look
[ "$rj_left" = 0 ] || ! rj_owns || rj_remember "$rj_by"
if [ "$rj_r" -gt 384 ]; then rj_r=$((rj_r-256))
elif [ "$rj_r" -gt 256 ]; then rj_r=$((rj_r-128))
fi
if rj_owns; then
  ln "$rj_j/.stdout.log" "$rj_j/stdout.log" 2>/dev/null
  rm -f "$rj_j/.stdout.log"
fi
rj_finish "$rj_r"
[ -z "$rj_keeper" ] || kill "$rj_keeper" 2>/dev/null
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
