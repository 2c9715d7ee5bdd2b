/* A child process: threads read its outputs and wait for its end, whoever wants to know waits for
 * them. */
#include "child.h"
#include "backend.h"
#include <stdlib.h>
#include <string.h>
#include <tenon/thread.h>

struct output {
    struct testing_process *process;
    enum testing_output which;
    struct tenon_thread reader;
    bool reading;               /* the thread is to be joined */
    bool ended;
    char *data;
    size_t size;
    size_t room;
};

struct testing_process {
    struct child child;
    struct tenon_lock lock;     /* of what follows, and of the outputs' data */
    struct tenon_condition changed;
    bool ended;
    int code;
    int64_t cpu;
    struct tenon_thread waiter;
    struct output outputs[CHILD_OUTPUTS];
};

/* False: no memory. Then what came is dropped, and the tests that look for it fail. */
static bool output_append(struct output *output, const char *data, size_t size)
{
    if (output->size + size >= output->room) {
        size_t room = 2 * (output->size + size) + 1;
        char *grown = realloc(output->data, room);
        if (grown == NULL) {
            return false;
        }
        output->data = grown;
        output->room = room;
    }
    memcpy(output->data + output->size, data, size);
    output->size += size;
    output->data[output->size] = 0;
    return true;
}

static void output_read(void *argument)
{
    struct output *output = argument;
    struct testing_process *process = output->process;
    char data[16 * 1024];
    bool more = true;
    while (more) {
        size_t size = child_read(&process->child, output->which, data, sizeof data);
        tenon_lock_take(&process->lock);
        more = size > 0 && output_append(output, data, size);
        output->ended = !more;
        tenon_condition_wake(&process->changed);
        tenon_lock_give(&process->lock);
    }
}

static void process_wait(void *argument)
{
    struct testing_process *process = argument;
    child_wait(&process->child);
    tenon_lock_take(&process->lock);
    process->code = child_reap(&process->child, &process->cpu);
    process->ended = true;
    tenon_condition_wake(&process->changed);
    tenon_lock_give(&process->lock);
}

static void output_start(struct testing_process *process, enum testing_output which)
{
    struct output *output = &process->outputs[which];
    output->process = process;
    output->which = which;
    output->ended = process->child.outputs[which].read == CHILD_NONE;
    if (!output->ended) {
        output->reading = true;
        enum tenon_status status = tenon_thread_start(&output->reader, output_read, output);
        TENON_ASSERT(status == TENON_OK);
    }
}

struct testing_process *testing_process_start(const struct testing_start *start)
{
    struct testing_process *process = calloc(1, sizeof *process);
    if (process == NULL) {
        return NULL;
    }
    if (!child_start(start, &process->child)) {
        free(process);
        return NULL;
    }
    tenon_lock_init(&process->lock);
    tenon_condition_init(&process->changed);
    output_start(process, TESTING_OUTPUT);
    output_start(process, TESTING_ERROR_OUTPUT);
    enum tenon_status status = tenon_thread_start(&process->waiter, process_wait, process);
    TENON_ASSERT(status == TENON_OK);
    return process;
}

void testing_process_close_output(struct testing_process *process, enum testing_output which)
{
    struct output *output = &process->outputs[which];
    if (output->reading) {
        child_stop_reading(&process->child, which);
        tenon_thread_join(&output->reader);
        output->reading = false;
        child_close_output(&process->child, which);
    }
}

void testing_process_close(struct testing_process *process)
{
    if (process == NULL) {
        return;
    }
    (void)testing_process_signal(process, TESTING_KILL);
    tenon_thread_join(&process->waiter);
    testing_process_close_output(process, TESTING_OUTPUT);
    testing_process_close_output(process, TESTING_ERROR_OUTPUT);
    testing_process_close_input(process);
    tenon_condition_destroy(&process->changed);
    tenon_lock_destroy(&process->lock);
    free(process->outputs[TESTING_OUTPUT].data);
    free(process->outputs[TESTING_ERROR_OUTPUT].data);
    free(process);
}

bool testing_process_write(struct testing_process *process, const void *data, size_t size)
{
    return child_write(&process->child, data, size);
}

void testing_process_close_input(struct testing_process *process)
{
    child_close_input(&process->child);
}

/* With the lock taken. False: the time has passed. */
static bool wait_for_change(struct testing_process *process, int64_t deadline)
{
    int64_t left = deadline - testing_clock();
    if (left <= 0) {
        return false;
    }
    (void)tenon_condition_wait(&process->changed, &process->lock, left);
    return true;
}

static int64_t deadline_of(int64_t timeout)
{
    int64_t now = testing_clock();
    return timeout >= INT64_MAX - now ? INT64_MAX : now + timeout;
}

/* Where `text` begins in the bytes from `from` on, which may hold zeros; SIZE_MAX: nowhere. */
static size_t output_find(const struct output *output, size_t from, const char *text, size_t length)
{
    for (size_t at = from; at + length <= output->size; at++) {
        if (memcmp(output->data + at, text, length) == 0) {
            return at;
        }
    }
    return SIZE_MAX;
}

bool testing_process_await(struct testing_process *process, enum testing_output which,
                           const char *text, size_t count, int64_t timeout)
{
    const struct output *output = &process->outputs[which];
    int64_t deadline = deadline_of(timeout);
    size_t length = strlen(text);
    size_t found = 0;
    size_t from = 0;
    bool more = true;
    TENON_ASSERT(length > 0);
    tenon_lock_take(&process->lock);
    while (found < count && more) {
        size_t at = output_find(output, from, text, length);
        if (at != SIZE_MAX) {
            found++;
            from = at + length;
        } else {
            from = output->size >= from + length ? output->size - length + 1 : from;
            more = !output->ended && wait_for_change(process, deadline);
        }
    }
    tenon_lock_give(&process->lock);
    return found >= count;
}

char *testing_process_text(struct testing_process *process, enum testing_output which,
                           size_t *size_out)
{
    const struct output *output = &process->outputs[which];
    tenon_lock_take(&process->lock);
    size_t size = output->size;
    char *text = malloc(size + 1);
    if (text != NULL) {
        if (size > 0) {
            memcpy(text, output->data, size);
        }
        text[size] = 0;
    }
    tenon_lock_give(&process->lock);
    if (size_out != NULL) {
        *size_out = size;
    }
    return text;
}

bool testing_process_wait(struct testing_process *process, int64_t timeout, int *code_out)
{
    int64_t deadline = deadline_of(timeout);
    bool done = false;
    bool more = true;
    tenon_lock_take(&process->lock);
    while (!done && more) {
        done = process->ended && process->outputs[TESTING_OUTPUT].ended &&
               process->outputs[TESTING_ERROR_OUTPUT].ended;
        more = done || wait_for_change(process, deadline);
    }
    *code_out = process->code;
    tenon_lock_give(&process->lock);
    return done;
}

bool testing_process_signal(struct testing_process *process, enum testing_signal signal)
{
    tenon_lock_take(&process->lock);
    bool sent = !process->ended && child_signal(&process->child, signal);
    tenon_lock_give(&process->lock);
    return sent;
}

bool testing_process_limit_descriptors(struct testing_process *process, uint64_t limit)
{
    tenon_lock_take(&process->lock);
    bool limited = !process->ended && child_limit_descriptors(&process->child, limit);
    tenon_lock_give(&process->lock);
    return limited;
}

int64_t testing_process_cpu(struct testing_process *process)
{
    tenon_lock_take(&process->lock);
    int64_t cpu = process->ended ? process->cpu : child_cpu(&process->child);
    tenon_lock_give(&process->lock);
    return cpu;
}

uint64_t testing_process_id(const struct testing_process *process)
{
    return process->child.id;
}
