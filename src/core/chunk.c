/* SPDX-License-Identifier: MIT */
/* How many items to take at once: as many as fit about 100 us, by what the last
 * chunks took.  Asked when pulling, told after running. */
#include "core/pull.h"

#define CHUNK_TARGET_NS 100000

unsigned fpool_chunk_size(const struct fpool_job *job)
{
    unsigned n = job->chunk;
    uint64_t cap = job->slots == NULL ? FPOOL_RANGE_MAX : FPOOL_CHUNK_MAX;

    if (n == 0) {
        n = fpool_chunk_is_adaptive(job)
                ? atomic_load_explicit(&job->chunk_now, memory_order_relaxed)
                : 1;
        if (job->slots != NULL) {
            uint64_t half = (job->window - fpool_job_outstanding(job) + 1) / 2;

            cap = half < cap ? half : cap;
        }
    }
    if (job->limit != 0) {
        unsigned running = atomic_load(&job->running);
        unsigned left = running < job->limit ? job->limit - running : 0;

        cap = left < cap ? left : cap;
    }
    n = n < cap ? n : (unsigned)cap;
    return n == 0 ? 1 : n;
}

void fpool_chunk_adapt(struct fpool_job *job, unsigned n, int64_t elapsed_ns)
{
    unsigned now = atomic_load_explicit(&job->chunk_now, memory_order_relaxed);
    uint64_t each = (uint64_t)(elapsed_ns < 1 ? 1 : elapsed_ns) / n;
    uint64_t fit = CHUNK_TARGET_NS / (each == 0 ? 1 : each);
    uint64_t next = fit < 2ull * n ? fit : 2ull * n;

    if (n < now && next < fit && next < now) {
        return; /* a short chunk says nothing against a long one */
    }
    next = next == 0 ? 1 : next;
    next = next > FPOOL_RANGE_MAX ? FPOOL_RANGE_MAX : next;
    if (next != now) {
        atomic_store_explicit(&job->chunk_now, (unsigned)next,
                              memory_order_relaxed);
    }
}
