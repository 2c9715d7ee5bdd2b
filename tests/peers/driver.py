"""Runs one case of the programs against a program that others wrote:

    driver.py PROGRAMS PEER.CASE

PROGRAMS is the folder of server and client; the case is the function case_CASE of PEER.py beside
this file or in tests/readme. Exit status 0: passed; 1: failed, and what every process said is
printed; 77: skipped, as a program is missing here (with TENON_PEERS_REQUIRED in the environment
that is a failure).

A case gets a stage. All that it starts is in a process group of its own and killed at the end; all
that it writes is in a temporary folder. It waits for what a process says, for a process to end, or
for bytes of a socket, each at most PATIENCE.
"""
import collections
import importlib
import os
import pathlib
import re
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import traceback

PATIENCE = 20
CASE_SECONDS = 55
LONG = 50           # the patience with what builds or measures
ANSWER = b"Hello from the server!!!"
LISTENS = "Server is listening for connections...\n"

# Takes the descriptors that are listed for those from 3 on, as a supervisor leaves them.
INHERIT = """
import fcntl, os, sys
taken = [fcntl.fcntl(int(number), fcntl.F_DUPFD, 100) for number in sys.argv[1].split(",")]
for index, number in enumerate(taken):
    os.dup2(number, 3 + index)
os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS=str(len(taken)))
os.execv(sys.argv[2], sys.argv[2:])
"""


class Skipped(Exception):
    pass


class Failed(Exception):
    pass


def check(condition, what):
    if not condition:
        raise Failed(what)


def check_equal(found, expected, what):
    check(found == expected, f"{what}:\n  found    {found!r}\n  expected {expected!r}")


def served(peer):
    """What the server's transcript says of one client."""
    return f"Connected to client: {peer}\nReceived data: hello\nResponse sent.\n"


class Process:
    """A program that runs; what it says is kept as it comes."""

    def __init__(self, arguments, descriptors=(), environment=None, folder=None):
        self.arguments = [str(argument) for argument in arguments]
        self.changed = threading.Condition()
        self.kept = {"output": b"", "errors": b""}
        self.open = 2
        self.process = subprocess.Popen(
            self.arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            pass_fds=descriptors, cwd=folder, start_new_session=True,
            env={**os.environ, **(environment or {})})
        self.readers = [
            threading.Thread(target=self._read, args=("output", self.process.stdout), daemon=True),
            threading.Thread(target=self._read, args=("errors", self.process.stderr), daemon=True)]
        for reader in self.readers:
            reader.start()

    def _read(self, name, pipe):
        while True:
            data = os.read(pipe.fileno(), 1 << 20)
            with self.changed:
                if not data:
                    self.open -= 1
                self.kept[name] += data
                self.changed.notify_all()
            if not data:
                return

    @property
    def output(self):
        return self.kept["output"].decode(errors="replace")

    @property
    def errors(self):
        return self.kept["errors"].decode(errors="replace")

    def wait_text(self, pattern, count=1):
        """Until it has said what the regular expression matches that many times; the last match."""
        expression = re.compile(pattern, re.M)
        deadline = time.monotonic() + PATIENCE
        with self.changed:
            while True:
                found = list(expression.finditer(self.output + self.errors))
                if len(found) >= count:
                    return found[count - 1]
                left = deadline - time.monotonic()
                check(self.open > 0 and self.changed.wait(max(left, 0)),
                      f"{self.arguments[0]} has not said {pattern!r} {count} times")

    def send(self, data):
        self.process.stdin.write(data)
        self.process.stdin.flush()

    def end_input(self):
        self.process.stdin.close()

    def wait(self, code=0, patience=PATIENCE):
        """Until it has ended by itself; what it wrote is whole then."""
        try:
            found = self.process.wait(patience)
        except subprocess.TimeoutExpired:
            raise Failed(f"{self.arguments} has not ended") from None
        for reader in self.readers:
            reader.join(PATIENCE)
        check_equal(found, code, f"the exit code of {self.arguments}")

    def signal(self, number):
        self.process.send_signal(number)

    def stop(self):
        self.signal(signal.SIGTERM)
        self.wait()

    def kill(self):
        """With all that it has started, also where it has ended itself."""
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.process.wait()


class Server(Process):
    """Our server."""

    @property
    def transcript(self):
        """Behind its first line."""
        return self.output.removeprefix(LISTENS)


class Stage:
    def __init__(self, programs, folder):
        self.programs = pathlib.Path(programs).absolute()
        self.folder = pathlib.Path(folder)
        self.processes = []
        self.sockets = []
        self.number = 0

    # ---- files and programs ----

    def path(self, name):
        return self.folder / name

    def new_path(self, kind):
        self.number += 1
        return self.path(f"{self.number}.{kind}")

    def write(self, kind, text):
        path = self.new_path(kind)
        path.write_text(text)
        return path

    @staticmethod
    def need(program, package=None):
        """The path of a program, which may be missing here."""
        path = shutil.which(program, path=os.environ["PATH"] + ":/usr/sbin:/sbin")
        if path is None:
            raise Skipped(f"there is no {program}" + (f" (package {package})" if package else ""))
        return path

    def run(self, *arguments, **options):
        """A helper that ends by itself."""
        process = self.start(*arguments, **options)
        process.end_input()
        process.wait()
        return process

    @staticmethod
    def inheriting(listeners, command):
        """A command that runs this one with the listeners as a supervisor hands them over, and the
        descriptors that it must be given."""
        numbers = [listener.fileno() for listener in listeners]
        return [sys.executable, "-c", INHERIT, ",".join(map(str, numbers)), *command], numbers

    # ---- processes ----

    def start(self, *arguments, **options):
        return self._keep(Process(arguments, folder=self.folder, **options))

    def _keep(self, process):
        self.processes.append(process)
        return process

    def server(self, *arguments, address="127.0.0.1:0", inherited=(), log="-vv", **options):
        """With all that it does in its log. `place` is where it listens."""
        ready = self.new_path("ready")
        command = [self.programs / "server", *log.split(), "--ready-file", ready, *arguments]
        if inherited:
            command, options["descriptors"] = self.inheriting(inherited, command)
        else:
            command.append(address)
        server = self._keep(Server(command, folder=self.folder, **options))
        server.wait_text(f"^{re.escape(LISTENS)}")
        server.place = ready.read_text().splitlines()[0]
        return server

    def local_server(self, *arguments, **options):
        """On a socket in the folder."""
        path = self.new_path("socket")
        server = self.server(*arguments, address=f"unix:{path}", **options)
        server.path = path
        return server

    def client(self, *arguments, code=0):
        """Our client, to its end."""
        client = self.start(self.programs / "client", *arguments)
        client.end_input()
        client.wait(code)
        return client

    # ---- sockets ----

    def keep(self, new):
        self.sockets.append(new)
        new.settimeout(PATIENCE)
        return new

    @staticmethod
    def family_of(host):
        return socket.AF_INET6 if ":" in host else socket.AF_INET

    def listener(self, host="127.0.0.1"):
        """A socket that listens, to be handed to a program: its clients wait there from now on."""
        return self.keep(socket.create_server((host, 0), family=self.family_of(host), backlog=512))

    def local_listener(self):
        """The same in the folder."""
        listener = self.keep(socket.socket(socket.AF_UNIX))
        listener.bind(str(self.new_path("socket")))
        listener.listen(512)
        return listener

    def held_port(self, host="127.0.0.1"):
        """A port that nobody else gets, for a program that must be told one and reuses addresses:
        a socket is bound to it, and does not listen. `::` is every address of both families."""
        holder = self.keep(socket.socket(self.family_of(host)))
        holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        holder.bind((host, 0))
        return holder.getsockname()[1]

    def connect(self, place, source=None):
        """A client of ours in Python. `place` is an address as our programs write it."""
        kind, _, path = place.partition("unix:")
        if not kind and path:
            client = self.keep(socket.socket(socket.AF_UNIX))
            client.connect(path)
            return client
        host, _, port = place.rpartition(":")
        host = host.strip("[]")
        return self.keep(socket.create_connection(
            (host, int(port)), PATIENCE, (source, 0) if source else None))

    # ---- the end ----

    def close(self):
        for each in self.sockets:
            each.close()
        for each in reversed(self.processes):
            each.kill()

    def tell(self):
        for each in self.processes:
            print(f"---- {' '.join(each.arguments)}: exit status {each.process.returncode}")
            for name, data in each.kept.items():
                if data:
                    print(f"-- {name}")
                    print(data[:20000].decode(errors="backslashreplace"))


def place_of(listener):
    """Where a socket listens, as our programs write it."""
    name = listener.getsockname()
    if isinstance(name, str):
        return f"unix:{name}"
    return f"[{name[0]}]:{name[1]}" if ":" in name[0] else f"{name[0]}:{name[1]}"


def receive_all(client):
    """To its end."""
    pieces = []
    while True:
        data = client.recv(1 << 16)
        if not data:
            return b"".join(pieces)
        pieces.append(data)


def exchange(client, message=b"hello"):
    """The whole answer; then the connection is over."""
    with client:
        client.sendall(message)
        return receive_all(client)


def is_cut_off(client):
    """Ended, reset or refused by TLS without one byte."""
    try:
        return exchange(client) == b""
    except (ConnectionResetError, BrokenPipeError, ssl.SSLError):
        return True


def peer_name(client):
    """As the transcript names this end of a connection."""
    return repr(client.getsockname())


class Load:
    """Clients that ask again and again, each counted by itself, until they are told to stop."""

    CLIENTS = 4

    def __init__(self, ask):
        self.ask = ask
        self.failures = collections.Counter()
        self.counts = [0] * self.CLIENTS
        self.changed = threading.Condition()
        self.stopping = False
        self.threads = [threading.Thread(target=self._go, args=(index,), daemon=True)
                        for index in range(self.CLIENTS)]
        for thread in self.threads:
            thread.start()

    def _go(self, index):
        while not self.stopping:
            try:
                answer = self.ask()
                failure = None if answer == ANSWER else f"answered {answer!r}"
            except OSError as error:
                failure = repr(error)
            with self.changed:
                self.counts[index] += 1
                if failure:
                    self.failures[failure] += 1
                self.changed.notify_all()

    def wait_requests(self, count):
        """Until every client is through with that many requests which it began after this call."""
        with self.changed:
            wanted = [already + 1 + count for already in self.counts]
            check(self.changed.wait_for(
                lambda: all(now >= then for now, then in zip(self.counts, wanted)), PATIENCE),
                f"no {count} more requests of each client")

    def stop(self):
        """How many requests there were, and how many of them failed."""
        self.stopping = True
        for thread in self.threads:
            thread.join(PATIENCE)
            check(not thread.is_alive(), "a request has not ended")
        lost = sum(self.failures.values())
        print(f"{lost} of {sum(self.counts)} requests lost", *self.failures.items())
        return sum(self.counts), lost


def on_alarm(_number, _frame):
    raise Failed(f"not over after {CASE_SECONDS} s")


def run_case(stage, name):
    peer, _, case = name.partition(".")
    module = importlib.import_module(peer)
    signal.signal(signal.SIGALRM, on_alarm)
    signal.alarm(CASE_SECONDS)
    try:
        getattr(module, f"case_{case}")(stage)
    finally:
        signal.alarm(0)
        stage.close()


def main(programs, name):
    with tempfile.TemporaryDirectory(prefix="tenon-") as folder:
        stage = Stage(programs, folder)
        try:
            run_case(stage, name)
        except Skipped as reason:
            print(f"skipped: {reason}")
            return 1 if "TENON_PEERS_REQUIRED" in os.environ else 77
        except Exception:
            stage.tell()
            traceback.print_exc(file=sys.stdout)
            return 1
    print("passed")
    return 0


if __name__ == "__main__":
    # The cases import this file as well: it is one module.
    sys.path.append(str(pathlib.Path(__file__).parents[1] / "readme"))
    sys.modules["driver"] = sys.modules["__main__"]
    sys.exit(main(*sys.argv[1:]))
