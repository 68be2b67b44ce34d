/* SPDX-License-Identifier: MIT */
/* The queue before an asker: every question ends, in time, and once. */
#include "engine/dns/queue.h"

#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "engine/dns/on_loop.h"
#include "engine/dns/responder.h"
#include "engine/dns/type.h"

struct fixture {
    struct responder responder;
    struct on_loop loop;
    struct fpool_dns_asker *asker;
    struct fpool_dns_queue queue;
    bool is_open;
    struct fpool_dns_queued *asked; /* the last one */
    unsigned n_wanted;              /* for ask_many() */
    atomic_int n_ok;
    atomic_int n_timeouts;
    atomic_int n_too_slow; /* of these, never fed */
    atomic_int n_ends;
    int64_t next; /* for get_next() */
};

static void run_round(void *self)
{
    struct fixture *f = self;

    if (f->is_open) {
        fpool_dns_queue_round(&f->queue, fpool_loop_now(f->loop.loop));
        fpool_dns_asker_round(f->asker);
    }
}

static void open_on_loop(void *fixture)
{
    struct fixture *f = fixture;

    f->is_open = fpool_dns_asker_open(f->asker) == FPOOL_OK;
}

static void close_on_loop(void *fixture)
{
    struct fixture *f = fixture;

    f->is_open = false;
    fpool_dns_queue_fini(&f->queue);
    fpool_dns_asker_close(f->asker);
}

static void begin(struct fixture *f, const struct responder_rule *rules,
                  unsigned in_flight, int64_t timeout)
{
    struct fpool_dns_servers servers;
    struct fpool_dns_asker_options options = { .servers = &servers };

    memset(f, 0, sizeof(*f));
    fpool_dns_library_init();
    responder_start(&f->responder, rules);
    on_loop_begin(&f->loop, run_round, f);
    assert_ok(fpool_dns_servers_parse(&servers, f->responder.address, NULL));
    assert_ok(fpool_dns_asker_create(&f->asker, f->loop.loop, &options));
    fpool_dns_servers_fini(&servers);
    fpool_dns_queue_init(&f->queue, f->asker, in_flight, 16, timeout);
    assert_ok(fpool_loop_start(f->loop.loop));
    on_loop_call(&f->loop, open_on_loop, f);
    assert_true(f->is_open);
}

static void end(struct fixture *f)
{
    on_loop_call(&f->loop, close_on_loop, f);
    on_loop_end(&f->loop);
    fpool_dns_asker_destroy(&f->asker);
    responder_stop(&f->responder);
}

static void done(struct fpool_dns_queued *queued,
                 const struct fpool_dns_outcome *outcome)
{
    struct fixture *f = queued->owner;

    if (outcome->status == FPOOL_DNS_OK) {
        atomic_fetch_add(&f->n_ok, 1);
    } else if (outcome->status == FPOOL_DNS_TIMEOUT) {
        atomic_fetch_add(&f->n_timeouts, 1);
        if (strcmp(outcome->reason,
                   "the resolvers are too slow for all that is asked") == 0) {
            atomic_fetch_add(&f->n_too_slow, 1);
        }
    }
    atomic_fetch_add(&f->n_ends, 1);
}

static void ask(struct fixture *f, const char *name)
{
    struct fpool_dns_question q;
    const char *reason;

    fpool_dns_question_parse(&q, name, strlen(name), NULL, FPOOL_DNS_TYPE_A,
                             &reason);
    f->asked = fpool_dns_queue_ask(&f->queue, &q, FPOOL_DNS_TYPE_AAAA,
                                   fpool_loop_now(f->loop.loop));
    if (f->asked != NULL) {
        f->asked->done = done;
        f->asked->owner = f;
    }
}

static void ask_many(void *fixture)
{
    struct fixture *f = fixture;
    unsigned i;

    for (i = 0; i < f->n_wanted; i++) {
        ask(f, "name.test");
    }
}

static void answers_come_for_the_type_asked(void **state)
{
    struct fixture f;

    (void)state;
    begin(&f, NULL, 10, INT64_C(10000000000));
    f.n_wanted = 50; /* more than may be in flight */
    on_loop_call(&f.loop, ask_many, &f);
    await_count(&f.n_ends, 50);
    assert_int_equal(f.n_ok, 50);
    assert_true(f.responder.n_aaaa >= 50); /* some of them again */
    assert_int_equal(f.responder.n_a, 0);
    end(&f);
}

/* Of ten, one is in the asker's hands, and nine wait for it until they can wait
 * no longer. */
static void what_waits_too_long_ends(void **state)
{
    static const struct responder_rule rules[] = {
        { .name = "name.test", .manner = RESPONDER_SILENT }, { 0 }
    };
    struct fixture f;
    int64_t start = fpool_now_ns();

    (void)state;
    begin(&f, rules, 1, 40000000);
    f.n_wanted = 10;
    on_loop_call(&f.loop, ask_many, &f);
    await_count(&f.n_ends, 10);
    assert_int_equal(f.n_timeouts, 10);
    assert_int_equal(f.n_too_slow, 9);
    assert_true(fpool_now_ns() - start >= 40000000);
    end(&f);
}

static void get_next(void *fixture)
{
    struct fixture *f = fixture;

    f->next = fpool_dns_queue_next(&f->queue);
}

static void ask_and_get_next(void *fixture)
{
    struct fixture *f = fixture;

    ask(f, "name.test");
    f->next = fpool_dns_queue_next(&f->queue) - fpool_loop_now(f->loop.loop);
}

static void the_first_deadline_is_known(void **state)
{
    struct fixture f;

    (void)state;
    begin(&f, NULL, 1, 12345678901);
    on_loop_call(&f.loop, get_next, &f);
    assert_true(f.next == INT64_MAX);
    on_loop_call(&f.loop, ask_and_get_next, &f);
    assert_true(f.next == 12345678901);
    await_count(&f.n_ends, 1);
    end(&f);
}

static void ask_and_cancel(void *fixture)
{
    struct fixture *f = fixture;

    ask(f, "name.test");
    fpool_dns_queue_cancel(f->asked);
    fpool_dns_queue_cancel(NULL);
}

static void ask_one(void *fixture)
{
    ask(fixture, "name.test");
}

static void cancel_it(void *fixture)
{
    struct fixture *f = fixture;

    fpool_dns_queue_cancel(f->asked);
}

static void what_was_taken_back_never_ends(void **state)
{
    static const struct responder_rule rules[] = {
        { .name = "name.test", .manner = RESPONDER_HOLD }, { 0 }
    };
    struct fixture f;

    (void)state;
    begin(&f, rules, 10, INT64_C(10000000000));
    on_loop_call(&f.loop, ask_and_cancel, &f);
    on_loop_call(&f.loop, ask_one, &f);
    await_count(&f.responder.n_held, 1);
    on_loop_call(&f.loop, cancel_it, &f);
    responder_release(&f.responder);
    on_loop_call(&f.loop, ask_one, &f);
    await_count(&f.n_ends, 1);
    assert_int_equal(f.n_ok, 1);
    end(&f);
}

static void ask_without_memory(void *fixture)
{
    fpool_mem_fail_at(1, 0);
    ask(fixture, "name.test");
    fpool_mem_fail_at(0, 0);
}

static void without_memory_nothing_is_asked(void **state)
{
    struct fixture f;

    (void)state;
    begin(&f, NULL, 10, INT64_C(10000000000));
    on_loop_call(&f.loop, ask_without_memory, &f);
    assert_null(f.asked);
    end(&f);
    assert_int_equal(f.responder.n_queries, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_come_for_the_type_asked),
        cmocka_unit_test(what_waits_too_long_ends),
        cmocka_unit_test(the_first_deadline_is_known),
        cmocka_unit_test(what_was_taken_back_never_ends),
        cmocka_unit_test(without_memory_nothing_is_asked),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
