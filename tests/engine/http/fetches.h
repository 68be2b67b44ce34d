/* SPDX-License-Identifier: MIT */
/* A list of URLs, fetched: for the tests of the http engine.
 *
 * Purpose: run a job over a list, assert what holds for every job (exactly one
 *   result for each item, and an end), and keep the results in order of items
 *   and of their completion.
 * Use: struct fetches f = { 0 };
 *     fetches_add(&f, "%s/-/bytes/%d", w.urls[0], 5);
 *     fetches_run(&f, pool, FPOOL_HTTP(), NULL);
 *     fetches_check_all_ok(&f);
 *     fetches_release(&f);
 * Ownership: the structure and its results are the caller's.
 * Thread-safety: the main thread: all functions assert.
 * Limits: what memory holds. */
#ifndef TESTS_ENGINE_HTTP_FETCHES_H
#define TESTS_ENGINE_HTTP_FETCHES_H

#include "fetchpool/http.h"
#include "support/check.h"

struct fetches {
    size_t n;
    size_t capacity;
    size_t next;     /* item for the source */
    bool is_ordered; /* imap in place of imap_unordered */
    char **urls;
    struct fpool_result *results; /* by item */
    size_t *order;                /* items in the order of completion */
    size_t n_done;
    struct fpool_results *running; /* between start and finish */
    struct fpool_http_stats stats; /* at the end */
};

__attribute__((format(printf, 2, 3))) void fetches_add(struct fetches *f,
                                                       const char *format, ...);

/* The items as a source, from the first on; one at a time. */
struct fpool_source fetches_source(struct fetches *f);

/* Starts a job over the items; takes results until there are 'n' of them; takes
 * the rest and expects 'end' in the end. */
void fetches_start(struct fetches *f, struct fpool *pool,
                   const struct fpool_op *op,
                   const struct fpool_job_options *job);
void fetches_take(struct fetches *f, size_t n);
void fetches_finish(struct fetches *f, enum fpool_status end);

/* All that, expecting FPOOL_END. */
void fetches_run(struct fetches *f, struct fpool *pool,
                 const struct fpool_op *op,
                 const struct fpool_job_options *job);

/* The response of item 'i'; its place in the order of completion, from 0. */
const struct fpool_http_response *fetches_response(const struct fetches *f,
                                                   size_t i);
size_t fetches_place(const struct fetches *f, size_t i);

/* Items that ended with this kind; "" for those that ended well. */
size_t fetches_count(const struct fetches *f, const char *kind);
void fetches_check_all_ok(const struct fetches *f);

/* Releases all; the list is empty then. */
void fetches_release(struct fetches *f);

/* One item: its result, which the caller releases. */
struct fpool_result fetch_one(struct fpool *pool, const struct fpool_op *op,
                              const char *url);

/* One item that is to end with 'kind', "" for well, after 'tries'; what an
 * error must leave empty is checked, too. */
#define fetch_check(pool, op, url, kind, tries)                                \
    check_fetch((pool), (op), (url), (kind), (tries), __FILE__, __LINE__)
void check_fetch(struct fpool *pool, const struct fpool_op *op, const char *url,
                 const char *kind, unsigned tries, const char *file, int line);

/* One item that is to end well with this body, which a zero ends. */
#define fetch_check_body(pool, op, url, body)                                  \
    check_fetch_body((pool), (op), (url), (body), __FILE__, __LINE__)
void check_fetch_body(struct fpool *pool, const struct fpool_op *op,
                      const char *url, const char *body, const char *file,
                      int line);

#endif
