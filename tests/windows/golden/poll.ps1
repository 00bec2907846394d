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
$rj_kq='4711'
$rj_ks=(rj_text 'MTMzNzAwMDAwMDAwMDAwMDAw')
$rj_p='?'
try{$rj_p=(rj_text 'Qzpc4oCYcXVvdGVz4oCZIOKAmiDigJtcw6Twn5mC')}catch{}
rj_judge $rj_p
$rj_l=" life=$($script:rj_v):$($script:rj_e)"
$rj_p='?'
try{$rj_p=(rj_text 'Qzpcd2l0aCBibGFua1xpdCdzIFswXSAkKGNhbGMpIGB4YCAlUEFUSCUgJiBeICEgO3t9I0As')}catch{}
$rj_c='-'
$rj_t=New-Object IO.MemoryStream
try{
  $f=rj_open $rj_p
  try{rj_copy $f 64 $rj_t;$rj_c=$rj_t.Length}finally{$f.Dispose()}
}catch{$rj_c=rj_fault $_.Exception;$rj_t.SetLength(0)}
function rj_dir([string]$p){
  try{
    if([IO.File]::GetAttributes([IO.Path]::GetDirectoryName([IO.Path]::GetFullPath($p))) -band [IO.FileAttributes]::Directory){'+'}else{'-'}
  }catch{if((rj_fault $_.Exception) -eq '-'){'-'}else{'?'}}
}
$rj_x=rj_dir $rj_p
$rj_p='?'
try{$rj_p=(rj_text 'Qzpcam9ic1xhXHN0ZG91dC5sb2c=')}catch{}
$rj_off=[long]10737418240
$rj_at=[long]10737418236
$rj_max=[long]20
$rj_k='-'
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
$rj_l=" dirs=$(rj_dir $rj_p)$rj_x$rj_l"
rj_w "`n@RJ1 $rj_n poll exit=$rj_c log=$rj_k ino=$rj_i size=$rj_s off=$rj_at n=$($rj_d.Length)$rj_l`n"
$rj_t.WriteTo($rj_o)
rj_w "`n"
$rj_d.WriteTo($rj_o)
rj_w "`n@RJ1 $rj_n end`n"
rj_send
}
