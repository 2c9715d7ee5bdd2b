"""netcat of OpenBSD: a client of the server, and a server of the client."""
import visits


def command(stage, *options):
    return [stage.need("nc.openbsd", "netcat-openbsd"), *options, "{host}", "{port}"]


def case_visits_greet(stage):
    """Without -N it keeps its side open: the server's end is what ends it."""
    visits.greet(stage, command(stage))


def case_visits_greet_half_close(stage):
    visits.greet(stage, command(stage, "-N"))


def case_visits_echo(stage):
    visits.echo(stage, command(stage, "-N"))


def case_visits_discard(stage):
    visits.discard(stage, command(stage, "-N"))
