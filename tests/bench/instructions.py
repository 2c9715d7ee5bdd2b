"""Instructions of the programs for each request, as callgrind counts them, beside those kept:

    python3 tests/bench/instructions.py BUILD COMPILER [--update]

Fails where a count is more than 5 % above the one in instructions.json. --update writes the file
anew: that belongs into the commit that changes a count. Callgrind writes what it has counted
whenever a connection is accepted, so the start of a program has no part in a count; and each step
of the load waits until the program sleeps again, so its path is the same each time. The counts are
of one compiler and one C library; where these are others, the test is skipped.
"""
import concurrent.futures
import glob
import json
import os
import platform
import re
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time

from servers import backends_of

KEPT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "instructions.json")
GROWTH = 1.05
PATIENCE = 30
WARM_UP, REQUESTS, CONNECTIONS = 10, 200, 20
SKIPPED = 77


class Server:
    """Under callgrind. A first word `ready=FILE` names the file that will have its address; else
    it prints its port."""

    def __init__(self, command, folder):
        self.counts = os.path.join(folder, "counts")
        self.log = os.path.join(folder, "log")
        self.connections = 0
        ready = command[0].partition("=")[2] if command[0].startswith("ready=") else None
        valgrind = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={self.counts}",
                    "--dump-before=on_accept", f"--log-file={self.log}",
                    *command[1 if ready else 0:]]
        self.process = subprocess.Popen(valgrind, stdout=subprocess.PIPE, text=True)
        self.timer = threading.Timer(PATIENCE, self.process.kill)
        self.timer.start()
        self.port = self.port_in(ready) if ready else self.port_printed()

    def port_printed(self):
        found = re.search(r" port (\d+)", self.process.stdout.readline())
        return int(found.group(1)) if found else self.give_up("does not say its port")

    def port_in(self, ready):
        while not os.path.exists(ready):
            if self.process.poll() is not None:
                self.give_up("does not start")
            time.sleep(0.01)
        with open(ready, encoding="ascii") as file:
            return int(file.readline().rsplit(":", 1)[1])

    def give_up(self, what):
        self.process.kill()
        self.process.wait()
        self.timer.cancel()
        with open(self.log, encoding="utf-8", errors="replace") as file:
            raise RuntimeError(f"the server {what}\n{file.read()}")

    def sleeps(self):
        for path in glob.glob(f"/proc/{self.process.pid}/task/*/stat"):
            with open(path, encoding="ascii", errors="replace") as file:
                if file.read().rpartition(")")[2].split()[0] != "S":
                    return False
        return True

    def settle(self):
        while not self.sleeps():
            if self.process.poll() is not None:
                self.give_up("has ended")

    def connect(self):
        self.settle()
        client = socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE)
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.connections += 1
        self.settle()
        return client

    def end(self):
        """Instructions from each connection to the next."""
        self.process.kill()     # under valgrind, io_uring's wait keeps other signals off
        self.process.wait()
        self.timer.cancel()
        counts = []
        for part in range(2, self.connections + 1):
            with open(f"{self.counts}.{part}", encoding="ascii") as file:
                counts.append(int(re.search(r"^totals: (\d+)", file.read(), re.M).group(1)))
        return counts


def echo(server, count):
    with server.connect() as client:
        for _ in range(count):
            client.sendall(b"x" * 64)
            if client.recv(64, socket.MSG_WAITALL) != b"x" * 64:
                server.give_up("does not echo")
            server.settle()


def greet(server):
    with server.connect() as client:
        client.sendall(b"Hello from the client!!!")
        answer = b"".join(iter(lambda: client.recv(100), b""))
        if answer != b"Hello from the server!!!":
            server.give_up(f"answers {answer!r}")
        server.settle()


def command_of(build, program, mode, backend, folder):
    if program == "minimal" and mode == "echo":
        return [os.path.join(build, "tests", "examples", "example_echo"), "0", backend]
    if program == "minimal":
        return [os.path.join(build, "tests", "bench", "bench_greet"), backend]
    ready = os.path.join(folder, "ready")
    return [f"ready={ready}", os.path.join(build, "bin", "server"), "--mode", mode, "--backend",
            backend, "--threads", "1", "-q", "--ready-file", ready, "127.0.0.1:0"]


def count_one(build, program, mode, backend):
    with tempfile.TemporaryDirectory() as folder:
        server = Server(command_of(build, program, mode, backend, folder), folder)
        if mode == "greet":
            for _ in range(CONNECTIONS):
                greet(server)
            return round(statistics.median(server.end()[1:-1]))
        for requests in (WARM_UP, WARM_UP, WARM_UP + REQUESTS, 0):
            echo(server, requests)
        counts = server.end()
        return round((counts[2] - counts[1]) / REQUESTS)


def count_all(build):
    """Two at a time: a count does not depend on what else runs."""
    rows = [(program, mode, backend) for backend in backends_of(f"{build}/bin/server")
            for program in ("minimal", "server") for mode in ("echo", "greet")]
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        counts = pool.map(lambda row: count_one(build, *row), rows)
        return {f"{program}, {mode}, {backend}": count
                for (program, mode, backend), count in zip(rows, counts)}


def compare(kept, counts):
    """How many have grown."""
    grown = 0
    for name, count in counts.items():
        before = kept["counts"].get(name)
        state = "ok"
        if before is None:
            state = "not kept: --update"
        elif count > before * GROWTH:
            state = f"GROWN by {(count / before - 1) * 100:.1f} %: find out why, or --update"
        elif count < before / GROWTH:
            state = "less than kept: --update keeps it so"
        grown += before is None or count > before * GROWTH
        print(f"{name:24} {count:7} {before or 0:7}  {state}")
    return grown


def main():
    build, compiler = os.path.abspath(sys.argv[1]), sys.argv[2]
    here = {"compiler": compiler, "libc": " ".join(platform.libc_ver()),
            "machine": platform.machine()}
    kept = {**here, "counts": {}}
    if os.path.exists(KEPT):
        with open(KEPT, encoding="utf-8") as file:
            kept = json.load(file)
    if "--update" in sys.argv:
        counts = count_all(build)
        compare(kept, counts)
        with open(KEPT, "w", encoding="utf-8") as file:
            json.dump({**here, "counts": counts}, file, indent=1)
            file.write("\n")
        return 0
    for key, value in here.items():
        if kept[key] != value:
            print(f"skipped: the counts are of {key} {kept[key]}, here it is {value}")
            return SKIPPED
    return 1 if compare(kept, count_all(build)) > 0 else 0


if __name__ == "__main__":
    sys.exit(main())
