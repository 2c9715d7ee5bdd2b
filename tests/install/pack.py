#!/usr/bin/env python3
"""Packages of the same sources, built in two folders, are the same bytes; and they work.

    pack.py twice SOURCES WORK      build and pack copies of SOURCES in two folders, and compare
    pack.py try ARCHIVE WORK        let the packed server and client talk

The first uses the preset package-deb and every format, asks lintian where there is one, and tries
what it packed as well.
"""
import hashlib
import os
import pathlib
import shutil
import subprocess
import sys
import time

EPOCH = "1764028800"
PATIENCE_S = 20
PARTS = ["CMakeLists.txt", "CMakePresets.json", "LICENSE", "README.md", "include", "platform",
         "src", ".ci"]


def run(*command, cwd=None):
    done = subprocess.run([str(word) for word in command], cwd=cwd, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, check=False,
                          env=dict(os.environ, SOURCE_DATE_EPOCH=EPOCH))
    if done.returncode != 0:
        sys.exit("%s: %d\n%s" % (" ".join(map(str, command)), done.returncode, done.stdout))
    return done.stdout


def pack(sources, folder):
    for part in PARTS:
        if (sources / part).is_dir():
            shutil.copytree(sources / part, folder / part)
        else:
            folder.mkdir(parents=True, exist_ok=True)
            shutil.copy(sources / part, folder / part)
    # Files come to a checkout at any time.
    for path in folder.rglob("*"):
        os.utime(path, (time.time(), time.time()))
    run("cmake", "--preset", "package-deb", cwd=folder)
    run("cmake", "--build", "--preset", "package-deb", "--parallel", "2", cwd=folder)
    build = folder / "build/package-deb"
    run("cpack", "-G", "DEB;TGZ;ZIP", cwd=build)
    run("cpack", "--config", "CPackSourceConfig.cmake", cwd=build)
    packed = [path for path in build.iterdir() if path.suffix in (".deb", ".gz", ".zip")]
    return {path.name: path for path in packed}


def check_same(one, two):
    if sorted(one) != sorted(two) or len(one) != 6:
        sys.exit("packed: %s and %s" % (sorted(one), sorted(two)))
    for name in sorted(one):
        digests = [hashlib.sha256(packed[name].read_bytes()).hexdigest() for packed in (one, two)]
        print(digests[0], name)
        if digests[0] != digests[1]:
            sys.exit("%s and %s differ" % (one[name], two[name]))


def check_exchange(archive, folder):
    shutil.rmtree(folder, ignore_errors=True)
    shutil.unpack_archive(archive, folder)
    suffix = ".exe" if os.name == "nt" else ""
    programs = next(folder.rglob("bin"))
    server_path, client_path = [programs / (name + suffix) for name in
                                ("tenon-server", "tenon-client")]
    if not suffix:
        for path in (server_path, client_path):
            path.chmod(0o755)   # which the unpacking of a .zip forgets
    ready = folder / "ready"
    server = subprocess.Popen([server_path, "--once", "--ready-file", ready, "localhost:0"],
                              stdout=subprocess.PIPE, text=True)
    try:
        transcript = run(client_path, "--wait", "10s", "--ready-file", ready)
        said = server.communicate(timeout=PATIENCE_S)[0]
    finally:
        server.kill()
    if server.returncode != 0 or "Response sent." not in said:
        sys.exit("the packed server: %s\n%s" % (server.returncode, said))
    if "Server's response: Hello from the server!!!" not in transcript:
        sys.exit("the packed client:\n" + transcript)
    version = run(server_path, "--version")
    if not version.startswith("tenon-server (tenon) "):
        sys.exit("it does not call itself by its name: " + version)
    print(version + transcript)


def check_twice(sources, work):
    shutil.rmtree(work, ignore_errors=True)
    one = pack(sources, work / "one")
    two = pack(sources, work / "another folder/two")
    check_same(one, two)
    for name, path in one.items():
        if "-linux-" in name:
            check_exchange(path, work / "unpacked")
    if shutil.which("lintian"):
        packages = [path for name, path in one.items() if name.endswith(".deb")]
        complaints = [line for line in run("lintian", *packages).splitlines()
                      if line.startswith(("E:", "W:"))]
        if complaints:
            sys.exit("\n".join(complaints))


def main():
    what, source, work = sys.argv[1], pathlib.Path(sys.argv[2]), pathlib.Path(sys.argv[3])
    if what == "twice":
        check_twice(source, work)
    else:
        check_exchange(source, work)


if __name__ == "__main__":
    main()
