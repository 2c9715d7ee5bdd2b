/* The answer that is expected: compared as it comes. */
#ifndef CLIENT_EXPECTATION_H
#define CLIENT_EXPECTATION_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    EXPECTATION_TEXT_MAX = 128      /* bytes of what is wrong, with its zero */
};

struct expectation {
    const char *text;       /* NULL: any answer will do */
    size_t size;
    uint64_t received;
    uint64_t equal;         /* bytes from the beginning that are as expected */
};

/* The text stays the caller's. */
void expectation_begin(struct expectation *expectation, const char *text);

/* What has come. False: it is another answer, whatever follows. */
bool expectation_take(struct expectation *expectation, const void *data, size_t size);

/* At its end: it is the one. */
bool expectation_is_met(const struct expectation *expectation);

/* Where it is not: how it differs. */
void expectation_describe(const struct expectation *expectation, char text[EXPECTATION_TEXT_MAX]);

#endif
