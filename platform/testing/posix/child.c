/* A child process on POSIX: posix_spawn, pipes that close on exec, signals. */
#include "../child.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static void descriptor_close(int64_t *descriptor)
{
    if (*descriptor != CHILD_NONE) {
        (void)close((int)*descriptor);
        *descriptor = CHILD_NONE;
    }
}

/* Not pipe2, which macOS has not: two children are not started at the same time. */
static bool pipe_open(int64_t *read_out, int64_t *write_out)
{
    int ends[2];
    if (pipe(ends) != 0) {
        return false;
    }
    (void)fcntl(ends[0], F_SETFD, FD_CLOEXEC);
    (void)fcntl(ends[1], F_SETFD, FD_CLOEXEC);
    *read_out = ends[0];
    *write_out = ends[1];
    return true;
}

/* The child's end of a stream in *theirs, CHILD_NONE where the child closes or inherits it; ours,
 * where there is one, in *ours. */
static bool stream_open(enum testing_stream kind, bool input, int64_t *ours, int64_t *theirs)
{
    switch (kind) {
    case TESTING_INHERIT:
    case TESTING_CLOSED:
        return true;
    case TESTING_NULL:
        *theirs = open("/dev/null", O_RDWR | O_CLOEXEC);
        return *theirs != CHILD_NONE;
    case TESTING_PIPE:
    case TESTING_BROKEN:
        if (!(input ? pipe_open(theirs, ours) : pipe_open(ours, theirs))) {
            return false;
        }
        if (kind == TESTING_BROKEN) {
            descriptor_close(ours);
        }
        return true;
    }
    return false;
}

static bool stream_place(posix_spawn_file_actions_t *actions, enum testing_stream kind,
                         int64_t theirs, int place)
{
    if (kind == TESTING_CLOSED) {
        return posix_spawn_file_actions_addclose(actions, place) == 0;
    }
    if (theirs != CHILD_NONE) {
        return posix_spawn_file_actions_adddup2(actions, (int)theirs, place) == 0;
    }
    return true;
}

static bool same_name(const char *a, const char *b)
{
    const char *end = strchr(a, '=');
    size_t length = end == NULL ? strlen(a) : (size_t)(end - a) + 1;
    return strncmp(a, b, length) == 0;
}

static bool listed(const char *const *list, const char *setting)
{
    for (size_t i = 0; list != NULL && list[i] != NULL; i++) {
        if (same_name(list[i], setting)) {
            return true;
        }
    }
    return false;
}

/* A list to be freed, whose strings are borrowed. */
static char **environment_merge(const char *const *extra)
{
    size_t count = 0;
    size_t extra_count = 0;
    while (environ[count] != NULL) {
        count++;
    }
    while (extra != NULL && extra[extra_count] != NULL) {
        extra_count++;
    }
    char **merged = calloc(count + extra_count + 1, sizeof *merged);
    if (merged == NULL) {
        return NULL;
    }
    size_t used = 0;
    for (size_t i = 0; i < extra_count; i++) {
        merged[used++] = (char *)(uintptr_t)extra[i];
    }
    for (size_t i = 0; i < count; i++) {
        if (!listed(extra, environ[i])) {
            merged[used++] = environ[i];
        }
    }
    return merged;
}

static bool attributes_set(posix_spawnattr_t *attributes)
{
    sigset_t none;
    sigset_t all;
    (void)sigemptyset(&none);
    (void)sigfillset(&all);
    return posix_spawnattr_setsigmask(attributes, &none) == 0 &&
           posix_spawnattr_setsigdefault(attributes, &all) == 0 &&
           posix_spawnattr_setflags(attributes,
                                    POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF) == 0;
}

/* ---- what only the child itself can do, by a shell that becomes it ---- */

enum {
    WRAPPED_MAX = 64,
    FIRST_LISTENER = 3,
    LISTENERS_MAX = 16,
    ASIDE = 64              /* from here on no descriptor is one that a listener is to get */
};

static const char script[] =
    "test \"$1\" = 0 || ulimit -n \"$1\" || exit 126; "
    "test \"$2\" = 0 || ulimit -f \"$2\" || exit 126; "
    "test \"$3\" = 0 || { LISTEN_PID=$$ LISTEN_FDS=$3; export LISTEN_PID LISTEN_FDS; }; "
    "shift 3; exec \"$@\"";

struct wrapped {
    const char *arguments[WRAPPED_MAX];
    char limit[24];
    char file_limit[24];
    char count[24];
};

/* The arguments as they are, or behind the script. NULL: too many. */
static const char *const *wrap(const struct testing_start *start, struct wrapped *wrapped)
{
    const char *const front[] = {"/bin/sh", "-c", script, "sh", wrapped->limit,
                                 wrapped->file_limit, wrapped->count};
    size_t count = sizeof front / sizeof front[0];
    if (start->descriptors == 0 && start->file_blocks == 0 && start->listener_count == 0) {
        return start->arguments;
    }
    (void)snprintf(wrapped->limit, sizeof wrapped->limit, "%llu",
                   (unsigned long long)start->descriptors);
    (void)snprintf(wrapped->file_limit, sizeof wrapped->file_limit, "%llu",
                   (unsigned long long)start->file_blocks);
    (void)snprintf(wrapped->count, sizeof wrapped->count, "%zu", start->listener_count);
    memcpy(wrapped->arguments, front, sizeof front);
    for (size_t i = 0; start->arguments[i] != NULL; i++) {
        if (count == WRAPPED_MAX - 1) {
            return NULL;
        }
        wrapped->arguments[count++] = start->arguments[i];
    }
    wrapped->arguments[count] = NULL;
    return wrapped->arguments;
}

/* Copies out of the way first: one may be where another one is to go. */
static bool listeners_place(posix_spawn_file_actions_t *actions, const struct testing_start *start,
                            int64_t copies[LISTENERS_MAX])
{
    bool good = start->listener_count <= LISTENERS_MAX;
    for (size_t i = 0; good && i < start->listener_count; i++) {
        copies[i] = fcntl((int)start->listeners[i], F_DUPFD_CLOEXEC, ASIDE);
        good = copies[i] >= 0 &&
               posix_spawn_file_actions_adddup2(actions, (int)copies[i],
                                                FIRST_LISTENER + (int)i) == 0;
    }
    return good;
}

static bool spawn(const struct testing_start *start, const int64_t theirs[3], pid_t *process_out)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    struct wrapped wrapped = {.limit = ""};
    int64_t copies[LISTENERS_MAX];
    memset(copies, 0xFF, sizeof copies);        /* CHILD_NONE */
    const char *const *arguments = wrap(start, &wrapped);
    char **environment = environment_merge(start->environment);
    bool good = environment != NULL && arguments != NULL;
    (void)posix_spawn_file_actions_init(&actions);
    (void)posix_spawnattr_init(&attributes);
    good = good && attributes_set(&attributes);
    good = good && stream_place(&actions, start->input, theirs[0], 0);
    good = good && stream_place(&actions, start->output, theirs[1], 1);
    good = good && stream_place(&actions, start->error, theirs[2], 2);
    good = good && listeners_place(&actions, start, copies);
    good = good && posix_spawnp(process_out, arguments[0], &actions, &attributes,
                                (char *const *)(uintptr_t)arguments, environment) == 0;
    for (size_t i = 0; i < LISTENERS_MAX; i++) {
        descriptor_close(&copies[i]);
    }
    (void)posix_spawnattr_destroy(&attributes);
    (void)posix_spawn_file_actions_destroy(&actions);
    free(environment);
    return good;
}

static void child_clear(struct child *child)
{
    memset(child, 0, sizeof *child);
    child->process = CHILD_NONE;
    child->input = CHILD_NONE;
    for (int i = 0; i < CHILD_OUTPUTS; i++) {
        child->outputs[i].read = CHILD_NONE;
        child->outputs[i].stop[0] = CHILD_NONE;
        child->outputs[i].stop[1] = CHILD_NONE;
    }
}

static bool output_open(enum testing_stream kind, struct child_output *output, int64_t *theirs)
{
    if (!stream_open(kind, false, &output->read, theirs)) {
        return false;
    }
    return output->read == CHILD_NONE || pipe_open(&output->stop[0], &output->stop[1]);
}

bool child_start(const struct testing_start *start, struct child *child)
{
    int64_t theirs[3] = {CHILD_NONE, CHILD_NONE, CHILD_NONE};
    pid_t process = 0;
    child_clear(child);
    bool good = stream_open(start->input, true, &child->input, &theirs[0]) &&
                output_open(start->output, &child->outputs[TESTING_OUTPUT], &theirs[1]) &&
                output_open(start->error, &child->outputs[TESTING_ERROR_OUTPUT], &theirs[2]) &&
                spawn(start, theirs, &process);
    for (int i = 0; i < 3; i++) {
        descriptor_close(&theirs[i]);
    }
    if (!good) {
        child_close_input(child);
        child_close_output(child, TESTING_OUTPUT);
        child_close_output(child, TESTING_ERROR_OUTPUT);
        return false;
    }
    child->process = process;
    child->id = (uint64_t)process;
    return true;
}

size_t child_read(struct child *child, enum testing_output which, void *data, size_t size)
{
    struct child_output *output = &child->outputs[which];
    struct pollfd ends[2] = {{.fd = (int)output->read, .events = POLLIN},
                             {.fd = (int)output->stop[0], .events = POLLIN}};
    ssize_t got = -1;
    bool again = true;
    while (again) {
        int ready = poll(ends, 2, -1);
        again = ready < 0 && errno == EINTR;
        if (ready > 0 && ends[1].revents == 0) {
            got = read((int)output->read, data, size);
            again = got < 0 && errno == EINTR;
        }
    }
    return got > 0 ? (size_t)got : 0;
}

void child_stop_reading(struct child *child, enum testing_output which)
{
    descriptor_close(&child->outputs[which].stop[1]);
}

void child_close_output(struct child *child, enum testing_output which)
{
    struct child_output *output = &child->outputs[which];
    descriptor_close(&output->read);
    descriptor_close(&output->stop[0]);
    descriptor_close(&output->stop[1]);
}

static bool write_all(int descriptor, const char *data, size_t size)
{
    size_t done = 0;
    bool good = true;
    while (good && done < size) {
        ssize_t written = write(descriptor, data + done, size - done);
        good = written >= 0 || errno == EINTR;
        done += written > 0 ? (size_t)written : 0;
    }
    return good;
}

/* A closed pipe raises SIGPIPE in the thread that writes. The disposition is the test's own matter,
 * so the signal is held back, and taken off again. */
bool child_write(struct child *child, const void *data, size_t size)
{
    sigset_t broken;
    sigset_t before;
    sigset_t pending;
    int taken = 0;
    (void)sigemptyset(&broken);
    (void)sigaddset(&broken, SIGPIPE);
    (void)pthread_sigmask(SIG_BLOCK, &broken, &before);
    bool good = write_all((int)child->input, data, size);
    (void)sigpending(&pending);
    if (!good && sigismember(&pending, SIGPIPE) == 1) {
        (void)sigwait(&broken, &taken);
    }
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    return good;
}

void child_close_input(struct child *child)
{
    descriptor_close(&child->input);
}

void child_wait(struct child *child)
{
    siginfo_t information;
    int result = 0;
    do {
        result = waitid(P_PID, (id_t)child->process, &information, WEXITED | WNOWAIT);
    } while (result != 0 && errno == EINTR);
}

static int64_t time_of(const struct timeval *time)
{
    return (int64_t)time->tv_sec * TENON_SECOND + (int64_t)time->tv_usec * TENON_MICROSECOND;
}

int child_reap(struct child *child, int64_t *cpu_out)
{
    struct rusage usage;
    int status = 0;
    pid_t result = 0;
    do {
        result = wait4((pid_t)child->process, &status, 0, &usage);
    } while (result < 0 && errno == EINTR);
    if (result < 0) {
        *cpu_out = -1;
        return INT32_MIN;
    }
    *cpu_out = time_of(&usage.ru_utime) + time_of(&usage.ru_stime);
    return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

bool child_signal(struct child *child, enum testing_signal signal)
{
    int number = SIGKILL;
    switch (signal) {
    case TESTING_INTERRUPT:
        number = SIGINT;
        break;
    case TESTING_TERMINATE:
        number = SIGTERM;
        break;
    case TESTING_HANG_UP:
        number = SIGHUP;
        break;
    case TESTING_REPORT:
        number = SIGUSR1;
        break;
    case TESTING_KILL:
        break;
    }
    return kill((pid_t)child->process, number) == 0;
}

/* /proc/ID/stat holds the times of all its threads in ticks, as fields 14 and 15. The second field
 * is the name in parentheses, which may hold anything. Only Linux has it. */
int64_t child_cpu(struct child *child)
{
    int64_t cpu = -1;
#if defined(_POSIX_CPUTIME) && _POSIX_CPUTIME >= 0
    clockid_t clock;
    struct timespec time;
    if (clock_getcpuclockid((pid_t)child->process, &clock) == 0 &&
        clock_gettime(clock, &time) == 0) {
        cpu = (int64_t)time.tv_sec * TENON_SECOND + (int64_t)time.tv_nsec;
    }
#else
    (void)child;
#endif
    return cpu;
}
