/* The turn's parts, which the files of common/ share. */
#ifndef TENON_COMMON_LOOP_H
#define TENON_COMMON_LOOP_H
#include "backend.h"

/* tenon_loop_open with a table that need not be in tenon_backends. */
TENON_CHECK_RESULT
enum tenon_status loop_open_with(const struct tenon_backend *backend,
                                 const struct tenon_loop_options *options, struct tenon_loop **out);

/* Asserts that this is the loop's thread, or that the loop has none yet. */
void loop_assert_thread(const struct tenon_loop *loop);

/* Each delivers what is ready when it is called, and what becomes ready meanwhile in the next turn.
 */
void timers_run(struct tenon_loop *loop);
void listeners_run(struct tenon_loop *loop);
void connects_run(struct tenon_loop *loop);
void streams_run(struct tenon_loop *loop);

void timers_init(struct tenon_loop *loop);
/* When the next timer may be due, never later than it is: TENON_FOREVER without one. */
int64_t timers_next(struct tenon_loop *loop);

/* Takes back a message that may be posted, before its function has begun. */
void loop_unpost(struct tenon_loop *loop, struct tenon_message *message);

/* What a host's text says without a look-up: OK with its addresses (2 for `localhost`),
 * NOT_RESOLVED: it is a name to be looked up; INVALID: neither. Of the family asked for; *count_out
 * is 0 where it has none of that. NULL is `localhost`. */
enum tenon_status host_addresses(const char *host, enum tenon_family family,
                                 struct tenon_address addresses[2], uint32_t *count_out);
/* The path of `unix:PATH`, else NULL. */
const char *host_path(const char *host);

/* Starts the look-up that has waited longest, now that one has ended. */
void lookups_next(struct tenon_loop *loop);
/* Leaves those that were given up to their threads. */
void lookups_close(struct tenon_loop *loop);

static inline struct tenon_error error_of(enum tenon_status status)
{
    struct tenon_error error = {status, 0};
    return error;
}

/* now + duration, without overflow; a duration below 0 is none. */
static inline int64_t time_after(int64_t now, int64_t duration)
{
    if (duration <= 0) {
        return now;
    }
    return duration >= TENON_FOREVER - now ? TENON_FOREVER : now + duration;
}

#endif
