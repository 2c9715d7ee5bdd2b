/* Statuses as names and sentences, errors as text. */
#include "common/loop.h"
#include <stdio.h>
#include <string.h>

struct row {
    const char *name;
    const char *sentence;
};

static const struct row rows[] = {
    [TENON_OK] = {"ok", "success"},
    [TENON_END] = {"end", "the peer has finished sending"},
    [TENON_CANCELED] = {"canceled", "canceled"},
    [TENON_TIMED_OUT] = {"timed_out", "timed out"},
    [TENON_RESET] = {"reset", "connection reset by the peer"},
    [TENON_REFUSED] = {"refused", "connection refused"},
    [TENON_UNREACHABLE] = {"unreachable", "host or network unreachable"},
    [TENON_NOT_RESOLVED] = {"not_resolved", "no address for this name"},
    [TENON_RESOLVER_FAILED] = {"resolver_failed", "the name service did not answer"},
    [TENON_ADDRESS_IN_USE] = {"address_in_use", "address already in use"},
    [TENON_ADDRESS_NOT_AVAILABLE] = {"address_not_available", "not an address of this host"},
    [TENON_FAMILY_UNSUPPORTED] = {"family_unsupported", "address family not supported here"},
    [TENON_INVALID] = {"invalid", "not valid"},
    [TENON_ACCESS_DENIED] = {"access_denied", "access denied"},
    [TENON_NOT_CONNECTED] = {"not_connected", "not connected"},
    [TENON_NOT_FOUND] = {"not_found", "no such file or folder"},
    [TENON_NO_SPACE] = {"no_space", "no space left on the disk"},
    [TENON_LIMIT] = {"limit", "a limit of descriptors, memory or size was reached"},
    [TENON_UNSUPPORTED] = {"unsupported", "not supported here"},
    [TENON_SYSTEM] = {"system", "system error"},
};
_Static_assert(sizeof rows / sizeof rows[0] == TENON_STATUS_COUNT, "every status has its row");

static const struct row *row_of(enum tenon_status status)
{
    static const struct row unknown = {"unknown", "unknown status"};
    return (unsigned)status < TENON_STATUS_COUNT ? &rows[status] : &unknown;
}

const char *tenon_status_name(enum tenon_status status)
{
    return row_of(status)->name;
}

const char *tenon_status_sentence(enum tenon_status status)
{
    return row_of(status)->sentence;
}

/* Ends the text before a character that lost its tail, if its last one did. */
static void cut_partial_character(char *text)
{
    size_t size = strlen(text);
    size_t start = size;
    while (start > 0 && ((unsigned char)text[start - 1] & 0xC0) == 0x80) {
        start--;
    }
    if (start == 0) {
        return;
    }
    unsigned char lead = (unsigned char)text[start - 1];
    size_t tail = lead >= 0xF0 ? 3 : lead >= 0xE0 ? 2 : lead >= 0xC0 ? 1 : 0;
    if (size - start < tail) {
        text[start - 1] = '\0';
    }
}

void tenon_error_format(struct tenon_error error, char *text, size_t text_size)
{
    char words[256] = "";
    const char *sentence = tenon_status_sentence(error.status);
    TENON_ASSERT(text_size > 0);
    if (error.native != 0) {
        system_error_text(error.native, words, sizeof words);
    }
    int length;
    if (error.native == 0) {
        length = snprintf(text, text_size, "%s", sentence);
    } else {
        length = snprintf(text, text_size, "%s (%s %ld%s%s)", sentence,
                          system_error_kind(error.native), (long)error.native,
                          words[0] == '\0' ? "" : ": ", words);
    }
    TENON_ASSERT(length >= 0);
    if ((size_t)length >= text_size) {
        cut_partial_character(text);
    }
}
