/* Headers of the PROXY protocol as rows, and what is checked of each. */
#ifndef PROXY_ROWS_H
#define PROXY_ROWS_H
#include "unit.h"

/* A literal's bytes, without its zero. */
#define BYTES(text) text, sizeof(text) - 1

struct proxy_good {
    const char *name;
    const char *data;
    size_t size;
    const char *source;         /* with port; `any` and `unix` as they are formatted */
    const char *destination;
    bool is_local;
    const char *common_name;    /* NULL: none */
};

struct proxy_wrong {
    const char *name;
    const char *data;
    size_t size;
    const char *reason;
};

/* It is read as the row says, also with bytes behind it; each beginning of it needs more, each byte
 * changed does no harm. A sanitizer sees where the bytes end. */
void proxy_check_good(struct unit *unit, const struct proxy_good *row, uint8_t version);

/* It is wrong for this reason, also with bytes behind it, and no beginning of it is a header. */
void proxy_check_wrong(struct unit *unit, const struct proxy_wrong *row);

#endif
