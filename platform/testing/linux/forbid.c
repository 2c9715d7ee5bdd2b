/* Starts a program for which the kernel has not what a backend needs:
 *
 *     forbid io_uring|epoll PROGRAM [ARGUMENT...]
 *
 * A seccomp filter answers EPERM for the one, as in many containers, ENOSYS for the other; what the
 * program starts inherits it. */
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef SYS_io_uring_setup
#define SYS_io_uring_setup 425  /* on every machine */
#endif

static int forbid(uint32_t call, uint32_t code)
{
    struct sock_filter steps[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, call, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | code),
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
    bool epoll = argc > 1 && strcmp(argv[1], "epoll") == 0;
    if (argc < 3 || (!epoll && strcmp(argv[1], "io_uring") != 0)) {
        (void)fprintf(stderr, "usage: forbid io_uring|epoll PROGRAM [ARGUMENT...]\n");
        return 2;
    }
    if ((epoll ? forbid(SYS_epoll_create1, ENOSYS) : forbid(SYS_io_uring_setup, EPERM)) != 0) {
        perror("skipped: this machine has no seccomp filter");
        return 77;
    }
    (void)execvp(argv[2], argv + 2);
    perror(argv[2]);
    return 127;
}
