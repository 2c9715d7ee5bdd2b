"""Runs a recipe of the README as GitHub Actions would: the steps of `In GitHub Actions`.

    recipe.py PROGRAMS bash|powershell [SHELL]

The programs are at build/release/bin of a folder of its own; where the recipe is for Windows they
have names with .exe in front of this system's ones too. SHELL is the command, looked for in PATH.
Exits with the recipe's code, and 77 where there is no such shell.
"""
import pathlib
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "readme"))
import page

SECONDS = 50

# What GitHub runs a step's script with, and puts around it.
SHELLS = {
    "bash": (["bash", "--noprofile", "--norc", "-eo", "pipefail"], ".sh", "{}"),
    "powershell": (["pwsh", "-NoProfile", "-NonInteractive", "-File"], ".ps1",
                   "$ErrorActionPreference = 'stop'\n{}"
                   "if (Test-Path -LiteralPath variable:\\LASTEXITCODE) "
                   "{{ exit $LASTEXITCODE }}\n"),
}


def recipe(shell):
    for block in page.read():
        if block.kind == "yaml":
            head, script = block.text.split("run: |\n")
            if ("shell: powershell" in head) == (shell == "powershell"):
                return "".join(line[4:] + "\n" for line in script.splitlines())
    raise SystemExit("the README has no recipe for " + shell)


def main():
    programs, shell = sys.argv[1:3]
    command, suffix, frame = SHELLS[shell]
    command = sys.argv[3:4] + command[1:] if sys.argv[3:4] else command
    if shutil.which(command[0]) is None:
        print("skipped: there is no", command[0], "here")
        return 77
    script = recipe(shell)
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        binaries = folder / "build" / "release" / "bin"
        binaries.mkdir(parents=True)
        for program in ("server", "client"):
            path = pathlib.Path(programs, program).resolve()
            (binaries / program).symlink_to(path)
            (binaries / (program + ".exe")).symlink_to(path)
        file = folder / ("step" + suffix)
        file.write_text(frame.format(script), encoding="utf-8")
        print(script, flush=True)
        return subprocess.run(command + [str(file)], cwd=folder, stdin=subprocess.DEVNULL,
                              timeout=SECONDS, check=False).returncode


sys.exit(main())
