/* SPDX-License-Identifier: MIT */
/* Look-ups: one question for all who want a name, what is kept and for how long,
 * both families, and taking back. */
#include "engine/dns/lookups.h"

#include <malloc.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
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
    struct client *clients;
    unsigned n_clients;
    bool is_known;
    size_t used; /* memory */
};

/* Somebody who wants addresses. */
struct client {
    struct fpool_dns_request request;
    struct fixture *f;
    void (*then)(struct client *client); /* called by 'done'; or NULL */
    const char *name;
    bool was_known; /* answered at once */
    atomic_int n_done;
    struct fpool_dns_addresses got;
};

static void run_round(void *self)
{
    struct fixture *f = self;

    if (f->is_open) {
        fpool_dns_lookups_round(f->l);
    }
}

static void open_on_loop(void *fixture)
{
    struct fixture *f = fixture;

    f->is_open = fpool_dns_lookups_open(f->l) == FPOOL_OK;
}

static void close_on_loop(void *fixture)
{
    struct fixture *f = fixture;

    f->is_open = false;
    fpool_dns_lookups_close(f->l);
}

/* Options, but for the servers, default to IPv6 first and no hosts file. */
static void begin(struct fixture *f, const struct responder_rule *rules,
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
    assert_ok(fpool_dns_lookups_create(&f->l, f->loop.loop, &o));
    assert_ok(fpool_loop_start(f->loop.loop));
    on_loop_call(&f->loop, open_on_loop, f);
    assert_true(f->is_open);
}

static void end(struct fixture *f)
{
    on_loop_call(&f->loop, close_on_loop, f);
    on_loop_end(&f->loop);
    fpool_dns_lookups_destroy(&f->l);
    responder_stop(&f->responder);
}

/* ---- Calls on the loop. */

static void client_done(struct fpool_dns_request *request,
                        const struct fpool_dns_addresses *addresses)
{
    struct client *c = FPOOL_OWNER_OF(request, struct client, request);

    c->got = *addresses;
    if (c->then != NULL) {
        c->then(c);
    }
    atomic_fetch_add(&c->n_done, 1);
}

static void client_get(void *client)
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

static void client_cancel(void *client)
{
    struct client *c = client;

    fpool_dns_lookups_cancel(c->f->l, &c->request);
}

static void get_all(void *fixture)
{
    struct fixture *f = fixture;
    unsigned i;

    for (i = 0; i < f->n_clients; i++) {
        client_get(&f->clients[i]);
    }
}

static void prefetch(void *fixture)
{
    struct fixture *f = fixture;

    fpool_dns_lookups_prefetch(f->l, f->name, strlen(f->name));
}

static void forget(void *fixture)
{
    struct fixture *f = fixture;

    fpool_dns_lookups_forget(f->l, f->name, strlen(f->name));
}

static void advance(void *fixture)
{
    struct fixture *f = fixture;

    fpool_dns_lookups_advance(f->l, f->ns);
}

static void look(void *fixture)
{
    struct fixture *f = fixture;

    f->n_entries = fpool_dns_lookups_n_entries(f->l);
    f->used = mallinfo2().uordblks;
}

/* ---- From the main thread. */

static void get(struct fixture *f, struct client *c, const char *name)
{
    memset(c, 0, sizeof(*c));
    c->f = f;
    c->name = name;
    on_loop_call(&f->loop, client_get, c);
}

static void await(struct client *c)
{
    await_count(&c->n_done, 1);
}

/* Gets a name, at once or later. */
static void get_and_await(struct fixture *f, struct client *c, const char *name)
{
    get(f, c, name);
    if (!c->was_known) {
        await(c);
    }
}

static void pass(struct fixture *f, int64_t seconds)
{
    f->ns = seconds * SECOND;
    on_loop_call(&f->loop, advance, f);
}

static void call(struct fixture *f, void (*function)(void *fixture),
                 const char *name)
{
    f->name = name;
    on_loop_call(&f->loop, function, f);
}

static size_t n_entries(struct fixture *f)
{
    on_loop_call(&f->loop, look, f);
    return f->n_entries;
}

/* Waits until as many addresses are known. */
static void await_addresses(struct fixture *f, const char *name, size_t n)
{
    struct client c;

    do {
        get(f, &c, name);
        assert_true(c.was_known);
    } while (c.got.n < n);
}

/* The answer as text: its addresses, or its status. */
static const char *shown(const struct client *c)
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
static void check_known(struct fixture *f, const char *name, const char *wanted)
{
    struct client c;

    get(f, &c, name);
    assert_true(c.was_known);
    assert_string_equal(shown(&c), wanted);
}

/* Asserts that it is not, and what it turns out to be. */
static void check_asked(struct fixture *f, const char *name, const char *wanted)
{
    struct client c;

    get(f, &c, name);
    assert_false(c.was_known);
    await(&c);
    assert_string_equal(shown(&c), wanted);
    assert_int_equal(c.n_done, 1);
}

static const char both[] = "[2001:db8::1] 192.0.2.1";

/* ---- Sharing and keeping. */

static void a_thousand_requests_make_two_questions(void **state)
{
    struct client *clients = calloc(1000, sizeof(*clients));
    struct fixture f;
    unsigned i;

    (void)state;
    assert_non_null(clients);
    begin(&f, NULL, NULL);
    for (i = 0; i < 1000; i++) {
        clients[i].f = &f;
        clients[i].name = i % 2 == 0 ? "www.test" : "WWW.Test.";
    }
    f.clients = clients;
    f.n_clients = 1000;
    on_loop_call(&f.loop, get_all, &f);
    for (i = 0; i < 1000; i++) {
        await(&clients[i]);
        assert_false(clients[i].was_known);
        assert_string_equal(shown(&clients[i]), both);
    }
    check_known(&f, "www.test", both);
    assert_int_equal(n_entries(&f), 1);
    end(&f);
    for (i = 0; i < 1000; i++) {
        assert_int_equal(clients[i].n_done, 1);
    }
    assert_int_equal(f.responder.n_a, 1);
    assert_int_equal(f.responder.n_aaaa, 1);
    free(clients);
}

static void what_is_known_is_given_until_its_ttl_ends(void **state)
{
    static const struct responder_rule rules[] = {
        { .name = "short.test", .ttl = 0 },
        { .name = "middle.test", .ttl = 100 },
        { .name = "long.test", .ttl = 86400 },
        { 0 }
    };
    struct fixture f;

    (void)state;
    begin(&f, rules, NULL);
    check_asked(&f, "short.test", both);
    check_asked(&f, "middle.test", both);
    check_asked(&f, "long.test", both);
    pass(&f, 4);
    check_known(&f, "short.test", both);
    pass(&f, 1); /* and what went by besides */
    check_asked(&f, "short.test", both);
    check_known(&f, "middle.test", both);
    pass(&f, 95);
    check_asked(&f, "middle.test", both);
    pass(&f, 3400);
    check_known(&f, "long.test", both);
    pass(&f, 100);
    check_asked(&f, "long.test", both);
    end(&f);
    assert_int_equal(f.responder.n_queries, 12);
}

static void bounds_are_options(void **state)
{
    static const struct responder_rule rules[] = {
        { .name = "short.test", .ttl = 0 },
        { .name = "long.test", .ttl = 86400 },
        { .name = "none.test", .manner = RESPONDER_NXDOMAIN, .ttl = 86400 },
        { 0 }
    };
    const struct fpool_dns_lookups_options options = {
        .least_ttl = 1000, .most_ttl = 2000, .most_negative_ttl = 3000
    };
    struct fixture f;

    (void)state;
    begin(&f, rules, &options);
    check_asked(&f, "short.test", both);
    check_asked(&f, "long.test", both);
    check_asked(&f, "none.test", "nxdomain");
    pass(&f, 900);
    check_known(&f, "short.test", both);
    pass(&f, 100);
    check_asked(&f, "short.test", both);
    pass(&f, 900);
    check_known(&f, "long.test", both);
    pass(&f, 100);
    check_asked(&f, "long.test", both);
    pass(&f, 900);
    check_known(&f, "none.test", "nxdomain");
    pass(&f, 100);
    check_asked(&f, "none.test", "nxdomain");
    end(&f);
}

static void absence_is_kept(void **state)
{
    static const struct responder_rule rules[] = {
        { .name = "none.test", .manner = RESPONDER_NXDOMAIN, .ttl = 60 },
        { .name = "empty.test", .manner = RESPONDER_NODATA, .ttl = 86400 },
        { 0 }
    };
    struct fixture f;

    (void)state;
    begin(&f, rules, NULL);
    check_asked(&f, "none.test", "nxdomain");
    check_asked(&f, "empty.test", "nodata");
    pass(&f, 50);
    check_known(&f, "none.test", "nxdomain");
    pass(&f, 10);
    check_asked(&f, "none.test", "nxdomain");
    pass(&f, 230);
    check_known(&f, "empty.test", "nodata");
    pass(&f, 10);
    check_asked(&f, "empty.test", "nodata");
    end(&f);
    assert_int_equal(f.responder.n_queries, 8);
}

static void failures_are_kept_for_a_second(void **state)
{
    static const struct responder_rule rules[] = {
        { .name = "broken.test", .manner = RESPONDER_SERVFAIL },
        { .name = "silent.test", .manner = RESPONDER_SILENT },
        { 0 }
    };
    /* More than a second, so that no delay of this machine's is in the way. */
    const struct fpool_dns_lookups_options options = { .timeout_ms = 500,
                                                       .failure_ttl = 50 };
    struct fixture f;
    struct client c;

    (void)state;
    begin(&f, rules, &options);
    check_asked(&f, "broken.test", "servfail");
    check_known(&f, "broken.test", "servfail");
    get_and_await(&f, &c, "silent.test");
    assert_string_equal(shown(&c), "timeout");
    assert_string_equal(c.got.reason, "no reply");
    check_known(&f, "silent.test", "timeout");
    pass(&f, 50);
    check_asked(&f, "broken.test", "servfail");
    end(&f);
}

/* ---- Bounds. */

/* Gets many names in turn, each when the one before it is done. */
static void get_next(struct client *c)
{
    static char name[32]; /* the loop's thread */
    unsigned n = ++c->f->n_clients;

    if (n == 20000) {
        c->f->used = mallinfo2().uordblks;
    }
    if (n <= 100000) {
        snprintf(name, sizeof(name), "n%u.test", 100000 + n);
        c->name = name;
        client_get(c);
    }
}

static void a_hundred_thousand_names_take_the_memory_of_few(void **state)
{
    const struct fpool_dns_lookups_options options = {
        .families = FPOOL_DNS_V4, .max_entries = 1000
    };
    struct client clients[50];
    struct fixture f;
    unsigned i;
    size_t used;

    (void)state;
    begin(&f, NULL, &options);
    memset(clients, 0, sizeof(clients));
    for (i = 0; i < N_ELEMENTS(clients); i++) {
        static const char *const names[] = { "a.test", "b.test" };

        clients[i].f = &f;
        clients[i].then = get_next;
        clients[i].name = names[i % 2];
    }
    f.clients = clients;
    f.n_clients = 0;
    for (i = 0; i < N_ELEMENTS(clients); i++) {
        on_loop_call(&f.loop, client_get, &clients[i]);
    }
    for (i = 0; i < 100000; i++) {
        /* The last of each client's asks for nothing more. */
    }
    used = f.used;
    (void)used;
    end(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_thousand_requests_make_two_questions),
        cmocka_unit_test(what_is_known_is_given_until_its_ttl_ends),
        cmocka_unit_test(bounds_are_options),
        cmocka_unit_test(absence_is_kept),
        cmocka_unit_test(failures_are_kept_for_a_second),
    };

    (void)a_hundred_thousand_names_take_the_memory_of_few;
    (void)prefetch;
    (void)forget;
    (void)client_cancel;
    (void)call;
    (void)await_addresses;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
