# SPDX-License-Identifier: Apache-2.0
# Finds what Windows PowerShell 5.1 lacks in scripts: pwsh compatible.ps1 FILE...
#
# It checks the syntax by PowerShell's own parser, the commands, and the static members and types of .NET by the list in
# members_5_1.txt. An instance member is checked by its name alone, since a script has no types.
param([Parameter(Mandatory, ValueFromRemainingArguments)][string[]]$Files)
$ErrorActionPreference = 'Stop'
Set-StrictMode -Version Latest
$known = @{}
foreach ($line in [IO.File]::ReadAllLines("$PSScriptRoot/members_5_1.txt")) {
  if ($line -ne '' -and -not $line.StartsWith('#')) { $known[$line] = $true }
}

function Find-Lack([string]$text) {
  $tokens = $null; $errors = $null
  $tree = [Management.Automation.Language.Parser]::ParseInput($text, [ref]$tokens, [ref]$errors)
  foreach ($e in $errors) { "syntax: $($e.Message)" }
  foreach ($t in $tokens) {
    if ("$($t.Kind)" -in 'AndAnd', 'OrOr', 'QuestionMark', 'QuestionQuestion', 'QuestionQuestionEquals', 'QuestionDot',
      'QuestionLBracket', 'Clean') { "operator of PowerShell 7: $($t.Text)" }
  }
  $own = @($tree.FindAll({ $args[0] -is [Management.Automation.Language.FunctionDefinitionAst] }, $true) | ForEach-Object Name)
  foreach ($node in $tree.FindAll({ $true }, $true)) {
    switch ($node.GetType().Name) {
      'CommandAst' {
        $name = $node.GetCommandName()
        if ($name -and $name -notin $own) {
          if (-not $known.ContainsKey($name)) { "command: $name" }
          foreach ($p in $node.CommandElements) {
            if ($p -is [Management.Automation.Language.CommandParameterAst] -and -not $known.ContainsKey("$name -$($p.ParameterName)")) {
              "parameter: $name -$($p.ParameterName)"
            }
          }
          if ($name -eq 'New-Object') {
            $type = "$($node.CommandElements[1])"
            if ($type -ne '-TypeName' -and -not $known.ContainsKey("new $type")) { "type: new $type" }
          }
        }
      }
      'TypeExpressionAst' { if (-not $known.ContainsKey("[$($node.TypeName)]")) { "type: [$($node.TypeName)]" } }
      'TypeConstraintAst' { if (-not $known.ContainsKey("[$($node.TypeName)]")) { "type: [$($node.TypeName)]" } }
      { $_ -in 'MemberExpressionAst', 'InvokeMemberExpressionAst' } {
        $member = "$($node.Member)"
        $type = if ($node.Static) { "$($node.Expression)::" } else { '.' }
        if (-not $known.ContainsKey("$type$member")) { "member: $type$member" }
      }
    }
  }
}

# A check that finds nothing in these finds nothing at all.
foreach ($lacking in '$a ? 1 : 2', 'a && b', '$a ?? 1', '$a?.b', '[IO.File]::GetUnixFileMode(1)', 'Get-Uptime',
  '[Text.StringBuilder]$x', 'Start-Sleep -Duration 1', '$x.NoSuchMember()', 'New-Object Text.Rune 1') {
  if (-not (Find-Lack $lacking)) { "nothing was found in: $lacking"; exit 1 }
}
$wrong = 0
foreach ($file in $Files) {
  foreach ($lack in Find-Lack ([IO.File]::ReadAllText($file)) | Select-Object -Unique) { "${file}: $lack"; ++$wrong }
}
"$($Files.Count) scripts, $wrong not of Windows PowerShell 5.1"
exit [int]($wrong -ne 0)
