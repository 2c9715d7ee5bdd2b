"""What the programs say where the kernel forbids the backend that was asked for:

    python3 forbidden.py LAUNCHER PROGRAM...
"""
import subprocess
import sys

WHY = "cannot open the polling backend io_uring: not supported here (errno 1: "
HINT = "hint: leave out --backend for the best one that works here\n"


def main():
    launcher, *programs = sys.argv[1:]
    for program in programs:
        result = subprocess.run([launcher, program, "--backend", "io_uring", "127.0.0.1:1"],
                                stdin=subprocess.DEVNULL, capture_output=True, text=True,
                                timeout=30, check=False)
        if result.returncode == 77:
            print(result.stderr)
            return 77
        if result.returncode != 1 or WHY not in result.stderr or HINT not in result.stderr:
            print(f"{program}: exit code {result.returncode}\n{result.stdout}{result.stderr}")
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
