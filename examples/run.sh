#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The main job, for real: a job that logs for about 20 seconds is submitted to a host over SSH and watched; its connection
# is killed, then the watching process is ended, and a second one goes on from the state. Shows the log as it comes, the
# notices and the final event, and checks that the log that came is the log that was written. The host is this machine: an
# sshd of its own on a free loopback port, with keys that are thrown away.
# See cmake/setup.sh for PRESET, CXX, BUILD_DIR and JOBS. On Debian and Ubuntu it installs what is missing (as root or
# through sudo).
set -eu
. "$(dirname "$0")/../cmake/setup.sh"

setup_need asio libssh2 json cli11 pkg-config sshd ssh python3
setup_build EXAMPLES
setup_scratch

rc=0
TMPDIR="$scratch" "$root/examples/main_job.py" "$BUILD_DIR/examples/rjob" || rc=1
setup_leftovers || rc=1
exit $rc
