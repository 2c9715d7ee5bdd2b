"""curl, a client of the server: telnet, and HTTP."""
import os

import visits
from driver import check, check_equal


def command(stage):
    return [stage.need("curl"), "--no-progress-meter", "--no-buffer", "telnet://{host}:{port}"]


def case_visits_greet(stage):
    visits.greet(stage, command(stage), end=False)


def case_visits_echo(stage):
    """What is typed comes back at once. It never ends its side: it is killed."""
    server = stage.server("--mode", "echo")
    client = visits.visit(stage, server, command(stage), b"hello\n", end=False)
    client.wait_text("^hello$")
    client.send(b"again\n")
    client.wait_text("^again$")
    client.kill()
    server.wait_text(" INFO end conn=1 status=(end|reset)")
    server.stop()
    check_equal(client.output, "hello\nagain\n", "the echo")


def case_visits_discard(stage):
    server = stage.server("--mode", "discard")
    client = visits.visit(stage, server, command(stage), b"hello\n", end=False)
    server.wait_text(" INFO accept ")
    client.kill()
    server.wait_text(" INFO end conn=1")
    server.stop()
    check_equal(client.output, "", "what came back")


# ---- HTTP: what the server sends back may be a whole response ----

def page_server(stage, size):
    body = os.urandom(size)
    page = stage.new_path("page")
    page.write_bytes(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + body)
    return stage.server("-i", page, log="-v"), body


def fetch(stage, server, *options):
    fetched = stage.new_path("fetched")
    stage.run(stage.need("curl"), "--fail", "--silent", "--show-error", "--output", fetched,
              *options, f"http://{server.place}/")
    return fetched.read_bytes()


def case_fetches_a_page(stage):
    """The server's end is the page's end: a reset would be an error, or a page cut short."""
    server, body = page_server(stage, 8 << 20)
    for _ in range(5):
        check(fetch(stage, server) == body, "another page came")


def case_posts_a_form(stage):
    """The answer is there after the first piece of it, and survives the rest."""
    server, body = page_server(stage, 10)
    form = stage.new_path("form")
    form.write_bytes(bytes(256 << 10))
    for _ in range(5):
        check_equal(fetch(stage, server, "-H", "Expect:", "--data-binary", f"@{form}"), body,
                    "the page")
