/* Timers: a hierarchical wheel. A tick is 2^WHEEL_SHIFT nanoseconds; a timer's tick is its time
 * rounded up, so it never fires early. A timer lies on the level of the highest group of six bits
 * in which its tick differs from the wheel's: so a level holds only slots ahead of the wheel's own,
 * every timer of a level comes before those of the next, and moving the wheel up to, but not past,
 * the next slot in use leaves every timer where it belongs. */
#include "common/loop.h"

#define TICK_MAX ((INT64_C(1) << (6 * WHEEL_LEVELS)) - 1)

static void ring_init(struct tenon_timer *head)
{
    head->next = head;
    head->previous = head;
}

static void ring_append(struct tenon_timer *head, struct tenon_timer *timer)
{
    timer->previous = head->previous;
    timer->next = head;
    head->previous->next = timer;
    head->previous = timer;
}

static void ring_remove(struct tenon_timer *timer)
{
    timer->previous->next = timer->next;
    timer->next->previous = timer->previous;
    timer->next = NULL;
    timer->previous = NULL;
}

static int64_t tick_of(int64_t when)
{
    int64_t tick = when / (INT64_C(1) << WHEEL_SHIFT);
    if (when > 0 && when % (INT64_C(1) << WHEEL_SHIFT) != 0) {
        tick++;
    }
    return tick > TICK_MAX ? TICK_MAX : tick;
}

/* The place of the lowest bit that is set: bits is not 0. */
static unsigned lowest_bit(uint64_t bits)
{
    unsigned place = 0;
    for (unsigned half = 32; half > 0; half /= 2) {
        uint64_t low = (UINT64_C(1) << half) - 1;
        if ((bits & low) == 0) {
            bits >>= half;
            place += half;
        }
    }
    return place;
}

static void place(struct tenon_wheel *wheel, struct tenon_timer *timer)
{
    int64_t tick = tick_of(timer->when);
    if (tick <= wheel->tick) {
        ring_append(&wheel->due, timer);
        return;
    }
    uint64_t differing = (uint64_t)(tick ^ wheel->tick);
    unsigned level = 0;
    while (differing >> (6 * (level + 1)) != 0) {
        level++;
    }
    unsigned slot = (unsigned)(tick >> (6 * level)) % WHEEL_SLOTS;
    ring_append(&wheel->slots[level][slot], timer);
    wheel->occupied[level] |= UINT64_C(1) << slot;
}

void timers_init(struct tenon_loop *loop)
{
    struct tenon_wheel *wheel = &loop->wheel;
    for (unsigned level = 0; level < WHEEL_LEVELS; level++) {
        for (unsigned slot = 0; slot < WHEEL_SLOTS; slot++) {
            ring_init(&wheel->slots[level][slot]);
        }
    }
    ring_init(&wheel->due);
    wheel->tick = loop->now >> WHEEL_SHIFT;
}

/* The next slot in use: its first tick, or -1. Clears the bits that stopped timers left behind. */
static int64_t next_slot(struct tenon_wheel *wheel, unsigned *level_out, unsigned *slot_out)
{
    for (unsigned level = 0; level < WHEEL_LEVELS; level++) {
        while (wheel->occupied[level] != 0) {
            unsigned slot = lowest_bit(wheel->occupied[level]);
            const struct tenon_timer *head = &wheel->slots[level][slot];
            if (head->next != head) {
                *level_out = level;
                *slot_out = slot;
                int64_t above = wheel->tick >> (6 * (level + 1)) << (6 * (level + 1));
                return above | (int64_t)slot << (6 * level);
            }
            wheel->occupied[level] &= ~(UINT64_C(1) << slot);
        }
    }
    return -1;
}

int64_t timers_next(struct tenon_loop *loop)
{
    struct tenon_wheel *wheel = &loop->wheel;
    unsigned level = 0;
    unsigned slot = 0;
    if (wheel->due.next != &wheel->due) {
        return loop->now;
    }
    int64_t tick = wheel->count == 0 ? -1 : next_slot(wheel, &level, &slot);
    return tick < 0 ? TENON_FOREVER : tick << WHEEL_SHIFT;
}

static void advance(struct tenon_wheel *wheel, int64_t to)
{
    unsigned level = 0;
    unsigned slot = 0;
    int64_t tick = next_slot(wheel, &level, &slot);
    while (tick >= 0 && tick <= to) {
        struct tenon_timer *head = &wheel->slots[level][slot];
        wheel->tick = tick;
        wheel->occupied[level] &= ~(UINT64_C(1) << slot);
        while (head->next != head) {
            struct tenon_timer *timer = head->next;
            ring_remove(timer);
            place(wheel, timer);
        }
        tick = next_slot(wheel, &level, &slot);
    }
    wheel->tick = to > wheel->tick ? to : wheel->tick;
}

static struct tenon_timer *merge(struct tenon_timer *a, struct tenon_timer *b)
{
    struct tenon_timer head = {0};
    struct tenon_timer *last = &head;
    while (a != NULL && b != NULL) {
        struct tenon_timer **least = b->when < a->when ? &b : &a;
        last->next = *least;
        last = *least;
        *least = last->next;
    }
    last->next = a != NULL ? a : b;
    return head.next;
}

/* Sorts `count` timers from *list on, which it moves behind them. A stable merge sort; the depth is
 * the logarithm. */
static struct tenon_timer *sorted(struct tenon_timer **list, uint32_t count)
{
    if (count == 1) {
        struct tenon_timer *one = *list;
        *list = one->next;
        one->next = NULL;
        return one;
    }
    struct tenon_timer *first = sorted(list, count / 2);
    struct tenon_timer *second = sorted(list, count - count / 2);
    return merge(first, second);
}

/* Moves the due timers to the ring `head`, in the order of their times. */
static void take_due(struct tenon_wheel *wheel, struct tenon_timer *head)
{
    uint32_t count = 0;
    for (const struct tenon_timer *t = wheel->due.next; t != &wheel->due; t = t->next) {
        count++;
    }
    ring_init(head);
    if (count == 0) {
        return;
    }
    wheel->due.previous->next = NULL;
    struct tenon_timer *list = wheel->due.next;
    ring_init(&wheel->due);
    list = sorted(&list, count);
    while (list != NULL) {
        struct tenon_timer *next = list->next;
        ring_append(head, list);
        list = next;
    }
}

void timers_run(struct tenon_loop *loop)
{
    struct tenon_wheel *wheel = &loop->wheel;
    if (wheel->count == 0) {
        return;
    }
    advance(wheel, loop->now >> WHEEL_SHIFT);
    struct tenon_timer due;
    take_due(wheel, &due);
    while (due.next != &due) {
        struct tenon_timer *timer = due.next;
        ring_remove(timer);
        wheel->count--;
        timer->on_timer(timer);
    }
}

void tenon_timer_start(struct tenon_loop *loop, struct tenon_timer *timer, int64_t when,
                       void (*on_timer)(struct tenon_timer *timer))
{
    loop_assert_thread(loop);
    TENON_ASSERT(on_timer != NULL);
    tenon_timer_stop(loop, timer);
    if (loop->wheel.count == 0) {
        loop->wheel.tick = loop->now >> WHEEL_SHIFT;    /* it stands still while it is empty */
    }
    timer->when = when;
    timer->on_timer = on_timer;
    place(&loop->wheel, timer);
    loop->wheel.count++;
}

void tenon_timer_stop(struct tenon_loop *loop, struct tenon_timer *timer)
{
    loop_assert_thread(loop);
    if (timer->next != NULL) {
        ring_remove(timer);
        loop->wheel.count--;
    }
}

bool tenon_timer_started(const struct tenon_timer *timer)
{
    return timer->next != NULL;
}
