/* SPDX-License-Identifier: MIT */
/* Batches: results by index.  Storing is called by whoever finishes an item; the
 * rest is map, starmap and their handle. */
#include <string.h>

#include "base/mem.h"
#include "core/handle.h"
#include "core/pool.h"
#include "fetchpool/call.h"

/* ---- Cells: segment k holds first_size x 2^k results. */

struct place {
    unsigned segment;
    uint64_t offset;
};

static uint64_t segment_size(const struct fpool_cells *c, unsigned segment)
{
    return c->first_size << segment;
}

static struct place place_of(const struct fpool_cells *c, uint64_t index)
{
    struct place p;

    if (index < c->first_size) {
        return (struct place){ 0, index };
    }
    p.segment = 63 - (unsigned)__builtin_clzll(index / c->first_size + 1);
    p.offset = index - c->first_size * ((1ull << p.segment) - 1);
    return p;
}

enum fpool_status fpool_cells_reserve(struct fpool_cells *c, uint64_t index,
                                      bool with_items)
{
    struct place p = place_of(c, index);
    uint64_t n = segment_size(c, p.segment);

    if (c->at[p.segment] == NULL) {
        c->at[p.segment] = fpool_calloc(n, sizeof(*c->at[0]));
        if (c->at[p.segment] == NULL) {
            return FPOOL_ENOMEM;
        }
    }
    if (with_items && c->items[p.segment] == NULL) {
        c->items[p.segment] = fpool_calloc(n, sizeof(*c->items[0]));
        if (c->items[p.segment] == NULL) {
            return FPOOL_ENOMEM;
        }
    }
    return FPOOL_OK;
}

static struct fpool_cell *cell_of(struct fpool_cells *c, struct place p)
{
    return c->at[p.segment] + p.offset;
}

void fpool_batch_store(struct fpool_job *job, struct fpool_result *result)
{
    struct fpool_cell *cell;
    struct place p;

    if (!job->keeps_results) {
        fpool_result_release(result);
        return;
    }
    p = place_of(&job->cells, result->index);
    cell = cell_of(&job->cells, p);
    cell->value = result->value;
    cell->drop_value = result->drop_value;
    if (result->drop_value != NULL &&
        !atomic_load_explicit(&job->has_drops, memory_order_relaxed)) {
        atomic_store(&job->has_drops, true);
    }
    cell->code = result->code;
    cell->status = result->status;
    if (job->source.item_at == NULL) {
        job->cells.items[p.segment][p.offset] = result->item;
    }
}

/* The view of a finished cell. */
static void view(struct fpool_job *job, uint64_t index, struct fpool_result *r)
{
    struct place p = place_of(&job->cells, index);

    memset(r, 0, sizeof(*r));
    r->index = index;
    r->engine = job->engine->name;
    if (job->source.item_at != NULL) {
        fpool_source_item(&job->source, index, &r->item);
    }
    if (index >= atomic_load(&job->pulled)) {
        r->status = fpool_item_status(fpool_job_reason(job));
        return; /* cancelled before it was taken */
    }
    if (job->source.item_at == NULL) {
        r->item = job->cells.items[p.segment][p.offset];
    }
    r->value = cell_of(&job->cells, p)->value;
    r->drop_value = cell_of(&job->cells, p)->drop_value;
    r->code = cell_of(&job->cells, p)->code;
    r->status = cell_of(&job->cells, p)->status;
}

/* Releases the first 'n' results of a segment. */
static void clear_segment(struct fpool_cell *cells, struct fpool_item *items,
                          uint64_t n)
{
    uint64_t i;

    for (i = 0; i < n; i++) {
        if (cells[i].value != NULL && cells[i].drop_value != NULL) {
            cells[i].drop_value(cells[i].value);
        }
        if (items != NULL && items[i].drop != NULL) {
            items[i].drop(items[i].data);
        }
    }
}

void fpool_batch_clear(struct fpool_job *job)
{
    struct fpool_cells *c = &job->cells;
    uint64_t left = job->keeps_results ? atomic_load(&job->pulled) : 0;
    bool has_drops = atomic_load(&job->has_drops) || job->source.item_at == NULL;
    unsigned k;

    for (k = 0; k < sizeof(c->at) / sizeof(c->at[0]); k++) {
        uint64_t n = left < segment_size(c, k) ? left : segment_size(c, k);

        if (has_drops && n != 0) {
            clear_segment(c->at[k], c->items[k], n);
        }
        left -= n;
        fpool_free(c->at[k]);
        fpool_free(c->items[k]);
        c->at[k] = NULL;
        c->items[k] = NULL;
    }
    job->keeps_results = false;
}

/* ---- The verbs. */

static enum fpool_status start(struct fpool *pool, const struct fpool_op *op,
                               struct fpool_source source,
                               const struct fpool_job_options *options,
                               bool keeps_results,
                               struct fpool_batch **ret_batch)
{
    struct fpool_job *job;
    enum fpool_status st;

    st = fpool_job_start(&(struct fpool_job_request){
                             .pool = pool,
                             .op = op,
                             .source = source,
                             .options = options,
                             .shape = FPOOL_SHAPE_BATCH,
                             .kind = FPOOL_KIND_BATCH,
                             .keeps_results = keeps_results },
                         &job);
    if (st == FPOOL_OK) {
        *ret_batch = (struct fpool_batch *)job;
    }
    return st;
}

enum fpool_status fpool_map_async(struct fpool *pool, const struct fpool_op *op,
                                  struct fpool_source source,
                                  const struct fpool_job_options *job,
                                  struct fpool_batch **ret_batch)
{
    return start(ret_batch == NULL ? NULL : pool, op, source, job, true,
                 ret_batch);
}

enum fpool_status fpool_map(struct fpool *pool, const struct fpool_op *op,
                            struct fpool_source source,
                            const struct fpool_job_options *job,
                            struct fpool_batch **ret_batch)
{
    struct fpool_batch *batch;
    enum fpool_status st;

    st = start(pool, op, source, job, ret_batch != NULL, &batch);
    if (st != FPOOL_OK) {
        return st;
    }
    pthread_cleanup_push(fpool_job_forsake, &batch->job);
    st = fpool_job_wait(&batch->job, FPOOL_FOREVER);
    pthread_cleanup_pop(0);
    if (ret_batch != NULL) {
        *ret_batch = batch;
    } else {
        fpool_batch_destroy(&batch);
    }
    return st;
}

/* A source for starmap that is refused; closes the caller's. */
static struct fpool_source check_star(const struct fpool_op *op,
                                      struct fpool_source source)
{
    const struct fpool_call_op *call = (const struct fpool_call_op *)op;

    if (source.status == FPOOL_OK &&
        (op == NULL || op->engine != fpool_engine_call() ||
         call->star_function == NULL)) {
        source.status = FPOOL_EINVAL;
    }
    return source;
}

enum fpool_status fpool_starmap(struct fpool *pool, const struct fpool_op *op,
                                struct fpool_source source,
                                const struct fpool_job_options *job,
                                struct fpool_batch **ret_batch)
{
    return fpool_map(pool, op, check_star(op, source), job, ret_batch);
}

enum fpool_status fpool_starmap_async(struct fpool *pool,
                                      const struct fpool_op *op,
                                      struct fpool_source source,
                                      const struct fpool_job_options *job,
                                      struct fpool_batch **ret_batch)
{
    return fpool_map_async(pool, op, check_star(op, source), job, ret_batch);
}

/* ---- The handle. */

enum fpool_status fpool_batch_wait(struct fpool_batch *batch,
                                   int64_t timeout_ms)
{
    return batch == NULL ? FPOOL_EINVAL
                         : fpool_job_wait(&batch->job, timeout_ms);
}

uint64_t fpool_batch_count(struct fpool_batch *batch)
{
    if (batch == NULL || !atomic_load(&batch->job.is_readable)) {
        return 0;
    }
    return batch->job.source.item_at != NULL ? batch->job.source.count
                                             : atomic_load(&batch->job.pulled);
}

enum fpool_status fpool_batch_result(struct fpool_batch *batch, uint64_t index,
                                     struct fpool_result *ret_result)
{
    if (batch == NULL || ret_result == NULL || !batch->job.keeps_results) {
        return FPOOL_EINVAL;
    }
    if (fpool_job_is_forked(&batch->job)) {
        return FPOOL_EFORK;
    }
    if (!atomic_load(&batch->job.is_readable)) {
        return FPOOL_EBUSY;
    }
    if (index >= fpool_batch_count(batch)) {
        return FPOOL_EINVAL;
    }
    view(&batch->job, index, ret_result);
    return FPOOL_OK;
}

int fpool_batch_source_code(struct fpool_batch *batch)
{
    return atomic_load(&batch->job.source_code);
}

void fpool_batch_cancel(struct fpool_batch *batch)
{
    fpool_cancel_trip(&batch->job.token);
}

void fpool_batch_destroy(struct fpool_batch **batch)
{
    if (batch != NULL && *batch != NULL) {
        fpool_job_destroy(&(*batch)->job);
        *batch = NULL;
    }
}
