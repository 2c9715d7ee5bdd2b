/* Starts a program for which the kernel has not what a backend needs:
 *
 *     forbid io_uring|enter|epoll|query PROGRAM [ARGUMENT...]
 *
 * A seccomp filter answers as the kernels and containers do that have no such thing; what the
 * program starts inherits it. `query` is the question that Linux 6.18 was the first to answer. */
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef SYS_io_uring_setup
#define SYS_io_uring_setup 425  /* on every machine */
#define SYS_io_uring_enter 426
#define SYS_io_uring_register 427
#endif

/* The calls of this number whose second argument passes the test. */
static const struct forbidden {
    const char *name;
    uint32_t call;
    uint16_t test;
    uint32_t argument;
    uint32_t code;
} table[] = {
    {"io_uring", SYS_io_uring_setup, BPF_JGE, 0, EPERM},
    {"enter", SYS_io_uring_enter, BPF_JGE, 0, EPERM},
    {"epoll", SYS_epoll_create1, BPF_JGE, 0, ENOSYS},
    {"query", SYS_io_uring_register, BPF_JEQ, 35, EINVAL},
};

static int forbid(const struct forbidden *what)
{
    struct sock_filter steps[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, what->call, 0, 3),
        /* Its lower half, where that comes first. */
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[1])),
        BPF_JUMP(BPF_JMP | what->test | BPF_K, what->argument, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | what->code),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog filter = {sizeof steps / sizeof steps[0], steps};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) {
        return -1;
    }
    return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter);
}

int main(int argc, char **argv)
{
    const struct forbidden *what = NULL;
    for (size_t i = 0; i < sizeof table / sizeof table[0] && argc > 2; i++) {
        what = strcmp(argv[1], table[i].name) == 0 ? &table[i] : what;
    }
    if (what == NULL) {
        (void)fprintf(stderr, "usage: forbid io_uring|enter|epoll|query PROGRAM [ARGUMENT...]\n");
        return 2;
    }
    if (forbid(what) != 0) {
        perror("skipped: this machine has no seccomp filter");
        return 77;
    }
    (void)execvp(argv[2], argv + 2);
    perror(argv[2]);
    return 127;
}
