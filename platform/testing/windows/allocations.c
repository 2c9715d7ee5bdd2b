/* Counts what asks for memory: these take the place of the C library's own functions when a program
 * is linked with the static one, whose other parts use the `base` functions behind them. */
#include "../allocations.h"
#include <malloc.h>
#include <stddef.h>

static uint64_t calls;

uint64_t testing_allocations(void)
{
    return calls;
}

void *malloc(size_t size)
{
    calls++;
    return _malloc_base(size);
}

void *calloc(size_t count, size_t size)
{
    calls++;
    return _calloc_base(count, size);
}

void *realloc(void *memory, size_t size)
{
    calls++;
    return _realloc_base(memory, size);
}

void free(void *memory)
{
    _free_base(memory);
}
