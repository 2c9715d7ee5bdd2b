/* This process and its files on POSIX: limits, interruptions, clock, environment, temporary files.
 */
#include "../testing.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>
#ifdef __APPLE__
#include <mach-o/dyld.h>
#endif

bool testing_init(void)
{
    return true;
}

bool testing_resets_are_seen(void)
{
    return true;
}

static bool dots(const char *name)
{
    return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

bool testing_signals_differ(void)
{
    return true;
}

bool testing_signals_are_sent(void)
{
    return true;
}

bool testing_open_files_are_replaced(void)
{
    return true;
}

/* The names in a folder; -1: there is none. */
static int64_t names_in(const char *path)
{
    int64_t count = 0;
    DIR *folder = opendir(path);
    if (folder == NULL) {
        return -1;
    }
    for (struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder)) {
        count += dots(entry->d_name) ? 0 : 1;
    }
    (void)closedir(folder);
    return count;
}

int64_t testing_descriptors(void)
{
    int64_t count = names_in("/dev/fd");
    return count < 0 ? count : count - 1;       /* that of the folder is in it */
}

int64_t testing_threads(void)
{
    return names_in("/proc/self/task");
}

bool testing_accepts_are_bounded(void)
{
    return false;
}

bool testing_limit_descriptors(uint64_t limit, uint64_t *previous_out)
{
    struct rlimit current;
    *previous_out = 0;
    if (getrlimit(RLIMIT_NOFILE, &current) != 0) {
        return false;
    }
    *previous_out = (uint64_t)current.rlim_cur;
    if (limit == 0) {
        return true;
    }
    current.rlim_cur = (rlim_t)limit;
    return setrlimit(RLIMIT_NOFILE, &current) == 0;
}

/* A handler has no other place to count in. */
static volatile sig_atomic_t interrupts;

static void on_interrupt(int number)
{
    (void)number;
    interrupts = interrupts + 1;
}

static bool interrupts_set(int64_t interval)
{
    struct itimerval timer;
    timer.it_interval.tv_sec = (time_t)(interval / TENON_SECOND);
    timer.it_interval.tv_usec = (suseconds_t)(interval % TENON_SECOND / TENON_MICROSECOND);
    timer.it_value = timer.it_interval;
    return setitimer(ITIMER_REAL, &timer, NULL) == 0;
}

bool testing_interrupts_start(int64_t interval)
{
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = on_interrupt;   /* without SA_RESTART: calls end with EINTR */
    (void)sigemptyset(&action.sa_mask);
    interrupts = 0;
    return sigaction(SIGALRM, &action, NULL) == 0 && interrupts_set(interval);
}

uint64_t testing_interrupts_stop(void)
{
    /* The handler stays: one that is on its way must not end the process. */
    (void)interrupts_set(0);
    return (uint64_t)interrupts;
}

int64_t testing_clock(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * TENON_SECOND + (int64_t)now.tv_nsec;
}

char *testing_environment(const char *name)
{
    const char *value = getenv(name);
    return value == NULL ? NULL : strdup(value);
}

/* Where the program is; 0: unknown. */
static size_t program_path(char *path, size_t size)
{
#ifdef __APPLE__
    uint32_t room = (uint32_t)size;
    return _NSGetExecutablePath(path, &room) == 0 ? strlen(path) : 0;
#else
    ssize_t length = readlink("/proc/self/exe", path, size - 1);
    if (length < 0) {
        length = readlink("/proc/curproc/file", path, size - 1);    /* FreeBSD */
    }
    path[length < 0 ? 0 : length] = 0;
    return length < 0 ? 0 : (size_t)length;
#endif
}

char *testing_program_folder(void)
{
    char path[4096];
    if (program_path(path, sizeof path) == 0) {
        return NULL;
    }
    char *slash = strrchr(path, '/');
    if (slash != NULL) {
        *slash = 0;
    }
    return strdup(path);
}

char *testing_folder_make(const char *suffix)
{
    const char *base = getenv("TMPDIR");
    char path[1024];
    base = base == NULL ? "/tmp" : base;
    /* Few enough bytes that a local socket's path fits behind it. */
    for (unsigned attempt = 0; attempt < 10000; attempt++) {
        (void)snprintf(path, sizeof path, "%s/tenon-%lld-%u%s", base, (long long)getpid(), attempt,
                       suffix);
        if (mkdir(path, 0700) == 0) {
            return strdup(path);
        }
        if (errno != EEXIST) {
            return NULL;
        }
    }
    return NULL;
}

void testing_folder_remove(const char *folder)
{
    DIR *open_folder = opendir(folder);
    if (open_folder == NULL) {
        return;
    }
    for (struct dirent *entry = readdir(open_folder); entry != NULL; entry = readdir(open_folder)) {
        if (!dots(entry->d_name)) {
            (void)unlinkat(dirfd(open_folder), entry->d_name, 0);
        }
    }
    (void)closedir(open_folder);
    (void)rmdir(folder);
}

char *testing_file_read(const char *path, size_t *size_out)
{
    FILE *file = fopen(path, "rb");
    char *data = NULL;
    size_t size = 0;
    size_t got = 1;
    if (file == NULL) {
        return NULL;
    }
    while (got > 0) {
        char *grown = realloc(data, size + 4096 + 1);
        if (grown == NULL) {
            break;
        }
        data = grown;
        got = fread(data + size, 1, 4096, file);
        size += got;
        data[size] = 0;
    }
    (void)fclose(file);
    if (size_out != NULL) {
        *size_out = size;
    }
    return data;
}

bool testing_file_write(const char *path, const void *data, size_t size)
{
    FILE *file = fopen(path, "wb");
    if (file == NULL) {
        return false;
    }
    bool good = fwrite(data, 1, size, file) == size;
    return fclose(file) == 0 && good;
}

bool testing_file_exists(const char *path)
{
    return access(path, F_OK) == 0;
}

bool testing_file_rename(const char *from, const char *to)
{
    return rename(from, to) == 0;
}

int64_t testing_folder_entries(const char *folder)
{
    int64_t count = 0;
    DIR *open_folder = opendir(folder);
    if (open_folder == NULL) {
        return -1;
    }
    for (struct dirent *entry = readdir(open_folder); entry != NULL; entry = readdir(open_folder)) {
        count += dots(entry->d_name) ? 0 : 1;
    }
    (void)closedir(open_folder);
    return count;
}

const char *testing_null_device(void)
{
    return "/dev/null";
}

int testing_file_mode(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 ? (int)(status.st_mode & 0777) : -1;
}

bool testing_file_set_mode(const char *path, int mode)
{
    return chmod(path, (mode_t)mode) == 0;
}

int64_t testing_file_owner(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 ? (int64_t)status.st_uid : -1;
}

bool testing_file_give(const char *path, int64_t owner)
{
    return chown(path, (uid_t)owner, (gid_t)owner) == 0;
}

bool testing_file_link(const char *target, const char *path)
{
    return symlink(target, path) == 0;
}

bool testing_file_pipe(const char *path)
{
    return mkfifo(path, S_IRUSR | S_IWUSR) == 0;
}
