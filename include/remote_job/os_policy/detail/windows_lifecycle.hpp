// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_OS_POLICY_DETAIL_WINDOWS_LIFECYCLE_HPP
#define REMOTE_JOB_OS_POLICY_DETAIL_WINDOWS_LIFECYCLE_HPP

#include <remote_job/config.hpp>

#include <string_view>

// The scripts that start, stop and clean up a job on Windows, as pieces of a script. Each sends one frame with one line
// of words: see lifecycle_frames.hpp.
//
// A job directory holds: remote_job (whose it is, and of which command), pid, child, stdout.log, exit_code, job.ps1,
// and exit_code.tmp, cancel, start.* for a time.
namespace remote_job::inline REMOTE_JOB_ABI::detail {

/// rj_first FILE: its first line, or nothing. rj_answer WORDS: sends the frame.
inline constexpr std::string_view windows_tools_piece =
    R"ps(function rj_first([string]$p){try{(rj_lines $p)[0].Trim()}catch{''}}
function rj_answer([string]$words){
  rj_w "`n@RJ1 $rj_n $words`n@RJ1 $rj_n end`n"
  rj_send
}
)ps";

/// Makes the directories, the base $rj_base and the job's $rj_j, and the mark in the latter; leaves in rj_err why it
/// could not.
///
/// The job's directory gets its name by a rename, the mark already in it: nobody sees it without.
inline constexpr std::string_view windows_directory_piece = R"ps(function rj_directory{
  $mark="remote_job 1 $rj_fp"
  try{
    if(-not [IO.Directory]::Exists($rj_base)){[void][IO.Directory]::CreateDirectory($rj_base);rj_private $rj_base}
  }catch{return 'base_unusable'}
  if(-not (rj_ours $rj_base)){return 'base_unsafe'}
  if([IO.Path]::GetFullPath($rj_base).TrimEnd('\','/') -eq [IO.Path]::GetFullPath($HOME).TrimEnd('\','/')){return 'base_home'}
  if(-not ([IO.Directory]::Exists($rj_j) -or [IO.File]::Exists($rj_j))){
    $x="$rj_base/.new.$rj_n"
    try{
      [void][IO.Directory]::CreateDirectory($x)
      rj_private $x
      [IO.File]::WriteAllText("$x/remote_job","$mark`n")
      try{[IO.Directory]::Move($x,$rj_j)}catch{if(-not [IO.Directory]::Exists($rj_j)){throw}}
    }catch{return 'write'}finally{try{if([IO.Directory]::Exists($x)){[IO.Directory]::Delete($x,$true)}}catch{}}
  }
  if(-not (rj_ours $rj_j)){return 'dir_unsafe'}
  $l=rj_first "$rj_j/remote_job"
  if($l -eq $mark){return '-'}
  if($l.StartsWith('remote_job 1 ')){return 'taken'}
  'not_ours'
}
)ps";

/// Starts a supervisor unless the job is claimed, and waits for a claim. rj_write writes what it needs into $rj_a.
inline constexpr std::string_view windows_submit_piece = R"ps($rj_age=''
$script:rj_q='0'
$script:rj_by='-'
$rj_err=rj_directory
if($rj_err -eq '-' -and -not [IO.File]::Exists("$rj_j/pid")){
  $rj_a=[IO.Path]::GetFullPath("$rj_j/start.$rj_n")
  try{[void][IO.Directory]::CreateDirectory($rj_a);rj_write}catch{
    try{[IO.Directory]::Delete($rj_a,$true)}catch{}
    $rj_err='write'
  }
  if($rj_err -eq '-'){
    $x='"'+(@(rj_self) -join '" "')+'"'
    try{
      rj_detach "$x -NoProfile -NonInteractive -ExecutionPolicy Bypass -File `"$rj_a/supervisor.ps1`" `"$rj_j`" `"$rj_a`" $rj_ticket"
      for($k=0;$k -lt 200 -and -not [IO.File]::Exists("$rj_j/pid");$k++){Start-Sleep -Milliseconds 100}
    }catch{}
  }
}
if($rj_err -eq '-'){
  rj_judge "$rj_j/pid"
  if($script:rj_q -eq ''){$script:rj_q='0';$rj_err='not_started'}
  if($script:rj_by -eq ''){$script:rj_by='-'}
  try{$rj_age=" age=$([long][Math]::Max(0,([DateTime]::UtcNow-[IO.File]::GetLastWriteTimeUtc("$rj_j/pid")).TotalSeconds))"}catch{}
}
rj_answer "submit err=$rj_err by=$($script:rj_by) pid=$($script:rj_q)$rj_age base=$rj_told"
)ps";

/// rj_result: the exit code that the host wrote, or `-`.
inline constexpr std::string_view windows_result_piece = R"ps(function rj_result{
  $l=rj_first "$rj_j/exit_code"
  if($l -match '^-?[0-9]{1,10}$'){return $l}
  '-'
}
)ps";

/// rj_tree: the processes of the job that run, each with its time of start, as far as the one that leads them is
/// proved. A process is a child of another only if it is the younger one: the number of a parent that is gone can be a
/// stranger's.
inline constexpr std::string_view windows_stop_piece = R"ps(function rj_tree{
  $c=rj_child $rj_j
  if($c -eq ''){return}
  $all=@(rj_processes)
  $of=@{}
  foreach($p in $all){$of["$($p.ProcessId)"]=$p}
  $found=New-Object Collections.ArrayList
  [void]$found.Add($c)
  for($k=0;$k -lt $found.Count;$k++){
    foreach($p in $all){
      if("$($p.ParentProcessId)" -ne $found[$k] -or $found -contains "$($p.ProcessId)"){continue}
      $o=$of[$found[$k]]
      if($o -and $p.CreationDate -and $o.CreationDate -and $p.CreationDate -lt $o.CreationDate){continue}
      [void]$found.Add("$($p.ProcessId)")
    }
  }
  foreach($q in $found){$s=rj_start $q;if($s -ne ''){"$q $s"}}
}
function rj_left($list){
  $n=0
  foreach($x in $list){$q,$s=$x -split ' ';if((rj_start $q) -eq $s){$n++}}
  $n
}
function rj_kill($list,[switch]$force){
  $ok=$false
  foreach($x in $list){
    $q,$s=$x -split ' '
    if((rj_start $q) -ne $s){continue}
    if(rj_end $q ([bool]$force)){$ok=$true}
  }
  $ok
}
function rj_stop{
  $script:rj_sent='-';$script:rj_rest=0
  rj_judge "$rj_j/pid"
  if(-not [IO.Directory]::Exists($rj_j)){return 'absent'}
  $marked=[IO.File]::Exists("$rj_j/cancel")
  if((rj_result) -ne '-'){if($marked){return 'stopped'};return 'finished'}
  if(-not [IO.File]::Exists("$rj_j/remote_job") -or ($script:rj_is -eq '' -and $script:rj_v -ne 'N')){return 'unproved'}
  if($script:rj_v -eq 'H'){return 'elsewhere'}
  try{[IO.File]::AppendAllText("$rj_j/cancel",'')}catch{if($script:rj_v -eq 'N'){return 'unusable'}}
  rj_judge "$rj_j/pid"
  if($script:rj_v -eq 'N'){return 'prevented'}
  for($k=0;$k -lt 50 -and $script:rj_v -eq 'A' -and (rj_result) -eq '-' -and (rj_child $rj_j) -eq '';$k++){
    Start-Sleep -Milliseconds 100
    rj_judge "$rj_j/pid"
  }
  $list=@(rj_tree)
  if((rj_result) -eq '-' -and $list.Count -gt 0){
    $script:rj_sent=''
    if(rj_kill $list){
      $script:rj_sent='T'
      for($k=0;$k -lt $rj_grace -and (rj_left $list) -gt 0;$k++){Start-Sleep -Milliseconds 100}
    }
    for($k=0;$k -lt 30;$k++){
      $list=@($list)+@(rj_tree)|Select-Object -Unique
      if((rj_left $list) -eq 0){break}
      [void](rj_kill $list -force)
      if(-not $script:rj_sent.EndsWith('K')){$script:rj_sent+='K'}
      Start-Sleep -Milliseconds 100
    }
  }
  for($k=0;$k -lt 50;$k++){
    rj_judge "$rj_j/pid"
    if((rj_result) -ne '-' -or $script:rj_v -ne 'A'){break}
    Start-Sleep -Milliseconds 100
  }
  $script:rj_rest=rj_left $list
  if($script:rj_rest -gt 0){return 'survived'}
  if((rj_result) -eq '-'){
    if($script:rj_v -eq 'A'){$script:rj_rest=1;return 'survived'}
    if($script:rj_sent -eq '-' -and -not $marked){return 'gone'}
  }
  'stopped'
}
$rj_out=rj_stop
rj_answer "stop out=$rj_out exit=$(rj_result) sent=$($script:rj_sent) left=$($script:rj_rest)"
)ps";

/// $rj_policy is on_success or always. The directory goes under another name first: whatever cuts the removal short,
/// the job's name is free or whole. Where nothing was ever started, the claim is taken, so that nothing will be.
///
/// Only where the base directory can be read, and is this user's, is a name that is not in it proved to be gone: its
/// drive may not be there, or it may be somebody else's.
inline constexpr std::string_view windows_cleanup_piece = R"ps(function rj_cleanup{
  $base=[IO.Path]::GetDirectoryName($rj_j)
  $gone="$base/.gone.$([IO.Path]::GetFileName($rj_j))"
  if(-not [IO.Directory]::Exists($rj_j) -and -not [IO.File]::Exists($rj_j)){
    try{[void][IO.Directory]::GetFileSystemEntries($base,'pid')}catch{return 'unseen'}
    if(-not (rj_ours $base)){return 'unsafe'}
    try{if((rj_ours $gone) -and [IO.File]::Exists("$gone/pid")){[IO.Directory]::Delete($gone,$true)}}catch{}
    return 'removed'
  }
  if(-not (rj_ours $base) -or -not (rj_ours $rj_j)){return 'unsafe'}
  if(-not (rj_first "$rj_j/remote_job").StartsWith('remote_job 1 ')){return 'not_ours'}
  rj_judge "$rj_j/pid"
  $c=rj_result
  if($rj_policy -eq 'on_success' -and $c -ne '0'){
    if($c -eq '-' -and $script:rj_v -ne 'D'){return 'running'}
    return 'kept'
  }
  if($c -eq '-' -and $script:rj_v -ne 'D'){
    if($script:rj_v -ne 'N'){return 'running'}
    try{
      [IO.File]::WriteAllText("$rj_j/pid.$rj_n","0`n")
      [IO.File]::Move("$rj_j/pid.$rj_n","$rj_j/pid")
    }catch{
      try{[IO.File]::Delete("$rj_j/pid.$rj_n")}catch{}
      return 'running'
    }
  }
  try{
    if([IO.Directory]::Exists($gone)){[IO.Directory]::Delete($gone,$true)}
    [IO.Directory]::Move($rj_j,$gone)
    [IO.Directory]::Delete($gone,$true)
  }catch{return 'left'}
  'removed'
}
$rj_out=rj_cleanup
rj_answer "cleanup out=$rj_out exit=$(rj_result)"
)ps";

}  // namespace remote_job::inline REMOTE_JOB_ABI::detail

#endif
