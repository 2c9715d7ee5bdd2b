"""What a request costs the load test, beside wrk: processor time of the client's process.

    python3 tests/bench/wrk.py build/release/bin [SECONDS] [ROUNDS] [CONNECTIONS]

Both send a GET to `server -i response.http` and read the answer to its end, on a connection each,
as fast as they can: the server is on one core, the client on another. The server's own count of
answers is what the time is divided by. Rounds alternate; the medians and their ratio are printed.
Needs wrk and taskset; Linux only.
"""
import os
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time

PATIENCE = 60
REQUEST = "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
RESPONSE = b"HTTP/1.1 200 OK\r\nContent-Length: 13\r\nConnection: close\r\n\r\nHello, world\n"


def start_server(programs, folder):
    ready = os.path.join(folder, "ready")
    with open(os.path.join(folder, "response.http"), "wb") as file:
        file.write(RESPONSE)
    process = subprocess.Popen(
        ["taskset", "-c", "0", os.path.join(programs, "server"), "-q", "--threads", "1",
         "-i", os.path.join(folder, "response.http"), "--ready-file", ready, "127.0.0.1:0"],
        stderr=subprocess.PIPE, text=True)
    until = time.monotonic() + PATIENCE
    while not os.path.exists(ready):
        if time.monotonic() > until:
            sys.exit("wrk: the server is not ready")
        time.sleep(0.01)
    with open(ready, encoding="ascii") as file:
        return process, file.readline().strip()


def answered(process):
    process.send_signal(signal.SIGUSR1)
    line = process.stderr.readline()
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=PATIENCE)
    return int(re.search(r" totals .*\banswered=(\d+)", line).group(1))


def cost(programs, command):
    """Microseconds of processor time for an answer, and answers a second."""
    with tempfile.TemporaryDirectory() as folder:
        server, place = start_server(programs, folder)
        began = time.monotonic()
        client = subprocess.Popen(["taskset", "-c", "1"] + command(place),
                                  stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        output = client.stdout.read()
        _, status, usage = os.wait4(client.pid, 0)
        client.returncode = os.waitstatus_to_exitcode(status)
        took = time.monotonic() - began
        count = answered(server)
        if client.returncode != 0 or "Socket errors" in output:
            sys.exit(f"wrk: {output}")
        return (usage.ru_utime + usage.ru_stime) * 1e6 / count, count / took


def main():
    programs = sys.argv[1]
    seconds, rounds, connections = (int(value) for value in (sys.argv[2:] + ["5", "5", "64"][
        len(sys.argv) - 2:]))
    if shutil.which("wrk") is None:
        sys.exit("wrk: there is no wrk here")

    def ours(place):
        return [os.path.join(programs, "client"), "--bench=greet", "--threads", "1",
                "-c", str(connections), "-d", f"{seconds}s", "-m", REQUEST, place]

    def theirs(place):
        return ["wrk", "-t", "1", "-c", str(connections), "-d", f"{seconds}s", f"http://{place}/"]

    results = {"client": [], "wrk": []}
    for _ in range(rounds):
        results["client"].append(cost(programs, ours))
        results["wrk"].append(cost(programs, theirs))
    for name, values in results.items():
        costs, rates = zip(*values)
        print(f"{name:7} {statistics.median(costs):6.2f} us of the client's processor for a "
              f"request  ({min(costs):.2f} to {max(costs):.2f})  "
              f"{statistics.median(rates):8.0f} requests/s")
    ratios = [ours[0] / theirs[0] for ours, theirs in zip(results["client"], results["wrk"])]
    print(f"ratio   {statistics.median(ratios):6.2f}")


main()
