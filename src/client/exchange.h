/* An exchange: what the source has goes to the server, and its response to the end comes back. */
#ifndef CLIENT_EXCHANGE_H
#define CLIENT_EXCHANGE_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <tenon/loop.h>
#include <tenon/stream.h>
#include "client/expectation.h"
#include "client/transcript.h"
#include "common/dump.h"
#include "common/place.h"

struct client;

struct exchange {
    struct client *client;
    struct tenon_stream stream;
    struct tenon_send send;
    struct tenon_piece piece;       /* of the source: what is left of it to be sent */
    struct tenon_timer silence;     /* of the server: --timeout */
    struct tenon_timer pause;       /* of its answer: then our side ends */
    struct transcript transcript;
    struct expectation expectation;
    struct dump dump;               /* -x */
    char server[PLACE_TEXT_MAX];    /* for messages */
    int64_t active;                 /* the last byte, either way */
    int64_t received_last;
    uint64_t sent_bytes;
    size_t progress;                /* what send.sent was when the timer last looked */
    int code;                       /* once it closes */
    bool sending;                   /* a send is in flight, or has failed */
    bool sent;                      /* all of the source is with the kernel */
    bool finished;                  /* our side has ended */
    bool ended;                     /* the server's has */
    bool paused;                    /* there is no room for output */
    bool closing;
    bool again;                     /* it has failed, and another try follows */
};

/* exchange->stream is attached, and the rest zeroed. Ends with client_exchange_over. */
void exchange_begin(struct exchange *exchange, struct client *client);

/* Connects and closes: the whole of a probe. */
void exchange_probe(struct exchange *exchange, struct client *client);

/* Ends it at once, with this code. */
void exchange_abort(struct exchange *exchange, int code);

/* There is room for output again. */
void exchange_resume(struct exchange *exchange);

/* The source has something again. */
void exchange_send_more(struct exchange *exchange);

#endif
