/* Lists of prefixes: what is accepted is found again, and comes back from its own text. The input
 * is the text. */
#include "server/access.h"
#include "fuzz.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint32_t count_entries(const char *text)
{
    uint32_t count = 1;
    for (const char *at = strchr(text, ','); at != NULL; at = strchr(at + 1, ',')) {
        count++;
    }
    return count;
}

/* The address with all bits set behind the first `bits`. */
static struct tenon_address last_of(const struct access_prefix *prefix)
{
    struct tenon_address last = prefix->address;
    unsigned all = last.family == TENON_FAMILY_IPV4 ? 32 : 128;
    for (unsigned bit = prefix->bits; bit < all; bit++) {
        last.ip[bit / 8] |= (uint8_t)(0x80 >> bit % 8);
    }
    return last;
}

static void check_prefix(const struct access_list *list, const struct access_prefix *prefix)
{
    struct tenon_address plain = tenon_address_unmap(&prefix->address);
    struct tenon_address last = last_of(prefix);
    struct access_list back = {.count = 0};
    char problem[ACCESS_PROBLEM_MAX] = "";
    char ip[TENON_ADDRESS_TEXT_MAX];
    char text[TENON_ADDRESS_TEXT_MAX + 8];
    FUZZ_CHECK(prefix->address.family == plain.family);
    FUZZ_CHECK(prefix->bits <= (plain.family == TENON_FAMILY_IPV4 ? 32 : 128));
    FUZZ_CHECK(prefix->address.scope == 0 && prefix->address.port == 0);
    FUZZ_CHECK(access_list_has(list, &prefix->address));
    /* A short prefix of IPv6 covers the mapped addresses in name only. */
    FUZZ_CHECK(access_list_has(list, &last) ||
               tenon_address_unmap(&last).family != prefix->address.family);
    tenon_address_format_ip(&prefix->address, ip, sizeof ip);
    (void)snprintf(text, sizeof text, "%s/%u", ip, prefix->bits);
    FUZZ_CHECK(access_list_add(&back, text, ACCESS_WITHOUT_UNIX, problem));
    FUZZ_CHECK(back.count == 1 && back.prefixes[0].bits == prefix->bits);
    FUZZ_CHECK(tenon_address_equal(&back.prefixes[0].address, &prefix->address));
    FUZZ_CHECK(!access_is_granted(list, &back, &prefix->address));
    FUZZ_CHECK(access_is_granted(list, &(struct access_list){.count = 0}, &prefix->address));
}

static void check_problem(const char *text, const char *problem)
{
    size_t size = strlen(problem);
    FUZZ_CHECK(size > 0 && size < ACCESS_PROBLEM_MAX - 1 && problem[size - 1] != '.');
    /* It begins with the text, where an entry of that is empty, or with an entry. */
    if (problem[0] == '\'' && problem[1] == (text[0] == '\0' ? '\'' : text[0])) {
        FUZZ_CHECK(strstr(problem, "' has an empty entry") != NULL || strchr(text, '\'') != NULL);
        return;
    }
    for (const char *at = text; strncmp(problem, at, 1) != 0; at = strchr(at, ',') + 1) {
        FUZZ_CHECK(strchr(at, ',') != NULL);
    }
}

static void check(const char *text, enum access_unix with_unix)
{
    static const struct tenon_address path = {.family = TENON_FAMILY_PATH};
    struct access_list list = {.count = 0};
    char problem[ACCESS_PROBLEM_MAX] = "";
    memset(problem, 'x', sizeof problem);
    if (!access_list_add(&list, text, with_unix, problem)) {
        FUZZ_CHECK(memchr(problem, '\0', sizeof problem) != NULL);
        check_problem(text, problem);
        FUZZ_CHECK(access_list_is_empty(&list));
        return;
    }
    uint32_t entries = count_entries(text);
    FUZZ_CHECK(!access_list_is_empty(&list));
    FUZZ_CHECK(with_unix == ACCESS_WITH_UNIX || !list.has_unix);
    FUZZ_CHECK(list.has_unix ? list.count < entries : list.count == entries);
    FUZZ_CHECK(access_list_has(&list, &path) == list.has_unix);
    FUZZ_CHECK(strpbrk(text, "% []\n") == NULL);
    for (uint32_t i = 0; i < list.count; i++) {
        check_prefix(&list, &list.prefixes[i]);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = fuzz_text(data, size);
    check(text, ACCESS_WITHOUT_UNIX);
    check(text, ACCESS_WITH_UNIX);
    free(text);
    return 0;
}
