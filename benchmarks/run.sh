#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Builds and runs the benchmarks, optimised: benchmarks/run.sh [CATCH2-OPTION...]; see cmake/setup.sh for the environment.
# What is compared with other programs has a table of its own, with goals; one that is missed makes the exit status 2.
set -eu
PRESET=${PRESET:-release}
. "$(dirname "$0")/../cmake/setup.sh"

setup_need asio catch2 libssh2 pkg-config python3 sshd ssh asyncssh
setup_build BENCHMARKS
setup_scratch
rc=0
for program in "$BUILD_DIR"/benchmarks/*_benchmark; do
  [ ! -x "$program" ] || TMPDIR="$scratch" "$program" "$@" || rc=$?
done

# What it costs to compile.
python3 "$root/benchmarks/compile_time/run.py" $CXX -I"$root/include" ${ASIO_INCLUDE_DIR:+-isystem "$ASIO_INCLUDE_DIR"} \
  $(pkg-config --cflags libssh2) || rc=$?
exit $rc
