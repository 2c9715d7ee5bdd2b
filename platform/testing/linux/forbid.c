/* Starts a program for which the kernel has no io_uring, as in many containers, or is older than
 * Linux 6.18, whose newest question it does not know:
 *
 *     forbid_io_uring [--old] PROGRAM [ARGUMENT...]
 *
 * A seccomp filter answers EPERM, or EINVAL; what the program starts inherits it. */
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef SYS_io_uring_setup
#define SYS_io_uring_setup 425
#define SYS_io_uring_register 427
#endif

enum {
    REGISTER_QUERY = 35
};

static int install(const struct sock_fprog *filter)
{
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) {
        return -1;
    }
    return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, filter);
}

/* The number alone tells: on every machine since Linux 5.1 it is the same. */
static int forbid(void)
{
    struct sock_filter steps[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_io_uring_setup, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog filter = {sizeof steps / sizeof steps[0], steps};
    return install(&filter);
}

/* The second argument: its lower half, where that comes first. */
static int make_old(void)
{
    struct sock_filter steps[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_io_uring_register, 0, 3),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[1])),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, REGISTER_QUERY, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EINVAL),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog filter = {sizeof steps / sizeof steps[0], steps};
    return install(&filter);
}

int main(int argc, char **argv)
{
    int first = argc > 1 && strcmp(argv[1], "--old") == 0 ? 2 : 1;
    if (argc <= first) {
        (void)fprintf(stderr, "usage: forbid_io_uring [--old] PROGRAM [ARGUMENT...]\n");
        return 2;
    }
    if ((first == 2 ? make_old() : forbid()) != 0) {
        perror("skipped: this machine has no seccomp filter");
        return 77;
    }
    (void)execvp(argv[first], argv + first);
    perror(argv[first]);
    return 127;
}
