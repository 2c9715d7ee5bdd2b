/* What the client tells of an exchange, and where the bytes of the response go. */
#ifndef CLIENT_TRANSCRIPT_H
#define CLIENT_TRANSCRIPT_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "common/console.h"
#include "common/event.h"
#include "common/sink.h"
#include "common/text.h"

struct transcript {
    struct console *console;
    struct sink *raw;               /* takes the response's bytes as they are; NULL: they are told,
                                       escaped, among the lines */
    struct text_escape escape;
    char kept[EVENT_DATA_MAX];      /* --json: the beginning of the response */
    size_t kept_size;
    uint64_t received;              /* bytes of the response */
    uint64_t sent_bytes;
    bool held;                      /* nothing of it is printed yet */
    bool sent;
    bool sent_said;
    bool begun;                     /* the response has a line */
};

/* The first line. `held`: all that follows waits for the release, but for the objects of --json. */
void transcript_begin(struct transcript *transcript, struct console *console, struct sink *raw,
                      bool held);

/* All is with the kernel. Said behind the response where that came first: they are lines. */
void transcript_sent(struct transcript *transcript, uint64_t bytes);

/* Some of the response. Where there is no room it is lost: look before. */
void transcript_receive(struct transcript *transcript, const void *data, size_t size);
bool transcript_has_room(const struct transcript *transcript, size_t size);

/* Prints what was held: `received` is what of the response has come, all of it. */
void transcript_release(struct transcript *transcript, const void *received);

/* The response is over, whole or not. */
void transcript_end(struct transcript *transcript);

#endif
