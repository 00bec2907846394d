// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the remote_job authors
#ifndef REMOTE_JOB_OS_POLICY_DETAIL_WINDOWS_HOST_HPP
#define REMOTE_JOB_OS_POLICY_DETAIL_WINDOWS_HOST_HPP

#include <remote_job/config.hpp>

#include <string_view>

// What the scripts for Windows need from Windows itself: process times, access control lists, the processes of the host
// and how to end them, and starting a process outside of the session. Everything else in the scripts is PowerShell and
// .NET, and means the same on every system: paths are joined with '/', which Windows takes as well.
//
// The tests run the scripts with PowerShell on Linux, with other functions of these names.
namespace remote_job::inline REMOTE_JOB_ABI::detail {

/// rj_host: the name of this host, as it can stand in a pid file. rj_start PID: when a process started; nothing if it
/// does not run, `?` if that cannot be seen.
inline constexpr std::string_view windows_process_piece =
    R"ps(function rj_host{[Environment]::MachineName -replace '[^A-Za-z0-9._-]','_'}
function rj_start([string]$q){
  try{$x=[Diagnostics.Process]::GetProcessById([int]$q)}catch{return ''}
  try{if($x.HasExited){return ''};"$($x.StartTime.ToFileTimeUtc())"}catch{'?'}
}
)ps";

/// rj_ours DIR: whether it is a directory of this user, itself and no link. rj_private DIR: lets nobody else in.
inline constexpr std::string_view windows_owner_piece =
    R"ps($rj_me=[Security.Principal.WindowsIdentity]::GetCurrent().User
$rj_trusted=@($rj_me,(New-Object Security.Principal.SecurityIdentifier 'S-1-5-18'),(New-Object Security.Principal.SecurityIdentifier 'S-1-5-32-544'))
function rj_ours([string]$d){
  try{
    $x=[IO.File]::GetAttributes($d)
    if(-not ($x -band [IO.FileAttributes]::Directory)){return $false}
    if($x -band [IO.FileAttributes]::ReparsePoint){return $false}
    $o=(Get-Acl -LiteralPath $d).GetOwner([Security.Principal.SecurityIdentifier])
    return [bool]($rj_trusted -contains $o)
  }catch{return $false}
}
function rj_private([string]$d){
  $x=New-Object Security.AccessControl.DirectorySecurity
  $x.SetAccessRuleProtection($true,$false)
  foreach($s in $rj_trusted){
    $x.AddAccessRule((New-Object Security.AccessControl.FileSystemAccessRule $s,'FullControl','ContainerInherit,ObjectInherit','None','Allow'))
  }
  Set-Acl -LiteralPath $d -AclObject $x
}
)ps";

/// rj_processes: all processes, with ProcessId, ParentProcessId and CreationDate. rj_end PID FORCE: asks a process to
/// end, or ends it; true if Windows took the request.
inline constexpr std::string_view windows_end_piece = R"ps(function rj_processes{
  Get-CimInstance -ClassName Win32_Process -Property @('ProcessId','ParentProcessId','CreationDate')
}
function rj_end([string]$q,[bool]$force){
  $a=@('/PID',$q)
  if($force){$a+='/F'}
  $o=$ErrorActionPreference
  $ErrorActionPreference='Continue'
  & taskkill.exe $a 2>&1 | Out-Null
  $ErrorActionPreference=$o
  $LASTEXITCODE -eq 0
}
)ps";

/// Starts a process outside of the session's job object, which may end with the session: by the service that starts
/// processes for others, or else, where that is not allowed, by breaking away.
inline constexpr std::string_view windows_detach_piece = R"ps(function rj_detach([string]$line){
  try{
    $s=New-CimInstance -CimClass (Get-CimClass -ClassName Win32_ProcessStartup) -Property @{ShowWindow=[uint16]0} -ClientOnly
    $r=Invoke-CimMethod -ClassName Win32_Process -MethodName Create -Arguments @{CommandLine=$line;ProcessStartupInformation=$s}
    if($r.ReturnValue -eq 0){return}
  }catch{}
  Add-Type -Namespace RemoteJob -Name Detach -MemberDefinition @'
[StructLayout(LayoutKind.Sequential,CharSet=CharSet.Unicode)] public struct Startup {
  public int size; public string reserved, desktop, title;
  public int x, y, width, height, columns, rows, fill, flags; public short show, extra;
  public System.IntPtr more, input, output, error; }
[StructLayout(LayoutKind.Sequential)] public struct Started { public System.IntPtr process, thread; public int pid, tid; }
[DllImport("kernel32.dll",CharSet=CharSet.Unicode,SetLastError=true)] static extern bool CreateProcessW(string name,
  System.Text.StringBuilder line, System.IntPtr process, System.IntPtr thread, bool inherit, uint flags,
  System.IntPtr environment, string directory, ref Startup startup, out Started started);
[DllImport("kernel32.dll")] static extern bool CloseHandle(System.IntPtr handle);
public static void Run(string line) {
  Startup startup = new Startup(); Started started;
  startup.size = Marshal.SizeOf(typeof(Startup));
  const uint flags = 0x01000000 | 0x08000000 | 0x00000200;
  if (!CreateProcessW(null, new System.Text.StringBuilder(line), System.IntPtr.Zero, System.IntPtr.Zero, false, flags,
      System.IntPtr.Zero, null, ref startup, out started)) throw new System.ComponentModel.Win32Exception();
  CloseHandle(started.process); CloseHandle(started.thread); }
'@
  [RemoteJob.Detach]::Run($line)
}
)ps";

}  // namespace remote_job::inline REMOTE_JOB_ABI::detail

#endif
