/* What the fuzzers share. */
#include "fuzz.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void fuzz_failed(const char *condition, const char *file, int line)
{
    (void)fprintf(stderr, "%s:%d: not so: %s\n", file, line, condition);
    abort();
}

char *fuzz_text(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1);
    FUZZ_CHECK(text != NULL);
    if (size > 0) {
        memcpy(text, data, size);
    }
    text[size] = '\0';
    return text;
}

uint8_t fuzz_byte(struct fuzz_input *input)
{
    if (input->size == 0) {
        return 0;
    }
    input->size--;
    return *input->data++;
}

uint64_t fuzz_number(struct fuzz_input *input, size_t bytes)
{
    uint64_t number = 0;
    for (size_t i = 0; i < bytes; i++) {
        number = number << 8 | fuzz_byte(input);
    }
    return number;
}

void fuzz_check_address_text(const struct tenon_address *address)
{
    struct tenon_address plain = tenon_address_unmap(address);
    struct tenon_address back;
    char ip[TENON_ADDRESS_TEXT_MAX];
    char text[TENON_ADDRESS_TEXT_MAX];
    char expected[TENON_ADDRESS_TEXT_MAX + 16];
    bool brackets = plain.family == TENON_FAMILY_IPV6;
    memset(ip, 'x', sizeof ip);
    memset(text, 'x', sizeof text);
    tenon_address_format_ip(address, ip, sizeof ip);
    tenon_address_format(address, text, sizeof text);
    FUZZ_CHECK(memchr(ip, '\0', sizeof ip) != NULL);
    FUZZ_CHECK(memchr(text, '\0', sizeof text) != NULL);
    (void)snprintf(expected, sizeof expected, "%s%s%s:%u", brackets ? "[" : "", ip,
                   brackets ? "]" : "", address->port);
    FUZZ_CHECK(strcmp(text, expected) == 0);

    FUZZ_CHECK(tenon_address_parse(ip, &back) == TENON_OK);
    back.port = address->port;
    FUZZ_CHECK(tenon_address_equal(&back, &plain));
    tenon_address_format_ip(&back, text, sizeof text);
    FUZZ_CHECK(strcmp(text, ip) == 0);
}
