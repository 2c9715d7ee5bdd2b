"""The README's commands for the two programs, run as they stand there: only ports, places and
times that belong to a machine are replaced, and each of those must be found."""
import os
import re
import socket
import struct

import page
from driver import ANSWER, PATIENCE, check, check_equal, exchange
from recipes import start_server


def lines_of(section, first):
    return page.block(section, first).text.splitlines()


def start(stage, line, *pairs):
    """By a shell, in a folder like a clone, and with both programs in PATH."""
    if not stage.path("build").exists():
        page.check_out(stage.folder, stage.programs.parent)
    command = page.replace(line, *pairs)
    alone = "|" not in command and "\n" not in command
    return stage.start("sh", "-ec", "exec " + command if alone else command, environment={
        "PATH": f"{stage.programs}:{os.environ['PATH']}"})


def run(stage, line, *pairs, code=0, patience=PATIENCE):
    process = start(stage, line, *pairs)
    process.end_input()
    process.wait(code, patience)
    return process


def addresses(stage, server, name):
    """What a server has written to its ready file."""
    server.wait_text("^Server is listening")
    return stage.path(name).read_text().split()


def port_of(address):
    return address.rpartition(":")[2]


# ---- The exchange ----

def case_exchange(stage):
    """Both transcripts, line for line; ports are the system's choice."""
    line, says = page.transcript(
        page.block("The exchange", "$ build/release/bin/server").text)
    server = start(stage, line, ("bin/server", "bin/server --ready-file ready localhost:0"))
    ready = addresses(stage, server, "ready")
    check(set(re.sub(r"\d+$", "", place) for place in ready) <= {"[::1]:", "127.0.0.1:"}, ready)
    line, client_says = page.transcript(
        page.block("The exchange", "$ build/release/bin/client").text)
    client = run(stage, line, ("bin/client", "bin/client --ready-file ready"))
    check_equal(client.output, client_says, "the client's transcript")
    server.stop()
    peer = "('::1', 58493, 0, 0)"
    ours = peer if "[::1]:" in ready[0] else "('127.0.0.1', 58493)"
    pattern = re.escape(page.replace(says, (peer, ours))).replace("58493", r"\d+")
    check(re.fullmatch(pattern, server.output), f"the server's transcript:\n{server.output}")


def case_options(stage):
    """Those that scripts use: server, client, health check; an echo server and its load."""
    greet, ask, probe, echo, load = lines_of("The exchange", "server --ready-file F :0")
    server = start(stage, greet)
    place = f"localhost:{port_of(addresses(stage, server, 'F')[0])}"
    check_equal(run(stage, ask, ("localhost:12345", place)).output, ANSWER.decode(), "the answer")
    run(stage, probe, ("localhost:12345", place))
    server.stop()
    check("Received data: ping\n" in server.output, "the message is not in the transcript")
    run(stage, probe, ("localhost:12345", place), code=4)

    server = start(stage, echo, ("--mode echo", "--mode echo --ready-file F localhost:0"))
    place = addresses(stage, server, "F")[0]
    told = run(stage, load, ("-d 5s", f"-d 100ms {place}"))
    check(re.search(r"^requests \d{2,} \(\d+/s\)  errors 0 ", told.output, re.M), told.output)
    check("\nlatency us " in told.output, told.output)
    server.stop()


# ---- The client in scripts ----

def case_scripts(stage):
    """A file, a stream and what is typed come back from an echo server as they were sent."""
    file, stream, typed, expect = lines_of(
        "The client in scripts", "client -i page.txt -o answer.txt localhost:12345")
    server = stage.server("--mode", "echo")
    stage.path("page.txt").write_bytes(bytes(range(256)) * 1000)
    run(stage, file, ("localhost:12345", server.place))
    check_equal(stage.path("answer.txt").read_bytes(), stage.path("page.txt").read_bytes(),
                "what came back")

    stage.path("folder").mkdir()
    stage.path("folder/file").write_bytes(bytes(1 << 20))
    run(stage, stream, ("backup:9000", server.place))
    check_equal(run(stage, "tar tf receipt").output, "folder/\nfolder/file\n", "the archive")

    client = start(stage, typed, ("localhost:12345", server.place))
    for text in (b"one\n", b"two\n"):
        client.send(text)
        client.wait_text(f"^{text.decode()}")
    client.end_input()
    client.wait()
    server.stop()

    # The one that waits is first.
    client = start(stage, expect, ("-m ping", "-v -m ping"))
    client.wait_text(" INFO retry ")
    server = start(stage, "server --ready-file F -m pong localhost:0")
    client.wait()
    server.stop()
    server = start(stage, "server --ready-file F localhost:0")
    addresses(stage, server, "F")
    run(stage, expect, ("--wait 10s", "--wait 100ms"), code=1)
    server.stop()


# ---- The server in service ----

def service_line(index):
    return lines_of("The server in service", "server -i page.bin :8000")[index]


def local(server):
    """Where to reach one that listens on every address."""
    return f"127.0.0.1:{port_of(server.place)}"


def is_refused(stage, server, source="127.0.0.1", message=b"hello"):
    """Reset, perhaps before the connection is there, or ended without one byte."""
    try:
        return exchange(stage.connect(local(server), source), message) == b""
    except ConnectionError:
        return True


def case_service_file(stage):
    """A client gets the file as it stood when it asked."""
    stage.path("page.bin").write_bytes(b"old")
    server = start_server(stage, service_line(0), (":8000", ":0"))
    check_equal(exchange(stage.connect(local(server))), b"old", "the answer")
    stage.path("next").write_bytes(b"new")
    stage.path("next").rename(stage.path("page.bin"))
    run(stage, f"client --wait {PATIENCE}s --expect new {local(server)}")
    server.stop()


def case_service_lists(stage):
    """Who may connect: prefixes, deny before allow, and so many from one address."""
    server = start_server(stage, service_line(1), (":8000", ":0"), ("10.0.0.0/8", "127.0.0.0/8"),
                          ("10.9.0.0/16", "127.9.0.0/16"))
    check_equal(exchange(stage.connect(local(server), "127.1.1.1")), ANSWER, "the answer")
    check(is_refused(stage, server, "127.9.1.1"), "who is denied got in")
    several = [stage.connect(local(server), "127.1.1.2") for _ in range(20)]
    server.wait_text(r" DEBUG open .*peer=127\.1\.1\.2", 20)
    check(is_refused(stage, server, "127.1.1.2"), "a 21st got in")
    check_equal(exchange(several[0]), ANSWER, "the answer")
    server.stop()


def proxy_header(name):
    """Version 2: TCP over IPv4, and a client that showed a certificate, which was verified."""
    common_name = struct.pack("!BH", 0x22, len(name)) + name
    shown = struct.pack("!BHBI", 0x20, 5 + len(common_name), 0x07, 0) + common_name
    addresses_of = socket.inet_aton("10.2.2.2") + socket.inet_aton("10.1.1.1") + b"\x12\x34\x1f\x40"
    body = addresses_of + shown
    return b"\r\n\r\n\0\r\nQUIT\n" + struct.pack("!BBH", 0x21, 0x11, len(body)) + body


def case_service_proxied(stage):
    """The header's address counts, and its certificate."""
    server = start_server(stage, service_line(2), (":8000", ":0"), ("10.1.1.1", "127.0.0.1"))
    answer = exchange(stage.connect(local(server)), proxy_header(b"operator") + b"hello")
    check_equal(answer, ANSWER, "the answer")
    server.wait_text(r"^Connected to client: \('10\.2\.2\.2', 4660\)$")
    check(is_refused(stage, server, message=proxy_header(b"visitor") + b"hello"),
          "another name got in")
    server.wait_text(" INFO refuse .*reason=certificate")
    check(is_refused(stage, server, "127.0.0.2"), "another source got in")
    server.stop()


def case_service_log(stage):
    """The log is whole when a stop, clean within the drain, has ended the server."""
    log = stage.path("tenon.log")
    server = start_server(stage, service_line(3), (":8000", ":0"), ("/var/log/tenon.log", log))
    exchange(stage.connect(local(server)))
    server.stop()
    check_equal(log.read_text().count(" INFO accept "), 1, "lines of the log")
