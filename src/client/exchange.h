/* An exchange: a message to the server, and its response to the end. */
#ifndef CLIENT_EXCHANGE_H
#define CLIENT_EXCHANGE_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <tenon/loop.h>
#include <tenon/stream.h>
#include "common/dump.h"
#include "common/event.h"
#include "common/place.h"
#include "common/text.h"

struct client;

struct exchange {
    struct client *client;
    struct tenon_stream stream;
    struct tenon_send send;
    struct tenon_piece piece;
    struct tenon_timer silence;     /* of the server: --timeout */
    struct tenon_timer pause;       /* of its answer: then our side ends */
    struct text_escape escape;
    char server[PLACE_TEXT_MAX];    /* for messages */
    struct dump dump;               /* -x */
    char kept[EVENT_DATA_MAX];      /* --json: the beginning of the response */
    size_t kept_size;
    int64_t active;                 /* the last byte, either way */
    int64_t received_last;
    uint64_t received;              /* bytes */
    size_t progress;                /* what send.sent was when the timer last looked */
    int code;                       /* once it closes */
    bool sent;                      /* the message is with the kernel */
    bool sent_said;
    bool finished;                  /* our side has ended */
    bool ended;                     /* the server's has */
    bool paused;                    /* there is no room for output */
    bool closing;
};

/* exchange->stream is attached. Ends with client_exchange_over. */
void exchange_begin(struct exchange *exchange, struct client *client);

/* Connects and closes: the whole of a probe. */
void exchange_probe(struct exchange *exchange, struct client *client);

/* Ends it at once, with this code. */
void exchange_abort(struct exchange *exchange, int code);

/* There is room for output again. */
void exchange_resume(struct exchange *exchange);

#endif
