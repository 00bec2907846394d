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
$rj_l=''
$rj_p='?'
try{$rj_p=(rj_text 'Qzpcd2l0aCBibGFua1xpdCdzIFswXSAkKGNhbGMpIGB4YCAlUEFUSCUgJiBeICEgO3t9I0As')}catch{}
$rj_c='-'
$rj_t=New-Object IO.MemoryStream
try{
  $f=rj_open $rj_p
  try{rj_copy $f 64 $rj_t;$rj_c=$rj_t.Length}finally{$f.Dispose()}
}catch{$rj_c=rj_fault $_.Exception;$rj_t.SetLength(0)}
$rj_p='?'
try{$rj_p=(rj_text 'Qzpcam9ic1xhXHN0ZG91dC5sb2c=')}catch{}
$rj_off=[long]100
$rj_at=[long]96
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
rj_w "`n@RJ1 $rj_n poll exit=$rj_c log=$rj_k ino=$rj_i size=$rj_s off=$rj_at n=$($rj_d.Length)$rj_l`n"
$rj_t.WriteTo($rj_o)
rj_w "`n"
$rj_d.WriteTo($rj_o)
rj_w "`n@RJ1 $rj_n end`n"
rj_send
