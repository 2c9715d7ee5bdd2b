"""What both netcats do as servers of our client: they answer what is typed, and go, with what would
still have been typed, when the client ends its side."""
from driver import check_equal
from exchanges import MESSAGE, check_lost, client_gets


def listen(stage, *command):
    """On a socket in the folder, whose path follows the command."""
    path = stage.new_path("socket")
    netcat = stage.start(*command, path)
    netcat.wait_text("^(Ncat: )?Listening on ")
    return netcat, f"unix:{path}"


def start_client(stage, place, *options):
    client = stage.start(stage.programs / "client", "-m", MESSAGE, *options, place)
    client.end_input()
    return client


def is_given_the_answer(stage, *command, options=()):
    """It has it from the start, and its input ends with it."""
    netcat, place = listen(stage, *command)
    netcat.send(b"answer")
    netcat.end_input()
    client_gets(stage, place, *options, answer="answer")
    netcat.wait()
    check_equal(netcat.output, MESSAGE, "what it has received")


def types_the_answer(stage, *command):
    """Once it has shown the message; then its input stays open, and the client's pause ends it."""
    netcat, place = listen(stage, *command)
    client = start_client(stage, place)
    netcat.wait_text(MESSAGE)
    netcat.send(b"answer")
    client.wait()
    check_equal(client.output.splitlines()[-1], "Server's response: answer", "the response")
    netcat.end_input()
    netcat.wait()


def drops_the_answer(stage, *command):
    """The client has ended its side before anybody could type."""
    netcat, place = listen(stage, *command)
    client = start_client(stage, place, "--half-close", "now")
    client.wait(1)
    check_lost(client)
    netcat.wait()
    check_equal(netcat.output, MESSAGE, "what it has received")
