#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Takes the library in as its users do: run.sh subdirectory|fetch|package|pkg-config|vendored|windows SOURCE BUILD.
# CXX names the compiler, ASIO_INCLUDE_DIR the directory of <asio.hpp>.
set -eu
way=$1 source=$2 build=$3
here=$source/tests/consume
work=$(mktemp -d "${TMPDIR:-/tmp}/consume.XXXXXX")
trap 'rm -rf "$work"' EXIT

consume() {
  cmake -S "$here" -B "$work/build" -DCMAKE_CXX_COMPILER="$CXX" -DASIO_INCLUDE_DIR="$ASIO_INCLUDE_DIR" "$@"
  cmake --build "$work/build"
  cd "$work/build"
  ctest --output-on-failure --no-tests=error
  if ctest -N | grep 'Test *#' | grep -v ': consumer'; then
    echo "these tests are not the consumer's own" >&2
    return 1
  fi
}

# Installed, then moved: no absolute path may have been written down.
install_moved() {
  cmake --install "$build" --prefix "$work/first"
  mv "$work/first" "$work/second"
}

case $way in
  subdirectory) consume -DSOURCE="$source" ;;
  fetch) consume -DFETCH="$source" -DFETCHCONTENT_FULLY_DISCONNECTED=ON ;;
  package)
    install_moved
    consume -DCMAKE_PREFIX_PATH="$work/second"
    ;;
  pkg-config)
    install_moved
    export PKG_CONFIG_PATH="$work/second/share/pkgconfig${PKG_CONFIG_PATH:+:$PKG_CONFIG_PATH}"
    for name in remote_job remote_job-ssh; do
      [ $name = remote_job ] || pkg-config --exists "libssh2 >= 1.10.0" || continue
      "$CXX" -std=c++20 $(pkg-config --cflags $name) -I"$ASIO_INCLUDE_DIR" -o "$work/$name" "$here/main.cpp" \
        "$here/other.cpp" $(pkg-config --libs $name)
      "$work/$name"
    done
    ;;
  vendored)
    mkdir -p "$work/third_party/remote_job"
    cp "$source/single_include/remote_job/remote_job.hpp" "$work/third_party/remote_job"
    "$CXX" -std=c++20 -pthread -I"$work/third_party" -I"$ASIO_INCLUDE_DIR" -o "$work/vendored" "$here/main.cpp" \
      "$here/other.cpp"
    "$work/vendored"
    ;;
  windows)
    # Cross-compiled by the compiler CXX, not run. Of the directory of Asio nothing else may be seen.
    ln -s "$ASIO_INCLUDE_DIR/asio" "$ASIO_INCLUDE_DIR/asio.hpp" "$work"
    for include in "$source/include" "$source/single_include"; do
      "$CXX" -std=c++20 -Wall -Wextra -D_WIN32_WINNT=0x0A00 -I"$include" -isystem "$work" -o "$work/consumer.exe" \
        "$here/main.cpp" "$here/other.cpp" -lws2_32 -lmswsock
    done
    ;;
esac
