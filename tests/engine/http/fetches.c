/* SPDX-License-Identifier: MIT */
/* Lists of URLs, fetched; called by the tests of the http engine. */
#include "engine/http/fetches.h"

#include <string.h>

/* ---- The list. */

void fetches_add(struct fetches *f, const char *format, ...)
{
    va_list arguments;

    if (f->n == f->capacity) {
        f->capacity = f->capacity == 0 ? 64 : 2 * f->capacity;
        f->urls = realloc(f->urls, f->capacity * sizeof(*f->urls));
        assert_non_null(f->urls);
    }
    va_start(arguments, format);
    assert_true(vasprintf(&f->urls[f->n], format, arguments) >= 0);
    va_end(arguments);
    f->n++;
}

static int next_url(void *self, struct fpool_item *ret_item,
                    struct fpool_cancel *cancel)
{
    struct fetches *f = self;

    (void)cancel;
    if (f->next == f->n) {
        return FPOOL_END;
    }
    *ret_item = fpool_item_text(f->urls[f->next++]);
    return FPOOL_OK;
}

struct fpool_source fetches_source(struct fetches *f)
{
    struct fpool_source source = { .next = next_url, .self = f };

    f->next = 0;
    return source;
}

/* ---- The job. */

void fetches_start(struct fetches *f, struct fpool *pool,
                   const struct fpool_op *op,
                   const struct fpool_job_options *job)
{
    struct fpool_source source = fetches_source(f);

    f->n_done = 0;
    f->results = calloc(f->n + 1, sizeof(*f->results));
    f->order = calloc(f->n + 1, sizeof(*f->order));
    assert_true(f->results != NULL && f->order != NULL);
    assert_ok(f->is_ordered
                  ? fpool_imap(pool, op, source, job, &f->running)
                  : fpool_imap_unordered(pool, op, source, job, &f->running));
}

static void keep(struct fetches *f, const struct fpool_result *result)
{
    size_t i = (size_t)result->index;

    assert_true(i < f->n && f->n_done < f->n);
    assert_null(f->results[i].engine); /* its first result */
    assert_string_equal(result->engine, "http");
    f->results[i] = *result;
    f->order[f->n_done++] = i;
}

void fetches_take(struct fetches *f, size_t n)
{
    struct fpool_result result;

    while (f->n_done < n) {
        assert_ok(fpool_next(f->running, &result, GUARD_MS));
        keep(f, &result);
    }
}

void fetches_finish(struct fetches *f, enum fpool_status end)
{
    struct fpool_result result;
    enum fpool_status status = fpool_next(f->running, &result, GUARD_MS);

    for (; status == FPOOL_OK;
         status = fpool_next(f->running, &result, GUARD_MS)) {
        keep(f, &result);
    }
    assert_status(status, end);
    if (end == FPOOL_END) {
        assert_int_equal(f->n_done, f->n);
    }
    f->stats.struct_size = sizeof(f->stats);
    assert_ok(fpool_http_get_stats(f->running, &f->stats));
    assert_int_equal(f->stats.in_flight, 0);
    assert_int_equal(f->stats.n_waiting, 0);
    fpool_results_destroy(&f->running);
}

void fetches_run(struct fetches *f, struct fpool *pool,
                 const struct fpool_op *op, const struct fpool_job_options *job)
{
    fetches_start(f, pool, op, job);
    fetches_finish(f, FPOOL_END);
}

void fetches_release(struct fetches *f)
{
    size_t i;

    fpool_results_destroy(&f->running);
    for (i = 0; i < f->n; i++) {
        if (f->results != NULL && f->results[i].engine != NULL) {
            fpool_result_release(&f->results[i]);
        }
        free(f->urls[i]);
    }
    free(f->urls);
    free(f->results);
    free(f->order);
    memset(f, 0, sizeof(*f));
}

/* ---- What came of it. */

const struct fpool_http_response *fetches_response(const struct fetches *f,
                                                   size_t i)
{
    const struct fpool_http_response *h;

    assert_true(i < f->n);
    h = fpool_result_http(&f->results[i]);
    assert_non_null(h);
    return h;
}

size_t fetches_place(const struct fetches *f, size_t i)
{
    size_t place = 0;

    while (place < f->n_done && f->order[place] != i) {
        place++;
    }
    return place;
}

size_t fetches_count(const struct fetches *f, const char *kind)
{
    size_t n = 0;
    size_t i;

    for (i = 0; i < f->n_done; i++) {
        n += strcmp(fetches_response(f, f->order[i])->error_kind, kind) == 0;
    }
    return n;
}

void fetches_check_all_ok(const struct fetches *f)
{
    size_t i;

    for (i = 0; i < f->n; i++) {
        const struct fpool_http_response *h = fetches_response(f, i);

        if (f->results[i].status != FPOOL_OK) {
            fail_msg("%s: %s: %s (%u tries)", f->urls[i], h->error_kind,
                     h->error_message, h->tries);
        }
    }
}

/* ---- One item. */

struct fpool_result fetch_one(struct fpool *pool, const struct fpool_op *op,
                              const char *url)
{
    struct fpool_result result;

    assert_ok(fpool_apply(pool, op, fpool_item_text(url), NULL, &result));
    assert_string_equal(result.engine, "http");
    assert_non_null(fpool_result_http(&result));
    return result;
}

/* What every response promises. */
static void check_response(const struct fpool_http_response *h)
{
    bool is_well = h->error == FPOOL_HTTP_ERROR_NONE;

    assert_int_equal(h->struct_size, sizeof(*h));
    assert_string_equal(h->error_kind, fpool_http_error_kind(h->error));
    assert_int_equal(h->error_message[0] == '\0', is_well);
    assert_null(strpbrk(h->error_message, "\r\n\033"));
    assert_int_equal(h->http_version[0] == '\0', h->status_code == 0);
    if (!is_well) {
        assert_null(h->body);
        assert_int_equal(h->body_fd, -1);
    }
}

void check_fetch(struct fpool *pool, const struct fpool_op *op, const char *url,
                 const char *kind, unsigned tries, const char *file, int line)
{
    struct fpool_result result = fetch_one(pool, op, url);
    const struct fpool_http_response *h = fpool_result_http(&result);

    if (strcmp(h->error_kind, kind) != 0 || h->tries != tries) {
        print_error("%s:%d: %s: '%s' after %u tries, not '%s' after %u: %s\n",
                    file, line, url, h->error_kind, h->tries, kind, tries,
                    h->error_message);
        _fail(file, line);
    }
    check_response(h);
    assert_int_equal(result.status == FPOOL_OK, kind[0] == '\0');
    fpool_result_release(&result);
}

void check_fetch_body(struct fpool *pool, const struct fpool_op *op,
                      const char *url, const char *body, const char *file,
                      int line)
{
    struct fpool_result result = fetch_one(pool, op, url);
    const struct fpool_http_response *h = fpool_result_http(&result);

    if (result.status != FPOOL_OK || h->body == NULL ||
        strcmp(h->body, body) != 0) {
        print_error("%s:%d: %s: '%s' %s, not the body expected but '%s'\n",
                    file, line, url, h->error_kind, h->error_message,
                    h->body == NULL ? "" : (const char *)h->body);
        _fail(file, line);
    }
    check_response(h);
    assert_int_equal(h->body_size, strlen(body));
    fpool_result_release(&result);
}
