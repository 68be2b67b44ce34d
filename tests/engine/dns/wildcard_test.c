/* SPDX-License-Identifier: MIT */
/* Wildcards: names that a zone makes up are told from those that exist. */
#include <string.h>

#include "engine/dns/lookup.h"
#include "engine/dns/server.h"

#define N_NAMES 500

static struct server server;
static struct fpool *pool;

static int set_up(void **state)
{
    (void)state;
    server_start(&server, NULL);
    pool = make_pool(1);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    fpool_destroy(&pool);
    server_stop(&server);
    server_release(&server);
    return 0;
}

struct found {
    unsigned n_ok;
    unsigned n_wildcard;
};

static struct found count(const struct lookup *l)
{
    struct found found = { 0, 0 };
    size_t i;

    for (i = 0; i < l->n; i++) {
        const struct fpool_dns_response *d = lookup_response(l, i);

        found.n_ok += d->status == FPOOL_DNS_OK;
        found.n_wildcard += d->is_wildcard;
    }
    return found;
}

/* Looks up 'n' names made from 'format'. */
static struct found look_up(const char *format, unsigned n, const char *type,
                            uint32_t flags)
{
    struct lookup l = { 0 };
    struct found found;

    lookup_add(&l, n, format);
    lookup_run(&l, pool,
               FPOOL_DNS(.resolvers = server.address, .type = type,
                         .flags = flags),
               NULL);
    found = count(&l);
    lookup_release(&l);
    return found;
}

static void a_zone_that_answers_everything(void **state)
{
    struct found found;

    (void)state;
    found = look_up("host%u.wild.test", N_NAMES, "A", FPOOL_DNS_WILDCARDS);
    assert_int_equal(found.n_ok, N_NAMES);
    assert_int_equal(found.n_wildcard, N_NAMES);
}

static void names_of_their_own_stand_out(void **state)
{
    struct found found;

    (void)state;
    found = look_up("exists%u.wild.test", N_NAMES, "A", FPOOL_DNS_WILDCARDS);
    assert_int_equal(found.n_ok, N_NAMES);
    assert_int_equal(found.n_wildcard, 0);
}

static void one_of_many_addresses_each_time(void **state)
{
    struct found found;

    (void)state;
    found = look_up("host%u.wildmany.test", N_NAMES, "A", FPOOL_DNS_WILDCARDS);
    assert_int_equal(found.n_wildcard, N_NAMES);
    found = look_up("exists%u.wildmany.test", N_NAMES, "A",
                    FPOOL_DNS_WILDCARDS);
    assert_int_equal(found.n_ok, N_NAMES);
    assert_int_equal(found.n_wildcard, 0);
}

static void an_honest_zone(void **state)
{
    struct found found;

    (void)state;
    found = look_up("exists%u.real.test", N_NAMES, "A", FPOOL_DNS_WILDCARDS);
    assert_int_equal(found.n_ok, N_NAMES);
    assert_int_equal(found.n_wildcard, 0);
    found = look_up("host%u.real.test", N_NAMES, "A", FPOOL_DNS_WILDCARDS);
    assert_int_equal(found.n_ok, 0);
}

static void other_types(void **state)
{
    struct found found;

    (void)state;
    found = look_up("host%u.wild.test", 20, "AAAA", FPOOL_DNS_WILDCARDS);
    assert_int_equal(found.n_ok, 20);
    assert_int_equal(found.n_wildcard, 20);
}

static void nobody_is_probed_unless_asked_for(void **state)
{
    struct found found;

    (void)state;
    found = look_up("host%u.wild.test", 20, "A", 0);
    assert_int_equal(found.n_wildcard, 0);
    fpool_destroy(&pool);
    server_stop(&server);
    assert_int_equal(server_count(&server, "udp"), 20);
    server_release(&server);
    set_up(NULL);
}

/* Three probes clear or convict a zone, however many names it has. */
static void probes_are_few(void **state)
{
    (void)state;
    look_up("host%u.wild.test", N_NAMES, "A", FPOOL_DNS_WILDCARDS);
    look_up("exists%u.real.test", N_NAMES, "A", FPOOL_DNS_WILDCARDS);
    fpool_destroy(&pool);
    server_stop(&server);
    assert_int_equal(server_count(&server, "udp"), 2 * N_NAMES + 3 + 1);
    server_release(&server);
    set_up(NULL);
}

/* The end comes while names wait to hear about their zones. */
static void the_end_while_names_wait(void **state)
{
    static const char *const options[] = { "--delay", "200", NULL };
    struct server slow;
    int round;

    (void)state;
    server_start(&slow, options);
    for (round = 0; round < 4; round++) {
        struct fpool_results *results = NULL;
        struct lookup l = { 0 };

        lookup_add(&l, 30, "a%u.wild.test");
        lookup_add(&l, 30, "exists%u.real.test");
        assert_ok(fpool_imap_unordered(
            pool,
            FPOOL_DNS(.resolvers = slow.address, .flags = FPOOL_DNS_WILDCARDS),
            lookup_source(&l), FPOOL_JOB(.deadline_ms = 100 + 150 * round),
            &results));
        lookup_take(&l, results, 0);
        fpool_results_destroy(&results);
        assert_int_equal(l.n_results, 60);
        lookup_release(&l);
    }
    server_stop(&slow);
    server_release(&slow);
}

#define WITH_SERVER(test)                                                      \
    cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_SERVER(a_zone_that_answers_everything),
        WITH_SERVER(names_of_their_own_stand_out),
        WITH_SERVER(one_of_many_addresses_each_time),
        WITH_SERVER(an_honest_zone),
        WITH_SERVER(other_types),
        WITH_SERVER(nobody_is_probed_unless_asked_for),
        WITH_SERVER(probes_are_few),
        WITH_SERVER(the_end_while_names_wait),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
