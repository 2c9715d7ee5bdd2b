/* Supervision by systemd's protocols. */
#include "posix/sockets.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>
#include <tenon/supervision.h>
#include <unistd.h>

enum {
    FIRST_DESCRIPTOR = 3,       /* SD_LISTEN_FDS_START */
    INHERITED_MAX = 1024
};

/* Decimal digits and nothing else. */
static bool read_number(const char *text, int64_t max, int64_t *number_out)
{
    int64_t number = 0;
    for (const char *at = text; *at != '\0'; at++) {
        if (*at < '0' || *at > '9' || number > (max - (*at - '0')) / 10) {
            return false;
        }
        number = number * 10 + (*at - '0');
    }
    *number_out = number;
    return *text != '\0';
}

static enum tenon_status read_inherited(uint32_t *count_out)
{
    const char *process = getenv("LISTEN_PID");
    const char *descriptors = getenv("LISTEN_FDS");
    int64_t number = 0;
    *count_out = 0;
    if (process == NULL || descriptors == NULL) {
        return TENON_OK;
    }
    if (!read_number(process, INT64_MAX, &number)) {
        return TENON_INVALID;
    }
    if (number != (int64_t)getpid()) {
        return TENON_OK;
    }
    if (!read_number(descriptors, INHERITED_MAX, &number)) {
        return TENON_INVALID;
    }
    *count_out = (uint32_t)number;
    return TENON_OK;
}

enum tenon_status tenon_inherited_count(uint32_t *count_out)
{
    enum tenon_status status = read_inherited(count_out);
    (void)unsetenv("LISTEN_PID");       /* fails for an impossible name only */
    (void)unsetenv("LISTEN_FDS");
    (void)unsetenv("LISTEN_FDNAMES");
    return status;
}

/* Whether an option of the socket has this value. */
static bool has_option(int fd, int option, int value)
{
    int found = 0;
    socklen_t size = sizeof found;
    return getsockopt(fd, SOL_SOCKET, option, &found, &size) == 0 && found == value;
}

struct tenon_error posix_inherit(struct tenon_listener *listener, uint32_t index,
                                 struct tenon_endpoint *endpoint_out)
{
    struct sockaddr_storage name;
    socklen_t size = sizeof name;
    int fd = FIRST_DESCRIPTOR + (int)index;
    memset(&name, 0, sizeof name);
    if (getsockname(fd, (struct sockaddr *)&name, &size) != 0) {
        return (struct tenon_error){TENON_INVALID, errno};
    }
    bool known = name.ss_family == AF_INET || name.ss_family == AF_INET6 ||
                 name.ss_family == AF_UNIX;
    if (!known || !has_option(fd, SO_TYPE, SOCK_STREAM) || !has_option(fd, SO_ACCEPTCONN, 1)) {
        return (struct tenon_error){TENON_INVALID, 0};
    }
    int flags = fcntl(fd, F_GETFL);
    if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) != 0 ||
        fcntl(fd, F_SETFD, FD_CLOEXEC) != 0) {
        return posix_error(errno);
    }
    posix_to_address(&name, &listener->address);
    endpoint_out->address = listener->address;
    if (name.ss_family == AF_UNIX) {
        const struct sockaddr_un *local = (const struct sockaddr_un *)(const void *)&name;
        size_t length = strnlen(local->sun_path, sizeof local->sun_path);
        if (length <= TENON_PATH_MAX) {     /* a supervisor's may be longer than ours */
            memcpy(endpoint_out->path, local->sun_path, length);
        }
    }
    listener->handle = (uint64_t)fd;
    return posix_error(0);
}

const char *tenon_supervisor_name(void)
{
    const char *name = getenv("NOTIFY_SOCKET");
    return name != NULL && *name != '\0' ? name : NULL;
}

bool tenon_supervised(void)
{
    return tenon_supervisor_name() != NULL;
}

/* An abstract name begins with a zero byte and ends with its length. 0: it is no name. */
static socklen_t read_name(const char *text, struct sockaddr_un *name_out)
{
    size_t length = strlen(text);
    memset(name_out, 0, sizeof *name_out);
    name_out->sun_family = AF_UNIX;
    if ((*text != '/' && *text != '@') || length < 2 || length >= sizeof name_out->sun_path) {
        return 0;
    }
    memcpy(name_out->sun_path, text, length);
    if (*text == '@') {
        name_out->sun_path[0] = '\0';
    } else {
        length++;
    }
    return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length);
}

static const char *const words[] = {
    [TENON_NEWS_READY] = "READY=1",
    [TENON_NEWS_ALIVE] = "WATCHDOG=1",
    [TENON_NEWS_STOPPING] = "STOPPING=1",
};

enum tenon_status tenon_notify(enum tenon_news news, struct tenon_error *error_out)
{
    const char *text = words[news];
    struct sockaddr_un name;
    *error_out = posix_error(0);
    const char *path = tenon_supervisor_name();
    if (path == NULL) {
        return TENON_OK;
    }
    socklen_t size = read_name(path, &name);
    if (size == 0) {
        error_out->status = TENON_INVALID;
        return TENON_INVALID;
    }
    int fd = socket(AF_UNIX, SOCK_DGRAM, 0);
    if (fd < 0) {
        *error_out = posix_error(errno);
        return error_out->status;
    }
    ssize_t sent = -1;
    if (fcntl(fd, F_SETFD, FD_CLOEXEC) == 0) {
        do {
            sent = sendto(fd, text, strlen(text), MSG_DONTWAIT | posix_send_flags,
                          (const struct sockaddr *)&name, size);
        } while (sent < 0 && errno == EINTR);
    }
    if (sent < 0) {
        *error_out = posix_error(errno);
    }
    (void)close(fd);
    return error_out->status;
}

int64_t tenon_notify_interval(enum tenon_news news)
{
    const char *process = getenv("WATCHDOG_PID");
    const char *interval = getenv("WATCHDOG_USEC");
    int64_t number = 0;
    if (news != TENON_NEWS_ALIVE) {
        return TENON_FOREVER;
    }
    if (process != NULL &&
        (!read_number(process, INT64_MAX, &number) || number != (int64_t)getpid())) {
        return TENON_FOREVER;
    }
    if (interval == NULL ||
        !read_number(interval, INT64_MAX / TENON_MICROSECOND, &number) || number == 0) {
        return TENON_FOREVER;
    }
    return number * TENON_MICROSECOND;
}

/* ---- services: other systems start a program as it is ---- */

bool tenon_has_services(void)
{
    return false;
}

enum tenon_status tenon_service_run(tenon_service_fn *run, void *argument, int *code_out,
                                    struct tenon_error *error_out)
{
    (void)run;
    (void)argument;
    *code_out = 0;
    *error_out = (struct tenon_error){TENON_UNSUPPORTED, 0};
    return TENON_UNSUPPORTED;
}
