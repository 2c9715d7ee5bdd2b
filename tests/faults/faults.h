/* A run: one scenario with one fault, or none, and what is checked of it. */
#ifndef FAULTS_H
#define FAULTS_H
#include <stdbool.h>
#include <stdint.h>
#include <tenon/loop.h>
#include "inject.h"

struct run;

enum {
    RUN_ADDRESS_SIZE = 16
};

struct scenario {
    const char *name;
    const char *backend;            /* that it is for; NULL: every one */
    enum fault_call only;           /* the call whose failures it is for; FAULT_CALLS: all */
    void (*run)(struct run *run);
};
extern const struct scenario exchange_scenarios[];      /* a NULL name ends each */
extern const struct scenario sync_scenarios[];
extern const struct scenario process_scenarios[];
extern const struct scenario server_scenarios[];
extern const struct scenario program_scenarios[];

/* A name; its address is the run's. */
#define RUN_NAME "faults.test"

struct run {
    const struct scenario *scenario;
    const char *backend;
    const char *folder;             /* for files; each run leaves it empty */
    /* Of this machine and of this run alone: connections that were closed keep their ports for a
     * while. */
    char address[RUN_ADDRESS_SIZE];
    const struct fault *fault;      /* NULL: none */
    uint32_t number;
    uint32_t turns;
    bool hit;                       /* behind the end: the call was made, and failed */
    int place;                      /* what place_of said of it */
    int failures;
};

#define CHECK(run, condition) run_check(run, condition, #condition, __FILE__, __LINE__)
void run_check(struct run *run, bool condition, const char *text, const char *file, int line);

/* The fault is armed in between: nothing else may make calls of the system. */
void run_begin(struct run *run, fault_place_fn *place_of, const void *context);
void run_end(struct run *run);

/* One turn, which waits INJECT_STEP at most. Too many of them are a hang, and end the process.
 * True: something is still pending. */
bool run_turn(struct run *run, struct tenon_loop *loop);

/* Behind the end: the status that the fault makes of the operation that it hits; OK: none. And
 * whether a listener has to give its notice. */
enum tenon_status run_failure(const struct run *run);
bool run_is_noticed(const struct run *run);

#endif
