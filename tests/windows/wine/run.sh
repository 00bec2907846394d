#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Windows as the watching side: builds the unit and scenario suites with MinGW-w64 and runs them under wine64, with the
# command lines that cmd.exe reads: tests/windows/wine/run.sh [CATCH2-OPTION...].
# Takes minutes, most of them to build. Exits with 77 and a reason where something is missing; what is needed on Debian:
#   apt-get install g++-mingw-w64-x86-64-posix wine64 make libasio-dev catch2
# Environment: BUILD_DIR, where to build, else build/wine; JOBS; ASIO_INCLUDE_DIR and CATCH2_INCLUDE_DIR, else
# /usr/include.
set -eu
root=$(cd "$(dirname "$0")/../../.." && pwd)
BUILD_DIR=${BUILD_DIR:-$root/build/wine}
asio=${ASIO_INCLUDE_DIR:-/usr/include} catch2=${CATCH2_INCLUDE_DIR:-/usr/include}
skip() {
  echo "skipped: $*" >&2
  exit 77
}
compiler=x86_64-w64-mingw32-g++-posix
command -v $compiler >/dev/null || skip "no MinGW-w64 (g++-mingw-w64-x86-64-posix)"
command -v make >/dev/null || skip "no make"
wine=$(command -v wine64 || ls /usr/lib/wine/wine64 2>/dev/null) || skip "no wine64"
[ -e "$asio/asio.hpp" ] || skip "no Asio in $asio"
[ -e "$catch2/catch2/catch.hpp" ] || skip "no Catch2 2 in $catch2"
! command -v ccache >/dev/null || compiler="ccache $compiler"

# Nothing else of the directories of Asio and Catch2 may be seen.
mkdir -p "$BUILD_DIR/include"
ln -sfn "$asio/asio" "$BUILD_DIR/include/asio"
ln -sfn "$asio/asio.hpp" "$BUILD_DIR/include/asio.hpp"
ln -sfn "$catch2/catch2" "$BUILD_DIR/include/catch2"
echo '#include <remote_job/src.hpp>' >"$BUILD_DIR/library.cpp"
cd "$root/tests"
objects= rules=
for source in unit/*.cpp scenario/*.cpp windows/wine/*.cpp "$BUILD_DIR/library.cpp"; do
  # file_sink is for POSIX systems. That every sequence of inputs keeps the rules takes minutes there.
  case $source in unit/file_sink.cpp | unit/watch_fsm_explore.cpp) continue ;; esac
  object=$BUILD_DIR/$(basename "$(dirname "$source")")-$(basename "$source" .cpp).o
  objects="$objects $object"
  rules="$rules
$object: $source
	@$compiler -std=c++20 -O0 -Wa,-mbig-obj -Wall -Wextra -Werror -D_WIN32_WINNT=0x0A00 -DREMOTE_JOB_SEPARATE_COMPILATION \
-MMD -MT \$@ -I../include -I. -isystem $BUILD_DIR/include -c -o \$@ \$<"
done
printf 'all: %s\n%s\n-include %s/*.d\n' "$objects" "$rules" "$BUILD_DIR" >"$BUILD_DIR/Makefile"
make -s -j "${JOBS:-$(nproc)}" -f "$BUILD_DIR/Makefile" all
x86_64-w64-mingw32-g++-posix -static -o "$BUILD_DIR/tests.exe" $objects -lws2_32 -lmswsock

export WINEPREFIX="$BUILD_DIR/prefix" WINEDEBUG=-all WINEDLLOVERRIDES="mscoree,mshtml=;winemenubuilder.exe=d"
unset DISPLAY
[ -e "$WINEPREFIX/system.reg" ] || "$wine" wineboot -i >"$BUILD_DIR/wineboot.log" 2>&1 </dev/null
exec "$wine" "$BUILD_DIR/tests.exe" "$@" </dev/null
