#!/usr/bin/env python3
"""Packages of the same sources, built in two folders, are the same bytes; and they work.

    pack.py twice SOURCES WORK [PRESET]     build and pack copies of SOURCES in two folders, and
                                            compare what the preset makes [package-deb]
    pack.py try ARCHIVE WORK                let the packed server and client talk

The first makes every format of a preset for Debian, asks lintian where there is one, and tries what
it packed as well. Where LLVM links for Windows the programs' symbols are compared too; Microsoft
promises no such thing of its linker's.
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
FORMATS = {"package-deb": "DEB;TGZ;ZIP"}    # of a preset, where they are more than its own
COUNTS = {"package-deb": 6, "package-windows-sdk": 5, "package-windows": 2}
SUFFIXES = (".deb", ".gz", ".zip", ".pdb")
PARTS = ["CMakeLists.txt", "CMakePresets.json", "LICENSE", "README.md", "include", "platform",
         "src", ".ci"]


def run(*command, cwd=None):
    done = subprocess.run([str(word) for word in command], cwd=cwd, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, check=False,
                          env=dict(os.environ, SOURCE_DATE_EPOCH=EPOCH))
    if done.returncode != 0:
        sys.exit("%s: %d\n%s" % (" ".join(map(str, command)), done.returncode, done.stdout))
    return done.stdout


def pack(sources, folder, preset):
    for part in PARTS:
        if (sources / part).is_dir():
            shutil.copytree(sources / part, folder / part)
        else:
            folder.mkdir(parents=True, exist_ok=True)
            shutil.copy(sources / part, folder / part)
    # Files come to a checkout at any time.
    for path in folder.rglob("*"):
        os.utime(path, (time.time(), time.time()))
    run("cmake", "--preset", preset, cwd=folder)
    run("cmake", "--build", "--preset", preset, "--parallel", "2", cwd=folder)
    build = folder / "build" / preset
    formats = ["-G", FORMATS[preset]] if preset in FORMATS else []
    run("cpack", "--preset", preset, *formats, cwd=folder)
    run("cpack", "--config", "CPackSourceConfig.cmake", cwd=build)
    packed = list(build.iterdir())
    if preset == "package-windows-sdk":
        symbols = build / "symbols"
        run("cmake", "--install", build, "--component", "symbols", "--prefix", symbols)
        packed += symbols.iterdir()
    packed = {path.name: path for path in packed if path.suffix in SUFFIXES}
    if len(packed) != COUNTS[preset]:
        sys.exit("packed: %s" % sorted(packed))
    return packed


def first_difference(one, two):
    """For files: the first byte; for archives: that of each file in them."""
    if one.suffix not in (".gz", ".zip"):
        pairs = zip(one.read_bytes(), two.read_bytes())
        first = next((i for i, (a, b) in enumerate(pairs) if a != b), "the shorter one's end")
        return ["%s and %s differ from %s on" % (one, two, first)]
    folders = [path.with_name(path.name + ".unpacked") for path in (one, two)]
    for path, folder in zip((one, two), folders):
        shutil.unpack_archive(path, folder)
    lines = ["%s and %s differ" % (one, two)]
    for path in sorted(path for path in folders[0].rglob("*") if path.is_file()):
        other = folders[1] / path.relative_to(folders[0])
        if not other.exists():
            lines.append("%s is not there" % other)
        elif path.read_bytes() != other.read_bytes():
            lines += first_difference(path, other)
    return lines


def check_same(one, two):
    if sorted(one) != sorted(two):
        sys.exit("packed: %s and %s" % (sorted(one), sorted(two)))
    wrong = []
    for name in sorted(one):
        digests = [hashlib.sha256(packed[name].read_bytes()).hexdigest() for packed in (one, two)]
        print(digests[0], name)
        if digests[0] != digests[1]:
            wrong += first_difference(one[name], two[name])
    if wrong:
        sys.exit("\n".join(wrong))


def check_exchange(archive, folder):
    shutil.rmtree(folder, ignore_errors=True)
    shutil.unpack_archive(archive, folder)
    suffix = ".exe" if "-windows-" in archive.name else ""
    launcher = ["wine"] if suffix and os.name != "nt" else []
    programs = next(folder.rglob("bin"))
    server_path, client_path = [programs / (name + suffix) for name in
                                ("tenon-server", "tenon-client")]
    if not suffix:
        for path in (server_path, client_path):
            path.chmod(0o755)   # which the unpacking of a .zip forgets
    ready = folder / "ready"
    server = subprocess.Popen([*launcher, server_path, "--once", "--ready-file", ready,
                               "localhost:0"], stdout=subprocess.PIPE, text=True)
    try:
        transcript = run(*launcher, client_path, "--wait", "10s", "--ready-file", ready)
        said = server.communicate(timeout=PATIENCE_S)[0]
    finally:
        server.kill()
    if server.returncode != 0 or "Response sent." not in said:
        sys.exit("the packed server: %s\n%s" % (server.returncode, said))
    if "Server's response: Hello from the server!!!" not in transcript:
        sys.exit("the packed client:\n" + transcript)
    version = run(*launcher, server_path, "--version")
    if not version.startswith("tenon-server (tenon) "):
        sys.exit("it does not call itself by its name: " + version)
    print(version + transcript)


def check_twice(sources, work, preset):
    shutil.rmtree(work, ignore_errors=True)
    one = pack(sources, work / "one", preset)
    two = pack(sources, work / "another folder/two", preset)
    check_same(one, two)
    for name, path in one.items():
        if "-linux-" in name or "-windows-" in name:
            check_exchange(path, work / "unpacked")
    packages = [path for name, path in one.items() if name.endswith(".deb")]
    if packages and shutil.which("lintian"):
        complaints = [line for line in run("lintian", *packages).splitlines()
                      if line.startswith(("E:", "W:"))]
        if complaints:
            sys.exit("\n".join(complaints))


def main():
    what, source, work = sys.argv[1], pathlib.Path(sys.argv[2]), pathlib.Path(sys.argv[3])
    if what == "twice":
        check_twice(source, work, sys.argv[4] if len(sys.argv) > 4 else "package-deb")
    else:
        check_exchange(source, work)


if __name__ == "__main__":
    main()
