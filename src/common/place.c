/* A place: what the command line calls ADDRESS. */
#include "place.h"
#include <stdio.h>
#include <string.h>

static const char path_prefix[] = "unix:";

static bool copy_host(struct place *place, const char *text, size_t size)
{
    if (size > TENON_HOST_MAX) {
        return false;
    }
    memcpy(place->host, text, size);
    place->host[size] = '\0';
    return true;
}

/* Digits only, up to 65535. */
static bool parse_port(const char *text, uint16_t *port_out)
{
    uint32_t port = 0;
    size_t digits = strspn(text, "0123456789");
    if (digits == 0 || digits > 5 || text[digits] != '\0') {
        return false;
    }
    for (size_t i = 0; i < digits; i++) {
        port = port * 10 + (uint32_t)(text[i] - '0');
    }
    *port_out = (uint16_t)port;
    return port <= UINT16_MAX;
}

/* Whether the last label, a dot behind it aside, is a number, also in hexadecimal: to every
 * system's parser that is an IPv4 address, in forms that only some know. */
static bool ends_in_number(const char *host)
{
    size_t end = strlen(host);
    if (end > 0 && host[end - 1] == '.') {
        end--;
    }
    size_t begin = end;
    while (begin > 0 && host[begin - 1] != '.') {
        begin--;
    }
    const char *label = host + begin;
    if (end - begin >= 2 && label[0] == '0' && (label[1] == 'x' || label[1] == 'X')) {
        return strspn(label + 2, "0123456789abcdefABCDEF") == end - begin - 2;
    }
    return end > begin && strspn(label, "0123456789") == end - begin;
}

static bool is_host_character(unsigned char character)
{
    /* Beyond ASCII it is the name service that decides. */
    return character > ' ' && character != 0x7f && strchr("/\\@#?[]%\"'<>", character) == NULL;
}

static const char *problem_of_name(const char *host)
{
    struct tenon_address address;
    for (const char *at = host; *at != '\0'; at++) {
        if (!is_host_character((unsigned char)*at)) {
            return "a host has a character that no name has";
        }
    }
    if (ends_in_number(host) && tenon_address_parse(host, &address) != TENON_OK) {
        return "an IPv4 address has four decimal parts";
    }
    return NULL;
}

static const char *parse_path(const char *path, struct place *place)
{
    size_t size = strlen(path);
    for (const char *at = path; *at != '\0'; at++) {
        if ((unsigned char)*at < ' ' || *at == 0x7f) {
            return "a path has no control characters: in a ready file a line is an address";
        }
    }
    if (size == 0) {
        return "there is no path behind unix:";
    }
    if (path[0] == '@') {
        return "abstract names are left out: for a file of that name write ./ in front";
    }
    if (size > TENON_PATH_MAX) {
        return "the path of a local socket has at most 103 bytes";
    }
    memcpy(place->host, path_prefix, sizeof path_prefix - 1);
    memcpy(place->host + sizeof path_prefix - 1, path, size + 1);
    place->port = 0;
    return NULL;
}

static const char *parse_ipv6(const char *text, size_t size, struct place *place)
{
    struct tenon_address address;
    if (!copy_host(place, text, size) || strchr(place->host, ':') == NULL ||
        tenon_address_parse(place->host, &address) != TENON_OK) {
        return "it is no IPv6 address";
    }
    return NULL;
}

static const char *parse_bracketed(const char *text, struct place *place)
{
    const char *end = strchr(text, ']');
    if (end == NULL) {
        return "the closing bracket is missing";
    }
    if (end[1] != '\0' && (end[1] != ':' || !parse_port(end + 2, &place->port))) {
        return "a port is a number from 0 to 65535";
    }
    return parse_ipv6(text + 1, (size_t)(end - text - 1), place);
}

static const char *parse_name(const char *text, struct place *place)
{
    const char *colon = strchr(text, ':');
    size_t size = colon == NULL ? strlen(text) : (size_t)(colon - text);
    if (colon != NULL && !parse_port(colon + 1, &place->port)) {
        return "a port is a number from 0 to 65535";
    }
    if (colon == NULL && size == 0) {
        return "it is empty";
    }
    if (strcmp(text, "unix") == 0) {
        return "there is no path behind unix:";     /* with a port it would read as a path */
    }
    if (!copy_host(place, text, size)) {
        return "a host has at most 255 bytes";
    }
    return problem_of_name(place->host);
}

bool place_parse(const char *text, struct place *place_out, const char **reason_out)
{
    const char *colon = strchr(text, ':');
    memset(place_out, 0, sizeof *place_out);
    place_out->port = PLACE_PORT;
    if (strncmp(text, path_prefix, sizeof path_prefix - 1) == 0) {
        *reason_out = parse_path(text + sizeof path_prefix - 1, place_out);
    } else if (strstr(text, "://") != NULL) {
        *reason_out = "of a URL it is HOST:PORT alone";
    } else if (*text == '[') {
        *reason_out = parse_bracketed(text, place_out);
    } else if (colon != NULL && strchr(colon + 1, ':') != NULL) {
        *reason_out = parse_ipv6(text, strlen(text), place_out);
    } else {
        *reason_out = parse_name(text, place_out);
    }
    return *reason_out == NULL;
}

void place_format(const struct place *place, char text[PLACE_TEXT_MAX])
{
    if (place_is_path(place)) {
        (void)snprintf(text, PLACE_TEXT_MAX, "%s", place->host);
    } else if (strchr(place->host, ':') != NULL) {
        (void)snprintf(text, PLACE_TEXT_MAX, "[%s]:%u", place->host, place->port);
    } else {
        (void)snprintf(text, PLACE_TEXT_MAX, "%s:%u", place->host, place->port);
    }
}

const char *place_host(const struct place *place)
{
    return place->host[0] == '\0' ? NULL : place->host;
}

bool place_is_path(const struct place *place)
{
    return strncmp(place->host, path_prefix, sizeof path_prefix - 1) == 0;
}

bool place_is_numeric(const struct place *place)
{
    struct tenon_address address;
    return tenon_address_parse(place->host, &address) == TENON_OK;
}
