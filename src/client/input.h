/* A file or the standard input as a source. Reading waits for disks, pipes and people, so a thread
 * does it, some blocks ahead: however much comes, they are all that is kept of it. */
#ifndef CLIENT_INPUT_H
#define CLIENT_INPUT_H
#include <stdbool.h>
#include <stdint.h>
#include <tenon/file.h>
#include <tenon/loop.h>
#include <tenon/thread.h>
#include "client/source.h"
#include "common/console.h"

enum {
    INPUT_BLOCKS = 4,
    INPUT_BLOCK_SIZE = 64 * 1024
};

struct input {
    struct source source;
    struct tenon_file file;             /* unless it is the standard input */
    bool standard;
    bool regular;
    bool begun;                         /* its thread runs */
    struct tenon_loop *loop;
    struct tenon_message *changed;
    char *blocks;
    struct tenon_lock lock;             /* of what follows */
    struct tenon_condition wanted;
    uint32_t round;                     /* of the tries: what was read for another is dropped */
    uint64_t offset;
    uint32_t first;                     /* block that is there, of `count` */
    uint32_t count;
    size_t sizes[INPUT_BLOCKS];
    struct tenon_error error;
    bool ended;
    bool starved;                       /* somebody found nothing */
    bool over;
};

/* Opens `path`, or the standard input where it is `-`. The struct is zeroed before, and stays until
 * the process ends once it was begun, as nothing ends a read. `again`: it will be sent more than
 * once, which only a regular file can. EXIT_CODE_NONE, or the code to exit with; then all is said.
 */
int input_open(struct input *input, const char *path, bool again, struct console *console);

/* Before the first begin. `changed` is posted to the loop when there is something after there was
 * nothing. */
void input_attach(struct input *input, struct tenon_loop *loop, struct tenon_message *changed);

/* From now on nothing is posted. One that was not opened may be closed. */
void input_close(struct input *input);

#endif
