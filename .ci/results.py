"""Sums up the JUnit files of ctest: results.py FOLDER SKIPS [FAILED_STEP...].

A run's name is the system's and its file's. A test that was skipped must be in SKIPS, whose lines
are RUN TEST REASON (the first two are regular expressions without spaces). A test that prints
`N passed, N failed` counts as its cases, and `CASE ... skipped` there is a skip of TEST:CASE. A
step that failed without a failed test in the file of its name counts as one. The last line printed
is the sum.
"""

import collections
import pathlib
import platform
import re
import sys
import xml.etree.ElementTree


def read_skips(path):
    skips = []
    for line in pathlib.Path(path).read_text().splitlines():
        if line.strip() and not line.startswith("#"):
            run, test, reason = line.split(None, 2)
            skips.append((re.compile(run), re.compile(test), reason))
    return skips


def run_name(name):
    return f"{platform.system().lower()}-{name}"


class Results:
    def __init__(self, skips):
        self.skips = skips
        self.passed = 0
        self.failed = 0
        self.skipped = collections.Counter()
        self.failed_runs = set()

    def fail(self, run, test, why):
        self.failed += 1
        self.failed_runs.add(run)
        print(f"{run}: {test}: {why}")

    def skip(self, run, test):
        for run_pattern, test_pattern, reason in self.skips:
            if run_pattern.fullmatch(run) and test_pattern.fullmatch(test):
                self.skipped[reason] += 1
                return
        self.fail(run, test, "skipped, and not on the list of skips")

    def add_test(self, run, case):
        name = case.get("name")
        if case.find("skipped") is not None or case.get("status") in ("notrun", "disabled"):
            self.skip(run, name)
            return
        text = case.findtext("system-out") or ""
        for skipped in re.findall(r"^(\S+) \.\.\. skipped", text, re.MULTILINE):
            self.skip(run, f"{name}:{skipped}")
        sums = re.findall(r"^(\d+) passed, (\d+) failed", text, re.MULTILINE)
        if case.get("status") == "run" and case.find("failure") is None:
            self.passed += sum(int(passed) for passed, _ in sums) if sums else 1
        else:
            self.passed += sum(int(passed) for passed, _ in sums)
            self.fail(run, name, "failed")

    def add_run(self, path):
        run = run_name(path.stem)
        cases = xml.etree.ElementTree.parse(path).getroot().findall("testcase")
        if not cases:
            self.fail(run, "all", "no tests")
        for case in cases:
            self.add_test(run, case)


def main(folder, skips, *failed_steps):
    results = Results(read_skips(skips))
    for path in sorted(pathlib.Path(folder).glob("*.xml")):
        results.add_run(path)
    # A step may fail before its tests, or have none: no compiler, a demo, a workflow file.
    for step in failed_steps:
        if run_name(step) not in results.failed_runs:
            results.fail(run_name(step), "the step", "failed")
    if results.passed == 0:
        results.fail("all", "all", "no test passed")
    for reason, count in results.skipped.items():
        print(f"{count} skipped: {reason}")
    print(f"{results.passed} passed, {results.failed} failed")
    return 0 if results.failed == 0 else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
