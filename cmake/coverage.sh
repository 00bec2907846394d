#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# How much of the headers the tests run: cmake/coverage.sh [CTEST-OPTION...]. Builds and runs them by tests/run.sh in a
# build of its own that counts, then says for each header which part of its lines was run, and for all together. Needs
# gcovr, and g++.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
export PRESET=coverage BUILD_DIR="${BUILD_DIR:-$root/build/coverage}"
command -v gcovr >/dev/null || {
  echo "coverage.sh: needs gcovr (apt-get install gcovr)" >&2
  exit 1
}
[ ! -d "$BUILD_DIR" ] || find "$BUILD_DIR" -name '*.gcda' -delete
"$root/tests/run.sh" "$@"
exec gcovr --root "$root" --object-directory "$BUILD_DIR" --filter "$root/include/" --exclude-throw-branches "$BUILD_DIR"
