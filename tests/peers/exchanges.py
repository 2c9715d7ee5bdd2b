"""Our client's exchange with a server that others wrote, or through a relay of theirs to one that
is here.

The client ends its side of the connection at once (`--half-close now`), when the answer pauses
(`pause`, which is what it does by itself), or never. Many programs drop the answer to a client that
has ended its side; none may lose it otherwise.
"""
import socket
import threading

from driver import ANSWER, PATIENCE, check, check_equal, place_of, receive_all

MESSAGE = "hello"


class Answerer:
    """A server in this process, on a socket in the folder.

    prompt: answers the first that it receives, and ends
    late: answers once the client's end has come through
    echo: sends everything back, and ends when the client has
    held: answers when `release` is set
    """

    def __init__(self, stage, kind):
        self.listener = stage.listener()
        self.listener.settimeout(None)
        self.place = place_of(self.listener)
        self.act = getattr(self, kind)
        self.release = threading.Event()
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return      # the case is over
            with client:
                client.settimeout(PATIENCE)
                try:
                    self.act(client)
                    client.shutdown(socket.SHUT_WR)
                    receive_all(client)
                except OSError:
                    pass    # gone: the case sees what that did to the client

    def prompt(self, client):
        if client.recv(1024):
            client.sendall(ANSWER)

    def late(self, client):
        if receive_all(client):
            client.sendall(ANSWER)

    def echo(self, client):
        while data := client.recv(1 << 16):
            client.sendall(data)

    def held(self, client):
        client.recv(1024)
        self.release.wait(PATIENCE)
        client.sendall(ANSWER)


def client_gets(stage, place, *options, answer=ANSWER.decode()):
    client = stage.client("-m", MESSAGE, *options, place)
    check_equal(client.errors, "", "what the client complains of")
    check_equal(sorted(client.output.splitlines()), sorted([
        "Connected to server.", "Message sent.", f"Server's response: {answer}"]), "the transcript")


def check_lost(client):
    """It says that there was no answer, and why that may be."""
    check("Server's response" not in client.output, "there is an answer")
    check("without an answer" in client.errors, "it does not say that there was no answer")
    check("hint: " in client.errors and "ends its side early" in client.errors, "there is no hint")


def client_loses(stage, place, *options):
    check_lost(stage.client("-m", MESSAGE, *options, place, code=1))


def types(stage, place):
    """Each line goes at once, and what comes back is shown, long before the end of the input."""
    client = stage.start(stage.programs / "client", "-q", "-i", "-", place)
    for line in ("one", "two"):
        client.send(f"{line}\n".encode())
        client.wait_text(f"^{line}$")
    client.end_input()
    client.wait()
    check_equal((client.output, client.errors), ("one\ntwo\n", ""), "the output and the errors")


def through(stage, relay, ends_pass):
    """Every way through a relay, which is a function from where a server listens to where the relay
    does. `ends_pass`: it hands on the end of one side alone."""
    prompt = relay(Answerer(stage, "prompt").place)
    client_gets(stage, prompt)
    client_gets(stage, prompt, "--half-close", "never")
    echo = relay(Answerer(stage, "echo").place)
    client_gets(stage, echo, answer=MESSAGE)
    types(stage, echo)
    late = relay(Answerer(stage, "late").place)
    if ends_pass:
        client_gets(stage, late, "--half-close", "now")
    else:
        client_loses(stage, late, "--half-close", "now")
    # Who waits for an end that never comes is waited for, but not for ever.
    stage.client("-m", MESSAGE, "--half-close", "never", "-t", "300ms", late, code=5)


def bulk(stage, relay, mebibytes=100):
    """Both ways at once, byte for byte, and down alone."""
    sent, back, down = stage.path("sent"), stage.path("back"), stage.path("down")
    with open("/dev/urandom", "rb") as source:
        sent.write_bytes(source.read(mebibytes << 20))
    echo = stage.server("--mode", "echo", log="-v")
    stage.client("-i", sent, "-o", back, relay(echo.place))
    check(back.read_bytes() == sent.read_bytes(), "other bytes came back")
    server = stage.server("-i", sent, log="-v")
    stage.client("-o", down, relay(server.place))
    check(down.read_bytes() == sent.read_bytes(), "other bytes came down")
