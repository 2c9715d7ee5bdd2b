"""Which test runs which block of the README: every block has a row, in the order of the page.

    table.py CTEST BUILD

A row is a section, a block's first line and what runs it: tests of ctest, steps of .ci/run, or
functions of .ci/shells.ps1, which only a Windows has. Each of them must be there. A row with `same`
is the command of that test itself, word for word.
"""
import json
import pathlib
import re
import subprocess
import sys

import page

GATE = ".ci/run "
WINDOWS = ".ci/shells.ps1 "

ROWS = [
    ("Two commands", "cmake --workflow --preset demo", GATE + "demo", GATE + "test"),
    ("The exchange", "$ build/release/bin/server", "readme.shell.exchange"),
    ("The exchange", "$ build/release/bin/client", "readme.shell.exchange"),
    ("The exchange", r"PS> .\build\release\bin\server.exe --once",
     "readme.prompt.exchange", WINDOWS + "Test-Readme"),
    ("The exchange", "server --ready-file F :0", "readme.shell.options"),
    ("The layer in 30 lines",
     "static void on_closed(struct tenon_stream *stream, enum tenon_status status)",
     "install.readme"),
    ("Install and embed", "cmake --workflow --preset package", "install.readme"),
    ("Install and embed", "PS> cmake --workflow --preset package-windows",
     "readme.prompt.embedding", WINDOWS + "Test-Readme"),
    ("Install and embed", "mkdir ../echo", "install.readme", "readme.prompt.embedding",
     WINDOWS + "Test-Readme"),
    ("Install and embed", "cmake_minimum_required(VERSION 3.25)", "install.readme",
     "readme.prompt.embedding", WINDOWS + "Test-Readme"),
    ("Install and embed", 'cmake -S . -B build "-DCMAKE_PREFIX_PATH=$HOME/tenon"',
     "install.readme", "readme.prompt.embedding", WINDOWS + "Test-Readme"),
    ("Install and embed", "$ build/echo 12345", "install.readme"),
    ("Install and embed", "$ ~/tenon/bin/tenon-client -m hello", "install.readme"),
    ("Install and embed", r"PS> .\build\Debug\echo.exe 12345", "readme.prompt.embedding",
     WINDOWS + "Test-Readme"),
    ("Install and embed", "include(FetchContent)", "install.readme"),
    ("Install and embed", 'export PKG_CONFIG_PATH="$HOME/tenon/lib/pkgconfig"', "install.readme"),
    ("Install and embed", "cmake --build ../tenon/build/package --target amalgamation",
     "install.readme"),
    ("The client in scripts", "client -i page.txt -o answer.txt localhost:12345",
     "readme.shell.scripts"),
    ("In GitHub Actions", "- run: |", "programs.recipe.bash"),
    ("In GitHub Actions", "- shell: powershell", "programs.recipe.powershell",
     WINDOWS + "Test-Recipe"),
    ("The server in service", "server -i page.bin :8000", "readme.shell.service_file",
     "readme.shell.service_lists", "readme.shell.service_proxied", "readme.shell.service_log"),
    ("The server in service", "python3 tests/bench/pressure.py build/release/bin",
     "readme.checkout.pressure"),
    ("The server in service",
     r"""PS> New-Service tenon '"C:\Program Files\tenon\tenon-server.exe" --service """
     r"""--log-file C:\tenon\log.txt :8000'""", "readme.prompt.service", WINDOWS + "Test-Service"),
    ("TLS and client certificates, by HAProxy", "global", "peers.recipes.haproxy_tls"),
    ("TLS and client certificates, by HAProxy", "server --proxy-protocol 127.0.0.1 "
     "--require-client-cert=operator 127.0.0.1:8000", "peers.recipes.haproxy_tls"),
    ("TLS by stunnel", "[tenon]", "peers.recipes.stunnel_tls"),
    ("TLS by stunnel", "server --proxy-protocol 127.0.0.1 127.0.0.1:8000",
     "peers.recipes.stunnel_tls"),
    ("Under systemd", "[Unit]", "peers.recipes.systemd_units", "peers.recipes.systemd"),
    ("Under systemd", "[Unit]", "peers.recipes.systemd_units", "peers.recipes.systemd"),
    ("More than one machine", "global", "peers.recipes.several_servers"),
    ("More than one machine", "server --proxy-protocol 10.0.0.10 :8000",
     "peers.recipes.several_servers"),
    ("More than one machine",
     'echo "set server tenon/one state drain" | socat - /run/haproxy/admin.sock',
     "peers.recipes.several_servers"),
    ("More than one machine", "ctest --test-dir build/release -R rolling_restart_undrained -V",
     "peers.haproxy.rolling_restart_undrained"),
    ("Architecture", "include/tenon/   the interface; no system's name in it",
     "readme.checkout.tree"),
    ("Architecture", "build/release/tests/contract/contract --backend epoll",
     "same contract.epoll"),
    ("Tests", "build/release/tests/simulation/simulate --seed 17 --trace",
     "readme.checkout.simulate"),
    ("Tests", "cmake --preset coverage", "readme.checkout.coverage"),
    ("Cost", "cmake --workflow --preset test", GATE + "test", "readme.checkout.bench"),
    ("Cost", "python3 tests/bench/plot.py tests/bench/results/linux.json "
     "tests/bench/results/linux.svg", "readme.checkout.plot"),
    ("Cost", "python3 tests/bench/wrk.py build/release/bin 5 5", "readme.checkout.wrk"),
    ("Cost", "python3 tests/bench/idle.py build/release/bin/server 19000",
     "readme.checkout.idle"),
]


def complaints_of_blocks(blocks):
    there = [(block.section, page.first_line(block)) for block in blocks]
    rows = [row[:2] for row in ROWS]
    for each in there:
        if there.count(each) > rows.count(each):
            yield f"no test runs the block {each[1]!r} of {each[0]!r}"
    for each in rows:
        if rows.count(each) > there.count(each):
            yield f"a row is for {each[1]!r} of {each[0]!r}, which is not there"
    if sorted(there) == sorted(rows) and there != rows:
        yield "the rows are not in the order of the page"


def complaint_of(runner, first, tests, build):
    """Why that is no test of such a block, or None."""
    def text_of(path):
        return (page.SOURCES / path).read_text(encoding="utf-8")

    if runner.startswith(GATE):
        step = runner.removeprefix(GATE)
        return None if re.search(rf"^step {step} ", text_of(GATE.strip()), re.M) else "no step"
    if runner.startswith(WINDOWS):
        name = runner.removeprefix(WINDOWS)
        script = text_of(WINDOWS.strip())
        called = f"\nfunction {name} {{\n" in script and f"\n    {name}\n" in script
        return None if called else "no function that is called"
    name = runner.removeprefix("same ")
    if name not in tests:
        return "unknown to ctest"
    words = first.replace("build/release/", f"{build}/").split()
    return "of another command" if name != runner and tests[name] != words else None


def complaints_of_lines(text, tests):
    """Filters of ctest that find nothing, and links and scripts that lead nowhere."""
    for pattern in re.findall(r"ctest [^`\n]*-R '?([^' `\n]+)", text):
        if not any(re.search(pattern, name) for name in tests):
            yield f"ctest -R {pattern} finds no test"
    places = {re.sub(r"[^a-z0-9 -]", "", title.lower()).replace(" ", "-")
              for title in re.findall(r"^##+ (.*)$", text, re.M)}
    for link in re.findall(r"\]\(([^)]+)\)", text) + re.findall(r"python3 (\S+)", text):
        found = link[1:] in places if link.startswith("#") else (page.SOURCES / link).exists()
        if not found and "://" not in link:
            yield f"{link} leads nowhere"


def complaints_of_kinds(text, labels, tests):
    """The table of kinds has each label of ctest, and besides them only names of tests."""
    section = text.partition("\n## Tests\n")[2].partition("\n## ")[0]
    kinds = {kind for row in re.findall(r"^\| (`[a-z]+`.*?) \|", section, re.M)
             for kind in re.findall("`([a-z]+)`", row)}
    for kind in sorted(kinds ^ labels):
        if kind not in tests:
            yield f"{kind} is no kind of tests, or has no row"


def main():
    ctest, build = sys.argv[1:]
    listed = subprocess.run([ctest, "--test-dir", build, "--show-only=json-v1"], check=True,
                            stdout=subprocess.PIPE, timeout=50).stdout
    listed = json.loads(listed)["tests"]
    tests = {test["name"]: test.get("command") for test in listed}
    labels = {label for test in listed for each in test["properties"] if each["name"] == "LABELS"
              for label in each["value"]}
    text = page.README.read_text(encoding="utf-8")
    blocks = page.read()
    complaints = [*complaints_of_blocks(blocks), *complaints_of_lines(text, tests),
                  *complaints_of_kinds(text, labels, tests)]
    for _, first, *runners in ROWS:
        for runner in runners:
            complaint = complaint_of(runner, first, tests, pathlib.Path(build))
            if complaint:
                complaints.append(f"{runner}: {complaint}")
    fences = sum(block.kind not in ("sh", "prompt", "transcript") for block in blocks)
    if text.count("```") != 2 * fences:
        complaints.append("there is a fence that is no block")
    print("\n".join(dict.fromkeys(complaints)) or f"{len(ROWS)} blocks, each with its tests")
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
