/* What a program needs of its process: arguments, requests, standard streams. For programs, not
 * for libraries: these calls change the process. Text is UTF-8 on every system. */
#ifndef TENON_PROCESS_H
#define TENON_PROCESS_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <tenon/export.h>
#include <tenon/status.h>
#ifdef __cplusplus
extern "C" {
#endif

/* Prepares the process; first of all, on the main thread, once. A standard stream that is closed is
 * opened on the null device, so that no socket takes its place; SIGPIPE and SIGXFSZ are ignored
 * (POSIX), so that a closed pipe and a file at its limit are errors and no death; error boxes are
 * off (Windows). argc and argv become UTF-8 and stay the process's until its end (Windows takes
 * them from the command line as it was typed).
 * Errors: LIMIT, SYSTEM. */
TENON_API TENON_CHECK_RESULT
enum tenon_status tenon_process_start(int *argc, char ***argv);

/* Ends the process now: no flush, no atexit. Any thread. For a second stop request. */
TENON_API void tenon_process_exit_now(int code);

/* The wall clock, nanoseconds since 1970, UTC: for what is said before there is a loop, which has a
 * clock of its own. */
TENON_API int64_t tenon_process_wall(void);

/* This process's number. */
TENON_API uint64_t tenon_process_id(void);

/* Raises the limit of descriptors to `count` if it can; *allowed_out is what it is now, UINT64_MAX
 * where there is no such limit (Windows). Errors: SYSTEM (it cannot even be read). */
TENON_API TENON_CHECK_RESULT
enum tenon_status tenon_process_raise_descriptors(uint64_t count, uint64_t *allowed_out);

/* ---- requests ---- */

enum tenon_request {
    TENON_REQUEST_INTERRUPT,    /* Ctrl+C; SIGINT */
    TENON_REQUEST_TERMINATE,    /* Ctrl+Break; SIGTERM */
    TENON_REQUEST_HANGUP,       /* SIGHUP */
    /* The console window closes, the user logs off, the system shuts down (Windows): about 5 s are
     * left, and the process ends when main returns. */
    TENON_REQUEST_CLOSE,
    TENON_REQUEST_REPORT        /* SIGUSR1: tell how you are; no request to stop */
};

/* From now on each request calls on_request on a thread of its own instead of ending the process;
 * post a message from there. Once, on the main thread, before any other thread starts. A signal
 * that the process was started to ignore (nohup, a shell's background job) stays ignored. Errors:
 * LIMIT, SYSTEM. */
typedef void tenon_request_fn(void *argument, enum tenon_request request);
TENON_API TENON_CHECK_RESULT
enum tenon_status tenon_request_watch(tenon_request_fn *on_request, void *argument);

/* ---- standard input ---- */

/* Reads what is there, waiting for the first byte: OK with 1 to size bytes, and with 0 at the end:
 * raw bytes from a file or pipe, and UTF-8 from a Windows console (line by line, CR LF as LF;
 * Ctrl+Z at the start of a line is the end). No call ends this wait: let a thread of
 * tenon_thread_start_detached do it, and have the process end meanwhile. One thread at a time; size
 * is at least 1. Errors: INVALID (a folder), SYSTEM. */
TENON_API TENON_CHECK_RESULT
enum tenon_status tenon_input_read(void *data, size_t size, size_t *got_out,
                                   struct tenon_error *error_out);
/* Not while a read is waiting. */
TENON_API bool tenon_input_is_terminal(void);

/* ---- standard output and error ---- */

enum tenon_output {
    TENON_OUTPUT = 1,
    TENON_ERROR_OUTPUT = 2
};

/* Writes all bytes, waiting as long as it takes: raw to a file or pipe, as text to a Windows
 * console (UTF-16, its code page left alone; whole characters in each call). Any thread, one at a
 * time for each output. Errors: RESET (nobody reads the pipe any more), NO_SPACE, SYSTEM. */
TENON_API TENON_CHECK_RESULT
enum tenon_status tenon_output_write(enum tenon_output output, const void *data, size_t size);
/* The columns of the terminal that it is; 0: it is none, or the environment asks for plain text
 * (NO_COLOR, TERM=dumb). */
TENON_API uint32_t tenon_output_columns(enum tenon_output output);

#ifdef __cplusplus
}
#endif
#endif
