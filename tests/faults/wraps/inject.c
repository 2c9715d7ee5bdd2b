/* The injection: one state for the whole process, under a lock. */
#include "inject.h"
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "wraps/wraps.h"

struct injection {
    const struct fault *fault;
    uint32_t number;
    fault_place_fn *place_of;
    const void *context;
    bool counting;
    bool hit;
    int place;
    uint32_t counts[FAULT_CALLS];
    int64_t held;
    int64_t jumped;
    uint32_t threads;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct injection state;
static const char *guarded = "";

static void take(void)
{
    if (pthread_mutex_lock(&lock) != 0) {
        abort();
    }
}

static void give(void)
{
    if (pthread_mutex_unlock(&lock) != 0) {
        abort();
    }
}

void inject_begin(const struct fault *fault, uint32_t number, fault_place_fn *place_of,
                  const void *context)
{
    take();
    state.fault = fault;
    state.number = number;
    state.place_of = place_of;
    state.context = context;
    state.counting = true;
    state.hit = false;
    state.place = 0;
    memset(state.counts, 0, sizeof state.counts);
    give();
}

bool inject_end(int *place_out)
{
    take();
    state.counting = false;
    state.fault = NULL;
    *place_out = state.place;
    bool hit = state.hit;
    give();
    return hit;
}

uint32_t inject_count(enum fault_call call)
{
    take();
    uint32_t count = state.counts[call];
    give();
    return count;
}

int inject_code(enum fault_call call, int fd, const char *path)
{
    int code = 0;
    take();
    if (state.counting) {
        const struct fault *fault = state.fault;
        state.counts[call]++;
        if (fault != NULL && fault->call == call && state.counts[call] == state.number) {
            struct fault_site site = {call, fd, path, state.counts};
            state.hit = true;
            state.place = state.place_of(state.context, &site);
            code = (int)fault->code;
        }
    }
    give();
    return code;
}

bool inject_fails(enum fault_call call, int fd, const char *path)
{
    int code = inject_code(call, fd, path);
    if (code != 0) {
        errno = code;
    }
    return code != 0;
}

/* ---- time ---- */

int64_t inject_jumped(void)
{
    take();
    int64_t jumped = state.jumped;
    give();
    return jumped;
}

void inject_idle(int64_t left)
{
    take();
    if (state.threads == 0) {
        state.jumped += left < INJECT_STEP ? left : INJECT_STEP;
    }
    give();
}

/* ---- what is held ---- */

void inject_hold(int count)
{
    take();
    state.held += count;
    give();
}

int64_t inject_held(void)
{
    take();
    int64_t held = state.held;
    give();
    return held;
}

void inject_thread_begins(void)
{
    take();
    state.threads++;
    give();
}

void inject_thread_ends(void)
{
    take();
    state.threads--;
    give();
}

bool inject_threads_over(void)
{
    enum { TRIES = 60 * 1000 * 10 };
    static const struct timespec pause = {.tv_nsec = 100 * 1000};
    for (int i = 0; i < TRIES; i++) {
        take();
        bool over = state.threads == 0;
        give();
        if (over) {
            return true;
        }
        (void)nanosleep(&pause, NULL);
    }
    return false;
}

/* ---- the guard ---- */

static void say_guarded(int number)
{
    ssize_t written = write(STDERR_FILENO, guarded, strlen(guarded));
    (void)written;              /* there is nowhere else to say it */
    (void)signal(number, SIG_DFL);
    (void)raise(number);
}

void inject_guard(unsigned seconds, const char *text)
{
    static const int numbers[] = {SIGABRT, SIGALRM, SIGSEGV};
    guarded = text;
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        void (*previous)(int number) = signal(numbers[i], say_guarded);
        if (previous != SIG_DFL) {
            (void)signal(numbers[i], previous);     /* ours already, or a sanitizer's */
        }
    }
    (void)alarm(seconds);
}
