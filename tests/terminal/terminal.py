"""What a person sees: the programs in a terminal of tmux, whose screen is read back.

    terminal.py PROGRAMS CASE

Exits with 77 where there is no tmux.
"""
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import time

PATIENCE = 40


class Terminal:
    """A server of tmux with one window, and a shell in it whose prompt is `$ `."""

    def __init__(self, folder, columns=100, environment=()):
        self.socket = os.path.join(folder, "tmux")
        self.raw = os.path.join(folder, "raw")
        shell = ["env", "PS1=$ ", *environment, "sh"]
        self.tmux("-f", "/dev/null", "new-session", "-d", "-x", str(columns), "-y", "30",
                  shlex.join(shell))
        self.tmux("pipe-pane", "-o", f"cat > {shlex.quote(self.raw)}")
        self.wait(r"^\$ *$")

    def tmux(self, *arguments):
        return subprocess.run(["tmux", "-u", "-S", self.socket, *arguments], check=True,
                              capture_output=True, encoding="utf-8", timeout=PATIENCE).stdout

    def screen(self):
        return self.tmux("capture-pane", "-p").rstrip("\n")

    def keys(self, *keys):
        self.tmux("send-keys", *keys)

    def line(self, text):
        self.tmux("send-keys", "-l", text)
        self.keys("Enter")

    def wait(self, pattern):
        """Until the screen matches; tmux tells nobody that it has changed."""
        until = time.monotonic() + PATIENCE
        while True:
            screen = self.screen()
            found = re.search(pattern, screen, re.M)
            if found:
                return found
            if time.monotonic() > until:
                raise AssertionError(f"no {pattern!r} on this screen:\n{screen}")
            time.sleep(0.02)

    def run(self, *command):
        """A command whose exit code is shown behind its end."""
        self.line(shlex.join(command) + "; echo code=$?")

    def bytes(self):
        with open(self.raw, "rb") as file:
            return file.read()

    def close(self):
        self.tmux("kill-server")


class Service:
    def __init__(self, programs, folder, *arguments):
        ready = os.path.join(folder, "ready")
        self.process = subprocess.Popen([os.path.join(programs, "server"), "-q", "--ready-file",
                                         ready, *arguments, "127.0.0.1:0"])
        subprocess.run([os.path.join(programs, "client"), "-z", "--wait", f"{PATIENCE}s",
                        "--ready-file", ready], check=True)
        with open(ready, encoding="ascii") as file:
            self.place = file.readline().strip()

    def close(self):
        self.process.terminate()
        if self.process.wait(PATIENCE) != 0:
            raise AssertionError("the server has failed")


def check(condition, terminal):
    if not condition:
        raise AssertionError("not this screen:\n" + terminal.screen())


# ---- the load test ----

PROGRESS = r"^  (\d)s/3s  4 conns  [\d.]+[kM]? req/s  p50 \d+[um]s  p99 \d+[um]s  errors 0$"


def load(terminal, client, place, *more):
    terminal.run(client, "--bench=echo", "-c", "4", "-d", "3s", *more, place)


def progress(terminal, client, service):
    """One line, redrawn, and gone where the result stands."""
    load(terminal, client, service.place)
    terminal.wait(r"^  warm-up  4 conns  errors 0$")
    first = int(terminal.wait(PROGRESS)[1])
    terminal.wait(PROGRESS.replace(r"(\d)", str(first + 1)))
    check(len(re.findall(PROGRESS, terminal.screen(), re.M)) == 1, terminal)
    check("warm-up" not in terminal.screen(), terminal)
    terminal.wait(r"^code=0$")
    check("s/3s" not in terminal.screen(), terminal)
    terminal.wait(r"^target 127\.0\.0\.1:\d+ .*\n.* -R\nrequests \d+ .*\nlatency us .*\ncode=0$")
    check(b"\x1b" not in terminal.bytes().split(b"--bench", 1)[1].split(b"code=0")[0], terminal)


def narrow(terminal, client, service):
    """A window of 30 columns: the line is cut, and none goes on in the next row."""
    load(terminal, client, service.place)
    seconds = r"^  {}s/3s  4 conns  [\d.]+[kM]? re"
    first = int(terminal.wait(seconds.format(r"(\d)"))[1])
    terminal.wait(seconds.format(first + 1))
    rows = terminal.screen().split("\n")
    check(sum("conns" in row for row in rows) == 1 and "conns" in rows[-1], terminal)
    check(len(rows[-1]) <= 29, terminal)
    terminal.wait(r"^code=0$")
    check("s/3s" not in terminal.screen(), terminal)


def plain(terminal, client, service):
    """Without progress where the environment asks for plain text, or the error output is none."""
    for environment in ("NO_COLOR=1", "TERM=dumb", ""):
        command = shlex.join([client, "--bench=echo", "-d", "1500ms", service.place])
        terminal.line(f"clear; env {environment} {command} "
                      f"{'' if environment else '2>&1 | cat'}; echo code=$?")
        terminal.wait(r"^target 127(.*\n)+code=0$")
        check("conns" not in terminal.screen(), terminal)
    check(b" conns" not in terminal.bytes(), terminal)


# ---- the exchange ----

def text(terminal, client, service):
    """Letters of all kinds as they are, and what a terminal would obey as text."""
    message = "Grüße € 日本 \x1b[31mred\x07 \u202eabc"
    terminal.line(f"{client} -m \"$(printf '{message}')\" {service.place}; echo code=$?"
                  .replace("\x1b", "\\033").replace("\x07", "\\007")
                  .replace("\u202e", "\\342\\200\\256"))
    terminal.wait(r"^code=0$")
    check("Server's response: Grüße € 日本 \\x1b[31mred\\x07 \\xe2\\x80\\xaeabc\n"
          in terminal.screen() + "\n", terminal)


def typed(terminal, client, service):
    """Each line is answered while the next one is typed; Ctrl+D is the end."""
    terminal.run(client, "-q", "-i", "-", service.place)
    terminal.line("één")
    terminal.wait(r"^één\néén$")
    terminal.tmux("send-keys", "-l", "half")
    terminal.wait(r"^half$")
    terminal.line(" and half")
    terminal.wait(r"^half and half\nhalf and half$")
    terminal.keys("C-d")
    terminal.wait(r"^code=0$")


def answered(terminal, client, service):
    """A server that has ended ends the conversation: nobody has to type to see that."""
    terminal.run(client, "-i", "-", service.place)
    terminal.wait(r"^Connected to server\.$")
    terminal.line("hello")
    terminal.wait(r"^hello\nServer's response: Hello from the server!!!\ncode=0$")


def interrupted(terminal, client, service):
    terminal.run(client, "-i", "-", service.place)
    terminal.wait(r"^Connected to server\.$")
    terminal.keys("C-c")
    terminal.wait(r"code=130$")


CASES = {
    "progress": (progress, ["--mode", "echo"], 100), "narrow": (narrow, ["--mode", "echo"], 30),
    "plain": (plain, ["--mode", "echo"], 100), "text": (text, ["--mode", "echo"], 100),
    "typed": (typed, ["--mode", "echo"], 100), "answered": (answered, [], 100),
    "interrupted": (interrupted, ["--mode", "echo"], 100),
}


def main():
    programs, name = sys.argv[1:3]
    run, arguments, columns = CASES[name]
    if shutil.which("tmux") is None:
        print("skipped: there is no tmux here")
        return 77
    with tempfile.TemporaryDirectory() as folder:
        # Short, so that no line of a narrow terminal is broken.
        client = os.path.join(folder, "client")
        os.symlink(os.path.abspath(os.path.join(programs, "client")), client)
        service = Service(programs, folder, *arguments)
        terminal = Terminal(folder, columns)
        try:
            run(terminal, client, service)
        finally:
            terminal.close()
            service.close()
    return 0


sys.exit(main())
