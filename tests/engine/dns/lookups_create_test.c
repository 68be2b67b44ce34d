/* SPDX-License-Identifier: MIT */
/* The life of look-ups: options, no memory, an open and a close without work.
 */
#include "engine/dns/lookups.h"

#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "support/check.h"

static void round_of_nothing(void *self)
{
    (void)self;
}

/* A loop that does not run: this thread counts as its own. */
static struct fpool_loop *make_loop(void)
{
    const struct fpool_loop_options options = { .name = "test",
                                                .after_round =
                                                    round_of_nothing };
    struct fpool_loop *loop = NULL;

    assert_ok(fpool_loop_create(&loop, &options));
    return loop;
}

static void check_options(const struct fpool_dns_lookups_options *options,
                          enum fpool_status wanted)
{
    struct fpool_loop *loop = make_loop();
    struct fpool_dns_lookups *l = NULL;

    assert_status(fpool_dns_lookups_create(&l, loop, options), wanted);
    assert_true((l != NULL) == (wanted == FPOOL_OK));
    fpool_dns_lookups_destroy(&l);
    assert_null(l);
    fpool_dns_lookups_destroy(&l);
    fpool_loop_destroy(&loop);
}

static void options_are_checked(void **state)
{
    struct fpool_dns_lookups_options o = { .servers = "127.0.0.1" };

    (void)state;
    check_options(&o, FPOOL_OK);
    o.families = FPOOL_DNS_V4 | FPOOL_DNS_V6;
    o.tries = 16;
    o.in_flight = 1000000;
    o.max_entries = 1;
    o.hosts = "/no/such/file";
    check_options(&o, FPOOL_OK);
    o.families = 4;
    check_options(&o, FPOOL_EINVAL);
    o.families = 0;
    o.tries = 17;
    check_options(&o, FPOOL_EINVAL);
    o.tries = 0;
    o.in_flight = 1000001;
    check_options(&o, FPOOL_EINVAL);
    o.in_flight = 0;
    o.max_entries = (1u << 24) + 1;
    check_options(&o, FPOOL_EINVAL);
    o.max_entries = 0;
    o.servers = "localhost";
    check_options(&o, FPOOL_EINVAL);
    o.servers = "";
    check_options(&o, FPOOL_EINVAL);
}

static void without_memory_nothing_is_left(void **state)
{
    const struct fpool_dns_lookups_options o = { .servers = "127.0.0.1",
                                                 .hosts = "/dev/null" };
    struct fpool_loop *loop = make_loop();
    unsigned long n_asked;
    unsigned long n = 0;
    unsigned n_failed = 0;

    (void)state;
    do { /* Some of them are not missed. */
        struct fpool_dns_lookups *l = NULL;
        enum fpool_status st;

        fpool_mem_fail_at(++n, 0);
        st = fpool_dns_lookups_create(&l, loop, &o);
        n_asked = fpool_mem_count();
        fpool_mem_fail_at(0, 0);
        if (st != FPOOL_OK) {
            assert_status(st, FPOOL_ENOMEM);
            assert_null(l);
            n_failed++;
        }
        fpool_dns_lookups_destroy(&l);
    } while (n <= n_asked);
    assert_in_range(n_failed, 8, 20);
    fpool_loop_destroy(&loop);
}

/* With the machine's own resolvers, hosts file and way to IPv6; nobody is
 * asked. */
static void defaults_are_the_machines(void **state)
{
    struct fpool_loop *loop = make_loop();
    struct fpool_dns_lookups *l = NULL;
    struct fpool_dns_request request = { .done = NULL };
    const struct fpool_dns_addresses *a;
    int n;

    (void)state;
    n = count_descriptors();
    assert_ok(fpool_dns_lookups_create(&l, loop, NULL));
    assert_ok(fpool_dns_lookups_open(l));
    fpool_dns_lookups_round(l);
    a = fpool_dns_lookups_get(l, "localhost", 9, &request);
    assert_non_null(a);
    assert_int_equal(a->status, FPOOL_DNS_OK);
    assert_int_equal(a->n, 2);
    assert_int_equal(fpool_dns_lookups_n_entries(l), 0);
    fpool_dns_lookups_close(l);
    fpool_dns_lookups_destroy(&l);
    assert_int_equal(count_descriptors(), n);
    fpool_loop_destroy(&loop);
}

static void the_hosts_file_is_read_at_the_beginning(void **state)
{
    static const char text[] = "192.0.2.1 one.test\n";
    char path[] = "/tmp/fetchpool-lookups-XXXXXX";
    const struct fpool_dns_lookups_options o = { .servers = "127.0.0.1",
                                                 .hosts = path };
    struct fpool_loop *loop = make_loop();
    struct fpool_dns_lookups *l = NULL;
    struct fpool_dns_request request = { .done = NULL };
    const struct fpool_dns_addresses *a;
    int fd = mkstemp(path);

    (void)state;
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, sizeof(text) - 1), sizeof(text) - 1);
    close(fd);
    assert_ok(fpool_dns_lookups_create(&l, loop, &o));
    unlink(path);
    a = fpool_dns_lookups_get(l, "one.test", 8, &request);
    assert_non_null(a);
    assert_int_equal(a->n, 1);
    fpool_dns_lookups_destroy(&l);
    fpool_loop_destroy(&loop);
}

/* Questions that were never sent, and whose only trace is the entry. */
static void a_close_takes_back_what_is_asked(void **state)
{
    const struct fpool_dns_lookups_options o = { .servers = "127.0.0.1:9",
                                                 .hosts = "/dev/null" };
    struct fpool_loop *loop = make_loop();
    struct fpool_dns_lookups *l = NULL;

    (void)state;
    assert_ok(fpool_dns_lookups_create(&l, loop, &o));
    assert_ok(fpool_dns_lookups_open(l));
    fpool_dns_lookups_prefetch(l, "a.test", 6);
    fpool_dns_lookups_prefetch(l, "b.test", 6);
    assert_int_equal(fpool_dns_lookups_n_entries(l), 2);
    fpool_dns_lookups_close(l);
    assert_int_equal(fpool_dns_lookups_n_entries(l), 0);
    fpool_dns_lookups_destroy(&l);
    fpool_loop_destroy(&loop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(options_are_checked),
        cmocka_unit_test(without_memory_nothing_is_left),
        cmocka_unit_test(defaults_are_the_machines),
        cmocka_unit_test(the_hosts_file_is_read_at_the_beginning),
        cmocka_unit_test(a_close_takes_back_what_is_asked),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
