/* SPDX-License-Identifier: MIT */
/* Putting items aside, and starting them again; called by the job's puller and,
 * in the end, by its consumers, calls the store and the engine.  What engines
 * call is in request.c. */
#include "core/defer.h"

#include <assert.h>

#include "base/clock.h"
#include "base/mem.h"
#include "core/pool.h"

#define DEFAULT_MAX  ((int64_t)1 << 30)
#define DEFAULT_DIR  "/var/tmp"
#define STEP_RECORDS 256

/* Records that are not due cost a pass nothing but copying; the next pass keeps
 * that to about 60 MB a second. */
#define NS_FOR_A_MOVED_BYTE 16

enum fpool_status fpool_defer_open(struct fpool_job *job,
                                   const struct fpool_job_options *options)
{
    int64_t max = options->defer_max == 0 ? DEFAULT_MAX : options->defer_max;
    const char *dir = options->defer_dir;
    struct fpool_defer *d;

    if (job->shape != FPOOL_SHAPE_UNORDERED || !fpool_job_is_evented(job) ||
        max < 0) {
        return FPOOL_OK;
    }
    d = fpool_calloc(1, sizeof(*d));
    job->defer = d;
    if (d == NULL) {
        return FPOOL_ENOMEM;
    }
    d->asides = fpool_calloc(job->window, sizeof(*d->asides));
    return d->asides == NULL
               ? FPOOL_ENOMEM
               : fpool_store_init(&d->store, dir == NULL ? DEFAULT_DIR : dir,
                                  (uint64_t)max);
}

void fpool_defer_close(struct fpool_job *job)
{
    if (job->defer != NULL) {
        fpool_store_fini(&job->defer->store);
        fpool_free(job->defer->asides);
        fpool_free(job->defer);
        job->defer = NULL;
    }
}

/* ---- The puller: into the store. */

static void add_deferred(struct fpool_job *job, int n)
{
    uint64_t now = atomic_load_explicit(&job->deferred, memory_order_relaxed);

    atomic_store_explicit(&job->deferred, now + (uint64_t)(int64_t)n,
                          memory_order_release);
    if (job->limit != 0) {
        atomic_fetch_sub(&job->running, (unsigned)n);
    }
}

static void start(struct fpool_job *job, struct fpool_slot *slot,
                  uint64_t index)
{
    fpool_slot_fill(job, slot, index);
    job->defer->starting = &slot->request;
    job->engine->start(job->state, &slot->request);
    job->defer->starting = NULL;
}

static void drop_item(struct fpool_item *item)
{
    if (item->drop != NULL) {
        item->drop(item->data);
    }
    *item = (struct fpool_item){ 0 };
}

/* Writes one item; if that is refused, it goes on as if it had come back. */
static void put_aside(struct fpool_job *job, struct fpool_slot *slot)
{
    struct fpool_result *r = &slot->request.result;
    struct fpool_record record = { .index = r->index,
                                   .due_ns = fpool_aside_of(job, slot)->due_ns,
                                   .note = fpool_aside_of(job, slot)->note,
                                   .item = r->item };

    if (!fpool_store_put(&job->defer->store, &record)) {
        start(job, slot, r->index);
        return;
    }
    drop_item(&r->item);
    atomic_store_explicit(&slot->state, FPOOL_SLOT_FREE, memory_order_relaxed);
    fpool_slot_untake(job, slot);
    add_deferred(job, 1);
}

/* What arrived, in the order in which it did. */
static struct fpool_request *take_arrived(struct fpool_defer *d,
                                          unsigned *ret_n)
{
    struct fpool_request *newest = NULL;
    struct fpool_request *oldest = NULL;
    unsigned n = 0;

    if (atomic_load(&d->arriving) != NULL) {
        newest = atomic_exchange(&d->arriving, NULL);
    }
    while (newest != NULL) {
        struct fpool_request *next = newest->next;

        newest->next = oldest;
        oldest = newest;
        newest = next;
        n++;
    }
    *ret_n = n;
    return oldest;
}

static void cancel_all(struct fpool_request *first, enum fpool_status status)
{
    struct fpool_request *request;

    for (request = first; request != NULL; request = request->next) {
        request->result.status = status;
    }
    fpool_requests_finish(first);
}

static bool put_arrived_aside(struct fpool_job *job)
{
    enum fpool_status reason = fpool_job_reason(job);
    unsigned n;
    struct fpool_request *request = take_arrived(job->defer, &n);

    if (n == 0) {
        return false;
    }
    if (reason != FPOOL_OK) {
        cancel_all(request, fpool_item_status(reason));
        request = NULL;
    }
    while (request != NULL) {
        struct fpool_request *next = request->next;

        put_aside(job, (struct fpool_slot *)request);
        request = next;
    }
    atomic_fetch_sub_explicit(&job->defer->n_arriving, n, memory_order_relaxed);
    fpool_job_reactivate(job, FPOOL_PHASE_STALLED);
    return true;
}

/* ---- The puller: out of the store. */

/* When the next pass begins, as things stand.  A store that is nearly full does
 * not wait for the source's end. */
static int64_t pass_time(const struct fpool_job *job)
{
    const struct fpool_store *s = &job->defer->store;
    unsigned phase = atomic_load(&job->phase);
    int64_t earliest = fpool_store_earliest(s);

    if (fpool_store_count_in(s) == 0 ||
        (phase != FPOOL_PHASE_ENDED && phase != FPOOL_PHASE_WAITING &&
         atomic_load(&s->unread) < s->max - s->max / 8)) {
        return FPOOL_NEVER;
    }
    return earliest > job->defer->not_before_ns ? earliest
                                                : job->defer->not_before_ns;
}

static void begin_pass(struct fpool_job *job)
{
    fpool_store_turn(&job->defer->store);
    job->defer->moved = 0;
    atomic_store(&job->defer->is_passing, true);
}

static void end_pass(struct fpool_job *job, int64_t now)
{
    job->defer->not_before_ns =
        now + (int64_t)job->defer->moved * NS_FOR_A_MOVED_BYTE;
    atomic_store(&job->defer->is_passing, false);
}

/* Keeps a record that is not due for the next pass. */
static bool move(struct fpool_defer *d, struct fpool_record *record)
{
    uint64_t cost = fpool_store_cost(record->item.size);

    if (!fpool_store_put(&d->store, record)) {
        return false;
    }
    drop_item(&record->item);
    d->moved += cost;
    return true;
}

/* Takes one record, for which there is room. */
static void take_record(struct fpool_job *job, int64_t now)
{
    struct fpool_defer *d = job->defer;
    struct fpool_record record;
    enum fpool_status st = fpool_store_get(&d->store, &record);
    struct fpool_slot *slot;

    /* The engine is not to put the last one aside for the sake of others. */
    if (st == FPOOL_OK && record.due_ns > now && move(d, &record)) {
        slot = NULL;
    } else {
        slot = fpool_slot_take(job);
    }
    if (fpool_store_count_out(&d->store) == 0) {
        end_pass(job, now);
    }
    if (slot == NULL) {
        return;
    }
    add_deferred(job, -1);
    assert(fpool_job_outstanding(job) <= job->window);
    slot->request.result.item = record.item;
    fpool_aside_of(job, slot)->note = record.note;
    if (st == FPOOL_OK) {
        start(job, slot, record.index);
    } else {
        fpool_slot_fill(job, slot, record.index);
        fpool_request_finish(&slot->request, st);
    }
}

static bool run_pass(struct fpool_job *job)
{
    int64_t now = fpool_now_ns();
    int n = 0;

    while (n < STEP_RECORDS && fpool_defer_is_passing(job) &&
           fpool_job_has_room(job)) {
        take_record(job, now);
        n++;
    }
    return n != 0;
}

/* The job is cancelled: what is in the store is finished, where it is. */
static bool settle_rest(struct fpool_job *job)
{
    uint64_t n = atomic_load(&job->deferred);

    if (job->defer->is_settled) {
        return false;
    }
    job->defer->is_settled = true;
    atomic_store(&job->defer->is_passing, false);
    if (n == 0) { /* what arrived is finished already */
        return false;
    }
    fpool_count(&job->pool->completed, n);
    fpool_count(&job->pool->failed, n);
    if (fpool_item_status(fpool_job_reason(job)) == FPOOL_ECANCELED) {
        fpool_count(&job->pool->cancelled, n);
    }
    if (job->limit != 0) {
        atomic_fetch_add(&job->running, (unsigned)n); /* settling subtracts */
    }
    fpool_job_settle(job, n);
    return true;
}

bool fpool_defer_step(struct fpool_job *job)
{
    bool is_done;
    int64_t when;

    if (!fpool_defer_is_used(job)) {
        return false;
    }
    is_done = put_arrived_aside(job);
    if (fpool_job_reason(job) != FPOOL_OK) {
        return settle_rest(job) || is_done;
    }
    if (!fpool_defer_is_passing(job)) {
        when = pass_time(job);
        if (when != FPOOL_NEVER && when <= fpool_now_ns()) {
            begin_pass(job);
        }
    }
    return (fpool_defer_is_passing(job) && run_pass(job)) || is_done;
}

bool fpool_defer_has_work(struct fpool_job *job, int64_t *ret_when_ns)
{
    *ret_when_ns = FPOOL_NEVER;
    if (!fpool_defer_is_used(job)) {
        return false;
    }
    if (atomic_load(&job->defer->arriving) != NULL) {
        return true;
    }
    if (fpool_job_reason(job) != FPOOL_OK) {
        return !job->defer->is_settled;
    }
    if (fpool_defer_is_passing(job)) {
        atomic_store(&job->wants_room, true);
        return fpool_job_has_room(job) && fpool_job_is_worth_pulling(job);
    }
    *ret_when_ns = pass_time(job);
    return *ret_when_ns != FPOOL_NEVER && *ret_when_ns <= fpool_now_ns();
}

/* ---- The consumer. */

bool fpool_defer_get_rest(struct fpool_job *job,
                          struct fpool_result *ret_result)
{
    struct fpool_store *s = &job->defer->store;
    struct fpool_record record;
    enum fpool_status st;

    if (fpool_store_count_out(s) == 0 && fpool_store_count_in(s) != 0) {
        fpool_store_turn(s);
    }
    st = fpool_store_get(s, &record);
    if (st == FPOOL_END) {
        return false;
    }
    *ret_result = (struct fpool_result){
        .index = record.index,
        .status =
            st == FPOOL_OK ? fpool_item_status(fpool_job_reason(job)) : st,
        .item = record.item,
        .engine = job->engine->name
    };
    return true;
}
