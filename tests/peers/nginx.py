"""nginx's stream module: in front of the server, and as the server of the client."""
import os
import socket

from driver import (ANSWER, Skipped, check, check_equal, exchange, peer_name, place_of, receive_all,
                    served)
from exchanges import through

MODULE = "/usr/lib/nginx/modules/ngx_stream_module.so"


def in_front_of(stage, place, *settings):
    """nginx, before one server; where it listens. It takes the listener as it does from the nginx
    that it replaces."""
    program = stage.need("nginx")
    if not os.path.exists(MODULE):
        raise Skipped("there is no stream module of nginx (package libnginx-mod-stream)")
    listener = stage.listener()
    lines = "".join(f"        {setting};\n" for setting in settings)
    path = stage.write("nginx.conf", f"""
load_module {MODULE};
daemon off;
worker_processes 1;
user root;
pid {stage.new_path("pid")};
error_log stderr info;
events {{}}
stream {{
    server {{
        listen {place_of(listener)};
        proxy_pass {place};
{lines}    }}
}}
""")
    stage.start(program, "-e", "stderr", "-p", stage.folder, "-c", path,
                descriptors=[listener.fileno()], environment={"NGINX": f"{listener.fileno()};"})
    return place_of(listener)


def finish_first(client):
    """One that ends its side before the answer comes."""
    with client:
        client.sendall(b"hello")
        client.shutdown(socket.SHUT_WR)
        return receive_all(client)


# ---- in front of the server ----

def greets(stage, *settings):
    server = stage.server()
    place = in_front_of(stage, server.place, *settings)
    check_equal(exchange(stage.connect(place)), ANSWER, "the answer")
    server.stop()


def case_greets(stage):
    greets(stage)


def case_greets_half_close(stage):
    greets(stage, "proxy_half_close on")


def case_greets_one_that_has_finished(stage):
    """The end of the client's side reaches the server, whose answer comes nevertheless."""
    server = stage.local_server()
    place = in_front_of(stage, server.place, "proxy_half_close on")
    for _ in range(20):
        check_equal(finish_first(stage.connect(place)), ANSWER, "the answer")
    server.stop()


def case_echoes(stage):
    """More than any buffer on the way holds, and the end of it comes through both ways."""
    server = stage.server("--mode", "echo")
    place = in_front_of(stage, server.place, "proxy_half_close on")
    with stage.connect(place) as client:
        sent = os.urandom(4 << 20)
        received = b""
        for at in range(0, len(sent), 1 << 15):
            client.sendall(sent[at:at + (1 << 15)])
            while len(received) < at:
                received += client.recv(1 << 16)
        client.shutdown(socket.SHUT_WR)
        received += receive_all(client)
    check(received == sent, "other bytes came back")
    server.stop()


def case_proxy_protocol(stage):
    server = stage.server("--proxy-protocol", "127.0.0.1")
    place = in_front_of(stage, server.place, "proxy_protocol on")
    client = stage.connect(place, "127.0.0.5")
    name = peer_name(client)
    check_equal(exchange(client), ANSWER, "the answer")
    server.stop()
    check_equal(server.transcript, served(name), "the transcript")


# ---- the client through it ----

def case_relays(stage):
    """By itself it takes an end of one side for the end of both."""
    through(stage, lambda place: in_front_of(stage, place), ends_pass=False)


def case_relays_half_close(stage):
    through(stage, lambda place: in_front_of(stage, place, "proxy_half_close on"), ends_pass=True)
