/* The PROXY protocol. */
#include "server/proxy.h"
#include <string.h>

enum {
    FIXED_SIZE = 16,            /* version 2: signature, version and command, family, length */
    UNIX_PATH_SIZE = 108,
    ITEM_SIZE = 3,              /* type and length of a type-length-value */
    TLS_FIXED_SIZE = 5,         /* client and verify, in front of the inner ones */
    CHECKSUM_SIZE = 4
};

enum command {
    COMMAND_LOCAL = 0x20,       /* version 2 in the upper half */
    COMMAND_PROXY = 0x21
};

enum family {
    FAMILY_UNSPECIFIED,
    FAMILY_INET,
    FAMILY_INET6,
    FAMILY_UNIX
};

enum transport {
    TRANSPORT_UNSPECIFIED,
    TRANSPORT_STREAM,
    TRANSPORT_DATAGRAM
};

enum type {
    TYPE_CHECKSUM = 0x03,
    TYPE_NOOP = 0x04,
    TYPE_UNIQUE_ID = 0x05,
    TYPE_TLS = 0x20,
    TYPE_TLS_NAME = 0x22
};

enum tls_client {
    TLS_USED = 0x01,
    TLS_CERTIFICATE_NOW = 0x02,
    TLS_CERTIFICATE_EARLIER = 0x04
};

static const char line_begin[] = "PROXY ";
static const uint8_t signature[12] = {'\r', '\n', '\r', '\n', 0, '\r', '\n', 'Q', 'U', 'I', 'T',
                                      '\n'};

/* What is left to read. */
struct slice {
    const uint8_t *data;
    size_t size;
};

static void skip(struct slice *slice, size_t size)
{
    slice->data += size;
    slice->size -= size;
}

/* ---- version 1 ---- */

/* A word of these characters alone, up to a space or the end; the space is skipped. `word` is empty
 * where there is none, or it does not fit. */
static void take_word(struct slice *line, const char *characters,
                      char word[TENON_ADDRESS_TEXT_MAX])
{
    const uint8_t *space = line->size == 0 ? NULL : memchr(line->data, ' ', line->size);
    size_t size = space == NULL ? line->size : (size_t)(space - line->data);
    word[0] = '\0';
    if (size < TENON_ADDRESS_TEXT_MAX) {
        memcpy(word, line->data, size);
        word[size] = '\0';
        if (strlen(word) != size || word[strspn(word, characters)] != '\0') {
            word[0] = '\0';
        }
    }
    /* A space at the end is one too many: left there, it is found. */
    skip(line, space == NULL || size + 1 == line->size ? size : size + 1);
}

static bool take_address(struct slice *line, enum tenon_family family,
                         struct tenon_address *address_out)
{
    char word[TENON_ADDRESS_TEXT_MAX];
    take_word(line, family == TENON_FAMILY_IPV4 ? "0123456789." : "0123456789abcdefABCDEF:.", word);
    return tenon_address_parse(word, address_out) == TENON_OK && address_out->family == family;
}

static bool take_port(struct slice *line, uint16_t *port_out)
{
    char word[TENON_ADDRESS_TEXT_MAX] = "";
    uint32_t port = 0;
    take_word(line, "0123456789", word);
    size_t digits = strlen(word);
    if (digits == 0 || digits > 5 || (word[0] == '0' && digits > 1)) {
        return false;
    }
    for (size_t i = 0; i < digits; i++) {
        port = port * 10 + (uint32_t)(word[i] - '0');
    }
    *port_out = (uint16_t)port;
    return port <= UINT16_MAX;
}

/* The line behind `PROXY `, without CR and LF. Why it is wrong, or NULL. */
static const char *parse_line(struct slice line, struct proxy_header *header)
{
    static const char unknown[] = "UNKNOWN";
    size_t size = sizeof unknown - 1;
    if (line.size >= size && memcmp(line.data, unknown, size) == 0 &&
        (line.size == size || line.data[size] == ' ')) {
        return NULL;        /* what follows is to be ignored */
    }
    enum tenon_family family = TENON_FAMILY_ANY;
    if (line.size >= 5 && memcmp(line.data, "TCP4 ", 5) == 0) {
        family = TENON_FAMILY_IPV4;
    } else if (line.size >= 5 && memcmp(line.data, "TCP6 ", 5) == 0) {
        family = TENON_FAMILY_IPV6;
    } else {
        return "behind PROXY stands neither TCP4 nor TCP6 nor UNKNOWN";
    }
    skip(&line, 5);
    if (!take_address(&line, family, &header->source)) {
        return "the source is no address of its family";
    }
    if (!take_address(&line, family, &header->destination)) {
        return "the destination is no address of its family";
    }
    if (!take_port(&line, &header->source.port)) {
        return "the source port is no number from 0 to 65535";
    }
    if (!take_port(&line, &header->destination.port)) {
        return "the destination port is no number from 0 to 65535";
    }
    return line.size == 0 ? NULL : "something stands behind the ports";
}

static size_t find_line_end(const uint8_t *data, size_t size)
{
    size_t end = 0;
    while (end < size && data[end] != '\r' && data[end] != '\n') {
        end++;
    }
    return end;
}

static enum proxy_progress parse_version_1(const uint8_t *data, size_t size,
                                           struct proxy_header *header, const char **reason_out)
{
    size_t end = find_line_end(data, size < PROXY_LINE_MAX ? size : PROXY_LINE_MAX);
    if (end + 2 > PROXY_LINE_MAX) {
        *reason_out = "the line is longer than 107 bytes";
        return PROXY_WRONG;
    }
    if (end == size || (data[end] == '\r' && end + 1 == size)) {
        return PROXY_NEED_MORE;
    }
    if (data[end] != '\r' || data[end + 1] != '\n') {
        *reason_out = "the line does not end with CR and LF";
        return PROXY_WRONG;
    }
    size_t begin = sizeof line_begin - 1;
    struct slice line = {data + begin, end - begin};
    header->version = 1;
    header->size = (uint32_t)(end + 2);
    *reason_out = parse_line(line, header);
    return *reason_out == NULL ? PROXY_DONE : PROXY_WRONG;
}

/* ---- version 2 ---- */

static uint32_t read_number(const uint8_t *data, size_t size)
{
    uint32_t number = 0;
    for (size_t i = 0; i < size; i++) {
        number = number << 8 | data[i];
    }
    return number;
}

/* CRC-32C (RFC 9260, appendix A) of the header, its own field taken as zero. Bit by bit: it is read
 * once a connection. */
static uint32_t compute_checksum(struct slice header, const uint8_t *field)
{
    uint32_t checksum = UINT32_MAX;
    for (size_t i = 0; i < header.size; i++) {
        const uint8_t *at = header.data + i;
        checksum ^= at >= field && at < field + CHECKSUM_SIZE ? 0 : *at;
        for (int bit = 0; bit < 8; bit++) {
            checksum = checksum >> 1 ^ ((checksum & 1) != 0 ? UINT32_C(0x82F63B78) : 0);
        }
    }
    return ~checksum;
}

/* A type-length-value. */
struct item {
    uint8_t type;
    struct slice value;
};

/* The types that have come. */
struct types {
    uint32_t bits[8];
};

/* The next one of a list that is not empty. Why it is wrong, or NULL. */
static const char *take_item(struct slice *list, struct types *types, struct item *item_out)
{
    if (list->size < ITEM_SIZE) {
        return "a type-length-value is cut off";
    }
    item_out->type = list->data[0];
    item_out->value.size = read_number(list->data + 1, 2);
    skip(list, ITEM_SIZE);
    if (item_out->value.size > list->size) {
        return "a type-length-value is longer than what is left";
    }
    item_out->value.data = list->data;
    skip(list, item_out->value.size);
    uint32_t *bits = &types->bits[item_out->type / 32];
    uint32_t bit = UINT32_C(1) << item_out->type % 32;
    if ((*bits & bit) != 0 && item_out->type != TYPE_NOOP) {
        return "a type-length-value comes twice";
    }
    *bits |= bit;
    return NULL;
}

static const char *parse_tls(struct slice value, struct proxy_header *header)
{
    struct types types = {{0}};
    if (value.size < TLS_FIXED_SIZE) {
        return "what it says of TLS is too short";
    }
    header->has_tls = true;
    header->tls_client = value.data[0];
    header->tls_verify = read_number(value.data + 1, 4);
    skip(&value, TLS_FIXED_SIZE);
    while (value.size > 0) {
        struct item item;
        const char *reason = take_item(&value, &types, &item);
        if (reason != NULL) {
            return reason;
        }
        if (item.type == TYPE_TLS_NAME) {
            header->name = (const char *)item.value.data;
            header->name_size = item.value.size;
        }
    }
    return NULL;
}

/* *checksum_out: where it stands, if this is it. */
static const char *parse_item(const struct item *item, struct proxy_header *header,
                              const uint8_t **checksum_out)
{
    switch (item->type) {
    case TYPE_CHECKSUM:
        if (item->value.size != CHECKSUM_SIZE) {
            return "the checksum has not four bytes";
        }
        *checksum_out = item->value.data;
        return NULL;
    case TYPE_UNIQUE_ID:
        return item->value.size <= PROXY_UNIQUE_ID_MAX
                   ? NULL : "the unique identifier is longer than 128 bytes";
    case TYPE_TLS:
        return parse_tls(item->value, header);
    default:
        return NULL;        /* of no concern here */
    }
}

static const char *parse_items(struct slice list, struct proxy_header *header,
                               const uint8_t **checksum_out)
{
    struct types types = {{0}};
    const char *reason = NULL;
    while (reason == NULL && list.size > 0) {
        struct item item;
        reason = take_item(&list, &types, &item);
        if (reason == NULL) {
            reason = parse_item(&item, header, checksum_out);
        }
    }
    return reason;
}

static void read_addresses(const uint8_t *data, enum tenon_family family, size_t ip_size,
                           struct proxy_header *header)
{
    header->source.family = (uint16_t)family;
    header->destination.family = (uint16_t)family;
    memcpy(header->source.ip, data, ip_size);
    memcpy(header->destination.ip, data + ip_size, ip_size);
    header->source.port = (uint16_t)read_number(data + 2 * ip_size, 2);
    header->destination.port = (uint16_t)read_number(data + 2 * ip_size + 2, 2);
}

/* Takes the addresses off the front of the block; those of an unspecified transport are skipped. */
static const char *take_addresses(struct slice *block, uint8_t kind, struct proxy_header *header)
{
    static const size_t sizes[] = {0, 2 * 4 + 4, 2 * 16 + 4, 2 * UNIX_PATH_SIZE};
    enum family family = (enum family)(kind >> 4);
    size_t size = sizes[family];
    if (block->size < size) {
        return "it is too short for its addresses";
    }
    if ((kind & 0x0F) == TRANSPORT_STREAM) {
        switch (family) {
        case FAMILY_UNSPECIFIED:
            break;
        case FAMILY_INET:
            read_addresses(block->data, TENON_FAMILY_IPV4, 4, header);
            break;
        case FAMILY_INET6:
            read_addresses(block->data, TENON_FAMILY_IPV6, 16, header);
            break;
        case FAMILY_UNIX:
            header->source.family = TENON_FAMILY_PATH;
            header->destination.family = TENON_FAMILY_PATH;
            break;
        }
    }
    skip(block, size);
    return NULL;
}

static const char *judge_kind(uint8_t kind)
{
    if (kind >> 4 > FAMILY_UNIX) {
        return "its address family is unknown";
    }
    if ((kind & 0x0F) > TRANSPORT_DATAGRAM) {
        return "its transport is unknown";
    }
    return (kind & 0x0F) == TRANSPORT_DATAGRAM ? "its transport is UDP" : NULL;
}

/* The block behind the fixed part, all of it there. */
static const char *parse_block(struct slice whole, struct proxy_header *header)
{
    uint8_t kind = whole.data[13];
    const uint8_t *checksum = NULL;
    struct slice block = whole;
    skip(&block, FIXED_SIZE);
    const char *reason = judge_kind(kind);
    if (reason == NULL) {
        reason = take_addresses(&block, kind, header);
    }
    if (reason == NULL) {
        reason = parse_items(block, header, &checksum);
    }
    if (header->is_local) {
        uint32_t size = header->size;
        memset(header, 0, sizeof *header);
        header->size = size;
        header->version = 2;
        header->is_local = true;
        reason = NULL;
    }
    if (checksum != NULL && reason == NULL &&
        compute_checksum(whole, checksum) != read_number(checksum, CHECKSUM_SIZE)) {
        reason = "its checksum is not that of its bytes";
    }
    return reason;
}

static enum proxy_progress parse_version_2(const uint8_t *data, size_t size,
                                           struct proxy_header *header, const char **reason_out)
{
    if (size < FIXED_SIZE) {
        return PROXY_NEED_MORE;
    }
    uint8_t command = data[12];
    header->version = 2;
    header->is_local = command == COMMAND_LOCAL;
    header->size = FIXED_SIZE + read_number(data + 14, 2);
    if (command != COMMAND_LOCAL && command != COMMAND_PROXY) {
        *reason_out = command >> 4 == 2 ? "its command is neither LOCAL nor PROXY"
                                        : "its version is not 2";
        return PROXY_WRONG;
    }
    if (header->size > PROXY_HEADER_MAX) {
        *reason_out = "it is longer than 4096 bytes";
        return PROXY_WRONG;
    }
    if (size < header->size) {
        return PROXY_NEED_MORE;
    }
    struct slice whole = {data, header->size};
    *reason_out = parse_block(whole, header);
    return *reason_out == NULL ? PROXY_DONE : PROXY_WRONG;
}

/* ---- both ---- */

static bool begins(const uint8_t *data, size_t size, const void *begin, size_t begin_size)
{
    return memcmp(data, begin, size < begin_size ? size : begin_size) == 0;
}

enum proxy_progress proxy_parse(const void *data, size_t size, struct proxy_header *header_out,
                                const char **reason_out)
{
    size_t line_begin_size = sizeof line_begin - 1;
    memset(header_out, 0, sizeof *header_out);
    *reason_out = NULL;
    if (size == 0) {
        return PROXY_NEED_MORE;
    }
    if (begins(data, size, signature, sizeof signature)) {
        return parse_version_2(data, size, header_out, reason_out);
    }
    if (!begins(data, size, line_begin, line_begin_size)) {
        *reason_out = "it begins neither with PROXY nor with the signature of version 2";
        return PROXY_WRONG;
    }
    return size <= line_begin_size ? PROXY_NEED_MORE
                                   : parse_version_1(data, size, header_out, reason_out);
}

bool proxy_has_certificate(const struct proxy_header *header, const char *name,
                           const char **reason_out)
{
    uint8_t client = header->tls_client;
    *reason_out = NULL;
    if (!header->has_tls || (client & TLS_USED) == 0) {
        *reason_out = "the proxy was not reached by TLS, or does not say so";
    } else if ((client & (TLS_CERTIFICATE_NOW | TLS_CERTIFICATE_EARLIER)) == 0) {
        *reason_out = "the client has shown no certificate";
    } else if (header->tls_verify != 0) {
        *reason_out = "the proxy has not verified the client's certificate";
    } else if (name != NULL && (header->name == NULL || header->name_size != strlen(name) ||
                                memcmp(header->name, name, header->name_size) != 0)) {
        *reason_out = "the common name of the client's certificate is another one";
    }
    return *reason_out == NULL;
}
