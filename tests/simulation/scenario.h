/* What a scenario is: from one seed a world, what runs in it, and the checks of that. */
#ifndef SCENARIO_H
#define SCENARIO_H
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <tenon/status.h>
#include "simulated.h"

/* Fails the run, with its seed, where the condition does not hold. */
#define CHECK(world, condition) \
    ((condition) ? (void)0 : \
                   sim_fail(world, "%s:%d: %s", scenario_file(__FILE__), __LINE__, #condition))

/* What all runs together did. */
struct tally {
    uint64_t runs;
    uint64_t connections;       /* that were made */
    uint64_t answers;           /* that clients got whole */
    uint64_t bytes;             /* that arrived */
    uint64_t operations;        /* that completed */
    int64_t time;               /* of all worlds */
};

struct run {
    uint64_t seed;
    enum sim_temperament temperament;
    uint32_t faults;            /* 0: nothing fails that nobody made fail */
    FILE *trace;
    struct sim_random random;   /* the scenario's own: the world has another */
    const uint8_t *choices;     /* bytes that decide first, as long as there are any */
    size_t choice_count;
    struct sim_world *world;
    uint64_t turn;              /* number of the turn that runs, or ran last, of whatever loop */
    struct memory *given_back;
    uint32_t given_back_count;
    struct tally *tally;
};

struct scenario {
    const char *name;
    uint32_t share;             /* of the seeds, in parts of 100 */
    void (*play)(struct run *run);
};

extern const struct scenario server_scenario;
extern const struct scenario gate_scenario;
extern const struct scenario fairness_scenario;
extern const struct scenario layer_scenario;
extern const struct scenario regression_scenario;

/* A file's name without its folders. */
const char *scenario_file(const char *path);

/* The world of the run, and its end: nothing is open any more. */
void scenario_open(struct run *run);
void scenario_close(struct run *run);

/* Turns one loop. False: none has anything to do before `until`, and that time has come. */
bool scenario_step(struct run *run, int64_t until);

/* ---- what the seed decides ---- */

/* From `low` to `high`, both included; and so that each order of magnitude is as likely. */
uint64_t draw(struct run *run, uint64_t low, uint64_t high);
uint64_t draw_magnitude(struct run *run, uint64_t low, uint64_t high);
int64_t draw_time(struct run *run, int64_t low, int64_t high);
bool draw_chance(struct run *run, uint32_t parts_of_1000);

/* ---- memory ---- */

/* Zeroed. A test that has no memory left has failed. */
void *scenario_allocate(struct run *run, size_t size);
/* What the library has given back is made unreadable. Every other one is freed, so that a checker
 * of memory sees who uses it late; the rest is looked at when the run ends: nobody wrote to it. */
void scenario_poison(struct run *run, void *memory);
/* Just frees it: the host that used it has died. */
void scenario_free(void *memory);

/* The byte that `sender` sends at this place of its stream: printable, and different enough from
 * sender to sender and place to place. */
char scenario_byte(uint32_t sender, uint64_t offset);
void scenario_fill(uint32_t sender, uint64_t offset, char *data, size_t size);
/* Whether the data is what `sender` sends there. */
bool scenario_matches(uint32_t sender, uint64_t offset, const char *data, size_t size);

#endif
