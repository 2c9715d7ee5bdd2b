/* The simulator's insides: the world, its hosts, and what is in its kernels. */
#ifndef TENON_SIMULATED_WORLD_H
#define TENON_SIMULATED_WORLD_H
#include "backend.h"
#include "simulated/simulated.h"

enum {
    SIM_HOSTS_MAX = 255,
    SIM_NAME_MAX = 63,
    SIM_ACCEPTS_PENDING = TENON_ACCEPTS_PENDING
};

/* ---- events: what the world does at a time ---- */

enum sim_event_kind {
    EVENT_CALL,         /* sim_at */
    EVENT_ARRIVE,       /* `value` bytes at socket `id`, from `other` */
    EVENT_END,          /* the peer's end at socket `id` */
    EVENT_RESET,        /* at socket `id` */
    EVENT_WINDOW,       /* the peer of `id` learns that `value` bytes were taken */
    EVENT_KNOCK,        /* the connect of socket `id` reaches its host, for the `value`-th time */
    EVENT_ANSWER,       /* it is answered, with the status `value` */
    EVENT_NOTICE,       /* the loop of socket or listener `id` is told of `value` */
    EVENT_RETRY,        /* socket `id` sends again to a peer that is silent */
    EVENT_PROBE,        /* its keep-alive */
    EVENT_MOVE,         /* the kernel of `id` reads what is to be sent */
    EVENT_BREAK,        /* something between resets the connection of `id` */
    EVENT_RESOLVED      /* the look-up `pointer` has an answer */
};

struct sim_event {
    int64_t when;
    uint64_t order;     /* of two at one time */
    enum sim_event_kind kind;
    uint64_t id;
    uint64_t other;
    uint64_t value;
    void *pointer;
};

/* ---- failures that nobody asked for ---- */

enum sim_fault {
    FAULT_SHORTAGE,     /* descriptors or memory have run out */
    FAULT_BREAK,        /* a connection is reset */
    FAULT_LOST,         /* a connect is never answered */
    FAULT_LOOKUP,       /* a look-up fails */
    FAULT_COUNT
};

/* How this world behaves, drawn from the seed. */
struct sim_profile {
    int64_t latency;            /* one way, about; within a host it is almost nothing */
    int64_t byte_time;          /* per 1,000 bytes */
    int64_t late;               /* how late a completion may be told */
    int64_t lookup;             /* how long a look-up may take */
    uint64_t segment;           /* bytes that travel together at most */
    uint64_t send_room;         /* of a socket's kernel buffers */
    uint64_t receive_room;
    uint32_t spurious;          /* of 1,000 */
    uint32_t stall;             /* of 1,000 turns: the thread does not run for a while */
    uint32_t cut;               /* of 1,000 takes and sends: fewer bytes than there could be */
    bool drops_unread;          /* a reset takes what was not read yet */
    uint32_t faults[FAULT_COUNT];
};

/* ---- sockets ---- */

/* Bytes on their way to a socket: positions in one sequence, of which `ring` holds what was written
 * and not yet taken. */
struct sim_pipe {
    unsigned char *ring;
    uint64_t ring_size;         /* a power of 2 */
    uint64_t written;           /* by the sender's calls */
    uint64_t launched;          /* these left its kernel */
    uint64_t arrived;
    uint64_t taken;
    uint64_t known;             /* of `taken`, by the sender's kernel */
    int64_t last;               /* when what was launched last arrives */
    bool end_written;
    bool end_launched;
    bool end_arrived;
    bool cut;                   /* the sender's kernel is gone: nothing more is launched */
};

/* What a loop is to be told of a socket or a listener. */
enum {
    DUE_RECEIVE = 1 << 0,
    DUE_SEND = 1 << 1,
    DUE_CONNECT = 1 << 2,
    DUE_ACCEPT = 1 << 3,
    DUE_IDLE = 1 << 4
};

enum sim_operation {
    SIM_IDLE,
    SIM_PENDING,
    SIM_CANCELED
};

enum sim_kind {
    SIM_SOCKET,
    SIM_LISTENER
};

struct sim_object {
    uint64_t id;
    enum sim_kind kind;
    uint32_t due;
    struct sim_world *world;
    struct sim_host *host;
    struct sim_loop *loop;      /* NULL: none yet */
    struct sim_object *next_due;
    bool listed;                /* among those that its loop is to be told of */
    bool counted;               /* as one of its host's descriptors */
};

struct sim_socket {
    struct sim_object object;   /* first: events find the socket by it */
    struct tenon_stream *stream;
    struct tenon_attempt *attempt;
    struct sim_listener *listener;      /* whose queue has it */
    struct sim_socket *next;            /* in that queue */
    uint64_t peer;              /* an id; it may be gone */
    struct tenon_address local;
    struct tenon_address remote;
    char path[TENON_PATH_MAX + 1];      /* that it connects to */
    struct sim_pipe in;
    enum sim_operation receive;
    bool receives_on;           /* completion: the receive is not over with the first bytes */
    enum sim_operation send;
    uint64_t call_size;         /* completion: bytes of the send's call that is under way */
    uint64_t call_moved;
    uint32_t calls;             /* completion: sends that were begun */
    enum tenon_status failure;
    bool told;                  /* the failure was reported once */
    enum tenon_status answer;   /* of the connect */
    bool answered;
    bool lost;                  /* the connect's answers never come */
    bool accepted;              /* completion: its accept's packet has come */
    bool broken;                /* it cannot be watched: stream->error says why */
    bool silent;                /* the peer's host died */
    bool retrying;
    bool accepted_here;         /* by a listener of its host: holds the port */
    int64_t silent_since;
};

struct sim_listener {
    struct sim_object object;   /* first */
    struct sim_listener *next;  /* of all */
    struct tenon_listener *listener;
    struct tenon_address address;
    char path[TENON_PATH_MAX + 1];
    uint32_t backlog;
    uint32_t queued;
    struct sim_socket *first;
    struct sim_socket *last;
    uint32_t pooled;            /* completion: of the queue, these the pool has got, */
    bool posted;                /* and accepts of it are with the kernel */
    bool canceled;
    bool idle;                  /* all of its packets have come back */
};

struct sim_lookup {
    struct sim_lookup *next;    /* in its loop's list of answers */
    struct sim_loop *loop;
    struct tenon_connect *connect;      /* NULL: given up */
    enum tenon_status status;
    uint32_t count;
    struct tenon_address addresses[TENON_ATTEMPTS_MAX];
};

/* ---- loops, hosts, the world ---- */

struct sim_loop {
    struct sim_loop *next;
    struct sim_host *host;
    struct tenon_loop *loop;
    struct sim_object *due_first;
    struct sim_object *due_last;
    struct sim_lookup *resolved;
    int64_t wants;              /* its next turn; 0: now */
    int64_t stalled_until;
    uint32_t batch;
    uint32_t idle_turns;        /* that had work and did none */
    bool woken;
    bool dead;
};

struct sim_host {
    struct sim_world *world;
    char name[SIM_NAME_MAX + 1];
    uint32_t number;
    uint32_t limit;
    uint32_t open;
    uint16_t next_port;
    bool up;
    bool without_ipv6;
};

struct sim_world {
    struct sim_options options;
    struct sim_profile profile;
    struct sim_random random;
    int64_t now;
    int64_t wall_jump;
    uint64_t order;
    struct sim_event *events;   /* a heap */
    uint64_t event_count;
    uint64_t event_room;
    struct sim_object **objects;        /* by the lower half of their ids */
    uint32_t *free_objects;
    uint32_t object_count;
    uint32_t object_room;
    uint32_t free_count;
    uint32_t generation;
    uint32_t open;
    struct sim_listener *listeners;
    struct sim_loop *loops;
    struct sim_loop *turning;   /* the last one turned: the others go first */
    uint32_t host_count;
    struct sim_host *hosts[SIM_HOSTS_MAX];
};

/* A system that has no memory left cannot simulate one. */
void *sim_allocate(void *old, size_t size);

static inline bool sim_is_completion(const struct sim_world *world)
{
    return world->options.temperament == SIM_COMPLETION;
}

/* ---- world.c ---- */
/* Whether this fault strikes now. */
bool sim_strikes(struct sim_world *world, enum sim_fault fault);
uint64_t sim_below(struct sim_world *world, uint64_t below);
bool sim_chance(struct sim_world *world, uint32_t parts);

/* ---- event.c ---- */
void sim_event(struct sim_world *world, int64_t delay, struct sim_event event);
/* Moves the clock to `when` and does all that happens until then. */
void sim_advance(struct sim_world *world, int64_t when);
/* When the next event is: TENON_FOREVER without one. */
int64_t sim_next_event(const struct sim_world *world);
void sim_events_free(struct sim_world *world);

void sim_object_add(struct sim_host *host, struct sim_object *object, enum sim_kind kind);
void sim_object_remove(struct sim_object *object);
/* NULL: gone. */
struct sim_object *sim_object_find(const struct sim_world *world, uint64_t id);
struct sim_socket *sim_socket_find(const struct sim_world *world, uint64_t id);

/* Takes one of the host's descriptors: false, where none is left. */
bool sim_count(struct sim_object *object);
/* The object's loop is told of it in its next wait; or, as completions may be, a bit later. */
void sim_tell(struct sim_object *object, uint32_t due);
void sim_tell_late(struct sim_object *object, uint32_t due);

/* ---- network.c ---- */
int64_t sim_latency(struct sim_world *world, const struct sim_host *from,
                    const struct sim_host *to);
struct sim_host *sim_host_find(struct sim_host *from, const struct tenon_address *address);
uint64_t sim_available(const struct sim_socket *socket);
/* A take would give something: bytes, the end or a failure. */
bool sim_is_readable(const struct sim_socket *socket);
/* Bytes that the sender's kernel holds, and has room for. */
uint64_t sim_held(const struct sim_socket *socket);
/* Hands bytes to the socket's kernel, which takes all of them. */
void sim_write(struct sim_socket *socket, const void *data, uint64_t size);
void sim_write_end(struct sim_socket *socket);
void sim_read(struct sim_socket *socket, void *data, uint64_t size);
void sim_fail_socket(struct sim_socket *socket, enum tenon_status status);
/* Ends it as its kernel does: with an end or a reset. */
void sim_socket_close(struct sim_socket *socket, bool reset);
/* Forgets it without a word to the peer. */
void sim_socket_free(struct sim_socket *socket);
struct sim_socket *sim_socket_new(struct sim_host *host);
void sim_network_event(struct sim_world *world, const struct sim_event *event);
void sim_peer_is_silent(struct sim_socket *socket);

/* ---- connect.c ---- */
struct tenon_error sim_connect(struct tenon_attempt *attempt, const char *path);
bool sim_connect_cancel(struct tenon_attempt *attempt);
struct tenon_error sim_adopt(struct tenon_stream *stream, struct tenon_attempt *attempt);
void sim_abandon(struct tenon_attempt *attempt);
void sim_connect_told(struct sim_socket *socket);
void sim_connect_event(struct sim_world *world, const struct sim_event *event);
struct tenon_error sim_resolve(struct tenon_connect *connect);
void sim_resolve_cancel(struct tenon_connect *connect);
void sim_resolved(struct sim_loop *loop);
struct tenon_error sim_look_up_now(struct sim_world *world, const char *host,
                                   enum tenon_family family, struct tenon_address *addresses,
                                   uint32_t max, uint32_t *count_out);

/* ---- listener.c ---- */
struct tenon_error sim_listen(struct tenon_listener *listener,
                              const struct tenon_endpoint *endpoint, uint32_t backlog);
enum tenon_take sim_accept(struct tenon_listener *listener, struct tenon_socket *socket_out,
                           struct tenon_address *peer_out, struct tenon_error *error_out);
bool sim_listener_close(struct tenon_listener *listener);
void sim_listener_told(struct sim_listener *listener, uint32_t due);
/* The one that takes a connect to this address; NULL: none. */
struct sim_listener *sim_listener_find(struct sim_host *host, const struct tenon_address *address,
                                       const char *path);
void sim_listener_queue(struct sim_listener *listener, struct sim_socket *socket);
void sim_listener_unqueue(struct sim_socket *socket);
void sim_listener_free(struct sim_listener *listener);

/* ---- stream.c ---- */
struct tenon_error sim_attach(struct tenon_stream *stream, uint64_t handle);
void sim_socket_attach(struct sim_socket *socket, struct tenon_stream *stream);
bool sim_arm(struct tenon_stream *stream);
bool sim_disarm(struct tenon_stream *stream);
enum tenon_take sim_take(struct tenon_stream *stream, void *data, size_t size, size_t *taken_out,
                         struct tenon_error *error_out);
struct tenon_error sim_try_send(struct tenon_stream *stream, const void *data, size_t size,
                                size_t *sent_out);
void sim_send(struct tenon_stream *stream);
bool sim_send_cancel(struct tenon_stream *stream);
void sim_finish(struct tenon_stream *stream);
struct tenon_error sim_keep_alive(struct tenon_stream *stream, uint32_t idle_seconds);
void sim_stream_close(struct tenon_stream *stream, bool reset);
void sim_discard(uint64_t handle);
void sim_stream_told(struct sim_socket *socket, uint32_t due);
/* The kernel's side: bytes have come, or there is room again. */
void sim_readable(struct sim_socket *socket);
void sim_writable(struct sim_socket *socket);

/* ---- backend.c ---- */
extern const struct tenon_backend sim_backend;
static inline struct sim_loop *sim_loop_of(const struct tenon_loop *loop)
{
    return loop->backend_state;
}

/* A shortage, as the systems have them. */
struct tenon_error sim_shortage(struct sim_world *world);
static inline struct tenon_error sim_error(enum tenon_status status)
{
    struct tenon_error error = {status, 0};
    return error;
}

#endif
