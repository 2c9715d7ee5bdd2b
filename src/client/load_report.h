/* What the load test says: its result, and how far it is. */
#ifndef CLIENT_LOAD_REPORT_H
#define CLIENT_LOAD_REPORT_H
#include <stdbool.h>
#include <stdint.h>
#include <tenon/address.h>
#include "client/load_options.h"
#include "client/load_worker.h"
#include "common/console.h"

struct load_result {
    const struct load_options *options;
    const char *target;
    struct tenon_address peer;
    struct load_counts counts;
};

struct load_progress {
    uint32_t columns;           /* of the terminal; 0: nobody looks */
    uint32_t width;             /* of the line that stands there */
    uint64_t requests;          /* what it showed */
    int64_t elapsed;
};

/* The result, as text or as an object, and what is to be known of it. */
void load_report(const struct load_result *result, struct console *console);

/* Redraws the line; and takes it away. */
void load_report_progress(const struct load_result *result, struct load_progress *progress,
                          struct console *console);
void load_report_clear(struct load_progress *progress, struct console *console);

/* Of all kinds. */
uint64_t load_report_errors(const struct load_counts *counts);

#endif
