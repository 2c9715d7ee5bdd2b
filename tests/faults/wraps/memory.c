/* Memory and threads. pthread_attr_init and the locks are not here: they succeed always on Linux.
 */
#include <errno.h>
#include <pthread.h>
#include <stddef.h>
#include <stdlib.h>
#include "wraps/wraps.h"

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *memory, size_t size);
char *__real_strdup(const char *text);
char *__real_realpath(const char *path, char *resolved);
void __real_free(void *memory);
int __real_pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
                          void *(*run)(void *argument), void *argument);

static void *held(void *memory)
{
    inject_hold(memory != NULL ? 1 : 0);
    return memory;
}

void *__wrap_malloc(size_t size)
{
    return inject_fails(CALL_MALLOC, -1, NULL) ? NULL : held(__real_malloc(size));
}

void *__wrap_calloc(size_t count, size_t size)
{
    return inject_fails(CALL_CALLOC, -1, NULL) ? NULL : held(__real_calloc(count, size));
}

void *__wrap_realloc(void *memory, size_t size)
{
    if (inject_fails(CALL_REALLOC, -1, NULL)) {
        return NULL;
    }
    void *moved = __real_realloc(memory, size);
    return memory == NULL ? held(moved) : moved;
}

char *__wrap_strdup(const char *text)
{
    return inject_fails(CALL_MALLOC, -1, NULL) ? NULL : held(__real_strdup(text));
}

char *__wrap_realpath(const char *path, char *resolved)
{
    return inject_fails(CALL_MALLOC, -1, path) ? NULL : held(__real_realpath(path, resolved));
}

void __wrap_free(void *memory)
{
    inject_hold(memory != NULL ? -1 : 0);
    __real_free(memory);
}

/* ---- threads ---- */

/* What a thread is to run, so that its end is seen. */
struct start {
    void *(*run)(void *argument);
    void *argument;
};

static void *run_start(void *argument)
{
    struct start start = *(struct start *)argument;
    __real_free(argument);
    void *result = start.run(start.argument);
    inject_thread_ends();
    return result;
}

int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
                          void *(*run)(void *argument), void *argument)
{
    int code = inject_code(CALL_THREAD, -1, NULL);
    struct start *start = code == 0 ? __real_malloc(sizeof *start) : NULL;
    if (start == NULL) {
        return code == 0 ? EAGAIN : code;
    }
    start->run = run;
    start->argument = argument;
    inject_thread_begins();
    code = __real_pthread_create(thread, attributes, run_start, start);
    if (code != 0) {
        inject_thread_ends();
        __real_free(start);
    }
    return code;
}
