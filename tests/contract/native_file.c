/* Files: opened, looked at, read, appended to, replaced, removed. */
#include "native.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tenon/file.h>
#include "testing.h"

enum {
    PATH_SIZE = 1024
};

/* A folder of its own, with characters that no code page has all of, and paths in it. */
struct place {
    char *folder;
    char path[PATH_SIZE];       /* of a file that is not there yet */
    char other[PATH_SIZE];
};

static void join(struct test *test, const struct place *place, const char *name,
                 char path[PATH_SIZE])
{
    int length = snprintf(path, PATH_SIZE, "%s/%s", place->folder, name);
    CHECK(test, length > 0 && length < PATH_SIZE);
}

static void place_open_called(struct test *test, struct place *place, const char *ending)
{
    place->folder = testing_folder_make(ending);
    CHECK(test, place->folder != NULL);
    join(test, place, "\xc3\xb6.txt", place->path);
    join(test, place, "other", place->other);
}

static void place_open(struct test *test, struct place *place)
{
    place_open_called(test, place, "-\xc3\xa4\xe2\x82\xac");
}

/* All that was made in it has gone: nothing is left beside a file. */
static void place_close(struct test *test, struct place *place)
{
    struct tenon_error error;
    (void)tenon_file_remove(place->path, &error);
    (void)tenon_file_remove(place->other, &error);
    CHECK(test, testing_folder_entries(place->folder) == 0);
    testing_folder_remove(place->folder);
    free(place->folder);
}

static void check_text(struct test *test, const char *path, const char *expected)
{
    size_t size = 0;
    char *text = testing_file_read(path, &size);
    CHECK(test, text != NULL && size == strlen(expected) && memcmp(text, expected, size) == 0);
    free(text);
}

static void written_whole(struct test *test)
{
    struct place place;
    char missing[PATH_SIZE];
    struct tenon_error error = {TENON_SYSTEM, 0};
    place_open(test, &place);
    join(test, &place, "none/file", missing);
    CHECK(test, tenon_file_write(place.path, "first text", 10, &error) == TENON_OK);
    CHECK(test, tenon_file_write(place.path, "second", 6, &error) == TENON_OK);
    check_text(test, place.path, "second");
    CHECK(test, tenon_file_write(place.path, "", 0, &error) == TENON_OK);
    check_text(test, place.path, "");
    CHECK(test, tenon_file_write(missing, "x", 1, &error) == TENON_NOT_FOUND);
    CHECK(test, error.status == TENON_NOT_FOUND && error.native != 0);
    CHECK(test, tenon_file_write(place.folder, "x", 1, &error) == TENON_INVALID);
    place_close(test, &place);
}

static void removed(struct test *test)
{
    struct place place;
    struct tenon_error error = {TENON_OK, 0};
    place_open(test, &place);
    CHECK(test, tenon_file_remove(place.path, &error) == TENON_NOT_FOUND);
    CHECK(test, error.status == TENON_NOT_FOUND && error.native != 0);
    CHECK(test, testing_file_write(place.path, "x", 1));
    CHECK(test, tenon_file_remove(place.path, &error) == TENON_OK);
    CHECK(test, error.status == TENON_OK && error.native == 0);
    CHECK(test, !testing_file_exists(place.path));
    place_close(test, &place);
}

static void read_in_order_and_at_offsets(struct test *test)
{
    struct place place;
    struct tenon_file file;
    struct tenon_error error;
    char data[16] = "";
    size_t got = 1;
    place_open(test, &place);
    CHECK(test, testing_file_write(place.path, "0\r\n\x1a" "456789", 10));
    CHECK(test, tenon_file_open(place.path, &file, &error) == TENON_OK);
    CHECK(test, tenon_file_read(file, data, 4, &got, &error) == TENON_OK && got == 4);
    CHECK(test, memcmp(data, "0\r\n\x1a", 4) == 0);
    CHECK(test, tenon_file_read(file, data, sizeof data, &got, &error) == TENON_OK && got == 6);
    CHECK(test, memcmp(data, "456789", 6) == 0);
    CHECK(test, tenon_file_read(file, data, sizeof data, &got, &error) == TENON_OK && got == 0);
    tenon_file_close(file);
    CHECK(test, tenon_file_open(place.path, &file, &error) == TENON_OK);
    CHECK(test, tenon_file_read_at(file, 7, data, 2, &got, &error) == TENON_OK && got == 2);
    CHECK(test, memcmp(data, "78", 2) == 0);
    CHECK(test, tenon_file_read_at(file, 5, data, 16, &got, &error) == TENON_OK && got == 5);
    CHECK(test, memcmp(data, "56789", 5) == 0);
    CHECK(test, tenon_file_read_at(file, 10, data, 16, &got, &error) == TENON_OK && got == 0);
    CHECK(test, tenon_file_read_at(file, UINT64_C(1) << 40, data, 16, &got, &error) == TENON_OK);
    CHECK(test, got == 0);
    tenon_file_close(file);
    place_close(test, &place);
}

static void open_fails(struct test *test)
{
    struct place place;
    struct tenon_file file;
    struct tenon_file_info info;
    struct tenon_error error = {TENON_OK, 0};
    place_open(test, &place);
    CHECK(test, tenon_file_open(place.path, &file, &error) == TENON_NOT_FOUND);
    CHECK(test, error.status == TENON_NOT_FOUND && error.native != 0);
    CHECK(test, tenon_file_look(place.path, &info, &error) == TENON_NOT_FOUND);
    CHECK(test, error.native != 0 && info.size == 0 && !info.regular);
    CHECK(test, tenon_file_open(place.folder, &file, &error) == TENON_INVALID);
    CHECK(test, tenon_file_append(place.folder, &file, &error) == TENON_INVALID);
    CHECK(test, error.native != 0);
    CHECK(test, tenon_file_look(place.folder, &info, &error) == TENON_OK);
    CHECK(test, info.folder && !info.regular);
    place_close(test, &place);
}

static bool same(struct tenon_file_info a, struct tenon_file_info b)
{
    return a.identity.volume == b.identity.volume && a.identity.number == b.identity.number;
}

/* An open file that is replaced stays what it was; its path names another. */
static void replaced_file_is_another(struct test *test)
{
    struct place place;
    struct tenon_file file;
    struct tenon_file_info opened;
    struct tenon_file_info looked;
    struct tenon_error error;
    char data[16];
    size_t got = 0;
    place_open(test, &place);
    CHECK(test, tenon_file_write(place.path, "old", 3, &error) == TENON_OK);
    CHECK(test, tenon_file_open(place.path, &file, &error) == TENON_OK);
    CHECK(test, tenon_file_info(file, &opened, &error) == TENON_OK);
    CHECK(test, opened.regular && opened.size == 3);
    CHECK(test, opened.modified > INT64_C(1577836800) * TENON_SECOND);      /* 2020 */
    CHECK(test, tenon_file_look(place.path, &looked, &error) == TENON_OK);
    CHECK(test, same(opened, looked) && looked.size == 3 && looked.regular);
    CHECK(test, looked.modified == opened.modified);
    if (!testing_open_files_are_replaced()) {
        native_without("a replaced file that is open");
        tenon_file_close(file);
        CHECK(test, tenon_file_write(place.path, "newer", 5, &error) == TENON_OK);
        place_close(test, &place);
        return;
    }
    CHECK(test, tenon_file_write(place.path, "newer", 5, &error) == TENON_OK);
    CHECK(test, tenon_file_look(place.path, &looked, &error) == TENON_OK);
    CHECK(test, !same(opened, looked) && looked.size == 5);
    CHECK(test, tenon_file_read_at(file, 0, data, sizeof data, &got, &error) == TENON_OK);
    CHECK(test, got == 3 && memcmp(data, "old", 3) == 0);
    tenon_file_close(file);
    place_close(test, &place);
}

/* A log whose file is moved away: the open one goes on there, the path is made anew. */
static void appended(struct test *test)
{
    struct place place;
    struct tenon_file log;
    struct tenon_file again;
    struct tenon_error error;
    place_open(test, &place);
    CHECK(test, testing_file_write(place.path, "a\n", 2));
    CHECK(test, tenon_file_append(place.path, &log, &error) == TENON_OK);
    CHECK(test, tenon_file_append(place.path, &again, &error) == TENON_OK);
    CHECK(test, tenon_file_write_all(log, "b\n", 2, &error) == TENON_OK);
    CHECK(test, tenon_file_write_all(again, "c\n", 2, &error) == TENON_OK);
    CHECK(test, tenon_file_write_all(log, "d\n", 2, &error) == TENON_OK);
    check_text(test, place.path, "a\nb\nc\nd\n");
    tenon_file_close(again);
    CHECK(test, testing_file_rename(place.path, place.other));
    CHECK(test, tenon_file_append(place.path, &again, &error) == TENON_OK);
    CHECK(test, tenon_file_write_all(log, "e\n", 2, &error) == TENON_OK);
    CHECK(test, tenon_file_write_all(again, "f\n", 2, &error) == TENON_OK);
    tenon_file_close(log);
    tenon_file_close(again);
    check_text(test, place.other, "a\nb\nc\nd\ne\n");
    check_text(test, place.path, "f\n");
    int mode = testing_file_mode(place.path);
    CHECK(test, mode < 0 || (mode & ~0640) == 0);
    place_close(test, &place);
}

/* Nobody reads the pipe: a log does not wait for somebody who will. */
static void not_appended_to_a_pipe(struct test *test)
{
    struct place place;
    struct tenon_file log;
    struct tenon_error error;
    place_open(test, &place);
    if (testing_file_pipe(place.path)) {        /* Windows has none */
        CHECK(test, tenon_file_append(place.path, &log, &error) == TENON_SYSTEM);
        CHECK(test, error.native != 0);
    }
    place_close(test, &place);
}

static void replaced_by_pieces(struct test *test)
{
    struct place place;
    struct tenon_file_replacement *first = NULL;
    struct tenon_file_replacement *second = NULL;
    struct tenon_error error;
    place_open(test, &place);
    CHECK(test, testing_file_write(place.path, "old", 3));
    CHECK(test, tenon_file_replace_begin(place.path, &first, &error) == TENON_OK);
    CHECK(test, tenon_file_replace_begin(place.path, &second, &error) == TENON_OK);
    CHECK(test, tenon_file_replace_write(first, "first ", 6, &error) == TENON_OK);
    CHECK(test, tenon_file_replace_write(second, "second", 6, &error) == TENON_OK);
    CHECK(test, tenon_file_replace_write(first, "text", 4, &error) == TENON_OK);
    check_text(test, place.path, "old");
    tenon_file_replace_discard(second);
    check_text(test, place.path, "old");
    CHECK(test, tenon_file_replace_commit(first, &error) == TENON_OK);
    check_text(test, place.path, "first text");
    CHECK(test, tenon_file_replace_begin("", &first, &error) != TENON_OK && first == NULL);
    tenon_file_replace_discard(NULL);
    place_close(test, &place);
}

/* As a program leaves it that is ended in the middle: its name is in nobody's way. */
static void replaced_beside_what_was_left(struct test *test)
{
    struct place place;
    struct tenon_file_replacement *left = NULL;
    struct tenon_error error;
    place_open(test, &place);
    CHECK(test, tenon_file_replace_begin(place.path, &left, &error) == TENON_OK);
    CHECK(test, tenon_file_write(place.path, "text", 4, &error) == TENON_OK);
    check_text(test, place.path, "text");
    tenon_file_replace_discard(left);
    place_close(test, &place);
}

/* A name as long as they may be: the one beside it has no room for more, and is cut where it has
 * two bytes for a character. */
static void replaced_with_a_long_name(struct test *test)
{
    enum { LENGTH = 255, ASCII = 214 };
    static const char character[] = "\xc3\xb6";
    struct place place;
    struct tenon_error error;
    char name[LENGTH + 1];
    char path[PATH_SIZE];
    place_open(test, &place);
    memset(name, 'n', ASCII);
    for (int i = ASCII; i < LENGTH; i++) {
        name[i] = i + 1 < LENGTH ? character[(i - ASCII) % 2] : 'n';
    }
    name[LENGTH] = '\0';
    join(test, &place, name, path);
    CHECK(test, tenon_file_write(path, "text", 4, &error) == TENON_OK);
    check_text(test, path, "text");
    CHECK(test, testing_folder_entries(place.folder) == 1);
    CHECK(test, tenon_file_remove(path, &error) == TENON_OK);
    place_close(test, &place);
}

/* By a process that ended at once. */
static void abandoned(struct test *test)
{
    struct place place;
    struct testing_start start = {0};
    int code = -1;
    place_open_called(test, &place, "");    /* a child's arguments are of its code page */
    CHECK(test, testing_file_write(place.other, "old", 3));
    const char *const arguments[] = {"--abandon-replacement", place.other, NULL};
    struct testing_process *process = native_child(test, &start, arguments);
    CHECK(test, testing_process_wait(process, TEST_PATIENCE, &code) && code == 0);
    testing_process_close(process);
    check_text(test, place.other, "old");
    tenon_file_replace_abandon(NULL);
    place_close(test, &place);
}

static void replacement_keeps_the_mode(struct test *test)
{
    struct place place;
    struct tenon_error error;
    place_open(test, &place);
    CHECK(test, testing_file_write(place.path, "old", 3));
    if (testing_file_set_mode(place.path, 0751)) {
        CHECK(test, tenon_file_write(place.path, "new", 3, &error) == TENON_OK);
        CHECK(test, testing_file_mode(place.path) == 0751);
    } else {
        native_without("modes");
    }
    place_close(test, &place);
}

/* Root writes into another's file, who can still read it afterwards. */
static void replacement_keeps_the_owner(struct test *test)
{
    enum { ANOTHER = 65534 };
    struct place place;
    struct tenon_error error;
    place_open(test, &place);
    CHECK(test, testing_file_write(place.path, "old", 3));
    if (testing_file_give(place.path, ANOTHER)) {
        CHECK(test, testing_file_set_mode(place.path, 0600));
        CHECK(test, tenon_file_write(place.path, "new", 3, &error) == TENON_OK);
        check_text(test, place.path, "new");
        CHECK(test, testing_file_owner(place.path) == ANOTHER);
        CHECK(test, testing_file_mode(place.path) == 0600);
    }
    place_close(test, &place);
}

static void replacement_follows_links(struct test *test)
{
    struct place place;
    struct tenon_error error;
    place_open(test, &place);
    CHECK(test, testing_file_write(place.other, "old", 3));
    if (testing_file_link(place.other, place.path)) {
        CHECK(test, tenon_file_write(place.path, "new", 3, &error) == TENON_OK);
        check_text(test, place.other, "new");
        CHECK(test, tenon_file_remove(place.other, &error) == TENON_OK);
        CHECK(test, !testing_file_exists(place.path));      /* it is a link still */
        CHECK(test, tenon_file_write(place.path, "own", 3, &error) == TENON_OK);
        check_text(test, place.path, "own");
        CHECK(test, !testing_file_exists(place.other));
    } else {
        native_without("links");
    }
    place_close(test, &place);
}

static void devices_are_written_as_they_are(struct test *test)
{
    struct place place;
    struct tenon_file file;
    struct tenon_file_info info;
    struct tenon_error error;
    char byte = 0;
    size_t got = 1;
    place_open(test, &place);
    CHECK(test, tenon_file_write(testing_null_device(), "text", 4, &error) == TENON_OK);
    CHECK(test, tenon_file_look(testing_null_device(), &info, &error) == TENON_OK);
    CHECK(test, !info.regular);
    CHECK(test, tenon_file_open(testing_null_device(), &file, &error) == TENON_OK);
    CHECK(test, tenon_file_info(file, &info, &error) == TENON_OK && !info.regular);
    CHECK(test, tenon_file_read(file, &byte, 1, &got, &error) == TENON_OK && got == 0);
    tenon_file_close(file);
    place_close(test, &place);
}

const struct test_case file_cases[] = {
    {"file.written_whole", written_whole},
    {"file.removed", removed},
    {"file.read_in_order_and_at_offsets", read_in_order_and_at_offsets},
    {"file.open_fails", open_fails},
    {"file.replaced_file_is_another", replaced_file_is_another},
    {"file.appended", appended},
    {"file.not_appended_to_a_pipe", not_appended_to_a_pipe},
    {"file.replaced_by_pieces", replaced_by_pieces},
    {"file.replaced_beside_what_was_left", replaced_beside_what_was_left},
    {"file.replaced_with_a_long_name", replaced_with_a_long_name},
    {"file.abandoned", abandoned},
    {"file.replacement_keeps_the_mode", replacement_keeps_the_mode},
    {"file.replacement_keeps_the_owner", replacement_keeps_the_owner},
    {"file.replacement_follows_links", replacement_follows_links},
    {"file.devices_are_written_as_they_are", devices_are_written_as_they_are},
    {NULL, NULL}
};
