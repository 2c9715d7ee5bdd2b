/* The server's stage: hosts, a server, its clients of all kinds, and what happens to them when. */
#ifndef SIMULATION_STAGE_H
#define SIMULATION_STAGE_H
#include <stdbool.h>
#include <stdint.h>
#include <tenon/loop.h>
#include "command_line.h"
#include "odd_client.h"
#include "real_client.h"
#include "scenario.h"
#include "server_process.h"

enum {
    STAGE_HOSTS_MAX = 4,
    STAGE_CLIENTS_MAX = 300,
    STAGE_CUES_MAX = 64
};

/* What is to happen at a time, between two turns. */
struct cue {
    int64_t when;
    void (*play)(void *argument);
    void *argument;
};

struct client_host {
    struct stage *stage;
    struct sim_host *host;
    struct tenon_loop *loop;
    bool dead;
};

struct stage {
    struct run *run;
    struct odd_world world;
    char *message;                  /* the server's greeting, with a zero */
    struct command_line line;       /* the server's */
    struct server_process server;
    struct sim_host *server_host;
    struct client_host hosts[STAGE_HOSTS_MAX];
    uint32_t host_count;
    struct odd_client *odd;
    uint32_t odd_count;
    struct real_client *real;
    uint32_t real_count;
    struct cue cues[STAGE_CUES_MAX];
    uint32_t cue_count;

    uint16_t port;
    const char *place;              /* where clients find the server: the host, */
    char place_text[64];            /* and the host with the port */
    uint32_t connections;           /* the server's limit */
    bool local;                     /* the server listens to its own host only */
    bool calm;                      /* nothing keeps a polite client from its answer, */
    bool stops_early;               /* but a stop before it connects */
    bool deaths;                    /* a host may die */
    bool hurried;                   /* the server's time limit is short */
    bool once;
    bool limited;                   /* the server's host has few descriptors */
    bool tight;                     /* the server's reserve is smaller than its connections */
    int64_t timeout;                /* the server's, where it is calm */
    bool stops_alone;               /* when all clients are over */
    bool started_again;             /* the server, after its end or its host's death */
};

/* Draws everything from the seed, and plans it. */
void stage_plan(struct stage *stage);

/* Adds a cue; without room for one nothing happens. */
void stage_cue(struct stage *stage, int64_t when, void (*play)(void *argument), void *argument);

/* What the plan's cues do to the stage. */
void stage_start_server(void *stage);
void stage_stop_server(void *stage);
void stage_restart_server(void *stage);
void stage_change_output(void *stage);
void stage_kill_clients(void *client_host);
void stage_kill_server(void *stage);

/* Whether each write to the server's transcript is whole; and at the end, whether it is of the
 * clients that there were. */
void transcript_on_write(struct fake_sink *sink, const char *data, size_t size);
void transcript_check(struct stage *stage);

#endif
