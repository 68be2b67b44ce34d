/* SPDX-License-Identifier: MIT */
/* Jobs of names, with exact accounting; called by the tests of the engine. */
#include "engine/dns/lookup.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <string.h>
#include <time.h>

#include "engine/dns/server.h"

/* ---- Names. */

static void add_one(struct lookup *l, const char *name)
{
    if (l->n == l->capacity) {
        l->capacity = l->capacity == 0 ? 64 : 2 * l->capacity;
        l->names = realloc(l->names, l->capacity * sizeof(char *));
        assert_non_null(l->names);
    }
    l->names[l->n] = strdup(name);
    assert_non_null(l->names[l->n]);
    l->n++;
}

void lookup_add(struct lookup *l, unsigned n, const char *format)
{
    const char *place = strstr(format, "%u");
    char name[600];
    unsigned i;

    for (i = 0; i < n; i++) {
        if (place == NULL) {
            add_one(l, format);
            continue;
        }
        snprintf(name, sizeof(name), "%.*s%u%s", (int)(place - format), format,
                 i, place + 2);
        add_one(l, name);
    }
}

static void item_at(const struct fpool_source *source, uint64_t index,
                    struct fpool_item *ret_item)
{
    const struct lookup *l = source->self;

    *ret_item = fpool_item_text(l->names[index]);
}

struct fpool_source lookup_source(struct lookup *l)
{
    return (
        struct fpool_source){ .item_at = item_at, .count = l->n, .self = l };
}

/* ---- Results. */

/* What holds for all responses, whatever the server did. */
static void check_response(const struct fpool_result *r,
                           const struct fpool_dns_response *d)
{
    static const enum fpool_status statuses[] = {
#define STATUS_OF(name, text, status) FPOOL_##status,
        FPOOL_DNS_STATUS_MAP(STATUS_OF)
#undef STATUS_OF
    };
    bool is_well = r->status == FPOOL_OK;
    size_t i;

    assert_int_equal(r->status, statuses[d->status]);
    assert_int_equal(r->code, d->rcode);
    assert_true(is_well || d->error_message[0] != '\0');
    assert_int_equal(d->rcode < 0, d->rcode_text[0] == '\0');
    assert_int_equal(d->resolver[0] == '\0', d->protocol[0] == '\0');
    assert_true(d->time_us >= 0);
    if (d->status == FPOOL_DNS_OK) {
        assert_true(d->n_records > 0);
        assert_int_equal(d->rcode, 0);
        assert_true(d->tries > 0 && d->resolver[0] != '\0');
    }
    if (d->status == FPOOL_DNS_TIMEOUT) {
        assert_string_equal(d->resolver, "");
    }
    for (i = 0; d->name[i] != '\0'; i++) {
        assert_false(isupper((unsigned char)d->name[i]));
    }
    for (i = 0; i < d->n_records; i++) {
        assert_string_not_equal(d->records[i].data, "6.6.6.6"); /* dnsd's lie */
    }
}

static void take(struct lookup *l, const struct fpool_result *r)
{
    const struct fpool_dns_response *d = fpool_result_dns(r);

    assert_true(r->index < l->n);
    assert_false(l->has_result[r->index]);
    assert_string_equal(r->engine, "dns");
    assert_string_equal(r->item.data, l->names[r->index]);
    if (d != NULL) {
        check_response(r, d);
    } else {
        assert_int_not_equal(r->status, FPOOL_OK);
    }
    l->has_result[r->index] = true;
    l->results[r->index] = *r;
    l->n_results++;
}

/* Takes up to 'n' results, each of which comes within the time; 0: all. */
static void take_some(struct lookup *l, struct fpool_results *results, size_t n,
                      int64_t timeout_ms)
{
    size_t wanted = l->n_results + n;
    struct fpool_result r;

    if (l->results == NULL) {
        l->results = calloc(l->n, sizeof(*l->results));
        l->has_result = calloc(l->n, sizeof(*l->has_result));
        assert_true(l->results != NULL && l->has_result != NULL);
    }
    while (n == 0 || l->n_results < wanted) {
        l->end = fpool_next(results, &r, timeout_ms);
        if (l->end != FPOOL_OK) {
            break;
        }
        take(l, &r);
    }
    l->stats.struct_size = sizeof(l->stats);
    assert_ok(fpool_dns_get_stats(results, &l->stats));
}

void lookup_take(struct lookup *l, struct fpool_results *results, size_t n)
{
    take_some(l, results, n, GUARD_MS);
}

void lookup_take_ready(struct lookup *l, struct fpool_results *results)
{
    take_some(l, results, 0, 1);
}

void lookup_run(struct lookup *l, struct fpool *pool, const struct fpool_op *op,
                const struct fpool_job_options *job)
{
    FPOOL_SCOPED struct fpool_results *results = NULL;
    int64_t start = lookup_now_us();

    assert_ok(fpool_imap_unordered(pool, op, lookup_source(l), job, &results));
    lookup_take(l, results, 0);
    l->time_us = lookup_now_us() - start;
    assert_status(l->end, FPOOL_END);
    assert_int_equal(l->n_results, l->n);
}

const struct fpool_dns_response *lookup_response(const struct lookup *l,
                                                 size_t i)
{
    const struct fpool_dns_response *d;

    assert_true(i < l->n && l->has_result[i]);
    d = fpool_result_dns(&l->results[i]);
    assert_non_null(d);
    return d;
}

size_t lookup_count(const struct lookup *l, enum fpool_dns_status status)
{
    size_t n = 0;
    size_t i;

    for (i = 0; i < l->n; i++) {
        n += l->has_result[i] && fpool_result_dns(&l->results[i]) != NULL &&
             lookup_response(l, i)->status == status;
    }
    return n;
}

size_t lookup_count_results(const struct lookup *l, enum fpool_status status)
{
    size_t n = 0;
    size_t i;

    for (i = 0; i < l->n; i++) {
        n += l->has_result[i] && l->results[i].status == status;
    }
    return n;
}

uint64_t lookup_n_tries(const struct lookup *l)
{
    uint64_t n = 0;
    size_t i;

    for (i = 0; i < l->n; i++) {
        n += lookup_response(l, i)->tries;
    }
    return n;
}

void lookup_check_address(const struct lookup *l, size_t i)
{
    const struct fpool_dns_response *d = lookup_response(l, i);
    uint32_t address;

    if (d->status != FPOOL_DNS_OK) {
        fail_msg("%s: %s", d->name, fpool_dns_status_text(d->status));
    }
    assert_int_equal(d->n_records, 1);
    assert_string_equal(d->records[0].name, d->name);
    memcpy(&address, d->records[0].address, sizeof(address));
    assert_int_equal(ntohl(address), server_address_of(d->name));
}

void lookup_check_addresses(const struct lookup *l)
{
    size_t i;

    for (i = 0; i < l->n; i++) {
        lookup_check_address(l, i);
    }
}

/* ---- Ends. */

void lookup_forget(struct lookup *l)
{
    size_t i;

    assert_int_equal(l->n_results, l->n);
    for (i = 0; i < l->n; i++) {
        fpool_result_release(&l->results[i]);
        l->has_result[i] = false;
    }
    l->n_results = 0;
}

void lookup_release(struct lookup *l)
{
    size_t i;

    for (i = 0; i < l->n; i++) {
        if (l->has_result != NULL && l->has_result[i]) {
            fpool_result_release(&l->results[i]);
        }
        free(l->names[i]);
    }
    free(l->results);
    free(l->has_result);
    free(l->names);
    memset(l, 0, sizeof(*l));
}

void lookup_one(struct fpool *pool, const struct fpool_op *op, const char *name,
                enum fpool_dns_status status)
{
    struct lookup l = { 0 };

    lookup_add(&l, 1, name);
    lookup_run(&l, pool, op, NULL);
    assert_int_equal(lookup_response(&l, 0)->status, status);
    if (status == FPOOL_DNS_OK) {
        lookup_check_address(&l, 0);
    }
    lookup_release(&l);
}

int64_t lookup_now_us(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}
