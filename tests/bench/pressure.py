"""What a server does under pressure: 19,000 clients at once that all get their answers, a storm of
connects, and what a client that floods it costs the others.

    python3 tests/bench/pressure.py build/release/bin [CONNECTIONS [STORM [ROUNDS [SECONDS]]]]

The folder has both programs. Clients come from four loopback addresses; Linux only.
"""
import multiprocessing
import os
import re
import resource
import selectors
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time

import idle

GREETING = b"Hello from the server!!!"
USUAL = [19000, 4000, 5, 3]
CORES = sorted(os.sched_getaffinity(0))


class Server:
    def __init__(self, binaries, *options):
        self.folder = tempfile.TemporaryDirectory()
        ready = os.path.join(self.folder.name, "ready")
        self.process, self.port = idle.start(
            [f"ready={ready}", os.path.join(binaries, "server"), "-q", "--drain", "0.1",
             "--ready-file", ready, *options, "127.0.0.1:0"])

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(idle.PATIENCE)
        self.folder.cleanup()


def reset(client):
    """Closes it so that its port is free at once."""
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.close()


def all_at_once(binaries, count):
    """Each is connected before the first one asks, and asks while all are there."""
    with Server(binaries, "--mode", "echo", "-c", str(count)) as server:
        began = time.monotonic()
        clients = idle.connect(server.port, count)
        connected = time.monotonic()
        for client in clients:
            client.sendall(b"x")
        answered = sum(client.recv(2) == b"x" for client in clients)
        done = time.monotonic()
        for client in clients:
            reset(client)
    print(f"{count} clients at once: {answered} answered; connected in {connected - began:.1f} s, "
          f"answered in {done - connected:.1f} s")
    return answered == count


def storm(binaries, count):
    """All connect at the same time; each is to get the whole greeting, and its end."""
    with Server(binaries, "-c", str(count)) as server, selectors.DefaultSelector() as selector:
        began = time.monotonic()
        for index in range(count):
            client = idle.bound_client(index)
            client.setblocking(False)
            client.connect_ex(("127.0.0.1", server.port))
            selector.register(client, selectors.EVENT_WRITE, b"")
        open_clients, served = count, 0
        while open_clients > 0 and time.monotonic() < began + idle.PATIENCE:
            for key, events in selector.select(1):
                try:
                    if events & selectors.EVENT_WRITE:
                        key.fileobj.send(b"x")
                        selector.modify(key.fileobj, selectors.EVENT_READ, b"")
                        continue
                    data = key.fileobj.recv(1000)
                except OSError as error:
                    print(f"a client of the storm: {error}")
                    data = b""
                if data:
                    selector.modify(key.fileobj, selectors.EVENT_READ, key.data + data)
                    continue
                served += key.data == GREETING
                open_clients -= 1
                selector.unregister(key.fileobj)
                reset(key.fileobj)
        seconds = time.monotonic() - began
    print(f"a storm of {count} connects: {served} served, in {seconds:.2f} s")
    return served == count


def percentile(binaries, port, seconds):
    """The 99th of 16 clients with 2,000 requests a second in all, in microseconds."""
    command = [os.path.join(binaries, "client"), "--bench=echo", "-c", "16", "-R", "2k", "-d",
               f"{seconds}s", "--threads", "1", f"127.0.0.1:{port}"]
    output = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True,
                            preexec_fn=lambda: os.sched_setaffinity(0, {CORES[-1]})).stdout
    return int(re.search(r"\bp99 (\d+)", output).group(1))


def flood(port):
    """Sends as fast as it can, and reads what comes back."""
    os.sched_setaffinity(0, {CORES[-1]})
    os.nice(19)         # it is the server's time that it is to take, not that of the other clients
    data = bytes(64 * 1024)
    client = socket.create_connection(("127.0.0.1", port))
    threading.Thread(target=lambda: [None for _ in iter(lambda: client.recv(len(data)), b"")],
                     daemon=True).start()
    while True:
        client.sendall(data)


def fairness(binaries, rounds, seconds):
    """Alone and beside the flood in turns; the median ratio. The server has one loop, which they
    share, and a core; all clients have another."""
    ratios = []
    with Server(binaries, "--mode", "echo", "--threads", "1") as server:
        os.sched_setaffinity(server.process.pid, {CORES[0]})
        for _ in range(rounds):
            alone = percentile(binaries, server.port, seconds)
            flooder = multiprocessing.Process(target=flood, args=(server.port,), daemon=True)
            flooder.start()
            beside = percentile(binaries, server.port, seconds)
            flooder.kill()
            flooder.join()
            ratios.append((beside / alone, alone, beside))
    ratio, alone, beside = sorted(ratios)[rounds // 2]
    print(f"99 % of the others' requests: {alone} us alone, {beside} us beside a client that "
          f"floods; {ratio:.2f} times, the median of {rounds}")


def main():
    binaries = sys.argv[1]
    given = [int(value) for value in sys.argv[2:]]
    count, storm_count, rounds, seconds = given + USUAL[len(given):]
    limit = max(count, storm_count) + 500
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit, max(limit, hard)))
    good = all_at_once(binaries, count)
    good = storm(binaries, storm_count) and good
    fairness(binaries, rounds, seconds)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
