#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Runs examples/custom_scheduler on a Grid Engine of the test's own: grid_engine.sh PROGRAM
# Its daemons listen on all addresses, and so get a network, and processes, that nobody else sees. Ends with 77 if that
# cannot be.
set -eu
program=$1
skip() {
  echo "skipped: $*"
  exit 77
}
if [ -z "${in_namespaces:-}" ]; then
  [ "$(id -u)" = 0 ] || skip "a Grid Engine of the test's own needs root"
  for name in sge_qmaster sge_execd qsub; do [ -x "/usr/lib/gridengine/$name" ] || skip "there is no $name"; done
  unshare -n -m -p -f true 2>/dev/null || skip "there can be no network of the test's own"
  dir=$(mktemp -d)
  trap 'rm -rf "$dir"' EXIT
  in_namespaces=yes dir=$dir unshare -n -m -p -f --mount-proc --kill-child sh "$0" "$program"
  exit
fi

# --- the cluster

export SGE_ROOT="$dir" SGE_CELL=default SGE_QMASTER_PORT=6444 SGE_EXECD_PORT=6445
chmod 755 "$dir"
ip link set lo up
host=$(hostname -s)
printf '127.0.0.1 localhost %s\n' "$host" >"$dir/hosts"
mount --bind "$dir/hosts" /etc/hosts
ln -s /usr/share/gridengine/util "$dir/util"
ln -s /usr/lib/gridengine "$dir/utilbin"
mkdir -p "$dir/default/common" "$dir/spool/db" "$dir/spool/qmaster" "$dir/spool/execd"
sed -e 's/^admin_user .*/admin_user none/' -e "s|^spooling_params .*|spooling_params $dir/spool/db|" \
  -e "s|^qmaster_spool_dir .*|qmaster_spool_dir $dir/spool/qmaster|" -e 's|^binary_path .*|binary_path /usr/lib/gridengine|' \
  /usr/share/gridengine/default-bootstrap >"$dir/default/common/bootstrap"
echo "$host" >"$dir/default/common/act_qmaster"
/usr/share/gridengine/scripts/init_cluster "$dir" default "$dir/spool/db" root >"$dir/log" 2>&1
PATH=/usr/lib/gridengine:$PATH
sge_qmaster >>"$dir/log" 2>&1
until qconf -sh >/dev/null 2>&1; do sleep 0.1; done
qconf -as "$host" >>"$dir/log" 2>&1
mkdir "$dir/new"
qconf -sconf global | sed -e "s|^execd_spool_dir .*|execd_spool_dir $dir/spool/execd|" -e 's/^min_[ug]id.*//' \
  -e 's/^gid_range.*/gid_range 60000-60100/' -e 's/^load_report_time.*/load_report_time 00:00:01/' >"$dir/new/global"
qconf -Mconf "$dir/new/global" >>"$dir/log" 2>&1
qconf -ssconf | sed -e 's/^schedule_interval.*/schedule_interval 0:0:1/' -e 's/^flush_.*_sec.*//' >"$dir/new/schedule"
printf 'flush_submit_sec 1\nflush_finish_sec 1\n' >>"$dir/new/schedule"
qconf -Msconf "$dir/new/schedule" >>"$dir/log" 2>&1
{
  printf 'qname all.q\nhostlist %s\nseq_no 0\nnsuspend 1\nsuspend_interval 00:05:00\npriority 0\n' "$host"
  printf 'min_cpu_interval 00:05:00\nprocessors UNDEFINED\nqtype BATCH\nrerun FALSE\nslots 4\ntmpdir /tmp\n'
  printf 'shell /bin/sh\nshell_start_mode unix_behavior\nnotify 00:00:60\ninitial_state default\n'
  for name in load_thresholds suspend_thresholds ckpt_list pe_list prolog epilog starter_method suspend_method \
    resume_method terminate_method owner_list user_lists xuser_lists subordinate_list complex_values projects xprojects \
    calendar; do printf '%s NONE\n' "$name"; done
  for name in rt cpu fsize data stack core rss vmem; do printf 's_%s INFINITY\nh_%s INFINITY\n' "$name" "$name"; done
} >"$dir/new/queue"
qconf -Aq "$dir/new/queue" >>"$dir/log" 2>&1
sge_execd >>"$dir/log" 2>&1

# --- the test

fail() {
  echo "failed: $*"
  cat "$dir/said" "$dir/log"
  exit 1
}
jobs=$dir/jobs
run() { timeout 120 "$program" "$jobs" "$@" 2>>"$dir/said"; }

code=0
out=$(run one "echo 'it''s' one; exit 3") || code=$?
[ "$code $out" = "3 its one" ] || fail "the log or the exit code: $code $out"
code=0
out=$(run one "echo 'it''s' one; exit 3") || code=$?
[ "$code $out" = "3 its one" ] || fail "the job is there, and was to be attached to: $code $out"
! run one 'echo another' >/dev/null || fail "another command under the same id"

# At once, while the queue is closed: one entry, which is told to wait.
qmod -d all.q >/dev/null
for i in 1 2 3 4 5 6; do
  run many "echo ran; echo ran >>'$dir/runs'" >"$dir/log.$i" &
done
k=0
until grep -q 'Job many: it waits in the queue' "$dir/said"; do
  k=$((k+1))
  [ "$k" -lt 300 ] || fail "nothing was said of the queue"
  sleep 0.1
done
[ "$(qstat | awk 'NR > 2' | wc -l)" = 1 ] || fail "there must be one entry: $(qstat)"
qmod -e all.q >/dev/null
wait
[ "$(cat "$dir/runs")" = ran ] || fail "it ran more than once"
for i in 1 2 3 4 5 6; do [ "$(cat "$dir/log.$i")" = ran ] || fail "a log: $(cat "$dir/log.$i")"; done

# A job that is stopped; what it started is gone, too. Its watch may find the exit code, or that its directory is gone.
run long 'echo begun; sleep 1000' >"$dir/log.long" &
k=0
until grep -qs begun "$dir/log.long"; do
  k=$((k+1))
  [ "$k" -lt 300 ] || fail "the job did not begin"
  sleep 0.1
done
run long || fail "the stop"
[ ! -e "$jobs/long" ] || fail "its directory"
! pgrep -xf 'sleep 1000' >/dev/null || fail "its process"
