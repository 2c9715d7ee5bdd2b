/* A session: one client's connection, from the accept to the close. */
#ifndef SERVER_SESSION_H
#define SERVER_SESSION_H
#include <stdbool.h>
#include <stdint.h>
#include <tenon/address.h>
#include <tenon/loop.h>
#include <tenon/stream.h>
#include "common/console.h"

struct handover;
struct reserve_entry;
struct worker;

enum session_state {
    SESSION_FREE,
    SESSION_HEADER,    /* the proxy's header is not there yet */
    SESSION_WAITING,   /* the client has sent nothing yet */
    SESSION_ACTIVE,    /* echo, discard: it has */
    SESSION_ANSWERING, /* greet: the answer is with the kernel only in part */
    SESSION_LINGERING, /* greet: answered; what still comes is dropped, as closing on it would reset
                          the answer */
    SESSION_CLOSING,
    SESSION_STATES
};

/* Times are milliseconds since the worker's start; they wrap after 49 days, their differences do
 * not matter that long: NUMBER_HOURS_MAX. */
struct session {
    struct tenon_stream stream;
    struct tenon_timer timer;
    struct worker *worker;
    struct session *next;           /* in the list of free, sending, lingering or waiting ones */
    struct session *previous;
    struct tenon_address peer;
    uint8_t state;                  /* enum session_state */
    bool ended : 1;                 /* the client has finished sending */
    bool queued : 1;                /* for the reserve */
    bool sending : 1;               /* what it sends waits for the client to take it */
    bool counted : 1;               /* in the crowd of its address */
    bool is_local : 1;              /* a proxy's own connection, which has nothing to say */
    union {
        struct {
            struct reserve_entry *header;   /* what has come of it; NULL: nothing */
        } begin;                            /* SESSION_HEADER */
        struct {
            uint32_t lingers_ms;            /* when lingering began */
            uint32_t dropped;               /* bytes, while answering and lingering */
        } after;
    };
    uint32_t number;
    uint32_t active_ms;             /* the last byte, either way */
};

struct session_list {
    struct session *first;
    struct session *last;
};

void session_list_append(struct session_list *list, struct session *session);
void session_list_remove(struct session_list *list, struct session *session);

/* Serves a socket. False: it could not be attached; it is closed and the session is free. */
bool session_open(struct session *session, struct worker *worker,
                  const struct handover *handover);

/* The next state; the worker counts the sessions in each. */
void session_set_state(struct session *session, enum session_state state);

/* An event that concerns it; status may be NULL. */
void session_log(const struct session *session, enum console_level level, const char *name,
                 const enum tenon_status *status);

/* Bytes went either way: they are counted, and shown with -x. */
void session_received(struct session *session, const void *data, size_t size);
void session_sent(struct session *session, const void *data, size_t size);

/* A byte went either way. */
void session_touch(struct session *session);

/* A send of the reserve is in flight, begun by bytes that went just now; and it is over. */
void session_send_begins(struct session *session);
void session_send_ends(struct session *session);

/* How long until it has taken none of its send for so long that others may have its place; and ends
 * it for them where that time has come. */
int64_t session_time_until_stuck(const struct session *session);
bool session_end_if_stuck(struct session *session);

/* The proxy's header is there: the client's own time begins. */
void session_wait(struct session *session);

/* The answer has been handed over: what comes now is dropped. */
void session_linger(struct session *session);

/* Ends it: ABORT resets, GRACEFUL sends all and then FIN without waiting for the client's. Closing
 * again is legal. */
void session_close(struct session *session, enum tenon_close_mode mode);

/* The client has ended, or the connection has failed. */
void session_over(struct session *session, enum tenon_status status);

/* The server stops: the limits are other ones from now on. And its time is over: true, where that
 * cuts the client off. */
void session_stop(struct session *session);
bool session_cut(struct session *session);

#endif
