/* What every peer in C has. */
#include "peer.h"
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

const char peer_greeting[PEER_GREETING_SIZE + 1] = "Hello from the server!!!";

void peer_fail(const char *what)
{
    perror(what);
    exit(1);
}

bool peer_greets(int argc, char **argv)
{
    bool greets = argc == 2 && strcmp(argv[1], "greet") == 0;
    if (!greets && (argc != 2 || strcmp(argv[1], "echo") != 0)) {
        (void)fprintf(stderr, "usage: %s echo|greet\n", argv[0]);
        exit(2);
    }
    return greets;
}

void peer_say_port(const char *name, unsigned port)
{
    printf("%s port %u\n", name, port);
    if (fflush(stdout) != 0) {
        peer_fail("stdout");
    }
}

int peer_listen(const char *name)
{
    int descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t size = sizeof address;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (descriptor < 0 || bind(descriptor, (struct sockaddr *)&address, sizeof address) != 0 ||
        listen(descriptor, PEER_BACKLOG) != 0 ||
        getsockname(descriptor, (struct sockaddr *)&address, &size) != 0) {
        peer_fail("listen");
    }
    peer_say_port(name, ntohs(address.sin_port));
    return descriptor;
}

void peer_no_delay(int descriptor)
{
    int on = 1;
    if (setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) != 0) {
        peer_fail("TCP_NODELAY");
    }
}
