#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Builds the examples; see cmake/setup.sh for PRESET, CXX, BUILD_DIR and JOBS.
# On Debian and Ubuntu it installs what is missing (as root or through sudo).
set -eu
. "$(dirname "$0")/../cmake/setup.sh"

setup_need asio libssh2 json cli11 pkg-config sshd ssh
setup_build EXAMPLES
