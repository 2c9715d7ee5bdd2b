/* The process: standard streams, descriptors. */
#include "posix/sockets.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <tenon/file.h>
#include <unistd.h>

enum {
    COLUMNS_USUAL = 80
};

static int ignore_signal(int number)
{
    struct sigaction ignore;
    memset(&ignore, 0, sizeof ignore);
    ignore.sa_handler = SIG_IGN;
    return sigaction(number, &ignore, NULL) == 0 ? 0 : errno;
}

enum tenon_status tenon_process_start(int *argc, char ***argv)
{
    (void)argc;                 /* UTF-8 as they are */
    (void)argv;
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
        if (fcntl(fd, F_GETFD) == -1 && open("/dev/null", O_RDWR) != fd) {
            return posix_error(errno).status;
        }
    }
    int code = ignore_signal(SIGPIPE);
    return posix_error(code != 0 ? code : ignore_signal(SIGXFSZ)).status;
}

void tenon_process_exit_now(int code)
{
    _exit(code);
}

int64_t tenon_process_wall(void)
{
    return posix_wall(NULL);
}

uint64_t tenon_process_id(void)
{
    return (uint64_t)getpid();
}

enum tenon_status tenon_process_raise_descriptors(uint64_t count, uint64_t *allowed_out)
{
    struct rlimit limit;
    *allowed_out = 0;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) {
        return posix_error(errno).status;
    }
    if (limit.rlim_cur != RLIM_INFINITY && limit.rlim_cur < count) {
        rlim_t wanted = count;
        if (limit.rlim_max != RLIM_INFINITY && limit.rlim_max < wanted) {
            wanted = limit.rlim_max;
        }
        struct rlimit raised = {.rlim_cur = wanted, .rlim_max = limit.rlim_max};
        limit = setrlimit(RLIMIT_NOFILE, &raised) == 0 ? raised : limit;
    }
    *allowed_out = limit.rlim_cur == RLIM_INFINITY ? UINT64_MAX : (uint64_t)limit.rlim_cur;
    return TENON_OK;
}

/* ---- input and output ---- */

enum tenon_status tenon_input_read(void *data, size_t size, size_t *got_out,
                                   struct tenon_error *error_out)
{
    struct tenon_file input = {STDIN_FILENO};
    return tenon_file_read(input, data, size, got_out, error_out);
}

bool tenon_input_is_terminal(void)
{
    return isatty(STDIN_FILENO) == 1;
}

enum tenon_status tenon_output_write(enum tenon_output output, const void *data, size_t size)
{
    return posix_error(posix_write_all((int)output, data, size)).status;
}

/* A terminal that does not know its size has the usual one. */
uint32_t tenon_output_columns(enum tenon_output output)
{
    const char *plain = getenv("NO_COLOR");
    const char *terminal = getenv("TERM");
    struct winsize size = {0};
    bool dumb = (plain != NULL && *plain != '\0') ||
                (terminal != NULL && strcmp(terminal, "dumb") == 0);
    if (dumb || isatty((int)output) != 1) {
        return 0;
    }
    return ioctl((int)output, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ?
        size.ws_col : COLUMNS_USUAL;
}
