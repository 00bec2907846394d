#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Builds and runs all tests: tests/run.sh [CTEST-OPTION...]; see cmake/setup.sh for PRESET, CXX, BUILD_DIR and JOBS.
# On Debian and Ubuntu it installs what is missing (as root or through sudo).
set -eu
. "$(dirname "$0")/../cmake/setup.sh"

setup_need asio libssh2 catch2 json cli11 pkg-config python3 sshd ssh nss-wrapper \
  dash bash busybox mksh zsh fish tcsh
setup_build TESTS
setup_scratch

rc=0
log=$BUILD_DIR/log/ctest.log
TMPDIR="$scratch" ctest --test-dir "$BUILD_DIR" --output-on-failure --no-tests=error --parallel "$JOBS" "$@" \
  >"$log" 2>&1 </dev/null || rc=$?
if [ $rc = 0 ]; then
  sed -n '/tests passed/,$p' "$log"
else
  grep -vE ' Passed |^ +Start +[0-9]+: ' "$log" >&2
fi
setup_leftovers || rc=1
exit $rc
