/* Threads: what may be called from another, and loops made on one and run on another (rule 12). */
#include "native.h"
#include <tenon/thread.h>
#include "testing.h"

enum {
    POSTERS = 4,
    POSTS = 20000,
    ROUNDS = 5000,
    STOPS = 500,
    WORKERS = 4,
    CONNECTIONS = 60,
    COUNTS = 20000
};

/* ---- posts ---- */

struct poster {
    struct tenon_message message;       /* first: the callback finds the poster by it */
    struct tenon_thread thread;
    struct tenon_loop *loop;
    struct tenon_lock lock;             /* of the next one */
    uint32_t put;
    uint32_t seen;                      /* the loop's */
    uint32_t runs;
};

static void post_often(void *argument)
{
    struct poster *poster = argument;
    for (uint32_t i = 0; i < POSTS; i++) {
        tenon_lock_take(&poster->lock);
        poster->put++;
        tenon_lock_give(&poster->lock);
        (void)tenon_post(poster->loop, &poster->message);   /* false: it is posted already */
    }
}

static void on_post(struct tenon_message *message)
{
    struct poster *poster = (struct poster *)(void *)message;
    poster->runs++;
    tenon_lock_take(&poster->lock);
    poster->seen = poster->put;
    tenon_lock_give(&poster->lock);
}

/* Put in place first, then post: whatever was put is seen. */
static void posts_from_four_threads(struct test *test)
{
    struct poster posters[POSTERS] = {0};
    for (int i = 0; i < POSTERS; i++) {
        posters[i].loop = test->loop;
        tenon_lock_init(&posters[i].lock);
        tenon_message_init(&posters[i].message, on_post);
        enum tenon_status status = tenon_thread_start(&posters[i].thread, post_often, &posters[i]);
        CHECK(test, status == TENON_OK);
    }
    for (int i = 0; i < POSTERS; i++) {
        UNTIL(test, posters[i].seen == POSTS);
        tenon_thread_join(&posters[i].thread);
        CHECK(test, posters[i].runs <= POSTS);
    }
    (void)tenon_loop_turn(test->loop, 0);   /* a last post whose bytes the one before had seen */
    for (int i = 0; i < POSTERS; i++) {
        CHECK(test, !posters[i].message.posted);
        tenon_lock_destroy(&posters[i].lock);
    }
}

/* ---- wake-ups ---- */

/* Two loops that wake each other: a wake-up that is lost leaves both asleep. */
struct ball {
    struct tenon_message message;       /* first: the callback finds the ball by it */
    struct tenon_loop *to;
    struct ball *back;
    uint32_t bounces;
    uint32_t posts;                     /* that it makes of the other one */
};

static void on_ball(struct tenon_message *message)
{
    struct ball *ball = (struct ball *)(void *)message;
    ball->bounces++;
    if (ball->bounces <= ball->posts) {
        (void)tenon_post(ball->back->to, &ball->back->message);     /* it has run: not posted */
    }
}

struct player {
    struct tenon_thread thread;
    struct test test;
    struct ball *ball;
};

static void play(void *argument)
{
    struct player *player = argument;
    UNTIL(&player->test, player->ball->bounces == ROUNDS);
    test_close(&player->test);
}

static void wake_up_while_about_to_sleep(struct test *test)
{
    struct player player = {0};
    struct ball there = {0};
    struct ball here = {0};
    test_open(&player.test, test->around);
    there.to = player.test.loop;
    here.to = test->loop;
    there.back = &here;
    here.back = &there;
    there.posts = ROUNDS;
    here.posts = ROUNDS - 1;
    tenon_message_init(&there.message, on_ball);
    tenon_message_init(&here.message, on_ball);
    player.ball = &there;
    CHECK(test, tenon_post(there.to, &there.message));
    CHECK(test, tenon_thread_start(&player.thread, play, &player) == TENON_OK);
    UNTIL(test, here.bounces == ROUNDS);
    tenon_thread_join(&player.thread);
}

/* ---- stop ---- */

struct stopper {
    struct tenon_thread thread;
    struct tenon_loop *loop;
    struct tenon_lock lock;             /* of the next two */
    struct tenon_condition changed;
    uint32_t runs;                      /* that the loop's thread has begun */
    uint32_t stops;
};

static void stop_each_run(void *argument)
{
    struct stopper *stopper = argument;
    tenon_lock_take(&stopper->lock);
    while (stopper->stops < STOPS) {
        while (stopper->runs <= stopper->stops) {
            (void)tenon_condition_wait(&stopper->changed, &stopper->lock, TENON_FOREVER);
        }
        stopper->stops++;
        tenon_lock_give(&stopper->lock);
        tenon_loop_stop(stopper->loop);
        tenon_lock_take(&stopper->lock);
    }
    tenon_lock_give(&stopper->lock);
}

static void stopped_from_another_thread(struct test *test)
{
    struct stopper stopper = {0};
    struct gate *gate = gate_open(test);
    stopper.loop = test->loop;
    tenon_lock_init(&stopper.lock);
    tenon_condition_init(&stopper.changed);
    CHECK(test, tenon_thread_start(&stopper.thread, stop_each_run, &stopper) == TENON_OK);
    for (uint32_t i = 0; i < STOPS; i++) {
        tenon_lock_take(&stopper.lock);
        stopper.runs++;
        tenon_condition_wake(&stopper.changed);
        tenon_lock_give(&stopper.lock);
        test_run(test);
        CHECK(test, gate->listening);
    }
    tenon_thread_join(&stopper.thread);
    tenon_condition_destroy(&stopper.changed);
    tenon_lock_destroy(&stopper.lock);
}

/* ---- loops on threads ---- */

/* An echo server on a thread of its own, whose sockets come from another loop's listener. */
struct worker {
    struct tenon_message message;       /* first: the callback finds the worker by it */
    struct tenon_thread thread;
    struct test test;
    struct tenon_lock lock;             /* of the next two */
    struct tenon_socket sockets[CONNECTIONS];
    uint32_t count;
    uint32_t attached;
    uint32_t expected;
};

static void attach_echo(struct worker *worker, struct tenon_socket socket)
{
    struct end *end = end_new(&worker->test);
    end->act = end_echo;
    end_attach(end, worker->test.loop, socket);
    end_receive_lent(end);
    worker->attached++;
}

static void on_sockets(struct tenon_message *message)
{
    struct worker *worker = (struct worker *)(void *)message;
    tenon_lock_take(&worker->lock);
    while (worker->attached < worker->count) {
        attach_echo(worker, worker->sockets[worker->attached]);
    }
    tenon_lock_give(&worker->lock);
}

static bool all_are_over(const struct test *test)
{
    for (const struct end *end = test->ends; end != NULL; end = end->next) {
        if (end->lasts == 0) {
            return false;
        }
    }
    return true;
}

/* Until the peers have ended all of them. */
static void serve(void *argument)
{
    struct worker *worker = argument;
    struct test *test = &worker->test;
    UNTIL(test, worker->attached == worker->expected && all_are_over(test));
    for (struct end *end = test->ends; end != NULL; end = end->next) {
        end_close(end, TENON_CLOSE_GRACEFUL, TENON_FOREVER);
    }
    for (struct end *end = test->ends; end != NULL; end = end->next) {
        UNTIL(test, end->closed);
        CHECK(test, end->closed_status == TENON_OK);
    }
    test_close(test);
}

static void hand_over(struct worker *worker, struct tenon_socket socket)
{
    tenon_lock_take(&worker->lock);
    worker->sockets[worker->count++] = socket;
    tenon_lock_give(&worker->lock);
    (void)tenon_post(worker->test.loop, &worker->message);      /* false: it is posted already */
}

/* Sends on each end, and reads the echo and the end behind it. */
static void talk(struct test *test, struct end **peers, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        end_receive_lent(peers[i]);
        end_put(peers[i], 1000 + i);
    }
    for (uint32_t i = 0; i < count; i++) {
        UNTIL(test, peers[i]->in == peers[i]->out);
        end_finish(peers[i]);
    }
    for (uint32_t i = 0; i < count; i++) {
        UNTIL(test, peers[i]->lasts == 1);
        CHECK(test, peers[i]->last == TENON_END);
    }
}

/* Rule 7: one listener feeds loops on four threads. */
static void sockets_of_one_listener_on_four_loops(struct test *test)
{
    static const uint32_t share = CONNECTIONS / WORKERS;
    struct worker workers[WORKERS] = {0};
    struct end *peers[CONNECTIONS];
    struct gate *gate = gate_open(test);
    for (int i = 0; i < WORKERS; i++) {
        test_open(&workers[i].test, test->around);
        tenon_lock_init(&workers[i].lock);
        tenon_message_init(&workers[i].message, on_sockets);
        workers[i].expected = share;
        CHECK(test, tenon_thread_start(&workers[i].thread, serve, &workers[i]) == TENON_OK);
    }
    for (uint32_t i = 0; i < CONNECTIONS; i++) {
        peers[i] = end_new(test);
        end_connect(peers[i], "127.0.0.1", gate_port(gate), NULL);
        UNTIL(test, peers[i]->connects == 1 && gate->held_count == 1);
        CHECK(test, peers[i]->connected == TENON_OK);
        hand_over(&workers[i % WORKERS], gate_take(gate));
    }
    talk(test, peers, CONNECTIONS);
    for (int i = 0; i < WORKERS; i++) {
        tenon_thread_join(&workers[i].thread);
        tenon_lock_destroy(&workers[i].lock);
    }
}

static void attach_accepted(struct gate *gate)
{
    if (gate->held_count > 0) {
        attach_echo((struct worker *)gate->context, gate_take(gate));
    }
}

/* Opened, listening and with an attached stream, and then run on another thread. */
static void loop_opened_here_and_run_there(struct test *test)
{
    struct worker worker = {0};
    struct end *peers[10];
    test_open(&worker.test, test->around);
    worker.test.gate = gate_open(&worker.test);
    worker.test.gate->act = attach_accepted;
    worker.test.gate->context = &worker;
    worker.expected = 10;
    struct gate *gate = gate_open(test);
    peers[9] = end_new(test);
    end_connect(peers[9], "127.0.0.1", gate_port(gate), NULL);
    UNTIL(test, peers[9]->connects == 1 && gate->held_count == 1);
    attach_echo(&worker, gate_take(gate));
    uint16_t port = gate_port(worker.test.gate);    /* the gate is the thread's from now on */
    CHECK(test, tenon_thread_start(&worker.thread, serve, &worker) == TENON_OK);
    for (int i = 0; i < 9; i++) {
        peers[i] = end_new(test);
        end_connect(peers[i], "127.0.0.1", port, NULL);
        UNTIL(test, peers[i]->connects == 1);
    }
    talk(test, peers, 10);
    tenon_thread_join(&worker.thread);
}

/* ---- locks and conditions ---- */

struct counter {
    struct tenon_lock lock;
    struct tenon_condition done;
    uint32_t count;
    uint32_t ended;
};

static void count_up(void *argument)
{
    struct counter *counter = argument;
    for (int i = 0; i < COUNTS; i++) {
        tenon_lock_take(&counter->lock);
        counter->count++;
        tenon_lock_give(&counter->lock);
    }
    tenon_lock_take(&counter->lock);
    counter->ended++;
    tenon_condition_wake(&counter->done);
    tenon_lock_give(&counter->lock);
}

static void locks_exclude_and_conditions_wake(struct test *test)
{
    struct counter counter = {0};
    struct tenon_thread threads[POSTERS];
    tenon_lock_init(&counter.lock);
    tenon_condition_init(&counter.done);
    tenon_lock_take(&counter.lock);
    int64_t start = testing_clock();
    while (tenon_condition_wait(&counter.done, &counter.lock, 20 * TENON_MILLISECOND)) {
        /* It may wake without cause. */
    }
    CHECK(test, testing_clock() - start >= 19 * TENON_MILLISECOND);
    for (int i = 0; i < POSTERS; i++) {
        CHECK(test, tenon_thread_start(&threads[i], count_up, &counter) == TENON_OK);
    }
    while (counter.ended < POSTERS) {
        CHECK(test, tenon_condition_wait(&counter.done, &counter.lock, TEST_PATIENCE));
    }
    CHECK(test, counter.count == POSTERS * COUNTS);
    tenon_lock_give(&counter.lock);
    for (int i = 0; i < POSTERS; i++) {
        tenon_thread_join(&threads[i]);
    }
    tenon_condition_destroy(&counter.done);
    tenon_lock_destroy(&counter.lock);
}

const struct test_case thread_cases[] = {
    {"thread.posts_from_four_threads", posts_from_four_threads},
    {"thread.wake_up_while_about_to_sleep", wake_up_while_about_to_sleep},
    {"thread.stopped_from_another_thread", stopped_from_another_thread},
    {"thread.sockets_of_one_listener_on_four_loops", sockets_of_one_listener_on_four_loops},
    {"thread.loop_opened_here_and_run_there", loop_opened_here_and_run_there},
    {"thread.locks_exclude_and_conditions_wake", locks_exclude_and_conditions_wake},
    {NULL, NULL}
};
