"""stunnel, which ends TLS in front of the server."""
import os
import socket

from authority import Authority, tls_client, tls_context
from driver import ANSWER, check, check_equal, exchange, is_cut_off, peer_name, place_of, served


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

    def connect(self, certificate=None):
        return tls_client(tls_context(self.authority, certificate),
                          self.stage.connect(place_of(self.listener), "127.0.0.5"))


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
