/* An exchange: both directions at once, as the server may answer before it has read everything. */
#include "client/exchange.h"
#include "client/client.h"
#include "common/dump.h"
#include "common/event.h"
#include "common/exit_code.h"
#include "common/number.h"
#include "common/outer.h"
#include <inttypes.h>
#include <string.h>

enum {
    PART_SIZE = 4 * 1024,           /* bytes of the response that are escaped at a time */
    OUTPUT_ROOM = 128 * 1024        /* what the longest receive becomes on the output, and more */
};

static const int64_t answer_pause = 200 * TENON_MILLISECOND;

/* ---- output ---- */

/* Refused only where the output is broken, as exchange_receive keeps room for it; then
 * client_output_changed follows. */
static void write_output(struct exchange *exchange, const char *data, size_t size)
{
    struct sink *sink = exchange->client->console->sink;
    (void)sink->write(sink, TENON_OUTPUT, data, size);
}

static void print(struct exchange *exchange, const char *text)
{
    console_print(exchange->client->console, text, strlen(text));
}

/* Behind the response where that came first: they are lines. */
static void say_sent(struct exchange *exchange)
{
    struct event event;
    if (!exchange->sent || exchange->sent_said) {
        return;
    }
    exchange->sent_said = true;
    print(exchange, "Message sent.\n");
    if (event_begin_transcript(&event, exchange->client->console, "sent")) {
        event_number(&event, "bytes", strlen(exchange->client->options->settings.message));
        event_end(&event);
    }
}

/* What an object will show of it. */
static void keep_response(struct exchange *exchange, const char *data, size_t size)
{
    size_t room = EVENT_DATA_MAX - exchange->kept_size;
    size_t more = size < room ? size : room;
    memcpy(exchange->kept + exchange->kept_size, data, more);
    exchange->kept_size += more;
}

static void print_response(struct exchange *exchange, const char *data, size_t size)
{
    char text[TEXT_ESCAPED_MAX(PART_SIZE)];
    if (exchange->client->console->json) {
        keep_response(exchange, data, size);
        return;
    }
    if (exchange->client->console->quiet) {
        write_output(exchange, data, size);
        return;
    }
    if (exchange->received == 0) {
        print(exchange, "Server's response: ");
    }
    for (size_t done = 0; done < size;) {
        size_t part = size - done < PART_SIZE ? size - done : PART_SIZE;
        write_output(exchange, text, text_escape(&exchange->escape, data + done, part, text));
        done += part;
    }
}

static void end_response(struct exchange *exchange)
{
    char text[TEXT_ESCAPED_MAX(0)];
    struct console *console = exchange->client->console;
    struct event event;
    if (exchange->received > 0 && !console->quiet && !console->json) {
        write_output(exchange, text, text_escape_end(&exchange->escape, text));
        print(exchange, "\n");
    }
    say_sent(exchange);
    if (exchange->received > 0 && event_begin_transcript(&event, console, "response")) {
        event_data_part(&event, exchange->kept, exchange->kept_size, exchange->received);
        event_end(&event);
    }
}

/* ---- the end ---- */

static void on_closed(struct tenon_stream *stream, enum tenon_status status)
{
    struct exchange *exchange = OUTER(stream, struct exchange, stream);
    struct client *client = exchange->client;
    struct event event;
    if (event_begin(&event, client->console, CONSOLE_DEBUG, "close")) {
        event_status(&event, status);
        event_number(&event, "received", exchange->received);
        event_end(&event);
    }
    client_exchange_over(client, exchange->code);
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

/* The message is sent and the server's end is read: what happens to the connection now is nobody's
 * concern. */
static void complete(struct exchange *exchange)
{
    struct console *console = exchange->client->console;
    int code = EXIT_CODE_OK;
    end_response(exchange);
    if (exchange->received == 0 && !console->quiet) {
        code = EXIT_CODE_FAILED;
        console_error(console, "%s ended the connection without an answer", exchange->server);
        console_hint(console,
                     "it may not answer such a message, or it drops its answer to a client "
                     "that ends its side early");
    }
    close_with(exchange, TENON_CLOSE_GRACEFUL, code);
}

static void fail(struct exchange *exchange, enum tenon_status status)
{
    char why[CONSOLE_ERROR_MAX];
    struct tenon_error error = tenon_stream_error(&exchange->stream);
    error.status = status;
    console_error_text(error, why);
    end_response(exchange);
    console_error(exchange->client->console, "lost %s before the end of its answer: %s",
                  exchange->server, why);
    close_with(exchange, TENON_CLOSE_ABORT,
               status == TENON_TIMED_OUT ? EXIT_CODE_TIMED_OUT : EXIT_CODE_FAILED);
}

static void time_out(struct exchange *exchange)
{
    struct console *console = exchange->client->console;
    char limit[NUMBER_TEXT_MAX];
    number_duration_format(exchange->client->options->settings.timeout, limit);
    end_response(exchange);
    if (!exchange->sent) {
        console_error(console, "%s has not taken the message: nothing moved for %s",
                      exchange->server, limit);
    } else if (exchange->received == 0) {
        console_error(console, "no answer from %s within %s", exchange->server, limit);
    } else {
        console_error(console, "%s has not ended its answer: silent for %s", exchange->server,
                      limit);
    }
    close_with(exchange, TENON_CLOSE_ABORT, EXIT_CODE_TIMED_OUT);
}

/* ---- time: each timer looks how long ago it was when it runs, so that no receive touches it ----
 */

static void on_silence(struct tenon_timer *timer)
{
    struct exchange *exchange = OUTER(timer, struct exchange, silence);
    int64_t now = tenon_loop_now(exchange->client->loop);
    int64_t timeout = exchange->client->options->settings.timeout;
    if (!exchange->sent && exchange->send.sent != exchange->progress) {
        exchange->progress = exchange->send.sent;
        exchange->active = now;
    }
    if (now - exchange->active >= timeout) {
        time_out(exchange);
        return;
    }
    tenon_timer_start(exchange->client->loop, timer, exchange->active + timeout, on_silence);
}

static void start_silence(struct exchange *exchange)
{
    int64_t timeout = exchange->client->options->settings.timeout;
    exchange->active = tenon_loop_now(exchange->client->loop);
    if (timeout != TENON_FOREVER && !tenon_timer_started(&exchange->silence)) {
        tenon_timer_start(exchange->client->loop, &exchange->silence, exchange->active + timeout,
                          on_silence);
    }
}

static void on_pause(struct tenon_timer *timer)
{
    struct exchange *exchange = OUTER(timer, struct exchange, pause);
    struct tenon_loop *loop = exchange->client->loop;
    struct event event;
    if (tenon_loop_now(loop) - exchange->received_last < answer_pause) {
        tenon_timer_start(loop, timer, exchange->received_last + answer_pause, on_pause);
        return;
    }
    exchange->finished = true;
    if (event_begin(&event, exchange->client->console, CONSOLE_DEBUG, "half_close")) {
        event_number(&event, "received", exchange->received);
        event_end(&event);
    }
    tenon_stream_finish(&exchange->stream);
}

/* An answer that pauses may wait for our end: an echo server's does. */
static void start_pause(struct exchange *exchange)
{
    struct tenon_loop *loop = exchange->client->loop;
    if (exchange->sent && exchange->received > 0 && !exchange->finished && !exchange->ended &&
        !tenon_timer_started(&exchange->pause)) {
        exchange->received_last = tenon_loop_now(loop);
        tenon_timer_start(loop, &exchange->pause, exchange->received_last + answer_pause, on_pause);
    }
}

/* ---- receiving ---- */

static enum tenon_flow on_receive(struct tenon_stream *stream, enum tenon_status status,
                                  const void *data, size_t size)
{
    struct exchange *exchange = OUTER(stream, struct exchange, stream);
    struct sink *sink = exchange->client->console->sink;
    if (status == TENON_CANCELED) {
        return TENON_PAUSE;         /* we close it */
    }
    if (status == TENON_END) {
        exchange->ended = true;
        if (exchange->sent) {
            complete(exchange);
        }
        return TENON_PAUSE;
    }
    if (status != TENON_OK) {
        fail(exchange, status);
        return TENON_PAUSE;
    }
    if (exchange->client->options->settings.hex) {
        dump_received(&exchange->dump, exchange->client->console, 0, data, size);
    }
    print_response(exchange, data, size);
    exchange->received += size;
    exchange->active = tenon_loop_now(exchange->client->loop);
    exchange->received_last = exchange->active;
    if (!sink->has_room(sink, TENON_OUTPUT, OUTPUT_ROOM)) {
        /* It is us who are slow now, not the server. */
        exchange->paused = true;
        tenon_timer_stop(exchange->client->loop, &exchange->silence);
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

static void dump_message(struct exchange *exchange, const char *data, size_t size)
{
    if (exchange->client->options->settings.hex && size > 0) {
        dump_sent(&exchange->dump, exchange->client->console, 0, data, size);
    }
}

static void message_sent(struct exchange *exchange)
{
    exchange->sent = true;
    exchange->active = tenon_loop_now(exchange->client->loop);
    if (exchange->ended) {
        complete(exchange);
        return;
    }
    if (exchange->received == 0) {
        say_sent(exchange);
    }
    if (!exchange->paused) {
        start_pause(exchange);
    }
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
    dump_message(exchange, exchange->piece.data, send->sent);
    if (exchange->closing) {
        return;
    }
    if (status == TENON_OK) {
        message_sent(exchange);
    } else if (exchange->ended || !connection_is_gone(status)) {
        fail(exchange, status);
    }
    /* Else the receive ends with this failure, behind the bytes that came before it. */
}

static void send_message(struct exchange *exchange)
{
    const char *message = exchange->client->options->settings.message;
    size_t size = strlen(message);
    size_t sent = tenon_stream_try_send(&exchange->stream, message, size);
    dump_message(exchange, message, sent);
    if (sent == size) {
        message_sent(exchange);
        return;
    }
    exchange->piece.data = message + sent;
    exchange->piece.size = size - sent;
    exchange->send.pieces = &exchange->piece;
    exchange->send.piece_count = 1;
    tenon_stream_send(&exchange->stream, &exchange->send, on_sent);
}

static void set_up(struct exchange *exchange, struct client *client)
{
    exchange->client = client;
    place_format(&client->options->settings.places[client->place], exchange->server);
}

void exchange_begin(struct exchange *exchange, struct client *client)
{
    struct event event;
    set_up(exchange, client);
    print(exchange, "Connected to server.\n");
    if (client->options->settings.timeout == TENON_FOREVER &&
        tenon_stream_keep_alive(&exchange->stream, 60 * TENON_SECOND) != TENON_OK) {
        if (event_begin(&event, client->console, CONSOLE_INFO, "no_keep_alive")) {
            event_text(&event, "peer", exchange->server);
            event_end(&event);
        }
    }
    start_silence(exchange);
    send_message(exchange);
    tenon_stream_receive_lent(&exchange->stream, on_receive);
}

void exchange_probe(struct exchange *exchange, struct client *client)
{
    set_up(exchange, client);
    close_with(exchange, TENON_CLOSE_GRACEFUL, EXIT_CODE_OK);
}

void exchange_abort(struct exchange *exchange, int code)
{
    if (exchange->received > 0 && !exchange->closing) {
        end_response(exchange);
    }
    close_with(exchange, TENON_CLOSE_ABORT, code);
}
