/* What every scenario needs: its world, its random numbers, its memory and its bytes. */
#include "scenario.h"
#include <stdlib.h>
#include <string.h>

const char *scenario_file(const char *path)
{
    const char *name = path;
    for (const char *at = path; *at != '\0'; at++) {
        if (*at == '/' || *at == '\\') {
            name = at + 1;
        }
    }
    return name;
}

/* ---- memory ---- */

/* Stands before each piece of memory. */
struct memory {
    union {
        struct memory *next;
        uint64_t word;
    } list;
    uint64_t size;
};

enum {
    POISON = 0xA5
};

static struct memory *memory_of(void *memory)
{
    return (struct memory *)memory - 1;
}

void *scenario_allocate(struct run *run, size_t size)
{
    struct memory *memory = calloc(1, sizeof *memory + size);
    CHECK(run->world, memory != NULL);
    memory->size = size;
    return memory + 1;
}

void scenario_poison(struct run *run, void *memory)
{
    struct memory *given_back = memory_of(memory);
    memset(memory, POISON, (size_t)given_back->size);
    given_back->list.next = run->given_back;
    run->given_back = given_back;
    run->given_back_count++;
    if (run->given_back_count % 2 == 0) {
        run->given_back = given_back->list.next;
        free(given_back);
    }
}

void scenario_free(void *memory)
{
    free(memory_of(memory));
}

static void check_given_back(struct run *run)
{
    while (run->given_back != NULL) {
        struct memory *given_back = run->given_back;
        const unsigned char *bytes = (const unsigned char *)(given_back + 1);
        bool untouched = true;
        for (uint64_t i = 0; i < given_back->size; i++) {
            untouched = untouched && bytes[i] == POISON;
        }
        CHECK(run->world, untouched);
        run->given_back = given_back->list.next;
        free(given_back);
    }
}

/* ---- the world ---- */

void scenario_open(struct run *run)
{
    struct sim_options options = {0};
    options.seed = run->seed;
    options.temperament = run->temperament;
    options.faults = run->faults;
    options.stepped = true;
    options.trace = run->trace;
    run->world = sim_world_open(&options);
    run->turn = 0;
    run->given_back = NULL;
    run->given_back_count = 0;
    run->tally->time -= sim_now(run->world);
}

void scenario_close(struct run *run)
{
    CHECK(run->world, sim_open_count(run->world) == 0);
    check_given_back(run);
    run->tally->time += sim_now(run->world);
    run->tally->runs++;
    sim_world_close(run->world);
    run->world = NULL;
}

bool scenario_step(struct run *run, int64_t until)
{
    run->turn++;
    return sim_step(run->world, until);
}

/* ---- what the seed decides ---- */

static uint64_t next_choice(struct run *run, uint64_t below)
{
    uint64_t choice = 0;
    if (run->choice_count == 0) {
        return sim_random_below(&run->random, below);
    }
    for (uint64_t rest = below - 1; rest > 0 && run->choice_count > 0; rest >>= 8) {
        choice = choice << 8 | *run->choices;
        run->choices++;
        run->choice_count--;
    }
    return choice % below;
}

uint64_t draw(struct run *run, uint64_t low, uint64_t high)
{
    return low + next_choice(run, high - low + 1);
}

uint64_t draw_magnitude(struct run *run, uint64_t low, uint64_t high)
{
    uint64_t top = low;
    unsigned doublings = 0;
    while (top < high) {
        top = top * 2 + 1;
        doublings++;
    }
    top = low;
    for (uint64_t times = draw(run, 0, doublings); times > 0; times--) {
        top = top * 2 + 1;
    }
    return draw(run, low, top < high ? top : high);
}

int64_t draw_time(struct run *run, int64_t low, int64_t high)
{
    return (int64_t)draw(run, (uint64_t)low, (uint64_t)high);
}

bool draw_chance(struct run *run, uint32_t parts_of_1000)
{
    return parts_of_1000 > 0 && next_choice(run, 1000) < parts_of_1000;
}

/* ---- bytes ---- */

static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

enum {
    PERIOD = sizeof letters - 1     /* 62; a further 61 makes the whole repeat late */
};

char scenario_byte(uint32_t sender, uint64_t offset)
{
    return letters[(sender * UINT64_C(7) + offset + offset / 61 * 5) % PERIOD];
}

void scenario_fill(uint32_t sender, uint64_t offset, char *data, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        data[i] = scenario_byte(sender, offset + i);
    }
}

bool scenario_matches(uint32_t sender, uint64_t offset, const char *data, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        if (data[i] != scenario_byte(sender, offset + i)) {
            return false;
        }
    }
    return true;
}
