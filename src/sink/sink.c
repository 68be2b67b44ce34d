/* SPDX-License-Identifier: MIT */
/* Sinks, and for_each, which drains a job into one.  A sink is claimed by a flag
 * that its lock guards, so no lock is held while 'put' runs. */
#include "fetchpool/sink.h"

#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/sync.h"
#include "core/handle.h"
#include "core/pool.h"
#include "fetchpool/stream.h"

struct fpool_sink {
    struct fpool_handle handle; /* must be first */
    fpool_sink_put_function *put;
    void (*close)(void *userdata);
    void *userdata;
    struct fpool_gate gate; /* putters wait for their turn */
    struct fpool_mutex mu;
    /* --- guarded by mu --- */
    bool is_busy FPOOL_GUARDED;
    int code FPOOL_GUARDED; /* of the first failure */
};

/* A collecting sink's state. */
struct collection {
    struct fpool_result *results;
    uint64_t n;
    uint64_t capacity;
};

static void destroy_any(void *handle_address)
{
    fpool_sink_destroy(handle_address);
}

enum fpool_status fpool_sink_create(struct fpool_sink **ret_sink,
                                    fpool_sink_put_function *put,
                                    void (*close)(void *userdata),
                                    void *userdata)
{
    struct fpool_sink *sink;

    if (ret_sink == NULL || put == NULL) {
        return FPOOL_EINVAL;
    }
    sink = fpool_calloc(1, sizeof(*sink));
    if (sink == NULL) {
        return FPOOL_ENOMEM;
    }
    sink->handle.kind = FPOOL_KIND_HOOKED;
    sink->handle.destroy = destroy_any;
    sink->put = put;
    sink->close = close;
    sink->userdata = userdata;
    fpool_mutex_init(&sink->mu);
    *ret_sink = sink;
    return FPOOL_OK;
}

void fpool_sink_destroy(struct fpool_sink **sink)
{
    struct fpool_sink *s;

    if (sink == NULL || *sink == NULL) {
        return;
    }
    s = *sink;
    *sink = NULL;
    if (s->close != NULL) {
        s->close(s->userdata);
    }
    fpool_mutex_fini(&s->mu);
    fpool_free(s);
}

/* ---- Putting. */

static bool try_claim(struct fpool_sink *sink)
{
    bool ok;

    fpool_mutex_lock(&sink->mu);
    ok = !sink->is_busy;
    sink->is_busy = true;
    fpool_mutex_unlock(&sink->mu);
    return ok;
}

static void claim(struct fpool_sink *sink)
{
    while (!try_claim(sink)) {
        unsigned key = fpool_gate_prepare(&sink->gate);

        if (try_claim(sink)) {
            fpool_gate_abandon(&sink->gate);
            return;
        }
        fpool_gate_wait(&sink->gate, key, FPOOL_NEVER);
    }
}

static void unclaim(struct fpool_sink *sink, int code)
{
    fpool_mutex_lock(&sink->mu);
    sink->is_busy = false;
    if (sink->code == 0) {
        sink->code = code;
    }
    fpool_mutex_unlock(&sink->mu);
    fpool_gate_notify_one(&sink->gate);
}

enum fpool_status fpool_sink_put(struct fpool_sink *sink,
                                 struct fpool_result *result)
{
    int code;

    claim(sink);
    fpool_mutex_lock(&sink->mu);
    code = sink->code;
    fpool_mutex_unlock(&sink->mu);
    if (code == 0) {
        code = sink->put(sink->userdata, result);
    }
    unclaim(sink, code);
    fpool_result_release(result);
    return code == 0 ? FPOOL_OK : FPOOL_ESINK;
}

int fpool_sink_code(struct fpool_sink *sink)
{
    int code;

    fpool_mutex_lock(&sink->mu);
    code = sink->code;
    fpool_mutex_unlock(&sink->mu);
    return code;
}

/* ---- Collecting, and nothing at all. */

static int collect_put(void *userdata, struct fpool_result *result)
{
    struct collection *c = userdata;

    if (c->n == c->capacity) {
        uint64_t capacity = c->capacity == 0 ? 64 : 2 * c->capacity;
        void *results =
            fpool_realloc(c->results, capacity * sizeof(*c->results));

        if (results == NULL) {
            return FPOOL_ENOMEM;
        }
        c->results = results;
        c->capacity = capacity;
    }
    c->results[c->n++] = *result;
    memset(result, 0, sizeof(*result));
    return 0;
}

static void collect_close(void *userdata)
{
    struct collection *c = userdata;
    uint64_t i;

    for (i = 0; i < c->n; i++) {
        fpool_result_release(&c->results[i]);
    }
    fpool_free(c->results);
    fpool_free(c);
}

enum fpool_status fpool_sink_collect(struct fpool_sink **ret_sink)
{
    struct collection *c = fpool_calloc(1, sizeof(*c));
    enum fpool_status st;

    if (c == NULL) {
        return FPOOL_ENOMEM;
    }
    st = fpool_sink_create(ret_sink, collect_put, collect_close, c);
    if (st != FPOOL_OK) {
        fpool_free(c);
    }
    return st;
}

uint64_t fpool_sink_count(struct fpool_sink *sink)
{
    const struct collection *c = sink->userdata;

    return sink->put == collect_put ? c->n : 0;
}

enum fpool_status fpool_sink_result(struct fpool_sink *sink, uint64_t index,
                                    struct fpool_result *ret_result)
{
    const struct collection *c = sink->userdata;

    if (ret_result == NULL || index >= fpool_sink_count(sink)) {
        return FPOOL_EINVAL;
    }
    *ret_result = c->results[index];
    return FPOOL_OK;
}

static int null_put(void *userdata, struct fpool_result *result)
{
    (void)userdata;
    (void)result;
    return 0;
}

enum fpool_status fpool_sink_null(struct fpool_sink **ret_sink)
{
    return fpool_sink_create(ret_sink, null_put, NULL, NULL);
}

/* ---- for_each. */

/* Puts all results into the sink; says how the stream and the sink ended. */
static enum fpool_status put_all(struct fpool_results *results,
                                 struct fpool_sink *sink,
                                 enum fpool_status *ret_put)
{
    struct fpool_result r;
    enum fpool_status st = FPOOL_OK;

    *ret_put = FPOOL_OK;
    while (st == FPOOL_OK && *ret_put == FPOOL_OK) {
        st = fpool_next(results, &r, FPOOL_FOREVER);
        if (st == FPOOL_OK) {
            *ret_put = fpool_sink_put(sink, &r);
        }
    }
    return st;
}

enum fpool_status fpool_for_each(struct fpool *pool, const struct fpool_op *op,
                                 struct fpool_source source,
                                 struct fpool_sink *sink,
                                 const struct fpool_job_options *job)
{
    struct fpool_results *results = NULL;
    enum fpool_status st;
    enum fpool_status put;

    st = fpool_imap_unordered(sink == NULL ? NULL : pool, op, source, job,
                              &results);
    if (st != FPOOL_OK) {
        return st;
    }
    fpool_stream_lend(results);
    pthread_cleanup_push(fpool_job_forsake, &results->job);
    st = put_all(results, sink, &put);
    pthread_cleanup_pop(0);
    fpool_results_destroy(&results);
    if (put != FPOOL_OK) {
        return FPOOL_ESINK;
    }
    return st == FPOOL_END ? FPOOL_OK : st;
}
