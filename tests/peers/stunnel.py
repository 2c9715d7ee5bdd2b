"""stunnel, which ends TLS in front of the server."""
from authority import Authority
from driver import ANSWER, check_equal, exchange, peer_name, place_of, served
from exchanges import through


class Tunnel:
    """stunnel before one server, listening on a socket that it gets as systemd would hand it."""

    def __init__(self, stage, place, *settings):
        program = stage.need("stunnel", "stunnel4")
        self.authority = Authority(stage)
        self.stage = stage
        self.listener = stage.listener()
        lines = "\n".join(settings)
        path = stage.write("stunnel.conf", f"""
foreground = yes
pid =
[tenon]
accept = {place_of(self.listener)}
connect = {place.removeprefix("unix:")}
cert = {self.authority.server}
{lines}
""")
        command, descriptors = stage.inheriting([self.listener], [program, path])
        stage.start(*command, descriptors=descriptors)

    def connect(self):
        return self.authority.connect(place_of(self.listener))


def case_greets(stage):
    server = stage.local_server()
    tunnel = Tunnel(stage, server.place)
    check_equal(exchange(tunnel.connect()), ANSWER, "the answer")
    server.stop()
    check_equal(server.transcript, served("''"), "the transcript")


def case_protocol_proxy(stage):
    """It tells the client's address in a PROXY header."""
    server = stage.server("--proxy-protocol", "127.0.0.1")
    tunnel = Tunnel(stage, server.place, "protocol = proxy")
    client = tunnel.connect()
    name = peer_name(client)
    check_equal(exchange(client), ANSWER, "the answer")
    server.stop()
    check_equal(server.transcript, served(name), "the transcript")


# ---- the client through it ----

class Relay:
    """Two of its services: one makes TLS of what the client says, the other undoes it."""

    def __init__(self, stage):
        self.stage = stage
        self.authority = Authority(stage)

    def __call__(self, place):
        program = self.stage.need("stunnel", "stunnel4")
        near, far = self.stage.listener(), self.stage.listener()
        path = self.stage.write("stunnel.conf", f"""
foreground = yes
pid =
[near]
client = yes
accept = {place_of(near)}
connect = {place_of(far)}
CAfile = {self.authority.path}
verifyChain = yes
[far]
accept = {place_of(far)}
connect = {place}
cert = {self.authority.server}
""")
        command, descriptors = self.stage.inheriting([near, far], [program, path])
        self.stage.start(*command, descriptors=descriptors)
        return place_of(near)


def case_relays(stage):
    through(stage, Relay(stage), ends_pass=True)
