/* A real client in the simulation: the client's modules, many of them on one loop. */
#ifndef SIMULATION_REAL_CLIENT_H
#define SIMULATION_REAL_CLIENT_H
#include <stdbool.h>
#include <stdint.h>
#include "client/client.h"
#include "client/options.h"
#include "command_line.h"
#include "common/console.h"
#include "fake_sink.h"
#include "fake_source.h"
#include "odd_client.h"
#include "scenario.h"

enum real_expectation {
    REAL_ANY,
    REAL_RIGHT,             /* --expect the answer that the server gives, */
    REAL_WRONG              /* or another */
};

struct real_plan {
    const char *place;      /* where to, */
    const char *other_place;    /* and before that, where nobody is; NULL: nowhere else */
    int64_t begin;
    uint32_t message_size;
    int64_t timeout;        /* in milliseconds, as those that follow; 0: none */
    int64_t connect_timeout;
    int64_t wait;           /* 0: it does not */
    bool quiet;
    bool verbose;
    bool probe;
    bool fed;               /* an input, piece by piece, in place of the message; */
    bool fed_fails;         /* its end cannot be read */
    bool to_file;           /* the response's bytes go to a file */
    enum half_close half_close;
    enum real_expectation expectation;
    int64_t stop;           /* when it is asked to stop; 0: it is not */
    int64_t crowded;        /* when its output has no room, 0: it always has, */
    int64_t open_again;     /* and when there is some again; 0: it breaks instead */
    bool polite;            /* a server that has no cause to refuse it answers it whole */
};

struct real_client {
    struct odd_world *world;
    struct real_plan plan;
    uint32_t number;
    struct tenon_loop *loop;
    struct tenon_timer beginning;
    struct command_line line;
    char *message;          /* with a zero */
    struct fake_sink sink;
    struct fake_sink file;  /* of -o */
    struct fake_source source;
    struct console console;
    struct client_options options;
    struct source_text text;
    struct client *client;  /* NULL: not begun, or over */
    struct tenon_message stop_asked;
    struct tenon_address local;
    int64_t began_at;
    int64_t connected_at;   /* 0: never, or it did not say */
    int64_t over_at;
    int64_t stopped_at;     /* 0: not asked to stop */
    bool begun;
    bool over;
    bool dead;              /* its host died */
    int code;
    uint32_t blocks;        /* of the server's transcript that are about it */
};

/* Plans it: it begins by itself when its time has come. */
void real_client_plan(struct real_client *client, struct odd_world *world, uint32_t number,
                      struct tenon_loop *loop, const struct real_plan *plan);

/* From outside every turn: it is asked to stop; its output changes. */
void real_client_stop(void *client);
void real_client_crowd(void *client);
void real_client_uncrowd(void *client);

/* Between two turns: ends it when it is over, and checks how it ended. */
void real_client_look(struct real_client *client);

void real_client_bury(struct real_client *client);

/* Behind the run: frees what it kept to be looked at. */
void real_client_free(struct real_client *client);

/* It got an answer, whole. */
bool real_client_is_answered(const struct real_client *client);

#endif
