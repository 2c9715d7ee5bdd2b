"""Ncat, of Nmap: a client of the server, and a server of the client."""
import netcats
import visits
from exchanges import MESSAGE, client_gets, client_loses


def command(stage, *options):
    return [stage.need("ncat"), *options, "{host}", "{port}"]


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


# ---- a server of the client ----

def listener(stage, *options):
    return [stage.need("ncat"), "-v", *options, "-l", "-U"]


def case_is_given_the_answer(stage):
    netcats.is_given_the_answer(stage, *listener(stage))


def case_is_given_the_answer_never(stage):
    """Its end is enough."""
    netcats.is_given_the_answer(stage, *listener(stage), options=["--half-close", "never"])


def case_types_the_answer(stage):
    netcats.types_the_answer(stage, *listener(stage))


def case_drops_the_answer(stage):
    netcats.drops_the_answer(stage, *listener(stage))


def executes(stage, command):
    _, place = netcats.listen(stage, *listener(stage, "--sh-exec", command))
    return place


def case_exec_answers(stage):
    client_gets(stage, executes(stage, f"head -c {len(MESSAGE)} >&2; printf answer"),
                answer="answer")


def case_exec_answers_never(stage):
    """The command's end is enough."""
    client_gets(stage, executes(stage, f"head -c {len(MESSAGE)} >&2; printf answer"),
                "--half-close", "never", answer="answer")


def case_exec_echoes(stage):
    """cat ends when the client's side does: at the pause."""
    client_gets(stage, executes(stage, "cat"), answer=MESSAGE)


def case_exec_drops_the_answer(stage):
    """To a command that waits for the client's end: that is the last that Ncat hands on."""
    client_loses(stage, executes(stage, "cat >&2; printf answer"), "--half-close", "now")
