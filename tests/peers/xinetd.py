"""xinetd's own echo, a server of the client."""
from driver import check
from exchanges import MESSAGE, client_gets


def echo(stage):
    """Where it listens."""
    program = stage.need("xinetd")
    port = stage.held_port()
    path = stage.write("xinetd.conf", f"""
service echo
{{
    type = INTERNAL UNLISTED
    socket_type = stream
    protocol = tcp
    port = {port}
    bind = 127.0.0.1
    wait = no
}}
""")
    xinetd = stage.start(program, "-dontfork", "-f", path, "-pidfile", stage.new_path("pid"),
                         "-filelog", "/dev/stderr")
    xinetd.wait_text("Started working: 1 available service")
    return f"127.0.0.1:{port}"


def case_echoes(stage):
    """By itself the client ends its side when the echo pauses, and so it ends."""
    client_gets(stage, echo(stage), answer=MESSAGE)


def case_echoes_now(stage):
    client_gets(stage, echo(stage), "--half-close", "now", answer=MESSAGE)


def case_echoes_never(stage):
    """Neither side ends: the client says that the answer has no end."""
    client = stage.client("-m", MESSAGE, "--half-close", "never", "-t", "300ms", echo(stage),
                          code=5)
    check(f"Server's response: {MESSAGE}\n" in client.output, "the answer was not shown")
    check("has not ended its answer" in client.errors, "it does not say what it waited for")
