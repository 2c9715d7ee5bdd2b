"""The README's commands for a clone that was built, run as they stand there in a folder like one:
what would take minutes is made short, and each argument that does so must be found."""
import re

import page
from driver import LONG, check, check_equal
from shell import lines_of, run


def case_tree(_stage):
    """Every folder and file of the picture is there, and no folder is missing in it."""
    folder, shown = None, set()
    for line in lines_of("Architecture", "include/tenon/   the interface; no system's name in it"):
        indent, name, text = re.fullmatch(r"( *)(\S+) +(.*)", line).groups()
        path = folder / name if indent else page.SOURCES / name
        folder = folder if indent else path
        shown.add(path)
        if name == "tests/":
            shown.update(path / each for each in text.split(", "))
    check_equal([str(path) for path in shown if not path.exists()], [], "what is not there")
    for name in ("platform", "tests"):
        there = {path for path in (page.SOURCES / name).iterdir()
                 if path.is_dir() and path.name != "__pycache__"}
        check(there <= shown, f"the README does not show {there - shown}")


def case_simulate(stage):
    """One seed, traced; and many."""
    one, many = lines_of("Tests", "build/release/tests/simulation/simulate --seed 17 --trace")
    check_equal(run(stage, one).output, run(stage, one).output, "the second play of a seed")
    told = run(stage, many, ("1-1000000", "1-500")).output
    check("; 500 passed, 0 failed\n" in told, told)


def case_coverage(stage):
    """Of one small test alone."""
    for tool in ("clang-19", "llvm-cov-19", "llvm-profdata-19"):
        stage.need(tool, "clang-19 and llvm-19")
    text = page.block("Tests", "cmake --preset coverage").text
    told = run(stage, text,
               ("--build --preset coverage", "--build --preset coverage --target fuzz_number"),
               ("ctest --preset coverage", "ctest --preset coverage -R '^fuzz.number$'"),
               *((f"{before}/tmp/tenon", f"{before}{stage.path('tenon')}")
                 for before in ("FILE=", "merge ", "-o ", "profile=")), patience=LONG)
    check(re.search(r"^src/common/number\.c +\d+ .*^TOTAL +\d+ ", told.output, re.M | re.S),
          told.output)


# ---- figures ----

def case_bench(stage):
    """The target's command as CMake would run it, for two servers in one scenario."""
    line = lines_of("Cost", "cmake --workflow --preset test")[1]
    told = run(stage, line + " -v -- -n").output
    command = re.search(r"\S+ \S+/tests/bench/bench\.py \S+$", told, re.M)
    check(command, told)
    told = run(stage, command[0] + " --quick --only short --servers 'tenon, epoll' --output x.json",
               patience=LONG)
    check(re.search(r"^\| tenon, epoll \| \d", told.output, re.M), told.output)


def case_plot(stage):
    """The picture is that of the figures beside it."""
    figures, picture = "tests/bench/results/linux.json", "tests/bench/results/linux.svg"
    line, = lines_of("Cost", f"python3 tests/bench/plot.py {figures} {picture}")
    run(stage, line, (picture, "picture.svg"))
    check(stage.path("picture.svg").read_bytes() == stage.path(picture).read_bytes(),
          "the picture is of other figures")


def case_wrk(stage):
    stage.need("wrk")
    line, = lines_of("Cost", "python3 tests/bench/wrk.py build/release/bin 5 5")
    told = run(stage, line, ("5 5", "1 1"), patience=LONG).output
    check(re.search(r"^client +\d.*\nwrk +\d.*\nratio +\d", told, re.M), told)


def case_idle(stage):
    line, = lines_of("Cost", "python3 tests/bench/idle.py build/release/bin/server 19000")
    told = run(stage, line, ("19000", "300")).output
    check(re.match(r"300 idle connections: \d+ bytes each", told), told)


def case_pressure(stage):
    line, = lines_of("The server in service", "python3 tests/bench/pressure.py build/release/bin")
    told = run(stage, line, ("release/bin", "release/bin 200 200 1 1"), patience=LONG).output
    check("200 clients at once: 200 answered" in told, told)
    check("storm of 200 connects: 200 served" in told, told)
    check(" times, the median of 1\n" in told, told)


def case_counts(stage):
    """What the page counts."""
    text = " ".join(page.README.read_text(encoding="utf-8").split())

    def check_count(pattern, count):
        found = re.search(pattern, text)
        check(found, f"the README has no {pattern}")
        check_equal(int(found[1]), count, pattern)

    def rows(path, pattern):
        return re.findall(pattern, (page.SOURCES / path).read_text(encoding="utf-8"), re.M)

    check_count(r"\[(\d+) differences\]", len(rows("platform/DIFFERENCES.md", r"^\| \d+ ")))
    check_count(r"(\d+) faults planted", len(rows("tests/simulation/mutants.cmake", r"^mutant\(")))
    listed = run(stage, "build/release/tests/contract/contract --list").output
    check_count(r"(\d+) cases of the interface", len(listed.splitlines()))
    sizes = dict(rows("include/tenon/layout.h", r"^TENON_STRUCT_SIZE\(tenon_(\w+), (\d+),"))
    for name in ("stream", "send", "listener", "timer", "message"):
        check_count(rf"in bytes of the caller's memory[^.]* {name} (\d+)", int(sizes[name]))
