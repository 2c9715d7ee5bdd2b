/* An exchange: both directions at once, as the server may answer before it has read everything.
 * What cannot go on waits by itself: a full output stops receiving, a full kernel stops taking from
 * the source, and neither stops the other. */
#include "client/exchange.h"
#include "client/client.h"
#include "common/dump.h"
#include "common/event.h"
#include "common/exit_code.h"
#include "common/number.h"
#include "common/outer.h"
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum {
    SENDS_AT_ONCE = 4,              /* pieces in one turn, so that receiving has its turn too */
    REASON_MAX = 1024,
    OUTPUT_ROOM = 128 * 1024        /* what the longest receive becomes on the output, and more */
};

static const int64_t answer_pause = 200 * TENON_MILLISECOND;

static const struct client_options *options_of(const struct exchange *exchange)
{
    return exchange->client->options;
}

/* ---- the end ---- */

static void on_closed(struct tenon_stream *stream, enum tenon_status status)
{
    struct exchange *exchange = OUTER(stream, struct exchange, stream);
    struct client *client = exchange->client;
    struct event event;
    if (event_begin(&event, client->console, CONSOLE_DEBUG, "close")) {
        event_status(&event, status);
        event_number(&event, "received", exchange->transcript.received);
        event_end(&event);
    }
    client_exchange_over(client, exchange->code, exchange->again);
}

static void close_with(struct exchange *exchange, enum tenon_close_mode mode, int code)
{
    if (exchange->closing) {
        return;
    }
    exchange->closing = true;
    exchange->code = code;
    tenon_timer_stop(exchange->client->loop, &exchange->silence);
    tenon_timer_stop(exchange->client->loop, &exchange->pause);
    tenon_stream_close(&exchange->stream, mode, 0, on_closed);
}

/* It has failed: says why, unless another try follows. */
static void give_up(struct exchange *exchange, int code, const char *hint, const char *format, ...)
{
    struct console *console = exchange->client->console;
    char reason[REASON_MAX];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(reason, sizeof reason, format, arguments);
    va_end(arguments);
    exchange->again = client_tries_again(exchange->client);
    if (exchange->again) {
        client_note_try(exchange->client, reason);
    } else {
        transcript_release(&exchange->transcript, exchange->expectation.text);
        transcript_end(&exchange->transcript);
        console_error(console, "%s", reason);
        if (hint != NULL) {
            console_hint(console, "%s", hint);
        }
    }
    close_with(exchange, exchange->ended && exchange->sent ? TENON_CLOSE_GRACEFUL :
                                                             TENON_CLOSE_ABORT, code);
}

/* Our input is sent and the server's end is read: what happens to the connection now is nobody's
 * concern. */
static void complete(struct exchange *exchange)
{
    const struct expectation *expectation = &exchange->expectation;
    struct transcript *transcript = &exchange->transcript;
    char difference[EXPECTATION_TEXT_MAX];
    bool bytes_alone = transcript->raw != NULL;
    if (!expectation_is_met(expectation)) {
        expectation_describe(expectation, difference);
        give_up(exchange, EXIT_CODE_FAILED, NULL, "the answer of %s is not the expected one: %s",
                exchange->server, difference);
    } else if (transcript->received == 0 && !bytes_alone && expectation->text == NULL) {
        give_up(exchange, EXIT_CODE_FAILED,
                "it may not answer such a message, or it drops its answer to a client "
                "that ends its side early",
                "%s ended the connection without an answer", exchange->server);
    } else {
        transcript_release(transcript, expectation->text);
        transcript_end(transcript);
        close_with(exchange, TENON_CLOSE_GRACEFUL, EXIT_CODE_OK);
    }
}

static void fail(struct exchange *exchange, enum tenon_status status)
{
    char why[CONSOLE_ERROR_MAX];
    struct tenon_error error = tenon_stream_error(&exchange->stream);
    error.status = status;
    console_error_text(error, why);
    give_up(exchange, status == TENON_TIMED_OUT ? EXIT_CODE_TIMED_OUT : EXIT_CODE_FAILED, NULL,
            "lost %s before the end of %s: %s", exchange->server,
            exchange->ended ? "what it was sent" : "its answer", why);
}

static void time_out(struct exchange *exchange)
{
    char limit[NUMBER_TEXT_MAX];
    number_duration_format(options_of(exchange)->settings.timeout, limit);
    if (!exchange->sent) {
        give_up(exchange, EXIT_CODE_TIMED_OUT, NULL,
                "%s has not taken the message: nothing moved for %s", exchange->server, limit);
    } else if (exchange->transcript.received == 0) {
        give_up(exchange, EXIT_CODE_TIMED_OUT, exchange->sent_bytes > 0 ? NULL :
                "nothing was sent: it may wait for a message", "no answer from %s within %s",
                exchange->server, limit);
    } else {
        give_up(exchange, EXIT_CODE_TIMED_OUT, NULL,
                "%s has not ended its answer: silent for %s", exchange->server, limit);
    }
}

/* ---- time: each timer looks how long ago it was when it runs, so that no receive touches it ----
 */

static void on_silence(struct tenon_timer *timer)
{
    struct exchange *exchange = OUTER(timer, struct exchange, silence);
    int64_t now = tenon_loop_now(exchange->client->loop);
    int64_t timeout = options_of(exchange)->settings.timeout;
    if (exchange->sending && exchange->send.sent != exchange->progress) {
        exchange->progress = exchange->send.sent;
        exchange->active = now;
    }
    if (now - exchange->active >= timeout) {
        time_out(exchange);
        return;
    }
    tenon_timer_start(exchange->client->loop, timer, exchange->active + timeout, on_silence);
}

/* It is the server who is slow: something is on its way to it, or all of it is there. */
static void start_silence(struct exchange *exchange)
{
    int64_t timeout = options_of(exchange)->settings.timeout;
    if (timeout == TENON_FOREVER || exchange->paused || (!exchange->sent && !exchange->sending)) {
        return;
    }
    exchange->active = tenon_loop_now(exchange->client->loop);
    if (!tenon_timer_started(&exchange->silence)) {
        tenon_timer_start(exchange->client->loop, &exchange->silence, exchange->active + timeout,
                          on_silence);
    }
}

/* It is us: there is no room for output, or nothing to send yet. */
static void stop_silence(struct exchange *exchange)
{
    tenon_timer_stop(exchange->client->loop, &exchange->silence);
}

static void finish(struct exchange *exchange)
{
    struct event event;
    exchange->finished = true;
    if (event_begin(&event, exchange->client->console, CONSOLE_DEBUG, "half_close")) {
        event_number(&event, "received", exchange->transcript.received);
        event_end(&event);
    }
    tenon_stream_finish(&exchange->stream);
}

static void on_pause(struct tenon_timer *timer)
{
    struct exchange *exchange = OUTER(timer, struct exchange, pause);
    struct tenon_loop *loop = exchange->client->loop;
    if (tenon_loop_now(loop) - exchange->received_last < answer_pause) {
        tenon_timer_start(loop, timer, exchange->received_last + answer_pause, on_pause);
        return;
    }
    finish(exchange);
}

/* An answer that pauses may wait for our end: an echo server's does. */
static void start_pause(struct exchange *exchange)
{
    struct tenon_loop *loop = exchange->client->loop;
    if (options_of(exchange)->half_close == HALF_CLOSE_PAUSE && exchange->sent &&
        exchange->transcript.received > 0 && !exchange->finished && !exchange->ended &&
        !exchange->paused && !tenon_timer_started(&exchange->pause)) {
        exchange->received_last = tenon_loop_now(loop);
        tenon_timer_start(loop, &exchange->pause, exchange->received_last + answer_pause, on_pause);
    }
}

/* ---- receiving ---- */

/* False: it is over. Another answer than the expected one is not awaited to its end: that may never
 * come. */
static bool take_response(struct exchange *exchange, const void *data, size_t size)
{
    struct transcript *transcript = &exchange->transcript;
    bool decided = !expectation_take(&exchange->expectation, data, size);
    exchange->active = tenon_loop_now(exchange->client->loop);
    exchange->received_last = exchange->active;
    if (decided && client_tries_again(exchange->client)) {
        complete(exchange);         /* whatever follows */
        return false;
    }
    if (decided) {
        transcript_release(transcript, exchange->expectation.text);
    }
    transcript_receive(transcript, data, size);
    if (decided) {
        complete(exchange);
    }
    return !decided;
}

static void on_end(struct exchange *exchange)
{
    struct event event;
    exchange->ended = true;
    if (event_begin(&event, exchange->client->console, CONSOLE_DEBUG, "end")) {
        event_number(&event, "received", exchange->transcript.received);
        event_end(&event);
    }
    if (exchange->sent || (exchange->client->source->conversation && !exchange->sending)) {
        complete(exchange);
    }
}

static enum tenon_flow on_receive(struct tenon_stream *stream, enum tenon_status status,
                                  const void *data, size_t size)
{
    struct exchange *exchange = OUTER(stream, struct exchange, stream);
    if (status == TENON_CANCELED) {
        return TENON_PAUSE;         /* we close it */
    }
    if (status == TENON_END) {
        on_end(exchange);
        return TENON_PAUSE;
    }
    if (status != TENON_OK) {
        fail(exchange, status);
        return TENON_PAUSE;
    }
    if (options_of(exchange)->settings.hex) {
        dump_received(&exchange->dump, exchange->client->console, 0, data, size);
    }
    if (!take_response(exchange, data, size)) {
        return TENON_PAUSE;
    }
    if (!transcript_has_room(&exchange->transcript, OUTPUT_ROOM)) {
        exchange->paused = true;
        stop_silence(exchange);
        tenon_timer_stop(exchange->client->loop, &exchange->pause);
        return TENON_PAUSE;
    }
    start_pause(exchange);
    return TENON_CONTINUE;
}

void exchange_resume(struct exchange *exchange)
{
    if (exchange->paused && !exchange->closing) {
        exchange->paused = false;
        start_silence(exchange);
        start_pause(exchange);
        tenon_stream_receive_resume(&exchange->stream);
    }
}

/* ---- sending ---- */

static void note_sent(struct exchange *exchange, size_t size)
{
    if (options_of(exchange)->settings.hex && size > 0) {
        dump_sent(&exchange->dump, exchange->client->console, 0, exchange->piece.data, size);
    }
    exchange->sent_bytes += size;
}

static void all_sent(struct exchange *exchange)
{
    exchange->sent = true;
    transcript_sent(&exchange->transcript, exchange->sent_bytes);
    if (exchange->ended) {
        complete(exchange);
        return;
    }
    start_silence(exchange);
    if (options_of(exchange)->half_close == HALF_CLOSE_NOW) {
        finish(exchange);
    }
    start_pause(exchange);
}

/* Receiving ends as well then; after another failure, such as a lack of memory, it goes on. */
static bool connection_is_gone(enum tenon_status status)
{
    return status == TENON_RESET || status == TENON_TIMED_OUT || status == TENON_UNREACHABLE ||
           status == TENON_NOT_CONNECTED;
}

static void on_sent(struct tenon_send *send, enum tenon_status status)
{
    struct exchange *exchange = OUTER(send, struct exchange, send);
    note_sent(exchange, send->sent);
    if (exchange->closing) {
        return;
    }
    if (status == TENON_OK) {
        struct source *source = exchange->client->source;
        exchange->sending = false;
        source->take(source);
        exchange_send_more(exchange);
    } else if (exchange->ended || !connection_is_gone(status)) {
        fail(exchange, status);
    }
    /* Else the receive ends with this failure, behind the bytes that came before it. */
}

/* The whole of what the source lends, with what the kernel takes at once first. True: it is sent.
 */
static bool send_piece(struct exchange *exchange, bool at_once)
{
    struct tenon_piece *piece = &exchange->piece;
    size_t sent = at_once ? tenon_stream_try_send(&exchange->stream, piece->data, piece->size) : 0;
    note_sent(exchange, sent);
    if (sent == piece->size) {
        return true;
    }
    piece->data = (const char *)piece->data + sent;
    piece->size -= sent;
    exchange->send.pieces = piece;
    exchange->send.piece_count = 1;
    exchange->sending = true;
    exchange->progress = 0;
    tenon_stream_send(&exchange->stream, &exchange->send, on_sent);
    start_silence(exchange);
    return false;
}

/* The source has nothing for now. */
static void wait_for_source(struct exchange *exchange)
{
    stop_silence(exchange);
    if (exchange->ended && exchange->client->source->conversation) {
        complete(exchange);
    }
}

static void fail_source(struct exchange *exchange)
{
    const struct source *source = exchange->client->source;
    char why[CONSOLE_ERROR_MAX];
    console_error_text(source->error, why);
    give_up(exchange, EXIT_CODE_FAILED, NULL, "cannot read %s: %s", source->name, why);
}

void exchange_send_more(struct exchange *exchange)
{
    struct source *source = exchange->client->source;
    bool more = !exchange->closing && !exchange->sending && !exchange->sent;
    for (int i = 0; more; i++) {
        more = false;
        switch (source->look(source, &exchange->piece)) {
        case SOURCE_READY:
            if (send_piece(exchange, i < SENDS_AT_ONCE)) {
                source->take(source);
                more = true;
            }
            break;
        case SOURCE_EMPTY:
            wait_for_source(exchange);
            break;
        case SOURCE_ENDED:
            all_sent(exchange);
            break;
        case SOURCE_FAILED:
            fail_source(exchange);
            break;
        }
    }
}

/* ---- the beginning ---- */

static void set_up(struct exchange *exchange, struct client *client)
{
    exchange->client = client;
    place_format(&client->places[client->place], exchange->server);
}

void exchange_begin(struct exchange *exchange, struct client *client)
{
    const struct client_options *options = client->options;
    struct event event;
    set_up(exchange, client);
    expectation_begin(&exchange->expectation, options->expected);
    transcript_begin(&exchange->transcript, client->console, client->raw,
                     options->expected != NULL && options->wait != 0);
    if (options->settings.timeout == TENON_FOREVER &&
        tenon_stream_keep_alive(&exchange->stream, 60 * TENON_SECOND) != TENON_OK) {
        if (event_begin(&event, client->console, CONSOLE_INFO, "no_keep_alive")) {
            event_text(&event, "peer", exchange->server);
            event_end(&event);
        }
    }
    client->source->begin(client->source);
    exchange_send_more(exchange);
    if (!exchange->closing) {
        tenon_stream_receive_lent(&exchange->stream, on_receive);
    }
}

void exchange_probe(struct exchange *exchange, struct client *client)
{
    set_up(exchange, client);
    close_with(exchange, TENON_CLOSE_GRACEFUL, EXIT_CODE_OK);
}

void exchange_abort(struct exchange *exchange, int code)
{
    if (!exchange->transcript.held && exchange->transcript.received > 0 && !exchange->closing) {
        transcript_end(&exchange->transcript);
    }
    close_with(exchange, TENON_CLOSE_ABORT, code);
}
