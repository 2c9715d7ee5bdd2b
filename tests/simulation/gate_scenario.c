/* The scenario `gate`: who may come in. The real server with lists, limits by address, PROXY
 * headers and certificates, and visitors whose fate is known from what they are and say. */
#include "command_line.h"
#include "common/exit_code.h"
#include "server_process.h"
#include "visitor.h"
#include <inttypes.h>
#include <string.h>

enum {
    HOSTS = 4,                  /* 10.0.0.2 to 10.0.0.5, of which the first two are proxies */
    PROXIES = 2,
    VISITORS_MAX = 48,
    MESSAGE_SIZE = 200,
    KEY_OF_HOST = 8             /* keys of addresses in headers come before */
};

static const int64_t begin_max = 4 * TENON_SECOND;
static const int64_t stay_max = 3 * TENON_SECOND;
static const int64_t header_whole = 3 * TENON_SECOND;
static const int64_t slack = 1 * TENON_SECOND;
static const int64_t horizon = 300 * TENON_SECOND;

/* ---- headers ---- */

#define SIGNATURE "\r\n\r\n\x00\r\nQUIT\n"
#define PROXY SIGNATURE "\x21"
#define SOURCE(last) "\xc0\x00\x02" last "\xc6\x33\x64\x02" "\xea\x76" "\x01\xbb"
#define TLS(client, verify) "\x20\x00\x0d" client "\x00\x00\x00" verify "\x22\x00\x05" "alice"
#define BYTES(text) text, sizeof(text) - 1

enum kind {
    KIND_GOOD,
    KIND_UNCERTIFIED,           /* good, where no certificate is asked for */
    KIND_LOCAL,
    KIND_WRONG
};

static const struct header {
    const char *data;
    size_t size;
    enum kind kind;
    uint32_t key;               /* KEY_OF_HOST: the connection's own address counts */
} headers[] = {
    {BYTES("PROXY TCP4 192.0.2.1 198.51.100.2 60022 443\r\n"), KIND_UNCERTIFIED, 0},
    {BYTES("PROXY TCP4 192.0.2.2 198.51.100.2 60022 443\r\n"), KIND_UNCERTIFIED, 1},
    {BYTES("PROXY TCP6 ::ffff:192.0.2.1 ::1 1 2\r\n"), KIND_UNCERTIFIED, 0},
    {BYTES("PROXY TCP6 2001:db8::1 ::1 1 2\r\n"), KIND_UNCERTIFIED, 2},
    {BYTES("PROXY TCP6 2001:db8::ffff:0:0:2 ::1 1 2\r\n"), KIND_UNCERTIFIED, 2},
    {BYTES("PROXY TCP6 2001:db8:0:1::1 ::1 1 2\r\n"), KIND_UNCERTIFIED, 3},
    {BYTES("PROXY UNKNOWN what ever\r\n"), KIND_UNCERTIFIED, KEY_OF_HOST},
    {BYTES(PROXY "\x11\x00\x0c" SOURCE("\x01")), KIND_UNCERTIFIED, 0},
    {BYTES(PROXY "\x00\x00\x00"), KIND_UNCERTIFIED, KEY_OF_HOST},
    {BYTES(PROXY "\x11\x00\x1c" SOURCE("\x01") TLS("\x07", "\x00")), KIND_GOOD, 0},
    {BYTES(PROXY "\x11\x00\x1c" SOURCE("\x02") TLS("\x05", "\x00")), KIND_GOOD, 1},
    {BYTES(PROXY "\x11\x00\x1c" SOURCE("\x01") TLS("\x01", "\x00")), KIND_UNCERTIFIED, 0},
    {BYTES(PROXY "\x11\x00\x1c" SOURCE("\x01") TLS("\x00", "\x00")), KIND_UNCERTIFIED, 0},
    {BYTES(PROXY "\x11\x00\x1c" SOURCE("\x01") TLS("\x07", "\x12")), KIND_UNCERTIFIED, 0},
    {BYTES(SIGNATURE "\x20\x00\x00\x00"), KIND_LOCAL, KEY_OF_HOST},
    {BYTES("PROXY TCP4 192.0.2.256 198.51.100.2 60022 443\r\n"), KIND_WRONG, 0},
    {BYTES("PROXY TCP4 192.0.2.1 198.51.100.2 60022 443 \r\n"), KIND_WRONG, 0},
    {BYTES("GET / HTTP/1.1\r\nHost: tenon\r\n\r\n"), KIND_WRONG, 0},
    {BYTES(SIGNATURE "\x31\x11\x00\x0c" SOURCE("\x01")), KIND_WRONG, 0},
    {BYTES(PROXY "\x12\x00\x0c" SOURCE("\x01")), KIND_WRONG, 0},
    {BYTES(PROXY "\x11\x00\x0f" SOURCE("\x01") "\x20\x00\x0d"), KIND_WRONG, 0},
    {BYTES(PROXY "\x11\x00\x13" SOURCE("\x01") "\x03\x00\x04" "badc"), KIND_WRONG, 0},
};

enum {
    HEADERS = sizeof headers / sizeof headers[0]
};

/* ---- the plan ---- */

struct play {
    struct run *run;
    struct gate gate;
    char message[MESSAGE_SIZE + 1];
    struct command_line line;
    struct server_process server;
    struct sim_host *server_host;
    struct tenon_loop *loops[HOSTS];
    struct visitor visitors[VISITORS_MAX];
    uint32_t count;
    bool proxied;
    bool certified;
    uint32_t denied;            /* bits of keys */
};

/* Of `10.0.0.4`, say, or of an address of the headers. */
static void plan_lists(struct play *play)
{
    static const char *const denied[] = {"192.0.2.2", "2001:db8::/64"};
    static const uint32_t keys[] = {1, 2};
    struct run *run = play->run;
    if (draw_chance(run, 400)) {
        uint64_t which = draw(run, 0, 1);
        command_add(run, &play->line, "--deny");
        command_add(run, &play->line, "%s", denied[which]);
        play->denied |= 1U << keys[which];
    }
    if (draw_chance(run, 300)) {
        uint64_t host = draw(run, 0, HOSTS - 1);
        command_add(run, &play->line, "--deny=10.0.0.%" PRIu64 "/32,10.9.0.0/16", host + 2);
        play->denied |= 1U << (KEY_OF_HOST + host);
    }
    if (draw_chance(run, 300)) {
        /* Without 192.0.2.1, and the last two of the hosts. */
        command_add(run, &play->line, "--allow");
        command_add(run, &play->line, "192.0.2.2,2001:db8::/32,10.0.0.2/31");
        play->denied |= 1U << 0 | 3U << (KEY_OF_HOST + 2);
    }
}

static void plan_server(struct play *play)
{
    struct run *run = play->run;
    play->gate.mode = draw_chance(run, 500) ? SERVER_GREET : SERVER_ECHO;
    scenario_fill(0, 0, play->message, MESSAGE_SIZE);
    play->gate.message = play->message;
    play->gate.message_size = MESSAGE_SIZE;
    command_begin(&play->line, "server");
    command_add(run, &play->line, ":12345");
    command_add(run, &play->line, "-vv");
    command_add(run, &play->line, "--mode=%s", play->gate.mode == SERVER_GREET ? "greet" : "echo");
    if (play->gate.mode == SERVER_GREET) {
        command_add(run, &play->line, "-m");
        command_add_long(run, &play->line, play->message);
    }
    /* Room for all: one that lingers is given up where there is none. */
    command_add(run, &play->line, "-c%" PRIu64, draw(run, VISITORS_MAX, 2 * VISITORS_MAX));
    command_add(run, &play->line, "--threads=%" PRIu64, draw(run, 1, 4));
    if (draw_chance(run, 600)) {
        play->gate.limit = (uint32_t)draw(run, 1, 4);
        command_add(run, &play->line, "--max-per-ip=%" PRIu32, play->gate.limit);
    }
    play->proxied = draw_chance(run, 700);
    if (play->proxied) {
        command_add(run, &play->line, "--proxy-protocol=10.0.0.2/31");
        play->certified = draw_chance(run, 300);
        if (play->certified) {
            command_add(run, &play->line, "--require-client-cert%s",
                        draw_chance(run, 500) ? "" : "=alice");
        }
    }
    plan_lists(play);
}

static enum fate judge(const struct play *play, const struct header *header, bool slow, bool proxy)
{
    if (!play->proxied) {
        return FATE_ENTER;
    }
    if (!proxy) {
        return FATE_DENIED;
    }
    if (header == NULL || slow || header->kind == KIND_WRONG) {
        return FATE_MALFORMED;
    }
    if (header->kind == KIND_LOCAL) {
        return FATE_IGNORED;
    }
    return play->certified && header->kind == KIND_UNCERTIFIED ? FATE_UNCERTIFIED : FATE_ENTER;
}

static void plan_visitor(struct play *play, uint32_t number)
{
    struct run *run = play->run;
    struct visitor_plan plan = {0};
    uint32_t host = (uint32_t)draw(run, 0, play->proxied && draw_chance(run, 850) ? PROXIES - 1 :
                                                                                    HOSTS - 1);
    bool says = play->proxied && !draw_chance(run, 50);
    const struct header *header = says ? &headers[draw(run, 0, HEADERS - 1)] : NULL;
    plan.begin = draw_time(run, 0, draw_chance(run, 500) ? 0 : begin_max);
    plan.stay = draw_time(run, 0, stay_max);
    plan.size = (size_t)draw(run, 1, 100);
    plan.key = KEY_OF_HOST + host;
    if (header != NULL) {
        plan.header = header->data;
        plan.header_size = header->size;
        plan.key = header->key == KEY_OF_HOST ? KEY_OF_HOST + host : header->key;
        plan.slow = draw_chance(run, 60);
    }
    plan.fate = judge(play, header, plan.slow, host < PROXIES);
    if (plan.fate == FATE_ENTER && (play->denied >> plan.key & 1) != 0) {
        plan.fate = FATE_DENIED;
    }
    if (plan.fate == FATE_IGNORED) {
        plan.size = (size_t)draw(run, 0, 1);
        plan.fate = plan.size > 0 ? FATE_MALFORMED : FATE_IGNORED;
    }
    visitor_plan(&play->visitors[number - 1], &play->gate, number, play->loops[host], &plan);
}

static void plan(struct play *play)
{
    struct run *run = play->run;
    play->server_host = sim_host_add(run->world, "server");
    for (uint32_t i = 0; i < HOSTS; i++) {
        struct sim_host *host = sim_host_add(run->world, "client");
        enum tenon_status status = sim_loop_open(host, NULL, &play->loops[i]);
        CHECK(run->world, status == TENON_OK);
    }
    play->gate.run = run;
    plan_server(play);
    play->count = (uint32_t)draw_magnitude(run, 1, VISITORS_MAX);
    for (uint32_t number = 1; number <= play->count; number++) {
        plan_visitor(play, number);
    }
}

/* ---- what is to be so ---- */

/* That may have been counted with it when it was refused: the server knows of each a little
 * earlier, and forgets it a little later. */
static uint32_t count_beside(const struct play *play, const struct visitor *visitor)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < play->count; i++) {
        const struct visitor *other = &play->visitors[i];
        bool same = other != visitor && other->plan.key == visitor->plan.key &&
                    other->plan.fate == FATE_ENTER;
        bool beside = other->connected_at <= visitor->over_at + slack &&
                      other->over_at + slack >= visitor->connected_at;
        count += same && beside ? 1 : 0;
    }
    return count;
}

static void check_visitor(const struct play *play, const struct visitor *visitor,
                          uint64_t refused[FATES])
{
    const struct sim_world *world = play->run->world;
    enum fate fate = visitor->plan.fate;
    if (fate == FATE_IGNORED) {
        CHECK(world, visitor->outcome == OUTCOME_LEFT);
        return;
    }
    if (fate != FATE_ENTER) {
        CHECK(world, visitor->outcome == OUTCOME_REFUSED);
    } else if (visitor->outcome == OUTCOME_REFUSED) {
        CHECK(world, play->gate.limit > 0 && count_beside(play, visitor) >= play->gate.limit);
    } else {
        CHECK(world, visitor->outcome == OUTCOME_SERVED);
    }
    refused[fate] += visitor->outcome == OUTCOME_REFUSED ? 1 : 0;
    /* A header that is late: neither is it waited for much longer. */
    if (visitor->plan.slow && fate == FATE_MALFORMED) {
        CHECK(world, visitor->over_at <= visitor->connected_at + header_whole + slack);
    }
}

static void check_totals(const struct play *play, const uint64_t refused[FATES])
{
    const struct sim_world *world = play->run->world;
    const struct server *server = &play->server.server;
    struct totals sum = server->totals;
    for (uint32_t i = 0; i < server->worker_count; i++) {
        totals_add(&sum, &server->views[i].totals);
    }
    CHECK(world, sum.denied == refused[FATE_DENIED]);
    CHECK(world, sum.crowded == refused[FATE_ENTER]);
    CHECK(world, sum.malformed == refused[FATE_MALFORMED]);
    CHECK(world, sum.uncertified == refused[FATE_UNCERTIFIED]);
    CHECK(world, sum.accepted == play->count && sum.shed == 0);
}

/* ---- the play ---- */

static void act(struct play *play)
{
    const struct sim_world *world = play->run->world;
    int64_t last = sim_now(world) + horizon;
    bool over = false;
    server_process_start(&play->server, play->run, play->server_host, &play->line, NULL);
    CHECK(world, play->server.started);
    while (!over) {
        bool turned = scenario_step(play->run, last);
        CHECK(world, turned);
        server_process_look(&play->server);
        if (play->gate.alive == 0 && play->server.state == PROCESS_RUNNING &&
            play->server.stopped_at == 0) {
            server_process_stop(&play->server, TENON_REQUEST_TERMINATE);
        }
        over = play->server.state != PROCESS_RUNNING;
    }
    CHECK(world, play->gate.alive == 0 && play->server.code == EXIT_CODE_OK);
}

static void play_gate(struct run *run)
{
    uint64_t refused[FATES] = {0};
    run->faults = 0;
    scenario_open(run);
    struct play *play = scenario_allocate(run, sizeof *play);
    play->run = run;
    plan(play);
    act(play);
    for (uint32_t i = 0; i < play->count; i++) {
        check_visitor(play, &play->visitors[i], refused);
    }
    check_totals(play, refused);
    fake_sink_close(&play->server.sink);
    for (uint32_t i = 0; i < HOSTS; i++) {
        tenon_loop_close(play->loops[i]);
    }
    scenario_free(play);
    scenario_close(run);
}

const struct scenario gate_scenario = {"gate", 9, play_gate};
