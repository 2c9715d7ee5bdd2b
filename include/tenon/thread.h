/* Threads, locks and conditions: what C11's <threads.h> would give if every compiler had it.
 * Asserts on misuse. */
#ifndef TENON_THREAD_H
#define TENON_THREAD_H
#include <stdbool.h>
#include <stdint.h>
#include <tenon/export.h>
#include <tenon/status.h>
#ifdef __cplusplus
extern "C" {
#endif

/* The system's own object; room for the largest of them, its size asserted where it is used. */
union tenon_thread_word {
    uint64_t word;
    void *pointer;
};

struct tenon_thread {
    void (*run)(void *argument);
    void *argument;
    union tenon_thread_word system;
};
struct tenon_lock {
    union tenon_thread_word system[8];
};
struct tenon_condition {
    union tenon_thread_word system[8];
};

/* Starts run(argument) on a new thread. The struct stays the caller's, in place, until the join.
 * Signals that a stop watch takes are not delivered to it. LIMIT: no more threads. */
TENON_API TENON_CHECK_RESULT
enum tenon_status tenon_thread_start(struct tenon_thread *thread, void (*run)(void *argument),
                                     void *argument);
/* Waits for its end. Every started thread is joined once. */
TENON_API void tenon_thread_join(struct tenon_thread *thread);

/* The same, for a thread that nobody joins and that may be waiting for what never comes (a read of
 * the standard input, a name service): the process ends without it, wherever it is. What it touches
 * must stay until then. */
TENON_API TENON_CHECK_RESULT
enum tenon_status tenon_thread_start_detached(void (*run)(void *argument), void *argument);

/* How many processors this process may run on: at least 1. */
TENON_API uint32_t tenon_processor_count(void);

/* A lock excludes all other threads; it is not recursive. */
TENON_API void tenon_lock_init(struct tenon_lock *lock);
TENON_API void tenon_lock_destroy(struct tenon_lock *lock);
TENON_API void tenon_lock_take(struct tenon_lock *lock);
TENON_API void tenon_lock_give(struct tenon_lock *lock);

/* A condition is waited for with its lock taken, which the wait gives back meanwhile. It may wake
 * without cause: look at the state again. `timeout` is a duration; false: it has passed (the state
 * may have come true all the same). */
TENON_API void tenon_condition_init(struct tenon_condition *condition);
TENON_API void tenon_condition_destroy(struct tenon_condition *condition);
TENON_API bool tenon_condition_wait(struct tenon_condition *condition, struct tenon_lock *lock,
                                    int64_t timeout);
TENON_API void tenon_condition_wake(struct tenon_condition *condition);

#ifdef __cplusplus
}
#endif
#endif
