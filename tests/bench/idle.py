"""What an idle connection costs a server, in bytes of its own memory and of the kernel's.

    python3 tests/bench/idle.py build/release/bin/server [CONNECTIONS] [OPTION...]

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

PATIENCE = 60
IP_BIND_ADDRESS_NO_PORT = 24        # Linux's; Python has no name for it before 3.13
CACHES = {"TCP", "sock_inode_cache", "filp", "eventpoll_epi", "eventpoll_pwq", "ep_head",
          "io_kiocb", "skbuff_head_cache", "skbuff_small_head", "tcp_bind_bucket"}


def private_bytes(process):
    """What no other process shares, as the kernel counts it in pages."""
    with open(f"/proc/{process.pid}/smaps_rollup", encoding="ascii") as file:
        return int(re.search(r"^Private_Dirty:\s+(\d+) kB", file.read(), re.M).group(1)) * 1024


def kernel_bytes():
    """Of all processes: the kernel's objects for sockets and for waiting on them, none of which can
    be swapped out, and what is in the sockets' queues. None: that is for root alone to see."""
    try:
        with open("/proc/slabinfo", encoding="ascii") as file:
            rows = [line.split()[:4] for line in file]
    except PermissionError:
        return None
    slabs = sum(int(row[1]) * int(row[3]) for row in rows if row[0] in CACHES)
    with open("/proc/net/sockstat", encoding="ascii") as file:
        pages = int(re.search(r"^TCP: .* mem (\d+)", file.read(), re.M).group(1))
    return slabs + pages * resource.getpagesize()


def descriptors(process):
    return len(os.listdir(f"/proc/{process.pid}/fd"))


def wait_until(condition, what):
    until = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > until:
            sys.exit(f"idle: {what}")
        time.sleep(0.01)


def start(command):
    """The process and its port; a first word `ready=FILE` names the file that has it."""
    ready = command[0].partition("=")[2] if command[0].startswith("ready=") else None
    process = subprocess.Popen(command[1 if ready else 0:], stdout=subprocess.PIPE, text=True)
    if ready:
        wait_until(lambda: os.path.exists(ready), "the server is not ready")
        with open(ready, encoding="ascii") as file:
            return process, int(file.readline().rsplit(":", 1)[1])
    return process, int(process.stdout.readline().rsplit(" ", 1)[1])


def bound_client(index):
    """Of one of four addresses; its port is chosen at the connect, where more of them will do."""
    client = socket.socket()
    client.setsockopt(socket.IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1)
    client.bind((f"127.0.0.{1 + index % 4}", 0))
    return client


def connect(port, count):
    clients = []
    for index in range(count):
        client = bound_client(index)
        client.connect(("127.0.0.1", port))
        clients.append(client)
    return clients


def measure(command, count):
    """Bytes for each connection; the last one is answered still."""
    limit = count + 500
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, limit), max(hard, limit)))
    process, port = start(command)
    first = connect(port, 1)[0]     # what a server makes at its first connection is not counted
    first.sendall(b"x")
    first.recv(100)
    open_before = descriptors(process)
    user, kernel = private_bytes(process), kernel_bytes()
    clients = connect(port, count)
    wait_until(lambda: descriptors(process) >= open_before + count,
               "the server does not accept all")
    clients[-1].sendall(b"x")
    answer = clients[-1].recv(100)
    result = {"user": round((private_bytes(process) - user) / count),
              "kernel": kernel and round((kernel_bytes() - kernel) / count)}
    for client in [first, *clients]:
        client.close()
    process.terminate()
    process.wait(PATIENCE)
    if not answer:
        sys.exit("idle: the last connection got no answer")
    return result


def main():
    count = int(sys.argv[2]) if len(sys.argv) > 2 else 10000
    with tempfile.TemporaryDirectory() as folder:
        ready = os.path.join(folder, "ready")
        result = measure([f"ready={ready}", sys.argv[1], "-q", "-c", str(count + 1), "-t", "0",
                          "--drain", "0.1", "--ready-file", ready, *sys.argv[3:],
                          "127.0.0.1:0"], count)
    of_kernel = f"{result['kernel']} of the kernel's, both ends together"
    print(f"{count} idle connections: {result['user']} bytes each of the server's own memory, "
          + (of_kernel if result["kernel"] else "the kernel's are for root alone to see"))
    return 0


if __name__ == "__main__":
    sys.exit(main())
