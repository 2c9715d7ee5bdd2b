/* Local sockets by path (rule 14: UNSUPPORTED where there are none). */
#include "native.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "testing.h"

/* A folder of its own, and a path in it. */
struct place {
    char *folder;
    struct tenon_endpoint endpoint;
    char host[TENON_PATH_MAX + 6];
};

static void place_open(struct test *test, struct place *place)
{
    place->folder = testing_folder_make("-\xc3\xa4");
    CHECK(test, place->folder != NULL);
    memset(&place->endpoint, 0, sizeof place->endpoint);
    place->endpoint.address.family = TENON_FAMILY_PATH;
    int length = snprintf(place->endpoint.path, sizeof place->endpoint.path, "%s/socket",
                          place->folder);
    CHECK(test, length > 0 && length <= TENON_PATH_MAX);
    length = snprintf(place->host, sizeof place->host, "unix:%s", place->endpoint.path);
    CHECK(test, length > 0 && (size_t)length < sizeof place->host);
}

static void place_close(struct place *place)
{
    testing_folder_remove(place->folder);
    free(place->folder);
}

/* Listens there. False, and said: this system has no such sockets. */
static bool listen_there(struct test *test, struct place *place, struct gate *gate)
{
    enum tenon_status status = gate_listen(gate, &place->endpoint);
    if (status == TENON_UNSUPPORTED) {
        struct end *end = end_new(test);
        native_without("local sockets");
        end_connect(end, place->host, 0, NULL);
        UNTIL(test, end->connects == 1);
        CHECK(test, end->connected == TENON_UNSUPPORTED);
        return false;
    }
    CHECK(test, status == TENON_OK);
    CHECK(test, testing_file_exists(place->endpoint.path));
    gate_accept(gate);
    return true;
}

static struct pair pair_there(struct test *test, const struct place *place, struct gate *gate)
{
    struct pair pair = {.ours = end_new(test), .peer = end_new(test)};
    end_connect(pair.peer, place->host, 0, NULL);
    UNTIL(test, pair.peer->connects == 1 && gate->held_count == 1);
    CHECK(test, pair.peer->connected == TENON_OK);
    end_attach(pair.ours, test->loop, gate_take(gate));
    return pair;
}

static void exchange_by_path(struct test *test)
{
    struct place place;
    struct gate *gate = gate_new(test);
    place_open(test, &place);
    if (listen_there(test, &place, gate)) {
        struct pair pair = pair_there(test, &place, gate);
        struct end *peer = pair.peer;
        struct end *ours = pair.ours;
        CHECK(test, tenon_stream_keep_alive(&ours->stream, TENON_SECOND) == TENON_OK);
        ours->act = end_echo;
        end_receive_lent(ours);
        end_receive_lent(peer);
        end_send(peer, 1024 * 1024);
        UNTIL(test, peer->sends == 1);
        end_finish(peer);
        UNTIL(test, peer->lasts == 1);
        CHECK(test, peer->last == TENON_END && peer->in == 1024 * 1024);
        gate_close(gate, TENON_CLOSE_GRACEFUL);
        UNTIL(test, gate->closed);
        CHECK(test, !testing_file_exists(place.endpoint.path));
        struct end *late = end_new(test);
        end_connect(late, place.host, 0, NULL);
        UNTIL(test, late->connects == 1);
        CHECK(test, late->connected == TENON_NOT_FOUND || late->connected == TENON_REFUSED);
    }
    place_close(&place);
}

/* An end that is there at the same moment as the bytes before it, on a receive that has been going
 * on for a while. */
static void ends_right_behind_data(struct test *test)
{
    enum { MESSAGE = 4096, MESSAGES = 4 };      /* each too large to be kept for the next wait */
    struct place place;
    struct gate *gate = gate_new(test);
    place_open(test, &place);
    if (listen_there(test, &place, gate)) {
        struct pair pair = pair_there(test, &place, gate);
        struct end *peer = pair.peer;
        struct end *ours = pair.ours;
        end_receive_lent(ours);
        for (uint32_t i = 1; i < MESSAGES; i++) {
            end_put(peer, MESSAGE);
            UNTIL(test, ours->in == i * MESSAGE);
        }
        end_put(peer, MESSAGE);
        end_finish(peer);
        UNTIL(test, ours->lasts == 1);
        CHECK(test, ours->last == TENON_END && ours->in == MESSAGES * MESSAGE);
    }
    place_close(&place);
}

/* What another listener holds stays; what a process that is gone has left is replaced; what is no
 * socket stays too. */
static void path_in_use(struct test *test)
{
    struct place place;
    struct gate *gate = gate_new(test);
    struct gate *second = gate_new(test);
    place_open(test, &place);
    if (listen_there(test, &place, gate)) {
        CHECK(test, gate_listen(second, &place.endpoint) == TENON_ADDRESS_IN_USE);
        CHECK(test, testing_file_exists(place.endpoint.path));
        struct end *end = end_new(test);
        end_connect(end, place.host, 0, NULL);
        UNTIL(test, end->connects == 1);
        CHECK(test, end->connected == TENON_OK);
        gate_close(gate, TENON_CLOSE_ABORT);
        UNTIL(test, gate->closed);
        CHECK(test, testing_file_write(place.endpoint.path, "text", 4));
        CHECK(test, gate_listen(second, &place.endpoint) != TENON_OK);
        CHECK(test, testing_file_exists(place.endpoint.path));
    }
    place_close(&place);
}

static void path_left_behind(struct test *test)
{
    struct place place;
    struct gate *gate = gate_new(test);
    place_open(test, &place);
    const char *const arguments[] = {"--leave-path", place.endpoint.path, NULL};
    struct testing_start start = {0};
    struct testing_process *process = native_child(test, &start, arguments);
    int code = 1;
    CHECK(test, testing_process_wait(process, TEST_PATIENCE, &code));
    testing_process_close(process);
    if (code == 0) {
        CHECK(test, testing_file_exists(place.endpoint.path));
        CHECK(test, listen_there(test, &place, gate));
    } else {
        CHECK(test, !listen_there(test, &place, gate));     /* no local sockets here */
    }
    if (gate->listening) {
        gate_close(gate, TENON_CLOSE_ABORT);
        UNTIL(test, gate->closed);
    }
    place_close(&place);
}

static void paths_that_fail(struct test *test)
{
    struct place place;
    struct gate *gate = gate_new(test);
    place_open(test, &place);
    int length = snprintf(place.endpoint.path, sizeof place.endpoint.path, "%s/none/socket",
                          place.folder);
    CHECK(test, length > 0);
    enum tenon_status status = gate_listen(gate, &place.endpoint);
    CHECK(test, status == TENON_NOT_FOUND || status == TENON_UNSUPPORTED);
    place.endpoint.path[0] = '\0';
    status = gate_listen(gate, &place.endpoint);
    CHECK(test, status == TENON_INVALID || status == TENON_UNSUPPORTED);
    place_close(&place);
}

/* Rule 7: by another process that has it as well. It says that it cannot accept, and tries again at
 * intervals instead of spinning. */
static void listener_shut_down(struct test *test)
{
    enum { TRIES_MAX = 20 };    /* in 0.35 s */
    struct place place;
    struct gate *gate = gate_new(test);
    place_open(test, &place);
    if (listen_there(test, &place, gate)) {
        testing_raw_shut((int64_t)gate->listener.handle);
        UNTIL(test, gate->limits == 1);
        test_pass_quietly(test, 350 * TENON_MILLISECOND, TRIES_MAX);
        CHECK(test, gate->limits <= TRIES_MAX);
        CHECK(test, gate->accepted == 0);
    }
    place_close(&place);
}

const struct test_case path_cases[] = {
    {"path.exchange_by_path", exchange_by_path},
    {"path.ends_right_behind_data", ends_right_behind_data},
    {"path.path_in_use", path_in_use},
    {"path.path_left_behind", path_left_behind},
    {"path.paths_that_fail", paths_that_fail},
    {"path.listener_shut_down", listener_shut_down},
    {NULL, NULL}
};
