/* Text that is safe to show: nothing a terminal obeys, no byte lost, and the same however the bytes
 * arrive. The input: how they are cut, and the bytes. */
#include "common/text.h"
#include "fuzz.h"
#include "scan.h"
#include <stdlib.h>
#include <string.h>

struct shown {
    char *text;
    size_t size;
};

/* Adds what one call wrote; `room` is what it may write at most, and no byte more is there. */
static void add(struct shown *shown, struct text_escape *escape, const uint8_t *data, size_t size,
                bool end)
{
    size_t room = TEXT_ESCAPED_MAX(end ? 0 : size);
    char *out = malloc(room);
    char *grown = realloc(shown->text, shown->size + room);
    FUZZ_CHECK(out != NULL && grown != NULL);
    size_t written = end ? text_escape_end(escape, out) : text_escape(escape, data, size, out);
    FUZZ_CHECK(written <= room);
    FUZZ_CHECK(escape->held_count < sizeof escape->held);
    FUZZ_CHECK(!end || escape->held_count == 0);
    memcpy(grown + shown->size, out, written);
    shown->text = grown;
    shown->size += written;
    free(out);
}

/* In pieces of 0 to piece_max bytes, which `cut` decides. */
static struct shown escape_in_pieces(const uint8_t *data, size_t size, size_t piece_max,
                                     uint32_t cut)
{
    struct shown shown = {NULL, 0};
    struct text_escape escape = {.held_count = 0};
    while (size > 0) {
        cut = cut * 1664525u + 1013904223u;
        size_t piece = (cut >> 16) % (piece_max + 1);
        piece = piece < size ? piece : size;
        add(&shown, &escape, data, piece, false);
        data += piece;
        size -= piece;
    }
    add(&shown, &escape, data, 0, true);
    return shown;
}

static int digit_of(char digit)
{
    static const char digits[] = "0123456789abcdef";
    const char *at = memchr(digits, digit, sizeof digits - 1);
    FUZZ_CHECK(at != NULL);
    return at == NULL ? 0 : (int)(at - digits);
}

/* The inverse: the bytes that the text stands for. */
static void check_unescaped(const struct shown *shown, const uint8_t *data, size_t size)
{
    size_t read = 0;
    size_t at = 0;
    while (at < shown->size) {
        uint8_t byte = (uint8_t)shown->text[at];
        size_t taken = 1;
        if (byte == '\\') {
            FUZZ_CHECK(shown->size - at >= 2);
            taken = shown->text[at + 1] == '\\' ? 2 : 4;
        }
        if (taken == 4) {
            FUZZ_CHECK(shown->size - at >= 4 && shown->text[at + 1] == 'x');
            byte = (uint8_t)(digit_of(shown->text[at + 2]) << 4 | digit_of(shown->text[at + 3]));
        }
        FUZZ_CHECK(read < size && data[read] == byte);
        read++;
        at += taken;
    }
    FUZZ_CHECK(read == size);
}

/* All that is safe stays as it is: a text that is shown is not touched again, but for the
 * backslashes. */
static void check_safe_kept(const uint8_t *data, size_t size, const struct shown *shown)
{
    if (scan_is_safe((const char *)data, size) && memchr(data, '\\', size) == NULL) {
        FUZZ_CHECK(shown->size == size && memcmp(shown->text, data, size) == 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const size_t pieces_max[] = {2, 5, 64};
    struct fuzz_input input = {data, size};
    uint32_t cut = fuzz_byte(&input);
    struct text_escape escape = {.held_count = 0};
    struct shown whole = {NULL, 0};
    add(&whole, &escape, input.data, input.size, false);
    add(&whole, &escape, NULL, 0, true);
    FUZZ_CHECK(scan_is_safe(whole.text, whole.size));
    check_unescaped(&whole, input.data, input.size);
    if (input.size > 0) {
        check_safe_kept(input.data, input.size, &whole);
    }
    for (size_t i = 0; i < sizeof pieces_max / sizeof pieces_max[0]; i++) {
        struct shown shown = escape_in_pieces(input.data, input.size, pieces_max[i], cut);
        FUZZ_CHECK(shown.size == whole.size);
        FUZZ_CHECK(shown.size == 0 || memcmp(shown.text, whole.text, shown.size) == 0);
        free(shown.text);
    }
    free(whole.text);
    return 0;
}
