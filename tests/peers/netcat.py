"""netcat of OpenBSD: a client of the server, and a server of the client."""
import netcats
import visits


def command(stage, *options):
    return [stage.need("nc.openbsd", "netcat-openbsd"), *options, "{host}", "{port}"]


def case_visits_greet(stage):
    """Without -N it keeps its side open: the server's end is what ends it."""
    visits.greet(stage, command(stage))


def case_visits_greet_half_close(stage):
    visits.greet(stage, command(stage, "-N"))


def case_visits_greet_download(stage):
    visits.download(stage, command(stage, "-N"))


def case_visits_echo(stage):
    visits.echo(stage, command(stage, "-N"))


def case_visits_discard(stage):
    visits.discard(stage, command(stage, "-N"))


# ---- a server of the client ----

def listener(stage, *options):
    return [stage.need("nc.openbsd", "netcat-openbsd"), *options, "-v", "-l", "-U"]


def case_is_given_the_answer(stage):
    netcats.is_given_the_answer(stage, *listener(stage))


def case_is_given_the_answer_half_close(stage):
    """With -N it ends its side behind the answer."""
    netcats.is_given_the_answer(stage, *listener(stage, "-N"))


def case_is_given_the_answer_never(stage):
    """Its end is enough."""
    netcats.is_given_the_answer(stage, *listener(stage, "-N"), options=["--half-close", "never"])


def case_types_the_answer(stage):
    netcats.types_the_answer(stage, *listener(stage))


def case_drops_the_answer(stage):
    netcats.drops_the_answer(stage, *listener(stage))
