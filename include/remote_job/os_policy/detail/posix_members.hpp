// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_OS_POLICY_DETAIL_POSIX_MEMBERS_HPP
#define REMOTE_JOB_OS_POLICY_DETAIL_POSIX_MEMBERS_HPP

#include <remote_job/config.hpp>

#include <string_view>

// Which processes belong to a job.
//
// A process is proved to be the job's if one of these holds:
//  - it leads the job: its number and start time are in the file `child`;
//  - it has the job's ticket in its environment, or is in the systemd scope that has the ticket in its name;
//  - a proved process is its parent;
//  - it is in a session of the job. The job's first process makes one, and so may any other. The system gives the number
//    of a session to no new process while anybody is in the session, so that a number is the job's as long as a proved
//    process is there.
// What is proved once is remembered with its start time until it is gone: its parent, its session's leader or its
// environment may go before. A number without the start time that belongs to it is a stranger's and is never signalled.
namespace remote_job::inline REMOTE_JOB_ABI::detail {

/// rj_look: rj_known has PID:START:SESSION of all processes of the job, rj_left their number, rj_lead says whether the
/// first one runs. Starts from what rj_known has already. Of the supervisor rj_q and rj_by are known.
///
/// rj_check: leaves in rj_known what still runs of it, and fails if something does not: cheaper than to look.
/// rj_recall and rj_remember: read and write the file `members`, which keeps rj_known between commands.
///
/// A session in which there is a proved process is the job's unless a process leads it that is not. It stays the job's
/// from one look to the next although nobody known is left in it, since a process may fork and end in between. The
/// shell that runs this is no member, even if the job started it; nor is its child, which runs this in a shell that is
/// kept open.
inline constexpr std::string_view members_piece = R"sh(rj_add() {
  rj_known="$rj_known$1:$rj_s:$rj_g " rj_pids="$rj_pids$1 " rj_left=$((rj_left+1)) rj_new="$rj_new|$1"
  if [ "$rj_g" = "$1" ] || [ "$rj_cl" = yes ]; then
    case $rj_mine in *" $rj_g "*) ;; *) rj_mine="$rj_mine$rj_g " ;; esac
  fi
}
rj_check() {
  rj_old=$rj_known rj_known=' ' rj_left=0 rj_all=0
  for rj_t in $rj_old; do
    rj_w=${rj_t#*:}
    rj_start "${rj_t%%:*}"
    if [ -n "$rj_s" ] && [ "$rj_s" = "${rj_w%:*}" ]; then
      rj_known="$rj_known${rj_t%:*}:$rj_g " rj_left=$((rj_left+1))
    else rj_all=1
    fi
  done
  return "$rj_all"
}
rj_near() {
  if [ -r /proc/self/stat ]; then
    grep -lE "\\) [A-Za-z] ($rj_new) |\\) [A-Za-z] [0-9]+ [0-9]+ ($rj_held) " /proc/[1-9]*/stat 2>/dev/null
  else
    ps -A -o pid= -o ppid= -o pgid= 2>/dev/null |
      awk -v u="|$rj_new|" -v g="|$rj_held|" 'index(u,"|"$2"|")||index(g,"|"$3"|"){print "/proc/"$1"/"}'
  fi | tr '\n' ' '
}
rj_look() {
  rj_child
  rj_check
  rj_old=$rj_known rj_known=' ' rj_pids=' ' rj_left=0 rj_new=x rj_lead=no
  for rj_t in $rj_old; do
    rj_w=${rj_t#*:} rj_s=${rj_w%:*} rj_g=${rj_w##*:}
    rj_add "${rj_t%%:*}"
  done
  if rj_child_runs; then
    rj_lead=yes
    case $rj_pids in *" $rj_cp "*) ;; *) rj_add "$rj_cp" ;; esac
  fi
  set +f
  if [ -r /proc/self/stat ] && [ -n "$rj_by" ]; then
    for rj_t in $({ grep -l "REMOTE_JOB_TICKET=$rj_by" /proc/[1-9]*/environ
                    [ ! -e "$rj_j/scope" ] || grep -l "remote_job-$rj_by[.]scope" /proc/[1-9]*/cgroup
                  } 2>/dev/null | tr '\n' ' '); do
      rj_t=${rj_t#/proc/} rj_t=${rj_t%/*}
      case "$rj_pids$$ " in *" $rj_t "*) continue ;; esac
      rj_start "$rj_t"
      if [ -n "$rj_s" ] && [ "$rj_g" != "$rj_q" ] && [ "$rj_up" != "${rj_kept-}" ]; then rj_add "$rj_t"; fi
    done
  fi
  while :; do
    rj_held=x
    for rj_t in $rj_mine; do
      case $rj_pids in
        *" $rj_t "*) rj_held="$rj_held|$rj_t" ;;
        *) rj_start "$rj_t"; [ -n "$rj_s" ] || rj_held="$rj_held|$rj_t" ;;
      esac
    done
    rj_w=$(rj_near) rj_old="|$rj_new|" rj_new=x
    for rj_t in $rj_w; do
      rj_t=${rj_t#/proc/} rj_t=${rj_t%/*}
      case "$rj_pids$$ " in *" $rj_t "*) continue ;; esac
      rj_start "$rj_t"
      [ -n "$rj_s" ] && [ "$rj_up" != "${rj_kept-}" ] || continue
      case $rj_old in
        *"|$rj_up|"*) rj_add "$rj_t" ;;
        *) case "|$rj_held|" in *"|$rj_g|"*) rj_add "$rj_t" ;; esac ;;
      esac
    done
    [ "$rj_new" != x ] || break
  done
  set -f
  rj_w=$rj_mine rj_mine=' '
  for rj_t in $rj_w; do case $rj_known in *":$rj_t "*) rj_mine="$rj_mine$rj_t " ;; esac; done
}
rj_recall() {
  rj_known=' ' rj_mine=' ' rj_l=
  { IFS= read -r rj_l <"$rj_j/members"; } 2>/dev/null
  case $rj_l in *[!' 'A-Za-z0-9_:]*) ;; 'v1 '*' v1') rj_l=${rj_l#v1} rj_known=${rj_l%v1} ;; esac
}
rj_remember() {
  if [ "$rj_left" = 0 ]; then rm -f "$rj_j/members"; return; fi
  { echo "v1${rj_known}v1" >"$rj_j/members.$1" && mv -f "$rj_j/members.$1" "$rj_j/members"; } 2>/dev/null
}
)sh";

}  // namespace remote_job::inline REMOTE_JOB_ABI::detail

#endif
