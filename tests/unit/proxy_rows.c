/* Headers of the PROXY protocol as rows. */
#include "proxy_rows.h"
#include "server/proxy.h"
#include <stdlib.h>
#include <string.h>

/* The bytes and so many more, in memory of just that size. */
static uint8_t *copy_of(struct unit *unit, const char *data, size_t size, size_t more)
{
    uint8_t *copy = malloc(size + more > 0 ? size + more : 1);
    if (CHECK(unit, copy != NULL)) {
        memcpy(copy, data, size);
        memset(copy + size, 'x', more);
    }
    return copy;
}

static enum proxy_progress parse(struct unit *unit, const char *data, size_t size, size_t more,
                                 struct proxy_header *header, const char **reason)
{
    uint8_t *copy = copy_of(unit, data, size, more);
    if (copy == NULL) {
        return PROXY_WRONG;
    }
    enum proxy_progress progress = proxy_parse(copy, size + more, header, reason);
    CHECK(unit, (progress == PROXY_WRONG) == (*reason != NULL));
    CHECK(unit, progress != PROXY_DONE || header->size <= size + more);
    free(copy);
    return progress;
}

static void check_fields(struct unit *unit, const struct proxy_good *row,
                         const struct proxy_header *header)
{
    char text[TENON_ADDRESS_TEXT_MAX];
    CHECK(unit, header->size == row->size);
    CHECK(unit, header->is_local == row->is_local);
    tenon_address_format(&header->source, text, sizeof text);
    CHECK_TEXT(unit, text, row->source);
    tenon_address_format(&header->destination, text, sizeof text);
    CHECK_TEXT(unit, text, row->destination);
    CHECK(unit, header->source.scope == 0 && header->destination.scope == 0);
    CHECK(unit, (header->name == NULL) == (row->common_name == NULL));
    if (row->common_name != NULL && header->name != NULL) {
        CHECK(unit, header->name_size == strlen(row->common_name));
    }
}

static void check_corrupted(struct unit *unit, const struct proxy_good *row)
{
    uint8_t *copy = copy_of(unit, row->data, row->size, 0);
    for (size_t i = 0; copy != NULL && i < row->size; i++) {
        for (unsigned value = 0; value < 256; value++) {
            struct proxy_header header;
            const char *reason = NULL;
            copy[i] = (uint8_t)value;
            enum proxy_progress progress = proxy_parse(copy, row->size, &header, &reason);
            CHECK(unit, (progress == PROXY_WRONG) == (reason != NULL));
            CHECK(unit, progress != PROXY_DONE || header.size <= row->size);
        }
        copy[i] = (uint8_t)row->data[i];
    }
    free(copy);
}

void proxy_check_good(struct unit *unit, const struct proxy_good *row, uint8_t version)
{
    struct proxy_header header;
    const char *reason = NULL;
    unit_row(unit, row->name);
    for (size_t size = 0; size < row->size; size++) {
        CHECK(unit, parse(unit, row->data, size, 0, &header, &reason) == PROXY_NEED_MORE);
    }
    for (size_t more = 0; more < 4; more++) {
        CHECK(unit, parse(unit, row->data, row->size, more, &header, &reason) == PROXY_DONE);
        CHECK(unit, header.version == version);
        check_fields(unit, row, &header);
    }
    check_corrupted(unit, row);
}

void proxy_check_wrong(struct unit *unit, const struct proxy_wrong *row)
{
    struct proxy_header header;
    const char *reason = NULL;
    unit_row(unit, row->name);
    for (size_t size = 0; size < row->size; size++) {
        CHECK(unit, parse(unit, row->data, size, 0, &header, &reason) != PROXY_DONE);
    }
    for (size_t more = 0; more < 4; more++) {
        CHECK(unit, parse(unit, row->data, row->size, more, &header, &reason) == PROXY_WRONG);
        CHECK_TEXT(unit, reason == NULL ? "" : reason, row->reason);
    }
}
