/* What every peer in C has: NAME echo|greet. It listens on a free port of 127.0.0.1, prints
 * `NAME port N`, and serves until a signal ends it. `echo` sends back what comes; `greet` answers
 * the first bytes of a connection with a greeting and the end, and closes after the peer's end. */
#ifndef PEER_H
#define PEER_H
#include <stdbool.h>
#include <stddef.h>

enum {
    PEER_BACKLOG = 4096,
    PEER_BUFFER_SIZE = 16 * 1024,
    PEER_GREETING_SIZE = 24
};
extern const char peer_greeting[PEER_GREETING_SIZE + 1];

/* Ends the process. */
void peer_fail(const char *what);

/* True: greet. */
bool peer_greets(int argc, char **argv);

void peer_say_port(const char *name, unsigned port);

/* A listener that does not block; its port has been said. */
int peer_listen(const char *name);

/* Of a connection that sends small answers at once. */
void peer_no_delay(int descriptor);

#endif
