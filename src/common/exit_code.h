/* Exit codes, the same for both programs on every system. */
#ifndef PROGRAMS_EXIT_CODE_H
#define PROGRAMS_EXIT_CODE_H

enum exit_code {
    EXIT_CODE_NONE = -1,            /* the program is to go on */
    EXIT_CODE_OK = 0,
    EXIT_CODE_FAILED = 1,           /* input or output, a reset, no answer, internal */
    EXIT_CODE_USAGE = 2,            /* also a file that cannot be opened */
    EXIT_CODE_NOT_RESOLVED = 3,
    EXIT_CODE_REFUSED = 4,          /* refused, unreachable */
    EXIT_CODE_TIMED_OUT = 5,
    EXIT_CODE_CANNOT_LISTEN = 6,
    EXIT_CODE_CUT_OFF = 7,          /* a stop cut a client off */
    EXIT_CODE_INTERRUPTED = 130,
    EXIT_CODE_TERMINATED = 143
};

#endif
