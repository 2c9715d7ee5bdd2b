/* A loop: one thread's operations, timers and messages.
 *
 * Threads: a loop belongs to the thread of its first turn, and so does all that is on it: it may be
 * opened, listen and attach on one thread and then run on another. Only tenon_post and
 * tenon_loop_stop may be called from any thread (from no signal handler). Callbacks run from the
 * loop's turn only, never inside the call that starts or cancels something. */
#ifndef TENON_LOOP_H
#define TENON_LOOP_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <tenon/bounds.h>
#include <tenon/export.h>
#include <tenon/status.h>
#ifdef __cplusplus
extern "C" {
#endif

struct tenon_loop;

/* Zero in a field means its default. */
struct tenon_loop_options {
    const char *backend;    /* `epoll`, `io_uring`, `iocp`, ...; NULL: the best here, and where
                             * that is forbidden the next one */
    void *world;            /* the simulated backend's world; NULL for every other */
    uint32_t lent_size;     /* bytes of the buffer that receives lend [TENON_LENT_SIZE] */
    uint32_t batch;         /* events that one turn collects, about [TENON_BATCH] */
};

/* Opens a loop with all memory that it will use. options may be NULL. Errors: UNSUPPORTED (no such
 * backend here), INVALID (an option out of its bounds), LIMIT (memory, descriptors), SYSTEM. *out
 * is NULL on failure. */
TENON_API TENON_CHECK_RESULT
enum tenon_status tenon_loop_open(const struct tenon_loop_options *options,
                                  struct tenon_loop **out);

/* Closes it, on any thread once no turn is under way. Asserts that nothing is attached, listening,
 * connecting, started or posted. */
TENON_API void tenon_loop_close(struct tenon_loop *loop);

/* Runs turns until tenon_loop_stop, or until nothing is pending: no stream, listener, connect,
 * started timer or posted message. A stop before the run ends it after one turn that does not wait.
 */
TENON_API void tenon_loop_run(struct tenon_loop *loop);

/* One turn: collects events, waiting for the first until the time `until` at the latest (0: does
 * not wait, TENON_FOREVER: no limit), then runs what is due: messages, timers, accepts, connects,
 * sends and receives. True: something is still pending. */
TENON_API bool tenon_loop_turn(struct tenon_loop *loop, int64_t until);

/* Any thread. The run in progress, or else the next one, ends after its turn. */
TENON_API void tenon_loop_stop(struct tenon_loop *loop);

/* The turn's time, monotonic: equal within a turn. And the wall clock's time since 1970, UTC, for
 * logs: it can jump. */
TENON_API int64_t tenon_loop_now(const struct tenon_loop *loop);
TENON_API int64_t tenon_loop_wall(const struct tenon_loop *loop);

/* The name of the loop's backend, and of those compiled in, best first: NULL behind the last. Any
 * thread. */
TENON_API const char *tenon_loop_backend(const struct tenon_loop *loop);
TENON_API const char *tenon_backend_name(size_t index);

/* Why a loop on this backend cannot be opened here, with the system's code: it opens one, and
 * closes it. OK: it can. Any thread. */
TENON_API TENON_CHECK_RESULT
struct tenon_error tenon_backend_error(const char *name);

/* A timer runs its function once, at its time or after it, never before; in the order of their
 * times where several are due. 32 bytes of the caller's, zeroed before the first use. */
struct tenon_timer {
    struct tenon_timer *next;
    struct tenon_timer *previous;
    int64_t when;
    void (*on_timer)(struct tenon_timer *timer);
};

/* Starts it for the time `when` on the scale of tenon_loop_now; one that is started already is
 * moved. A time that has passed runs in the next turn. O(1). */
TENON_API void tenon_timer_start(struct tenon_loop *loop, struct tenon_timer *timer, int64_t when,
                                 void (*on_timer)(struct tenon_timer *timer));

/* After this its function does not run, also where it was due in this turn, and its memory is the
 * caller's. Stopping one that is not started does nothing. O(1). */
TENON_API void tenon_timer_stop(struct tenon_loop *loop, struct tenon_timer *timer);
TENON_API bool tenon_timer_started(const struct tenon_timer *timer);

/* A message to a loop from any thread. 24 bytes of the caller's. */
struct tenon_message {
    struct tenon_message *next;
    void (*on_message)(struct tenon_message *message);
    bool posted;
};

/* Once, before the first post. */
TENON_API void tenon_message_init(struct tenon_message *message,
                                  void (*on_message)(struct tenon_message *message));

/* Any thread. Runs the message's function once, in a coming turn of the loop: true. A message that
 * is posted and has not yet begun to run stays posted once, and the answer is false: put your data
 * in place first, then post. From the moment that its function begins it may be posted again, or
 * freed by that function. Never fails, never allocates. */
TENON_API bool tenon_post(struct tenon_loop *loop, struct tenon_message *message);

#ifdef __cplusplus
}
#endif
#endif
