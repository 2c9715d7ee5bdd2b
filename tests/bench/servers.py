"""The servers that are measured: ours on every backend of the build, and the peers that are here.

A server is its name and, for each mode, its command: what comes before a word `ready=FILE` is for
the load, which reads the port there; the others print it.
"""
import os
import re
import shutil
import subprocess
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
RAW = "raw epoll"


def backends_of(server):
    """Those that the build has, as its server's help names them."""
    text = subprocess.run([server, "--help"], capture_output=True, text=True, check=True).stdout
    return re.search(r"--backend NAME .*: ([a-z_, ]+)", text).group(1).replace(" ", "").split(",")


class Servers:
    def __init__(self, build, log):
        self.build = build
        self.here = os.path.join(build, "tests", "bench")
        self.program = os.path.join(build, "bin", "server")
        self.folder = tempfile.TemporaryDirectory()
        self.count = 0
        self.backends = backends_of(self.program)
        self.commands = {RAW: lambda mode: [self.peer("epoll"), mode]}
        self.add_peers(log)
        for backend in self.backends:
            self.commands[f"tenon, {backend}"] = lambda mode, b=backend: self.minimal(mode, b)
        for backend in self.backends:
            if backend != "poll":
                self.commands[f"server, {backend}"] = lambda mode, b=backend: self.server(mode, b)

    def peer(self, name):
        return os.path.join(self.here, f"bench_{name}")

    def add_peers(self, log):
        for name, package in (("io_uring", "newer kernel headers"), ("libuv", "libuv1-dev"),
                              ("libev", "libev-dev"), ("libevent", "libevent-dev"),
                              ("asio", "libasio-dev")):
            if os.path.exists(self.peer(name)):
                shown = "raw io_uring" if name == "io_uring" else name
                self.commands[shown] = lambda mode, n=name: [self.peer(n), mode]
            else:
                log(f"left out: {name} (needs {package})")
        dotnet = self.build_dotnet()
        if dotnet:
            self.commands[".NET"] = lambda mode: ["dotnet", dotnet, mode]
        else:
            log("left out: .NET (needs its SDK)")
        for name, program, script in (("node", "node", "node.js"),
                                      ("asyncio", "python3", "asyncio_peer.py")):
            if shutil.which(program):
                path = os.path.join(HERE, "peers", script)
                self.commands[name] = lambda mode, p=program, s=path: [p, s, mode]
            else:
                log(f"left out: {name} (needs {program})")

    def build_dotnet(self):
        """Its project writes beside its sources, so these are copied."""
        if not shutil.which("dotnet"):
            return None
        copy = os.path.join(self.here, "dotnet")
        shutil.copytree(os.path.join(HERE, "peers", "dotnet"), copy, dirs_exist_ok=True)
        result = subprocess.run(
            ["dotnet", "build", "-c", "Release", "-v", "q", "--nologo", "-o", "out"], cwd=copy,
            stdout=subprocess.DEVNULL, env=dict(os.environ, DOTNET_CLI_TELEMETRY_OPTOUT="1"))
        return os.path.join(copy, "out", "peer.dll") if result.returncode == 0 else None

    def minimal(self, mode, backend):
        if mode == "greet":
            return [self.peer("greet"), backend]
        return [os.path.join(self.build, "tests", "examples", "example_echo"), "0", backend]

    def server(self, mode, backend, threads=1):
        """With its limits and its time limit on; nothing is written for a connection."""
        self.count += 1
        ready = os.path.join(self.folder.name, str(self.count))
        return [f"ready={ready}", self.program, "--mode", mode, "--backend", backend, "--threads",
                str(threads), "-q", "-c", "19500", "-t", "60", "--max-per-ip", "19500",
                "--drain", "100ms", "--ready-file", ready, "localhost:0"]

    def command(self, name, mode, before=()):
        """With a command around it: taskset, strace."""
        words = self.commands[name](mode)
        if words[0].startswith("ready="):
            return [words[0], *before, *words[1:]]
        return [*before, *words]
