#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Takes the library in as its users do: run.sh subdirectory|fetch|package|pkg-config|vendored|mixed|windows SOURCE BUILD.
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

# The single header, copied into a project.
vendor() {
  mkdir -p "$work/third_party/remote_job"
  cp "$source/single_include/remote_job/remote_job.hpp" "$work/third_party/remote_job"
  ssh=$(pkg-config --libs libssh2 2>/dev/null || :)
}

compile() {
  output=$1
  shift
  "$CXX" -std=c++20 -pthread -I"$work/third_party" -I"$ASIO_INCLUDE_DIR" -o "$output" "$@"
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
    set -- "$work"/second/lib*/pkgconfig "$work"/second/lib/*/pkgconfig
    for directory; do
      [ ! -d "$directory" ] || PKG_CONFIG_PATH=$directory${PKG_CONFIG_PATH:+:$PKG_CONFIG_PATH}
    done
    export PKG_CONFIG_PATH="$work/second/share/pkgconfig:$PKG_CONFIG_PATH"
    for name in remote_job remote_job-compiled; do
      "$CXX" -std=c++20 $(pkg-config --cflags $name) -I"$ASIO_INCLUDE_DIR" -o "$work/$name" "$here/main.cpp" \
        "$here/other.cpp" $(pkg-config --libs $name)
      "$work/$name"
    done
    ! pkg-config --exists "libssh2 >= 1.10.0" || for name in remote_job-ssh remote_job-ssh-compiled; do
      "$CXX" -std=c++20 $(pkg-config --cflags $name) -I"$ASIO_INCLUDE_DIR" -o "$work/$name" "$here/ssh.cpp" \
        $(pkg-config --libs $name)
      "$work/$name"
    done
    ;;
  vendored)
    vendor
    compile "$work/headers" "$here/main.cpp" "$here/other.cpp"
    "$work/headers"
    compile "$work/separate" -DREMOTE_JOB_SEPARATE_COMPILATION "$here/main.cpp" "$here/other.cpp" "$here/implementation.cpp" $ssh
    "$work/separate"
    ;;
  mixed)
    # One program in both modes: each file compiles, and they do not link.
    vendor
    for file in main other implementation; do
      mode=-DREMOTE_JOB_SEPARATE_COMPILATION
      [ $file != main ] || mode=
      compile "$work/$file.o" -c $mode "$here/$file.cpp"
    done
    if compile "$work/mixed" "$work/main.o" "$work/other.o" "$work/implementation.o" $ssh 2>"$work/errors"; then
      echo "a program in both modes was linked" >&2
      exit 1
    fi
    grep -i "undefined.*watch" "$work/errors"
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
