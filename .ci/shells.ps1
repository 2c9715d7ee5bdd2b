# What PowerShell, 5.1 as well as 7, sees of the programs: exit codes, the transcripts, bytes that
# nothing has changed, Ctrl+Break, what the README has for a prompt, its step for GitHub Actions and
# its service.
#
#     .ci/shells.ps1 -Programs FOLDER
#
# The last line is `N passed, N failed`; any failure makes the exit code 1.
param([Parameter(Mandatory = $true)][string]$Programs)

Set-StrictMode -Version 2
$ErrorActionPreference = 'Stop'
$server = (Resolve-Path (Join-Path $Programs 'server.exe')).Path
$client = (Resolve-Path (Join-Path $Programs 'client.exe')).Path
$folder = Join-Path ([IO.Path]::GetTempPath()) ('tenon-' + [Guid]::NewGuid())
$ready = Join-Path $folder 'ready'
$patienceMs = 10000
$passed = 0
$failed = 0

# Start-Process gives no process group of its own, and Ctrl+Break goes to a group.
Add-Type -IgnoreWarnings -TypeDefinition @'
using System;
using System.ComponentModel;
using System.Runtime.InteropServices;
using System.Text;

public static class Group
{
    [StructLayout(LayoutKind.Sequential, CharSet = CharSet.Unicode)]
    struct StartupInfo
    {
        public int Size;
        public string Reserved, Desktop, Title;
        public int X, Y, Width, Height, Columns, Rows, Fill, Flags;
        public short Show, Reserved2Size;
        public IntPtr Reserved2, Input, Output, Error;
    }

    [StructLayout(LayoutKind.Sequential)]
    struct ProcessInformation
    {
        public IntPtr Process, Thread;
        public int ProcessId, ThreadId;
    }

    [DllImport("kernel32.dll", SetLastError = true, CharSet = CharSet.Unicode)]
    static extern bool CreateProcessW(string application, StringBuilder command, IntPtr process,
        IntPtr thread, bool inherit, int flags, IntPtr environment, string folder,
        ref StartupInfo startup, out ProcessInformation information);

    [DllImport("kernel32.dll", SetLastError = true)]
    static extern bool GenerateConsoleCtrlEvent(int what, int group);

    [DllImport("kernel32.dll", SetLastError = true)]
    static extern uint WaitForSingleObject(IntPtr handle, uint milliseconds);

    [DllImport("kernel32.dll", SetLastError = true)]
    static extern bool GetExitCodeProcess(IntPtr process, out uint code);

    [DllImport("kernel32.dll")]
    static extern bool AllocConsole();

    static ProcessInformation started;

    public static void Start(string command)
    {
        const int NewProcessGroup = 0x200;
        StartupInfo startup = new StartupInfo();
        startup.Size = Marshal.SizeOf(typeof(StartupInfo));
        AllocConsole(); // fails where there is a console, which is as good
        if (!CreateProcessW(null, new StringBuilder(command), IntPtr.Zero, IntPtr.Zero, false,
                NewProcessGroup, IntPtr.Zero, null, ref startup, out started)) {
            throw new Win32Exception();
        }
    }

    public static void Break()
    {
        const int CtrlBreak = 1;
        if (!GenerateConsoleCtrlEvent(CtrlBreak, started.ProcessId)) {
            throw new Win32Exception();
        }
    }

    public static long Wait(uint milliseconds)
    {
        uint code;
        if (WaitForSingleObject(started.Process, milliseconds) != 0 ||
            !GetExitCodeProcess(started.Process, out code)) {
            return -1;
        }
        return code;
    }
}
'@

function Confirm-Equal([string]$What, $Expected, $Actual) {
    if ("$Expected" -ceq "$Actual") {
        $script:passed++
        "$What ... passed"
    } else {
        $script:failed++
        "$What ... FAILED: expected <$Expected>, not <$Actual>"
    }
}

# The server's address, once it is ready.
function Wait-Address {
    $until = [DateTime]::UtcNow.AddMilliseconds($patienceMs)
    while (-not (Test-Path $ready)) {
        if ([DateTime]::UtcNow -gt $until) {
            throw 'the server is not ready'
        }
        Start-Sleep -Milliseconds 20
    }
    @(Get-Content $ready)[0]
}

# One that serves one client and then ends, its transcript in a file.
function Start-Server([string]$Options) {
    $arguments = '--once --ready-file "{0}" {1} 127.0.0.1:0' -f $ready, $Options
    $process = Start-Process $server $arguments -PassThru -NoNewWindow `
        -RedirectStandardOutput (Join-Path $folder 'server.txt')
    $null = $process.Handle # without it 5.1 forgets the exit code
    $process
}

function Wait-Exit($Process) {
    if (-not $Process.WaitForExit($patienceMs)) {
        $Process.Kill()
        return 'still running'
    }
    $Process.ExitCode
}

function Test-Exchange {
    $process = Start-Server ''
    $lines = & $client (Wait-Address)
    Confirm-Equal 'client: exit code' 0 $LASTEXITCODE
    Confirm-Equal 'client: transcript' (@(
            'Connected to server.'
            'Message sent.'
            "Server's response: Hello from the server!!!") -join '|') ($lines -join '|')
    Confirm-Equal 'server: exit code' 0 (Wait-Exit $process)
    $text = [IO.File]::ReadAllText((Join-Path $folder 'server.txt')) -replace ', \d+\)', ', PORT)'
    Confirm-Equal 'server: transcript' (@(
            'Server is listening for connections...'
            "Connected to client: ('127.0.0.1', PORT)"
            'Received data: Hello from the client!!!'
            "Response sent.`n") -join "`n") ($text -replace "`r`n", "`n")
}

# Arguments are UTF-8 inside the programs, and what -q writes is the peer's bytes: no code page, no
# carriage returns.
function Test-Bytes {
    $text = 'h' + [char]0xE9 + 'llo' + "`n" + [char]0x20AC + ' 1.00' + "`n"
    $process = Start-Server ('-m "{0}"' -f $text)
    $out = Join-Path $folder 'client.bin'
    $command = '/d /c ""{0}" -q {1} > "{2}""' -f $client, (Wait-Address), $out
    $shell = Start-Process cmd.exe $command -PassThru -NoNewWindow
    $null = $shell.Handle
    Confirm-Equal 'bytes: exit code' 0 (Wait-Exit $shell)
    Confirm-Equal 'bytes: of the answer' ([Text.Encoding]::UTF8.GetBytes($text) -join ' ') `
        ([IO.File]::ReadAllBytes($out) -join ' ')
    Confirm-Equal 'bytes: server' 0 (Wait-Exit $process)
}

function Test-ExitCodes {
    & $client --no-such-option
    Confirm-Equal 'exit code: usage, client' 2 $LASTEXITCODE
    & $server --no-such-option
    Confirm-Equal 'exit code: usage, server' 2 $LASTEXITCODE
    & $client --version
    Confirm-Equal 'exit code: version' 0 $LASTEXITCODE
    & $client no-such-host.invalid:1
    Confirm-Equal 'exit code: not resolved' 3 $LASTEXITCODE
    & $client 127.0.0.1:1
    Confirm-Equal 'exit code: refused' 4 $LASTEXITCODE

    $process = Start-Server ''
    $address = Wait-Address
    & $server $address
    Confirm-Equal 'exit code: port in use' 6 $LASTEXITCODE
    & $client $address | Out-Null
    Confirm-Equal 'exit code: after that' 0 (Wait-Exit $process)
}

function Test-Break {
    [Group]::Start(('"{0}" --ready-file "{1}" 127.0.0.1:0' -f $server, $ready))
    $address = Wait-Address
    & $client $address | Out-Null
    Confirm-Equal 'Ctrl+Break: a client before it' 0 $LASTEXITCODE
    [Group]::Break()
    Confirm-Equal 'Ctrl+Break: exit code of the server' 0 ([Group]::Wait($patienceMs))
    Confirm-Equal 'Ctrl+Break: the ready file is gone' $false (Test-Path $ready)
    & $client $address
    Confirm-Equal 'Ctrl+Break: nobody listens' 4 $LASTEXITCODE
}

# The README's lines for this prompt: the exchange, and an echo server of one's own.
function Test-Readme {
    $script = Join-Path $PSScriptRoot '../tests/readme/prompt.ps1'
    foreach ($case in 'exchange', 'embedding') {
        & (Get-Process -Id $PID).Path -NoProfile -ExecutionPolicy Bypass -File $script -Case $case |
            Out-Host
        Confirm-Equal "README: $case" 0 $LASTEXITCODE
    }
}

# The README's step for GitHub Actions, as it stands there.
function Test-Recipe {
    $readme = Get-Content (Join-Path $PSScriptRoot '../README.md')
    $at = [Array]::IndexOf($readme, '- shell: powershell') + 2
    $lines = while ($readme[$at] -ne '```') {
        $readme[$at].Substring(4)
        $at++
    }
    $script = Join-Path $folder 'step.ps1'
    [IO.File]::WriteAllLines($script, [string[]]$lines)
    & (Get-Process -Id $PID).Path -NoProfile -ExecutionPolicy Bypass -File $script | Out-Null
    Confirm-Equal 'recipe: exit code' 0 $LASTEXITCODE
}

# The README's service, but for the places of a machine. Needs an elevated prompt.
function Test-Service {
    $readme = Get-Content -Raw (Join-Path $PSScriptRoot '../README.md')
    $lines = @([regex]::Matches($readme, '(?m)^ +PS> ((?:New|Start)-Service .*?)\r?$') |
        ForEach-Object { $_.Groups[1].Value })
    Confirm-Equal 'service: lines of the README' 2 $lines.Count
    $places = @{
        'C:\Program Files\tenon\tenon-server.exe' = $server
        'C:\tenon\log.txt' = Join-Path $folder 'service.log'
        ':8000' = "--ready-file $ready-service localhost:0"
    }
    foreach ($place in $places.Keys) {
        Confirm-Equal "service: $place" $true $lines[0].Contains($place)
        $lines[0] = $lines[0].Replace($place, $places[$place])
    }
    try {
        $lines | ForEach-Object { Invoke-Expression $_ } | Out-Null
        Confirm-Equal 'service: state' 'Running' "$((Get-Service tenon).Status)"
        Confirm-Equal 'service: answer' 'Hello from the server!!!' (
            & $client -q --ready-file "$ready-service")
        Stop-Service tenon
        Confirm-Equal 'service: state' 'Stopped' "$((Get-Service tenon).Status)"
    } finally {
        sc.exe delete tenon | Out-Null
    }
}

"PowerShell $($PSVersionTable.PSVersion)"
New-Item -ItemType Directory $folder | Out-Null
try {
    Test-Exchange
    Test-Bytes
    Test-ExitCodes
    Test-Break
    Test-Readme
    Test-Recipe
    Test-Service
} finally {
    Remove-Item -Recurse -Force $folder
}
"$passed passed, $failed failed"
exit [int]($failed -gt 0)
