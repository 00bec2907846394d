#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Fuzzes whatever reads what hosts, servers, agents and files say, with clang's libFuzzer, ASan and UBSan.
#
#   tests/fuzz/run.sh MINUTES [TARGET...]      each target so long; what it finds is named, and fails
#   tests/fuzz/run.sh runs NUMBER [TARGET...]  each target so often, with the same seed: as the tests do it
#   tests/fuzz/run.sh build                    only builds
#   tests/fuzz/run.sh targets                  builds, and names the targets
#
# The inputs that reach new code are kept in BUILD_DIR/corpus/TARGET and used by the next run; the committed seeds are in
# tests/fuzz/corpus. An input that crashes is left in BUILD_DIR: it becomes a unit test.
#
# The target handshake needs the sources of libssh2, to build it with the sanitizers and its edges counted; it is left out
# unless LIBSSH2_SOURCE names their directory (Debian: apt-get source libssh2).
#
# Environment, all optional: CXX, FLAGS (else -O1 -g1), BUILD_DIR (else build/fuzz), ASIO_INCLUDE_DIR, LIBSSH2_SOURCE.
# Ends with 77 where there is no clang with libFuzzer (Debian: clang-16 libclang-rt-16-dev).
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
BUILD_DIR=${BUILD_DIR:-$root/build/fuzz}
mkdir -p "$BUILD_DIR"
flags="-fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all"

die() {
  echo "run.sh: $*" >&2
  exit 1
}

# A clang whose runtime has libFuzzer.
find_clang() {
  printf 'extern "C" int LLVMFuzzerTestOneInput(const unsigned char*, unsigned long) { return 0; }\n' >"$BUILD_DIR/empty.cpp"
  for CXX in ${CXX:-} clang++ clang++-21 clang++-20 clang++-19 clang++-18 clang++-17 clang++-16; do
    "$CXX" $flags "$BUILD_DIR/empty.cpp" -o "$BUILD_DIR/empty" 2>/dev/null && return
  done
  echo "run.sh: no clang with libFuzzer is here" >&2
  exit 77
}

# build NAME LIBRARY...: unless nothing has changed since.
build() {
  name=$1
  shift
  if [ -e "$BUILD_DIR/$name" ] &&
    [ -z "$(find "$root/include" "$root/tests/fuzz" -name '*.?pp' -newer "$BUILD_DIR/$name" | head -n 1)" ]; then
    return
  fi
  find_clang
  "$CXX" -std=c++20 ${FLAGS:--O1 -g1} $flags -DASIO_HAS_CO_AWAIT=1 -DASIO_HAS_STD_COROUTINE=1 -I"$root/include" \
    ${ASIO_INCLUDE_DIR:+"-I$ASIO_INCLUDE_DIR"} "$root/tests/fuzz/$name.cpp" -o "$BUILD_DIR/$name.new" "$@"
  mv "$BUILD_DIR/$name.new" "$BUILD_DIR/$name"
}

# libssh2 from its sources, once; with gcrypt, as 1.10 leaks memory of OpenSSL 3 at each signature that is refused.
build_libssh2() {
  [ ! -e "$BUILD_DIR/libssh2/src/libssh2.a" ] || return 0
  find_clang
  cmake -S "$LIBSSH2_SOURCE" -B "$BUILD_DIR/libssh2" -DCMAKE_C_COMPILER="$(echo "$CXX" | sed 's/clang++/clang/')" \
    -DCMAKE_C_FLAGS="-g1 -O1 -fsanitize=fuzzer-no-link,address,undefined" -DCRYPTO_BACKEND=Libgcrypt \
    -DBUILD_SHARED_LIBS=OFF -DBUILD_TESTING=OFF -DBUILD_EXAMPLES=OFF >"$BUILD_DIR/libssh2.log" 2>&1 &&
    cmake --build "$BUILD_DIR/libssh2" --parallel 2 >>"$BUILD_DIR/libssh2.log" 2>&1 ||
    die "cannot build libssh2 (Debian: libgcrypt20-dev), see $BUILD_DIR/libssh2.log"
}

# fuzz TARGET OPTION...
fuzz() {
  target=$1
  shift
  program=parsers
  case $target in sftp | handshake) program=$target ;; esac
  corpus=$BUILD_DIR/corpus/$target
  [ "$what" != runs ] || corpus=$BUILD_DIR/scratch/$target
  mkdir -p "$corpus"
  rc=0
  FUZZ_TARGET=$target "$BUILD_DIR/$program" "$@" -timeout=30 -rss_limit_mb=2048 -artifact_prefix="$BUILD_DIR/$target-" \
    -print_final_stats=1 "$corpus" "$root/tests/fuzz/corpus/$target" >"$BUILD_DIR/$target.log" 2>&1 || rc=$?
  [ "$what" != runs ] || rm -rf "$corpus"
  if [ $rc != 0 ]; then
    tail -n 60 "$BUILD_DIR/$target.log" >&2
    echo "$target: failed" >&2
    return 1
  fi
  edges=$(sed -n 's/.* cov: \([0-9]*\) .*/\1/p' "$BUILD_DIR/$target.log" | tail -n 1)
  runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$BUILD_DIR/$target.log")
  speed=$(sed -n 's/^stat::average_exec_per_sec: *//p' "$BUILD_DIR/$target.log")
  [ "$speed" -gt 0 ] || speed=">$runs"  # over within a second
  printf '%-14s %10s runs %8s a second %6s edges\n' "$target" "$runs" "$speed" "$edges"
}

case ${1:-} in
  build | targets) ;;
  runs) [ $# -ge 2 ] || die "runs NUMBER [TARGET...]" ;;
  [1-9]*) ;;
  *) die "MINUTES [TARGET...] | runs NUMBER [TARGET...] | build | targets" ;;
esac
build parsers -lssh2
build sftp -pthread
if [ -n "${LIBSSH2_SOURCE:-}" ]; then
  build_libssh2
  build handshake "$BUILD_DIR/libssh2/src/libssh2.a" -lgcrypt -pthread
fi
what=$1
shift
[ "$what" != build ] || exit 0
all="$("$BUILD_DIR/parsers") sftp${LIBSSH2_SOURCE:+ handshake}"
if [ "$what" = targets ]; then
  echo $all
  exit 0
fi
if [ "$what" = runs ]; then
  options="-runs=$1 -seed=1"
  shift
else
  options="-max_total_time=$((what * 60))"
fi
bad=0
for target in ${*:-$all}; do
  fuzz "$target" $options || bad=1
done
exit $bad
