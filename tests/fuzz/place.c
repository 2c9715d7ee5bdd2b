/* Places: what is accepted comes back from its own text, and a number alone is none. The input is
 * the text. */
#include "common/place.h"
#include "fuzz.h"
#include <stdlib.h>
#include <string.h>

static bool is_digits(const char *text)
{
    return text[0] != '\0' && text[strspn(text, "0123456789")] == '\0';
}

/* Nothing that a terminal obeys, nothing that stands for something else. */
static void check_host(const struct place *place)
{
    const char *host = place->host;
    size_t size = strlen(host);
    FUZZ_CHECK(size <= TENON_HOST_MAX);
    for (size_t i = 0; i < size; i++) {
        FUZZ_CHECK((unsigned char)host[i] > ' ' && host[i] != 0x7f);
    }
    FUZZ_CHECK(strpbrk(host, "/\\@#?[]\"'<>") == NULL);
    if (!place_is_numeric(place)) {
        const char *label = strrchr(host, '.');
        FUZZ_CHECK(strpbrk(host, ":%") == NULL);
        FUZZ_CHECK(!is_digits(label == NULL ? host : label + 1));
    }
}

/* The port behind a single colon, or behind a bracket; else the usual one. */
static void check_port(const char *text, uint16_t port)
{
    const char *colon = strchr(text, ':');
    const char *bracket = strchr(text, ']');
    if (bracket != NULL) {
        colon = bracket[1] == ':' ? bracket + 1 : NULL;
    } else if (colon != NULL && strchr(colon + 1, ':') != NULL) {
        colon = NULL;
    }
    if (colon == NULL) {
        FUZZ_CHECK(port == PLACE_PORT);
    } else {
        FUZZ_CHECK(is_digits(colon + 1) && strtoul(colon + 1, NULL, 10) == port);
    }
}

static void check_back(const struct place *place)
{
    struct place back;
    const char *reason = NULL;
    char text[PLACE_TEXT_MAX];
    char again[PLACE_TEXT_MAX];
    memset(text, 'x', sizeof text);
    place_format(place, text);
    FUZZ_CHECK(memchr(text, '\0', sizeof text) != NULL);
    FUZZ_CHECK(place_parse(text, &back, &reason));
    FUZZ_CHECK(strcmp(back.host, place->host) == 0);
    FUZZ_CHECK(back.port == place->port);
    place_format(&back, again);
    FUZZ_CHECK(strcmp(again, text) == 0);
}

static void check(const char *text)
{
    struct place place;
    const char *reason = NULL;
    if (!place_parse(text, &place, &reason)) {
        FUZZ_CHECK(reason != NULL && strlen(reason) > 0);
        FUZZ_CHECK(reason[strlen(reason) - 1] != '.');
        return;
    }
    FUZZ_CHECK(reason == NULL);
    FUZZ_CHECK(!is_digits(text));
    FUZZ_CHECK(memchr(place.host, '\0', sizeof place.host) != NULL);
    FUZZ_CHECK((place_host(&place) == NULL) == (place.host[0] == '\0'));
    if (place_is_path(&place)) {
        FUZZ_CHECK(strcmp(place.host, text) == 0);
        FUZZ_CHECK(place.port == 0);
        FUZZ_CHECK(!place_is_numeric(&place));
        FUZZ_CHECK(strlen(text) > strlen("unix:"));
        FUZZ_CHECK(strlen(text) <= strlen("unix:") + TENON_PATH_MAX);
    } else {
        FUZZ_CHECK(place.host[0] != '\0' || text[0] == ':');
        check_host(&place);
        check_port(text, place.port);
    }
    check_back(&place);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = fuzz_text(data, size);
    check(text);
    free(text);
    return 0;
}
