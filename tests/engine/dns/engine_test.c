/* SPDX-License-Identifier: MIT */
/* The dns engine from end to end: what comes back for which item, by every
 * verb, from a server that answers as it should. */
#include <arpa/inet.h>
#include <string.h>

#include "engine/dns/lookup.h"
#include "engine/dns/server.h"

static struct fpool *pool;
static struct server server;

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

#define DNS(...) FPOOL_DNS(.resolvers = server.address, __VA_ARGS__)

/* What is expected of one item. */
struct row {
    const char *item;
    enum fpool_dns_status status;
    int rcode;
    const char *rcode_text;
    size_t n_records;
    uint32_t ttl;
    const char *name; /* in the response; NULL: the item */
};

static void check_row(const struct row *row, const struct fpool_dns_response *d)
{
    if (d->status != row->status) {
        fail_msg("%s: %s", row->item, fpool_dns_status_text(d->status));
    }
    assert_int_equal(d->rcode, row->rcode);
    assert_string_equal(d->rcode_text, row->rcode_text);
    assert_int_equal(d->n_records, row->n_records);
    assert_int_equal(d->ttl, row->ttl);
    assert_string_equal(d->name, row->name == NULL ? row->item : row->name);
    assert_int_equal(d->struct_size, sizeof(*d));
    assert_false(d->is_truncated);
    assert_false(d->is_wildcard);
    assert_null(d->message);
}

static void check_rows(const struct row *rows, size_t n,
                       const struct fpool_op *op)
{
    struct lookup l = { 0 };
    size_t i;

    for (i = 0; i < n; i++) {
        lookup_add(&l, 1, rows[i].item);
    }
    lookup_run(&l, pool, op, NULL);
    for (i = 0; i < n; i++) {
        check_row(&rows[i], lookup_response(&l, i));
    }
    lookup_release(&l);
}

static void every_status_comes_with_its_code_and_its_records(void **state)
{
    static const struct row rows[] = {
        { "plain.test", FPOOL_DNS_OK, 0, "NOERROR", 1, 300, NULL },
        { "ttl-7.test", FPOOL_DNS_OK, 0, "NOERROR", 1, 7, NULL },
        { "many-12.test", FPOOL_DNS_OK, 0, "NOERROR", 12, 300, NULL },
        { "cname-3.test", FPOOL_DNS_OK, 0, "NOERROR", 4, 300, NULL },
        { "nodata.test", FPOOL_DNS_NODATA, 0, "NOERROR", 0, 300, NULL },
        { "a-1-2-3-4.test AAAA", FPOOL_DNS_NODATA, 0, "NOERROR", 0, 300,
          "a-1-2-3-4.test" },
        { "nx.test", FPOOL_DNS_NXDOMAIN, 3, "NXDOMAIN", 0, 300, NULL },
        { "cnamenx-2.test", FPOOL_DNS_NXDOMAIN, 3, "NXDOMAIN", 2, 300, NULL },
        { "servfail.test", FPOOL_DNS_SERVFAIL, 2, "SERVFAIL", 0, 0, NULL },
        { "ede-18.test", FPOOL_DNS_SERVFAIL, 2, "SERVFAIL", 0, 0, NULL },
        { "refused.test", FPOOL_DNS_REFUSED, 5, "REFUSED", 0, 0, NULL },
        { "noquestion.test", FPOOL_DNS_REFUSED, 5, "REFUSED", 0, 0, NULL },
        { "notimp.test", FPOOL_DNS_REFUSED, 4, "NOTIMP", 0, 0, NULL },
        { "rcode-9.test", FPOOL_DNS_REFUSED, 9, "NOTAUTH", 0, 0, NULL },
        { "rcode-8.test", FPOOL_DNS_FAILED, 8, "NXRRSET", 0, 0, NULL },
        { "rcode-23.test", FPOOL_DNS_FAILED, 23, "RCODE23", 0, 0, NULL },
        { "rcode-4000.test", FPOOL_DNS_FAILED, 4000, "RCODE4000", 0, 0, NULL },
        { "loop.test", FPOOL_DNS_BADREPLY, -1, "", 0, 0, NULL },
        { "lie.test", FPOOL_DNS_BADREPLY, -1, "", 0, 0, NULL },
        { "bad..test", FPOOL_DNS_BADNAME, -1, "", 0, 0, "" },
    };
    struct server other; /* One that refuses is asked more slowly. */

    (void)state;
    server_start(&other, NULL);
    check_rows(rows, N_ELEMENTS(rows), FPOOL_DNS(.resolvers = other.address));
    server_end_all(&other, 1);
}

static void a_silent_name_times_out_after_its_tries(void **state)
{
    static const struct row row = {
        "silent.test", FPOOL_DNS_TIMEOUT, -1, "", 0, 0, NULL
    };

    (void)state;
    check_rows(&row, 1, DNS(.tries = 1, .flags = FPOOL_DNS_NO_LAST_PASS));
}

static void a_response_tells_what_happened(void **state)
{
    struct fpool_result r;
    const struct fpool_dns_response *d;
    uint32_t address;

    (void)state;
    assert_ok(fpool_apply(
        pool, DNS(), fpool_item_text("  A-1-2-3-4.Delay-20.Test. "), NULL, &r));
    d = fpool_result_dns(&r);
    assert_string_equal(r.engine, "dns");
    assert_string_equal(d->name, "a-1-2-3-4.delay-20.test");
    assert_int_equal(d->type, 1);
    assert_string_equal(d->type_text, "A");
    assert_string_equal(d->resolver, server.address);
    assert_string_equal(d->protocol, "udp");
    assert_string_equal(d->error_message, "");
    assert_in_range(d->tries, 1, 3); /* more than one where the server stalls */
    assert_string_equal(d->records[0].name, d->name);
    assert_string_equal(d->records[0].type_text, "A");
    assert_string_equal(d->records[0].data, "1.2.3.4");
    assert_int_equal(d->records[0].ttl, 300);
    memcpy(&address, d->records[0].address, sizeof(address));
    assert_int_equal(ntohl(address), 0x01020304);
    fpool_result_release(&r);
    assert_null(fpool_result_dns(&r));
}

static void time_counts_from_the_first_query(void **state)
{
    struct lookup l = { 0 };

    (void)state;
    lookup_add(&l, 1, "delay-60.time.test");
    lookup_run(&l, pool, DNS(), NULL);
    lookup_check_address(&l, 0);
    assert_in_range(lookup_response(&l, 0)->time_us, 60000, l.time_us);
    assert_true(l.stats.rtt_p50_us > 0);
    assert_true(l.stats.rtt_p50_us <= l.stats.rtt_p90_us);
    assert_true(l.stats.rtt_p90_us <= l.stats.rtt_p99_us);
    assert_int_equal(l.stats.n_resolvers, 1);
    assert_int_equal(l.stats.n_good, 1);
    lookup_release(&l);
}

static void a_message_can_be_kept_as_it_came(void **state)
{
    struct fpool_result r;
    const struct fpool_dns_response *d;
    const unsigned char *message;

    (void)state;
    assert_ok(fpool_apply(pool, DNS(.flags = FPOOL_DNS_KEEP_MESSAGE),
                          fpool_item_text("many-2.test"), NULL, &r));
    d = fpool_result_dns(&r);
    message = d->message;
    assert_non_null(message);
    /* Header, question, two records of 16 bytes behind a pointer, OPT. */
    assert_int_equal(d->message_size, 12 + 13 + 4 + 2 * 16 + 11);
    assert_int_equal(message[2] & 0x80, 0x80);
    assert_int_equal(message[7], 2);
    fpool_result_release(&r);
}

static void every_verb_looks_up(void **state)
{
    FPOOL_SCOPED struct fpool_batch *batch = NULL;
    FPOOL_SCOPED struct fpool_results *results = NULL;
    struct lookup l = { 0 };
    struct fpool_result r;
    size_t i;

    (void)state;
    lookup_add(&l, 50, "v%u.test");
    lookup_add(&l, 1, "nx.test");
    assert_ok(fpool_map(pool, DNS(), lookup_source(&l), NULL, &batch));
    assert_int_equal(fpool_batch_count(batch), l.n);
    for (i = 0; i < l.n; i++) {
        assert_ok(fpool_batch_result(batch, i, &r));
        assert_int_equal(fpool_result_dns(&r)->status,
                         i < 50 ? FPOOL_DNS_OK : FPOOL_DNS_NXDOMAIN);
        assert_string_equal(fpool_result_dns(&r)->name, l.names[i]);
    }
    assert_ok(fpool_imap(pool, DNS(), lookup_source(&l), NULL, &results));
    for (i = 0; fpool_next(results, &r, GUARD_MS) == FPOOL_OK; i++) {
        assert_int_equal(r.index, i);
        assert_string_equal(fpool_result_dns(&r)->name, l.names[i]);
        fpool_result_release(&r);
    }
    assert_int_equal(i, l.n);
    lookup_run(&l, pool, DNS(), NULL);
    assert_int_equal(lookup_count(&l, FPOOL_DNS_OK), 50);
    lookup_release(&l);
}

static void wrong_options_are_refused(void **state)
{
    const struct fpool_item item = fpool_item_text("x.test");
    const struct fpool_op *const wrong[] = {
        DNS(.type = "NOTYPE"),
        DNS(.type = ""),
        DNS(.tries = 17),
        DNS(.in_flight = 1000001),
        DNS(.flags = 1u << 31),
        FPOOL_DNS(.resolvers = ""),
        FPOOL_DNS(.resolvers = "# nobody"),
        FPOOL_DNS(.resolvers = "127.0.0.1,example.test"),
        FPOOL_DNS(.resolvers = "127.0.0.1:65536"),
    };
    struct fpool_dns_stats stats = { .struct_size = sizeof(stats) };
    struct fpool_result r;
    size_t i;

    (void)state;
    for (i = 0; i < N_ELEMENTS(wrong); i++) {
        assert_status(fpool_apply(pool, wrong[i], item, NULL, &r),
                      FPOOL_EINVAL);
    }
    assert_status(fpool_dns_get_stats(NULL, &stats), FPOOL_EINVAL);
    assert_string_equal(fpool_dns_status_text(FPOOL_DNS_N_STATUSES), "");
    assert_true(fpool_dns_is_type("type65280") && !fpool_dns_is_type(""));
    assert_non_null(strstr(fpool_dns_version_text(), "c-ares/"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_status_comes_with_its_code_and_its_records),
        cmocka_unit_test(a_silent_name_times_out_after_its_tries),
        cmocka_unit_test(a_response_tells_what_happened),
        cmocka_unit_test(time_counts_from_the_first_query),
        cmocka_unit_test(a_message_can_be_kept_as_it_came),
        cmocka_unit_test(every_verb_looks_up),
        cmocka_unit_test(wrong_options_are_refused),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
