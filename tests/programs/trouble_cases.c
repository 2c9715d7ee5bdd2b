/* A server in trouble that is not its own doing: it serves on, says so once, and is well again when
 * the trouble is over. (Full disks: output.log_file_full; outputs that nobody reads: stream; peers
 * that do not read: service.) */
#include "harness.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ANSWER "Hello from the server!!!"
#define SHORT "server: cannot accept: no descriptors or no memory left; trying again\n"

/* No descriptor is left: who is there is served, who comes waits in the kernel's queue. */
static void descriptors(void)
{
    struct service service;
    char data[2];
    size_t received = 0;
    service_start(&service, "127.0.0.1:0", ARGUMENTS("--mode", "echo", "--threads", "1"));
    int64_t first = raw_to(&service);
    raw_send(first, "x", 1);
    CHECK(testing_raw_receive(first, data, sizeof data, PATIENCE, &received) == TESTING_RAW_OK);
    /* The standard streams alone: what is open stays, and no number below is free. */
    if (!testing_process_limit_descriptors(service.run.process, 3)) {
        case_skip("another process's descriptors cannot be limited here");
    }
    int64_t second = raw_to(&service);
    raw_send(second, "y", 1);
    run_await(&service.run, TESTING_ERROR_OUTPUT, SHORT, 1);
    for (int i = 0; i < 3; i++) {
        raw_send(first, "z", 1);
        CHECK(testing_raw_receive(first, data, sizeof data, PATIENCE, &received) ==
              TESTING_RAW_OK);
    }
    CHECK(testing_raw_receive(second, data, sizeof data, 500 * TENON_MILLISECOND, &received) ==
          TESTING_RAW_TIMED_OUT);
    CHECK(testing_process_limit_descriptors(service.run.process, 0));
    CHECK(testing_raw_receive(second, data, sizeof data, PATIENCE, &received) == TESTING_RAW_OK);
    CHECK(received == 1 && data[0] == 'y');
    testing_raw_close(first);
    testing_raw_close(second);
    service_stop(&service);
    CHECK(count_parts(service.run.error, "server: ") == 1);
    run_close(&service.run);
}

/* The system grants fewer descriptors than -c needs: fewer clients at once, and that is said. */
static void fewer_descriptors(void)
{
    static const struct testing_start start = {
        .input = TESTING_NULL, .output = TESTING_PIPE, .error = TESTING_PIPE, .descriptors = 106
    };
    struct run server;
    if (!testing_signals_differ()) {
        case_skip("Windows has no such limit");
    }
    run_start_as(&server, SERVER, ARGUMENTS("--threads", "1", "-c", "1k", "127.0.0.1:0"), &start);
    run_await(&server, TESTING_OUTPUT, SERVER_LISTENS, 1);
    run_signal(&server, TESTING_TERMINATE);
    run_wait(&server);
    CHECK_CODE(&server, 0);
    CHECK_TEXT(server.error, "server: at most 2 connections instead of 1000: this process may have "
                             "106 descriptors\n");
    run_close(&server);
}

/* A file may not grow beyond what the system allows this process: that is an error of the file as a
 * full disk is, and no death by a signal. */
static void file_limit(void)
{
    static const struct testing_start start = {
        .input = TESTING_NULL, .output = TESTING_PIPE, .error = TESTING_PIPE, .file_blocks = 1
    };
    char path[PATH_TEXT_MAX];
    char full[512];
    struct run server;
    if (!testing_signals_differ()) {
        case_skip("Windows has no such limit");
    }
    char *folder = new_folder();
    path_in(path, folder, "log");
    memset(full, '\n', sizeof full);
    CHECK(testing_file_write(path, full, sizeof full));
    run_start_as(&server, SERVER, ARGUMENTS("--log-file", path, "127.0.0.1:0"), &start);
    run_await(&server, TESTING_ERROR_OUTPUT, "server: cannot write to the log file ", 1);
    run_await(&server, TESTING_OUTPUT, SERVER_LISTENS, 1);
    run_signal(&server, TESTING_TERMINATE);
    run_wait(&server);
    CHECK_CODE(&server, 0);
    CHECK(count_parts(server.error, "server: ") == 1);
    run_close(&server);
    testing_folder_remove(folder);
    free(folder);
}

static bool has_written(struct run *run, const char *text)
{
    char *written = run_text(run, TESTING_ERROR_OUTPUT);
    bool has = strstr(written, text) != NULL;
    free(written);
    return has;
}

/* A pipe in place of the file that is sent: whoever opens it waits for its other end, and a server
 * does not. */
static void pipe_as_input(void)
{
    char path[PATH_TEXT_MAX];
    char beside[PATH_TEXT_MAX];
    struct service service;
    struct run server;
    char *folder = new_folder();
    path_in(path, folder, "answer");
    path_in(beside, folder, "pipe");
    if (!testing_file_pipe(beside)) {
        testing_folder_remove(folder);
        free(folder);
        case_skip("there are no pipes with names here");
    }
    run_whole(&server, SERVER, ARGUMENTS("-i", beside, "127.0.0.1:0"));
    CHECK_CODE(&server, 2);
    CHECK_CONTAINS(server.error, "/pipe: it is no regular file\n");
    run_close(&server);
    CHECK(testing_file_write(path, "old", 3));
    service_start(&service, "127.0.0.1:0", ARGUMENTS("-i", path, "--threads", "1"));
    CHECK(testing_file_rename(beside, path));
    do {        /* it is looked at once a second at most */
        raw_exchange(&service, "x", "old");
    } while (!has_written(&service.run, "it is no regular file; its last version is served\n"));
    service_stop(&service);
    run_close(&service.run);
    testing_folder_remove(folder);
    free(folder);
}

/* However few there are, down to what a program needs to be loaded: it serves, or says what it
 * cannot have and ends. */
static void hardly_any_descriptors(void)
{
    enum { FEWEST = 4, ENOUGH = 30, NOT_LOADED = 127 };
    uint64_t failed = 0;
    char path[PATH_TEXT_MAX];
    if (!testing_signals_differ()) {
        case_skip("Windows has no such limit");
    }
    char *folder = new_folder();
    path_in(path, folder, "log");
    for (uint64_t limit = FEWEST; limit <= ENOUGH; limit++) {
        struct testing_start start = {
            .input = TESTING_NULL, .output = TESTING_PIPE, .error = TESTING_PIPE
        };
        struct run server;
        start.descriptors = limit;
        run_start_as(&server, SERVER,
                     ARGUMENTS("--threads", "3", "--log-file", path, "127.0.0.1:0"), &start);
        if (testing_process_await(server.process, TESTING_OUTPUT, SERVER_LISTENS, 1, PATIENCE)) {
            run_signal(&server, TESTING_TERMINATE);
            run_wait(&server);
            CHECK_CODE(&server, 0);
        } else {
            run_wait(&server);
            if (server.code == NOT_LOADED) {    /* ours leave too few */
                run_close(&server);
                continue;
            }
            CHECK(server.code == 1 || server.code == 2 || server.code == 6);
            CHECK_CONTAINS(server.error, "server: cannot ");
            failed++;
        }
        CHECK_CONTAINS(server.error, "server: at most 1 connections instead of 1024: ");
        run_close(&server);
    }
    CHECK(failed > 0 && failed < ENOUGH - FEWEST);
    testing_folder_remove(folder);
    free(folder);
}

/* The file that is served is gone, and its place taken by something else: its last version goes on,
 * that is said once, and the next one is served when it is there. */
static void served_file_is_gone(void)
{
    char path[PATH_TEXT_MAX];
    char moved[PATH_TEXT_MAX];
    char *folder = new_folder();
    struct service service;
    path_in(path, folder, "page");
    path_in(moved, folder, "moved");
    CHECK(testing_file_write(path, "old", 3));
    service_start(&service, "127.0.0.1:0", ARGUMENTS("-i", path, "--threads", "1"));
    raw_exchange(&service, "x", "old");
    CHECK(testing_file_rename(path, moved));
    do {        /* it is looked at when somebody asks */
        raw_exchange(&service, "x", "old");
    } while (!has_written(&service.run, " any more: "));
    raw_exchange(&service, "x", "old");
    path_in(moved, folder, "beside");
    CHECK(testing_file_write(moved, "new", 3));
    CHECK(testing_file_rename(moved, path));
    for (bool seen = false; !seen;) {
        char data[8] = "";
        size_t received = 0;
        int64_t peer = raw_to(&service);
        raw_send(peer, "x", 1);
        (void)testing_raw_receive_all(peer, data, sizeof data - 1, PATIENCE, &received);
        testing_raw_close(peer);
        seen = strcmp(data, "new") == 0;
    }
    service_stop(&service);
    CHECK(count_parts(service.run.error, "; its last version is served\n") == 1);
    CHECK(count_parts(service.run.error, "server: ") == 1);
    run_close(&service.run);
    testing_folder_remove(folder);
    free(folder);
}

/* The log's disk is full, and then another one is in its place: lines are lost, their number is
 * told, and the rest is written. */
static void full_disk_is_replaced(void)
{
    char path[PATH_TEXT_MAX];
    char beside[PATH_TEXT_MAX];
    struct service service;
    if (!testing_file_exists("/dev/full")) {
        case_skip("there is no /dev/full here");
    }
    char *folder = new_folder();
    path_in(path, folder, "log");
    path_in(beside, folder, "beside");
    if (!testing_file_link("/dev/full", path)) {
        testing_folder_remove(folder);
        free(folder);
        case_skip("links may not be made here");
    }
    service_start(&service, "127.0.0.1:0", ARGUMENTS("--log-file", path));
    raw_exchange(&service, "x", ANSWER);
    run_await(&service.run, TESTING_ERROR_OUTPUT, "server: cannot write to the log file ", 1);
    CHECK(testing_file_write(beside, "", 0));
    CHECK(testing_file_rename(beside, path));
    raw_exchange(&service, "x", ANSWER);
    await_file(path, " INFO end conn=2 ");
    run_await(&service.run, TESTING_ERROR_OUTPUT, " is written again; ", 1);
    service_stop(&service);
    CHECK(count_parts(service.run.error, "server: ") == 1);
    CHECK_CONTAINS(service.run.error, " lines were lost\n");
    run_close(&service.run);
    testing_folder_remove(folder);
    free(folder);
}

const struct test_case trouble_cases[] = {
    {"trouble.descriptors", descriptors},
    {"trouble.fewer_descriptors", fewer_descriptors},
    {"trouble.file_limit", file_limit},
    {"trouble.pipe_as_input", pipe_as_input},
    {"trouble.hardly_any_descriptors", hardly_any_descriptors},
    {"trouble.served_file_is_gone", served_file_is_gone},
    {"trouble.full_disk_is_replaced", full_disk_is_replaced},
    {NULL, NULL},
};
