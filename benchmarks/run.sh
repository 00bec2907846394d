#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Builds and runs the benchmarks, optimised: benchmarks/run.sh [CATCH2-OPTION...]; see cmake/setup.sh for the environment.
set -eu
PRESET=${PRESET:-release}
. "$(dirname "$0")/../cmake/setup.sh"

setup_need asio catch2 libssh2 pkg-config python3
setup_build BENCHMARKS
for program in "$BUILD_DIR"/benchmarks/*_benchmark; do
  [ ! -x "$program" ] || "$program" "$@"
done

# What it costs to compile.
python3 "$root/benchmarks/compile_time/run.py" $CXX -I"$root/include" ${ASIO_INCLUDE_DIR:+-isystem "$ASIO_INCLUDE_DIR"} \
  $(pkg-config --cflags libssh2)
