/* SPDX-License-Identifier: MIT */
/* Time: nanoseconds of CLOCK_MONOTONIC.
 *
 * Purpose: one unit and one clock for every deadline inside the library.
 * Use: fpool_deadline_after_ms() turns a public time-out into a deadline.
 * Thread-safety: any thread.
 * Limits: 292 years after boot. */
#ifndef FPOOL_BASE_CLOCK_H
#define FPOOL_BASE_CLOCK_H

#include <stdint.h>
#include <time.h>

#define FPOOL_NEVER INT64_MAX

static inline int64_t fpool_now_ns(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

/* The instant 'ms' milliseconds from now; FPOOL_NEVER for a negative 'ms' or
 * one beyond the clock's range. */
static inline int64_t fpool_deadline_after_ms(int64_t ms)
{
    int64_t now;

    if (ms < 0) {
        return FPOOL_NEVER;
    }
    now = fpool_now_ns();
    return ms >= (INT64_MAX - now) / 1000000 ? FPOOL_NEVER : now + ms * 1000000;
}

#endif
