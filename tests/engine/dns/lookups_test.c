/* SPDX-License-Identifier: MIT */
/* Look-ups: one question for all who want a name, what is kept and for how
 * long, bounds, and what needs no question. */
#include "engine/dns/lookups_fixture.h"

#include "base/mem.h"

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
    assert_int_equal(f.n_questions, 2);
    assert_true(f.responder.n_a > 0 && f.responder.n_aaaa > 0);
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
    assert_int_equal(f.n_questions, 12);
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
    assert_int_equal(f.n_questions, 8);
}

static void failures_are_kept_for_a_while(void **state)
{
    static const struct responder_rule rules[] = {
        { .name = "broken.test", .manner = RESPONDER_SERVFAIL }, { 0 }
    };
    /* More than a second, so that no pause of this machine's is in the way. */
    const struct fpool_dns_lookups_options options = { .failure_ttl = 50 };
    struct fixture f;

    (void)state;
    begin(&f, rules, &options);
    check_asked(&f, "broken.test", "servfail");
    check_known(&f, "broken.test", "servfail");
    pass(&f, 50);
    check_asked(&f, "broken.test", "servfail");
    end(&f);
    assert_int_equal(f.n_questions, 4);
}

static void silence_has_an_end(void **state)
{
    static const struct responder_rule rules[] = {
        { .name = "silent.test", .manner = RESPONDER_SILENT }, { 0 }
    };
    const struct fpool_dns_lookups_options options = { .timeout_ms = 50,
                                                       .failure_ttl = 50 };
    struct fixture f;
    struct client c;

    (void)state;
    begin(&f, rules, &options);
    get(&f, &c, "silent.test");
    await(&c);
    assert_string_equal(shown(&c), "timeout");
    assert_string_equal(c.got.reason, "no reply");
    check_known(&f, "silent.test", "timeout");
    end(&f);
}

/* ---- Bounds. */

/* Each client gets one name after the other, until there were 100,000. */
static void get_next(struct client *c)
{
    unsigned n = ++c->f->n_clients;

    if (n == 20000) {
        look(c->f);
    }
    if (n <= 50 + 100000) {
        snprintf(c->own_name, sizeof(c->own_name), "n%u.test", 100000 + n);
        c->name = c->own_name;
        client_get(c);
    } else {
        atomic_fetch_add(&c->f->n_finished, 1);
    }
}

static void a_hundred_thousand_names_take_the_memory_of_few(void **state)
{
    const struct fpool_dns_lookups_options options = { .families = FPOOL_DNS_V4,
                                                       .max_entries = 1000 };
    struct client clients[50];
    struct fixture f;
    size_t used;
    unsigned i;

    (void)state;
    begin(&f, NULL, &options);
    memset(clients, 0, sizeof(clients));
    for (i = 0; i < N_ELEMENTS(clients); i++) {
        clients[i].f = &f;
        clients[i].then = get_next;
        clients[i].name = "first.test";
    }
    f.clients = clients;
    f.n_clients = N_ELEMENTS(clients); /* 50 */
    on_loop_call(&f.loop, get_all, &f);
    await_count(&f.n_finished, N_ELEMENTS(clients));
    used = f.used;
    assert_int_equal(n_entries(&f), 1000);
    assert_in_range(f.used, 0, used + 100000);
    end(&f);
    assert_int_equal(f.n_questions, 100001);
    assert_int_equal(f.responder.n_aaaa, 0);
}

static void what_somebody_waits_for_stays(void **state)
{
    static const struct responder_rule rules[] = {
        { .name = "w0.test", .manner = RESPONDER_HOLD, .ttl = 300 },
        { .name = "w1.test", .manner = RESPONDER_HOLD, .ttl = 300 },
        { .name = "w2.test", .manner = RESPONDER_HOLD, .ttl = 300 },
        { .name = "w3.test", .manner = RESPONDER_HOLD, .ttl = 300 },
        { .name = "w4.test", .manner = RESPONDER_HOLD, .ttl = 300 },
        { 0 }
    };
    const struct fpool_dns_lookups_options options = { .max_entries = 2 };
    struct client clients[5];
    struct fixture f;
    unsigned i;

    (void)state;
    begin(&f, rules, &options);
    call(&f, prefetch, rules[0].name); /* before somebody does wait */
    for (i = 0; i < 5; i++) {
        get(&f, &clients[i], rules[i].name);
    }
    await_count(&f.responder.n_held, 10);
    assert_int_equal(n_entries(&f), 5);
    check_asked(&f, "other.test", both); /* and goes at once */
    assert_int_equal(n_entries(&f), 5);
    responder_release(&f.responder);
    for (i = 0; i < 5; i++) {
        await(&clients[i]);
        assert_string_equal(shown(&clients[i]), both);
    }
    assert_int_equal(n_entries(&f), 2);
    end(&f);
    assert_int_equal(f.n_questions, 12);
}

static void what_was_used_last_stays(void **state)
{
    const struct fpool_dns_lookups_options options = { .max_entries = 2 };
    struct fixture f;

    (void)state;
    begin(&f, NULL, &options);
    check_asked(&f, "a.test", both);
    check_asked(&f, "b.test", both);
    check_known(&f, "a.test", both);
    check_asked(&f, "c.test", both);
    check_known(&f, "a.test", both);
    check_asked(&f, "b.test", both);
    end(&f);
}

/* What nobody waits for goes, on its way or not. */
static void prefetched_names_are_bounded_too(void **state)
{
    static const struct responder_rule rules[] = {
        { .name = "p0.test", .manner = RESPONDER_HOLD, .ttl = 300 },
        { .name = "p1.test", .manner = RESPONDER_HOLD, .ttl = 300 },
        { .name = "p2.test", .manner = RESPONDER_HOLD, .ttl = 300 },
        { 0 }
    };
    const struct fpool_dns_lookups_options options = { .max_entries = 2 };
    struct fixture f;

    (void)state;
    begin(&f, rules, &options);
    call(&f, prefetch, "p0.test");
    call(&f, prefetch, "p1.test");
    await_count(&f.responder.n_held, 4);
    call(&f, prefetch, "p2.test");
    await_count(&f.responder.n_held, 6);
    assert_int_equal(n_entries(&f), 2);
    responder_release(&f.responder);
    check_asked(&f, "p0.test", both);
    end(&f);
    assert_int_equal(f.n_questions, 8);
}

/* Half an answer has come, and it goes. */
static void what_goes_waits_for_nothing(void **state)
{
    static const struct responder_rule rules[] = { { .name = "half.test",
                                                     .type = RESPONDER_AAAA,
                                                     .manner = RESPONDER_HOLD },
                                                   { 0 } };
    const struct fpool_dns_lookups_options options = { .max_entries = 1 };
    struct fixture f;

    (void)state;
    begin(&f, rules, &options);
    call(&f, prefetch, "half.test");
    await_delayed(&f, 1);
    check_asked(&f, "other.test", both);
    await_delayed(&f, 0);
    pass(&f, 10000);
    check_asked(&f, "other.test", both);
    end(&f);
}

/* With one place on the way, and nobody who answers, the others do not wait for
 * ever. */
static void what_waits_for_a_place_has_a_deadline(void **state)
{
    static const struct responder_rule rules[] = {
        { .name = "silent.test", .manner = RESPONDER_SILENT }, { 0 }
    };
    const struct fpool_dns_lookups_options options = { .in_flight = 1,
                                                       .timeout_ms = 50 };
    static const char *const names[] = { "silent.test", "a.test", "b.test" };
    struct client clients[N_ELEMENTS(names)];
    struct fixture f;
    unsigned i;

    (void)state;
    begin(&f, rules, &options);
    memset(clients, 0, sizeof(clients));
    for (i = 0; i < N_ELEMENTS(names); i++) {
        clients[i].f = &f;
        clients[i].name = names[i];
    }
    f.clients = clients;
    f.n_clients = N_ELEMENTS(names);
    on_loop_call(&f.loop, get_all, &f);
    for (i = 0; i < N_ELEMENTS(names); i++) {
        await(&clients[i]);
        assert_string_equal(shown(&clients[i]), "timeout");
    }
    end(&f);
}

/* ---- Before DNS. */

static void the_hosts_file_comes_first(void **state)
{
    static const char text[] = "192.0.2.77 own.test alias\r\n"
                               "2001:db8::77 Own.Test # ours\r\n"
                               "0.0.0.0 blocked.test\r\n"
                               "192.0.2.78 localhost\r\n";
    char path[] = "/tmp/fetchpool-lookups-XXXXXX";
    const struct fpool_dns_lookups_options options = { .hosts = path };
    struct fixture f;
    struct client c;
    int fd = mkstemp(path);

    (void)state;
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, sizeof(text) - 1), sizeof(text) - 1);
    begin(&f, NULL, &options);
    check_known(&f, "own.test", "[2001:db8::77] 192.0.2.77");
    check_known(&f, "ALIAS.", "192.0.2.77");
    check_known(&f, "localhost", "[::1] 127.0.0.1");
    get(&f, &c, "blocked.test");
    assert_string_equal(shown(&c), "nodata");
    assert_string_equal(c.got.reason, "the hosts file gives it no address");
    check_asked(&f, "new.test", both);
    assert_int_equal(count_questions(&f), 2);
    /* What the file says now counts more than what is known. */
    assert_int_equal(write(fd, "192.0.2.79 new.test\n", 20), 20);
    check_known(&f, "new.test", both);
    pass(&f, 5);
    check_known(&f, "new.test", "192.0.2.79");
    assert_int_equal(ftruncate(fd, 0), 0);
    pass(&f, 5);
    check_known(&f, "new.test", both);
    check_asked(&f, "own.test", both);
    end(&f);
    close(fd);
    unlink(path);
}

static void nobody_is_asked_without_need(void **state)
{
    struct fixture f;

    (void)state;
    begin(&f, NULL, NULL);
    check_known(&f, "192.0.2.5", "192.0.2.5");
    check_known(&f, "[2001:db8::5]", "[2001:db8::5]");
    check_known(&f, "a.localhost", "[::1] 127.0.0.1");
    check_known(&f, "a.onion", "nxdomain");
    check_known(&f, "a..b", "badname");
    check_known(&f, "", "badname");
    assert_int_equal(n_entries(&f), 0);
    end(&f);
    assert_int_equal(f.n_questions, 0);
}

/* ---- No memory. */

static void get_without_memory(void *client)
{
    struct client *c = client;

    fpool_mem_fail_at(c->f->n_clients, 0);
    client_get(c);
    fpool_mem_fail_at(0, 0);
}

static void without_memory_it_is_told_at_once(void **state)
{
    struct fixture f;
    struct client c;
    unsigned n;

    (void)state;
    begin(&f, NULL, NULL);
    for (n = 1;; n++) {
        memset(&c, 0, sizeof(c));
        c.f = &f;
        c.name = "www.test";
        f.n_clients = n;
        on_loop_call(&f.loop, get_without_memory, &c);
        if (!c.was_known) {
            break;
        }
        assert_string_equal(shown(&c), "failed");
        assert_string_equal(c.got.reason, "out of memory");
        assert_int_equal(n_entries(&f), 0);
    }
    assert_int_equal(n, 4); /* an entry, and two questions */
    await(&c);
    assert_string_equal(shown(&c), both);
    end(&f);
    assert_int_equal(f.n_questions, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_thousand_requests_make_two_questions),
        cmocka_unit_test(what_is_known_is_given_until_its_ttl_ends),
        cmocka_unit_test(bounds_are_options),
        cmocka_unit_test(absence_is_kept),
        cmocka_unit_test(failures_are_kept_for_a_while),
        cmocka_unit_test(silence_has_an_end),
        cmocka_unit_test(a_hundred_thousand_names_take_the_memory_of_few),
        cmocka_unit_test(what_somebody_waits_for_stays),
        cmocka_unit_test(what_was_used_last_stays),
        cmocka_unit_test(what_goes_waits_for_nothing),
        cmocka_unit_test(prefetched_names_are_bounded_too),
        cmocka_unit_test(what_waits_for_a_place_has_a_deadline),
        cmocka_unit_test(the_hosts_file_comes_first),
        cmocka_unit_test(nobody_is_asked_without_need),
        cmocka_unit_test(without_memory_it_is_told_at_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
