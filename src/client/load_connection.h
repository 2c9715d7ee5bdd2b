/* A connection of the load test, with one request at a time. */
#ifndef CLIENT_LOAD_CONNECTION_H
#define CLIENT_LOAD_CONNECTION_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <tenon/loop.h>
#include <tenon/stream.h>

struct load_worker;

enum load_state {
    LOAD_AT_REST,       /* not connected */
    LOAD_PAUSING,       /* nor for a while: it could not be */
    LOAD_CONNECTING,
    LOAD_OPEN,
    LOAD_ENDING,        /* our side has ended, the server's is to follow */
    LOAD_CLOSING
};

struct load_connection {
    struct load_worker *worker;
    struct tenon_stream stream;
    struct tenon_send send;
    struct tenon_piece piece;
    struct tenon_timer timer;   /* of the request, of a pause, of the server's end */
    enum load_state state;
    bool active;                /* a request is under way */
    bool sent;                  /* and the kernel has all of it */
    bool ramped;                /* it has connected once, or could not */
    bool over;
    int64_t due;                /* from when the request's latency counts */
    int64_t begun;              /* and its timeout */
    uint64_t turn;              /* the place of its next request in the schedule */
    size_t received;            /* of the answer */
    size_t position;            /* `echo`: of the request in the pattern */
    struct tenon_connect connect;
};

/* Does what is to be done now: connects, begins the request that is due, or waits for one. */
void load_connection_proceed(struct load_connection *connection);

/* No request begins any more: it ends once it has none. */
void load_connection_end(struct load_connection *connection);

/* It ends now. */
void load_connection_abort(struct load_connection *connection);

#endif
