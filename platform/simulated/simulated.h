/* The simulator: hosts on a network under one virtual clock, in one thread, where a seed decides
 * everything: latency, bandwidth, how bytes are cut and merged, which call fails with what, when a
 * cancelled operation completes, what a name service answers. The same seed, options and calls give
 * the same run. For tests: no program is linked with it.
 *
 * Two temperaments stand for two families of systems:
 *  - readiness: a peer that was reset is accepted all the same or skipped, sends are partial,
 *    readiness may be spurious, a port can be bound again at once;
 *  - completion, with what only a real Windows shows. Numbers are those of the table of
 *    differences: a port is held while a connection that it accepted lives (8, 9); the accepted
 *    socket's context is set before it is handed over, and an accepted connection of a closed
 *    listener is reset (13, 14); a refusal may take 2 s (21); a send completes whole (25), and a
 *    kernel that has room takes any size (26); an operation and its memory belong to the kernel
 *    until its packet has come, also after a cancel, and bytes are read from that memory until then
 *    (30); a socket belongs to one loop (39); a wait ends in steps of 15.6 ms, or early (40). A
 *    reset may show in a packet only, and may take what was not read yet. Closing with a receive
 *    pending, which resets there (33), fails the run.
 *
 * A call that breaks the seam's preconditions, memory of an operation that is given back too early,
 * a loop that spins, and a wait that nothing can end, fail the run: the seed, the time and the
 * reason are printed and the process aborts.
 *
 * Bounds, without faults: a byte travels for 225 ms at most and behind it at least 10 of them a
 * millisecond; a completion is told 1 ms late at most (30 ms with faults), a wait ends 15.7 ms late
 * at most, and a loop may stand still for SIM_STALL_MAX with faults. */
#ifndef TENON_SIMULATED_H
#define TENON_SIMULATED_H
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <tenon/address.h>
#include <tenon/loop.h>
#include <tenon/status.h>
#include <tenon/stream.h>

#define SIM_STALL_MAX (300 * TENON_MILLISECOND)

struct sim_world;
struct sim_host;

enum sim_temperament {
    SIM_READINESS,
    SIM_COMPLETION
};

struct sim_options {
    uint64_t seed;
    enum sim_temperament temperament;
    /* Failures that nobody asked for, in parts of 1,000 of the occasions at most; 0: none, only
     * what a system may always do. Each seed has some kinds of them and not others: descriptors or
     * memory that run out, resets, connects that are never answered, look-ups that fail. */
    uint32_t faults;
    /* Loops are turned by sim_step, several of them and on several hosts. Else by the caller, and
     * waiting in a turn is what moves the clock. */
    bool stepped;
    FILE *trace;                /* what happens, a line each; NULL: nothing is written */
};

/* ---- random numbers: splitmix64 ---- */

struct sim_random {
    uint64_t state;
};
uint64_t sim_random_next(struct sim_random *random);
/* 0 to below - 1; `below` is at least 1. */
uint64_t sim_random_below(struct sim_random *random, uint64_t below);
/* True in `parts` of 1,000 cases. */
bool sim_random_chance(struct sim_random *random, uint32_t parts);

/* ---- the world ---- */

struct sim_world *sim_world_open(const struct sim_options *options);
/* Every loop is closed, but those of hosts that died: their memory is taken back here. */
void sim_world_close(struct sim_world *world);
int64_t sim_now(const struct sim_world *world);
/* Sockets and listeners of all living hosts that are open, also those that nobody has accepted or
 * attached yet. */
int64_t sim_open_count(const struct sim_world *world);
/* A line of the trace, with its time; `who` may be NULL. */
void sim_trace(const struct sim_world *world, const char *who, const char *format, ...);
/* Fails the run. */
_Noreturn void sim_fail(const struct sim_world *world, const char *format, ...);

/* Runs run(argument) once, at the time `when`, outside every loop's turn, and turns `loop` soon
 * after that: for what a test does to a loop from outside. A host that died runs nothing. Stepped
 * only. */
void sim_at(struct tenon_loop *loop, int64_t when, void (*run)(void *argument), void *argument);

/* Stepped: turns a loop that has something to do, moving the clock to when one has, `until` at the
 * latest. False: nothing has before `until`, and the time is `until`; or, for ever, nothing will.
 */
bool sim_step(struct sim_world *world, int64_t until);

/* ---- hosts ---- */

/* A host has the addresses 10.0.0.N and fd00::N, N from 1 in the order in which they are added (255
 * at most), and 127.0.0.1 and ::1, which mean itself. Its name, of up to 63 bytes, stands for its
 * addresses; several hosts may have one name. */
struct sim_host *sim_host_add(struct sim_world *world, const char *name);
/* Sockets that it may have open: more fail with LIMIT. There is no limit at first. */
void sim_host_limit(struct sim_host *host, uint32_t sockets);
/* Switches IPv6 off: ADDRESS_NOT_AVAILABLE. */
void sim_host_without_ipv6(struct sim_host *host);
/* Dies without a word: no peer is told, its loops are never turned again, and all memory that they
 * used is the caller's once more. */
void sim_host_kill(struct sim_host *host);
/* A dead host is there again, with nothing open; what is left of its connections is reset when the
 * peers send. New loops may be opened on it. */
void sim_host_restart(struct sim_host *host);
struct sim_world *sim_host_world(const struct sim_host *host);
bool sim_host_is_up(const struct sim_host *host);
/* 10.0.0.N, or fd00::N. */
struct tenon_address sim_host_address(const struct sim_host *host, enum tenon_family family);

/* The local address and port of an attached stream. */
struct tenon_address sim_local_address(const struct tenon_stream *stream);

/* tenon_loop_open, on a host; options->backend and options->world do not count. */
TENON_CHECK_RESULT
enum tenon_status sim_loop_open(struct sim_host *host, const struct tenon_loop_options *options,
                                struct tenon_loop **out);

#endif
