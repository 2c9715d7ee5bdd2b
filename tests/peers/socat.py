"""socat: a client of the server, a relay, and a server of the client."""
import visits
from driver import check_equal
from exchanges import Answerer, bulk, client_gets, client_loses, through


def command(stage):
    return [stage.need("socat"), "-t", "10", "-", "TCP4:{host}:{port}"]


def case_visits_greet(stage):
    visits.greet(stage, command(stage))


def case_visits_greet_open(stage):
    """Its input is still open when the answer comes."""
    visits.greet(stage, command(stage), end=False)


def case_visits_greet_download(stage):
    visits.download(stage, command(stage))


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
    check_equal(client.kept["output"], b"hello", "the echo")


# ---- the client through it ----

class Relay:
    """To any server, for any number of clients. It waits that many seconds for the rest when one
    side has ended."""

    def __init__(self, stage, patience="10"):
        self.stage = stage
        self.patience = patience
        self.process = None

    def __call__(self, place, mode=",fork"):
        path = self.stage.new_path("socket")
        self.process = self.stage.start(
            self.stage.need("socat"), "-d", "-d", "-t", self.patience,
            f"UNIX-LISTEN:{path},backlog=64{mode}", f"TCP4:{place}")
        self.process.wait_text("listening on ")
        return f"unix:{path}"


def case_relays(stage):
    through(stage, Relay(stage), ends_pass=True)


def case_relays_impatient(stage):
    """By itself it waits half a second for the answer to a client that has ended its side."""
    answerer = Answerer(stage, "held")
    relay = Relay(stage, "0.5")
    client_loses(stage, relay(answerer.place, mode=""), "--half-close", "now")
    relay.process.wait()
    answerer.release.set()


def case_bulk(stage):
    bulk(stage, Relay(stage))


# ---- a server of the client ----

def case_answers(stage):
    """What it is given goes to the client, whose end it waits for."""
    path = stage.new_path("socket")
    socat = stage.start(stage.need("socat"), "-d", "-d", f"UNIX-LISTEN:{path}", "-")
    socat.wait_text("listening on ")
    socat.send(b"answer")
    socat.end_input()
    client_gets(stage, f"unix:{path}", answer="answer")
    socat.wait()
    check_equal(socat.output, "hello", "what it has received")
