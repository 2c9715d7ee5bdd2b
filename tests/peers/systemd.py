"""The server started by systemd's socket activation, and as a supervisor leaves its listeners."""
import signal
import socket

from driver import (ANSWER, Load, check, check_equal, exchange, peer_name, place_of,
                    served)


class Supervisor:
    """systemd-socket-activate, which starts the server for the first client."""

    def __init__(self, stage, places, arguments=(), notify=True):
        """`places` is what it listens on."""
        program = stage.need("systemd-socket-activate", "systemd")
        self.notices = stage.keep(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM))
        path = stage.new_path("notify")
        self.notices.bind(str(path))
        listens = [part for place in places for part in ("-l", place)]
        settings = ["-E", f"NOTIFY_SOCKET={path}"] if notify else []
        self.process = stage.start(program, *listens, *settings, stage.programs / "server", "-vv",
                                   *arguments)
        self.process.wait_text("^Listening on ", len(places))

    def stop(self):
        """The program has become the server: it is the same process."""
        self.process.stop()
        return self.process.output.partition("connections...\n")[2]

    def notice(self):
        return self.notices.recv(4096).decode()


def case_activated(stage):
    """The first client is there before the server; READY and STOPPING are told."""
    port = stage.held_port()
    supervisor = Supervisor(stage, [f"127.0.0.1:{port}"])
    client = stage.connect(f"127.0.0.1:{port}")
    name = peer_name(client)
    check_equal(exchange(client), ANSWER, "the answer")
    check_equal(supervisor.notice(), "READY=1", "the first notice")
    second = stage.connect(f"127.0.0.1:{port}")
    second_name = peer_name(second)
    check_equal(exchange(second), ANSWER, "the second answer")
    check_equal(supervisor.stop(), served(name) + served(second_name), "the transcript")
    check_equal(supervisor.notice(), "STOPPING=1", "the last notice")


def case_two_listeners(stage):
    """Descriptors 3 and 4: a port and a local socket."""
    port, path = stage.held_port(), stage.new_path("socket")
    supervisor = Supervisor(stage, [f"127.0.0.1:{port}", str(path)], ["--mode", "echo"])
    check_equal(exchange_echo(stage.connect(f"unix:{path}")), b"hello", "the local echo")
    check_equal(exchange_echo(stage.connect(f"127.0.0.1:{port}")), b"hello", "the echo")
    supervisor.process.wait_text(" INFO listen ", 2)
    supervisor.stop()


def exchange_echo(client):
    with client:
        client.sendall(b"hello")
        client.shutdown(socket.SHUT_WR)
        return client.recv(64)


def case_without_notices(stage):
    """It strips the environment: the server tells nobody, and serves."""
    path = stage.new_path("socket")
    supervisor = Supervisor(stage, [str(path)], notify=False)
    check_equal(exchange(stage.connect(f"unix:{path}")), ANSWER, "the answer")
    check_equal(supervisor.stop(), served("''"), "the transcript")


def case_address_beside_listeners(stage):
    """Two that both say where to listen are a mistake, and the message says so."""
    path = stage.new_path("socket")
    supervisor = Supervisor(stage, [str(path)], ["127.0.0.1:0"])
    with stage.connect(f"unix:{path}"):
        supervisor.process.wait(2)
    check("127.0.0.1:0" in supervisor.process.errors, "the message does not name the address")


def case_connection_in_place_of_a_listener(stage):
    """As with Accept=yes in a unit: the message says that it must listen."""
    path = stage.new_path("socket")
    process = stage.start(stage.need("systemd-socket-activate", "systemd"), "--accept", "-l", path,
                          stage.programs / "server")
    process.wait_text("^Listening on ")
    with stage.connect(f"unix:{path}"):
        process.wait_text("cannot listen on the inherited descriptor 3: .*listens")


def case_once(stage):
    path = stage.new_path("socket")
    supervisor = Supervisor(stage, [str(path)], ["--once"])
    check_equal(exchange(stage.connect(f"unix:{path}")), ANSWER, "the answer")
    supervisor.process.wait()


def case_restart(stage):
    """The supervisor keeps the listener and starts the next server before it stops the last one:
    not one request fails."""
    restarts = 10
    listener = stage.listener()
    server = stage.server(inherited=[listener], log="-v")
    load = Load(lambda: exchange(stage.connect(place_of(listener))))
    load.wait_requests(10)
    for _ in range(restarts):
        last, server = server, stage.server(inherited=[listener], log="-v")
        last.stop()
        server.wait_text(" INFO answer ", 10)
    count, lost = load.stop()
    check(count >= 200, f"{count} requests are no load")
    check_equal(lost, 0, "requests lost")


def case_restart_with_a_gap(stage):
    """The last one has ended before the next one starts: clients wait at the listener meanwhile."""
    listener = stage.listener()
    load = Load(lambda: exchange(stage.connect(place_of(listener))))
    for _ in range(20):
        server = stage.server(inherited=[listener], log="-v")
        server.wait_text(" INFO answer ", 10)
        server.stop()
    server = stage.server(inherited=[listener])
    load.wait_requests(1)
    count, lost = load.stop()
    check(count >= 200, f"{count} requests are no load")
    check_equal(lost, 0, "requests lost")


def case_reload(stage):
    """SIGHUP means the log to one that is supervised."""
    path = stage.new_path("socket")
    supervisor = Supervisor(stage, [str(path)])
    check_equal(exchange(stage.connect(f"unix:{path}")), ANSWER, "the answer")
    supervisor.process.signal(signal.SIGHUP)
    check_equal(exchange(stage.connect(f"unix:{path}")), ANSWER, "the answer after SIGHUP")
    supervisor.stop()
