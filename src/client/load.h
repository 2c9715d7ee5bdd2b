/* The load test: requests of many connections to one server, and how long their answers took. It
 * runs in its loop's turns, and on threads of its own where it has several workers. */
#ifndef CLIENT_LOAD_H
#define CLIENT_LOAD_H
#include <stdbool.h>
#include <stdint.h>
#include <tenon/address.h>
#include <tenon/loop.h>
#include <tenon/process.h>
#include "client/load_report.h"
#include "client/load_worker.h"
#include "client/options.h"
#include "common/console.h"
#include "common/place.h"

struct load {
    struct console *console;
    struct tenon_loop *loop;
    const struct load_options *options;
    char target[PLACE_TEXT_MAX];
    char host[PLACE_TEXT_MAX];
    char *pattern;                      /* of `echo`, else NULL */
    struct load_request request;
    struct load_connection *connections;
    struct load_worker *workers;        /* the first is on this loop */
    struct load_view *view;             /* of one of them, while it is looked at */
    struct load_result result;
    struct load_progress progress;
    struct tenon_message changed;
    uint32_t started;                   /* workers */
    bool begun;                         /* and not closed */
    bool over;
    int code;
};

/* Begins it, against what `place` of the options has turned out to be: `peer`. The struct is zeroed
 * before; the options and the console stay the caller's, unchanged until the end. EXIT_CODE_NONE,
 * or the code to exit with; then all is said and there is nothing to close. */
int load_open(struct load *load, struct tenon_loop *loop, const struct client_options *options,
              const struct place *place, const struct tenon_address *peer,
              struct console *console);

/* Ends it at once: what there is so far is its result. */
void load_stop(struct load *load, enum tenon_request stop);

/* One turn of the loop, in place of tenon_loop_turn. False: it is over. */
bool load_turn(struct load *load);

/* Once it is over: takes the progress line away. Then says the result; the exit code. */
void load_clear(struct load *load);
int load_close(struct load *load);

#endif
