/* Whether text is safe to show, by a reader of its own. */
#include "scan.h"
#include <stdint.h>

/* The bytes of the character at the front, 0 where it is none (RFC 3629): its code is computed, and
 * must be one that is written in so many bytes. */
static size_t read_code(const uint8_t *text, size_t size, uint32_t *code_out)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    size_t count = 1;
    uint32_t code = text[0];
    if (text[0] >= 0xf8 || (text[0] & 0xc0) == 0x80) {
        return 0;
    } else if (text[0] >= 0xf0) {
        count = 4;
        code &= 0x07;
    } else if (text[0] >= 0xe0) {
        count = 3;
        code &= 0x0f;
    } else if (text[0] >= 0xc0) {
        count = 2;
        code &= 0x1f;
    }
    for (size_t i = 1; i < count; i++) {
        if (i >= size || (text[i] & 0xc0) != 0x80) {
            return 0;
        }
        code = code << 6 | (text[i] & 0x3fu);
    }
    *code_out = code;
    return code < least[count] || code > 0x10ffff || (code & 0xfffff800) == 0xd800 ? 0 : count;
}

/* C0, DEL and C1; the Arabic letter mark, both direction marks; the two separators and five
 * embeddings and overrides; four isolates. */
static bool is_hidden(uint32_t code)
{
    return code <= 0x1f || (code >= 0x7f && code <= 0x9f) || code == 0x61c || code == 0x200e ||
           code == 0x200f || (code >= 0x2028 && code <= 0x202e) ||
           (code >= 0x2066 && code <= 0x2069);
}

bool scan_is_safe(const char *text, size_t size)
{
    size_t at = 0;
    while (at < size) {
        uint32_t code = 0;
        size_t count = read_code((const uint8_t *)text + at, size - at, &code);
        if (count == 0 || is_hidden(code)) {
            return false;
        }
        at += count;
    }
    return true;
}
