/* SPDX-License-Identifier: MIT */
/* Look-ups that are taken back, made ahead, forgotten, and what may be called
 * from the end of one. */
#include "engine/dns/lookups_fixture.h"

/* ---- Taking back. */

static void get_and_cancel(void *client)
{
    client_get(client);
    client_cancel(client);
}

/* Before it is sent, on its way, beside another, and once it is done. */
static void a_request_is_taken_back_in_every_state(void **state)
{
    static const struct responder_rule rules[] = {
        { .name = "slow.test", .manner = RESPONDER_HOLD, .ttl = 300 }, { 0 }
    };
    struct fixture f;
    struct client first = { .f = &f, .name = "slow.test" };
    struct client second;
    struct client third;

    (void)state;
    begin(&f, rules, NULL);
    on_loop_call(&f.loop, get_and_cancel, &first);
    assert_false(first.was_known);
    await_count(&f.responder.n_held, 2); /* It goes on, for the cache. */
    get(&f, &second, "slow.test");
    get(&f, &third, "slow.test");
    on_loop_call(&f.loop, client_cancel, &second);
    on_loop_call(&f.loop, client_cancel, &second);
    responder_release(&f.responder);
    await(&third);
    assert_string_equal(shown(&third), both);
    on_loop_call(&f.loop, client_cancel, &third);
    assert_int_equal(first.n_done, 0);
    assert_int_equal(second.n_done, 0);
    assert_int_equal(third.n_done, 1);
    check_known(&f, "slow.test", both);
    end(&f);
    assert_int_equal(f.n_questions, 2);
}

/* Takes back all that are not done. */
static void cancel_others(struct client *c)
{
    unsigned i;

    for (i = 0; i < c->f->n_clients; i++) {
        client_cancel(&c->f->clients[i]);
    }
}

static void one_that_is_called_may_take_back_the_others(void **state)
{
    struct client clients[3] = { { .name = "www.test" },
                                 { .name = "www.test" },
                                 { .name = "www.test" } };
    struct fixture f;
    unsigned i;

    (void)state;
    begin(&f, NULL, NULL);
    for (i = 0; i < 3; i++) {
        clients[i].f = &f;
        clients[i].then = cancel_others;
    }
    f.clients = clients;
    f.n_clients = 3;
    on_loop_call(&f.loop, get_all, &f);
    await(&clients[0]);
    check_known(&f, "www.test", both);
    end(&f);
    assert_int_equal(clients[0].n_done, 1);
    assert_int_equal(clients[1].n_done, 0);
    assert_int_equal(clients[2].n_done, 0);
}

/* The same, and the entry that they waited for is gone by then. */
static void the_others_may_be_taken_back_after_their_entry(void **state)
{
    static const struct responder_rule rules[] = {
        { .name = "slow.test", .manner = RESPONDER_HOLD }, { 0 }
    };
    const struct fpool_dns_lookups_options options = { .max_entries = 1 };
    struct client clients[2] = { { .name = "www.test" },
                                 { .name = "www.test" } };
    struct client slow;
    struct fixture f;
    unsigned i;

    (void)state;
    begin(&f, rules, &options);
    get(&f, &slow, "slow.test");
    for (i = 0; i < 2; i++) {
        clients[i].f = &f;
        clients[i].then = cancel_others;
    }
    f.clients = clients;
    f.n_clients = 2;
    on_loop_call(&f.loop, get_all, &f);
    await(&clients[0]);
    assert_int_equal(n_entries(&f), 1);
    on_loop_call(&f.loop, client_cancel, &slow);
    end(&f);
    assert_int_equal(clients[1].n_done, 0);
}

/* One waits for two families, and is taken back between their arrivals; then
 * nobody waits while the delay goes by. */
static void nobody_waits_for_the_other_family(void **state)
{
    static const struct responder_rule rules[] = { { .name = "half.test",
                                                     .type = RESPONDER_AAAA,
                                                     .manner = RESPONDER_HOLD,
                                                     .ttl = 300 },
                                                   { 0 } };
    struct fixture f;
    struct client c;

    (void)state;
    begin(&f, rules, &with_delay);
    get(&f, &c, "half.test");
    await_count(&f.responder.n_held, 1);
    on_loop_call(&f.loop, client_cancel, &c);
    pass(&f, 1);
    do { /* until A has come, and the delay is over */
        get(&f, &c, "half.test");
        on_loop_call(&f.loop, client_cancel, &c);
        pass(&f, 1);
    } while (!c.was_known);
    assert_string_equal(shown(&c), "192.0.2.1");
    responder_release(&f.responder);
    await_addresses(&f, "half.test", 2);
    end(&f);
    assert_int_equal(f.n_questions, 2);
}

static void the_end_takes_back_what_is_asked(void **state)
{
    static const struct responder_rule rules[] = {
        { .name = "slow.test", .manner = RESPONDER_HOLD }, { 0 }
    };
    struct fixture f;
    struct client c;

    (void)state;
    begin(&f, rules, NULL);
    get(&f, &c, "slow.test");
    call(&f, prefetch, "known.test");
    await_known(&f, "known.test");
    await_count(&f.responder.n_held, 2);
    on_loop_call(&f.loop, client_cancel, &c);
    end(&f);
    assert_int_equal(c.n_done, 0);
}

/* ---- What may be done from 'done'. */

static void do_everything(struct client *c)
{
    struct fixture *f = c->f;
    struct client *other = &f->clients[1];

    other->f = f;
    other->name = "www.test"; /* the same name: it is known now */
    client_get(other);
    f->is_known = other->was_known;
    forget(f); /* too young */
    client_cancel(other);
    client_cancel(c);
    other->name = "other.test";
    client_get(other);
    prefetch(f);
}

static void one_that_is_called_may_call(void **state)
{
    struct client clients[2];
    struct client third;
    struct fixture f;

    (void)state;
    begin(&f, NULL, NULL);
    memset(clients, 0, sizeof(clients));
    clients[0].f = &f;
    clients[0].name = "www.test";
    clients[0].then = do_everything;
    f.clients = clients;
    f.name = "third.test";
    on_loop_call(&f.loop, client_get, &clients[0]);
    await(&clients[0]);
    await(&clients[1]);
    assert_true(f.is_known);
    assert_string_equal(shown(&clients[0]), both);
    assert_string_equal(shown(&clients[1]), both);
    get_and_await(&f, &third, "third.test");
    end(&f);
    assert_int_equal(f.n_questions, 6);
}

static void get_another(struct client *c)
{
    client_get(&c->f->clients[1]);
}

/* The end of the silent one comes from a timer of the asker's: nothing but the
 * new request itself brings the next round. */
static void one_that_timed_out_may_ask_for_another(void **state)
{
    static const struct responder_rule rules[] = {
        { .name = "silent.test", .manner = RESPONDER_SILENT }, { 0 }
    };
    const struct fpool_dns_lookups_options options = { .timeout_ms = 300 };
    struct client clients[2] = { { .name = "silent.test" },
                                 { .name = "www.test" } };
    struct fixture f;

    (void)state;
    begin(&f, rules, &options);
    clients[0].f = clients[1].f = &f;
    clients[0].then = get_another;
    f.clients = clients;
    on_loop_call(&f.loop, client_get, &clients[0]);
    await(&clients[0]);
    await(&clients[1]);
    assert_string_equal(shown(&clients[0]), "timeout");
    assert_string_equal(shown(&clients[1]), both);
    end(&f);
}

/* ---- Prefetch, forget. */

static void what_was_prefetched_is_there(void **state)
{
    static const struct responder_rule rules[] = {
        { .name = "slow.test", .manner = RESPONDER_HOLD, .ttl = 300 }, { 0 }
    };
    struct fixture f;
    struct client c;

    (void)state;
    begin(&f, rules, NULL);
    call(&f, prefetch, "www.test");
    await_known(&f, "www.test");
    check_known(&f, "www.test", both);
    call(&f, prefetch, "www.test");
    assert_int_equal(count_questions(&f), 2);

    call(&f, prefetch, "slow.test");
    await_count(&f.responder.n_held, 2);
    get(&f, &c, "slow.test"); /* shares the question */
    assert_false(c.was_known);
    call(&f, prefetch, "slow.test");
    responder_release(&f.responder);
    await(&c);
    call(&f, prefetch, "127.0.0.1");
    call(&f, prefetch, "no name");
    assert_int_equal(n_entries(&f), 2);
    end(&f);
    assert_int_equal(f.n_questions, 4);
}

static void what_was_forgotten_is_asked_again(void **state)
{
    const struct fpool_dns_lookups_options options = { .failure_ttl = 100 };
    struct fixture f;

    (void)state;
    begin(&f, NULL, &options);
    check_asked(&f, "www.test", both);
    call(&f, forget, "www.test");
    check_known(&f, "www.test", both); /* It was asked just now. */
    pass(&f, 100);
    call(&f, forget, "www.test");
    assert_int_equal(n_entries(&f), 0);
    check_asked(&f, "www.test", both);
    call(&f, forget, "never.test");
    call(&f, forget, "no name");
    call(&f, forget, "127.0.0.1");
    end(&f);
    assert_int_equal(f.n_questions, 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_request_is_taken_back_in_every_state),
        cmocka_unit_test(one_that_is_called_may_take_back_the_others),
        cmocka_unit_test(the_others_may_be_taken_back_after_their_entry),
        cmocka_unit_test(nobody_waits_for_the_other_family),
        cmocka_unit_test(the_end_takes_back_what_is_asked),
        cmocka_unit_test(one_that_is_called_may_call),
        cmocka_unit_test(one_that_timed_out_may_ask_for_another),
        cmocka_unit_test(what_was_prefetched_is_there),
        cmocka_unit_test(what_was_forgotten_is_asked_again),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
