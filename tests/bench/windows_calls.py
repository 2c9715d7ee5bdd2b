"""Windows calls of the programs for each request, as Wine's relay trace shows them:

    python3 tests/bench/windows_calls.py build/windows-sdk

A count is a difference of two loads that differ in nothing but the number of their requests. Only
what goes to the kernel counts: not the clocks, locks and error codes, which stay in the process,
and not what a call of ours calls in turn. AcceptEx and ConnectEx are called by pointer, which the
trace does not see.
"""
import collections
import os
import re
import socket
import subprocess
import sys
import tempfile
import time

PATIENCE = 60
CALL = re.compile(r":Call (ws2_32\.\w+|KERNEL32\.(?:GetQueuedCompletionStatusEx|"
                  r"PostQueuedCompletionStatus|CreateIoCompletionPort|CancelIoEx|SetWaitableTimer|"
                  r"CloseHandle|WriteFile))\(")
IN_PROCESS = {"ws2_32.WSAGetLastError", "ws2_32.WSAGetOverlappedResult", "ws2_32.WSASetLastError",
              "ws2_32.htons", "ws2_32.ntohs"}


def echo(port, count):
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as client:
        for _ in range(count):
            client.sendall(b"x" * 64)
            if client.recv(64, socket.MSG_WAITALL) != b"x" * 64:
                sys.exit("windows_calls: a request was not echoed")


def greet(port, count):
    for _ in range(count):
        with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as client:
            client.sendall(b"Hello from the client!!!")
            if not b"".join(iter(lambda c=client: c.recv(100), b"")):
                sys.exit("windows_calls: a connection was not answered")


def wine(words, debug, **streams):
    return subprocess.Popen(["wine", *words], env=dict(os.environ, WINEDEBUG=debug), **streams)


def trace(program, arguments, load, count, folder):
    """Calls to each function."""
    ready, path = os.path.join(folder, "ready"), os.path.join(folder, "trace")
    with open(path, "wb") as output:
        process = wine([program, *arguments, "--ready-file", f"Z:{ready}"], "+relay",
                       stdout=subprocess.DEVNULL, stderr=output)
        until = time.monotonic() + PATIENCE
        while not os.path.exists(ready) and process.poll() is None:
            if time.monotonic() > until:
                break
            time.sleep(0.01)
        if not os.path.exists(ready):
            process.kill()
            sys.exit(f"windows_calls: {program} does not start")
        with open(ready, encoding="ascii") as file:
            port = int(file.readline().rsplit(":", 1)[1])
        os.unlink(ready)
        load(port, count)
        process.kill()
        process.wait()
    counts = collections.Counter()
    with open(path, encoding="latin-1") as file:
        for line in file:
            found = CALL.search(line)
            if found and found.group(1) not in IN_PROCESS:
                counts[found.group(1)] += 1
    return counts


def compare(program, mode, load, few, many):
    with tempfile.TemporaryDirectory() as folder:
        arguments = ["--mode", mode, "--threads", "1", "-q", "127.0.0.1:0"]
        before = trace(program, arguments, load, few, folder)
        after = trace(program, arguments, load, many, folder)
    calls = {name: (after[name] - before[name]) / (many - few) for name in after}
    calls = {name: count for name, count in calls.items() if count >= 0.05}
    print(f"{mode}: {sum(calls.values()):.2f} calls a request")
    for name, count in sorted(calls.items(), key=lambda item: -item[1]):
        print(f"  {count:5.2f}  {name.split('.')[1]}")


def main():
    program = os.path.join(sys.argv[1], "bin", "server.exe")
    key = r"HKCU\Software\Wine\Debug"
    if wine(["reg", "add", key, "/v", "RelayFromInclude", "/d", "server.exe", "/f"], "-all",
            stdout=subprocess.DEVNULL).wait(PATIENCE) != 0:
        sys.exit("windows_calls: Wine's registry cannot be written")
    compare(program, "echo", echo, 50, 250)
    compare(program, "greet", greet, 20, 60)


if __name__ == "__main__":
    main()
