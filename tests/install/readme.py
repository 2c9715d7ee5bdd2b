#!/usr/bin/env python3
"""Does what the README says to embed the library, word for word, and talks to what comes of it.

    readme.py BUILD WORK

Commands run in a folder like a clone, and from `mkdir` on in the one that they make. Each further
way is tried in a folder of its own beside it. What takes long is taken from BUILD: packages are
installed from there, and the library as two files is the one that it has.
"""
import json
import os
import pathlib
import re
import shutil
import socket
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "readme"))
import page

PATIENCE_S = 20
WAYS = 4


def check_presets(text):
    """Every workflow that is named is there."""
    presets = json.loads((page.SOURCES / "CMakePresets.json").read_text())
    known = [preset["name"] for preset in presets["workflowPresets"]]
    for name in re.findall(r"cmake --workflow --preset ([a-z-]+)", text):
        if name not in known:
            sys.exit("there is no workflow " + name)


def check_example():
    """The C of the README is the example's, which is built and tested."""
    example = (page.SOURCES / "tests/examples/echo.c").read_text()
    shown = [block.text for block in page.read() if block.kind == "c"]
    if len(shown) != 1 or shown[0] not in example:
        sys.exit("the README's echo server is not that of tests/examples/echo.c")


def run(script, folder, home):
    done = subprocess.run(["sh", "-ec", script], cwd=folder, text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, check=False, timeout=5 * PATIENCE_S,
                          env={**os.environ, "HOME": home})
    if done.returncode != 0:
        sys.exit("%s\n%s" % (script, done.stdout))
    return done.stdout


def check_echo(program):
    """One more way that works."""
    server = subprocess.Popen([program], stdout=subprocess.PIPE, text=True)
    try:
        port = int(server.stdout.readline().split()[-1])
        with socket.create_connection(("localhost", port), PATIENCE_S) as peer:
            peer.sendall(b"joined")
            peer.shutdown(socket.SHUT_WR)
            answer = b"".join(iter(lambda: peer.recv(100), b""))
    finally:
        server.kill()
        server.wait()
    if answer != b"joined":
        sys.exit("%s answered %s" % (program, answer))
    return 1


def check_terminals(shown, folder, home):
    """One terminal with the echo server, on a port of the system's choice, and one that asks it."""
    (server_line, server_says), (client_line, client_says) = map(page.transcript, shown)
    server = subprocess.Popen(["sh", "-c", "exec " + page.replace(server_line, ("12345", "0"))],
                              cwd=folder, stdout=subprocess.PIPE, text=True)
    try:
        said = server.stdout.readline()
        backend, port = said.split()[0], said.split()[-1]
        answer = run(f"{client_line} localhost:{port}", folder, home)
    finally:
        server.kill()
        server.wait()
    server_says = page.replace(server_says, ("epoll", backend), ("12345", port))
    if said != server_says or answer != client_says:
        sys.exit("the README shows other words than\n%s%s" % (said, answer))


def new_project(work, number):
    """Beside the first, with the same program."""
    folder = work / ("echo%d" % number)
    folder.mkdir()
    shutil.copy(work / "echo/echo.c", folder)
    return folder


def follow(blocks, work):
    """How many ways of embedding were tried."""
    folder, tried, shown, project, commands = work / "tenon", 0, [], "", ""
    done = r"(?m)^cmake --workflow .*$|^cmake --build .* --target amalgamation$"
    for kind, block in [(block.kind, block.text) for block in blocks]:
        if kind == "cmake" and not tried:
            project = block
            (folder / "CMakeLists.txt").write_text(project)
        elif kind == "cmake":       # in the place of a line, and built as before
            folder = new_project(work, tried)
            project = re.sub(r"(?m)^find_package\(.*\n", lambda _, block=block: block, project)
            (folder / "CMakeLists.txt").write_text(project)
            run(commands, folder, work)
            tried += check_echo(folder / "build/echo")
        elif kind == "transcript":
            shown.append(block)
        elif kind == "sh":
            if "pkg-config" in block or "amalgamation" in block:
                folder = new_project(work, tried)
            if "amalgamation" in block:
                source = (folder / "echo.c").read_text()
                (folder / "echo.c").write_text(source.replace("<tenon/tenon.h>", '"tenon.h"'))
            commands = re.sub(done, ":", block)
            last = run(commands + "pwd\n", folder, work).splitlines()[-1]
            folder = pathlib.Path(last)
            for program in (folder / "echo", folder / "build/echo"):
                if program.is_file():
                    tried += check_echo(program)
        if len(shown) == 2:
            check_terminals(shown, folder, work)
            shown = []
    return tried


def main():
    build, work = map(pathlib.Path, sys.argv[1:])
    if shutil.which("pkg-config") is None:
        print("skipped: there is no pkg-config")
        return 77
    check_presets(page.README.read_text(encoding="utf-8"))
    check_example()
    shutil.rmtree(work, ignore_errors=True)
    (work / "tenon").mkdir(parents=True)
    page.check_out(work / "tenon", build, ["package"])
    tried = follow([block for block in page.read() if block.section == "Install and embed"], work)
    if tried != WAYS:
        sys.exit("%d ways of embedding were tried" % tried)
    print("%d ways of embedding" % tried)
    return 0


if __name__ == "__main__":
    sys.exit(main())
