#!/usr/bin/env python3
"""The manual and the completions of a program say what its --help says, and shells take them.

    manual.py WHAT PROGRAM NAME FOLDER

WHAT: page, bash, zsh, fish or powershell. PROGRAM: the executable. NAME: as it is installed.
FOLDER: where the build wrote the files. Exits with 77 where the machine has not what it needs.
"""
import os
import re
import select
import shutil
import subprocess
import sys
import tempfile
import time

PATIENCE_S = 20


def run(*command, **arguments):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          encoding="utf-8", timeout=PATIENCE_S, check=False, **arguments)
    return done.returncode, done.stdout


def tool(*names):
    for name in names:
        if shutil.which(name):
            return shutil.which(name)
    print("skipped: there is no " + " or ".join(names))
    sys.exit(77)


class Option:
    """A line of the help."""

    def __init__(self, letter, name, argument, text):
        self.letter, self.name, self.argument, self.text = letter, name, argument, text
        self.optional = argument.startswith("[=")
        value = argument.strip("[=]")
        self.choices = value.split("|") if "|" in value else []
        self.is_file = value in ("FILE", "PATH")
        if name == "backend":
            self.choices = text.split(": ")[1].split(", ")


def read_help(program):
    code, text = run(program, "--help")
    options = []
    for line in text.split("\n\n")[1].splitlines()[1:]:
        found = re.fullmatch(r"  (?:-(.), |    )--([a-z0-9-]+)( [^ ]+|\[=[^ ]+\])? +(.*)", line)
        if not found:
            sys.exit("no line of the help: " + line)
        options.append(Option(found[1], found[2], (found[3] or "").strip(), found[4]))
    if code != 0 or len(options) < 15:
        sys.exit("--help has %d options" % len(options))
    return options


def check_page(options, name, folder):
    mandoc = tool("mandoc")
    path = os.path.join(folder, name + ".1")
    _, complaints = run(mandoc, "-Tlint", path)
    complaints = [line for line in complaints.splitlines()
                  if not re.search(r"referenced manual not found: Xr tenon", line)]
    if complaints:
        sys.exit("\n".join(complaints))
    _, text = run(mandoc, "-Tutf8", "-Owidth=200", path)
    text = re.sub(".\b", "", text)
    items = re.findall(r"^ +(?:-., )?--([a-z0-9-]+)", text, re.M)
    if items != [option.name for option in options]:
        sys.exit("the manual lists %s" % items)
    words = " ".join(text.split()).replace(" | ", "|")
    for option in options:
        shown = ("-%s, " % option.letter if option.letter else "") + "--" + option.name
        shown += option.argument if option.optional else (" " + option.argument).rstrip()
        if "%s %s" % (shown, option.text) not in words:
            sys.exit("the manual has not: %s %s" % (shown, option.text))


def quoted(text):
    return "'" + text.replace("'", "'\\''") + "'"


class Bash:
    """Calls the function that completes as bash does: `=` is a word of its own."""

    def __init__(self, name, folder):
        self.shell, self.name, self.path = tool("bash"), name, os.path.join(folder, name)

    def ask(self, words):
        split = []
        for word in words:
            split += [part for part in re.split("(=)", word) if part] or [""]
        script = """
            source %s
            set -- $(complete -p %s)
            COMP_WORDS=(%s) COMP_CWORD=%d
            [ "$2" = -F ] && "$3" && printf '%%s\\n' "${COMPREPLY[@]}"
        """ % (quoted(self.path), self.name,
               " ".join(map(quoted, [self.name] + split)), len(split))
        _, text = run(self.shell, "--norc", "--noprofile", "-c", script)
        return text.split()


class Fish:
    def __init__(self, name, folder):
        self.shell, self.name = tool("fish"), name
        self.path = os.path.join(folder, name + ".fish")

    def ask(self, words):
        line = " ".join([self.name] + words)
        _, text = run(self.shell, "--no-config", "-c",
                      "source %s; complete -C %s" % (quoted(self.path), quoted(line)))
        front = re.match("(--[^=]+=|)", words[-1])[1]
        return [answer.split("\t")[0][len(front):] if answer.startswith(front) else answer
                for answer in text.splitlines()]


class PowerShell:
    """One shell for all questions: it takes seconds to start."""

    def __init__(self, name, folder):
        self.name = name
        script = """
            . '%s'
            while ($null -ne ($line = [Console]::In.ReadLine())) {
                (TabExpansion2 $line $line.Length).CompletionMatches.CompletionText -join ' '
            }
        """ % os.path.join(folder, name + ".ps1")
        self.shell = subprocess.Popen(
            [tool("pwsh", "powershell"), "-NoProfile", "-NonInteractive", "-Command", script],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8")

    def ask(self, words):
        self.shell.stdin.write(" ".join([self.name] + words) + "\n")
        self.shell.stdin.flush()
        front = re.match("(--[^=]+=|)", words[-1])[1]
        return [answer.replace(".\\", "").replace("./", "")[len(front):]
                for answer in self.shell.stdout.readline().split()]


class Zsh:
    """Types at a real line editor, whose completion tells a file what it would add."""

    def __init__(self, name, folder):
        import pty      # only there where a zsh can be
        self.shell, self.name = tool("zsh"), name
        self.found = tempfile.NamedTemporaryFile(mode="r", suffix=".zsh")
        self.pid, self.terminal = pty.fork()
        if self.pid == 0:
            os.environ["TERM"] = "dumb"
            os.execv(self.shell, [self.shell, "-f", "-i"])
        setup = """
            PS1='' PS2='' ; unsetopt zle_bracketed_paste prompt_sp beep 2>/dev/null
            fpath=(%s $fpath); autoload -Uz compinit; compinit -D -u
            compadd () {
                if [[ ${@[1,(i)(-|--)]} != *-(O|A|D)\\ * ]]; then
                    typeset -a hits; builtin compadd -A hits "$@"; print -l -- $hits >> %s
                fi
                builtin compadd "$@"
            }
            said () { print -n "<$1""said>"; }
            finish () { said $BUFFER; BUFFER=''; }
            zle -N finish; bindkey '^T' finish; bindkey '^I' expand-or-complete
            zstyle ':completion:*' list-prompt ''; LISTMAX=10000
            said ready
        """ % (quoted(folder), quoted(self.found.name))
        os.write(self.terminal, "\n".join(line.strip() for line in setup.splitlines()).encode())
        os.write(self.terminal, b"\n")
        self.wait("<readysaid>")

    def wait(self, mark):
        text = ""
        until = time.monotonic() + PATIENCE_S
        while mark not in text:
            left = until - time.monotonic()
            if left <= 0 or not select.select([self.terminal], [], [], left)[0]:
                sys.exit("zsh did not say %s but:\n%s" % (mark, text))
            text += os.read(self.terminal, 65536).decode(errors="replace")

    def ask(self, words):
        open(self.found.name, "w").close()
        line = " ".join([self.name] + words)
        os.write(self.terminal, (line + "\t\x14").encode())
        self.wait("said>")
        with open(self.found.name) as found:
            return found.read().split()


def check_shell(shell, options):
    def expect(words, wanted):
        got = sorted(set(answer.rstrip("=") for answer in shell.ask(words)))
        if got != sorted(wanted):
            sys.exit("%s: completed as %s, not %s" % (" ".join(words), got, sorted(wanted)))

    expect(["--"], ["--" + option.name for option in options])
    expect(["-4", "--verb"], ["--verbose"])
    for option in options:
        for choice in option.choices:
            expect(["--%s=%s" % (option.name, choice[:2])], [choice])
        if option.choices and not option.optional:
            expect(["--" + option.name, ""], option.choices)
        if option.is_file:
            expect(["--" + option.name, "only"], ["only.file"])
            if option.letter:
                expect(["-" + option.letter, "only"], ["only.file"])


def main():
    what, program, name, folder = sys.argv[1:]
    program, folder = os.path.abspath(program), os.path.abspath(folder)
    options = read_help(program)
    if what == "page":
        check_page(options, name, folder)
    else:
        with tempfile.TemporaryDirectory() as work:
            os.chdir(work)
            os.environ["HOME"] = work
            open("only.file", "w").close()
            shells = {"bash": Bash, "zsh": Zsh, "fish": Fish, "powershell": PowerShell}
            check_shell(shells[what](name, folder), options)
            os.chdir("/")
    print("%d options" % len(options))


if __name__ == "__main__":
    main()
