/* What a program asks of its process: files, threads and the limit of descriptors. Each call ends
 * with the status of the error that it meets. */
#include "faults.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tenon/file.h>
#include <tenon/process.h>
#include <tenon/thread.h>
#include "testing.h"

enum {
    LIMIT_LOW = 200,
    PATH_SIZE = 512
};

enum step {
    STEP_LIMIT,
    STEP_WRITE,
    STEP_REMOVE,
    STEP_THREAD,
    STEPS
};

struct process {
    enum step step;
    enum tenon_status statuses[STEPS];
    struct tenon_error write_error;
    struct tenon_error remove_error;
    uint64_t allowed;
    bool thread_ran;
};

static int step_of(const void *context, const struct fault_site *site)
{
    const struct process *process = context;
    (void)site;
    return (int)process->step;
}

static void run_thread(void *argument)
{
    struct process *process = argument;
    process->thread_ran = true;
}

static void act(struct process *process, const char *path)
{
    struct tenon_thread thread;
    process->step = STEP_LIMIT;
    process->statuses[STEP_LIMIT] =
        tenon_process_raise_descriptors(LIMIT_LOW + 1, &process->allowed);
    process->step = STEP_WRITE;
    process->statuses[STEP_WRITE] =
        tenon_file_write(path, "text\n", 5, &process->write_error);
    process->step = STEP_REMOVE;
    process->statuses[STEP_REMOVE] = tenon_file_remove(path, &process->remove_error);
    process->step = STEP_THREAD;
    process->statuses[STEP_THREAD] = tenon_thread_start(&thread, run_thread, process);
    if (process->statuses[STEP_THREAD] == TENON_OK) {
        tenon_thread_join(&thread);
    }
}

static void run_process(struct run *run)
{
    char path[PATH_SIZE];
    char beside[PATH_SIZE + 32];
    struct process process = {.step = STEP_LIMIT};
    uint64_t previous = 0;
    enum tenon_status failure = TENON_OK;
    int size = snprintf(path, sizeof path, "%s/written", run->folder);
    CHECK(run, size > 0 && (size_t)size < sizeof path);
    size = snprintf(beside, sizeof beside, "%s.%llu-0.tmp", path,
                    (unsigned long long)tenon_process_id());
    CHECK(run, size > 0 && (size_t)size < sizeof beside);
    CHECK(run, testing_limit_descriptors(LIMIT_LOW, &previous));
    run_begin(run, step_of, &process);
    act(&process, path);
    run_end(run);
    failure = run_failure(run);
    for (int step = 0; step < STEPS; step++) {
        enum tenon_status expected = run->hit && run->place == step ? failure : TENON_OK;
        if (step == STEP_LIMIT) {
            expected = TENON_OK;        /* what is not raised stays as it was */
        }
        if (step == STEP_REMOVE && process.statuses[STEP_WRITE] != TENON_OK) {
            expected = TENON_NOT_FOUND;
        }
        CHECK(run, process.statuses[step] == expected);
    }
    bool write_hit = failure != TENON_OK && run->place == STEP_WRITE;
    CHECK(run, process.write_error.native == (write_hit ? run->fault->native : 0));
    bool limit_hit = failure != TENON_OK && run->place == STEP_LIMIT;
    CHECK(run, process.allowed == (limit_hit ? LIMIT_LOW : LIMIT_LOW + 1));
    CHECK(run, process.thread_ran == (process.statuses[STEP_THREAD] == TENON_OK));
    bool remove_hit = failure != TENON_OK && run->place == STEP_REMOVE;
    CHECK(run, testing_file_exists(path) == (remove_hit && failure != TENON_NOT_FOUND));
    CHECK(run, !testing_file_exists(beside));
    (void)tenon_file_remove(path, &process.remove_error);   /* mostly it is gone */
    CHECK(run, testing_limit_descriptors(previous, &previous));
}

const struct scenario process_scenarios[] = {
    {"process", NULL, FAULT_CALLS, run_process},
    {NULL, NULL, FAULT_CALLS, NULL},
};
