/* Listeners: the accept subscription, its back-off, and close. */
#include "common/list.h"
#include "common/loop.h"
#include <string.h>
#include <tenon/supervision.h>

static const int64_t back_off_pause = 100 * TENON_MILLISECOND;

static void mark_ready(struct tenon_listener *listener)
{
    if ((listener->flags & LISTENER_READY) == 0) {
        listener->flags |= LISTENER_READY;
        list_append(&listener->loop->listeners, &listener->ready);
    }
}

static void prepare(struct tenon_loop *loop, struct tenon_listener *listener)
{
    loop_assert_thread(loop);
    memset(listener, 0, sizeof *listener);
    listener->loop = loop;
    listener->drain_left = TENON_BACKLOG;
}

static enum tenon_status begin(struct tenon_listener *listener, struct tenon_error error)
{
    listener->error = error;
    if (error.status == TENON_OK) {
        listener->flags |= LISTENER_LISTENING;
        listener->loop->pending++;
    }
    return error.status;
}

enum tenon_status tenon_listen(struct tenon_loop *loop, struct tenon_listener *listener,
                               const struct tenon_endpoint *endpoint,
                               const struct tenon_listen_options *options)
{
    prepare(loop, listener);
    if (options != NULL && options->backlog != 0) {
        listener->drain_left = options->backlog;
    }
    return begin(listener, loop->backend->listen(listener, endpoint, listener->drain_left));
}

enum tenon_status tenon_listen_inherited(struct tenon_loop *loop, struct tenon_listener *listener,
                                         uint32_t index, struct tenon_endpoint *endpoint_out)
{
    struct tenon_error error = {TENON_UNSUPPORTED, 0};
    memset(endpoint_out, 0, sizeof *endpoint_out);
    prepare(loop, listener);
    listener->flags = LISTENER_INHERITED;
    if (loop->backend->inherit != NULL) {
        error = loop->backend->inherit(listener, index, endpoint_out);
    }
    return begin(listener, error);
}

void tenon_listener_accept(struct tenon_listener *listener, tenon_accept_fn *on_accept)
{
    loop_assert_thread(listener->loop);
    TENON_ASSERT(listener->flags & LISTENER_LISTENING);
    TENON_ASSERT((listener->flags & (LISTENER_ACCEPTING | LISTENER_DRAINING | LISTENER_CLOSING)) ==
                 0);
    TENON_ASSERT(on_accept != NULL);
    listener->on_accept = on_accept;
    listener->flags |= LISTENER_ACCEPTING;
    mark_ready(listener);
}

void tenon_listener_resume(struct tenon_listener *listener)
{
    loop_assert_thread(listener->loop);
    if (listener->flags & LISTENER_PAUSED) {
        listener->flags &= ~(uint32_t)LISTENER_PAUSED;
        mark_ready(listener);
    }
}

void tenon_listener_close(struct tenon_listener *listener, enum tenon_close_mode mode,
                          tenon_listener_closed_fn *on_closed)
{
    loop_assert_thread(listener->loop);
    TENON_ASSERT(listener->flags & LISTENER_LISTENING);
    if (listener->flags & LISTENER_CLOSING) {
        return;
    }
    bool closing = (listener->flags & LISTENER_DRAINING) != 0;
    bool graceful = mode == TENON_CLOSE_GRACEFUL && (listener->flags & LISTENER_ACCEPTING) != 0;
    if (closing && mode == TENON_CLOSE_GRACEFUL) {
        return;
    }
    if (!closing) {
        TENON_ASSERT(on_closed != NULL);
        listener->on_closed = on_closed;
    }
    tenon_timer_stop(listener->loop, &listener->back_off);
    listener->flags &= ~(uint32_t)(LISTENER_BACKING_OFF | LISTENER_PAUSED);
    listener->flags |= graceful ? LISTENER_DRAINING : LISTENER_CLOSING;
    mark_ready(listener);
}

static void on_back_off_over(struct tenon_timer *timer)
{
    struct tenon_listener *listener = TENON_OUTER(timer, struct tenon_listener, back_off);
    listener->flags &= ~(uint32_t)LISTENER_BACKING_OFF;
    mark_ready(listener);
}

/* Descriptors or memory ran out: an accept that is tried again at once would spin. */
static void back_off(struct tenon_listener *listener, struct tenon_error error)
{
    struct tenon_loop *loop = listener->loop;
    struct tenon_socket none = {0, loop->backend};
    listener->error = error;
    if (listener->flags & LISTENER_DRAINING) {
        listener->flags |= LISTENER_CLOSING;    /* what is still queued cannot be had */
    } else {
        listener->flags |= LISTENER_BACKING_OFF;
        tenon_timer_start(loop, &listener->back_off, time_after(loop->now, back_off_pause),
                          on_back_off_over);
    }
    if (listener->on_accept(listener, TENON_LIMIT, none, NULL) == TENON_PAUSE) {
        listener->flags |= LISTENER_PAUSED;
    }
}

/* The last touch: on_closed may free the listener. */
static void finish_close(struct tenon_listener *listener)
{
    struct tenon_loop *loop = listener->loop;
    struct tenon_socket none = {0, loop->backend};
    if (!loop->backend->listener_close(listener)) {
        return;         /* again at tenon_event_listener_idle */
    }
    if (listener->flags & LISTENER_READY) {
        list_remove(&listener->ready);
    }
    tenon_timer_stop(loop, &listener->back_off);
    loop->pending--;
    bool accepting = (listener->flags & LISTENER_ACCEPTING) != 0;
    listener->flags = LISTENER_LISTENING | LISTENER_CLOSING;    /* it may be closed again in: */
    if (accepting) {
        (void)listener->on_accept(listener, TENON_CANCELED, none, NULL);
    }
    listener->flags = 0;
    listener->on_closed(listener);
}

/* True: it may go on at once. */
static bool accept_one(struct tenon_listener *listener)
{
    struct tenon_loop *loop = listener->loop;
    bool draining = (listener->flags & LISTENER_DRAINING) != 0;
    if ((listener->flags & LISTENER_ACCEPTING) == 0 || (listener->flags & LISTENER_CLOSING) != 0 ||
        (!draining && (listener->flags & (LISTENER_PAUSED | LISTENER_BACKING_OFF)) != 0)) {
        return false;
    }
    struct tenon_socket socket = {0, loop->backend};
    struct tenon_address peer = {0};
    struct tenon_error error = {0};
    if (draining && listener->drain_left == 0) {
        listener->flags |= LISTENER_CLOSING;
        return false;
    }
    switch (loop->backend->accept(listener, &socket, &peer, &error)) {
    case TAKE_DATA:
        listener->drain_left -= draining ? 1 : 0;
        if (listener->on_accept(listener, TENON_OK, socket, &peer) == TENON_PAUSE) {
            listener->flags |= LISTENER_PAUSED;
        }
        return true;
    case TAKE_WOULD_BLOCK:
        return false;
    case TAKE_END:
        TENON_ASSERT(draining);
        listener->flags |= LISTENER_CLOSING;
        return false;
    case TAKE_FAILED:
        back_off(listener, error);
        return false;
    }
    return false;
}

void listeners_run(struct tenon_loop *loop)
{
    struct tenon_link batch;
    list_take_all(&batch, &loop->listeners);
    while (!list_empty(&batch)) {
        struct tenon_listener *listener = TENON_OUTER(batch.next, struct tenon_listener, ready);
        list_remove(&listener->ready);
        listener->flags &= ~(uint32_t)LISTENER_READY;
        bool more = true;
        for (int i = 0; i < TENON_ACCEPTS_A_TURN && more; i++) {
            more = accept_one(listener);
        }
        if (listener->flags & LISTENER_CLOSING) {
            finish_close(listener);
        } else if (more) {
            mark_ready(listener);
        }
    }
}

void tenon_event_acceptable(struct tenon_listener *listener)
{
    mark_ready(listener);
}

void tenon_event_listener_idle(struct tenon_listener *listener)
{
    mark_ready(listener);
}
