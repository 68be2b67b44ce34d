/* SPDX-License-Identifier: MIT */
/* Questions on their way to an asker, each with a deadline.
 *
 * Purpose: feeds an asker; what the asker cannot take in time ends as well.
 * Use: ask; 'done' is called once, unless it is taken back with cancel.
 * Ownership: questions belong to the queue, and are gone after 'done' or
 *   cancel.
 * Thread-safety: the loop's thread.
 * Limits: as many as there is memory for. */
#ifndef FPOOL_ENGINE_DNS_QUEUE_H
#define FPOOL_ENGINE_DNS_QUEUE_H

#include "engine/dns/asker.h"
#include "engine/dns/name.h"

struct fpool_dns_queue {
    struct fpool_dns_feeder feeder; /* must be first */
    struct fpool_dns_asker *asker;
    struct fpool_list waiting; /* the first deadline comes first */
    int64_t timeout;
    uint8_t tries;
};

struct fpool_dns_queued {
    struct fpool_dns_ask ask; /* must be first */
    struct fpool_list link;   /* until it is fed */
    struct fpool_dns_queue *queue;
    int64_t deadline;
    void (*done)(struct fpool_dns_queued *queued,
                 const struct fpool_dns_outcome *outcome);
    void *owner;
    uint8_t query[]; /* as many bytes as it has */
};

void fpool_dns_queue_init(struct fpool_dns_queue *queue,
                          struct fpool_dns_asker *asker, unsigned in_flight,
                          unsigned tries, int64_t timeout);

/* Leaves the asker; no question is left. */
void fpool_dns_queue_fini(struct fpool_dns_queue *queue);

/* Asks for 'type' of the name in 'q' from the asker's next round on; 'done' and
 * 'owner' are the caller's to set.  NULL without memory. */
struct fpool_dns_queued *fpool_dns_queue_ask(struct fpool_dns_queue *queue,
                                             struct fpool_dns_question *q,
                                             uint16_t type, int64_t now);

/* Takes it back; accepts NULL. */
void fpool_dns_queue_cancel(struct fpool_dns_queued *queued);

/* Ends what has waited for the asker too long.  Before the asker's round. */
void fpool_dns_queue_round(struct fpool_dns_queue *queue, int64_t now);

/* When the next round has something to end; INT64_MAX: nothing waits. */
int64_t fpool_dns_queue_next(const struct fpool_dns_queue *queue);

#endif
