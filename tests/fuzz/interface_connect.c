/* The listeners and connects of the interface's fuzzer. */
#include "interface.h"
#include <stdlib.h>
#include <string.h>

enum {
    PORT_FIRST = 700,           /* one a slot, where the system does not choose */
    PORT_CLOSED = 9
};

struct gate {
    struct tenon_listener listener;
    struct item item;
    bool accepting;
    bool closing;
};

/* It has its host's name, which must live as long. */
struct link {
    struct tenon_connect connect;
    struct item item;
    struct tenon_stream *stream;
    bool canceled;
    char host[TENON_ADDRESS_TEXT_MAX];
};

/* A socket on its way to the other loop of its host. */
struct handoff {
    struct side *side;
    struct tenon_socket socket;
};

/* ---- listeners ---- */

static struct gate *gate_of(const struct item *item)
{
    return OUTER(item, struct gate, item);
}

static void on_handoff(void *argument)
{
    struct handoff *handoff = argument;
    handoff->side->run->handoffs--;
    end_attach(handoff->side, handoff->socket);
    free(handoff);
}

static void hand_over(struct side *side, struct tenon_socket socket)
{
    struct run *run = side->run;
    struct handoff *handoff = run_allocate(sizeof *handoff);
    handoff->side = side == &run->sides[1] ? &run->sides[2] : &run->sides[1];
    handoff->socket = socket;
    run->handoffs++;
    sim_at(handoff->side->loop, sim_now(run->world), on_handoff, handoff);
}

static void take_socket(struct side *side, struct tenon_socket socket, uint8_t decision)
{
    if (side->run->over || decision >= 0xf0) {
        tenon_socket_discard(socket);
    } else if (decision >= 0xc0 && side != &side->run->sides[0]) {
        hand_over(side, socket);
    } else {
        end_attach(side, socket);
    }
}

static enum tenon_flow on_accept(struct tenon_listener *listener, enum tenon_status status,
                                 struct tenon_socket socket, const struct tenon_address *peer)
{
    struct gate *gate = OUTER(listener, struct gate, listener);
    struct side *side = gate->item.side;
    uint8_t decision = fuzz_byte(&side->run->input);
    run_check_callback(&gate->item);
    FUZZ_CHECK(gate->accepting);
    if (status == TENON_OK) {
        FUZZ_CHECK(peer->family == listener->address.family);
        take_socket(side, socket, decision);
    } else if (status == TENON_CANCELED) {
        FUZZ_CHECK(gate->closing);
        gate->accepting = false;
    } else {
        FUZZ_CHECK(status == TENON_LIMIT);
        FUZZ_CHECK(listener->error.status != TENON_OK);
    }
    run_react(side, decision);
    return decision & 4 ? TENON_PAUSE : TENON_CONTINUE;
}

static void on_gate_closed(struct tenon_listener *listener)
{
    struct gate *gate = OUTER(listener, struct gate, listener);
    struct side *side = gate->item.side;
    run_check_callback(&gate->item);
    FUZZ_CHECK(gate->closing && !gate->accepting);
    run_remove(&gate->item);
    free(gate);
    run_react(side, fuzz_byte(&side->run->input));
}

static void open_gate(struct side *side)
{
    static const char path[] = "gate";
    uint8_t decision = fuzz_byte(&side->run->input);
    struct tenon_endpoint endpoint = {0};
    struct tenon_listen_options options = {.backlog = decision & 8 ? 2 : 0};
    struct gate *gate = run_allocate(sizeof *gate);
    if (!run_add(side, KIND_GATE, &gate->item)) {
        free(gate);
        return;
    }
    if ((decision & 7) == 7) {
        endpoint.address.family = TENON_FAMILY_PATH;
        memcpy(endpoint.path, path, sizeof path);
    } else {
        endpoint.address.family = decision & 1 ? TENON_FAMILY_IPV4 : TENON_FAMILY_IPV6;
        endpoint.address.port = decision & 2 ? 0 : (uint16_t)(PORT_FIRST + gate->item.slot);
    }
    if (tenon_listen(side->loop, &gate->listener, &endpoint, &options) != TENON_OK) {
        FUZZ_CHECK(gate->listener.error.status != TENON_OK);
        run_remove(&gate->item);
        free(gate);
        return;
    }
    gate->accepting = (decision & 16) == 0;
    if (gate->accepting) {
        tenon_listener_accept(&gate->listener, on_accept);
    }
}

static void close_in_mode(struct gate *gate, enum tenon_close_mode mode)
{
    gate->closing = true;
    tenon_listener_close(&gate->listener, mode, on_gate_closed);
}

void gate_operate(struct side *side, uint8_t operation)
{
    struct item *item = run_choose(side, KIND_GATE);
    struct gate *gate = item == NULL ? NULL : gate_of(item);
    if (gate == NULL || operation % 4 == 0) {
        open_gate(side);
    } else if (operation % 4 == 1) {
        close_in_mode(gate, operation & 0x80 ? TENON_CLOSE_ABORT : TENON_CLOSE_GRACEFUL);
    } else if (gate->accepting) {
        tenon_listener_resume(&gate->listener);
    } else if (!gate->closing) {
        gate->accepting = true;
        tenon_listener_accept(&gate->listener, on_accept);
    }
}

void gate_close(struct item *item)
{
    close_in_mode(gate_of(item), TENON_CLOSE_ABORT);
}

/* ---- connects ---- */

static struct link *link_of(const struct item *item)
{
    return OUTER(item, struct link, item);
}

/* Each address that was tried has its own result. */
static void check_attempts(const struct tenon_connect *connect, enum tenon_status status)
{
    uint32_t good = 0;
    FUZZ_CHECK(connect->attempts_begun <= connect->attempt_count);
    for (uint32_t i = 0; i < connect->attempts_begun; i++) {
        FUZZ_CHECK(connect->attempts[i].begun && !connect->attempts[i].pending);
        good += connect->attempts[i].error.status == TENON_OK ? 1 : 0;
    }
    FUZZ_CHECK(good <= 1);
    FUZZ_CHECK(status != TENON_OK || connect->winner < connect->attempts_begun);
    FUZZ_CHECK(status != TENON_OK ||
               connect->attempts[connect->winner].error.status == TENON_OK);
}

static void on_connected(struct tenon_connect *connect, enum tenon_status status)
{
    struct link *link = OUTER(connect, struct link, connect);
    struct side *side = link->item.side;
    struct tenon_stream *stream = link->stream;
    run_check_callback(&link->item);
    FUZZ_CHECK(status == connect->error.status);
    FUZZ_CHECK(status != TENON_CANCELED || link->canceled);
    FUZZ_CHECK(status != TENON_END);
    check_attempts(connect, status);
    run_remove(&link->item);
    free(link);
    if (status == TENON_OK) {
        end_attached(stream);
    } else {
        end_forget(stream);
    }
    run_react(side, fuzz_byte(&side->run->input));
}

/* By name, by address, its own, one that nobody has. */
static void set_host(struct link *link, uint8_t decision)
{
    static const char *const names[] = {"a", "b", "localhost", "nowhere", "unix:gate", "10.0.0.99"};
    struct run *run = link->item.side->run;
    if ((decision & 7) < 6) {
        memcpy(link->host, names[decision & 7], strlen(names[decision & 7]) + 1);
        return;
    }
    struct tenon_address address = sim_host_address(
        run->hosts[decision & 1], decision & 8 ? TENON_FAMILY_IPV4 : TENON_FAMILY_IPV6);
    tenon_address_format_ip(&address, link->host, sizeof link->host);
}

static void open_link(struct side *side)
{
    struct run *run = side->run;
    uint8_t decision = fuzz_byte(&run->input);
    uint8_t more = fuzz_byte(&run->input);
    struct tenon_connect_options options = {0};
    struct link *link = run_allocate(sizeof *link);
    if (!run_add(side, KIND_LINK, &link->item)) {
        free(link);
        return;
    }
    link->stream = end_open(side);
    if (link->stream == NULL) {
        run_remove(&link->item);
        free(link);
        return;
    }
    options.family = (enum tenon_family)(more % 3);
    options.timeout = decision & 0x80 ? more * 10 * TENON_MILLISECOND + 1 : 0;
    options.stagger = decision & 0x40 ? TENON_MILLISECOND : 0;
    const struct item *gate = run->items[KIND_GATE][decision >> 4 & 3];
    uint16_t port = gate == NULL ? PORT_CLOSED : gate_of(gate)->listener.address.port;
    set_host(link, decision);
    tenon_connect(side->loop, &link->connect, link->stream, link->host, port, &options,
                  on_connected);
}

void link_operate(struct side *side, uint8_t operation)
{
    struct item *item = run_choose(side, KIND_LINK);
    if (item != NULL && operation % 3 == 0) {
        link_close(item);
    } else {
        open_link(side);
    }
}

void link_close(struct item *item)
{
    struct link *link = link_of(item);
    link->canceled = true;
    tenon_connect_cancel(&link->connect);
}
