/* Streams: what their kernel takes and gives, in the way of either temperament. */
#include "simulated/world.h"

enum {
    CALLS_A_TURN = 4,       /* of a send that the kernel takes at once */
    CALLS_FREE = 2          /* Windows takes the first sends whatever their size */
};

static struct sim_socket *of_stream(const struct tenon_stream *stream)
{
    return stream->backend[0].pointer;
}

static bool in_completion(const struct sim_socket *socket)
{
    return sim_is_completion(socket->object.world);
}

static void has_worked(struct sim_socket *socket)
{
    socket->object.loop->idle_turns = 0;
}

struct tenon_address sim_local_address(const struct tenon_stream *stream)
{
    return of_stream(stream)->local;
}

void sim_socket_attach(struct sim_socket *socket, struct tenon_stream *stream)
{
    socket->object.loop = sim_loop_of(stream->loop);
    socket->stream = stream;
    stream->handle = (uint64_t)(uintptr_t)socket;
    stream->backend[0].pointer = socket;
}

struct tenon_error sim_attach(struct tenon_stream *stream, uint64_t handle)
{
    struct sim_socket *socket = (struct sim_socket *)(uintptr_t)handle;
    struct sim_world *world = socket->object.world;
    if (socket->object.loop != NULL) {
        sim_fail(world, "a socket is attached to a second loop");
    }
    if (sim_strikes(world, FAULT_SHORTAGE)) {
        sim_socket_close(socket, true);
        return sim_shortage(world);
    }
    sim_socket_attach(socket, stream);
    return sim_error(TENON_OK);
}

/* ---- receiving ---- */

bool sim_arm(struct tenon_stream *stream)
{
    struct sim_socket *socket = of_stream(stream);
    struct sim_world *world = socket->object.world;
    bool readable = sim_is_readable(socket);
    if (socket->receive != SIM_IDLE) {
        sim_fail(world, "a stream is armed twice");
    }
    if (sim_strikes(world, FAULT_SHORTAGE)) {
        tenon_event_failed(stream, sim_shortage(world));
        socket->broken = true;
        return true;
    }
    if (readable ? sim_chance(world, 700) : sim_chance(world, world->profile.spurious)) {
        return true;
    }
    socket->receive = SIM_PENDING;
    socket->receives_on =
        in_completion(socket) && (stream->flags & STREAM_LENT) != 0 && sim_chance(world, 500);
    if (readable) {
        sim_tell_late(&socket->object, DUE_RECEIVE);
    } else if (sim_chance(world, world->profile.spurious)) {
        struct sim_event event = {.kind = EVENT_NOTICE, .id = socket->object.id,
                                  .value = DUE_RECEIVE};
        sim_event(world, (int64_t)sim_below(world, (uint64_t)TENON_MILLISECOND), event);
    }
    return false;
}

bool sim_disarm(struct tenon_stream *stream)
{
    struct sim_socket *socket = of_stream(stream);
    if (socket->receive == SIM_IDLE) {
        sim_fail(socket->object.world, "a stream is disarmed that is not armed");
    }
    if (!in_completion(socket)) {
        socket->receive = SIM_IDLE;
        return true;
    }
    if (socket->receive == SIM_PENDING) {
        socket->receive = SIM_CANCELED;
        sim_tell_late(&socket->object, DUE_RECEIVE);
    }
    return false;
}

void sim_readable(struct sim_socket *socket)
{
    if (socket->receive != SIM_IDLE) {
        sim_tell_late(&socket->object, DUE_RECEIVE);
    }
}

/* Of a reset, Windows may tell in the packet only, and read an end then. */
static void receive_told(struct sim_socket *socket)
{
    if (socket->receive == SIM_IDLE) {
        return;
    }
    if (socket->receives_on && socket->receive == SIM_PENDING && sim_available(socket) > 0) {
        if (socket->stream->flags & STREAM_PAUSED) {
            sim_fail(socket->object.world, "a receive goes on while its stream is paused");
        }
        tenon_event_more(socket->stream);
        return;
    }
    socket->receive = SIM_IDLE;
    if (in_completion(socket) && socket->failure != TENON_OK && !socket->told &&
        sim_chance(socket->object.world, 500)) {
        socket->told = true;
        tenon_event_failed(socket->stream, sim_error(socket->failure));
    }
    tenon_event_readable(socket->stream);
}

enum tenon_take sim_take(struct tenon_stream *stream, void *data, size_t size, size_t *taken_out,
                         struct tenon_error *error_out)
{
    struct sim_socket *socket = of_stream(stream);
    struct sim_world *world = socket->object.world;
    uint64_t count = sim_available(socket);
    if (socket->receive != SIM_IDLE && !(socket->receives_on && count > 0)) {
        sim_fail(world, "bytes are taken from a stream that is armed");
    }
    if (socket->broken) {
        *error_out = stream->error;
        return TAKE_FAILED;
    }
    count = count < size ? count : size;
    if (count > 0) {
        if (count > 1 && sim_chance(world, world->profile.cut)) {
            count = 1 + sim_below(world, count - 1);
        }
        sim_read(socket, data, count);
        *taken_out = (size_t)count;
        if (socket->receive == SIM_PENDING && sim_is_readable(socket)) {
            sim_tell_late(&socket->object, DUE_RECEIVE);
        }
        has_worked(socket);
        return TAKE_DATA;
    }
    if (socket->failure != TENON_OK && !socket->told) {
        socket->told = true;
        *error_out = sim_error(socket->failure);
        return TAKE_FAILED;
    }
    return socket->failure != TENON_OK || socket->in.end_arrived ? TAKE_END : TAKE_WOULD_BLOCK;
}

/* ---- sending ---- */

/* After the failure that it tells of, a kernel has another one for every further call. */
static struct tenon_error send_failure(struct sim_socket *socket)
{
    enum tenon_status status = socket->told ? TENON_RESET : socket->failure;
    socket->told = true;
    return sim_error(status);
}

/* Bytes that the kernel takes now. Windows has no limit for one call while there is room. */
static uint64_t room_for(struct sim_socket *socket, uint64_t size)
{
    struct sim_world *world = socket->object.world;
    uint64_t held = sim_held(socket);
    uint64_t room = held < world->profile.send_room ? world->profile.send_room - held : 0;
    if (in_completion(socket)) {
        return room > 0 ? size : 0;
    }
    size = size < room ? size : room;
    return size > 0 && sim_chance(world, world->profile.cut) ? sim_below(world, size) : size;
}

struct tenon_error sim_try_send(struct tenon_stream *stream, const void *data, size_t size,
                                size_t *sent_out)
{
    struct sim_socket *socket = of_stream(stream);
    *sent_out = 0;
    if (socket->failure != TENON_OK) {
        return send_failure(socket);
    }
    if (in_completion(socket) && size > TENON_TRY_SEND_MAX) {
        size = TENON_TRY_SEND_MAX;
    }
    *sent_out = (size_t)room_for(socket, size);
    if (*sent_out > 0) {
        sim_write(socket, data, *sent_out);
        has_worked(socket);
    }
    return sim_error(TENON_OK);
}

static void sent(struct sim_socket *socket, struct tenon_error error)
{
    struct tenon_stream *stream = socket->stream;
    socket->send = SIM_IDLE;
    socket->call_size = 0;
    has_worked(socket);
    tenon_event_sent(stream, error);
}

/* Readiness: what there is room for. Without room it is parked, until sim_writable. */
static void send_some(struct sim_socket *socket)
{
    struct tenon_send *send = socket->stream->send;
    struct tenon_piece pieces[TENON_PIECES_MAX];
    if (socket->failure != TENON_OK) {
        sent(socket, send_failure(socket));
        return;
    }
    uint32_t count = tenon_send_rest(send, pieces, TENON_PIECES_MAX, TENON_SEND_CALL_MAX);
    uint64_t whole = 0;
    for (uint32_t i = 0; i < count; i++) {
        whole += pieces[i].size;
    }
    uint64_t room = room_for(socket, whole);
    uint64_t left = room;
    for (uint32_t i = 0; i < count && left > 0; i++) {
        uint64_t size = pieces[i].size < left ? pieces[i].size : left;
        sim_write(socket, pieces[i].data, size);
        left -= size;
    }
    if (room > 0 && tenon_send_advance(send, (size_t)room)) {
        sent(socket, sim_error(TENON_OK));
    } else if (sim_held(socket) < socket->object.world->profile.send_room) {
        sim_tell_late(&socket->object, DUE_SEND);
    }
}

/* The byte of the call at `offset`, and how many follow it in its piece. */
static const unsigned char *byte_at(struct sim_socket *socket, uint64_t offset, uint64_t *size_out)
{
    struct tenon_piece pieces[TENON_PIECES_MAX];
    uint32_t count = tenon_send_rest(socket->stream->send, pieces, TENON_PIECES_MAX,
                                     (size_t)socket->call_size);
    uint32_t i = 0;
    while (i < count && offset >= pieces[i].size) {
        offset -= pieces[i].size;
        i++;
    }
    TENON_ASSERT(i < count);
    *size_out = pieces[i].size - offset;
    return (const unsigned char *)pieces[i].data + offset;
}

/* Completion: the kernel reads the call's bytes from the sender's memory when it has room. What it
 * writes may leave at once, and so make room while this runs. */
static void move(struct sim_socket *socket, bool all)
{
    uint64_t room_whole = socket->object.world->profile.send_room;
    while (socket->call_moved < socket->call_size) {
        uint64_t held = sim_held(socket);
        uint64_t room = held < room_whole ? room_whole - held : 0;
        uint64_t size = 0;
        const unsigned char *data = byte_at(socket, socket->call_moved, &size);
        size = all || size < room ? size : room;
        if (size == 0) {
            return;
        }
        socket->call_moved += size;
        sim_write(socket, data, size);
    }
}

static void begin_call(struct sim_socket *socket)
{
    struct tenon_send *send = socket->stream->send;
    struct tenon_piece pieces[TENON_PIECES_MAX];
    uint32_t count = tenon_send_rest(send, pieces, TENON_PIECES_MAX, TENON_SEND_CALL_MAX);
    socket->call_size = 0;
    socket->call_moved = 0;
    for (uint32_t i = 0; i < count; i++) {
        socket->call_size += pieces[i].size;
    }
}

static void send_calls(struct sim_socket *socket)
{
    struct sim_world *world = socket->object.world;
    for (int i = 0; i < CALLS_A_TURN; i++) {
        if (socket->failure != TENON_OK) {
            sent(socket, send_failure(socket));
            return;
        }
        bool room = sim_held(socket) < world->profile.send_room || socket->calls < CALLS_FREE;
        begin_call(socket);
        socket->calls++;
        if (!room || sim_chance(world, 400)) {
            struct sim_event event = {.kind = EVENT_MOVE, .id = socket->object.id};
            sim_event(world, (int64_t)sim_below(world, (uint64_t)world->profile.late + 1), event);
            return;
        }
        uint64_t size = socket->call_size;
        move(socket, true);
        socket->call_size = 0;
        if (tenon_send_advance(socket->stream->send, (size_t)size)) {
            sent(socket, sim_error(TENON_OK));
            return;
        }
    }
    sim_tell(&socket->object, DUE_SEND);
}

void sim_send(struct tenon_stream *stream)
{
    struct sim_socket *socket = of_stream(stream);
    if (socket->send != SIM_IDLE) {
        sim_fail(socket->object.world, "a stream has two sends in flight");
    }
    socket->send = SIM_PENDING;
    if (in_completion(socket)) {
        send_calls(socket);
    } else {
        send_some(socket);
    }
}

void sim_writable(struct sim_socket *socket)
{
    if (socket->send == SIM_IDLE) {
        return;
    }
    if (!in_completion(socket) || socket->failure != TENON_OK) {
        sim_tell_late(&socket->object, DUE_SEND);
        return;
    }
    if (socket->call_moved < socket->call_size) {
        move(socket, false);
        if (socket->call_moved == socket->call_size) {
            sim_tell_late(&socket->object, DUE_SEND);
        }
    }
}

static void send_told(struct sim_socket *socket)
{
    if (socket->send == SIM_IDLE) {
        return;
    }
    if (!in_completion(socket)) {
        send_some(socket);
        return;
    }
    if (socket->failure == TENON_OK && socket->send == SIM_PENDING &&
        socket->call_moved < socket->call_size) {
        return;
    }
    uint64_t moved = socket->call_moved;
    bool canceled = socket->send == SIM_CANCELED;
    bool called = socket->call_size > 0;
    socket->call_size = 0;
    socket->call_moved = 0;
    if (called && tenon_send_advance(socket->stream->send, (size_t)moved)) {
        sent(socket, sim_error(TENON_OK));
    } else if (socket->failure != TENON_OK) {
        sent(socket, send_failure(socket));
    } else if (canceled) {
        sent(socket, sim_error(TENON_CANCELED));
    } else {
        send_calls(socket);
    }
}

bool sim_send_cancel(struct tenon_stream *stream)
{
    struct sim_socket *socket = of_stream(stream);
    if (socket->send == SIM_IDLE) {
        sim_fail(socket->object.world, "a send is cancelled that is not in flight");
    }
    if (!in_completion(socket) || (socket->send == SIM_PENDING && socket->call_size == 0)) {
        socket->send = SIM_IDLE;
        return true;
    }
    if (socket->send == SIM_PENDING) {
        socket->send = SIM_CANCELED;
        sim_tell_late(&socket->object, DUE_SEND);
    }
    return false;
}

void sim_stream_told(struct sim_socket *socket, uint32_t due)
{
    if (due & DUE_SEND) {
        send_told(socket);
    }
    if (due & DUE_RECEIVE) {
        receive_told(socket);
    }
}

/* ---- the rest ---- */

void sim_finish(struct tenon_stream *stream)
{
    sim_write_end(of_stream(stream));
}

struct tenon_error sim_keep_alive(struct tenon_stream *stream, uint32_t idle_seconds)
{
    struct sim_socket *socket = of_stream(stream);
    struct sim_event event = {.kind = EVENT_PROBE, .id = socket->object.id, .value = idle_seconds};
    if (socket->remote.family != TENON_FAMILY_PATH) {
        sim_event(socket->object.world, (int64_t)idle_seconds * TENON_SECOND, event);
    }
    return sim_error(TENON_OK);
}

void sim_stream_close(struct tenon_stream *stream, bool reset)
{
    struct sim_socket *socket = of_stream(stream);
    if (socket->receive != SIM_IDLE || socket->send != SIM_IDLE) {
        sim_fail(socket->object.world, "a stream is closed with an operation in flight");
    }
    sim_socket_close(socket, reset);
}

void sim_discard(uint64_t handle)
{
    sim_socket_close((struct sim_socket *)(uintptr_t)handle, true);
}
