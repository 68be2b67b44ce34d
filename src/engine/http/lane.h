/* SPDX-License-Identifier: MIT */
/* A lane: what one job has on one loop.
 *
 * Purpose: the scheduler.  Replies arrive from any thread, wait in the queue of
 *   their host, and start when the host, the job's rate and the job's bound on
 *   transfers allow it; hosts take turns.
 * Way of a reply: fpool_http_lane_submit -> inbox -> its host's queue ->
 *   transfer -> fpool_http_lane_ended -> finished, or the queue again, at once,
 *   after a delay, or on another lane after a redirect; or put aside on disk.
 * Ownership: the job's; its hosts are the loop's.
 * Thread-safety: submit, wake: any thread; everything else: the loop's.
 * Limits: FPOOL_HTTP_MAX_IDLE hosts are remembered that have nothing to do. */
#ifndef FPOOL_ENGINE_HTTP_LANE_H
#define FPOOL_ENGINE_HTTP_LANE_H

#include <stdatomic.h>

#include "engine/http/host.h"

#define FPOOL_HTTP_MAX_IDLE 2048

struct fpool_http_job;
struct fpool_http_transfer;

struct fpool_http_lane {
    struct fpool_http_job *job;
    struct fpool_http_hub *hub;
    unsigned number;                /* of the hub */
    struct fpool_http_names *names; /* NULL: names are left to libcurl */
    _Atomic(struct fpool_http_reply *) inbox; /* the latest first */
    struct fpool_post arrive_post;
    struct fpool_post wake_post;
    atomic_bool is_wake_posted;
    struct fpool_post cancel_post;
    struct fpool_post close_post;
    atomic_uint n_waiting; /* replies in queues and delayed; read by others */
    atomic_uint n_hosts;   /* with such or with transfers */
    /* --- the loop's thread only --- */
    struct fpool_list link;    /* in the hub's list of lanes */
    struct fpool_list ready;   /* hosts that may start a transfer now */
    struct fpool_list blocked; /* hosts with a queue that may not */
    struct fpool_list busy;    /* hosts with transfers only */
    struct fpool_list idle;    /* hosts with nothing, the oldest first */
    unsigned n_idle;
    struct fpool_list delayed; /* replies that wait for their next try */
    struct fpool_list running; /* transfers */
    unsigned n_running;
    struct fpool_http_timer rate_timer; /* of the next look, whatever for */
    int64_t looked_ns;                  /* for what may be put aside */
    struct fpool_http_host **buckets;
    size_t n_buckets; /* a power of two; 0: none yet */
    size_t n_kept;    /* hosts in the table */
    bool is_pumping;
    bool is_woken; /* by another lane, just now */
};

/* How a request ended, for the lane to decide what follows. */
struct fpool_http_end {
    enum fpool_http_error error;
    const char *message; /* or NULL */
    int code;            /* libcurl's */
    int status_code;
    bool was_sent;          /* bytes of the request may have left */
    int64_t retry_after_ms; /* -1: none */
    int address;            /* the number of the host's address; -1: none */
};

void fpool_http_lane_init(struct fpool_http_lane *lane,
                          struct fpool_http_job *job,
                          struct fpool_http_hub *hub, unsigned number,
                          struct fpool_http_names *names);

/* Hands over a reply whose URL is known.  The caller's reference of the job
 * goes with it. */
void fpool_http_lane_submit(struct fpool_http_lane *lane,
                            struct fpool_http_reply *reply);

/* Has the lane look for something to start. */
void fpool_http_lane_wake(struct fpool_http_lane *lane);

/* Has everything that waits or runs finished; holds the job until then. */
void fpool_http_lane_cancel(struct fpool_http_lane *lane);

/* Forgets all hosts; nothing waits or runs. */
void fpool_http_lane_close(struct fpool_http_lane *lane);

/* ---- For transfers. */

/* The transfer of 'reply' to 'host' is over. */
void fpool_http_lane_ended(struct fpool_http_lane *lane,
                           struct fpool_http_host *host,
                           struct fpool_http_transfer *t,
                           struct fpool_http_reply *reply,
                           const struct fpool_http_end *end);

/* The same, and the reply, whose URL has changed, goes on. */
void fpool_http_lane_redirected(struct fpool_http_lane *lane,
                                struct fpool_http_host *host,
                                struct fpool_http_transfer *t,
                                struct fpool_http_reply *reply);

/* ---- hosts.c: the table. */

/* The host of 'url', made where it is new; NULL without memory. */
struct fpool_http_host *fpool_http_lane_host(struct fpool_http_lane *lane,
                                             const struct fpool_http_url *url);

/* Puts 'host' into the list where it belongs now, and sets its timer. */
void fpool_http_lane_place(struct fpool_http_lane *lane,
                           struct fpool_http_host *host);

/* Releases all hosts. */
void fpool_http_lane_forget_hosts(struct fpool_http_lane *lane);

/* Asks for the host's addresses, unless that was done. */
void fpool_http_lane_name(struct fpool_http_lane *lane,
                          struct fpool_http_host *host);

/* ---- lane.c, for hosts.c and ending.c. */

void fpool_http_lane_pump(struct fpool_http_lane *lane);
void fpool_http_lane_enqueue(struct fpool_http_lane *lane,
                             struct fpool_http_host *host,
                             struct fpool_http_reply *reply, bool is_first);
void fpool_http_lane_dequeue(struct fpool_http_lane *lane,
                             struct fpool_http_host *host,
                             struct fpool_http_reply *reply);

/* Counts replies in queues and delayed; the two above do so themselves. */
void fpool_http_lane_count_waiting(struct fpool_http_lane *lane, int change);

/* Lets a reply, which is in no queue, wait until 'when'; then its timer fires,
 * which begins with taking it back from here. */
void fpool_http_lane_delay(struct fpool_http_lane *lane,
                           struct fpool_http_reply *reply, int64_t when);
void fpool_http_lane_undelay(struct fpool_http_lane *lane,
                             struct fpool_http_reply *reply);

/* ---- aside.c: there is room for transfers, and nothing here that could start:
 * what waits makes room in the window for what may. */
void fpool_http_lane_defer(struct fpool_http_lane *lane);

/* ---- ending.c */

/* A reply that is in no queue and runs no more: finished, or tried again. */
void fpool_http_lane_settle(struct fpool_http_lane *lane,
                            struct fpool_http_host *host,
                            struct fpool_http_reply *reply,
                            const struct fpool_http_end *end);

/* The same for all that waits for 'host'. */
void fpool_http_lane_settle_queue(struct fpool_http_lane *lane,
                                  struct fpool_http_host *host,
                                  const struct fpool_http_end *end);

#endif
