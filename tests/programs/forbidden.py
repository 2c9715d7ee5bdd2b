"""What the programs say where the kernel forbids a backend, or is too old for it to be the best:

    python3 forbidden.py LAUNCHER PROGRAM...
"""
import re
import subprocess
import sys

FORBIDDEN = '"not supported here (errno 1: '
MISSING = '"not supported here (errno 38: '
OLD = '"it is the best on newer systems only"'
WHY = "cannot open the polling backend io_uring: " + FORBIDDEN[1:]
HINT = "hint: leave out --backend for the best one that works here\n"
SKIPPED = 77


def run(*words):
    """What a program says that can neither connect nor listen."""
    result = subprocess.run([*words, "no-such-name.invalid:1"], stdin=subprocess.DEVNULL,
                            capture_output=True, text=True, timeout=30, check=False)
    if result.returncode == SKIPPED:
        print(result.stderr)
        sys.exit(SKIPPED)
    return result


def passed_over(expected, *words):
    """The debug lines name the better backends that were not taken, and why."""
    result = run(*words, "-vv")
    lines = re.findall(r"DEBUG backend_passed_over backend=(\w+) why=(.*)", result.stderr)
    matching = len(lines) == len(expected) and all(
        name == name_expected and why.startswith(why_expected)
        for (name, why), (name_expected, why_expected) in zip(lines, expected))
    if not matching:
        sys.exit(f"{words}: exit code {result.returncode}\n{result.stdout}{result.stderr}")


def main():
    launcher, *programs = sys.argv[1:]
    for program in programs:
        result = run(launcher, "io_uring", program, "--backend", "io_uring")
        if result.returncode != 1 or WHY not in result.stderr or HINT not in result.stderr:
            sys.exit(f"{program}: exit code {result.returncode}\n{result.stdout}{result.stderr}")
        passed_over([("io_uring", FORBIDDEN)], launcher, "io_uring", program)
        passed_over([("io_uring", FORBIDDEN)], launcher, "enter", program)
        passed_over([("io_uring", MISSING), ("epoll", MISSING)], launcher, "epoll", program)
        if "cannot open" not in run(program, "--backend", "io_uring").stderr:
            passed_over([("io_uring", OLD)], launcher, "query", program)
            passed_over([], launcher, "query", program, "--backend", "io_uring")


if __name__ == "__main__":
    main()
