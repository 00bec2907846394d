$rj_d=$env:REMOTE_JOB_DIR
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
