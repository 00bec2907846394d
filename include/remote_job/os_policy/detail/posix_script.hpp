// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_OS_POLICY_DETAIL_POSIX_SCRIPT_HPP
#define REMOTE_JOB_OS_POLICY_DETAIL_POSIX_SCRIPT_HPP

#include <remote_job/config.hpp>
#include <remote_job/detail/text/exit_code.hpp>
#include <remote_job/poll.hpp>

#include <string>
#include <string_view>

// The pieces of which every script for a POSIX shell is made. Each works on the file that $rj_f names and leaves its
// result in variables; a script is: script_begin, assignments, pieces, script_end.
//
// They run in dash, bash, BusyBox ash, mksh and zsh as sh, and spend a process only where no builtin does the work.
namespace remote_job::inline REMOTE_JOB_ABI::detail {

/// Everything up to script_end is one brace group: a shell that sees only a part of it runs nothing.
inline constexpr std::string_view group_begin = "{ set +euxvCm -f\n";

/// Takes away what the account may have set: shell options (SHELLOPTS) and exported functions in place of tools.
/// `unset`, `set`, `exec` and `export` are special builtins, which no function can stand in for (POSIX.1-2017, XCU
/// 2.9.1). The system's own tools come first in PATH.
///
/// rj_hidden: whether $rj_f may be there although it cannot be seen, behind a directory that cannot be searched.
inline constexpr std::string_view surroundings_piece =
    R"(unset -f echo printf read cd kill dd tail head tr ls expr 2>/dev/null
unset -f awk date find grep id ln mkdir mv ps pwd readlink rm rmdir sleep stat sysctl uname wc 2>/dev/null
PATH=/usr/bin:/bin:/usr/sbin:/sbin${PATH:+:$PATH} LC_ALL=C IFS=' '
export PATH LC_ALL
rj_hidden() {
  rj_d=$rj_f
  while :; do
    case $rj_d in */*) rj_d=${rj_d%/*} ;; *) return 1 ;; esac
    if [ -d "$rj_d/" ]; then [ ! -x "$rj_d/" ]; return; fi
  done
}
)";

/// Nothing reads the script's own input.
inline constexpr std::string_view no_input_piece = "exec </dev/null\n";

inline constexpr std::string_view script_end = "exit 0\n}\n";

REMOTE_JOB_DECL void append_script_begin(std::string& script);

/// The exit-code file: rj_c is `-` absent, `!` unreadable, or the length of rj_t, the first bytes of the file.
///
/// What echo could not give back as it is becomes a question mark, which makes no exit code of anything. The x says
/// that dd read without an error, and guards the line ends.
inline constexpr std::string_view read_exit_piece = R"(rj_c=- rj_t=
if [ -f "$rj_f" ]; then
  rj_t=$({ { dd bs=64 count=1 && echo x; } <"$rj_f" | tr -c ' -[]-~\011\012\015' '?'; } 2>/dev/null)
  case $rj_t in *x) rj_t=${rj_t%x} rj_c=${#rj_t} ;; *) rj_c=! rj_t= ;; esac
elif [ -e "$rj_f" ] || rj_hidden; then rj_c=!
fi
)";
static_assert(max_exit_text == 64, "dd's block size above");

/// The log: rj_k is `-` absent, `!` unreadable, `+` present; rj_i its inode, rj_s its size.
///
/// It is opened before ls asks for its size: that tests whether it can be read, and makes an NFS client ask its server
/// instead of its cache. What is no regular file is never opened, since opening a FIFO waits: it counts as unreadable.
/// The account may have variables that change what ls prints, or make it fail.
inline constexpr std::string_view stat_piece = R"(rj_k=- rj_i=0 rj_s=0
if [ -f "$rj_f" ]; then
  rj_k=!
  { { set -- $(unset BLOCK_SIZE LS_BLOCK_SIZE BLOCKSIZE TIME_STYLE; exec ls -Liln "$rj_f"); } <"$rj_f"; } 2>/dev/null &&
    case ${1-x}${6-x} in *[!0-9]*) ;; *) rj_k=+ rj_i=$1 rj_s=$6 ;; esac
elif [ -e "$rj_f" ] || rj_hidden; then rj_k=!
fi
)";

/// rj_dir: sets rj_o to whether the directory of $rj_f exists: `+`, `-`, or `?` if that cannot be seen.
inline constexpr std::string_view directory_of_file_piece = R"(rj_dir() {
  rj_o=-
  if [ -d "${rj_f%/*}/" ]; then rj_o=+; elif rj_hidden; then rj_o='?'; fi
}
)";

/// Assigns the part of the log that is asked for: rj_po is the offset, rj_pb where the bytes begin, rj_pv bytes before it,
/// as rj_ps whole blocks and rj_pr bytes, and rj_pm the most of them.
REMOTE_JOB_DECL void append_part(std::string& script, const poll_request& request);

/// rj_n: how many bytes of a log of rj_s bytes are to be sent, by the rule of poll_length(); rj_c as above.
///
/// Where the shell's arithmetic has 32 bits (mksh), expr computes.
inline constexpr std::string_view plan_piece = R"sh(rj_n=0
if [ "$rj_s" != "$rj_po" ]; then
  if [ "$((4294967296))" = 4294967296 ]; then
    [ "$rj_s" -le "$rj_po" ] || rj_n=$((rj_s-rj_pb))
    [ "$rj_n" -le "$rj_pm" ] || rj_n=$rj_pm
  elif [ "$(exec expr "$rj_s" '>' "$rj_po")" = 1 ]; then
    rj_n=$(exec expr "$rj_s" - "$rj_pb")
    [ "$(exec expr "$rj_n" '<' "$rj_pm")" = 1 ] || rj_n=$rj_pm
  fi
elif [ "$rj_c" != - ]; then rj_n=$rj_pv
fi
)sh";

/// Prints rj_n bytes from the request's start on.
///
/// dd seeks, with GNU and BusyBox alike, where BusyBox's tail would read the whole log. head keeps to rj_n bytes, also
/// when the log has grown; when it has shrunk there are fewer, and the frame does not fit.
inline constexpr std::string_view tail_piece = R"sh([ "$rj_n" = 0 ] || {
  rj_w=$(((rj_n+rj_pr+16383)/16384))
  if [ "$rj_pr" = 0 ]; then dd bs=16384 skip="$rj_ps" count="$rj_w" <"$rj_f" | head -c "$rj_n"
  else dd bs=16384 skip="$rj_ps" count="$rj_w" <"$rj_f" | tail -c +"$((rj_pr+1))" | head -c "$rj_n"
  fi
} 2>/dev/null
)sh";

/// Assigns the process that life_piece looks for where the pid file is gone, or none.
REMOTE_JOB_DECL void append_known_process(std::string& script, const poll_request& request);

/// Assigns a path to a variable; one that begins with a dash can no longer be taken for an option.
REMOTE_JOB_DECL void append_path(std::string& script, std::string_view name, const std::string& path);

}  // namespace remote_job::inline REMOTE_JOB_ABI::detail

#if !defined(REMOTE_JOB_SEPARATE_COMPILATION)
#include <remote_job/os_policy/detail/impl/posix_script.ipp>
#endif

#endif
