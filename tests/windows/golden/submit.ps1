&{
$ErrorActionPreference='Stop'
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
$rj_n='0123456789abcdef0123456789abcdef'
$rj_o=New-Object IO.MemoryStream
function rj_w([string]$t){$b=[Text.Encoding]::UTF8.GetBytes($t);$rj_o.Write($b,0,$b.Length)}
function rj_send{
  $t=[Convert]::ToBase64String($rj_o.ToArray())
  $b=[Text.Encoding]::ASCII.GetBytes("`n@RJ1 $rj_n b64 n=$($t.Length)`n$t`n@RJ1 $rj_n end`n")
  $s=[Console]::OpenStandardOutput()
  $s.Write($b,0,$b.Length)
  $s.Flush()
}
function rj_host{[Environment]::MachineName -replace '[^A-Za-z0-9._-]','_'}
function rj_start([string]$q){
  try{$x=[Diagnostics.Process]::GetProcessById([int]$q)}catch{return ''}
  try{if($x.HasExited){return ''};"$($x.StartTime.ToFileTimeUtc())"}catch{'?'}
}
$rj_kq='';$rj_ks=''
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
$rj_me=[Security.Principal.WindowsIdentity]::GetCurrent().User
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
function rj_first([string]$p){try{(rj_lines $p)[0].Trim()}catch{''}}
function rj_answer([string]$words){
  rj_w "`n@RJ1 $rj_n $words`n@RJ1 $rj_n end`n"
  rj_send
}
$rj_ticket='aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa'
$rj_fp='ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff'
$rj_base=[Environment]::GetFolderPath('LocalApplicationData')
if($rj_base -eq ''){$rj_base=[IO.Path]::GetTempPath()}
$rj_base=[IO.Path]::Combine($rj_base,'remote_job')
$rj_told=$rj_base
$rj_id=(rj_text 'bmlnaHRseV8x')
$rj_j="$rj_base/$rj_id"
function rj_directory{
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
function rj_self{
  $x=[Diagnostics.Process]::GetCurrentProcess().MainModule.FileName
  $x
  if([IO.Path]::GetFileNameWithoutExtension($x) -eq 'dotnet'){[Environment]::GetCommandLineArgs()[0]}
}
function rj_detach([string]$line){
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
function rj_write{
[IO.File]::WriteAllBytes("$rj_a/supervisor.ps1",[Convert]::FromBase64String('ZnVuY3Rpb24gcmpfaG9zdHtbRW52aXJvbm1lbnRdOjpNYWNoaW5lTmFtZSAtcmVwbGFjZSAnW15BLVphLXowLTkuXy1dJywnXyd9CmZ1bmN0aW9uIHJqX3N0YXJ0KFtzdHJpbmddJHEpewogIHRyeXskeD1bRGlhZ25vc3RpY3MuUHJvY2Vzc106OkdldFByb2Nlc3NCeUlkKFtpbnRdJHEpfWNhdGNoe3JldHVybiAnJ30KICB0cnl7aWYoJHguSGFzRXhpdGVkKXtyZXR1cm4gJyd9OyIkKCR4LlN0YXJ0VGltZS5Ub0ZpbGVUaW1lVXRjKCkpIn1jYXRjaHsnPyd9Cn0KZnVuY3Rpb24gcmpfc2VsZnsKICAkeD1bRGlhZ25vc3RpY3MuUHJvY2Vzc106OkdldEN1cnJlbnRQcm9jZXNzKCkuTWFpbk1vZHVsZS5GaWxlTmFtZQogICR4CiAgaWYoW0lPLlBhdGhdOjpHZXRGaWxlTmFtZVdpdGhvdXRFeHRlbnNpb24oJHgpIC1lcSAnZG90bmV0Jyl7W0Vudmlyb25tZW50XTo6R2V0Q29tbWFuZExpbmVBcmdzKClbMF19Cn0KJHJqX2Q9JGFyZ3NbMF07JHJqX2E9JGFyZ3NbMV07JHJqX2J5PSRhcmdzWzJdCiRFcnJvckFjdGlvblByZWZlcmVuY2U9J1N0b3AnCmZ1bmN0aW9uIHJqX293bnN7dHJ5e1tJTy5GaWxlXTo6UmVhZEFsbFRleHQoIiRyal9kL3BpZCIpIC1lcSAkcmpfbWV9Y2F0Y2h7JGZhbHNlfX0KZnVuY3Rpb24gcmpfZmluaXNoKFtzdHJpbmddJGNvZGUpewogIGZvcigkaz0wOyRrIC1sdCAzNjAwIC1hbmQgKHJqX293bnMpOyRrKyspewogICAgdHJ5ewogICAgICAkYj1bVGV4dC5FbmNvZGluZ106OkFTQ0lJLkdldEJ5dGVzKCRjb2RlLlBhZFJpZ2h0KDYyKSsiYG4iKQogICAgICAkZj1bSU8uRmlsZV06Ok9wZW4oIiRyal9kL2V4aXRfY29kZS50bXAiLFtJTy5GaWxlTW9kZV06Ok9wZW5PckNyZWF0ZSkKICAgICAgdHJ5eyRmLldyaXRlKCRiLDAsJGIuTGVuZ3RoKX1maW5hbGx5eyRmLkRpc3Bvc2UoKX0KICAgICAgW0lPLkZpbGVdOjpNb3ZlKCIkcmpfZC9leGl0X2NvZGUudG1wIiwiJHJqX2QvZXhpdF9jb2RlIikKICAgICAgcmV0dXJuCiAgICB9Y2F0Y2h7U3RhcnQtU2xlZXAgLVNlY29uZHMgMX0KICB9Cn0KZnVuY3Rpb24gcmpfY2xhaW0oW3N0cmluZ10kbmFtZSxbc3RyaW5nXSR0ZXh0KXsKICBbSU8uRmlsZV06OldyaXRlQWxsVGV4dCgiJHJqX2EvJG5hbWUiLCR0ZXh0KQogIFtJTy5GaWxlXTo6TW92ZSgiJHJqX2EvJG5hbWUiLCIkcmpfZC8kbmFtZSIpCn0KdHJ5ewogIFtJTy5GaWxlXTo6V3JpdGVBbGxUZXh0KCIkcmpfYS9leGl0X2NvZGUudG1wIiwnMTI1Jy5QYWRSaWdodCg2MikrImBuIikKICAkcmpfbWU9IiRQSURgbnN0YXJ0PSQocmpfc3RhcnQgJFBJRCkgaG9zdD0kKHJqX2hvc3QpIGJ5PSRyal9ieSAuYG4iCiAgcmpfY2xhaW0gJ3BpZCcgJHJqX21lCn1jYXRjaHsKICBpZihbSU8uRmlsZV06OkV4aXN0cygiJHJqX2QvcGlkIikpe3RyeXtbSU8uRGlyZWN0b3J5XTo6RGVsZXRlKCRyal9hLCR0cnVlKX1jYXRjaHt9fQogIGV4aXQgMQp9CiRjb2RlPScxMjUnCnRyeXsKICBbSU8uRmlsZV06Ok1vdmUoIiRyal9hL2V4aXRfY29kZS50bXAiLCIkcmpfZC9leGl0X2NvZGUudG1wIikKICBbSU8uRmlsZV06Ok1vdmUoIiRyal9hL2pvYi5wczEiLCIkcmpfZC9qb2IucHMxIikKICBpZihbSU8uRmlsZV06OkV4aXN0cygiJHJqX2QvY2FuY2VsIikpewogICAgJGNvZGU9Jy0xMDczNzQxNTEwJwogIH1lbHNlewogICAgJGk9TmV3LU9iamVjdCBEaWFnbm9zdGljcy5Qcm9jZXNzU3RhcnRJbmZvCiAgICAkaS5GaWxlTmFtZT0kZW52OkNvbVNwZWMKICAgICRzZWxmPUAocmpfc2VsZikKICAgICR0b29sPScnCiAgICBpZigkc2VsZi5Db3VudCAtZ3QgMSl7JHRvb2w9JyAiJVJFTU9URV9KT0JfVE9PTCUiJzskaS5FbnZpcm9ubWVudFZhcmlhYmxlc1snUkVNT1RFX0pPQl9UT09MJ109JHNlbGZbMV19CiAgICAkaS5Bcmd1bWVudHM9Jy9kIC92Om9mZiAvcyAvYyAiIiVSRU1PVEVfSk9CX1NIRUxMJSInKyR0b29sKycgLU5vUHJvZmlsZSAtTm9uSW50ZXJhY3RpdmUgLUV4ZWN1dGlvblBvbGljeSBCeXBhc3MgLUZpbGUgIiVSRU1PVEVfSk9CX1JVTk5FUiUiIDxudWwgPj4iJUxPR19GSUxFJSIgMj4mMSInCiAgICAkaS5Vc2VTaGVsbEV4ZWN1dGU9JGZhbHNlCiAgICAkaS5DcmVhdGVOb1dpbmRvdz0kdHJ1ZQogICAgJGkuV29ya2luZ0RpcmVjdG9yeT0kSE9NRQogICAgJGkuRW52aXJvbm1lbnRWYXJpYWJsZXNbJ1JFTU9URV9KT0JfU0hFTEwnXT0kc2VsZlswXQogICAgJGkuRW52aXJvbm1lbnRWYXJpYWJsZXNbJ1JFTU9URV9KT0JfUlVOTkVSJ109W0lPLlBhdGhdOjpHZXRGdWxsUGF0aCgiJHJqX2EvcnVubmVyLnBzMSIpCiAgICAkaS5FbnZpcm9ubWVudFZhcmlhYmxlc1snUkVNT1RFX0pPQl9ESVInXT0kcmpfZAogICAgJGkuRW52aXJvbm1lbnRWYXJpYWJsZXNbJ0xPR19GSUxFJ109W0lPLlBhdGhdOjpHZXRGdWxsUGF0aCgiJHJqX2Qvc3Rkb3V0LmxvZyIpCiAgICAkaS5FbnZpcm9ubWVudFZhcmlhYmxlc1snU1RBVFVTX0ZJTEUnXT1bSU8uUGF0aF06OkdldEZ1bGxQYXRoKCIkcmpfZC9zdGF0dXMiKQogICAgJHA9W0RpYWdub3N0aWNzLlByb2Nlc3NdOjpTdGFydCgkaSkKICAgIHRyeXtyal9jbGFpbSAnY2hpbGQnICIkKCRwLklkKWBuc3RhcnQ9JChyal9zdGFydCAkcC5JZCkgLmBuIn1jYXRjaHt9CiAgICBpZihbSU8uRmlsZV06OkV4aXN0cygiJHJqX2QvY2FuY2VsIikpe3RyeXskcC5LaWxsKCl9Y2F0Y2h7fX0KICAgICRwLldhaXRGb3JFeGl0KCkKICAgICRjb2RlPSIkKCRwLkV4aXRDb2RlKSIKICB9Cn1maW5hbGx5ewogIHJqX2ZpbmlzaCAkY29kZQogIHRyeXtbSU8uRGlyZWN0b3J5XTo6RGVsZXRlKCRyal9hLCR0cnVlKX1jYXRjaHt9Cn0KZXhpdCAwCg=='))
[IO.File]::WriteAllBytes("$rj_a/runner.ps1",[Convert]::FromBase64String('JHJqX2Q9JGVudjpSRU1PVEVfSk9CX0RJUgokcmpfYT1bSU8uUGF0aF06OkdldERpcmVjdG9yeU5hbWUoJGVudjpSRU1PVEVfSk9CX1JVTk5FUikKZm9yZWFjaCgkcmpfdiBpbiAnUkVNT1RFX0pPQl9TSEVMTCcsJ1JFTU9URV9KT0JfVE9PTCcsJ1JFTU9URV9KT0JfUlVOTkVSJywnUkVNT1RFX0pPQl9ESVInKXtbRW52aXJvbm1lbnRdOjpTZXRFbnZpcm9ubWVudFZhcmlhYmxlKCRyal92LCRudWxsKX0KZnVuY3Rpb24gcmpfdGV4dChbc3RyaW5nXSRiKXtbVGV4dC5FbmNvZGluZ106OlVURjguR2V0U3RyaW5nKFtDb252ZXJ0XTo6RnJvbUJhc2U2NFN0cmluZygkYikpfQokcmpfdz1yal90ZXh0IChbSU8uRmlsZV06OlJlYWRBbGxUZXh0KCIkcmpfYS9kaXJlY3RvcnkiKS5UcmltKCkpCmZvcmVhY2goJHJqX2wgaW4gW0lPLkZpbGVdOjpSZWFkQWxsTGluZXMoIiRyal9hL2Vudmlyb25tZW50IikpewogICRyal9rPSRyal9sLkluZGV4T2YoJz0nKQogIGlmKCRyal9rIC1ndCAwKXsKICAgIHRyeXtbRW52aXJvbm1lbnRdOjpTZXRFbnZpcm9ubWVudFZhcmlhYmxlKCRyal9sLlN1YnN0cmluZygwLCRyal9rKSwocmpfdGV4dCAkcmpfbC5TdWJzdHJpbmcoJHJqX2srMSkpKX1jYXRjaHsKICAgICAgW0NvbnNvbGVdOjpFcnJvci5Xcml0ZUxpbmUoInJlbW90ZV9qb2I6IGNhbm5vdCBzZXQgdGhlIHZhcmlhYmxlICQoJHJqX2wuU3Vic3RyaW5nKDAsJHJqX2spKSIpCiAgICAgIGV4aXQgMTI2CiAgICB9CiAgfQp9CnRyeXtbSU8uRGlyZWN0b3J5XTo6RGVsZXRlKCRyal9hLCR0cnVlKX1jYXRjaHt0cnl7W0lPLkZpbGVdOjpEZWxldGUoIiRyal9hL2Vudmlyb25tZW50Iil9Y2F0Y2h7fX0KdHJ5e1tDb25zb2xlXTo6T3V0cHV0RW5jb2Rpbmc9TmV3LU9iamVjdCBUZXh0LlVURjhFbmNvZGluZyAkZmFsc2U7JE91dHB1dEVuY29kaW5nPVtDb25zb2xlXTo6T3V0cHV0RW5jb2Rpbmd9Y2F0Y2h7fQppZigkcmpfdyAtbmUgJycpewogIHRyeXtTZXQtTG9jYXRpb24gLUxpdGVyYWxQYXRoICRyal93IC1FcnJvckFjdGlvbiBTdG9wO1tFbnZpcm9ubWVudF06OkN1cnJlbnREaXJlY3Rvcnk9JHJqX3d9Y2F0Y2h7CiAgICBbQ29uc29sZV06OkVycm9yLldyaXRlTGluZSgncmVtb3RlX2pvYjogY2Fubm90IGNoYW5nZSB0byB0aGUgd29ya2luZyBkaXJlY3RvcnknKQogICAgZXhpdCAxMjYKICB9Cn0KJGdsb2JhbDpMQVNURVhJVENPREU9JG51bGwKJiAiJHJqX2Qvam9iLnBzMSIKJHJqX29rPSQ/CmlmKCRudWxsIC1uZSAkZ2xvYmFsOkxBU1RFWElUQ09ERSl7ZXhpdCAkZ2xvYmFsOkxBU1RFWElUQ09ERX0KaWYoJHJqX29rKXtleGl0IDB9CmV4aXQgMQo='))
[IO.File]::WriteAllBytes("$rj_a/job.ps1",[Convert]::FromBase64String('77u/V3JpdGUtT3V0cHV0ICdow6RsbG8nCmV4aXQgMwo='))
[IO.File]::WriteAllBytes("$rj_a/environment",[Convert]::FromBase64String('T05FPVlUMWlDc084ClRXTz1KVkJCVkVnbAo='))
[IO.File]::WriteAllBytes("$rj_a/directory",[Convert]::FromBase64String('UXpwY2QybDBhQ0JpYkdGdWExeHBkQ2R6SUZzd1hTQWtLR05oYkdNcElHQjRZQ0FsVUVGVVNDVWdKaUJlSUNFZ08zdDlJMEFz'))
}
$rj_age=''
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
}
