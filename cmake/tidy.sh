#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# clang-tidy over every header, by .clang-tidy: cmake/tidy.sh [FLAG...]. One translation unit includes them all, so that
# each is looked at once. CLANG_TIDY names the program (16 or newer), ASIO_INCLUDE_DIR the directory of <asio.hpp>, if it
# is not the system's. Needs libssh2 and nlohmann-json.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
for program in ${CLANG_TIDY:-clang-tidy clang-tidy-21 clang-tidy-20 clang-tidy-19 clang-tidy-18 clang-tidy-17 clang-tidy-16}; do
  version=$("$program" --version 2>/dev/null | sed -n 's/.*version \([0-9]*\).*/\1/p')
  [ "${version:-0}" -lt 16 ] || break
done
[ "${version:-0}" -ge 16 ] || {
  echo "tidy.sh: needs clang-tidy 16 or newer; name it in CLANG_TIDY" >&2
  exit 1
}
work=$(mktemp -d "${TMPDIR:-/tmp}/tidy.XXXXXX")
trap 'rm -rf "$work"' EXIT
(cd "$root/include" && find . -name '*.hpp' | LC_ALL=C sort | sed 's|^\./\(.*\)|#include <\1>|') >"$work/every_header.cpp"
# What is said of others' headers is only counted; the counts are no news.
"$program" --quiet --config-file="$root/.clang-tidy" "$work/every_header.cpp" -- -std=c++20 \
  -DASIO_HAS_CO_AWAIT=1 -DASIO_HAS_STD_COROUTINE=1 -I"$root/include" \
  ${ASIO_INCLUDE_DIR:+-isystem "$ASIO_INCLUDE_DIR"} "$@" 2>"$work/counts" || {
  rc=$?
  grep -v 'warnings generated' "$work/counts" >&2 || :
  exit $rc
}
