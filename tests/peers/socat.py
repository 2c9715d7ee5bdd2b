"""socat: a client of the server, a relay, and a server of the client."""
import visits


def command(stage):
    return [stage.need("socat"), "-t", "10", "-", "TCP4:{host}:{port}"]


def case_visits_greet(stage):
    visits.greet(stage, command(stage))


def case_visits_greet_open(stage):
    """Its input is still open when the answer comes."""
    visits.greet(stage, command(stage), end=False)


def case_visits_echo(stage):
    visits.echo(stage, command(stage))


def case_visits_discard(stage):
    visits.discard(stage, command(stage))


def case_visits_local_socket(stage):
    server = stage.local_server("--mode", "echo")
    client = stage.start(stage.need("socat"), "-t", "10", "-", f"UNIX-CONNECT:{server.path}")
    client.send(b"hello")
    client.end_input()
    client.wait()
    visits.check_equal(client.kept["output"], b"hello", "the echo")
