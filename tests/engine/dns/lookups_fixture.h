/* SPDX-License-Identifier: MIT */
/* Look-ups on a loop with a resolver of the test's own, and clients who want
 * addresses.
 *
 * Purpose: what the tests of look-ups do all the time.
 * Use:
 *     begin(&f, rules, options);
 *     check_asked(&f, "www.test", "192.0.2.1");
 *     check_known(&f, "www.test", "192.0.2.1");
 *     end(&f);
 *     assert_int_equal(f.n_questions, 1);
 * Ownership: fixture and clients are the caller's, and stay where they are.
 * Thread-safety: the main thread, except for the calls on the loop.
 * Limits: calls on the loop do not assert. */
#ifndef TESTS_ENGINE_DNS_LOOKUPS_FIXTURE_H
#define TESTS_ENGINE_DNS_LOOKUPS_FIXTURE_H

#include "engine/dns/lookups_private.h"

#include <malloc.h>
#include <string.h>

#include "engine/dns/on_loop.h"
#include "engine/dns/responder.h"

#define SECOND 1000000000LL

struct fixture {
    struct responder responder;
    struct on_loop loop;
    struct fpool_dns_lookups *l;
    bool is_open;
    /* ---- For calls on the loop. */
    const char *name;
    int64_t ns;
    size_t n_entries;
    size_t n_delayed;
    int64_t timer_when;
    int64_t delay_end;
    struct client *clients;
    unsigned n_clients;
    bool is_known;
    size_t used;     /* memory */
    int n_questions; /* see count_questions() */
    atomic_int n_finished;
};

/* Somebody who wants addresses. */
struct client {
    struct fpool_dns_request request;
    struct fixture *f;
    void (*then)(struct client *client); /* called by 'done'; or NULL */
    const char *name;
    char own_name[32];
    bool was_known; /* answered at once */
    atomic_int n_done;
    struct fpool_dns_addresses got;
};

static inline void run_round(void *self)
{
    struct fixture *f = self;

    if (f->is_open) {
        fpool_dns_lookups_round(f->l);
    }
}

static inline void open_on_loop(void *fixture)
{
    struct fixture *f = fixture;

    f->is_open = fpool_dns_lookups_open(f->l) == FPOOL_OK;
}

static inline void close_on_loop(void *fixture)
{
    struct fixture *f = fixture;

    f->is_open = false;
    fpool_dns_lookups_close(f->l);
}

/* Options, but for the servers, default to IPv6 first and no hosts file, and to
 * so much patience that a slow machine changes nothing. */
static inline void begin(struct fixture *f, const struct responder_rule *rules,
                         const struct fpool_dns_lookups_options *options)
{
    struct fpool_dns_lookups_options o = { 0 };

    memset(f, 0, sizeof(*f));
    if (options != NULL) {
        o = *options;
    }
    responder_start(&f->responder, rules);
    on_loop_begin(&f->loop, run_round, f);
    o.servers = f->responder.address;
    o.hosts = o.hosts == NULL ? "/dev/null" : o.hosts;
    o.v6 = o.v6 == FPOOL_DNS_V6_CHECK ? FPOOL_DNS_V6_GLOBAL : o.v6;
    o.delay_ms = o.delay_ms == 0 ? 1000000 : o.delay_ms;
    o.timeout_ms = o.timeout_ms == 0 ? 100000 : o.timeout_ms;
    o.tries = 16;
    assert_ok(fpool_dns_lookups_create(&f->l, f->loop.loop, &o));
    assert_ok(fpool_loop_start(f->loop.loop));
    on_loop_call(&f->loop, open_on_loop, f);
    assert_true(f->is_open);
}

/* Questions that were sent to the resolver; when it is slow, it sees some of
 * them again. */
static inline int count_questions(const struct fixture *f)
{
    const struct fpool_dns_counters *c = &f->l->asker->counters;

    return (int)(atomic_load(&c->sent) - atomic_load(&c->retries));
}

static inline void end(struct fixture *f)
{
    f->n_questions = count_questions(f);
    on_loop_call(&f->loop, close_on_loop, f);
    on_loop_end(&f->loop);
    fpool_dns_lookups_destroy(&f->l);
    responder_stop(&f->responder);
}

/* As it is by default. */
static const struct fpool_dns_lookups_options with_delay = { .delay_ms = 50 };

/* ---- Calls on the loop. */

static inline void client_done(struct fpool_dns_request *request,
                               const struct fpool_dns_addresses *addresses)
{
    struct client *c = FPOOL_OWNER_OF(request, struct client, request);

    c->got = *addresses;
    if (c->then != NULL) {
        c->then(c);
    }
    atomic_fetch_add(&c->n_done, 1);
}

static inline void client_get(void *client)
{
    struct client *c = client;
    const struct fpool_dns_addresses *a;

    c->request.done = client_done;
    a = fpool_dns_lookups_get(c->f->l, c->name, strlen(c->name), &c->request);
    c->was_known = a != NULL;
    if (a != NULL) {
        c->got = *a;
    }
}

static inline void client_cancel(void *client)
{
    struct client *c = client;

    fpool_dns_lookups_cancel(c->f->l, &c->request);
}

static inline void get_all(void *fixture)
{
    struct fixture *f = fixture;
    unsigned i;

    for (i = 0; i < f->n_clients; i++) {
        client_get(&f->clients[i]);
    }
}

static inline void prefetch(void *fixture)
{
    struct fixture *f = fixture;

    fpool_dns_lookups_prefetch(f->l, f->name, strlen(f->name));
}

static inline void forget(void *fixture)
{
    struct fixture *f = fixture;

    fpool_dns_lookups_forget(f->l, f->name, strlen(f->name));
}

static inline void advance(void *fixture)
{
    struct fixture *f = fixture;

    fpool_dns_lookups_advance(f->l, f->ns);
}

static inline void look(void *fixture)
{
    struct fixture *f = fixture;

    f->n_entries = fpool_dns_lookups_n_entries(f->l);
    f->used = mallinfo2().uordblks;
}

/* Entries that wait for their other family, when the first of them no longer
 * does, and the timer. */
static inline void look_at_delays(void *fixture)
{
    struct fixture *f = fixture;
    struct fpool_list *link = f->l->delayed.next;

    f->n_delayed = 0;
    f->timer_when = f->l->timer.node.when;
    f->delay_end = INT64_MAX;
    for (; link != &f->l->delayed; link = link->next) {
        const struct fpool_dns_entry *e =
            FPOOL_OWNER_OF(link, struct fpool_dns_entry, link);

        f->n_delayed++;
        f->delay_end = f->n_delayed == 1 ? e->delay_end : f->delay_end;
    }
}

/* ---- From the main thread. */

static inline void get(struct fixture *f, struct client *c, const char *name)
{
    memset(c, 0, sizeof(*c));
    c->f = f;
    c->name = name;
    on_loop_call(&f->loop, client_get, c);
}

static inline void await(struct client *c)
{
    await_count(&c->n_done, 1);
}

/* Gets a name, at once or later. */
static inline void get_and_await(struct fixture *f, struct client *c,
                                 const char *name)
{
    get(f, c, name);
    if (!c->was_known) {
        await(c);
    }
}

static inline void pass(struct fixture *f, int64_t seconds)
{
    f->ns = seconds * SECOND;
    on_loop_call(&f->loop, advance, f);
}

static inline void call(struct fixture *f, void (*function)(void *fixture),
                        const char *name)
{
    f->name = name;
    on_loop_call(&f->loop, function, f);
}

static inline size_t n_entries(struct fixture *f)
{
    on_loop_call(&f->loop, look, f);
    return f->n_entries;
}

/* Waits until one family of so many entries has come, and the other has not. */
static inline void await_delayed(struct fixture *f, size_t n)
{
    do {
        on_loop_call(&f->loop, look_at_delays, f);
    } while (f->n_delayed != n);
    on_loop_call(&f->loop, look_at_delays, f); /* once that round is over */
}

/* Waits until as many addresses are known. */
static inline void await_addresses(struct fixture *f, const char *name,
                                   size_t n)
{
    struct client c;

    do {
        get(f, &c, name);
        assert_true(c.was_known);
    } while (c.got.n < n);
}

/* Waits until a name that was prefetched is known. */
static inline void await_known(struct fixture *f, const char *name)
{
    struct client c;

    get_and_await(f, &c, name);
}

/* The answer as text: its addresses, or its status. */
static inline const char *shown(const struct client *c)
{
    static char text[FPOOL_DNS_MAX_ADDRESSES * FPOOL_DNS_SERVER_TEXT_SIZE];
    size_t used = 0;
    size_t i;

    if (c->got.n == 0) {
        return fpool_dns_status_text(c->got.status);
    }
    assert_int_equal(c->got.status, FPOOL_DNS_OK);
    for (i = 0; i < c->got.n; i++) {
        char one[FPOOL_DNS_SERVER_TEXT_SIZE];

        fpool_dns_address_text(&c->got.list[i], one);
        one[strlen(one) - 2] = '\0'; /* ":0" */
        used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%s",
                                 i == 0 ? "" : " ", one);
    }
    return text;
}

/* Asserts that the answer is known already. */
static inline void check_known(struct fixture *f, const char *name,
                               const char *wanted)
{
    struct client c;

    get(f, &c, name);
    assert_true(c.was_known);
    assert_string_equal(shown(&c), wanted);
}

/* Asserts that it is not, and what it turns out to be. */
static inline void check_asked(struct fixture *f, const char *name,
                               const char *wanted)
{
    struct client c;

    get(f, &c, name);
    assert_false(c.was_known);
    await(&c);
    assert_string_equal(shown(&c), wanted);
    assert_int_equal(c.n_done, 1);
}

static const char both[] = "[2001:db8::1] 192.0.2.1";

#endif
