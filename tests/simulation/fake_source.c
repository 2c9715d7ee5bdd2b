/* What a client sends in the simulation. */
#include "fake_source.h"
#include "common/outer.h"
#include <string.h>
#include <tenon/status.h>

enum {
    PIECES = 20                 /* about: so that the pauses end before a server's patience does */
};

static void on_next(struct tenon_timer *timer)
{
    struct fake_source *source = OUTER(timer, struct fake_source, next);
    size_t left = source->size - source->there;
    size_t most = source->size / PIECES + 1;
    source->there += draw(source->run, 1, most < left ? most : left);
    source->on_changed(source);
}

static void begin(struct source *base)
{
    struct fake_source *source = OUTER(base, struct fake_source, source);
    tenon_timer_stop(source->loop, &source->next);
    source->begun = true;
    source->taken = 0;
    source->lent = 0;
    source->there = source->size == 0 || draw_chance(source->run, 500) ?
        0 : draw(source->run, 1, source->size);
}

static enum source_state look(struct source *base, struct tenon_piece *piece_out)
{
    struct fake_source *source = OUTER(base, struct fake_source, source);
    CHECK(source->run->world, source->begun);
    if (source->taken < source->there) {
        source->lent = source->there - source->taken;
        piece_out->data = source->data + source->taken;
        piece_out->size = source->lent;
        return SOURCE_READY;
    }
    if (source->there == source->size) {
        base->error.status = source->fails ? TENON_SYSTEM : TENON_OK;
        return source->fails ? SOURCE_FAILED : SOURCE_ENDED;
    }
    if (!tenon_timer_started(&source->next)) {
        int64_t pause = draw_chance(source->run, 500) ? 0 :
            draw_time(source->run, 0, 200 * TENON_MILLISECOND);
        tenon_timer_start(source->loop, &source->next, tenon_loop_now(source->loop) + pause,
                          on_next);
    }
    return SOURCE_EMPTY;
}

static void take(struct source *base)
{
    struct fake_source *source = OUTER(base, struct fake_source, source);
    CHECK(source->run->world, source->lent > 0);
    source->taken += source->lent;
    source->lent = 0;
}

void fake_source_init(struct fake_source *source, struct run *run, struct tenon_loop *loop,
                      const char *data, size_t size)
{
    memset(source, 0, sizeof *source);
    source->source.begin = begin;
    source->source.look = look;
    source->source.take = take;
    source->source.name = "what is fed";
    source->run = run;
    source->loop = loop;
    source->data = data;
    source->size = size;
}

void fake_source_stop(struct fake_source *source)
{
    if (source->begun) {
        tenon_timer_stop(source->loop, &source->next);
    }
}
