"""curl's telnet, a client of the server."""
import visits
from driver import check_equal


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
