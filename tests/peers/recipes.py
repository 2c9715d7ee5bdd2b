"""The recipes of the README, run as they stand there: only the places and files that belong to a
machine are replaced, and each of those must be found."""
import configparser
import shlex
import socket

import page
from authority import Authority
from driver import (ANSWER, Load, check, check_equal, exchange, is_cut_off, peer_name, place_of,
                    served)
from page import replace


class Recipe:
    """A section below `Recipes`: its blocks in fences, and its indented lines."""

    def __init__(self, title):
        section = [block for block in page.read() if block.section == title]
        check(section, f"the README has no recipe {title!r}")
        self.blocks = [block.text for block in section if block.kind != "sh"]
        self.lines = [line for block in section if block.kind == "sh"
                      for line in block.text.splitlines()]


def start_server(stage, line, *pairs):
    """A command line of the README. Its last word is where it listens."""
    program, *arguments, address = shlex.split(replace(line, *pairs), comments=True)
    check_equal(program, "server", "the program")
    return stage.server(*arguments, address=address)


def start_haproxy(stage, text, listeners):
    path = stage.write("haproxy.cfg", text)
    return stage.start(stage.need("haproxy"), "-db", "-f", path,
                       descriptors=[each.fileno() for each in listeners])


# ---- TLS ----

def case_haproxy_tls(stage):
    recipe = Recipe("TLS and client certificates, by HAProxy")
    authority = Authority(stage)
    server = start_server(stage, recipe.lines[0], ("127.0.0.1:8000", "127.0.0.1:0"))
    listener = stage.listener()
    start_haproxy(stage, replace(
        recipe.blocks[0], (":8443", f"fd@{listener.fileno()}"),
        ("/etc/haproxy/server.pem", authority.server), ("/etc/haproxy/clients.pem", authority.path),
        ("127.0.0.1:8000", server.place)), [listener])

    place = place_of(listener)
    client = authority.connect(place, authority.issue("operator"))
    name = peer_name(client)
    check_equal(exchange(client), ANSWER, "the answer")
    check(is_cut_off(authority.connect(place, authority.issue("visitor"))), "another name got in")
    server.wait_text(" INFO refuse .*reason=certificate")
    check(is_cut_off(authority.connect(place)), "one without a certificate got in")
    stranger = Authority(stage).issue("operator")
    check(is_cut_off(authority.connect(place, stranger)), "a stranger got in")
    server.wait_text(" DEBUG health_check ")
    server.stop()
    check_equal(server.transcript, served(name), "the transcript")


def case_stunnel_tls(stage):
    recipe = Recipe("TLS by stunnel")
    authority = Authority(stage)
    server = start_server(stage, recipe.lines[0], ("127.0.0.1:8000", "127.0.0.1:0"))
    listener = stage.listener()
    # In front of the first section: what keeps it here, where its service runs by itself.
    text = "foreground = yes\npid =\n" + replace(
        recipe.blocks[0], ("accept = 8443", f"accept = {place_of(listener)}"),
        ("/etc/stunnel/server.pem", authority.server), ("/etc/stunnel/clients.pem", authority.path),
        ("127.0.0.1:8000", server.place))
    command, descriptors = stage.inheriting(
        [listener], [stage.need("stunnel", "stunnel4"), stage.write("stunnel.conf", text)])
    stage.start(*command, descriptors=descriptors)

    place = place_of(listener)
    client = authority.connect(place, authority.issue("operator"))
    name = peer_name(client)
    check_equal(exchange(client), ANSWER, "the answer")
    check(is_cut_off(authority.connect(place)), "one without a certificate got in")
    stranger = Authority(stage).issue("operator")
    check(is_cut_off(authority.connect(place, stranger)), "a stranger got in")
    server.stop()
    check_equal(server.transcript, served(name), "the transcript")


# ---- systemd ----

def read_unit(text):
    unit = configparser.ConfigParser(interpolation=None)
    unit.optionxform = str
    unit.read_string(text)
    return unit


def case_systemd_units(stage):
    """systemd itself has nothing to say against them."""
    socket_text, service_text = Recipe("Under systemd").blocks
    program = stage.need("systemd-analyze", "systemd")
    socket_unit, service_unit = stage.path("tenon.socket"), stage.path("tenon.service")
    socket_unit.write_text(socket_text)
    service_unit.write_text(replace(
        service_text, ("/usr/local/bin/tenon-server", stage.programs / "server")))
    verified = stage.run(program, "verify", socket_unit, service_unit)
    check_equal(verified.output + verified.errors, "", "what it says")


def case_systemd(stage):
    """As the units say it: the port, the command, the notices, the watchdog, the stop."""
    socket_text, service_text = Recipe("Under systemd").blocks
    unit = read_unit(service_text)["Service"]
    port = read_unit(socket_text)["Socket"]["ListenStream"]
    check(port.isdigit(), f"{port} is no port")
    port = str(stage.held_port("::"))
    command = shlex.split(replace(unit["ExecStart"], (
        "/usr/local/bin/tenon-server", stage.programs / "server")))
    notices = stage.keep(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM))
    notices.bind(str(stage.path("notify")))
    check_equal(unit["Type"], "notify", "the type")
    check(unit["WatchdogSec"].endswith("s"), "the watchdog's time")
    process = stage.start(
        stage.need("systemd-socket-activate", "systemd"), "-l", port,
        "-E", f"NOTIFY_SOCKET={stage.path('notify')}", "-E", "WATCHDOG_USEC=200000", *command)
    process.wait_text("^Listening on ")
    client = stage.connect(f"127.0.0.1:{port}")
    name = peer_name(client)
    check_equal(exchange(client), ANSWER, "the answer")
    check_equal([notices.recv(99) for _ in range(3)], [b"READY=1", b"WATCHDOG=1", b"WATCHDOG=1"],
                "the notices")
    process.stop()
    check(served(name) in process.output, "the transcript does not name the client as it does IPv4")


# ---- several machines ----

def case_several_servers(stage):
    """Both serve, and both are restarted by the lines of the recipe while clients come and go."""
    recipe = Recipe("More than one machine")
    shell = stage.need("sh")
    stage.need("socat")
    ports = [stage.held_port(), stage.held_port()]
    listener = stage.listener()
    runtime = stage.path("admin.sock")

    def start(index):
        return start_server(stage, recipe.lines[0], ("10.0.0.10", "127.0.0.1"),
                            (":8000", f"127.0.0.1:{ports[index]}"))

    def tell(line, name):
        said = stage.run(shell, "-c", replace(line, ("tenon/one", f"tenon/{name}"),
                                              ("/run/haproxy/admin.sock", runtime)))
        check_equal(said.output.strip() + said.errors, "", "what HAProxy says")

    servers = [start(0), start(1)]
    start_haproxy(stage, replace(
        recipe.blocks[0], ("/run/haproxy/admin.sock", runtime),
        (":12345", f"fd@{listener.fileno()}"), ("10.0.0.1:8000", f"127.0.0.1:{ports[0]}"),
        ("10.0.0.2:8000", f"127.0.0.1:{ports[1]}")), [listener])
    load = Load(lambda: exchange(stage.connect(place_of(listener), "127.0.0.5")))
    for index, name in enumerate(("one", "two")):
        servers[index].wait_text(r" INFO accept .*peer=127\.0\.0\.5", 10)
        tell(recipe.lines[1], name)
        servers[index].stop()
        servers[index] = start(index)
        tell(recipe.lines[2], name)
        servers[index].wait_text(r" INFO accept .*peer=127\.0\.0\.5", 10)
    count, lost = load.stop()
    check(count >= 100, f"{count} requests are no load")
    check_equal(lost, 0, "requests lost")
