/* Threads, locks and conditions by pthreads. */
#include "posix/sockets.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

_Static_assert(sizeof(pthread_t) <= sizeof(union tenon_thread_word), "a thread fits");
_Static_assert(sizeof(pthread_mutex_t) <= sizeof(struct tenon_lock), "a lock fits");
_Static_assert(sizeof(pthread_cond_t) <= sizeof(struct tenon_condition), "a condition fits");

static pthread_mutex_t *mutex_of(struct tenon_lock *lock)
{
    return (pthread_mutex_t *)(void *)lock->system;
}

static pthread_cond_t *cond_of(struct tenon_condition *condition)
{
    return (pthread_cond_t *)(void *)condition->system;
}

static void *run_thread(void *argument)
{
    struct tenon_thread *thread = argument;
    thread->run(thread->argument);
    return NULL;
}

enum tenon_status tenon_thread_start(struct tenon_thread *thread, void (*run)(void *argument),
                                     void *argument)
{
    pthread_t id;
    thread->run = run;
    thread->argument = argument;
    int code = pthread_create(&id, NULL, run_thread, thread);
    if (code != 0) {
        return posix_error(code).status;
    }
    memcpy(&thread->system, &id, sizeof id);
    return TENON_OK;
}

void tenon_thread_join(struct tenon_thread *thread)
{
    pthread_t id;
    memcpy(&id, &thread->system, sizeof id);
    int code = pthread_join(id, NULL);
    TENON_ASSERT(code == 0);
}

/* A thread that nobody joins owns its start. */
struct detached {
    void (*run)(void *argument);
    void *argument;
};

static void *run_detached(void *argument)
{
    struct detached start = *(struct detached *)argument;
    free(argument);
    start.run(start.argument);
    return NULL;
}

enum tenon_status tenon_thread_start_detached(void (*run)(void *argument), void *argument)
{
    pthread_attr_t attributes;
    pthread_t id;
    struct detached *start = malloc(sizeof *start);
    if (start == NULL) {
        return TENON_LIMIT;
    }
    start->run = run;
    start->argument = argument;
    int code = pthread_attr_init(&attributes);
    if (code == 0) {
        code = pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
        if (code == 0) {
            code = pthread_create(&id, &attributes, run_detached, start);
        }
        (void)pthread_attr_destroy(&attributes);
    }
    if (code != 0) {
        free(start);
    }
    return posix_error(code).status;
}

uint64_t system_thread_id(void)
{
    pthread_t self = pthread_self();
    uint64_t id = 0;
    memcpy(&id, &self, sizeof self < sizeof id ? sizeof self : sizeof id);
    return id;
}

void tenon_lock_init(struct tenon_lock *lock)
{
    int code = pthread_mutex_init(mutex_of(lock), NULL);
    TENON_ASSERT(code == 0);
}

void tenon_lock_destroy(struct tenon_lock *lock)
{
    int code = pthread_mutex_destroy(mutex_of(lock));
    TENON_ASSERT(code == 0);
}

void tenon_lock_take(struct tenon_lock *lock)
{
    int code = pthread_mutex_lock(mutex_of(lock));
    TENON_ASSERT(code == 0);
}

void tenon_lock_give(struct tenon_lock *lock)
{
    int code = pthread_mutex_unlock(mutex_of(lock));
    TENON_ASSERT(code == 0);
}

void tenon_condition_init(struct tenon_condition *condition)
{
    int code = posix_condition_init(cond_of(condition));
    TENON_ASSERT(code == 0);
}

void tenon_condition_destroy(struct tenon_condition *condition)
{
    int code = pthread_cond_destroy(cond_of(condition));
    TENON_ASSERT(code == 0);
}

bool tenon_condition_wait(struct tenon_condition *condition, struct tenon_lock *lock,
                          int64_t timeout)
{
    int code = 0;
    if (timeout == TENON_FOREVER) {
        code = pthread_cond_wait(cond_of(condition), mutex_of(lock));
        TENON_ASSERT(code == 0);
        return true;
    }
    struct timespec until;
    code = clock_gettime(posix_condition_clock, &until);
    TENON_ASSERT(code == 0);
    int64_t nanoseconds = until.tv_nsec + (timeout > 0 ? timeout % TENON_SECOND : 0);
    until.tv_sec += (time_t)((timeout > 0 ? timeout / TENON_SECOND : 0) +
                             nanoseconds / TENON_SECOND);
    until.tv_nsec = (long)(nanoseconds % TENON_SECOND);
    code = pthread_cond_timedwait(cond_of(condition), mutex_of(lock), &until);
    TENON_ASSERT(code == 0 || code == ETIMEDOUT);
    return code == 0;
}

void tenon_condition_wake(struct tenon_condition *condition)
{
    int code = pthread_cond_broadcast(cond_of(condition));
    TENON_ASSERT(code == 0);
}
