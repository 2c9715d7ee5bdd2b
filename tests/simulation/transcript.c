/* The server's transcript: what one write may be, and of whom it speaks. */
#include "stage.h"
#include "common/outer.h"
#include "common/peer.h"
#include <stdlib.h>
#include <string.h>

enum {
    TRIES_MAX = 200             /* that a client makes while it waits for the right answer */
};

static const char listening[] = "Server is listening for connections...\n";
static const char connected[] = "Connected to client: ";
static const char received[] = "Received data: ";
static const char sent[] = "Response sent.\n";

/* A part of the transcript: what one client's line or lines say. */
struct block {
    char peer[PEER_NAME_MAX];
    const char *data;
    size_t size;
};

static bool skip(const char **at, const char *end, const char *text)
{
    size_t size = strlen(text);
    if ((size_t)(end - *at) < size || memcmp(*at, text, size) != 0) {
        return false;
    }
    *at += size;
    return true;
}

/* Up to the line's end and over it. */
static const char *skip_line(const char **at, const char *end, size_t *size_out)
{
    const char *begin = *at;
    const char *line_end = memchr(begin, '\n', (size_t)(end - begin));
    *size_out = line_end == NULL ? 0 : (size_t)(line_end - begin);
    *at = line_end == NULL ? end : line_end + 1;
    return begin;
}

/* False: it is no block. */
static bool read_block(enum server_mode mode, const char **at, const char *end, struct block *block)
{
    size_t size = 0;
    memset(block, 0, sizeof *block);
    if (!skip(at, end, connected)) {
        return false;
    }
    const char *peer = skip_line(at, end, &size);
    if (size == 0 || size >= sizeof block->peer) {
        return false;
    }
    memcpy(block->peer, peer, size);
    if (mode != SERVER_GREET) {
        return true;
    }
    if (!skip(at, end, received)) {
        return false;
    }
    block->data = skip_line(at, end, &block->size);
    return block->size > 0 && block->size <= WORKER_RECEIVE_MAX && skip(at, end, sent);
}

void transcript_on_write(struct fake_sink *sink, const char *data, size_t size)
{
    struct server_process *process = OUTER(sink, struct server_process, sink);
    struct block block;
    const char *at = data;
    const char *end = data + size;
    bool whole = sink->size == 0 ? skip(&at, end, listening) :
                                   read_block(process->options.mode, &at, end, &block);
    CHECK(sink->run->world, whole && at == end);
}

/* ---- whose it is ---- */

/* `('10.0.0.2', 49152)`: of few clients only is the name worth being written. */
static uint16_t port_of(const char *peer)
{
    const char *comma = strchr(peer, ',');
    return comma == NULL ? 0 : (uint16_t)strtoul(comma + 1, NULL, 10);
}

static bool is_of(const struct block *block, uint16_t port, const struct tenon_address *local)
{
    char name[PEER_NAME_MAX];
    if (local->port == 0 || local->port != port) {
        return false;
    }
    peer_name(local, name);
    return strcmp(name, block->peer) == 0;
}

/* One client has one block at most, about what it has sent. */
static bool claim(struct stage *stage, const struct block *block)
{
    uint16_t port = port_of(block->peer);
    for (uint32_t i = 0; i < stage->odd_count; i++) {
        struct odd_client *client = &stage->odd[i];
        if (client->blocks == 0 && is_of(block, port, &client->local) &&
            block->size <= client->offered &&
            scenario_matches(client->number, 0, block->data, block->size)) {
            client->blocks++;
            return true;
        }
    }
    for (uint32_t i = 0; i < stage->real_count; i++) {
        struct real_client *client = &stage->real[i];
        if (client->blocks == 0 && is_of(block, port, &client->local) &&
            block->size <= client->plan.message_size &&
            scenario_matches(client->number, 0, block->data, block->size)) {
            client->blocks++;
            return true;
        }
    }
    return false;
}

/* Connections of which nobody knows the address: their clients died, gave up before they knew it,
 * or tried again and told of the last try only. */
static uint32_t count_unknown(const struct stage *stage)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < stage->real_count; i++) {
        const struct real_plan *plan = &stage->real[i].plan;
        count += plan->expectation != REAL_ANY && plan->wait != 0 ? TRIES_MAX : 0;
    }
    for (uint32_t i = 0; i < stage->odd_count; i++) {
        count += stage->odd[i].local.port == 0 ? 1 : 0;
    }
    for (uint32_t i = 0; i < stage->real_count; i++) {
        count += stage->real[i].local.port == 0 ? 1 : 0;
    }
    return count;
}

/* Each client that has its greeting has its block. */
static void check_all_said(const struct stage *stage)
{
    for (uint32_t i = 0; i < stage->odd_count; i++) {
        CHECK(stage->run->world, stage->odd[i].blocks == 1 ||
                                     !odd_client_is_answered(&stage->odd[i]));
    }
    for (uint32_t i = 0; i < stage->real_count; i++) {
        CHECK(stage->run->world, stage->real[i].blocks == 1 ||
                                     !real_client_is_answered(&stage->real[i]));
    }
}

void transcript_check(struct stage *stage)
{
    const struct server_process *process = &stage->server;
    const struct fake_sink *sink = &process->sink;
    if (sink->size == 0) {
        return;
    }
    const char *at = sink->text;
    const char *end = sink->text + sink->size;
    uint32_t unclaimed = 0;
    bool good = skip(&at, end, listening);
    while (good && at < end) {
        struct block block;
        good = read_block(process->options.mode, &at, end, &block);
        unclaimed += good && !claim(stage, &block) ? 1 : 0;
    }
    CHECK(stage->run->world, good);
    CHECK(stage->run->world, unclaimed <= count_unknown(stage));
    if (process->state == PROCESS_OVER && sink->refused_lines == 0 && sink->state != SINK_BROKEN &&
        !stage->started_again && !stage->hurried) {
        /* One whose time ran out while its answer was on its way may get it, unsaid. */
        check_all_said(stage);
    }
}
