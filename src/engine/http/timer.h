/* SPDX-License-Identifier: MIT */
/* The timers of a hub: deadlines of transfers, pauses of hosts, delays of
 * retries.
 *
 * Purpose: very many timers that are moved all the time, on one wheel.
 * Ownership: embedded in their users' objects.
 * Thread-safety: the loop's thread only.
 * Limits: late by up to 4 ms, never early. */
#ifndef FPOOL_ENGINE_HTTP_TIMER_H
#define FPOOL_ENGINE_HTTP_TIMER_H

#include "base/wheel.h"

struct fpool_http_hub;

struct fpool_http_timer {
    struct fpool_wheel_node node;
    void (*fire)(struct fpool_http_timer *timer);
};

/* Has 'fire' called once at 'when_ns'; FPOOL_NEVER unsets. */
void fpool_http_timer_set(struct fpool_http_hub *hub,
                          struct fpool_http_timer *timer, int64_t when_ns);
void fpool_http_timer_unset(struct fpool_http_hub *hub,
                            struct fpool_http_timer *timer);

#endif
