/* SPDX-License-Identifier: MIT */
/* Replies that are wrong, forged, doubled or late: the dns engine never takes a
 * wrong answer for a name, and finds the good one where it comes.
 *
 * Every name's address follows from the name, so that an answer for another one
 * is noticed. */
#include <poll.h>
#include <string.h>

#include "core/pool.h"
#include "engine/dns/job.h"
#include "engine/dns/lookup.h"
#include "engine/dns/server.h"

static struct fpool *pool;

static int set_up(void **state)
{
    (void)state;
    pool = make_pool(1);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    fpool_destroy(&pool);
    return 0;
}

/* Fills in the counters, as soon as at least 'n' datagrams were ignored. */
static void await_ignored(struct fpool_results *results, uint64_t n)
{
    struct fpool_dns_stats stats = { .struct_size = sizeof(stats) };
    int64_t end = lookup_now_us() + GUARD_MS * 1000LL;

    do {
        assert_ok(fpool_dns_get_stats(results, &stats));
        assert_true(lookup_now_us() < end);
        poll(NULL, 0, 1);
    } while (stats.ignored < n);
}

/* Runs 'n' names of a kind, all of which are answered although so many
 * datagrams for each are wrong.  There are two resolvers, since the kernel
 * itself passes over other senders where there is one. */
static void check_mended(const char *format, unsigned n, unsigned n_wrong)
{
    FPOOL_SCOPED struct fpool_results *results = NULL;
    struct server servers[2];
    struct lookup l = { 0 };

    server_start(&servers[0], NULL);
    server_start(&servers[1], NULL);
    lookup_add(&l, n, format);
    assert_ok(fpool_imap_unordered(
        pool, FPOOL_DNS(.resolvers = server_list(servers, 2)),
        lookup_source(&l), NULL, &results));
    lookup_take(&l, results, 0);
    assert_int_equal(l.n_results, n);
    lookup_check_addresses(&l);
    await_ignored(results, n * n_wrong);
    lookup_release(&l);
    server_end_all(servers, 2);
}

static void the_good_answer_behind_a_wrong_one_is_found(void **state)
{
    (void)state;
    check_mended("also.wrongid.n%u.test", 200, 1);
    check_mended("also.wrongport.n%u.test", 50, 1);
    check_mended("also.wrongname.n%u.test", 200, 1);
    check_mended("also.wrongtype.n%u.test", 200, 1);
    check_mended("also.garbage.n%u.test", 200, 1);
    check_mended("also.short.n%u.test", 200, 1);
}

static void what_comes_twice_counts_once(void **state)
{
    (void)state;
    check_mended("dup-5.n%u.test", 200, 4);
}

/* Nothing but wrong answers: the names time out, or the connection that is
 * tried in the end tells no better.  All at once, since each takes its time;
 * good names among them are not hurt. */
static void wrong_answers_are_never_believed(void **state)
{
    static const char *const kinds[] = {
        "wrongid.n%u.test",   "wrongport.n%u.test", "wrongname.n%u.test",
        "wrongtype.n%u.test", "garbage.n%u.test",   "short.n%u.test",
    };
    struct server servers[2];
    struct lookup l = { 0 };
    size_t i;

    (void)state;
    server_start(&servers[0], NULL);
    server_start(&servers[1], NULL);
    for (i = 0; i < N_ELEMENTS(kinds); i++) {
        lookup_add(&l, 3, kinds[i]);
    }
    lookup_add(&l, 500, "good%u.test");
    lookup_run(&l, pool, FPOOL_DNS(.resolvers = server_list(servers, 2)), NULL);
    for (i = 0; i < l.n; i++) {
        if (i >= 3 * N_ELEMENTS(kinds)) {
            lookup_check_address(&l, i);
        } else {
            assert_int_not_equal(lookup_response(&l, i)->status, FPOOL_DNS_OK);
            assert_int_equal(lookup_response(&l, i)->n_records, 0);
        }
    }
    assert_true(l.stats.ignored >= 3 * N_ELEMENTS(kinds));
    assert_int_equal(lookup_count(&l, FPOOL_DNS_OK), 500);
    lookup_release(&l);
    server_end_all(servers, 2);
}

/* Replies that can be matched but not read, or that tell of other names. */
static void what_cannot_be_read_is_a_bad_reply(void **state)
{
    struct server s;
    struct lookup l = { 0 };

    (void)state;
    server_start(&s, NULL);
    lookup_add(&l, 20, "loop.n%u.test");
    lookup_add(&l, 20, "lie.n%u.test");
    lookup_run(&l, pool, FPOOL_DNS(.resolvers = s.address), NULL);
    assert_int_equal(lookup_count(&l, FPOOL_DNS_BADREPLY), l.n);
    lookup_release(&l);
    server_end_all(&s, 1);
}

/* A circle of CNAMEs leads nowhere: no data, and never an endless walk. */
static void circles_of_names_end(void **state)
{
    struct server s;
    struct lookup l = { 0 };
    size_t i;

    (void)state;
    server_start(&s, NULL);
    lookup_add(&l, 5, "cnameloop.n%u.test");
    lookup_run(&l, pool, FPOOL_DNS(.resolvers = s.address), NULL);
    for (i = 0; i < l.n; i++) {
        assert_int_equal(lookup_response(&l, i)->status, FPOOL_DNS_NODATA);
        assert_int_equal(lookup_response(&l, i)->n_records, 2);
    }
    lookup_release(&l);
    server_end_all(&s, 1);
}

/* A reply that comes after its try was given up is taken all the same: there
 * are 600 ms to the answers, and the second try goes out after 150. */
static void a_late_answer_is_better_than_none(void **state)
{
    struct server s;
    struct lookup l = { 0 };
    size_t i;

    (void)state;
    server_start(&s, NULL);
    lookup_add(&l, 50, "late-600.n%u.test");
    lookup_run(&l, pool,
               FPOOL_DNS(.resolvers = s.address, .tries = 3,
                         .flags = FPOOL_DNS_NO_LAST_PASS),
               NULL);
    lookup_check_addresses(&l);
    assert_true(l.stats.late > 0);
    assert_true(l.stats.retries > 0);
    for (i = 0; i < l.n; i++) {
        assert_true(lookup_response(&l, i)->time_us >= 600000);
    }
    lookup_release(&l);
    server_end_all(&s, 1);
}

/* An answer in other letters is the same name. */
static void the_case_of_letters_does_not_matter_on_loopback(void **state)
{
    static const char *const lower[] = { "--lower", NULL };
    struct server s;
    struct lookup l = { 0 };

    (void)state;
    server_start(&s, lower);
    lookup_add(&l, 50, "MiXeD%u.Test");
    lookup_add(&l, 50, "wrongcase.MiXeD%u.Test");
    lookup_run(&l, pool, FPOOL_DNS(.resolvers = s.address), NULL);
    lookup_check_addresses(&l);
    server_stop(&s);
    assert_int_equal(server_count(&s, "capitals"), 0);
    lookup_release(&l);
    server_release(&s);
}

/* Elsewhere than on loopback the letters of a query have cases at random, which
 * a forger must guess.  So the resolver is said to be elsewhere, on the loop's
 * thread, before the names come. */
struct remote {
    struct fpool_post post;
    struct fpool_dns_asker *asker;
};

static void be_remote(struct fpool_post *post)
{
    struct remote *remote = FPOOL_OWNER_OF(post, struct remote, post);

    remote->asker->resolvers[0].is_loopback = false;
    remote->asker->resolvers[0].has_case = true;
}

/* Runs the names one after the other; a job without names comes first. */
static void run_remote(struct lookup *l, const struct server *s)
{
    FPOOL_SCOPED struct fpool_results *results = NULL;
    struct remote remote = { .post.run = be_remote };
    const struct fpool_op *op =
        FPOOL_DNS(.resolvers = s->address, .in_flight = 1);
    const struct fpool_dns_job *job;

    assert_ok(fpool_imap(pool, op, fpool_source_range(0, 0), NULL, &results));
    job = *(struct fpool_dns_job **)results->job.state;
    remote.asker = job->shared->asker;
    fpool_loop_post(job->shared->hub->loop, &remote.post);
    lookup_run(l, pool, op, NULL);
}

static void the_case_of_letters_is_drawn_at_random(void **state)
{
    struct server s;
    struct lookup l = { 0 };
    size_t n_same = 0;
    size_t i;

    (void)state;
    server_start(&s, NULL);
    lookup_add(&l, 50, "letters-without-a-meaning%u.test");
    run_remote(&l, &s);
    lookup_check_addresses(&l);
    server_stop(&s);
    /* A name has 2^27 forms. */
    assert_int_equal(server_count(&s, "capitals"), s.n_queries);
    for (i = 1; i < s.n_queries; i++) {
        n_same += memcmp(s.queries[i].name, s.queries[i - 1].name, 25) == 0;
    }
    assert_int_equal(n_same, 0);
    lookup_release(&l);
    server_release(&s);
}

/* One that answers in lower case is asked by TCP for the name at hand, since it
 * may have been somebody else, and from then on in lower case. */
static void a_server_that_forgets_the_case_is_asked_without(void **state)
{
    static const char *const lower[] = { "--lower", NULL };
    struct server s;
    struct lookup l = { 0 };

    (void)state;
    server_start(&s, lower);
    lookup_add(&l, 50, "letters-without-a-meaning%u.test");
    run_remote(&l, &s);
    lookup_check_addresses(&l);
    assert_string_equal(lookup_response(&l, 0)->protocol, "tcp");
    assert_string_equal(lookup_response(&l, 49)->protocol, "udp");
    assert_true(l.stats.ignored >= 1);
    server_stop(&s);
    assert_in_range(server_count(&s, "capitals"), 1, 2);
    assert_in_range(server_count(&s, "tcp"), 1, 2);
    lookup_release(&l);
    server_release(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_good_answer_behind_a_wrong_one_is_found),
        cmocka_unit_test(what_comes_twice_counts_once),
        cmocka_unit_test(wrong_answers_are_never_believed),
        cmocka_unit_test(what_cannot_be_read_is_a_bad_reply),
        cmocka_unit_test(circles_of_names_end),
        cmocka_unit_test(a_late_answer_is_better_than_none),
        cmocka_unit_test(the_case_of_letters_does_not_matter_on_loopback),
        cmocka_unit_test(the_case_of_letters_is_drawn_at_random),
        cmocka_unit_test(a_server_that_forgets_the_case_is_asked_without),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
