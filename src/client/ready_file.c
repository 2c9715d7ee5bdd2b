/* Ready files. */
#include "client/ready_file.h"
#include "common/console.h"
#include "common/text.h"
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <tenon/file.h>

enum {
    SHOWN_MAX = 60,                         /* bytes of a line that is wrong */
    TEXT_MAX = 64 * (PLACE_TEXT_MAX + 1)    /* of a server's listeners, and more */
};

/* Whoever makes it may not be allowed to share it yet (Windows). */
static enum ready_file fail(struct tenon_error error, char problem[READY_FILE_PROBLEM_MAX])
{
    console_error_text(error, problem);
    return error.status == TENON_NOT_FOUND || error.status == TENON_ACCESS_DENIED ?
        READY_FILE_NOT_YET : READY_FILE_WRONG;
}

static enum ready_file wrong(char problem[READY_FILE_PROBLEM_MAX], const char *what)
{
    (void)snprintf(problem, READY_FILE_PROBLEM_MAX, "%s", what);
    return READY_FILE_WRONG;
}

/* Whole; one byte more than TEXT_MAX where there is more. */
static enum tenon_status read_text(const char *path, char *text, size_t *size_out,
                                   struct tenon_error *error_out)
{
    struct tenon_file file;
    size_t got = 1;
    *size_out = 0;
    enum tenon_status status = tenon_file_open(path, &file, error_out);
    if (status != TENON_OK) {
        return status;
    }
    while (got > 0 && *size_out <= TEXT_MAX && status == TENON_OK) {
        status = tenon_file_read(file, text + *size_out, TEXT_MAX + 1 - *size_out, &got, error_out);
        *size_out += got;
    }
    tenon_file_close(file);
    return status;
}

/* Where a server listens on every address, a client on its machine takes the loopback. */
static void name_a_host(struct place *place)
{
    static const char ipv4[] = "127.0.0.1";
    static const char ipv6[] = "::1";
    if (strcmp(place->host, "0.0.0.0") == 0) {
        memcpy(place->host, ipv4, sizeof ipv4);
    } else if (strcmp(place->host, "::") == 0) {
        memcpy(place->host, ipv6, sizeof ipv6);
    }
}

/* Its beginning, as it may hold any bytes. */
static void describe(const char *line, const char *reason, char problem[READY_FILE_PROBLEM_MAX])
{
    char shown[TEXT_ESCAPED_MAX(SHOWN_MAX) + TEXT_ESCAPED_MAX(0)];
    struct text_escape escape = {.held_count = 0};
    size_t size = strlen(line);
    size_t used = text_escape(&escape, line, size < SHOWN_MAX ? size : SHOWN_MAX, shown);
    used += text_escape_end(&escape, shown + used);
    (void)snprintf(problem, READY_FILE_PROBLEM_MAX, "'%.*s' is no address: %s", (int)used, shown,
                   reason);
}

static bool parse_line(const char *line, struct place *place_out,
                       char problem[READY_FILE_PROBLEM_MAX])
{
    const char *reason = NULL;
    bool good = place_parse(line, place_out, &reason);
    if (good && place_host(place_out) == NULL) {
        reason = "it has no host";
    } else if (good && place_out->port == 0 && !place_is_path(place_out)) {
        reason = "nobody listens on port 0";
    }
    if (reason != NULL) {
        describe(line, reason, problem);
        return false;
    }
    name_a_host(place_out);
    return true;
}

/* `text` has a zero behind it. */
static enum ready_file parse(char *text, struct place places[PLACES_MAX], uint32_t *count_out,
                             char problem[READY_FILE_PROBLEM_MAX])
{
    for (char *line = text; line != NULL && *count_out < PLACES_MAX;) {
        char *end = strchr(line, '\n');
        if (end != NULL) {
            *end = '\0';
        }
        line[strcspn(line, "\r")] = '\0';
        if (line[0] != '\0') {
            if (!parse_line(line, &places[*count_out], problem)) {
                return READY_FILE_WRONG;
            }
            (*count_out)++;
        }
        line = end == NULL ? NULL : end + 1;
    }
    if (*count_out == 0) {
        (void)wrong(problem, "it is empty");
        return READY_FILE_NOT_YET;
    }
    return READY_FILE_READ;
}

enum ready_file ready_file_read(const char *path, struct place places[PLACES_MAX],
                                uint32_t *count_out, char problem[READY_FILE_PROBLEM_MAX])
{
    char text[TEXT_MAX + 2];
    struct tenon_file_info info;
    struct tenon_error error;
    size_t size = 0;
    *count_out = 0;
    if (tenon_file_look(path, &info, &error) != TENON_OK) {
        return fail(error, problem);
    }
    if (!info.regular) {
        return wrong(problem, "it is no regular file");
    }
    if (read_text(path, text, &size, &error) != TENON_OK) {
        return fail(error, problem);
    }
    if (size > TEXT_MAX) {
        return wrong(problem, "it is too long");
    }
    text[size] = '\0';
    if (strlen(text) != size) {
        return wrong(problem, "it is no text");
    }
    return parse(text, places, count_out, problem);
}
