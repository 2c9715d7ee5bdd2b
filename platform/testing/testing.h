/* What a test needs of the system and the library does not offer: processes, raw peers, signals,
 * limits, files. For tests, the demo and the benchmarks only; no program is linked with it. Text is
 * UTF-8. Times are durations in nanoseconds (TENON_SECOND), and every wait has one. What fails by
 * the system's doing answers false, -1 or NULL, and a test says so; misuse asserts. Call
 * testing_init first. */
#ifndef TENON_TESTING_H
#define TENON_TESTING_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <tenon/address.h>
#include <tenon/loop.h>
#include <tenon/status.h>

/* Once, first in main, after tenon_process_start if that is called: sockets work, there is a
 * console that children share (Windows), and a test that crashes does not wait for a dialogue. */
bool testing_init(void);

/* What Wine 8 lacks: a peer's reset may look like a clean end there, GenerateConsoleCtrlEvent
 * fails, and so does a rename over an open file. True everywhere else. */
bool testing_resets_are_seen(void);
bool testing_signals_are_sent(void);
bool testing_open_files_are_replaced(void);

/* ---- processes ---- */

enum testing_stream {
    TESTING_INHERIT,
    TESTING_NULL,       /* the null device */
    TESTING_CLOSED,     /* no stream at all */
    TESTING_PIPE,
    TESTING_BROKEN      /* a pipe whose other end is closed already */
};

enum testing_output {
    TESTING_OUTPUT,
    TESTING_ERROR_OUTPUT
};

/* A child has these three streams, default signals, no signal blocked, and on Windows a process
 * group of its own on this process's console. Nothing of the driver's own is inherited. */
struct testing_start {
    /* The program first, looked for in PATH where it has no folder; NULL behind the last. */
    const char *const *arguments;
    /* `NAME=VALUE`, beside this process's own; NULL behind the last, or NULL. */
    const char *const *environment;
    /* Windows hands over the three streams only, unless this asks for every handle that is marked
     * as inheritable, as POSIX does: to show that the library's are not. */
    bool inherit_all;
    enum testing_stream input;
    enum testing_stream output;
    enum testing_stream error;
    /* Raw sockets that it gets as its descriptors from 3 on, as systemd hands them over: LISTEN_FDS
     * and LISTEN_PID say so. Ours stay open. (POSIX; else it cannot be started.) */
    const int64_t *listeners;
    size_t listener_count;
    uint64_t descriptors;       /* the most that it may ever have; 0: as we. (POSIX) */
    uint64_t file_blocks;       /* of 512 bytes, the most of a file it writes; 0: as we. (POSIX) */
};

/* Threads of this library read the pipes and wait for the end, so a child never blocks on its
 * output. Every function may be called from any thread. NULL: it could not be started. */
struct testing_process;
struct testing_process *testing_process_start(const struct testing_start *start);

/* Kills it if it runs still, waits for it and frees everything. NULL does nothing. */
void testing_process_close(struct testing_process *process);

/* To its standard input. False: it reads no more. Blocks while the pipe is full. */
bool testing_process_write(struct testing_process *process, const void *data, size_t size);
void testing_process_close_input(struct testing_process *process);

/* Waits until `text` has come `count` times (without overlaps) on that output since the start.
 * False: the output ended first, or the time passed. */
bool testing_process_await(struct testing_process *process, enum testing_output output,
                           const char *text, size_t count, int64_t timeout);

/* What has come so far, with a zero behind it, to be freed by the caller; size_out may be NULL.
 * NULL: no memory. */
char *testing_process_text(struct testing_process *process, enum testing_output output,
                           size_t *size_out);

/* From now on nobody reads that output: the child's next write fails. */
void testing_process_close_output(struct testing_process *process, enum testing_output output);

/* Waits for its end, and until all that it wrote has been read. *code_out is its exit code; where a
 * signal ended it, the signal's number below zero (Windows: a KILL gives 137). False: the time
 * passed. */
bool testing_process_wait(struct testing_process *process, int64_t timeout, int *code_out);

/* INTERRUPT is SIGINT, TERMINATE SIGTERM, HANG_UP SIGHUP, REPORT SIGUSR1. On Windows INTERRUPT and
 * TERMINATE are Ctrl+Break (Ctrl+C can not be sent to one process group), which a program takes as
 * TERMINATE, and there is no HANG_UP or REPORT: false. */
enum testing_signal {
    TESTING_INTERRUPT,
    TESTING_TERMINATE,
    TESTING_HANG_UP,
    TESTING_REPORT,
    TESTING_KILL
};
bool testing_process_signal(struct testing_process *process, enum testing_signal signal);
bool testing_signals_differ(void);  /* false on Windows: see above */

/* From now on it may have so many descriptors, or as many as it could before: 0. False: that cannot
 * be done from outside here (all but Linux). */
bool testing_process_limit_descriptors(struct testing_process *process, uint64_t limit);

/* Processor time, user and system, that it has used, also after its end; -1: unknown. */
int64_t testing_process_cpu(struct testing_process *process);
uint64_t testing_process_id(const struct testing_process *process);

/* ---- services of the system's manager ---- */

enum testing_state {
    TESTING_STOPPED,
    TESTING_STARTING,
    TESTING_RUNNING,
    TESTING_STOPPING
};

struct testing_service_status {
    enum testing_state state;
    uint32_t checkpoint;
    uint32_t hint_ms;
    uint32_t code;              /* the service's own; 0: it ended well */
    bool failed;                /* with a code of the system's, or without a last word */
};

enum testing_control {
    TESTING_STOP,
    TESTING_CHANGE,             /* its parameters have changed */
    TESTING_REPORT_CONTROL      /* the first of its own, 128 */
};

/* Installs a service to be started on demand, with this command line. NULL: this system has no
 * services, or this user may not install any; *why_out says it. */
struct testing_service;
struct testing_service *testing_service_install(const char *name, const char *const *arguments,
                                                const char **why_out);
/* Ends it, if need be by force, and uninstalls it. */
void testing_service_remove(struct testing_service *service);

/* True also where it is over already, with a code of its own. */
bool testing_service_start(struct testing_service *service);
bool testing_service_control(struct testing_service *service, enum testing_control control);
bool testing_service_look(struct testing_service *service,
                          struct testing_service_status *status_out);
/* Until it has come to this state, and with it at least to this checkpoint; where it is STOPPED
 * also until its process is gone. False: the time passed, or it stopped instead. */
bool testing_service_await(struct testing_service *service, enum testing_state state,
                           uint32_t checkpoint, int64_t timeout);

/* ---- this process ---- */

/* Open descriptors (POSIX) or handles (Windows) of this process; -1: unknown. */
int64_t testing_descriptors(void);
/* Threads of this process, those that the kernel has in it for itself too; -1: unknown. */
int64_t testing_threads(void);

/* Lowers or raises the soft limit of descriptors to `limit`; 0 asks only. *previous_out is what it
 * was. False: no such limit here (Windows). */
bool testing_limit_descriptors(uint64_t limit, uint64_t *previous_out);

/* A listener has no more than TENON_ACCEPTS_PENDING under way (Windows). */
bool testing_accepts_are_bounded(void);

/* From now on a harmless handled signal interrupts this process's system calls every `interval`.
 * False: there are no signals (Windows). The end answers how many came. */
bool testing_interrupts_start(int64_t interval);
uint64_t testing_interrupts_stop(void);

int64_t testing_clock(void);        /* monotonic */

/* An environment variable's value, to be freed; NULL: not set. */
char *testing_environment(const char *name);

/* ---- files ---- */

/* The folder of this process's program, with no separator at its end; to be freed. */
char *testing_program_folder(void);

/* A new folder for temporary files, whose name ends with `suffix`; to be freed. And its end: it and
 * the files in it (no folders). */
char *testing_folder_make(const char *suffix);
void testing_folder_remove(const char *folder);

/* A whole file with a zero behind it, to be freed; size_out may be NULL. NULL: there is none. */
char *testing_file_read(const char *path, size_t *size_out);
bool testing_file_write(const char *path, const void *data, size_t size);
bool testing_file_exists(const char *path);
bool testing_file_rename(const char *from, const char *to);
int64_t testing_folder_entries(const char *folder);     /* -1: unknown */
const char *testing_null_device(void);

/* Its nine bits, and setting them. -1 and false: no modes here (Windows). */
int testing_file_mode(const char *path);
bool testing_file_set_mode(const char *path, int mode);

/* Its owner's number, and giving it to another one. -1 and false: no owners here (Windows), or not
 * ours to give. */
int64_t testing_file_owner(const char *path);
bool testing_file_give(const char *path, int64_t owner);

/* A symbolic link. False: not allowed here (Windows, as a rule). */
bool testing_file_link(const char *target, const char *path);
/* A pipe with a name. False: it is taken, or there are none here (Windows). */
bool testing_file_pipe(const char *path);

/* ---- raw peers: blocking sockets on the loopback, independent of the library ---- */

enum {
    TESTING_RAW_NONE = -1
};

enum testing_raw_result {
    TESTING_RAW_OK,
    TESTING_RAW_END,
    TESTING_RAW_TIMED_OUT,
    TESTING_RAW_RESET,
    TESTING_RAW_REFUSED,
    TESTING_RAW_FAILED
};

/* Each gives a socket, or TESTING_RAW_NONE. family is IPV4 or IPV6; port 0: the system chooses.
 * receive_buffer: bytes of SO_RCVBUF (of accepted sockets too), 0: the system's own. */
int64_t testing_raw_listen(enum tenon_family family, uint16_t port, int backlog,
                           int receive_buffer);
int64_t testing_raw_accept(int64_t listener, int64_t timeout);
int64_t testing_raw_connect(enum tenon_family family, uint16_t port, int receive_buffer,
                            int64_t timeout);

/* Bound, and nobody listens: a connect to its port is refused. */
int64_t testing_raw_reserve(enum tenon_family family, uint16_t *port_out);

uint16_t testing_raw_port(int64_t socket);          /* its own; 0: unknown */

/* A local socket that takes datagrams, one a testing_raw_receive, at a path or, with `@` in front,
 * an abstract name (Linux). TESTING_RAW_NONE: there are none here. */
int64_t testing_raw_mailbox(const char *name);

/* Sends all of it. */
enum testing_raw_result testing_raw_send(int64_t socket, const void *data, size_t size,
                                         int64_t timeout);
/* One receive: OK with 1 to size bytes. */
enum testing_raw_result testing_raw_receive(int64_t socket, void *data, size_t size,
                                            int64_t timeout, size_t *received_out);
/* All until the peer's end: END, with the first `size` bytes of what came, the rest dropped;
 * *received_out counts all. */
enum testing_raw_result testing_raw_receive_all(int64_t socket, void *data, size_t size,
                                                int64_t timeout, size_t *received_out);
void testing_raw_urgent(int64_t socket);            /* sends an urgent byte, RFC 6093 */
void testing_raw_finish(int64_t socket);            /* half-close */
void testing_raw_shut(int64_t socket);              /* both ways, whoever else has it */
void testing_raw_reset(int64_t socket);             /* closes it with a reset */
void testing_raw_close(int64_t socket);             /* TESTING_RAW_NONE does nothing */

/* A port on which a connect neither succeeds nor fails: a listener that accepts nothing and whose
 * queue is full. False: this system refuses such a connect (Windows). */
enum {
    TESTING_SILENT_MAX = 32
};
struct testing_silent {
    int64_t sockets[TESTING_SILENT_MAX];            /* the listener first */
    uint32_t count;
    uint16_t port;
};
bool testing_silent_open(struct testing_silent *silent, enum tenon_family family);
void testing_silent_close(struct testing_silent *silent);

/* ---- a name service of our own ---- */

/* A loop whose backend is the named one (NULL: the best) but for its look-up, which waits until it
 * is released. One such loop at a time in a process, or several of one backend. Errors: as
 * tenon_loop_open. */
enum tenon_status testing_loop_open_slow_lookup(const char *backend, struct tenon_loop **out);

/* From now on every look-up, waiting or to come, answers with this: the addresses whose family was
 * asked for (at most TENON_ATTEMPTS_MAX are kept), or the status where it is not OK. And: waits
 * again. */
void testing_lookup_release(enum tenon_status status, const struct tenon_address *addresses,
                            uint32_t count);
void testing_lookup_hold(void);

/* Waits until so many look-ups have begun since the loop was opened; and until none is running, so
 * that a test may count descriptors. False: the time passed. */
bool testing_lookup_await_begun(uint32_t count, int64_t timeout);
bool testing_lookup_await_idle(int64_t timeout);

#endif
