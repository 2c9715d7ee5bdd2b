"""What the programs say where the kernel forbids a backend:

    python3 forbidden.py LAUNCHER PROGRAM...
"""
import subprocess
import sys

WHY = "cannot open the polling backend io_uring: not supported here (errno 1: "
HINT = "hint: leave out --backend for the best one that works here\n"
PASSED_OVER = 'DEBUG backend_passed_over backend=epoll why="not supported here (errno 38: '
SKIPPED = 77


def run(*words):
    """What a program says that can neither connect nor listen."""
    result = subprocess.run([*words, "no-such-name.invalid:1"], stdin=subprocess.DEVNULL,
                            capture_output=True, text=True, timeout=30, check=False)
    if result.returncode == SKIPPED:
        print(result.stderr)
        sys.exit(SKIPPED)
    return result


def check(condition, program, result):
    if not condition:
        sys.exit(f"{program}: exit code {result.returncode}\n{result.stdout}{result.stderr}")


def main():
    launcher, *programs = sys.argv[1:]
    for program in programs:
        result = run(launcher, "io_uring", program, "--backend", "io_uring")
        check(result.returncode == 1 and WHY in result.stderr and HINT in result.stderr, program,
              result)
        result = run(launcher, "epoll", program, "-vv")
        check(result.stderr.count("backend_passed_over") == 1 and PASSED_OVER in result.stderr,
              program, result)
        result = run(program, "-vv")
        check("backend_passed_over" not in result.stderr, program, result)


if __name__ == "__main__":
    main()
