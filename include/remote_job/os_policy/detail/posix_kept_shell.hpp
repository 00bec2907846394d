// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_OS_POLICY_DETAIL_POSIX_KEPT_SHELL_HPP
#define REMOTE_JOB_OS_POLICY_DETAIL_POSIX_KEPT_SHELL_HPP

#include <remote_job/command.hpp>
#include <remote_job/job.hpp>
#include <remote_job/poll.hpp>

#include <string>
#include <string_view>

// The same polls and scripts for a POSIX shell that is kept open: its functions are sent once, then each poll is a few
// short lines. Many shells read their input byte by byte.
//
// rj_ask looks at a job with builtins only, in the order that a poll needs: whether it lives, its exit code, and whether
// its log can be read. rj_answer then finds out the size of all logs that were asked for, with one process, and prints
// one frame for each, in the order of asking. What a request leaves behind are variables that the next one assigns.
namespace remote_job::inline REMOTE_JOB_ABI::detail {

/// What the shell prints once it has read its functions. Not in their text, which may be echoed.
inline constexpr std::string_view kept_shell_greeting = "\n@RJ1 shell\n";

/// The login's environment, which a job must not see changed: kept here for rj_restore, which gives it to a script.
/// rj_kept is the shell whose child runs the script.
inline constexpr std::string_view keep_login_piece =
    R"sh(rj_lp=${PATH-} rj_lps=${PATH+x} rj_ll=${LC_ALL-} rj_lls=${LC_ALL+x} rj_li=$IFS
rj_restore() {
  if [ -n "$rj_lps" ]; then PATH=$rj_lp; else unset PATH; fi
  if [ -n "$rj_lls" ]; then LC_ALL=$rj_ll; else unset LC_ALL; fi
  IFS=$rj_li rj_kept=$$
  unset rj_b rj_by rj_c rj_cl rj_cp rj_cs rj_d rj_e rj_f rj_g rj_h rj_i rj_ib rj_ih rj_in rj_is rj_j rj_k rj_kq rj_ks
  unset rj_l rj_m rj_n rj_o rj_p rj_pg rj_q rj_s rj_t rj_up rj_v rj_w rj_x rj_z
}
)sh";

/// rj_sizes FILE...: prints the inode and the size of each, in this order and no name, where there is a stat for that;
/// rj_stat, whether there is. Else ls looks at each log by itself.
///
/// rj_dd: whether dd counts in bytes. Then it is the one process that reads a part of a log.
///
/// This boot and the name of the node are the same as long as the shell lives.
inline constexpr std::string_view kept_shell_piece = R"sh(rj_where
rj_where() { :; }
rj_stat=yes
if [ -n "$(exec stat -Lc %s / </dev/null 2>/dev/null)" ]; then
  rj_sizes() { exec stat -Lc '%i %s' "$@"; }
elif [ -n "$(exec stat -Lf %z / </dev/null 2>/dev/null)" ]; then
  rj_sizes() { exec stat -Lf '%i %z' "$@"; }
else rj_stat=no
fi
rj_dd=no
if [ "$(echo 1234 | exec dd iflag=skip_bytes,count_bytes skip=1 count=2 2>/dev/null)" = 23 ]; then rj_dd=yes; fi
rj_asked=0 rj_logs= rj_count=0
rj_line='
'
)sh";

/// Between the pieces of rj_ask NONCE LIFE DIRS, which works on $rj_p, $rj_pe and $rj_pl, the pid file, the exit-code file
/// and the log, and on what append_part() assigns. LIFE and DIRS are yes or no: whether that is asked for.
inline constexpr std::string_view ask_begin_piece = R"sh(rj_ask() {
  rj_asked=$((rj_asked+1)) rj_lv=
  if [ "$2" = yes ]; then
    rj_life
    rj_lv=" life=$rj_v:$rj_e"
  fi
  rj_f=$rj_pe
)sh";
inline constexpr std::string_view ask_end_piece = R"sh(  rj_f=$rj_pl rj_k=-
  if [ -f "$rj_f" ]; then
    rj_k=!
    if [ "$rj_stat" = no ]; then rj_k=?
    elif { { :; } <"$rj_f"; } 2>/dev/null; then
      rj_k=? rj_count=$((rj_count+2)) rj_logs="$rj_logs \"\$rj_f$rj_asked\""
    fi
  elif [ -e "$rj_f" ] || rj_hidden; then rj_k=!
  fi
  if [ "$3" = yes ]; then
    rj_dir
    rj_lv=" dirs=$rj_o$rj_x$rj_lv"
  fi
  eval "rj_f$rj_asked=\$rj_f rj_t$rj_asked=\$rj_t rj_lv$rj_asked=\$rj_lv"
  eval "rj_a$rj_asked=\"\$rj_k \$1 \$rj_c \$rj_po \$rj_pb \$rj_pv \$rj_pm \$rj_ps \$rj_pr\""
}
)sh";

/// rj_answer: should fewer sizes come than logs were there, each log is looked at by itself.
inline constexpr std::string_view answer_begin_piece = R"sh(rj_print() {
  rj_c=$3 rj_po=$4 rj_pb=$5 rj_pv=$6 rj_pm=$7 rj_ps=$8 rj_pr=$9
)sh";
inline constexpr std::string_view answer_middle_piece =
    R"sh(  rj_l="@RJ1 $2 poll exit=$rj_c log=$rj_k ino=$rj_i size=$rj_s off=$rj_pb n=$rj_n$rj_lv"
  if [ "$rj_n" = 0 ]; then
    echo "$rj_line$rj_l$rj_line$rj_t$rj_line${rj_line}@RJ1 $2 end"
    return
  fi
  echo "$rj_line$rj_l$rj_line$rj_t"
  if [ "$rj_dd" = yes ]; then
    dd bs=65536 iflag=skip_bytes,count_bytes skip="$rj_pb" count="$rj_n" <"$rj_f" 2>/dev/null
  else
)sh";
inline constexpr std::string_view answer_end_piece = R"sh(  fi
  echo "${rj_line}@RJ1 $2 end"
}
rj_answer() {
  rj_l=
  if [ "$rj_count" != 0 ]; then
    eval "rj_l=\$(rj_sizes$rj_logs </dev/null 2>/dev/null)"
  fi
  IFS=" $rj_line"
  set -- $rj_l
  IFS=' '
  [ $# = "$rj_count" ] || set --
  rj_at=0
  while [ "$rj_at" != "$rj_asked" ]; do
    rj_at=$((rj_at+1))
    eval "rj_f=\$rj_f$rj_at rj_t=\$rj_t$rj_at rj_lv=\$rj_lv$rj_at rj_a=\$rj_a$rj_at"
    rj_k=${rj_a%% *} rj_i=0 rj_s=0
    if [ "$rj_k" = '?' ]; then
      if [ $# != 0 ]; then
        rj_k=+ rj_i=$1 rj_s=$2
        shift 2
        case $rj_i$rj_s in *[!0-9]*) rj_k=! rj_i=0 rj_s=0 ;; esac
      else rj_look_at_log
      fi
    fi
    rj_print $rj_a
  done
  rj_asked=0 rj_logs= rj_count=0
}
)sh";

/// The functions of the shell, for the first input of `sh -s`. One brace group, as every script.
REMOTE_JOB_DECL std::string_view kept_shell_prelude();

/// Writes how the shell is asked for a poll.
REMOTE_JOB_DECL void append_shell_poll(shell_request& shell, const job_spec& job, const poll_request& request);

/// Has the shell run a whole script, by a child that has the login's environment.
REMOTE_JOB_DECL void append_shell_script(shell_request& shell, std::string_view script);

}  // namespace remote_job::inline REMOTE_JOB_ABI::detail

#if !defined(REMOTE_JOB_SEPARATE_COMPILATION)
#include <remote_job/os_policy/detail/impl/posix_kept_shell.ipp>
#endif

#endif
