/* Starts a program for which the kernel has no io_uring, as in many containers:
 *
 *     forbid_io_uring PROGRAM [ARGUMENT...]
 *
 * A seccomp filter answers EPERM; what the program starts inherits it. */
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef SYS_io_uring_setup
#define SYS_io_uring_setup 425
#endif

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
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) {
        return -1;
    }
    return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter);
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        (void)fprintf(stderr, "usage: forbid_io_uring PROGRAM [ARGUMENT...]\n");
        return 2;
    }
    if (forbid() != 0) {
        perror("skipped: this machine has no seccomp filter");
        return 77;
    }
    (void)execvp(argv[1], argv + 1);
    perror(argv[1]);
    return 127;
}
