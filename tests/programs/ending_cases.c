/* Every way in which an exchange ends: the exit code, what is said, and that a failure leaves the
 * file of -o as it was. */
#include "harness.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    ROW_ARGUMENTS = 6,
    ARGUMENTS_MAX = 12,
    LINES_MAX = 1000 * 1000
};

#define CONNECTED "Connected to server.\n"
#define SENT CONNECTED "Message sent.\n"

static const struct streams typed = {TESTING_PIPE, TESTING_PIPE, TESTING_PIPE};

/* ---- by the server's doing ---- */

/* The server reads the message, answers, and then does one of these. */
enum act {
    CLOSES,
    RESETS,
    STAYS                       /* silent, until the client ends */
};

struct ending {
    const char *arguments[ROW_ARGUMENTS];
    const char *answer;
    enum act act;
    int code;
    const char *output;
    const char *said;           /* NULL: nothing */
};

static const struct ending endings[] = {
    {{NULL}, "", CLOSES, 1, SENT, " ended the connection without an answer\nhint: "},
    {{"-q"}, "", CLOSES, 0, "", NULL},
    {{"-t", "200ms"}, "", STAYS, 5, SENT, "no answer from 127.0.0.1:"},
    {{"-t", "200ms", "-q"}, "", STAYS, 5, "", " within 200ms\n"},
    {{"-t", "200ms"}, "half", STAYS, 5, SENT "Server's response: half\n",
     " has not ended its answer: silent for 200ms\n"},
    {{"-t", "200ms", "-q"}, "half", STAYS, 5, "half", "silent for 200ms\n"},
    {{NULL}, "whole", CLOSES, 0, SENT "Server's response: whole\n", NULL},
    {{"-q"}, "whole", CLOSES, 0, "whole", NULL},
    {{"--half-close", "now"}, "", CLOSES, 1, SENT, " without an answer\n"},
    {{"--half-close", "never", "-t", "200ms"}, "half", STAYS, 5,
     SENT "Server's response: half\n", "silent for 200ms\n"},
    {{"--expect", "whole"}, "whole", CLOSES, 0, SENT "Server's response: whole\n", NULL},
    {{"--expect", "other"}, "whole", CLOSES, 1, SENT "Server's response: whole\n",
     " is not the expected one: byte 1 is another\n"},
    {{"--expect", "whole"}, "", CLOSES, 1, SENT, "it ends behind 0 of its 5 bytes\n"},
    {{"--expect", "whole", "-t", "200ms"}, "whole", STAYS, 5, SENT "Server's response: whole\n",
     "silent for 200ms\n"},
    {{NULL}, "", RESETS, 1, SENT, "client: lost 127.0.0.1:"},
    {{"-q"}, "", RESETS, 1, "", " before the end of its answer: connection reset"},
    {{NULL}, "half", RESETS, 1, SENT "Server's response: half\n", "client: lost 127.0.0.1:"},
    {{"-q"}, "half", RESETS, 1, "half", "client: lost 127.0.0.1:"},
};

/* Starts it with the row's arguments and `more`, has the server act, and waits for the end. */
static void act_out(struct visit *visit, const struct ending *ending, const char *const *more)
{
    const char *arguments[ARGUMENTS_MAX] = {NULL};
    size_t count = 0;
    for (size_t i = 0; i < ROW_ARGUMENTS && ending->arguments[i] != NULL; i++) {
        arguments[count++] = ending->arguments[i];
    }
    for (size_t i = 0; more[i] != NULL; i++) {
        arguments[count++] = more[i];
    }
    CHECK(count < ARGUMENTS_MAX);
    visit_begin(visit, arguments);
    visit_expect(visit, "Hello from the client!!!");
    raw_send(visit->peer, ending->answer, strlen(ending->answer));
    if (ending->act == STAYS) {
        visit_wait(visit, ending->code);
        return;
    }
    if (ending->act == RESETS && ending->answer[0] != '\0' && more[0] == NULL) {
        run_await(&visit->client, TESTING_OUTPUT, ending->answer, 1);
    }
    if (ending->act == RESETS) {
        visit_reset(visit);
    }
    visit_end(visit, ending->code);
}

static bool is_seen(const struct ending *ending)
{
    return ending->act != RESETS || testing_resets_are_seen();
}

static void by_the_server(void)
{
    for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++) {
        const struct ending *ending = &endings[i];
        struct visit visit;
        if (is_seen(ending)) {
            act_out(&visit, ending, NO_ARGUMENTS);
            CHECK_TEXT(visit.client.output, ending->output);
            if (ending->said == NULL) {
                CHECK_TEXT(visit.client.error, "");
            } else {
                CHECK(strncmp(visit.client.error, "client: ", strlen("client: ")) == 0);
                CHECK_CONTAINS(visit.client.error, ending->said);
            }
            run_close(&visit.client);
        }
    }
}

/* ---- with a file for the response ---- */

struct output_file {
    char *folder;
    char path[PATH_TEXT_MAX];
};

static void make(struct output_file *file)
{
    file->folder = new_folder();
    path_in(file->path, file->folder, "out");
    CHECK(testing_file_write(file->path, "old", 3));
}

/* It has this, and is alone in its folder. */
static void check_file(const struct output_file *file, const char *text)
{
    char *data = testing_file_read(file->path, NULL);
    CHECK_TEXT(data, text);
    CHECK(testing_folder_entries(file->folder) == 1);
    free(data);
}

static void drop(struct output_file *file)
{
    testing_folder_remove(file->folder);
    free(file->folder);
}

/* The same endings: the file is the whole answer, or as it was. No answer is one as well. */
static void of_a_file(void)
{
    struct output_file file;
    make(&file);
    for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++) {
        struct ending ending = endings[i];
        struct visit visit;
        bool empty = ending.code == 1 && ending.act == CLOSES && ending.answer[0] == '\0' &&
                     strcmp(ending.arguments[0] == NULL ? "" : ending.arguments[0],
                            "--expect") != 0;
        if (is_seen(&ending)) {
            CHECK(testing_file_write(file.path, "old", 3));
            ending.code = empty ? 0 : ending.code;
            act_out(&visit, &ending, ARGUMENTS("-o", file.path));
            check_file(&file, ending.code == 0 ? ending.answer : "old");
            CHECK(count_parts(visit.client.output, "response") == 0);
            run_close(&visit.client);
        }
    }
    drop(&file);
}

static void stopped(enum testing_signal signal, int code)
{
    struct output_file file;
    struct visit visit;
    make(&file);
    visit_begin_with(&visit, ARGUMENTS("-v", "-i", "-", "-o", file.path), &typed);
    CHECK(testing_process_write(visit.client.process, "x", 1));
    visit_expect(&visit, "x");
    raw_send(visit.peer, BYTES("half"));
    run_signal(&visit.client, signal);
    visit_wait(&visit, code);
    check_file(&file, "old");
    run_close(&visit.client);
    drop(&file);
}

/* While its reader waits for what nobody types. */
static void interrupted(void)
{
    if (!testing_signals_differ()) {
        case_skip("Ctrl+C cannot be sent to one process here");
    }
    stopped(TESTING_INTERRUPT, 130);
}

static void terminated(void)
{
    stopped(TESTING_TERMINATE, 143);
}

/* The second request, which ends the process at once, finds it anywhere on its way out. */
static void forced(void)
{
    enum { TIMES = 10 };
    /* One that is pending already would be the same request. */
    enum testing_signal first = testing_signals_differ() ? TESTING_HANG_UP : TESTING_TERMINATE;
    for (int i = 0; i < TIMES; i++) {
        struct output_file file;
        struct visit visit;
        make(&file);
        visit_begin(&visit, ARGUMENTS("-o", file.path));
        visit_expect(&visit, "Hello from the client!!!");
        raw_send(visit.peer, BYTES("half"));
        run_signal(&visit.client, first);
        (void)testing_process_signal(visit.client.process, TESTING_TERMINATE);  /* it may be over */
        visit_wait(&visit, 143);
        check_file(&file, "old");
        run_close(&visit.client);
        drop(&file);
    }
}

/* Its opening waits for somebody who reads, or writes. */
static void stopped_at_a_pipe(void)
{
    static const char *const options[] = {"-o", "-i"};
    for (size_t i = 0; i < sizeof options / sizeof options[0]; i++) {
        struct output_file file;
        struct run client;
        char pipe[PATH_TEXT_MAX];
        make(&file);
        path_in(pipe, file.folder, "pipe");
        if (!testing_file_pipe(pipe)) {
            drop(&file);
            case_skip("pipes have no names here");
        }
        run_start(&client, CLIENT, ARGUMENTS("-vv", options[i], pipe));
        run_await(&client, TESTING_ERROR_OUTPUT, " DEBUG open_file ", 1);
        run_signal(&client, TESTING_TERMINATE);
        run_wait(&client);
        CHECK_CODE(&client, 143);
        run_close(&client);
        drop(&file);
    }
}

/* ---- files that cannot be used ---- */

struct bad_file {
    const char *option;
    const char *path;           /* `F` stands for a folder that is there */
    const char *needs;          /* a path without which the row means nothing; NULL: none */
    int code;
    const char *said;
};

static void of_bad_files(void)
{
    static const struct bad_file rows[] = {
        {"-i", "F/none", NULL, 2, "client: cannot open F/none: no such file or folder\n"},
        {"-i", "F/none/none", NULL, 2, "client: cannot open F/none/none: no such file or folder\n"},
        {"-i", "F", NULL, 2, "client: cannot open F: it is a folder\n"},
        {"-i", "", NULL, 2, "client: cannot open '': "},
        {"-i", "/proc/self/mem", "/proc/self/mem", 1, "client: cannot read /proc/self/mem: "},
        {"-o", "F/none/out", NULL, 2, "client: cannot write F/none/out: no such file or folder\n"},
        {"-o", "F", NULL, 2, "client: cannot write F: it is a folder\n"},
        {"-o", "", NULL, 2, "client: cannot write '': "},
        {"-o", "/proc/self/out", "/proc/self/mem", 2, "client: cannot write /proc/self/out: "},
        {"-o", "/dev/full", "/dev/full", 1,
         "client: cannot write /dev/full: no space left on the disk\n"},
    };
    struct service service;
    service_start(&service, "127.0.0.1:0", NO_ARGUMENTS);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct run client;
        char path[PATH_TEXT_MAX];
        char said[PATH_TEXT_MAX + 100];
        const char *at = strstr(rows[i].said, "F");
        bool here = strncmp(rows[i].path, "F", 1) == 0;
        if (rows[i].needs != NULL && testing_file_mode(rows[i].needs) < 0) {
            continue;           /* not there, or the machine's and not Windows's */
        }
        (void)snprintf(path, sizeof path, "%s%s", here ? service.folder : "",
                       rows[i].path + (here ? 1 : 0));
        (void)snprintf(said, sizeof said, "%.*s%s%s", here ? (int)(at - rows[i].said) : 0,
                       rows[i].said, here ? service.folder : "", here ? at + 1 : rows[i].said);
        run_whole(&client, CLIENT, ARGUMENTS(rows[i].option, path, service.place));
        CHECK_CODE(&client, rows[i].code);
        CHECK(count_parts(client.error, "client: ") == 1);
        CHECK_CONTAINS(client.error, said);
        run_close(&client);
    }
    CHECK(testing_folder_entries(service.folder) == 1);
    service_stop(&service);
    run_close(&service.run);
}

/* A file that may not be read, and a folder that may not be written. */
static void of_forbidden_files(void)
{
    struct output_file file;
    struct run client;
    make(&file);
    if (!testing_file_set_mode(file.path, 0)) {
        drop(&file);
        case_skip("there are no modes here");
    }
    char *data = testing_file_read(file.path, NULL);
    if (data != NULL) {
        free(data);
        drop(&file);
        case_skip("this user may read and write everything");
    }
    run_whole(&client, CLIENT, ARGUMENTS("-i", file.path));
    CHECK_CODE(&client, 2);
    CHECK_CONTAINS(client.error, ": access denied\n");
    run_close(&client);
    char path[PATH_TEXT_MAX + 8];
    (void)snprintf(path, sizeof path, "%s.new", file.path);
    CHECK(testing_file_set_mode(file.folder, 0500));
    run_whole(&client, CLIENT, ARGUMENTS("-o", path));
    CHECK(testing_file_set_mode(file.folder, 0700));
    CHECK_CODE(&client, 2);
    CHECK_CONTAINS(client.error, ": access denied\n");
    run_close(&client);
    drop(&file);
}

/* ---- while sending ---- */

/* The server is gone before all was sent: what was not taken is lost, and that is no success. */
static void gone_while_sending(void)
{
    struct visit visit;
    visit_begin_with(&visit, ARGUMENTS("-q", "-vv", "-i", "-"), &typed);
    CHECK(testing_process_write(visit.client.process, "one", 3));
    visit_expect(&visit, "one");
    raw_send(visit.peer, BYTES("enough"));
    testing_raw_finish(visit.peer);
    /* The first failure of a stream is kept: an end that is read behind a reset is none. */
    run_await(&visit.client, TESTING_ERROR_OUTPUT, " DEBUG end ", 1);
    CHECK(testing_process_write(visit.client.process, "two", 3));
    visit_expect(&visit, "two");
    testing_raw_close(visit.peer);
    visit.peer = TESTING_RAW_NONE;
    size_t lines = 0;
    while (testing_process_write(visit.client.process, "more", 4)) {
        CHECK(++lines < LINES_MAX);     /* one is answered by a reset, and the next one fails */
    }
    visit_wait(&visit, 1);
    CHECK_TEXT(visit.client.output, "enough");
    CHECK_CONTAINS(visit.client.error, " before the end of what it was sent: connection reset");
    run_close(&visit.client);
}

const struct test_case ending_cases[] = {
    {"ending.by_the_server", by_the_server},
    {"ending.of_a_file", of_a_file},
    {"ending.interrupted", interrupted},
    {"ending.terminated", terminated},
    {"ending.forced", forced},
    {"ending.stopped_at_a_pipe", stopped_at_a_pipe},
    {"ending.of_bad_files", of_bad_files},
    {"ending.of_forbidden_files", of_forbidden_files},
    {"ending.gone_while_sending", gone_while_sending},
    {NULL, NULL},
};
