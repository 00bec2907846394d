# SPDX-License-Identifier: Apache-2.0
# What tests/run.sh, examples/run.sh and benchmarks/run.sh have in common; they source it. Plain sh.
#
#   setup_need NAME...        finds what is needed; what is missing is installed by apt, or else named
#   setup_powershell          finds PowerShell or installs it as a .NET tool; goes on without
#   setup_build KIND [TARGET...] configures with the tests, examples or benchmarks, and builds
#   setup_scratch             makes $scratch, a temporary directory to be handed as TMPDIR to what is run
#   setup_leftovers           ends what was left running, and fails if there was any, or a file in $scratch
#
# Environment, all optional:
#   PRESET     one of CMakePresets.json: dev (default), release, asan, tsan, clang, headers, single, coverage
#   CXX        the compiler; else the first of the usual names that is new enough
#   BUILD_DIR  where to build; else build/PRESET, or a temporary directory where the source cannot be written
#   JOBS       how many things are done at a time; else the number of cores
#   ASIO_INCLUDE_DIR  where <asio.hpp> is, to use another one than the system's (Ubuntu 22.04 has too old a one)
#
# Quiet about what went well: the logs are under the build directory and shown only when something failed.

root=$(cd "$(dirname "$0")/.." && pwd)
PRESET=${PRESET:-dev}
CXX=${CXX:-}
JOBS=${JOBS:-$(nproc 2>/dev/null || getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2)}
as_root=
scratch=
throw_away=
run_sshd=
policy=/usr/sbin/policy-rc.d
policy_set=

say() { printf '%s: %s\n' "${0##*/}" "$*" >&2; }
die() {
  say "$@"
  exit 1
}

if [ -z "${BUILD_DIR:-}" ]; then
  BUILD_DIR=$root/build/$PRESET${CXX:+-${CXX##*/}}
  if ! mkdir -p "$BUILD_DIR" 2>/dev/null || [ ! -w "$BUILD_DIR" ]; then
    BUILD_DIR=$(mktemp -d "${TMPDIR:-/tmp}/remote_job_build.XXXXXX")
    throw_away=$BUILD_DIR
  fi
fi
mkdir -p "$BUILD_DIR/log" || die "cannot write to $BUILD_DIR; name another directory in BUILD_DIR"
BUILD_DIR=$(cd "$BUILD_DIR" && pwd)

setup_cleanup() {
  rc=$?
  trap - EXIT
  trap '' INT TERM HUP
  setup_policy_back
  if [ -n "$scratch" ]; then
    setup_kill TERM
    rm -rf "$scratch"
    [ -z "$run_sshd" ] || rmdir "$run_sshd" || :
  fi
  [ -z "$throw_away" ] || rm -rf "$throw_away"
  exit $rc
}
trap setup_cleanup EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

# quietly NAME COMMAND...: the output goes to the log NAME, and to the terminal only if the command fails.
quietly() {
  log=$BUILD_DIR/log/$1.log
  shift
  "$@" >"$log" 2>&1 </dev/null && return
  rc=$?
  cat "$log" >&2
  say "failed ($rc): $*"
  return $rc
}

# --- what is needed -------------------------------------------------------------------------------------------------

# preprocesses TEXT: whether it passes the compiler's preprocessor.
preprocesses() { printf '%b\n' "$1" | $CXX -std=c++20 ${ASIO_INCLUDE_DIR:+"-I$ASIO_INCLUDE_DIR"} -E -x c++ - >/dev/null 2>&1; }

setup_compiler() {
  if [ -n "$CXX" ]; then
    candidates=$CXX
  elif [ "$PRESET" = clang ]; then
    candidates="clang++ clang++-21 clang++-20 clang++-19 clang++-18 clang++-17 clang++-16"
  else
    candidates="c++ g++ g++-15 g++-14 g++-13 g++-12 clang++"
  fi
  for candidate in $candidates; do
    command -v "$candidate" >/dev/null 2>&1 || continue
    wanted=$CXX
    CXX=$candidate
    if preprocesses '#if defined(__clang__) ? __clang_major__ < 16 : __GNUC__ < 12\n#error\n#endif'; then
      return
    fi
    CXX=$wanted
  done
  return 1
}

setup_has() {
  case $1 in
    compiler) setup_compiler ;;
    cmake) command -v cmake ;;
    make) command -v ninja || command -v make ;;
    asio) preprocesses '#include <asio/version.hpp>\n#if ASIO_VERSION < 102201\n#error\n#endif' ;;
    libssh2) preprocesses '#include <libssh2.h>\n#if LIBSSH2_VERSION_NUM < 0x010a00\n#error\n#endif' ;;
    catch2) preprocesses '#if !__has_include(<catch2/catch_all.hpp>) && !__has_include(<catch2/catch.hpp>)\n#error\n#endif' ;;
    json) preprocesses '#include <nlohmann/json_fwd.hpp>' ;;
    cli11) preprocesses '#if !__has_include(<CLI/CLI.hpp>)\n#error\n#endif' ;;
    pkg-config) command -v pkg-config ;;
    asyncssh) /usr/bin/python3 -c 'import asyncssh' ;;
    sshd) command -v sshd || [ -x /usr/sbin/sshd ] ;;
    dropbear) [ -x /usr/sbin/dropbear ] ;;
    proftpd) ls /usr/lib/proftpd/mod_sftp.so ;;
    slurm) [ -x /usr/sbin/slurmctld ] && [ -x /usr/sbin/slurmd ] && [ -x /usr/bin/sbatch ] && [ -x /usr/sbin/munged ] ;;
    nss-wrapper) ls /usr/lib*/libnss_wrapper.so /usr/lib/*/libnss_wrapper.so 2>/dev/null | grep . ;;
    *) command -v "$1" ;;
  esac >/dev/null 2>&1
}

# The Debian package that brings NAME.
setup_package() {
  case $1 in
    compiler)
      case ${CXX:-$PRESET}-$(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release) in
        clang-bookworm) echo clang-16 ;;
        clang++-[0-9]*) echo "clang-${CXX#clang++-}" ;;
        clang*) echo clang ;;
        g++-[0-9]*) echo "$CXX" ;;
        *-jammy) echo g++-12 ;;
        *) echo g++ ;;
      esac
      # A compiler that is not the default does not bring the linker's and libc's headers by itself.
      echo libc6-dev
      ;;
    make) echo ninja-build ;;
    asio) echo libasio-dev ;;
    libssh2) echo libssh2-1-dev ;;
    json) echo nlohmann-json3-dev ;;
    cli11) echo libcli11-dev ;;
    sshd) echo openssh-server ;;
    nss-wrapper) echo libnss-wrapper ;;
    dropbear) echo dropbear-bin ;;
    proftpd) echo proftpd-core proftpd-mod-crypto ;;
    slurm) echo slurm-wlm slurm-client munge ;;
    ssh) echo openssh-client ;;
    asyncssh) echo python3-asyncssh ;;
    *) echo "$1" ;;
  esac
}

# What to call NAME where there is no apt.
setup_title() {
  case $1 in
    compiler) echo "${CXX:-a C++20 compiler (g++ 12, clang 16 or newer)}" ;;
    make) echo "ninja or make" ;;
    asio) echo "Asio 1.22.1 or newer (standalone, <asio.hpp>)" ;;
    libssh2) echo "libssh2 1.10 or newer" ;;
    catch2) echo "Catch2 2.13 or 3" ;;
    json) echo "nlohmann-json 3" ;;
    cli11) echo "CLI11" ;;
    *) echo "$1" ;;
  esac
}

setup_missing() {
  missing=
  for name in "$@"; do
    setup_has "$name" || missing="$missing $name"
  done
  [ -n "$missing" ]
}

setup_titles() {
  for name in $missing; do
    printf '  %s\n' "$(setup_title "$name")"
  done
}

setup_policy_back() {
  [ -n "$policy_set" ] || return 0
  $as_root rm -f "$policy"
  [ ! -e "$policy.remote_job" ] || $as_root mv "$policy.remote_job" "$policy"
  policy_set=
}

setup_apt() {
  $as_root env DEBIAN_FRONTEND=noninteractive NEEDRESTART_SUSPEND=1 \
    apt-get -qq -y -o DPkg::Lock::Timeout=300 "$@"
}

setup_need() {
  setup_missing compiler cmake make "$@" || return 0
  packages=
  for name in $missing; do
    packages="$packages $(setup_package "$name")"
  done
  packages=$(echo $packages)
  if ! command -v apt-get >/dev/null 2>&1 || [ ! -e /etc/debian_version ]; then
    say "missing on this machine, please install:"
    setup_titles >&2
    exit 1
  fi
  if [ "$(id -u)" != 0 ]; then
    as_root="sudo -n"
    $as_root true 2>/dev/null || die "missing; please run: sudo apt-get install $packages"
  fi
  say "installing $packages"

  # A package that is there is not touched. A new server must not listen on this machine, now or after a reboot: the
  # tests start their own, on loopback and without privileges.
  services=
  case " $packages " in *" openssh-server "*) services="ssh" ;; esac
  case " $packages " in *" proftpd-core "*) [ -x /usr/sbin/proftpd ] || services="$services proftpd" ;; esac
  case " $packages " in
    *" slurm-wlm "*)
      [ -x /usr/sbin/slurmctld ] || services="$services slurmctld"
      [ -x /usr/sbin/slurmd ] || services="$services slurmd"
      [ -x /usr/sbin/munged ] || services="$services munge" ;;
  esac
  if [ -n "$services" ]; then
    policy_set=1
    [ ! -e "$policy" ] || $as_root mv "$policy" "$policy.remote_job"
    printf '#!/bin/sh\nexit 101\n' | $as_root tee "$policy" >/dev/null
    $as_root chmod 755 "$policy"
  fi
  quietly apt-update setup_apt update || say "going on with the package lists that are there"
  quietly apt-install setup_apt --no-install-recommends install $packages || {
    say "could not install; on Ubuntu the component \"universe\" is needed"
    exit 1
  }
  if [ -n "$policy_set" ]; then
    setup_policy_back
    for service in $services; do
      $as_root deb-systemd-helper disable "$service.service" "$service.socket" >/dev/null 2>&1 || :
      $as_root update-rc.d "$service" disable >/dev/null 2>&1 || :
    done
  fi

  if setup_missing compiler cmake make "$@"; then
    say "still missing, the system's packages are too old or were not installed:"
    setup_titles >&2
    exit 1
  fi
}

# PowerShell, which no distribution has: REMOTE_JOB_PWSH or PATH names it; else the .NET SDK installs it into the build
# directory, where it can. The tests that need it skip themselves without.
setup_powershell() {
  version=7.6.9
  : "${REMOTE_JOB_PWSH:=$(command -v pwsh || echo "$BUILD_DIR/powershell/pwsh")}"
  if [ ! -x "$REMOTE_JOB_PWSH" ]; then
    rm -rf "$BUILD_DIR/powershell"
    if ! command -v dotnet >/dev/null 2>&1 ||
      ! dotnet tool install --tool-path "$BUILD_DIR/powershell" powershell --version $version \
        >"$BUILD_DIR/log/powershell.log" 2>&1 </dev/null; then
      say "no PowerShell here: the scripts for Windows are not run"
      unset REMOTE_JOB_PWSH
      return
    fi
  fi
  export REMOTE_JOB_PWSH
}

# --- build ----------------------------------------------------------------------------------------------------------

setup_build() {
  kind=$1
  shift
  targets=${*:-all}
  set -- -S "$root" -B "$BUILD_DIR" --preset "$PRESET" -DCMAKE_CXX_COMPILER="$CXX" \
    ${ASIO_INCLUDE_DIR:+"-DASIO_INCLUDE_DIR=$ASIO_INCLUDE_DIR"}
  for other in TESTS EXAMPLES BENCHMARKS; do
    [ "$other" = "$kind" ] && set -- "$@" "-DREMOTE_JOB_$other=ON" || set -- "$@" "-DREMOTE_JOB_$other=OFF"
  done
  if [ ! -e "$BUILD_DIR/CMakeCache.txt" ] && [ -z "${CMAKE_GENERATOR:-}" ] && command -v ninja >/dev/null 2>&1; then
    set -- "$@" -G Ninja
  fi
  (cd "$root" && quietly configure cmake "$@") || exit 1
  quietly build cmake --build "$BUILD_DIR" --target $targets --parallel "$JOBS" || exit 1
}

# --- nothing is left behind -----------------------------------------------------------------------------------------

setup_scratch() {
  scratch=$(mktemp -d "${TMPDIR:-/tmp}/remote_job.XXXXXX")
  chmod 711 "$scratch"  # a test run by root may give up its privileges
  # sshd run by root insists on this directory; a system whose own sshd never ran has none.
  if [ "$(id -u)" = 0 ] && [ ! -e /run/sshd ]; then
    mkdir /run/sshd
    run_sshd=/run/sshd
  fi
}

# Whoever names the scratch directory in its environment or command line descends from what was run. The pattern comes
# through a pipe, so that the search does not find itself.
setup_left() {
  for file in $(printf '%s\n' "$scratch" | grep -laFf - /proc/[0-9]*/environ /proc/[0-9]*/cmdline 2>/dev/null); do
    pid=${file#/proc/}
    echo "${pid%%/*}"
  done | sort -un
}

setup_kill() {
  for pid in $(setup_left); do
    kill -"$1" "$pid" 2>/dev/null || :
  done
}

setup_leftovers() {
  tries=0
  while [ -n "$(setup_left)" ] && [ $tries -lt 30 ]; do  # what was told to end may still be at it
    tries=$((tries + 1))
    sleep 0.1
  done
  bad=0
  for pid in $(setup_left); do
    say "left running: $pid $(tr '\0' ' ' 2>/dev/null <"/proc/$pid/cmdline")"
    bad=1
  done
  setup_kill TERM
  if [ -n "$(ls -A "$scratch")" ]; then
    say "left behind in the temporary directory: $(ls -A "$scratch" | tr '\n' ' ')"
    bad=1
  fi
  return $bad
}
