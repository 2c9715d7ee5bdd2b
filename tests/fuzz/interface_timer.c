/* The timers and messages of the interface's fuzzer. */
#include "interface.h"
#include <stdlib.h>

struct alarm {
    struct tenon_timer timer;
    struct item item;
};

struct note {
    struct tenon_message message;
    struct side *side;
};

static struct alarm *alarm_of(const struct item *item)
{
    return OUTER(item, struct alarm, item);
}

static void forget(struct alarm *alarm)
{
    run_remove(&alarm->item);
    free(alarm);
}

/* Never early, and in the order of their times. */
static void on_timer(struct tenon_timer *timer)
{
    struct alarm *alarm = OUTER(timer, struct alarm, timer);
    struct side *side = alarm->item.side;
    int64_t now = tenon_loop_now(side->loop);
    run_check_callback(&alarm->item);
    FUZZ_CHECK(!tenon_timer_started(timer));
    FUZZ_CHECK(now >= timer->when);
    FUZZ_CHECK(side->alarm_turn != now || side->alarm_when <= timer->when);
    side->alarm_turn = now;
    side->alarm_when = timer->when;
    uint8_t decision = fuzz_byte(&side->run->input);
    if (decision & 4) {
        tenon_timer_start(side->loop, timer, now + (decision >> 3) * TENON_MILLISECOND, on_timer);
    } else {
        forget(alarm);
    }
    run_react(side, decision);
}

static void start(struct side *side, struct alarm *alarm)
{
    uint8_t decision = fuzz_byte(&side->run->input);
    int64_t unit = decision & 0x80 ? 100 * TENON_MILLISECOND : TENON_MILLISECOND;
    int64_t when = tenon_loop_now(side->loop) + (decision & 0x7f) * unit;
    tenon_timer_start(side->loop, &alarm->timer, when, on_timer);
    FUZZ_CHECK(tenon_timer_started(&alarm->timer));
}

void alarm_operate(struct side *side, uint8_t operation)
{
    struct item *item = run_choose(side, KIND_ALARM);
    if (item != NULL && operation % 3 == 0) {
        alarm_close(item);
    } else if (item != NULL && operation % 3 == 1) {
        start(side, alarm_of(item));
    } else {
        struct alarm *alarm = run_allocate(sizeof *alarm);
        if (run_add(side, KIND_ALARM, &alarm->item)) {
            start(side, alarm);
        } else {
            free(alarm);
        }
    }
}

/* After the stop its memory is ours. */
void alarm_close(struct item *item)
{
    struct alarm *alarm = alarm_of(item);
    tenon_timer_stop(item->side->loop, &alarm->timer);
    FUZZ_CHECK(!tenon_timer_started(&alarm->timer));
    forget(alarm);
}

void alarm_check_settled(const struct run *run, const struct item *item)
{
    FUZZ_CHECK(alarm_of(item)->timer.when > sim_now(run->world));
}

static void on_message(struct tenon_message *message)
{
    struct note *note = OUTER(message, struct note, message);
    struct side *side = note->side;
    struct run *run = side->run;
    FUZZ_CHECK(!run->calling);
    FUZZ_CHECK(run->notes > 0);
    run->notes--;
    uint8_t decision = fuzz_byte(&run->input);
    if (decision & 4) {
        run->notes++;
        FUZZ_CHECK(tenon_post(side->loop, message));
        FUZZ_CHECK(!tenon_post(side->loop, message));
    } else {
        free(note);
    }
    run_react(side, decision);
}

void note_post(struct side *side)
{
    struct note *note = run_allocate(sizeof *note);
    note->side = side;
    tenon_message_init(&note->message, on_message);
    side->run->notes++;
    FUZZ_CHECK(tenon_post(side->loop, &note->message));
    FUZZ_CHECK(!tenon_post(side->loop, &note->message));
}
