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
$rj_j=(rj_text 'Qzpc4oCYcXVvdGVz4oCZIOKAmiDigJtcw6Twn5mC')
$rj_policy=(rj_text 'b25fc3VjY2Vzcw==')
function rj_result{
  $l=rj_first "$rj_j/exit_code"
  if($l -match '^-?[0-9]{1,10}$'){return $l}
  '-'
}
function rj_cleanup{
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
}
