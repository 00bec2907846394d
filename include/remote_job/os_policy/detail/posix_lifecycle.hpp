// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_OS_POLICY_DETAIL_POSIX_LIFECYCLE_HPP
#define REMOTE_JOB_OS_POLICY_DETAIL_POSIX_LIFECYCLE_HPP

#include <remote_job/config.hpp>

#include <string_view>

// The script that starts a job, as pieces of a script. Each prints one frame with
// one line of words: see lifecycle_frames.hpp.
//
// A job directory holds: remote_job (whose it is, and of which command), pid, child, stdout.log, exit_code, job.sh, and
// exit_code.tmp.TICKET, exit_code.is.N, cancel, members (see posix_members.hpp), scope, start.* for a time.
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

/// rj_told: the base directory where none is given, one that lasts: below the home directory, or else in /tmp, where
/// the system removes old files. Not in the home directory if that is not writable or knows no hard links, or has a
/// name that cannot be told. A job that an earlier version put into /tmp is found there.
inline constexpr std::string_view default_base_piece = R"sh(rj_choose() {
  rj_told=/tmp/remote_job-$rj_uid
  if rj_ours "$rj_told" && [ -f "$rj_told/$rj_id/remote_job" ]; then return; fi
  case ${HOME-} in ''|/) rj_w= ;; *) rj_w=$HOME/.local/state ;; esac
  case ${XDG_STATE_HOME-} in /*) rj_w=$XDG_STATE_HOME ;; esac
  case $rj_w/ in [!/]*|//|*'
'*|*/./*|*/../*) return ;; esac
  [ ${#rj_w} -le 1000 ] || return
  rj_w=${rj_w%/}/remote_job
  mkdir -p "$rj_w/.$rj_nonce" || return
  if : >"$rj_w/.$rj_nonce/a" && ln "$rj_w/.$rj_nonce/a" "$rj_w/.$rj_nonce.b" && rj_ours "$rj_w"; then rj_told=$rj_w; fi
  rm -rf "$rj_w/.$rj_nonce" "$rj_w/.$rj_nonce.b"
} 2>/dev/null
rj_choose
rj_base=$rj_told
)sh";

/// Whether logind ends all processes of this session when its user leaves it, whatever session of the kernel they are
/// in. rj_scope is then systemd-run, if it can start something out of the session, and rj_note what there is to be
/// known: `logout` if the job will be ended, `linger` if it will be ended with the last session of the user.
inline constexpr std::string_view scope_piece = R"sh(rj_logout() {
  rj_scope= rj_note=-
  rj_l=
  { while IFS= read -r rj_z; do rj_l=$rj_l$rj_z; done </proc/self/cgroup; } 2>/dev/null
  case $rj_l in */session-*.scope*) ;; *) return ;; esac
  rj_w=$(command -v loginctl) || return
  rj_l=$("$rj_w" show-session -p KillUserProcesses -p KillOnlyUsers -p KillExcludeUsers | tr '\n' ' ')
  rj_z=$(id -un)
  rj_t= rj_i=
  for rj_k in $rj_l; do
    case $rj_k in Kill*=*) rj_e=${rj_k%%=*} rj_k=${rj_k#*=} ;; esac
    case $rj_e:$rj_k in
      KillUserProcesses:yes) rj_t=$rj_t,yes ;;
      KillOnlyUsers:"$rj_z") rj_i=$rj_i,named ;;
      KillOnlyUsers:?*) rj_i=$rj_i,others ;;
      KillExcludeUsers:"$rj_z") rj_t=$rj_t,never ;;
    esac
  done
  case $rj_t/$rj_i in *never*|/*) return ;; *named*|*/) ;; *) return ;; esac
  rj_note=logout
  [ -n "${XDG_RUNTIME_DIR-}" ] || export XDG_RUNTIME_DIR="/run/user/$rj_uid"
  rj_t=$(command -v systemd-run) || return
  "$rj_t" --user --scope --quiet true || return
  rj_scope=$rj_t rj_note=linger
  case $("$rj_w" show-user "$rj_uid" -p Linger) in *=yes*) rj_note=- ;; esac
} 2>/dev/null
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
  rj_logout
  (
    unset REMOTE_JOB_TICKET
    if [ -n "$rj_ops" ]; then PATH=$rj_op; else unset PATH; fi
    if [ -n "$rj_ols" ]; then LC_ALL=$rj_ol; else unset LC_ALL; fi
    set -- $rj_sh "$rj_n/supervisor" "$rj_j" "$rj_n" "$rj_ticket" "$rj_um" $rj_sh
    if [ -n "$rj_scope" ]; then
      : >"$rj_j/scope"
      set -- "$rj_scope" --user --scope --quiet "--unit=remote_job-$rj_ticket.scope" -- "$@"
    fi
    set -- $rj_sh "$rj_n/launcher" "$@"
    set +f
    IFS=$rj_oi
    "$@"
    exit 0
  ) </dev/null >/dev/null 2>&1 3>&- 4>&- 5>&- 6>&- 7>&- 8>&- 9>&-
  rj_k=0
  until [ -f "$rj_j/pid" ] || [ "$rj_k" -ge 100 ]; do
    rj_k=$((rj_k+1))
    if [ "$rj_k" -gt 60 ] && [ ! -d "$rj_n" ]; then break; fi
    if [ "$rj_k" -le 20 ]; then sleep 0.02 2>/dev/null || sleep 1; else sleep 0.1 2>/dev/null || sleep 1; fi
  done
}
)sh";

inline constexpr std::string_view submit_piece = R"sh(rj_err=- rj_q=0 rj_by=- rj_note=-
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
[ "$rj_note" = - ] && rj_w= || rj_w=" note=$rj_note"
{ rj_t=$(stat -c %Y "$rj_j/pid" || stat -f %m "$rj_j/pid") rj_z=$(date +%s); } 2>/dev/null
case ${rj_t:-x}${rj_z:-x} in
  *[!0-9]*|???????????????????????*) ;;
  *) rj_t=$((rj_z-rj_t)); [ "$rj_t" -ge 0 ] || rj_t=0; rj_w="$rj_w age=$rj_t" ;;
esac
printf '\n@RJ1 %s submit err=%s by=%s pid=%s%s base=%s\n@RJ1 %s end\n' \
  "$rj_nonce" "$rj_err" "$rj_by" "$rj_q" "$rj_w" "$rj_told" "$rj_nonce"
)sh";

}  // namespace remote_job::inline REMOTE_JOB_ABI::detail

#endif
