"""What the server says where the system has no port left for port 0:

    python3 portless.py SERVER
"""
import fcntl
import os
import socket
import struct
import subprocess
import sys

HINT = ("hint: no port is left of those that the system chooses from: name one, or end what has "
        "them\n")
SKIPPED = 77
SIOCSIFFLAGS = 0x8914
IFF_UP = 1


def inside(server):
    """In a network that has two ports to choose from, both of them taken."""
    with socket.socket() as any_socket:
        fcntl.ioctl(any_socket, SIOCSIFFLAGS, struct.pack("16sh22x", b"lo", IFF_UP))
    with open("/proc/sys/net/ipv4/ip_local_port_range", "w", encoding="ascii") as file:
        file.write("40000 40001")
    taken = ["127.0.0.1:40000", "127.0.0.1:40001"]
    with subprocess.Popen([server, *taken], stdout=subprocess.PIPE, text=True) as first:
        first.stdout.readline()         # it listens
        second = subprocess.run([server, "127.0.0.1:0"], capture_output=True, text=True,
                                timeout=30, check=False)
        first.terminate()
    if second.returncode != 6 or not second.stderr.endswith(HINT):
        sys.exit(f"exit code {second.returncode}\n{second.stdout}{second.stderr}")


def main():
    server = sys.argv[1]
    if len(sys.argv) > 2:
        inside(server)
        return
    network = ["unshare", "--user", "--map-root-user", "--net"]
    if subprocess.run([*network, "true"], capture_output=True, check=False).returncode != 0:
        print("no network of its own can be made here")
        sys.exit(SKIPPED)
    sys.exit(subprocess.run([*network, sys.executable, os.path.abspath(__file__), server,
                             "inside"], check=False).returncode)


if __name__ == "__main__":
    main()
