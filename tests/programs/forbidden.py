"""What the programs say where the kernel forbids a backend, or is older than it should be for it:

    python3 forbidden.py LAUNCHER PROGRAM...
"""
import re
import subprocess
import sys

FORBIDDEN = "not supported here (errno 1: "
OLD = "it is the best on newer systems only"
WHY = "cannot open the polling backend io_uring: " + FORBIDDEN
HINT = "hint: leave out --backend for the best one that works here\n"
SKIPPED = 77


def run(*words):
    """What a program says that fails to connect, or to listen: nobody may have port 1 of a name."""
    result = subprocess.run([*words, "no-such-name.invalid:1"], stdin=subprocess.DEVNULL,
                            capture_output=True, text=True, timeout=30, check=False)
    if result.returncode == SKIPPED:
        print(result.stderr)
        sys.exit(SKIPPED)
    return result


def check(condition, program, result):
    if not condition:
        sys.exit(f"{program}: exit code {result.returncode}\n{result.stdout}{result.stderr}")


def passed_over(result):
    """The debug lines that say why a better backend was not taken."""
    return re.findall(r"backend_passed_over backend=io_uring why=(.*)", result.stderr)


def main():
    launcher, *programs = sys.argv[1:]
    for program in programs:
        result = run(launcher, program, "--backend", "io_uring")
        check(result.returncode == 1 and WHY in result.stderr and HINT in result.stderr, program,
              result)
        result = run(launcher, program, "-vv")
        whys = passed_over(result)
        check(len(whys) == 1 and FORBIDDEN in whys[0], program, result)
        result = run(launcher, "--old", program, "-vv")
        whys = passed_over(result)
        check(len(whys) == 1 and OLD in whys[0], program, result)
        result = run(launcher, "--old", program, "-vv", "--backend", "io_uring")
        check(not passed_over(result) and WHY not in result.stderr, program, result)


if __name__ == "__main__":
    main()
