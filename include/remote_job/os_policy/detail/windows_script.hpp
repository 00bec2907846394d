// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_OS_POLICY_DETAIL_WINDOWS_SCRIPT_HPP
#define REMOTE_JOB_OS_POLICY_DETAIL_WINDOWS_SCRIPT_HPP

#include <remote_job/detail/text/exit_code.hpp>

#include <cstdint>
#include <string>
#include <string_view>

// The pieces of which every script for PowerShell is made; for Windows PowerShell 5.1, which every Windows has, and
// PowerShell 7. Files go through .NET: a cmdlet takes [ and ] in a path for a pattern, and changes encodings and line
// ends.
namespace remote_job::inline REMOTE_JOB_ABI::detail {

/// rj_text B64: a text. rj_open PATH: a file that others may write, rename and delete meanwhile. rj_copy FROM MAX TO:
/// at most so many bytes. rj_fault ERROR: `-` there is no such file, `!` it cannot be read.
inline constexpr std::string_view file_piece = R"ps($ErrorActionPreference='Stop'
function rj_text([string]$b){(New-Object Text.UTF8Encoding $false,$true).GetString([Convert]::FromBase64String($b))}
function rj_open([string]$p){
  [IO.File]::Open($p,[IO.FileMode]::Open,[IO.FileAccess]::Read,([IO.FileShare]::ReadWrite -bor [IO.FileShare]::Delete))
}
function rj_copy($from,[long]$max,$to){
  $b=New-Object byte[] 65536
  while($max -gt 0){
    $g=$from.Read($b,0,[int][Math]::Min([long]65536,$max))
    if($g -le 0){break}
    $to.Write($b,0,$g)
    $max-=$g
  }
}
function rj_fault($e){
  while($e.InnerException){$e=$e.InnerException}
  if(($e -is [IO.FileNotFoundException]) -or ($e -is [IO.DirectoryNotFoundException])){'-'}else{'!'}
}
)ps";

/// rj_w TEXT adds a text to the frame, rj_send sends it. The bytes go around the console, which would encode them anew.
inline constexpr std::string_view frame_piece = R"ps($rj_o=New-Object IO.MemoryStream
function rj_w([string]$t){$b=[Text.Encoding]::UTF8.GetBytes($t);$rj_o.Write($b,0,$b.Length)}
function rj_send{
  $t=[Convert]::ToBase64String($rj_o.ToArray())
  $b=[Text.Encoding]::ASCII.GetBytes("`n@RJ1 $rj_n b64 n=$($t.Length)`n$t`n@RJ1 $rj_n end`n")
  $s=[Console]::OpenStandardOutput()
  $s.Write($b,0,$b.Length)
  $s.Flush()
}
)ps";

/// The exit-code file $rj_p: rj_c is `-` absent, `!` unreadable, or the length of rj_t, its first bytes.
inline constexpr std::string_view windows_exit_piece = R"ps($rj_c='-'
$rj_t=New-Object IO.MemoryStream
try{
  $f=rj_open $rj_p
  try{rj_copy $f 64 $rj_t;$rj_c=$rj_t.Length}finally{$f.Dispose()}
}catch{$rj_c=rj_fault $_.Exception;$rj_t.SetLength(0)}
)ps";
static_assert(max_exit_text == 64, "rj_copy above");

/// The log $rj_p: rj_k is `-` absent, `!` unreadable, `+` present; rj_i names the file, rj_s is its size, rj_d the
/// bytes from $rj_at on, at most $rj_max of them, by the rule of poll_length(); $rj_c as above. The time of creation names a file,
/// for want of anything better; a log that shrank while it was read ends where the bytes end.
inline constexpr std::string_view windows_log_piece = R"ps($rj_k='-'
$rj_i=[long]0
$rj_s=[long]0
$rj_d=New-Object IO.MemoryStream
try{
  $f=rj_open $rj_p
  try{
    $rj_s=$f.Length
    $rj_i=[IO.File]::GetCreationTimeUtc($rj_p).Ticks
    $rj_k='+'
    if($rj_s -gt $rj_off -or ($rj_s -eq $rj_off -and '-' -ne $rj_c)){
      $m=[Math]::Min($rj_s-$rj_at,$rj_max)
      [void]$f.Seek($rj_at,[IO.SeekOrigin]::Begin)
      rj_copy $f $m $rj_d
      if($rj_d.Length -lt $m){
        $rj_s=$rj_at+$rj_d.Length
        if($rj_s -lt $rj_off -or ($rj_s -eq $rj_off -and '-' -eq $rj_c)){$rj_d.SetLength(0)}
      }
    }
  }finally{$f.Dispose()}
}catch{$rj_k=rj_fault $_.Exception;$rj_i=0;$rj_s=0;$rj_d.SetLength(0)}
)ps";

/// rj_lines FILE: the lines of a small file. rj_child DIR: the process that leads the job itself, if it runs; else
/// nothing. rj_judge FILE judges a pid file: rj_v is the letter of the liveness, rj_e the evidence; rj_q the process,
/// rj_by the ticket, rj_is what proves the process. Needs windows_process_piece.
///
/// The number of the process is on the first line of the file, and on the second, if a submit made it, what proves it:
/// `start=<time> host=<name> by=<ticket> .`. The time at which a process started, to 100 ns, is never that of another
/// one, nor of one before the host started again. Of a process whose time cannot be seen nothing is known.
///
/// Where the pid file is gone, the process $rj_kq with the start time $rj_ks is looked for, if they are set: an earlier
/// poll found it to be the job's.
inline constexpr std::string_view windows_life_piece = R"ps($rj_kq='';$rj_ks=''
function rj_unnamed{
  $script:rj_v='N'
  if($rj_kq -eq ''){return}
  $script:rj_e="pid=$rj_kq,start=$rj_ks,pid_file=gone"
  $now=rj_start $rj_kq
  if($now -eq $rj_ks){$script:rj_v='P'}elseif($now -eq '?'){$script:rj_v='-'}else{$script:rj_v='D'}
}
function rj_lines([string]$p){
  $o=New-Object IO.MemoryStream
  $f=rj_open $p
  try{rj_copy $f 4096 $o}finally{$f.Dispose()}
  ,([Text.Encoding]::UTF8.GetString($o.ToArray()) -split "`n")
}
function rj_child([string]$d){
  try{$l=rj_lines "$d/child"}catch{return ''}
  $m=[regex]::Match(($l -join ' '),'^([1-9][0-9]{0,9})\s+start=([0-9]+) \.\s*$')
  if(-not $m.Success){return ''}
  if((rj_start $m.Groups[1].Value) -ne $m.Groups[2].Value){return ''}
  $m.Groups[1].Value
}
function rj_judge([string]$p){
  $script:rj_v='-';$script:rj_e='';$script:rj_q='';$script:rj_by='';$script:rj_is=''
  try{$l=rj_lines $p}catch{if((rj_fault $_.Exception) -eq '-'){rj_unnamed};return}
  $q=$l[0].Trim()
  if($q -notmatch '^[1-9][0-9]{0,9}$'){return}
  $script:rj_q=$q
  $script:rj_e="pid=$q"
  $i=''
  if($l.Length -gt 1){$i=$l[1].Trim()}
  $now=rj_start $q
  $m=[regex]::Match($i,'^start=([0-9]+) host=(\S+) by=([0-9a-f]+) \.$')
  if(-not $m.Success){
    if($now -eq ''){$script:rj_v='D'}else{$script:rj_v='A';if($now -ne '?'){$script:rj_e+=",start=$now"}}
    return
  }
  $script:rj_is=$m.Groups[1].Value
  $h=$m.Groups[2].Value
  $script:rj_by=$m.Groups[3].Value
  $script:rj_e+=",start=$($script:rj_is),host=$h"
  if($h -ne (rj_host)){$script:rj_v='H';$script:rj_e+=",now=$(rj_host)";return}
  if($now -eq $script:rj_is){$script:rj_v='A';return}
  if($now -eq '?'){return}
  $script:rj_v='D'
  if($now -ne ''){$script:rj_e+=",reused=$now"}
  $c=rj_child ([IO.Path]::GetDirectoryName($p))
  if($c -ne ''){$script:rj_v='O';$script:rj_e+=",child=$c"}
}
)ps";

/// rj_dir FILE: whether its directory exists: `+`, `-`, or `?` if that cannot be seen.
inline constexpr std::string_view windows_directory_of_file_piece = R"ps(function rj_dir([string]$p){
  try{
    if([IO.File]::GetAttributes([IO.Path]::GetDirectoryName([IO.Path]::GetFullPath($p))) -band [IO.FileAttributes]::Directory){'+'}else{'-'}
  }catch{if((rj_fault $_.Exception) -eq '-'){'-'}else{'?'}}
}
)ps";

/// Sends the reply to a poll: the frame of framing.hpp.
inline constexpr std::string_view windows_reply_piece =
    R"ps(rj_w "`n@RJ1 $rj_n poll exit=$rj_c log=$rj_k ino=$rj_i size=$rj_s off=$rj_at n=$($rj_d.Length)$rj_l`n"
$rj_t.WriteTo($rj_o)
rj_w "`n"
$rj_d.WriteTo($rj_o)
rj_w "`n@RJ1 $rj_n end`n"
rj_send
)ps";

/// Sets a variable to a whole number that may not fit 32 bits.
REMOTE_JOB_DECL void append_long(std::string& script, std::string_view name, std::uint64_t value);

/// Sets $rj_p to a path; a path that is no UTF-8 names no file on Windows, and counts as one that cannot be read.
REMOTE_JOB_DECL void append_windows_path(std::string& script, std::string_view path);

}  // namespace remote_job::inline REMOTE_JOB_ABI::detail

#if !defined(REMOTE_JOB_SEPARATE_COMPILATION)
#include <remote_job/os_policy/detail/impl/windows_script.ipp>
#endif

#endif
