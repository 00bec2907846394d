#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Watches hundreds of jobs over SSH for minutes, while the server is killed, frozen and cut off and watching processes are
# killed: tests/soak.sh [MINUTES [JOBS]] (5 and 300). In the end every log has to be whole, every exit code right, every job
# started once, and the memory and descriptors of the watching processes as at the beginning.
# SEED=NUMBER repeats the faults of another run; the seed is printed. See cmake/setup.sh for PRESET, CXX, BUILD_DIR and JOBS.
set -eu
. "$(dirname "$0")/../cmake/setup.sh"

setup_need asio libssh2 json cli11 pkg-config sshd ssh python3
setup_build EXAMPLES rjob many_jobs
setup_scratch

rc=0
TMPDIR="$scratch" "$root/tests/soak/soak.py" "$BUILD_DIR/examples" "${1:-5}" "${2:-300}" ${SEED:+"$SEED"} || rc=1
setup_leftovers || rc=1
exit $rc
