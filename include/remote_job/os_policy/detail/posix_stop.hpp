// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_OS_POLICY_DETAIL_POSIX_STOP_HPP
#define REMOTE_JOB_OS_POLICY_DETAIL_POSIX_STOP_HPP

#include <remote_job/config.hpp>

#include <string_view>

// The scripts that stop and clean up a job, as pieces of a script; see lifecycle_frames.hpp for what they print.
namespace remote_job::inline REMOTE_JOB_ABI::detail {

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
/// rj_signal NAME: signals each process of rj_known once; the group of the leader first and at once, so that it cannot
/// fork in between. rj_end: asks all processes of the job to end, for rj_grace tenths of a second, and kills what is
/// left then; rj_left is the number of those that live on, as processes of another user do that sudo or su started.
inline constexpr std::string_view signal_piece = R"sh(rj_signal() {
  rj_group=-
  if [ "$rj_lead$rj_cl" = yesyes ] && rj_child_runs && kill "-$1" "-$rj_cp" 2>/dev/null; then rj_group=$rj_cp; fi
  for rj_t in $rj_known; do
    rj_w=${rj_t#*:}
    rj_start "${rj_t%%:*}"
    if [ "$rj_s" = "${rj_w%:*}" ] && [ "$rj_pg" != "$rj_group" ]; then kill "-$1" "${rj_t%%:*}" 2>/dev/null; fi
  done
}
rj_pause() { sleep 0.1 2>/dev/null || { sleep 1; rj_k=$((rj_k+9)); }; rj_k=$((rj_k+1)); }
rj_end() {
  rj_look
  [ "$rj_left" -gt 0 ] || return
  rj_remember "$rj_nonce"
  rj_sent=T rj_k=0
  rj_signal TERM
  while rj_check || rj_look; [ "$rj_left" -gt 0 ] && [ "$rj_k" -lt "$rj_grace" ]; do rj_pause; done
  rj_k=0
  while rj_look; [ "$rj_left" -gt 0 ] && [ "$rj_k" -lt 30 ]; do
    rj_sent=TK
    rj_remember "$rj_nonce"
    rj_signal KILL
    rj_pause
  done
  rj_remember "$rj_nonce"
}
)sh";

/// $rj_grace: tenths of a second between the signals.
///
/// The mark comes first: what has not begun yet sees it and does not begin. What had ended without the mark ended by
/// itself; what it left running is ended all the same. A supervisor whose job does not show itself yet is given the
/// time to see the mark. The supervisor may write down what has ended since: its file goes once it has written the exit
/// code.
inline constexpr std::string_view stop_piece = R"sh(rj_stop() {
  rj_life
  if [ ! -d "$rj_j" ]; then rj_out=absent; return; fi
  rj_result
  if [ -e "$rj_j/cancel" ]; then rj_marked=yes; else rj_marked=no; fi
  if [ "$rj_x" != - ]; then
    rj_out=finished
    [ "$rj_marked" = no ] || rj_out=stopped
    case $rj_is$rj_v in ?*[AOD]) rj_recall; rj_end ;; esac
    [ "$rj_left" = 0 ] || rj_out=survived
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
  rj_recall
  rj_k=0
  while rj_result; [ "$rj_x" = - ] && [ "$rj_v" = A ]; do
    rj_look
    [ "$rj_left" = 0 ] || break
    [ "$rj_k" -lt 50 ] || break
    rj_pause
    rj_life
  done
  rj_end
  rj_k=0
  while rj_life; rj_result; [ "$rj_x" = - ] && [ "$rj_v" = A ] && [ "$rj_left" = 0 ] && [ "$rj_k" -lt 50 ]; do rj_pause; done
  rj_remember "$rj_nonce"
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
/// $rj_leave is yes if processes that the job left running may run on.
///
/// Only where the base directory can be read, and is this user's, is a name that is not in it proved to be gone: it may
/// not be mounted, or be somebody else's.
inline constexpr std::string_view cleanup_piece = R"sh(rj_cleanup() {
  rj_base=${rj_j%/*} rj_gone=${rj_j%/*}/.gone.${rj_j##*/}
  if [ ! -e "$rj_j" ] && [ ! -h "$rj_j" ]; then
    if [ ! -d "$rj_base" ] || [ ! -r "$rj_base" ] || [ ! -x "$rj_base" ]; then rj_out=unseen; return; fi
    if ! rj_ours "$rj_base"; then rj_out=unsafe; return; fi
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
  if [ "$rj_leave" = no ]; then
    case $rj_is$rj_v in ?*[AOD])
      rj_recall
      rj_look
      rj_remember "$rj_nonce"
      if [ "$rj_left" != 0 ]; then rj_out=leftovers; return; fi ;;
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
