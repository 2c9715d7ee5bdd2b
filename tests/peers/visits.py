"""What a client that others wrote does with each of the server's services. `command` is its command
line without the host and the port; it sends its input, and ends its side at the end of it."""
import os
import re

from driver import ANSWER, check, check_equal

BULK = 3 << 20


def visit(stage, server, command, data, end=True):
    host, _, port = server.place.rpartition(":")
    client = stage.start(*(part.format(host=host, port=port) for part in command))
    client.send(data)
    if end:
        client.end_input()
    return client


def greet(stage, command, end=True):
    """`end` false: its input stays open until the answer has come."""
    server = stage.server()
    client = visit(stage, server, command, b"hello", end)
    client.wait_text(re.escape(ANSWER.decode()))
    if not end:
        client.end_input()
    client.wait()
    check_equal(client.kept["output"], ANSWER, "the answer")
    server.stop()
    check("Received data: hello\nResponse sent.\n" in server.transcript, "the transcript")


def download(stage, command):
    """Its side has ended long before the server's answer, which is larger than any buffer."""
    answer = stage.new_path("answer")
    answer.write_bytes(os.urandom(4 * BULK))
    server = stage.server("-i", answer)
    client = visit(stage, server, command, b"hello")
    client.wait()
    check(client.kept["output"] == answer.read_bytes(), "other bytes came")
    server.stop()


def echo(stage, command):
    """Every byte comes back, also those that wait in the server when the client's side ends."""
    server = stage.server("--mode", "echo")
    data = os.urandom(BULK)
    client = visit(stage, server, command, data)
    client.wait()
    check(client.kept["output"] == data, "other bytes came back")
    server.stop()
    check(f" received={BULK} sent={BULK} " in server.errors, "the server has counted otherwise")


def discard(stage, command):
    server = stage.server("--mode", "discard")
    client = visit(stage, server, command, os.urandom(BULK))
    client.wait()
    check_equal(client.kept["output"], b"", "what came back")
    server.stop()
    check(f" received={BULK} sent=0 " in server.errors, "the server has counted otherwise")
