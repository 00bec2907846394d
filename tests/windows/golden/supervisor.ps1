function rj_host{[Environment]::MachineName -replace '[^A-Za-z0-9._-]','_'}
function rj_start([string]$q){
  try{$x=[Diagnostics.Process]::GetProcessById([int]$q)}catch{return ''}
  try{if($x.HasExited){return ''};"$($x.StartTime.ToFileTimeUtc())"}catch{'?'}
}
function rj_self{
  $x=[Diagnostics.Process]::GetCurrentProcess().MainModule.FileName
  $x
  if([IO.Path]::GetFileNameWithoutExtension($x) -eq 'dotnet'){[Environment]::GetCommandLineArgs()[0]}
}
$rj_d=$args[0];$rj_a=$args[1];$rj_by=$args[2]
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
