#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Builds and runs all tests: tests/run.sh [CTEST-OPTION...]; see cmake/setup.sh for PRESET, CXX, BUILD_DIR and JOBS.
# SUITES="unit ssh" builds and runs these suites only. Prints how long each suite took.
# On Debian and Ubuntu it installs what is missing (as root or through sudo).
set -eu
. "$(dirname "$0")/../cmake/setup.sh"

# The tests of other servers are skipped where these are not installed; so is that of Grid Engine, which is not installed
# here, as it brings a mail server. Those of Slurm run where REMOTE_JOB_SLURM=1.
other_servers=
[ ! -e /etc/debian_version ] || other_servers="dropbear proftpd asyncssh${REMOTE_JOB_SLURM:+ slurm}"
setup_need asio libssh2 catch2 json cli11 pkg-config python3 sshd ssh nss-wrapper \
  dash bash busybox mksh zsh fish tcsh $other_servers
setup_powershell
begin=$(date +%s)
if [ -n "${SUITES:-}" ]; then
  setup_build TESTS $(printf '%s_tests ' $SUITES)
  set -- -R "^($(echo $SUITES | tr ' ' '|')):" "$@"
else
  setup_build TESTS
fi
echo "built in $(($(date +%s) - begin)) s"
setup_scratch

# Most tests wait for a server or a job most of the time, so more of them run at once than there are cores. Those that
# need the processor count as several.
rc=0
log=$BUILD_DIR/log/ctest.log
TMPDIR="$scratch" ctest --test-dir "$BUILD_DIR" --output-on-failure --no-tests=error --parallel $((JOBS * 3)) "$@" \
  >"$log" 2>&1 </dev/null || rc=$?
# Seconds of all tests of a suite together, and the longest.
sed -nE 's/^ *[0-9]+\/[0-9]+ Test +#[0-9]+: ([a-z_]+):.* ([0-9.]+) sec *$/\1 \2/p' "$log" | awk '
  { total[$1] += $2; number[$1]++; if ($2 > longest[$1]) longest[$1] = $2 }
  END { for (suite in total) printf "%-14s %4d tests %7.1f s, the longest %5.1f s\n", suite, number[suite], total[suite], longest[suite] }' | sort
if [ $rc = 0 ]; then
  sed -n '/tests passed/,$p' "$log"
else
  grep -vE ' Passed |^ +Start +[0-9]+: ' "$log" >&2
fi
setup_leftovers || rc=1
exit $rc
