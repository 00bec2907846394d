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
$rj_p='?'
try{$rj_p=(rj_text 'Qzpcd2l0aCBibGFua1xpdCdzIFswXSAkKGNhbGMpIGB4YCAlUEFUSCUgJiBeICEgO3t9I0As')}catch{}
$rj_c='-'
$rj_t=New-Object IO.MemoryStream
try{
  $f=rj_open $rj_p
  try{rj_copy $f 64 $rj_t;$rj_c=$rj_t.Length}finally{$f.Dispose()}
}catch{$rj_c=rj_fault $_.Exception;$rj_t.SetLength(0)}
[Console]::Out.Write([Text.Encoding]::ASCII.GetString($rj_t.ToArray()))
