"""HAProxy in front of the server, in TCP mode."""
import ssl

from authority import Authority, tls_client, tls_context
from driver import (ANSWER, Load, check, check_equal, exchange, is_cut_off, peer_name, place_of,
                    receive_all, served)
from exchanges import bulk, through

DEFAULTS = """
defaults
    mode tcp
    timeout connect 5s
    timeout client 15s
    timeout server 15s
    retries 0
"""


class Proxy:
    """HAProxy with the sections of a configuration; `fd@N` there are listeners that it is given."""

    def __init__(self, stage, sections, listeners):
        program = stage.need("haproxy")
        self.stage = stage
        self.runtime = stage.local_listener()
        text = (f"global\n    stats socket fd@{self.runtime.fileno()} level admin\n" + DEFAULTS +
                sections)
        path = stage.write("haproxy.cfg", text)
        self.process = stage.start(
            program, "-db", "-f", path,
            descriptors=[each.fileno() for each in (self.runtime, *listeners)])

    def command(self, text):
        """Of its runtime socket."""
        return exchange(self.stage.connect(place_of(self.runtime)), f"{text}\n".encode()).decode()


def in_front_of(stage, server, options="", bind="", host="127.0.0.1"):
    """HAProxy before one server; where it listens. No `host`: on a socket in the folder."""
    listener = stage.listener(host) if host else stage.local_listener()
    Proxy(stage, f"""
listen front
    bind fd@{listener.fileno()} {bind}
    server one {server.place.replace("unix:", "unix@")} {options}
""", [listener])
    return place_of(listener)


# ---- who the client is ----

def case_plain(stage):
    """Without a header the client is HAProxy."""
    server = stage.server()
    place = in_front_of(stage, server)
    check_equal(exchange(stage.connect(place, "127.0.0.5")), ANSWER, "the answer")
    server.stop()
    check(server.transcript.startswith("Connected to client: ('127.0.0.1', "), "HAProxy's address")


def real_address(stage, options, local):
    if local:
        server = stage.local_server("--proxy-protocol", "unix")
    else:
        server = stage.server("--proxy-protocol", "127.0.0.1")
    place = in_front_of(stage, server, options)
    client = stage.connect(place, "127.0.0.5")
    name, (host, port) = peer_name(client), client.getsockname()
    check_equal(exchange(client), ANSWER, "the answer")
    server.stop()
    check_equal(server.transcript, served(name), "the transcript")
    check(f" peer={host}:{port}" in server.errors, "the log does not name the client")


def case_send_proxy(stage):
    real_address(stage, "send-proxy", local=False)


def case_send_proxy_local(stage):
    real_address(stage, "send-proxy", local=True)


def case_send_proxy_v2(stage):
    real_address(stage, "send-proxy-v2", local=False)


def case_send_proxy_v2_local(stage):
    real_address(stage, "send-proxy-v2", local=True)


def case_send_proxy_v2_crc32c(stage):
    """With the checksum that proves it whole."""
    real_address(stage, "send-proxy-v2 proxy-v2-options crc32c", local=False)


def ipv6(stage, options):
    server = stage.server("--proxy-protocol", "127.0.0.1")
    place = in_front_of(stage, server, options, host="::1")
    client = stage.connect(place)
    name = peer_name(client)
    check_equal(exchange(client), ANSWER, "the answer")
    server.stop()
    check_equal(server.transcript, served(name), "the transcript")


def case_ipv6_send_proxy(stage):
    ipv6(stage, "send-proxy")


def case_ipv6_send_proxy_v2(stage):
    ipv6(stage, "send-proxy-v2")


def case_local_client_send_proxy(stage):
    """One that comes by a local socket has no address: the header says UNKNOWN, and the client is
    HAProxy."""
    server = stage.local_server("--proxy-protocol", "unix")
    place = in_front_of(stage, server, "send-proxy", host=None)
    check_equal(exchange(stage.connect(place)), ANSWER, "the answer")
    server.stop()
    check_equal(server.transcript, served("''"), "the transcript")


def case_local_client_send_proxy_v2(stage):
    """Version 2 says LOCAL for such a one, as for HAProxy's own checks, which prove nothing: who
    sends data behind that is refused."""
    server = stage.local_server("--proxy-protocol", "unix")
    place = in_front_of(stage, server, "send-proxy-v2", host=None)
    check(is_cut_off(stage.connect(place)), "it was let in")
    server.wait_text(" INFO refuse .*reason=proxy_header detail=.*LOCAL")


def case_max_per_ip(stage):
    """The limit counts the addresses of the headers; a place is free again when one ends."""
    server = stage.server("--mode", "echo", "--max-per-ip", "2", "--proxy-protocol", "127.0.0.1")
    place = in_front_of(stage, server, "send-proxy-v2")

    def enter(source):
        client = stage.connect(place, source)
        client.sendall(b"x")
        return client

    first, second = enter("127.0.0.5"), enter("127.0.0.5")
    check_equal(first.recv(9) + second.recv(9), b"xx", "the echo")
    check(is_cut_off(stage.connect(place, "127.0.0.5")), "a third of the same address got in")
    check_equal(enter("127.0.0.6").recv(9), b"x", "the echo for another address")
    first.close()
    server.wait_text("DEBUG close ", 2)
    check_equal(enter("127.0.0.5").recv(9), b"x", "the echo after one has left")
    server.wait_text(r" INFO refuse .*peer=127\.0\.0\.5:\d+ reason=max_per_ip")


def case_deny(stage):
    server = stage.server("--deny", "127.0.0.5", "--proxy-protocol", "127.0.0.1")
    place = in_front_of(stage, server, "send-proxy-v2")
    check(is_cut_off(stage.connect(place, "127.0.0.5")), "one that is denied got in")
    check_equal(exchange(stage.connect(place, "127.0.0.6")), ANSWER, "the answer for another")
    server.wait_text(r" INFO refuse .*peer=127\.0\.0\.5:\d+ reason=denied")


# ---- health checks ----

def health_checks(stage, options):
    """They are no clients: no transcript, not counted by --once, at debug in the log alone."""
    server = stage.server("--once", "--proxy-protocol", "127.0.0.1")
    place = in_front_of(stage, server, f"{options} check inter 50ms")
    server.wait_text(" DEBUG health_check ", 3)
    check("Connected" not in server.output, "a check is in the transcript")
    client = stage.connect(place, "127.0.0.5")
    name = peer_name(client)
    check_equal(exchange(client), ANSWER, "the answer")
    client.close()
    server.wait()
    check_equal(server.transcript, served(name), "the transcript")
    check("malformed=0" in server.errors, "a check was taken for a malformed header")


def case_check_send_proxy(stage):
    health_checks(stage, "send-proxy")


def case_check_send_proxy_v2(stage):
    health_checks(stage, "send-proxy-v2")


def case_check_with_certificates(stage):
    """What HAProxy's check says of itself, LOCAL, needs no certificate."""
    server = stage.server("--proxy-protocol", "127.0.0.1", "--require-client-cert")
    in_front_of(stage, server, "send-proxy-v2-ssl-cn check inter 50ms")
    server.wait_text(" DEBUG health_check ", 3)
    server.stop()
    check_equal(server.transcript, "", "the transcript")
    check("uncertified=0" in server.errors, "a check was refused for its certificate")


# ---- client certificates ----

class Gate:
    """The server behind HAProxy, which ends TLS and tells it of the client's certificate."""

    def __init__(self, stage, option="--require-client-cert=operator", tls=True, header=""):
        self.authority = Authority(stage)
        self.server = stage.server("--proxy-protocol", "127.0.0.1", option)
        bind = (f"ssl crt {self.authority.server} ca-file {self.authority.path} "
                "verify optional crt-ignore-err all ca-ignore-err all") if tls else ""
        self.stage = stage
        self.place = in_front_of(stage, self.server, f"send-proxy-v2-ssl-cn {header}", bind)

    def connect(self, certificate=None):
        return self.authority.connect(self.place, certificate)

    def connect_with(self, context, session=None):
        return tls_client(context, self.stage.connect(self.place, "127.0.0.5"), session)

    def expect_refusal(self, client, detail):
        check(is_cut_off(client), "it was let in")
        self.server.wait_text(f' INFO refuse .*reason=certificate detail="{detail}')
        self.server.stop()
        check_equal(self.server.transcript, "", "the transcript")


def case_certificate(stage):
    gate = Gate(stage)
    client = gate.connect(gate.authority.issue("operator"))
    name = peer_name(client)
    check_equal(exchange(client), ANSWER, "the answer")
    gate.server.stop()
    check_equal(gate.server.transcript, served(name), "the transcript")


def case_certificate_among_all(stage):
    """Every TLV that HAProxy can add is there, before and behind the one that counts, and the
    checksum over all of them."""
    gate = Gate(stage, header="proxy-v2-options crc32c,unique-id,authority,ssl-cipher,cert-key,"
                "cert-sig\n    unique-id-format %[uuid]")
    client = gate.connect(gate.authority.issue("operator"))
    check_equal(exchange(client), ANSWER, "the answer")
    gate.server.stop()
    received = gate.server.wait_text(r" INFO totals .* received=(\d+) ")
    check(int(received[1]) > 165, f"HAProxy has sent less: {received[1]} bytes with the message")


def case_certificate_any_name(stage):
    gate = Gate(stage, "--require-client-cert")
    check_equal(exchange(gate.connect(gate.authority.issue("visitor"))), ANSWER, "the answer")


def case_certificate_other_name(stage):
    gate = Gate(stage)
    gate.expect_refusal(gate.connect(gate.authority.issue("operators")), "the common name")


def certificate_resumed(stage, version):
    """The handshake shows no certificate again: it is the one of the first."""
    gate = Gate(stage)
    context = tls_context(gate.authority, gate.authority.issue("operator"), version)
    first = gate.connect_with(context)
    first.sendall(b"hello")
    check_equal(receive_all(first), ANSWER, "the answer")
    second = gate.connect_with(context, first.session)
    check(second.session_reused, "the session was not resumed")
    check_equal(exchange(second), ANSWER, "the answer in the resumed session")


def case_certificate_resumed(stage):
    certificate_resumed(stage, ssl.TLSVersion.TLSv1_2)


def case_certificate_resumed_tls13(stage):
    certificate_resumed(stage, ssl.TLSVersion.TLSv1_3)


def case_certificate_missing(stage):
    gate = Gate(stage)
    gate.expect_refusal(gate.connect(), "the client has shown no certificate")


def case_certificate_without_tls(stage):
    gate = Gate(stage, tls=False)
    gate.expect_refusal(stage.connect(gate.place), "the proxy was not reached by TLS")


def case_certificate_untrusted(stage):
    """HAProxy lets it in, told to ignore the error, and says so in its header."""
    gate = Gate(stage)
    stranger = Authority(stage).issue("operator")
    gate.expect_refusal(gate.connect(stranger), "the proxy has not verified")


# ---- restarts ----

RESTARTS = 20       # of each server


class Pair:
    """Two servers behind one HAProxy, under load."""

    def __init__(self, stage):
        self.stage = stage
        self.ports = [stage.held_port(), stage.held_port()]
        self.servers = [self.start(0), self.start(1)]
        listener = stage.listener()
        # One thread: what a command says holds for every connection from its answer on.
        self.proxy = Proxy(stage, f"""
global
    nbthread 1
listen front
    bind fd@{listener.fileno()}
    balance roundrobin
    option redispatch 1
    retries 3
    server server0 127.0.0.1:{self.ports[0]}
    server server1 127.0.0.1:{self.ports[1]}
""", [listener])
        self.load = Load(lambda: exchange(stage.connect(place_of(listener))))
        self.load.wait_requests(10)

    def start(self, index):
        return self.stage.server(address=f"127.0.0.1:{self.ports[index]}", log="-v")

    def set_state(self, index, state):
        check_equal(self.proxy.command(f"set server front/server{index} state {state}").strip(), "",
                    "what HAProxy says")

    def restart(self, index):
        self.servers[index].stop()
        self.servers[index] = self.start(index)

    def wait_served(self, index):
        """By the new one as well."""
        self.servers[index].wait_text(" INFO answer ", 10)


def case_rolling_restart(stage):
    """HAProxy gives a server no more clients before it is stopped, and it lets those finish that it
    has: not one request fails."""
    pair = Pair(stage)
    for _ in range(RESTARTS):
        for index in range(2):
            pair.set_state(index, "drain")
            pair.restart(index)
            pair.set_state(index, "ready")
            pair.wait_served(index)
    count, lost = pair.load.stop()
    check(count >= 200, f"{count} requests are no load")
    check_equal(lost, 0, "requests lost")


def case_rolling_restart_undrained(stage):
    """HAProxy is not told. What can be lost is what the kernel completes for a listener between its
    last accept and its close: less than one request in a restart."""
    pair = Pair(stage)
    for _ in range(RESTARTS):
        for index in range(2):
            pair.restart(index)
            pair.load.wait_requests(1)
            pair.wait_served(index)
    count, lost = pair.load.stop()
    check(count >= 200, f"{count} requests are no load")
    check(lost < 2 * RESTARTS, f"{lost} requests were lost in {2 * RESTARTS} restarts")


# ---- load ----

def case_load(stage):
    """As many answers through it as the client asked for, each of them whole."""
    server = stage.server("--proxy-protocol", "127.0.0.1", log="-v")
    place = in_front_of(stage, server, "send-proxy-v2")
    client = stage.client("--bench", "-c", "32", "-d", "1s", place)
    requests = client.wait_text(r"^requests (\d+) .* errors 0 ")
    check(int(requests[1]) >= 100, f"{requests[1]} requests are no load")
    server.stop()
    answered = server.wait_text(r" INFO totals .* answered=(\d+) .* errors=0 .* malformed=0 ")
    check(int(answered[1]) >= int(requests[1]), "fewer were answered than counted")


# ---- the client through it ----

class Relay:
    """To any server."""

    def __init__(self, stage):
        self.stage = stage

    def __call__(self, place):
        listener = self.stage.listener()
        Proxy(self.stage, f"""
listen front
    bind fd@{listener.fileno()}
    server one {place}
""", [listener])
        return place_of(listener)


def case_relays(stage):
    through(stage, Relay(stage), ends_pass=True)


def case_bulk(stage):
    bulk(stage, Relay(stage))


def case_waits_for_the_server_behind(stage):
    """HAProxy takes every connection, also while there is no server: what tells is the answer."""
    port = stage.held_port()
    place = Relay(stage)(f"127.0.0.1:{port}")
    stage.client("-z", place)
    client = stage.start(stage.programs / "client", "-v", "--wait", "15s", "--expect",
                         ANSWER.decode(), place)
    client.wait_text(" INFO connect ", 2)
    stage.server(address=f"127.0.0.1:{port}")
    client.wait()


def case_probe(stage):
    """It is a health check to the server behind as well."""
    server = stage.server("--once")
    place = Relay(stage)(server.place)
    stage.client("-z", place)
    server.wait_text(" DEBUG health_check ")
    check_equal(exchange(stage.connect(place)), ANSWER, "the answer")
    server.wait()
