/* The harness: a case with its loop, its listeners (gates) and its streams (ends).
 *
 * It checks some rules of the contract by itself, in every case:
 *  - every operation completes exactly once, every subscription has one last call, and on_closed
 *    is a stream's last callback (rules 2 and 9);
 *  - no callback runs inside a submission, and a stream delivers once a turn at most (rule 3);
 *  - nothing is delivered to a paused subscription (rules 5 and 7);
 *  - the bytes that arrive are those that were sent: in order, none twice, none lost (rules 5, 6
 *    and 10);
 *  - descriptors and handles are all returned at the end of the case (rule 13).
 * It knows no system and no thread. Peers are streams too, turned by the case. A check that fails
 * ends the program: what is in flight then cannot be undone. */
#ifndef HARNESS_H
#define HARNESS_H
#include <tenon/loop.h>
#include <tenon/stream.h>

#define CHECK(test, condition) \
    ((condition) ? (void)0 : test_fail(test, #condition, __FILE__, __LINE__))

/* Turns the loop until the condition holds, TEST_PATIENCE of the loop's time at most. */
#define UNTIL(test, condition) \
    do { \
        int64_t limit_ = tenon_loop_now((test)->loop) + TEST_PATIENCE; \
        while (!(condition) && test_turn(test, limit_)) { \
        } \
        CHECK(test, condition); \
    } while (0)

#define TEST_PATIENCE (30 * TENON_SECOND)

enum {
    GATE_HELD_MAX = 512,        /* accepted sockets that nobody has taken yet */
    END_CHUNK_MAX = 64 * 1024,  /* bytes of one end_try, end_take and single receive */
    END_STUCK = 1024 * 1024,    /* bytes that are stuck behind a full kernel */
    END_FILL_MAX = 1024         /* chunks that it takes until it is full, at most */
};

struct test;
struct end;
struct gate;

/* What is around a run of the suite. */
struct surroundings {
    const char *backend;                /* NULL: the best */
    uint32_t batch;                     /* of a loop where the case does not say; 0: the default */
    /* NULL: tenon_loop_open, with that backend. */
    enum tenon_status (*open)(const struct surroundings *around,
                              const struct tenon_loop_options *options, struct tenon_loop **out);
    void *context;                      /* for open */
    int64_t (*descriptors)(const struct surroundings *around);  /* open ones; NULL: not counted */
    bool resets_are_exact;              /* else a peer's reset may look like its end */
    bool quiet;                         /* only failures and the sum are said */
};

struct test {
    const struct surroundings *around;
    struct tenon_loop *loop;
    struct tenon_loop *other;           /* a second one, turned along with it; or NULL */
    struct end *ends;
    struct gate *gates;
    struct gate *gate;                  /* the one that pairs are made at */
    uint32_t pairs;
    uint32_t passed;                    /* cases before this one */
    uint32_t turns;
    bool running;                       /* by tenon_loop_run: turns are not counted */
    bool submitting;
};

struct test_case {
    const char *name;
    void (*run)(struct test *test);
};

/* The program: `[--list] [--backend NAME] [--batch EVENTS] [CASE...]`, a CASE being the beginning
 * of a name. Every table ends with a NULL name, the list of tables with NULL. */
int test_main(int argc, char **argv, struct surroundings *around,
              const struct test_case *const *tables);
/* All of the cases that are chosen by the beginnings of their names: how many have passed. */
uint32_t test_run_cases(const struct surroundings *around, const struct test_case *const *tables,
                        char **chosen, int chosen_count);

_Noreturn void test_fail(const struct test *test, const char *condition, const char *file,
                         int line);

/* The run makes one for its case. A case that has a thread makes another for it, and ends it there.
 * The end closes what was left open, and checks that nothing is in flight then. */
void test_open(struct test *test, const struct surroundings *around);
void test_close(struct test *test);

/* Opens another loop of the case's backend. The options may be NULL; their backend does not count.
 */
struct tenon_loop *test_open_loop(struct test *test);
enum tenon_status test_try_open(struct test *test, const struct tenon_loop_options *options,
                                struct tenon_loop **out);
/* One turn that waits until `limit` at most. False: that has passed already. */
bool test_turn(struct test *test, int64_t limit);
/* Lets the loop's time pass, for what must not happen meanwhile. */
void test_pass(struct test *test, int64_t duration);
/* Likewise; it ends few waits, as nothing is to be done. */
void test_pass_quietly(struct test *test, int64_t duration, uint32_t turns_max);
/* tenon_loop_run. */
void test_run(struct test *test);
/* Around every submission: a callback that runs in between fails the case (rule 3). */
void test_submit(struct test *test);
void test_submitted(struct test *test);
/* Whether this is how a peer's reset may be reported here. */
bool test_is_reset(const struct test *test, enum tenon_status status);

/* ---- gates ---- */

struct gate {
    struct tenon_listener listener;     /* first: callbacks find the gate by it */
    struct gate *next;
    struct test *test;
    enum tenon_flow answer;             /* of the accept subscription */
    void (*act)(struct gate *gate);     /* the case's part of the callbacks */
    void *context;                      /* for act */
    bool listening;
    bool accepting;
    bool paused;
    bool closing;
    bool closed;
    bool closes_again;                  /* in its last call */
    uint32_t accepted;
    uint32_t lasts;
    uint32_t limits;
    uint16_t peer_port;                 /* of the last that was accepted */
    uint32_t held_first;
    uint32_t held_count;
    struct tenon_socket held[GATE_HELD_MAX];
};

struct tenon_endpoint loopback(uint16_t port);
struct gate *gate_new(struct test *test);
/* Listens on 127.0.0.1 and a port of the system's choice, and accepts. */
struct gate *gate_open(struct test *test);
enum tenon_status gate_listen(struct gate *gate, const struct tenon_endpoint *endpoint);
void gate_accept(struct gate *gate);
void gate_resume(struct gate *gate);
void gate_close(struct gate *gate, enum tenon_close_mode mode);
/* The socket that has been held longest; there is one. */
struct tenon_socket gate_take(struct gate *gate);
uint16_t gate_port(const struct gate *gate);

/* ---- ends ---- */

enum end_event {
    END_DATA,           /* a lent receive */
    END_READY,
    END_LAST,           /* the last call of either */
    END_RECEIVED,
    END_SENT,
    END_CONNECTED,
    END_CLOSED          /* the case may free the end in this one */
};

enum end_reading {
    READING_NOTHING,
    READING_LENT,
    READING_READY,
    READING_SINGLE
};

struct end {
    struct tenon_stream stream;         /* first: callbacks find the end by it */
    struct tenon_send send;
    struct tenon_receive receive;
    struct tenon_connect connect;
    struct tenon_piece pieces[TENON_PIECES_MAX];
    struct end *next;
    struct test *test;
    void (*act)(struct end *end, enum end_event event); /* the case's part of the callbacks */
    struct end *friend;                 /* for act */
    void *context;                      /* for act */
    enum tenon_flow answer;             /* of a subscription */
    const unsigned char *lent;          /* while act hears of END_DATA */
    size_t lent_size;
    enum end_reading reading;
    bool attached;
    bool connecting;
    bool paused;
    bool sending;
    bool closing;
    bool closed;
    uint32_t datas;                     /* callbacks, by kind */
    uint32_t readies;
    uint32_t lasts;
    uint32_t receives;
    uint32_t sends;
    uint32_t connects;
    uint32_t delivered_turn;            /* the turn of the last delivery */
    enum tenon_status last;             /* what the last of each ended with */
    enum tenon_status received;
    enum tenon_status sent;
    enum tenon_status connected;
    enum tenon_status closed_status;
    int64_t closed_time;
    uint32_t in_seed;                   /* which sequence comes in, and how far it has come */
    uint32_t out_seed;
    uint64_t in;
    uint64_t out;
    unsigned char *outbox;              /* the bytes of the send in flight */
    unsigned char *inbox;               /* the bytes of the single receive in flight */
};

/* Both ends of one connection: ours was accepted, the peer's connected. */
struct pair {
    struct end *ours;
    struct end *peer;
};

/* What is sent, and checked where it comes in: the sequences of bytes, by their seeds. */
unsigned char end_byte(uint32_t seed, uint64_t offset);
struct end *end_new(struct test *test);
void end_free(struct end *end);
struct pair pair_make(struct test *test);
/* The same, before the accepted socket is taken from test->gate and attached. */
struct pair pair_begin(struct test *test);
void end_attach(struct end *end, struct tenon_loop *loop, struct tenon_socket socket);
void end_connect(struct end *end, const char *host, uint16_t port,
                 const struct tenon_connect_options *options);
void end_connect_cancel(struct end *end);

void end_receive_lent(struct end *end);
void end_receive_ready(struct end *end);
void end_receive(struct end *end, size_t size);
void end_resume(struct end *end);
void end_receive_cancel(struct end *end);
/* Takes up to END_CHUNK_MAX bytes by try_receive, and checks them. */
size_t end_take(struct end *end, size_t size);

/* The next `size` bytes of the end's sequence: as many as try_send takes; all, in a send of one
 * piece or of many; all, by one try_send. */
size_t end_try(struct end *end, size_t size);
/* The same by try_send of what is lent to another end, or to this one, right now. */
size_t end_relay(struct end *end, const struct end *from, size_t at, size_t size);
void end_send(struct end *end, size_t size);
void end_send_pieces(struct end *end, const size_t *sizes, uint32_t count);
void end_put(struct end *end, size_t size);
/* Sends until the kernel takes no more, and a send of END_STUCK bytes waits behind that. */
void end_fill(struct end *end);
void end_send_cancel(struct end *end);
void end_finish(struct end *end);
void end_close(struct end *end, enum tenon_close_mode mode, int64_t timeout);

/* For end->act: an echo server, which pauses for as long as its answer is stuck. Its out_seed is
 * its in_seed. */
void end_echo(struct end *end, enum end_event event);

#endif
