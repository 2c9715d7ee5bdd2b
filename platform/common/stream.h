/* What the two halves of a stream share: the calls of stream.c and the turn of stream_turn.c. */
#ifndef TENON_COMMON_STREAM_H
#define TENON_COMMON_STREAM_H
#include "common/loop.h"

enum {
    STREAM_RECEIVING = STREAM_LENT | STREAM_NOTICE | STREAM_SINGLE,
    STREAM_OVER = STREAM_ENDED | STREAM_FAILED      /* no further take */
};

void stream_first_error(struct tenon_stream *stream, struct tenon_error error);

/* What is armed has given nothing yet that this receive may take. */
bool stream_awaits_event(const struct tenon_stream *stream);

/* Puts it in the loop's list, unless its delivery is under way. */
void stream_mark_ready(struct tenon_stream *stream);

/* Arms the receive side if something waits for it, and sees that a turn comes if there is something
 * to do. */
void stream_refresh(struct tenon_stream *stream);
void stream_arm(struct tenon_stream *stream);

/* True: the backend has nothing of the receive side any more; else an event follows. */
bool stream_disarm(struct tenon_stream *stream);

/* The backend's take with the first failure and the end noted. */
enum tenon_take stream_take(struct tenon_stream *stream, void *data, size_t size,
                            size_t *taken_out);

/* The same for a lent receive; behind DATA and the callback it is unlent. */
enum tenon_take stream_lend(struct tenon_stream *stream, const void **data_out, size_t *taken_out);
void stream_unlend(struct tenon_stream *stream);

/* Bytes are not with the kernel yet. */
bool stream_is_sending(const struct tenon_stream *stream);
void stream_finish_if_idle(struct tenon_stream *stream);

#endif
