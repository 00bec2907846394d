// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_OS_POLICY_DETAIL_WINDOWS_SUPERVISOR_HPP
#define REMOTE_JOB_OS_POLICY_DETAIL_WINDOWS_SUPERVISOR_HPP

#include <remote_job/config.hpp>

#include <string_view>

// What runs on a Windows host for as long as a job does: two scripts, which a submit writes to files.
//
// supervisor.ps1   claims the job, runs the runner, writes the exit code
//  `- cmd.exe      sends the output to the log, without anything in between that could be lost
//      `- runner.ps1   the surroundings of the job, then its script
namespace remote_job::inline REMOTE_JOB_ABI::detail {

/// rj_self: the words that start this PowerShell: its program, and for a PowerShell that is installed as a .NET tool,
/// where that program is dotnet, the library to run.
inline constexpr std::string_view windows_self_piece = R"ps(function rj_self{
  $x=[Diagnostics.Process]::GetCurrentProcess().MainModule.FileName
  $x
  if([IO.Path]::GetFileNameWithoutExtension($x) -eq 'dotnet'){[Environment]::GetCommandLineArgs()[0]}
}
)ps";

/// Arguments: the job's directory, the directory of this attempt, the ticket. Needs windows_process_piece and
/// windows_self_piece.
///
/// The claim is a rename, which fails where there is a file already: there at once and whole, for one attempt only.
/// What the end of the job must write is reserved before, and overwritten in place. The command line of cmd.exe is a
/// constant: a path in it would lose its percent signs, a variable keeps them.
inline constexpr std::string_view windows_supervisor_script = R"ps($rj_d=$args[0];$rj_a=$args[1];$rj_by=$args[2]
$ErrorActionPreference='Stop'
function rj_owns{try{[IO.File]::ReadAllText("$rj_d/pid") -eq $rj_me}catch{$false}}
function rj_finish([string]$code){
  for($k=0;$k -lt 3600 -and (rj_owns);$k++){
    try{
      $b=[Text.Encoding]::ASCII.GetBytes($code.PadRight(62)+"`n")
      $f=[IO.File]::Open("$rj_d/exit_code.tmp",[IO.FileMode]::OpenOrCreate)
      try{$f.Write($b,0,$b.Length)}finally{$f.Dispose()}
      [IO.File]::Move("$rj_d/exit_code.tmp","$rj_d/exit_code")
      return
    }catch{Start-Sleep -Seconds 1}
  }
}
function rj_claim([string]$name,[string]$text){
  [IO.File]::WriteAllText("$rj_a/$name",$text)
  [IO.File]::Move("$rj_a/$name","$rj_d/$name")
}
try{
  [IO.File]::WriteAllText("$rj_a/exit_code.tmp",'125'.PadRight(62)+"`n")
  $rj_me="$PID`nstart=$(rj_start $PID) host=$(rj_host) by=$rj_by .`n"
  rj_claim 'pid' $rj_me
}catch{
  if([IO.File]::Exists("$rj_d/pid")){try{[IO.Directory]::Delete($rj_a,$true)}catch{}}
  exit 1
}
$code='125'
try{
  [IO.File]::Move("$rj_a/exit_code.tmp","$rj_d/exit_code.tmp")
  [IO.File]::Move("$rj_a/job.ps1","$rj_d/job.ps1")
  if([IO.File]::Exists("$rj_d/cancel")){
    $code='-1073741510'
  }else{
    $i=New-Object Diagnostics.ProcessStartInfo
    $i.FileName=$env:ComSpec
    $self=@(rj_self)
    $tool=''
    if($self.Count -gt 1){$tool=' "%REMOTE_JOB_TOOL%"';$i.EnvironmentVariables['REMOTE_JOB_TOOL']=$self[1]}
    $i.Arguments='/d /v:off /s /c ""%REMOTE_JOB_SHELL%"'+$tool+' -NoProfile -NonInteractive -ExecutionPolicy Bypass -File "%REMOTE_JOB_RUNNER%" <nul >>"%LOG_FILE%" 2>&1"'
    $i.UseShellExecute=$false
    $i.CreateNoWindow=$true
    $i.WorkingDirectory=$HOME
    $i.EnvironmentVariables['REMOTE_JOB_SHELL']=$self[0]
    $i.EnvironmentVariables['REMOTE_JOB_RUNNER']=[IO.Path]::GetFullPath("$rj_a/runner.ps1")
    $i.EnvironmentVariables['REMOTE_JOB_DIR']=$rj_d
    $i.EnvironmentVariables['LOG_FILE']=[IO.Path]::GetFullPath("$rj_d/stdout.log")
    $i.EnvironmentVariables['STATUS_FILE']=[IO.Path]::GetFullPath("$rj_d/status")
    $p=[Diagnostics.Process]::Start($i)
    try{rj_claim 'child' "$($p.Id)`nstart=$(rj_start $p.Id) .`n"}catch{}
    if([IO.File]::Exists("$rj_d/cancel")){try{$p.Kill()}catch{}}
    $p.WaitForExit()
    $code="$($p.ExitCode)"
  }
}finally{
  rj_finish $code
  try{[IO.Directory]::Delete($rj_a,$true)}catch{}
}
exit 0
)ps";

/// Runs job.ps1 of the job's directory, with the variables of the file `environment` and in the directory of the file
/// `directory`, both in base64, which is gone before the job begins.
///
/// The exit code is the script's own, else that of the last program it ran, else 1 if an error ended it. What it prints
/// is UTF-8, as on other systems.
inline constexpr std::string_view windows_runner_script = R"ps($rj_d=$env:REMOTE_JOB_DIR
$rj_a=[IO.Path]::GetDirectoryName($env:REMOTE_JOB_RUNNER)
foreach($rj_v in 'REMOTE_JOB_SHELL','REMOTE_JOB_TOOL','REMOTE_JOB_RUNNER','REMOTE_JOB_DIR'){[Environment]::SetEnvironmentVariable($rj_v,$null)}
function rj_text([string]$b){[Text.Encoding]::UTF8.GetString([Convert]::FromBase64String($b))}
$rj_w=rj_text ([IO.File]::ReadAllText("$rj_a/directory").Trim())
foreach($rj_l in [IO.File]::ReadAllLines("$rj_a/environment")){
  $rj_k=$rj_l.IndexOf('=')
  if($rj_k -gt 0){
    try{[Environment]::SetEnvironmentVariable($rj_l.Substring(0,$rj_k),(rj_text $rj_l.Substring($rj_k+1)))}catch{
      [Console]::Error.WriteLine("remote_job: cannot set the variable $($rj_l.Substring(0,$rj_k))")
      exit 126
    }
  }
}
try{[IO.Directory]::Delete($rj_a,$true)}catch{try{[IO.File]::Delete("$rj_a/environment")}catch{}}
try{[Console]::OutputEncoding=New-Object Text.UTF8Encoding $false;$OutputEncoding=[Console]::OutputEncoding}catch{}
if($rj_w -ne ''){
  try{Set-Location -LiteralPath $rj_w -ErrorAction Stop;[Environment]::CurrentDirectory=$rj_w}catch{
    [Console]::Error.WriteLine('remote_job: cannot change to the working directory')
    exit 126
  }
}
$global:LASTEXITCODE=$null
& "$rj_d/job.ps1"
$rj_ok=$?
if($null -ne $global:LASTEXITCODE){exit $global:LASTEXITCODE}
if($rj_ok){exit 0}
exit 1
)ps";

}  // namespace remote_job::inline REMOTE_JOB_ABI::detail

#endif
