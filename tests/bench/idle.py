"""What an idle connection costs the server, in bytes of its own memory.

    python3 tests/bench/idle.py build/release/bin/server [CONNECTIONS]

The clients come from four loopback addresses, so that local ports last; Linux only.
"""
import os
import re
import resource
import socket
import subprocess
import sys
import tempfile
import time


def private_bytes(process):
    """What no other process shares, as the kernel counts it in pages."""
    with open(f"/proc/{process.pid}/smaps_rollup", encoding="ascii") as file:
        return int(re.search(r"^Private_Dirty:\s+(\d+) kB", file.read(), re.M).group(1)) * 1024


def descriptors(process):
    return len(os.listdir(f"/proc/{process.pid}/fd"))


def main():
    program = sys.argv[1]
    count = int(sys.argv[2]) if len(sys.argv) > 2 else 10000
    limit = count + 500
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))
    with tempfile.TemporaryDirectory() as folder:
        ready = os.path.join(folder, "ready")
        process = subprocess.Popen(
            [program, "-q", "-c", str(count), "-t", "0", "--ready-file", ready, "127.0.0.1:0"])
        while not os.path.exists(ready):
            time.sleep(0.01)
        with open(ready, encoding="ascii") as file:
            port = int(file.read().rsplit(":", 1)[1])
        before = private_bytes(process)
        first = descriptors(process)
        clients = []
        for index in range(count):
            client = socket.socket()
            client.bind((f"127.0.0.{1 + index % 4}", 0))
            client.connect(("127.0.0.1", port))
            clients.append(client)
        while descriptors(process) < first + count:
            time.sleep(0.01)
        after = private_bytes(process)
        clients[-1].sendall(b"x")
        answer = clients[-1].recv(100)
        process.terminate()
        code = process.wait()
    print(f"{count} idle connections: {(after - before) / count:.0f} bytes each; "
          f"the last one got {len(answer)} bytes; exit code {code}")
    return 0 if answer and code == 0 else 1


if __name__ == "__main__":
    sys.exit(main())
