// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_OS_POLICY_DETAIL_POSIX_IDENTITY_HPP
#define REMOTE_JOB_OS_POLICY_DETAIL_POSIX_IDENTITY_HPP

#include <remote_job/config.hpp>

#include <string_view>

// Which process a job is, in a shell that asks nothing of the host but to read files, where there is a /proc.
//
// A pid file has the number of the process on its first line, and on the second, if a submit made it, what proves it:
//
//   start=<start time of the process> boot=<boot id> ns=<pid namespace> host=<node name> by=<ticket> .
namespace remote_job::inline REMOTE_JOB_ABI::detail {

/// rj_start PID: rj_s is the start time of a process, empty if it does not run, rj_up its parent, rj_pg its process
/// group and rj_g its session. A process that ended and was not waited for has ended: not every container has an init
/// that waits. Its name may hold line ends and parentheses. Without /proc the process group stands for the session,
/// which not every ps can print. rj_where: rj_b, this boot, and rj_h, the node name; rj_space: rj_m, the pid namespace.
/// `-` is what cannot be known.
inline constexpr std::string_view process_piece = R"sh(rj_start() {
  rj_s= rj_up= rj_pg= rj_g= rj_l=
  if [ -r /proc/self/stat ]; then
    { while IFS= read -r rj_z; do rj_l=$rj_l$rj_z; done <"/proc/$1/stat"; } 2>/dev/null
    set -- ${rj_l##*")"}
    case ${1-Z} in Z|X|x) ;; *) rj_s=${20-} rj_up=${2-} rj_pg=${3-} rj_g=${4-} ;; esac
  else
    rj_l=$(LC_ALL=C TZ=UTC0 ps -o stat= -o ppid= -o pgid= -o lstart= -p "$1" 2>/dev/null)
    set -- $rj_l
    case ${1-Z} in Z*) ;; *) rj_up=$2 rj_pg=$3 rj_g=$3; shift 3; rj_s=$(echo "$*" | tr ' ' _) ;; esac
  fi
}
rj_where() {
  rj_b= rj_h=
  { IFS= read -r rj_b </proc/sys/kernel/random/boot_id; } 2>/dev/null ||
    rj_b=$({ sysctl -n kern.bootsessionuuid || sysctl -n kern.boottime; } 2>/dev/null | tr -c 'A-Za-z0-9\n' _)
  { IFS= read -r rj_h </proc/sys/kernel/hostname; } 2>/dev/null || rj_h=$(uname -n)
  rj_b=${rj_b:--} rj_h=${rj_h:--}
}
rj_space() {
  rj_m=$(readlink /proc/self/ns/pid 2>/dev/null | tr -cd 0-9)
  rj_m=${rj_m:--}
}
)sh";

/// rj_child: reads which process leads the job, rj_cp, its start time, rj_cs, and whether it made a session, rj_cl;
/// rj_child_runs: whether it runs.
inline constexpr std::string_view child_piece = R"sh(rj_child() {
  rj_cp= rj_cs= rj_cl= rj_i=
  { { IFS= read -r rj_cp; IFS= read -r rj_i; } <"$rj_j/child"; } 2>/dev/null
  case $rj_i in *' .') ;; *) rj_cp= ;; esac
  case $rj_cp in 0*|*[!0-9]*|???????????*) rj_cp= ;; esac
  for rj_w in $rj_i; do
    case $rj_w in start=*) rj_cs=${rj_w#*=} ;; leads=*) rj_cl=${rj_w#*=} ;; esac
  done
}
rj_child_runs() {
  [ -n "$rj_cp" ] && [ -n "$rj_cs" ] || return 1
  rj_start "$rj_cp"
  [ "$rj_s" = "$rj_cs" ]
}
)sh";

/// rj_life: judges the pid file $rj_p. rj_v is the letter of the liveness, rj_e the evidence; rj_j the job's directory,
/// rj_q the process, rj_by the ticket. Needs process_piece and child_piece.
///
/// The same boot id is the same host, whatever its name now. Only when the process is not found is the namespace asked
/// for, which costs a process: another container of the same host would not see it. A pid file without proof says
/// "gone" only where the processes of other users can be seen.
///
/// Where the pid file is gone, the process $rj_kq with the start time $rj_ks is looked for, if they are set: an earlier
/// poll found it to be the job's.
inline constexpr std::string_view life_piece = R"sh(rj_kq= rj_ks=
rj_unnamed() {
  rj_v=N
  [ -n "$rj_kq" ] || return
  rj_start "$rj_kq"
  if [ "$rj_s" = "$rj_ks" ]; then rj_v=P; else rj_v=D; fi
  rj_e=pid=$rj_kq,start=$rj_ks,pid_file=gone
}
rj_judge() {
  rj_v=- rj_e= rj_q= rj_i= rj_j=${rj_p%/*} rj_f=$rj_p rj_is= rj_ib= rj_in= rj_ih= rj_by=
  { { IFS= read -r rj_q; IFS= read -r rj_i; } <"$rj_p"; } 2>/dev/null
  case $rj_q in
    '') [ -s "$rj_p" ] || rj_hidden || rj_unnamed; return ;;
    0*|*[!0-9]*|???????????*) return ;;
  esac
  rj_e=pid=$rj_q
  case $rj_i in *' .')
    for rj_w in $rj_i; do
      case $rj_w in
        start=*) rj_is=${rj_w#*=} ;; boot=*) rj_ib=${rj_w#*=} ;; ns=*) rj_in=${rj_w#*=} ;;
        host=*) rj_ih=${rj_w#*=} ;; by=*) rj_by=${rj_w#*=} ;;
      esac
    done ;;
  esac
  if [ -z "$rj_is" ]; then
    rj_start "$rj_q"
    if [ -n "$rj_s" ]; then rj_v=A rj_e=$rj_e,start=$rj_s
    elif [ ! -r /proc/self/stat ] || [ -r /proc/1/stat ]; then rj_v=D
    fi
    return
  fi
  rj_where
  rj_e=$rj_e,start=$rj_is,host=$rj_ih
  if [ "$rj_ib" != "$rj_b" ] || { [ "$rj_b" = - ] && [ "$rj_ih" != "$rj_h" ]; }; then
    rj_v=B rj_e=$rj_e,boot=$rj_ib,now=$rj_h:$rj_b
    [ "$rj_ih" = "$rj_h" ] || rj_v=H
    return
  fi
  rj_start "$rj_q"
  if [ "$rj_s" = "$rj_is" ]; then rj_v=A; return; fi
  rj_space
  if [ "$rj_in" != "$rj_m" ]; then rj_v=H rj_e=$rj_e,ns=$rj_in,now=$rj_m; return; fi
  rj_v=D
  [ -z "$rj_s" ] || rj_e=$rj_e,reused=$rj_s
  rj_child
  if rj_child_runs; then rj_v=O rj_e=$rj_e,child=$rj_cp; fi
}
rj_life() {
  rj_judge
  case $rj_e in *[!A-Za-z0-9._:,=-]*) rj_e=? ;; esac
  case ${#rj_e} in ???) [ ${#rj_e} -le 300 ] || rj_e=? ;; ????*) rj_e=? ;; esac
}
)sh";

/// The exit code under its other name, where the disk was full when the job ended; only when there is none under its
/// own.
inline constexpr std::string_view spare_exit_piece = R"sh(if [ "$rj_c" = - ]; then
  set +f
  for rj_w in "$rj_j"/exit_code.is.*; do
    if [ -e "$rj_w" ]; then
      rj_w=${rj_w##*.}
      case $rj_w in ''|*[!0-9]*|????*) ;; *) rj_t=$rj_w rj_c=${#rj_t} ;; esac
    fi
  done
  set -f
fi
)sh";

}  // namespace remote_job::inline REMOTE_JOB_ABI::detail

#endif
