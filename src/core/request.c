/* SPDX-License-Identifier: MIT */
/* Finishing: the one place where an item gets its result, exactly once.  Called
 * by workers and evented engines; calls stream.c and batch.c to store it.  Also
 * what else engines do with a request, such as putting it aside. */
#include <assert.h>

#include "base/clock.h"
#include "core/defer.h"
#include "core/pool.h"

/* Of several failures the one at the lowest index counts, and a cancelled item
 * only if there is nothing else. */
static bool is_first_failure(const struct fpool_job *job, uint64_t index,
                             enum fpool_status status)
    FPOOL_REQUIRES(job->mu)
{
    bool was_cancelled = job->failed_status == FPOOL_ECANCELED;
    bool is_cancelled = status == FPOOL_ECANCELED;

    if (job->failed_status == FPOOL_OK || was_cancelled != is_cancelled) {
        return job->failed_status == FPOOL_OK || was_cancelled;
    }
    return index < job->failed_index;
}

/* An item that is not FPOOL_OK. */
static void account_failure(struct fpool_job *job, struct fpool_result *result,
                    enum fpool_status status)
{
    fpool_count(&job->pool->failed, 1);
    if (status == FPOOL_ECANCELED) {
        fpool_count(&job->pool->cancelled, 1);
    }
    fpool_mutex_lock(&job->mu);
    if (is_first_failure(job, result->index, status)) {
        job->failed_index = result->index;
        job->failed_status = status;
    }
    fpool_mutex_unlock(&job->mu);
    if ((job->flags & FPOOL_FAIL_FAST) != 0) {
        fpool_cancel_trip_for(&job->token, FPOOL_EFAILED);
    }
}

/* A batch needs the slot again at once. */
static void store_in_batch(struct fpool_job *job, struct fpool_slot *slot)
{
    fpool_batch_store(job, &slot->request.result);
    fpool_mutex_lock(&job->mu);
    fpool_slot_return(job, slot, true);
    fpool_mutex_unlock(&job->mu);
    if (atomic_load(&job->phase) == FPOOL_PHASE_STALLED &&
        fpool_job_is_worth_pulling(job)) {
        fpool_job_reactivate(job, FPOOL_PHASE_STALLED);
    }
}

/* What every finished item has in common. */
static inline void account(struct fpool_job *job, struct fpool_result *result,
                           enum fpool_status status)
{
    result->status = status;
    if (status != FPOOL_OK) {
        account_failure(job, result, status);
    }
}

/* Stores a finished item, without a word to whoever waits for it. */
static void store(struct fpool_slot *slot, enum fpool_status status)
{
    struct fpool_job *job = slot->job;

    assert(atomic_load(&slot->state) == FPOOL_SLOT_PULLED);
    account(job, &slot->request.result, status);
    switch (job->shape) {
    case FPOOL_SHAPE_UNORDERED:
    case FPOOL_SHAPE_ORDERED:
        fpool_stream_publish(job, slot);
        break;
    case FPOOL_SHAPE_BATCH:
        atomic_store(&slot->state, FPOOL_SLOT_FREE);
        store_in_batch(job, slot);
        break;
    case FPOOL_SHAPE_SINGLE:
        atomic_store(&slot->state, FPOOL_SLOT_DONE);
        break;
    }
}

void fpool_slot_finish(struct fpool_slot *slot, enum fpool_status status)
{
    struct fpool_job *job = slot->job;
    uint64_t index = slot->request.result.index;

    store(slot, status);
    if (job->shape == FPOOL_SHAPE_UNORDERED ||
        job->shape == FPOOL_SHAPE_ORDERED) {
        fpool_stream_notify(job, index);
    }
}

void fpool_index_finish(struct fpool_job *job, struct fpool_result *result,
                        enum fpool_status status)
{
    account(job, result, status);
    fpool_batch_store(job, result);
}

static struct fpool_slot *slot_of(struct fpool_request *request)
{
    return (struct fpool_slot *)request;
}

void fpool_request_finish(struct fpool_request *request,
                          enum fpool_status status)
{
    request->next = NULL;
    request->result.status = status;
    fpool_requests_finish(request);
}

/* Finishes the first requests of a list, all of one job; returns the others. */
static struct fpool_request *finish_some(struct fpool_request *request)
{
    struct fpool_job *job = slot_of(request)->job;
    bool is_stream = job->shape == FPOOL_SHAPE_UNORDERED ||
                     job->shape == FPOOL_SHAPE_ORDERED;
    bool is_awaited = false;
    uint64_t n = 0;

    fpool_job_hold(job);
    while (request != NULL && slot_of(request)->job == job) {
        struct fpool_request *next = request->next;
        uint64_t index = request->result.index;

        store(slot_of(request), request->result.status);
        is_awaited = is_awaited || (is_stream &&
                                    fpool_stream_is_awaited(job, index));
        request = next;
        n++;
    }
    if (is_awaited) {
        fpool_stream_notify_now(job);
    }
    fpool_count(&job->pool->completed, n);
    fpool_job_settle(job, n);
    fpool_job_release(job);
    return request;
}

void fpool_requests_finish(struct fpool_request *first)
{
    while (first != NULL) {
        first = finish_some(first);
    }
}

enum fpool_status fpool_request_cancel_reason(
    const struct fpool_request *request)
{
    const struct fpool_slot *slot = (const struct fpool_slot *)request;

    return fpool_item_status(fpool_job_reason(slot->job));
}

int64_t fpool_request_timeout_ms(const struct fpool_request *request)
{
    const struct fpool_slot *slot = (const struct fpool_slot *)request;

    return slot->job->item_timeout_ns / 1000000;
}

/* ---- Deferring. */

/* Whether the window holds up the puller, or will not do so once that has seen
 * what arrives already.  Each number may be a little old. */
static bool is_full(const struct fpool_job *job)
{
    int64_t arriving =
        atomic_load_explicit(&job->defer->n_arriving, memory_order_relaxed);
    int64_t room = job->window - (int64_t)fpool_job_outstanding(job);
    int64_t enough = (int64_t)fpool_job_enough_room(job);

    if (job->limit != 0 &&
        atomic_load_explicit(&job->running, memory_order_relaxed) >=
            job->limit + arriving) {
        return true;
    }
    return room + arriving < (enough == 0 ? 1 : enough);
}

bool fpool_request_can_defer(const struct fpool_request *request)
{
    const struct fpool_slot *slot = (const struct fpool_slot *)request;
    const struct fpool_job *job = slot->job;
    unsigned phase;

    if (job->defer == NULL || request->result.item.size == 0 ||
        !fpool_store_has_room(&job->defer->store, request->result.item.size)) {
        return false;
    }
    phase = atomic_load_explicit(&job->phase, memory_order_relaxed);
    return (phase == FPOOL_PHASE_READY || phase == FPOOL_PHASE_STALLED ||
            atomic_load_explicit(&job->defer->is_passing,
                                 memory_order_relaxed)) &&
           is_full(job);
}

void fpool_request_defer(struct fpool_request *request,
                         const struct fpool_request_note *note, int64_t due_ms)
{
    const struct fpool_request_note no_note = { { 0 } };
    struct fpool_slot *slot = (struct fpool_slot *)request;
    struct fpool_job *job = slot->job;
    struct fpool_defer *d = job->defer;
    struct fpool_request *first;

    assert(d != NULL);
    fpool_aside_of(job, slot)->note = note == NULL ? no_note : *note;
    fpool_aside_of(job, slot)->due_ns =
        fpool_deadline_after_ms(due_ms < 0 ? 0 : due_ms);
    fpool_job_hold(job);
    atomic_fetch_add_explicit(&d->n_arriving, 1, memory_order_relaxed);
    first = atomic_load(&d->arriving);
    do {
        request->next = first;
    } while (!atomic_compare_exchange_weak(&d->arriving, &first, request));
    if (first == NULL) {
        fpool_gate_notify_all(&job->pull_gate);
    }
    fpool_job_release(job);
}

const struct fpool_request_note *fpool_request_note(
    const struct fpool_request *request)
{
    const struct fpool_slot *slot = (const struct fpool_slot *)request;
    const struct fpool_job *job = slot->job;

    return job->defer != NULL && job->defer->starting == request
               ? &fpool_aside_of(job, slot)->note
               : NULL;
}
