/* A sink that keeps what is written to it. */
#ifndef CAPTURE_H
#define CAPTURE_H
#include "common/console.h"
#include "common/sink.h"

enum {
    CAPTURE_MAX = 16 * 1024
};

/* sink is the first member: its functions find the rest by it. */
struct capture {
    struct sink sink;
    struct console console;     /* that writes to it, its program is `program` */
    bool full;                  /* takes nothing */
    char output[CAPTURE_MAX];
    char error[CAPTURE_MAX];
};

void capture_init(struct capture *capture);
/* Forgets the texts. */
void capture_clear(struct capture *capture);

#endif
