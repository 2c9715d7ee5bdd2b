/* Inputs. */
#include "client/input.h"
#include "common/exit_code.h"
#include "common/outer.h"
#include <stdlib.h>
#include <string.h>
#include <tenon/process.h>

/* ---- the reading thread ---- */

static enum tenon_status read_input(struct input *input, uint64_t offset, char *block,
                                    size_t *got_out, struct tenon_error *error_out)
{
    return input->standard ?
        tenon_input_read(block, INPUT_BLOCK_SIZE, got_out, error_out) : input->regular ?
        tenon_file_read_at(input->file, offset, block, INPUT_BLOCK_SIZE, got_out, error_out) :
        tenon_file_read(input->file, block, INPUT_BLOCK_SIZE, got_out, error_out);
}

/* Lock taken, and given back meanwhile. */
static void read_block(struct input *input)
{
    uint32_t round = input->round;
    uint64_t offset = input->offset;
    uint32_t index = (input->first + input->count) % INPUT_BLOCKS;
    struct tenon_error error;
    size_t got = 0;
    tenon_lock_give(&input->lock);
    enum tenon_status status = read_input(input, offset,
                                          input->blocks + (size_t)index * INPUT_BLOCK_SIZE, &got,
                                          &error);
    tenon_lock_take(&input->lock);
    if (round != input->round) {
        return;
    }
    if (status != TENON_OK) {
        input->error = error;
    } else if (got == 0) {
        input->ended = true;
    } else {
        input->sizes[index] = got;
        input->count++;
        input->offset += got;
    }
    if (input->starved && !input->over) {
        input->starved = false;
        (void)tenon_post(input->loop, input->changed);  /* posted already: it will see it all */
    }
}

static void read_all(void *argument)
{
    struct input *input = argument;
    tenon_lock_take(&input->lock);
    while (!input->over) {
        if (input->count == INPUT_BLOCKS || input->ended || input->error.status != TENON_OK) {
            (void)tenon_condition_wait(&input->wanted, &input->lock, TENON_FOREVER);
        } else {
            read_block(input);
        }
    }
    tenon_lock_give(&input->lock);
}

/* ---- the source ---- */

static void begin(struct source *source)
{
    static const struct tenon_error none = {0};
    struct input *input = OUTER(source, struct input, source);
    tenon_lock_take(&input->lock);
    input->round++;
    input->offset = 0;
    input->first = 0;
    input->count = 0;
    input->error = none;
    input->ended = false;
    tenon_condition_wake(&input->wanted);
    tenon_lock_give(&input->lock);
    if (!input->begun) {
        enum tenon_status status = tenon_thread_start_detached(read_all, input);
        input->begun = status == TENON_OK;
        if (!input->begun) {
            input->error.status = status;       /* without a thread nobody else looks at it */
        }
    }
}

static enum source_state look(struct source *source, struct tenon_piece *piece_out)
{
    struct input *input = OUTER(source, struct input, source);
    enum source_state state = SOURCE_READY;
    tenon_lock_take(&input->lock);
    if (input->count > 0) {
        piece_out->data = input->blocks + (size_t)input->first * INPUT_BLOCK_SIZE;
        piece_out->size = input->sizes[input->first];
    } else if (input->error.status != TENON_OK) {
        source->error = input->error;
        state = SOURCE_FAILED;
    } else if (input->ended) {
        state = SOURCE_ENDED;
    } else {
        input->starved = true;
        state = SOURCE_EMPTY;
    }
    tenon_lock_give(&input->lock);
    return state;
}

static void take(struct source *source)
{
    struct input *input = OUTER(source, struct input, source);
    tenon_lock_take(&input->lock);
    input->first = (input->first + 1) % INPUT_BLOCKS;
    input->count--;
    tenon_condition_wake(&input->wanted);
    tenon_lock_give(&input->lock);
}

/* ---- its life ---- */

static int fail(struct console *console, const char *path, struct tenon_error error)
{
    console_error_path(console, "open", path, error);
    return error.status == TENON_LIMIT ? EXIT_CODE_FAILED : EXIT_CODE_USAGE;
}

static int open_file(struct input *input, const char *path, struct console *console)
{
    struct tenon_error error;
    struct tenon_file_info info;
    if (tenon_file_open(path, &input->file, &error) != TENON_OK ||
        tenon_file_info(input->file, &info, &error) != TENON_OK) {
        return fail(console, path, error);
    }
    input->regular = info.regular;
    return EXIT_CODE_NONE;
}

int input_open(struct input *input, const char *path, bool again, struct console *console)
{
    static const struct tenon_error no_memory = {TENON_LIMIT, 0};
    input->standard = strcmp(path, "-") == 0;
    input->source.begin = begin;
    input->source.look = look;
    input->source.take = take;
    input->source.name = input->standard ? "the standard input" : path;
    int code = input->standard ? EXIT_CODE_NONE : open_file(input, path, console);
    if (code != EXIT_CODE_NONE) {
        return code;
    }
    if (again && !input->regular) {
        console_error(console, "%s can be sent only once, and --expect with --wait tries again",
                      input->source.name);
        return EXIT_CODE_USAGE;
    }
    input->source.conversation = input->standard && tenon_input_is_terminal();
    input->blocks = malloc((size_t)INPUT_BLOCKS * INPUT_BLOCK_SIZE);
    if (input->blocks == NULL) {
        return fail(console, input->source.name, no_memory);
    }
    tenon_lock_init(&input->lock);
    tenon_condition_init(&input->wanted);
    return EXIT_CODE_NONE;
}

void input_attach(struct input *input, struct tenon_loop *loop, struct tenon_message *changed)
{
    input->loop = loop;
    input->changed = changed;
}

void input_close(struct input *input)
{
    if (input->blocks != NULL) {
        tenon_lock_take(&input->lock);
        input->over = true;
        tenon_condition_wake(&input->wanted);
        tenon_lock_give(&input->lock);
    }
}
