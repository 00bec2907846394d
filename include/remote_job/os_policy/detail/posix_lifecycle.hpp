// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_OS_POLICY_DETAIL_POSIX_LIFECYCLE_HPP
#define REMOTE_JOB_OS_POLICY_DETAIL_POSIX_LIFECYCLE_HPP

#include <remote_job/config.hpp>

#include <string_view>

// The scripts that start, stop and clean up a job, as pieces of a script. Each prints one frame with
// one line of words: see lifecycle_frames.hpp.
//
// A job directory holds: remote_job (whose it is, and of which command), pid, child, stdout.log, exit_code, job.sh, and
// exit_code.tmp, exit_code.is.N, cancel, start.* for a time.
namespace remote_job::inline REMOTE_JOB_ABI::detail {

/// What the script changes of the login's environment and the job must not see. Comes before all else.
inline constexpr std::string_view remember_piece =
    R"sh(rj_op=${PATH-} rj_ops=${PATH+x} rj_ol=${LC_ALL-} rj_ols=${LC_ALL+x}
rj_oi=$IFS rj_um=$(umask)
umask 077
)sh";

/// rj_bytes TEXT: prints a text in which \0ooo stands for a byte; by a builtin, so that it is in no list of processes.
/// rj_ours DIR: whether it is a directory of this user, itself and not a link, in which nobody else can write.
inline constexpr std::string_view tools_piece = R"sh(rj_bytes() { printf %b "$1"; }
case $(command -v printf) in
  */*) case $(command -v print) in print) rj_bytes() { print -n -- "$1"; } ;; esac ;;
esac
rj_ours() {
  [ ! -h "$1" ] && [ -n "$(find "$1" -prune -type d -user "$rj_uid" ! -perm -020 ! -perm -002 2>/dev/null)" ]
}
rj_uid=$(id -u)
)sh";

/// Makes the directories, the base $rj_base and the job's $rj_j, and the mark in the latter that says whose it is and
/// which command it is for. Leaves in rj_err why it could not.
///
/// A directory that is there without the mark is another submit's at work, or one that was cut off there; after a
/// second it is taken if it is empty, and else it is not ours.
inline constexpr std::string_view directory_piece = R"sh(rj_directory() {
  mkdir -p -m 700 "$rj_base" 2>/dev/null
  if [ ! -d "$rj_base" ] && [ ! -h "$rj_base" ]; then rj_err=base_unusable; return; fi
  if ! rj_ours "$rj_base"; then rj_err=base_unsafe; return; fi
  if [ "$(cd "$rj_base" && pwd -P)" = "$(cd "${HOME:-/}" && pwd -P)" ]; then rj_err=base_home; return; fi
  rj_k=0
  until [ -f "$rj_j/remote_job" ]; do
    if mkdir "$rj_j" 2>/dev/null || { [ "$rj_k" -ge 10 ] && rmdir "$rj_j" && mkdir "$rj_j"; } 2>/dev/null; then
      if { echo "remote_job 1 $rj_fp" >"$rj_j/.$rj_nonce"; } 2>/dev/null &&
         { IFS= read -r rj_l <"$rj_j/.$rj_nonce"; } 2>/dev/null && [ "$rj_l" = "remote_job 1 $rj_fp" ] &&
         mv -f "$rj_j/.$rj_nonce" "$rj_j/remote_job" 2>/dev/null
      then break; fi
      rm -f "$rj_j/.$rj_nonce"; rmdir "$rj_j"; rj_err=write; return
    fi 2>/dev/null
    if [ -h "$rj_j" ] || [ -e "$rj_j" ]; then
      if ! rj_ours "$rj_j"; then rj_err=dir_unsafe; return; fi
      if [ "$rj_k" -ge 11 ]; then rj_err=not_ours; return; fi
    elif [ "$rj_k" -ge 11 ]; then rj_err=base_unusable; return
    fi
    rj_k=$((rj_k+1))
    sleep 0.1 2>/dev/null || sleep 1
  done
  if ! rj_ours "$rj_j"; then rj_err=dir_unsafe; return; fi
  { IFS= read -r rj_l <"$rj_j/remote_job"; } 2>/dev/null
  case $rj_l in
    "remote_job 1 $rj_fp") ;;
    'remote_job 1 '*) rj_err=taken ;;
    *) rj_err=not_ours ;;
  esac
}
)sh";

/// Starts a supervisor unless the job is claimed, and waits for a claim. rj_write prints the files to be written.
///
/// Whoever claims the job runs it; all that this attempt needs is in a directory of its own, which goes with it.
inline constexpr std::string_view launch_piece =
    R"sh(rj_size() { [ -f "$rj_n/$1" ] && [ "$(wc -c <"$rj_n/$1")" -eq "$2" ]; }
rj_launch() {
  [ ! -f "$rj_j/pid" ] || return
  rj_n=$rj_j/start.$rj_nonce
  mkdir "$rj_n" 2>/dev/null && rj_write 2>/dev/null || { rm -rf "$rj_n"; rj_err=write; return; }
  (
    set +f
    unset REMOTE_JOB_TICKET
    if [ -n "$rj_ops" ]; then PATH=$rj_op; else unset PATH; fi
    if [ -n "$rj_ols" ]; then LC_ALL=$rj_ol; else unset LC_ALL; fi
    set -- $rj_sh
    set -- "$@" "$rj_n/supervisor" "$rj_j" "$rj_n" "$rj_ticket" "$rj_um" "$@"
    IFS=$rj_oi
    if [ -n "$rj_setsid" ]; then exec "$rj_setsid" "$@"; fi
    if [ -n "$rj_perl" ]; then
      exec "$rj_perl" -MPOSIX -e 'POSIX::setsid(); exec { $ARGV[0] } @ARGV; exit 127' -- "$@"
    fi
    trap '' HUP
    exec "$@"
  ) </dev/null >/dev/null 2>&1 3>&- 4>&- 5>&- 6>&- 7>&- 8>&- 9>&- &
  rj_k=0
  until [ -f "$rj_j/pid" ] || [ "$rj_k" -ge 100 ]; do
    rj_k=$((rj_k+1))
    if [ "$rj_k" -gt 60 ] && [ ! -d "$rj_n" ]; then break; fi
    if [ "$rj_k" -le 20 ]; then sleep 0.02 2>/dev/null || sleep 1; else sleep 0.1 2>/dev/null || sleep 1; fi
  done
}
rj_setsid=$(command -v setsid) rj_perl=
[ -n "$rj_setsid" ] || rj_perl=$(command -v perl)
)sh";

inline constexpr std::string_view submit_piece = R"sh(rj_err=- rj_q=0 rj_by=-
rj_directory
if [ "$rj_err" = - ]; then
  rj_launch
  if [ "$rj_err" = - ]; then
    { { IFS= read -r rj_q; IFS= read -r rj_i; } <"$rj_j/pid"; } 2>/dev/null
    case $rj_q in ''|0*|*[!0-9]*|???????????*) rj_q=0 rj_err=not_started ;; esac
    for rj_w in $rj_i; do case $rj_w in by=*) rj_by=${rj_w#*=} ;; esac; done
    case $rj_by in *[!0-9a-f]*|'') rj_by=- ;; esac
  fi
fi
echo "
@RJ1 $rj_nonce submit err=$rj_err by=$rj_by pid=$rj_q base=$rj_told
@RJ1 $rj_nonce end"
)sh";

/// rj_result: rj_x is the exit code that the host wrote, or `-`.
inline constexpr std::string_view result_piece = R"sh(rj_result() {
  rj_x=- rj_l=
  { IFS=' ' read -r rj_l rj_w <"$rj_j/exit_code"; } 2>/dev/null
  if [ -z "$rj_l" ]; then
    set +f
    for rj_w in "$rj_j"/exit_code.is.*; do [ ! -e "$rj_w" ] || rj_l=${rj_w##*.}; done
    set -f
  fi
  case $rj_l in ''|*[!0-9]*|????*) ;; *) rj_x=$rj_l ;; esac
}
)sh";

/// Signals what is proved to be the job's, and nothing else.
///
/// rj_signal NAME SESSION: what has the job's ticket in its environment is the job's: nothing else can have it. What
/// has not, having changed its environment, is the job's if it is in the session that the job's first process leads, as
/// long as that one runs. rj_left is the number of processes found. The group of the leader gets its signal at once, so
/// that it cannot fork in between, and no process gets it twice. Without /proc there is only the group, or the tree
/// below.
inline constexpr std::string_view signal_piece = R"sh(rj_members() {
  rj_leader=no rj_list=' ' rj_left=0
  rj_child
  if rj_child_runs; then rj_leader=yes rj_list=" $rj_cp " rj_left=1; fi
  if [ ! -r /proc/self/stat ]; then
    [ "$rj_leader" = no ] || rj_list="$rj_list$(ps -A -o pid= -o ppid= 2>/dev/null |
      awk -v r="$rj_cp" '{p[$1]=$2} END{for(i in p){j=p[i];n=0;while(j>1&&n++<99){if(j==r){print i;break}j=p[j]}}}' |
      tr '\n' ' ')"
    return
  fi
  set +f
  if [ -n "$rj_by" ]; then
    for rj_w in $(grep -l "REMOTE_JOB_TICKET=$rj_by" /proc/[1-9]*/environ 2>/dev/null | tr '\n' ' '); do
      rj_w=${rj_w#/proc/} rj_w=${rj_w%/environ}
      case $rj_list in *" $rj_w "*) continue ;; esac
      rj_start "$rj_w"
      [ -z "$rj_s" ] || rj_list="$rj_list$rj_w " rj_left=$((rj_left+1))
    done
  fi
  if [ "$rj_leader$rj_cl" = yesyes ]; then
    for rj_t in /proc/[1-9]*; do
      rj_t=${rj_t#/proc/}
      case $rj_list in *" $rj_t "*) continue ;; esac
      rj_start "$rj_t"
      if [ -n "$rj_s" ] && [ "$rj_g" = "$rj_cp" ]; then rj_list="$rj_list$rj_t " rj_left=$((rj_left+1)); fi
    done
  fi
  set -f
}
rj_signal() {
  rj_members
  [ "$rj_left" -gt 0 ] || return
  rj_group=no
  if [ "$rj_leader$rj_cl" = yesyes ] && rj_child_runs; then kill "-$1" "-$rj_cp" 2>/dev/null && rj_group=yes; fi
  for rj_t in $rj_list; do
    if [ "$rj_group" = yes ] && [ -r /proc/self/stat ]; then
      rj_l=
      { while IFS= read -r rj_z; do rj_l=$rj_l$rj_z; done <"/proc/$rj_t/stat"; } 2>/dev/null
      set -- "$1" ${rj_l##*")"}
      [ "${4-}" != "$rj_cp" ] || continue
    fi
    kill "-$1" "$rj_t" 2>/dev/null
  done
}
rj_pause() { sleep 0.1 2>/dev/null || { sleep 1; rj_k=$((rj_k+9)); }; rj_k=$((rj_k+1)); }
)sh";

/// $rj_grace: tenths of a second between the signals.
///
/// The mark comes first: what has not begun yet sees it and does not begin. What had ended without the mark ended by
/// itself. A supervisor whose job does not show itself yet is given the time to see the mark.
inline constexpr std::string_view stop_piece = R"sh(rj_stop() {
  rj_life
  if [ ! -d "$rj_j" ]; then rj_out=absent; return; fi
  rj_result
  if [ -e "$rj_j/cancel" ]; then rj_marked=yes; else rj_marked=no; fi
  if [ "$rj_x" != - ]; then
    rj_out=finished
    [ "$rj_marked" = no ] || rj_out=stopped
    return
  fi
  if [ ! -f "$rj_j/remote_job" ] || { [ -z "$rj_is" ] && [ "$rj_v" != N ]; }; then rj_out=unproved; return; fi
  if [ "$rj_v" = H ]; then rj_out=elsewhere; return; fi
  if ! { : >>"$rj_j/cancel"; } 2>/dev/null && [ "$rj_v" = N ]; then rj_out=unusable; return; fi
  rj_life
  case $rj_v in
    N) rj_out=prevented; return ;;
    B) rj_out=gone; return ;;
  esac
  rj_k=0
  while rj_result; [ "$rj_x" = - ] && [ "$rj_v" = A ]; do
    rj_members
    [ "$rj_left" = 0 ] || break
    [ "$rj_k" -lt 50 ] || break
    rj_pause
    rj_life
  done
  if [ "$rj_x" = - ]; then
    rj_signal TERM
    [ "$rj_left" = 0 ] || rj_sent=T
    rj_k=0
    while rj_members; [ "$rj_left" -gt 0 ] && [ "$rj_k" -lt "$rj_grace" ]; do rj_pause; done
    if [ "$rj_left" -gt 0 ]; then
      rj_sent=${rj_sent}K
      rj_k=0
      while rj_signal KILL; [ "$rj_left" -gt 0 ] && [ "$rj_k" -lt 30 ]; do rj_pause; done
    fi
  fi
  rj_k=0
  while rj_life; rj_result; [ "$rj_x" = - ] && [ "$rj_v" = A ] && [ "$rj_left" = 0 ] && [ "$rj_k" -lt 50 ]; do rj_pause; done
  rj_out=stopped
  if [ "$rj_left" -gt 0 ]; then rj_out=survived
  elif [ "$rj_x" = - ] && [ "$rj_v" = A ]; then rj_out=survived rj_left=1
  elif [ "$rj_x" = - ] && [ -z "$rj_sent" ] && [ "$rj_marked" = no ]; then rj_out=gone
  fi
}
rj_out=- rj_sent= rj_left=0 rj_x=-
rj_stop
echo "
@RJ1 $rj_nonce stop out=$rj_out exit=$rj_x sent=${rj_sent:--} left=$rj_left
@RJ1 $rj_nonce end"
)sh";

/// $rj_policy is on_success or always. The directory goes under another name first: whatever cuts the removal short,
/// the job's name is free or whole. Where nothing was ever started, the claim is taken, so that nothing will be.
inline constexpr std::string_view cleanup_piece = R"sh(rj_cleanup() {
  rj_base=${rj_j%/*} rj_gone=${rj_j%/*}/.gone.${rj_j##*/}
  if [ ! -e "$rj_j" ] && [ ! -h "$rj_j" ]; then
    rj_out=removed
    if [ -d "$rj_gone" ] && rj_ours "$rj_gone" && [ -f "$rj_gone/pid" ]; then rm -rf "$rj_gone"; fi 2>/dev/null
    return
  fi
  if ! rj_ours "$rj_base" || ! rj_ours "$rj_j"; then rj_out=unsafe; return; fi
  rj_l=
  { IFS= read -r rj_l <"$rj_j/remote_job"; } 2>/dev/null
  case $rj_l in 'remote_job 1 '*) ;; *) rj_out=not_ours; return ;; esac
  rj_life
  rj_result
  if [ "$rj_policy" = on_success ] && [ "$rj_x" != 0 ]; then
    rj_out=kept
    [ "$rj_x" != - ] || rj_out=running
    case $rj_v in D|B) rj_out=kept ;; esac
    return
  fi
  if [ "$rj_x" = - ]; then
    case $rj_v in
      D|B) ;;
      N)
        echo 0 >"$rj_j/pid.$rj_nonce" 2>/dev/null
        if ! ln "$rj_j/pid.$rj_nonce" "$rj_j/pid" 2>/dev/null; then
          rm -f "$rj_j/pid.$rj_nonce"
          rj_out=running
          return
        fi ;;
      *) rj_out=running; return ;;
    esac
  fi
  rm -rf "$rj_gone" 2>/dev/null
  if [ -e "$rj_gone" ] || ! mv "$rj_j" "$rj_gone" 2>/dev/null; then rj_out=left; return; fi
  rm -rf "$rj_gone" 2>/dev/null
  rj_out=removed
  [ ! -e "$rj_gone" ] || rj_out=left
}
rj_out=- rj_x=-
rj_cleanup
echo "
@RJ1 $rj_nonce cleanup out=$rj_out exit=$rj_x
@RJ1 $rj_nonce end"
)sh";

}  // namespace remote_job::inline REMOTE_JOB_ABI::detail

#endif
