#!/usr/bin/env python3
"""Does what the README says to embed the library, word for word, and talks to what comes of it.

    readme.py SOURCES BUILD WORK

Each block of CMake is a CMakeLists.txt, and begins a project of its own in a new folder; blocks of
commands run in the folder of the last project. What takes long is taken from BUILD: packages are
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

PATIENCE_S = 20


def section(text, title):
    found = re.search(r"^## %s\n(.*?)(?=^## |\Z)" % title, text, re.M | re.S)
    return found[1] if found else sys.exit("the README has no section " + title)


def blocks_of(text):
    """Pairs of a kind and a text: `cmake`, `c` or whatever a fence says, and `sh`."""
    pattern = r"^```(\w+)\n([\s\S]*?)^```$|((?:^    .*\n)+)"
    for found in re.finditer(pattern, text, re.M):
        if found[1]:
            yield found[1], found[2]
        elif not found[3].lstrip().startswith("PS>"):
            yield "sh", re.sub("^    ", "", found[3], flags=re.M)


def check_presets(sources, text):
    """Every workflow that is named is there."""
    presets = json.loads((sources / "CMakePresets.json").read_text())
    known = [preset["name"] for preset in presets["workflowPresets"]]
    named = re.findall(r"cmake --workflow --preset ([a-z-]+)", text)
    for name in named:
        if name not in known:
            sys.exit("there is no workflow " + name)
    for line in ("demo", "test"):
        if "    cmake --workflow --preset %s\n" % line not in text:
            sys.exit("the README has not the command of " + line)


def check_example(sources, text):
    """The C of the README is the example's, which is built and tested."""
    example = (sources / "tests/examples/echo.c").read_text()
    shown = [block for kind, block in blocks_of(text) if kind == "c"]
    if len(shown) != 1 or shown[0] not in example:
        sys.exit("the README's echo server is not that of tests/examples/echo.c")


def run(script, folder, home):
    done = subprocess.run(["sh", "-ec", script], cwd=folder, text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, check=False,
                          env=dict(os.environ, HOME=str(home)))
    if done.returncode != 0:
        sys.exit("%s\n%s" % (script, done.stdout))


def check_echo(program):
    server = subprocess.Popen([program], stdout=subprocess.PIPE, text=True)
    try:
        port = int(server.stdout.readline().split()[-1])
        with socket.create_connection(("localhost", port), PATIENCE_S) as peer:
            peer.sendall(b"joined")
            peer.shutdown(socket.SHUT_WR)
            answer = b""
            while True:
                more = peer.recv(100)
                if not more:
                    break
                answer += more
    finally:
        server.kill()
        server.wait()
    if answer != b"joined":
        sys.exit("%s answered %s" % (program, answer))


def new_project(work, sources, number, text):
    folder = work / ("project%d" % number)
    folder.mkdir(parents=True)
    shutil.copy(sources / "tests/examples/echo.c", folder)
    os.symlink(sources, folder / "tenon")
    (folder / "CMakeLists.txt").write_text(text)
    return folder


def main():
    sources, build, work = map(pathlib.Path, sys.argv[1:])
    text = (sources / "README.md").read_text()
    check_presets(sources, text)
    check_example(sources, section(text, "The layer in 30 lines"))
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    (work / "build").mkdir()
    os.symlink(build, work / "build/package")
    folder, tried = work, 0
    for kind, block in blocks_of(section(text, "Install and embed")):
        if kind == "cmake":
            folder = new_project(work, sources, tried, block)
            continue
        if "amalgamation" in block:
            folder = new_project(work, sources, tried, "")
            source = (folder / "echo.c").read_text().replace("<tenon/tenon.h>", '"tenon.h"')
            (folder / "echo.c").write_text(source)
            os.symlink(work / "build", folder / "build")
        elif "pkg-config" in block:
            folder = new_project(work, sources, tried, "")
        done = r"(?m)^cmake --workflow .*$|^cmake --build .* --target amalgamation$"
        run(re.sub(done, ":", block), folder, work)
        for program in (folder / "echo", folder / "build/echo"):
            if program.is_file():
                check_echo(program)
                tried += 1
    if tried != 4:
        sys.exit("%d ways of embedding were tried" % tried)
    print("%d ways of embedding" % tried)


if __name__ == "__main__":
    main()
