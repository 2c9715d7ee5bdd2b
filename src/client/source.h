/* What the client sends: a text, or what a thread reads (input.h). The exchange takes its bytes
 * from here and from nowhere else, so that a test can stand in for a file or a person. */
#ifndef CLIENT_SOURCE_H
#define CLIENT_SOURCE_H
#include <stdbool.h>
#include <tenon/status.h>
#include <tenon/stream.h>

enum source_state {
    SOURCE_READY,       /* there is something */
    SOURCE_EMPTY,       /* there is nothing yet: the client is told once there is */
    SOURCE_ENDED,
    SOURCE_FAILED       /* source->error */
};

struct source {
    /* Starts from its beginning, also once more: a client that tries again sends all again. */
    void (*begin)(struct source *source);
    /* READY: *piece_out is lent until it is taken. Nothing is lost by looking twice. */
    enum source_state (*look)(struct source *source, struct tenon_piece *piece_out);
    /* The piece that was lent is sent. */
    void (*take)(struct source *source);
    const char *name;           /* for messages */
    struct tenon_error error;
    bool conversation;          /* somebody types it, and has no more to say to one who has ended */
};

struct source_text {
    struct source source;
    const char *text;
    bool taken;
};

/* The text stays the caller's. */
void source_text_init(struct source_text *source, const char *text);

#endif
