# Does what the README's lines behind `PS>` say, in PowerShell 5.1 or 7:
#
#     prompt.ps1 -Case exchange|embedding|service [-Clone FOLDER]
#
# On Windows they are run word for word, in a clone whose preset `release` was built (but not the
# case `service`). Elsewhere what only Windows has is replaced, in a folder like a clone; and so is
# the port.
param(
    [Parameter(Mandatory = $true)][ValidateSet('exchange', 'embedding', 'service')][string]$Case,
    [string]$Clone = (Join-Path $PSScriptRoot '../..'))

Set-StrictMode -Version 2
$ErrorActionPreference = 'Stop'
$windows = [Environment]::OSVersion.Platform -eq 'Win32NT'
$patienceMs = 20000
$started = @()
Set-Location $Clone
$readme = [IO.File]::ReadAllText((Join-Path (Get-Location) 'README.md')) -replace "`r`n", "`n"

function Get-Section([string]$Title) {
    [regex]::Match($readme, "(?ms)^## $Title\n(.*?)(?=^## )").Groups[1].Value
}

# The indented lines of a section that a pattern matches; what is behind `$Start` is the command.
function Get-Line([string]$Title, [string]$Start, [string]$Pattern) {
    $lines = @([regex]::Matches((Get-Section $Title), "(?m)^ {4,6}$Start($Pattern.*)$") |
        ForEach-Object { $_.Groups[1].Value })
    if ($lines.Count -ne 1) {
        throw "not one but $($lines.Count) lines $Start$Pattern in $Title"
    }
    $lines[0]
}

# Pairs of what the README has and what stands for it here; nothing where this is Windows.
function Edit-Line([string]$Line, [string[]]$Pairs = @()) {
    for ($at = 0; $at -lt $Pairs.Count -and -not $windows; $at += 2) {
        if (-not $Line.Contains($Pairs[$at])) {
            throw "there is no '$($Pairs[$at])' in: $Line"
        }
        $Line = $Line.Replace($Pairs[$at], $Pairs[$at + 1])
    }
    "PS> $Line" | Out-Host
    $Line
}

function Invoke-Line([string]$Line) {
    $global:LASTEXITCODE = 0
    $said = Invoke-Expression $Line
    if ($LASTEXITCODE -ne 0) {
        throw "$Line`: $LASTEXITCODE`n$($said -join "`n")"
    }
}

function Wait-Until([scriptblock]$Condition, [string]$What) {
    $until = [DateTime]::UtcNow.AddMilliseconds($patienceMs)
    while (-not (& $Condition)) {
        if ([DateTime]::UtcNow -gt $until) {
            throw $What
        }
        Start-Sleep -Milliseconds 20
    }
}

# In a terminal of its own, as it were: what it prints is in a file.
function Start-Line([string]$Line, [string]$Output) {
    $program, $arguments = $Line -split ' ', 2
    $process = Start-Process $program $arguments -PassThru -NoNewWindow `
        -RedirectStandardOutput $Output
    $null = $process.Handle # without it 5.1 forgets the exit code
    $script:started += $process
    $process
}

function Confirm-Lines([string]$What, [string[]]$Expected, $Actual) {
    $actual = @($Actual | ForEach-Object { "$_" })
    if (($Expected -join "`n") -cne ($actual -join "`n")) {
        throw "$What`: expected`n$($Expected -join "`n")`nnot`n$($actual -join "`n")"
    }
}

function Test-Exchange {
    $line = Edit-Line (Get-Line 'The exchange' 'PS> ' '\.\\build\\release\\bin\\server') @(
        '.\build\release\bin\server.exe', './build/release/bin/server',
        '--once', '--once --ready-file ready.txt localhost:0')
    $server = Start-Line $line 'server.txt'
    $line = Edit-Line (Get-Line 'The exchange' 'PS> ' '\.\\build\\release\\bin\\client') @(
        '.\build\release\bin\client.exe', './build/release/bin/client',
        '--wait 10s', '--wait 10s --ready-file ready.txt')
    Confirm-Lines 'the client' ('Connected to server.', 'Message sent.',
        "Server's response: Hello from the server!!!", '0') (Invoke-Expression $line)
    if (-not $server.WaitForExit($patienceMs) -or $server.ExitCode -ne 0) {
        throw 'the server has not ended well'
    }
    $text = [IO.File]::ReadAllText((Join-Path (Get-Location) 'server.txt'))
    if (-not $text.Contains("Received data: Gr$([char]0xFC)$([char]0xDF)e")) {
        throw "the server shows: $text"
    }
    Remove-Item server.txt
}

# From the packages on, which elsewhere than on Windows are a build that there is already.
function Test-Embedding {
    $section = 'Install and embed'
    Invoke-Line (Edit-Line (Get-Line $section 'PS> ' 'cmake --workflow') @(
            'cmake --workflow --preset package-windows', 'cmake --list-presets=workflow'))
    Invoke-Line (Edit-Line (Get-Line $section 'PS> ' 'cmake --install') @(
            '--config RelWithDebInfo', '--config Release'))
    $lines = Get-Line $section '' 'mkdir .*\n    cp .*\n    cd '
    $lines -split '\n    ' | ForEach-Object { Invoke-Line (Edit-Line $_) }
    $project = [regex]::Match((Get-Section $section), '(?ms)^```cmake\n(.*?)^```').Groups[1].Value
    [IO.File]::WriteAllText((Join-Path (Get-Location) 'CMakeLists.txt'), $project)
    $lines = Get-Line $section '' 'cmake -S \. -B build ".*\n    cmake --build build'
    $lines -split '\n    ' | ForEach-Object { Invoke-Line (Edit-Line $_) }
    $line = Edit-Line (Get-Line $section 'PS> ' '\.\\build\\Debug') @(
        '.\build\Debug\echo.exe 12345', './build/echo 0')
    $null = Start-Line $line 'echo.txt'
    Wait-Until { (Get-Content echo.txt) -match ' port \d+$' } 'the echo server does not listen'
    $port = @(Get-Content echo.txt)[0] -replace '.* ', ''
    $line = Edit-Line (Get-Line $section 'PS> ' '~\\tenon') @(
        '~\tenon\bin\tenon-client.exe', '~/tenon/bin/tenon-client',
        'hello', "hello localhost:$port")
    Confirm-Lines 'the client' ('Connected to server.', 'Message sent.',
        "Server's response: hello") (Invoke-Expression $line)
}

# Not on Windows, where .ci/shells.ps1 has the manager of services do it: these stand in for it, and
# start what it would, but for --service.
function Test-Service {
    function New-Service($Name, $BinaryPathName) {
        $script:service = $BinaryPathName -replace '"', ''
    }
    function Start-Service($Name) {
        $null = Start-Line $script:service 'server.txt'
    }
    Invoke-Expression (Edit-Line (Get-Line 'The server in service' 'PS> ' 'New-Service') @(
            'C:\Program Files\tenon\tenon-server.exe', './build/release/bin/server',
            ' --service ', ' ', 'C:\tenon\log.txt', 'log.txt',
            ':8000', '--ready-file ready.txt localhost:0'))
    Invoke-Expression (Edit-Line (Get-Line 'The server in service' 'PS> ' 'Start-Service'))
    Confirm-Lines 'the client' 'Hello from the server!!!' (
        ./build/release/bin/client -q --wait 10s --ready-file ready.txt)
    Wait-Until { Select-String -Quiet ' INFO accept ' log.txt } 'the log has no line of the client'
}

try {
    switch ($Case) {
        'exchange' { Test-Exchange }
        'embedding' { Test-Embedding }
        'service' { Test-Service }
    }
    'passed'
} finally {
    $started | Where-Object { -not $_.HasExited } | Stop-Process -Force
    Set-Location $Clone
    if ($Case -eq 'embedding' -and (Test-Path ../echo)) {
        Wait-Until { Remove-Item -Recurse -Force ../echo -ErrorAction SilentlyContinue
            -not (Test-Path ../echo) } 'the folder of the echo server stays'
    }
}
