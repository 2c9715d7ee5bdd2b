/* Transcripts. */
#include "client/transcript.h"
#include <string.h>

enum {
    PART_SIZE = 4 * 1024            /* bytes of the response that are escaped at a time */
};

static void print(struct transcript *transcript, const char *text)
{
    console_print(transcript->console, text, strlen(text));
}

/* Refused only where the output is broken, as the exchange looks for room; then the client is told.
 */
static void write_to(struct sink *sink, const char *data, size_t size)
{
    (void)sink->write(sink, TENON_OUTPUT, data, size);
}

static struct sink *sink_of(const struct transcript *transcript)
{
    return transcript->raw != NULL ? transcript->raw : transcript->console->sink;
}

void transcript_begin(struct transcript *transcript, struct console *console, struct sink *raw,
                      bool held)
{
    memset(transcript, 0, sizeof *transcript);
    transcript->console = console;
    transcript->raw = raw;
    transcript->held = held;
    if (!held) {
        print(transcript, "Connected to server.\n");
    }
}

static void say_sent(struct transcript *transcript)
{
    if (transcript->sent && !transcript->sent_said && !transcript->held) {
        transcript->sent_said = true;
        print(transcript, "Message sent.\n");
    }
}

void transcript_sent(struct transcript *transcript, uint64_t bytes)
{
    struct event event;
    transcript->sent = true;
    transcript->sent_bytes = bytes;
    if (transcript->received == 0) {
        say_sent(transcript);
    }
    if (event_begin_transcript(&event, transcript->console, "sent")) {
        event_number(&event, "bytes", bytes);
        event_end(&event);
    }
}

/* ---- the response ---- */

/* What an object will show of it. */
static void keep(struct transcript *transcript, const void *data, size_t size)
{
    size_t room = EVENT_DATA_MAX - transcript->kept_size;
    size_t more = size < room ? size : room;
    memcpy(transcript->kept + transcript->kept_size, data, more);
    transcript->kept_size += more;
}

static void print_response(struct transcript *transcript, const char *data, size_t size)
{
    char text[TEXT_ESCAPED_MAX(PART_SIZE)];
    if (transcript->raw != NULL) {
        write_to(transcript->raw, data, size);
    }
    if (transcript->raw != NULL || transcript->console->json || size == 0) {
        return;
    }
    if (!transcript->begun) {
        transcript->begun = true;
        print(transcript, "Server's response: ");
    }
    for (size_t done = 0; done < size;) {
        size_t part = size - done < PART_SIZE ? size - done : PART_SIZE;
        write_to(transcript->console->sink, text,
                 text_escape(&transcript->escape, data + done, part, text));
        done += part;
    }
}

void transcript_receive(struct transcript *transcript, const void *data, size_t size)
{
    keep(transcript, data, size);
    if (!transcript->held) {
        print_response(transcript, data, size);
    }
    transcript->received += size;
}

bool transcript_has_room(const struct transcript *transcript, size_t size)
{
    struct sink *sink = sink_of(transcript);
    return sink->has_room(sink, TENON_OUTPUT, size);
}

void transcript_release(struct transcript *transcript, const void *received)
{
    if (transcript->held) {
        transcript->held = false;
        print(transcript, "Connected to server.\n");
        say_sent(transcript);
        print_response(transcript, received, (size_t)transcript->received);
    }
}

void transcript_end(struct transcript *transcript)
{
    char text[TEXT_ESCAPED_MAX(0)];
    struct console *console = transcript->console;
    struct event event;
    if (transcript->begun) {
        transcript->begun = false;
        write_to(console->sink, text, text_escape_end(&transcript->escape, text));
        print(transcript, "\n");
    }
    say_sent(transcript);
    if (transcript->received > 0 && event_begin_transcript(&event, console, "response")) {
        event_data_part(&event, transcript->kept, transcript->kept_size, transcript->received);
        event_end(&event);
    }
}
