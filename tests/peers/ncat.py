"""Ncat, of Nmap: a client of the server, and a server of the client."""
import visits


def command(stage, *options):
    return [stage.need("ncat"), *options, "{host}", "{port}"]


def case_visits_greet(stage):
    visits.greet(stage, command(stage))


def case_visits_greet_open(stage):
    """Its input is still open when the answer comes."""
    visits.greet(stage, command(stage), end=False)


def case_visits_echo(stage):
    visits.echo(stage, command(stage))


def case_visits_discard(stage):
    visits.discard(stage, command(stage))
