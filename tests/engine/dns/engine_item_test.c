/* SPDX-License-Identifier: MIT */
/* The items of the dns engine: names, types, suffixes, addresses, names in
 * UTF-8, and what is none of these. */
#include <string.h>
#include <unistd.h>

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

/* An item, the name that is asked for, and how that ends. */
struct row {
    const char *item;
    const char *name;
    enum fpool_dns_status status;
};

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
        const struct fpool_dns_response *d = lookup_response(&l, i);

        assert_string_equal(d->name, rows[i].name);
        assert_int_equal(d->status, rows[i].status);
    }
    lookup_release(&l);
}

static void every_type_can_be_asked_for(void **state)
{
    static const char *const types[] = {
        "A",     "NS",    "CNAME",   "SOA",   "PTR",   "HINFO",     "MX",
        "TXT",   "RP",    "AFSDB",   "AAAA",  "LOC",   "SRV",       "NAPTR",
        "CERT",  "DNAME", "DS",      "SSHFP", "RRSIG", "NSEC",      "DNSKEY",
        "NSEC3", "CDS",   "CDNSKEY", "TLSA",  "CSYNC", "SVCB",      "HTTPS",
        "SPF",   "EUI48", "EUI64",   "URI",   "CAA",   "TYPE65280", "TYPE731"
    };
    struct lookup l = { 0 };
    char name[64];
    size_t i;

    (void)state;
    for (i = 0; i < N_ELEMENTS(types); i++) {
        snprintf(name, sizeof(name), "x.test %s", types[i]);
        lookup_add(&l, 1, name);
    }
    lookup_run(&l, pool, DNS(), NULL);
    for (i = 0; i < N_ELEMENTS(types); i++) {
        const struct fpool_dns_response *d = lookup_response(&l, i);

        assert_string_equal(d->type_text, types[i]);
        if (d->status != FPOOL_DNS_OK || d->n_records != 1) {
            fail_msg("%s: %s", types[i], fpool_dns_status_text(d->status));
        }
        assert_string_equal(d->records[0].type_text, types[i]);
        assert_int_equal(d->records[0].type, d->type);
        assert_true(d->records[0].data[0] != '\0');
    }
    assert_string_equal(lookup_response(&l, 6)->records[0].data,
                        "10 mail.example.test");
    assert_memory_equal(lookup_response(&l, 33)->records[0].data, "\\# 6 ", 5);
    lookup_release(&l);
}

static void the_type_of_the_job_holds_where_an_item_has_none(void **state)
{
    struct lookup l = { 0 };

    (void)state;
    lookup_add(&l, 1, "x.test");
    lookup_add(&l, 1, "x.test a");
    lookup_add(&l, 1, "\tx.test \t type15 ");
    lookup_run(&l, pool, DNS(.type = "aaaa"), NULL);
    assert_string_equal(lookup_response(&l, 0)->type_text, "AAAA");
    assert_string_equal(lookup_response(&l, 1)->type_text, "A");
    assert_string_equal(lookup_response(&l, 2)->type_text, "MX");
    assert_int_equal(lookup_count(&l, FPOOL_DNS_OK), 3);
    lookup_release(&l);
}

static void a_suffix_is_appended(void **state)
{
    static const struct row rows[] = {
        { "nx", "nx.sub.test", FPOOL_DNS_NXDOMAIN },
        { "a.b", "a.b.sub.test", FPOOL_DNS_OK },
        { "1.2.0.192", "1.2.0.192.sub.test", FPOOL_DNS_OK },
    };

    (void)state;
    check_rows(rows, N_ELEMENTS(rows), DNS(.suffix = ".sub.test"));
}

static void addresses_stand_for_their_reverse_names(void **state)
{
    static const struct row rows[] = {
        { "192.0.2.1", "1.2.0.192.in-addr.arpa", FPOOL_DNS_OK },
        { "2001:db8::1",
          "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2."
          "ip6.arpa",
          FPOOL_DNS_OK },
        { "host.test", "host.test", FPOOL_DNS_OK },
        { "192.0.2.1 A", "", FPOOL_DNS_BADNAME },
    };

    (void)state;
    check_rows(rows, N_ELEMENTS(rows), DNS(.type = "PTR"));
}

static void what_is_no_name_has_a_reason_and_is_not_asked(void **state)
{
    static const struct {
        const char *item;
        const char *reason;
    } rows[] = {
        { "", "empty name" },
        { "   ", "empty name" },
        { "a..b", "empty label" },
        { "a\\", "backslash at the end" },
        { "a\\256b", "escape above \\255" },
        { "a b c", NULL },
        { "a NOTYPE", NULL },
        { "http://a.test/", NULL },
        { "192.0.2.1", NULL },
        { "\xff\xfe.test", NULL },
        { "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz012345678901",
          "label is longer than 63 bytes" },
    };
    struct lookup l = { 0 };
    size_t i;

    (void)state;
    for (i = 0; i < N_ELEMENTS(rows); i++) {
        lookup_add(&l, 1, rows[i].item);
    }
    lookup_run(&l, pool, DNS(), NULL);
    assert_int_equal(lookup_count(&l, FPOOL_DNS_BADNAME), l.n);
    for (i = 0; i < N_ELEMENTS(rows); i++) {
        const struct fpool_dns_response *d = lookup_response(&l, i);

        assert_int_equal(d->tries, 0);
        assert_string_equal(d->name, "");
        assert_int_equal(d->rcode, -1);
        if (rows[i].reason != NULL) {
            assert_string_equal(d->error_message, rows[i].reason);
        }
    }
    lookup_release(&l);
}

static void a_line_that_is_too_long_is_no_name(void **state)
{
    FPOOL_SCOPED struct fpool_results *results = NULL;
    const char text[] = "0123456789.test\nok.test\n";
    unsigned n_ok = 0;
    unsigned n = 0;
    struct fpool_result r;
    int ends[2];

    (void)state;
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(write(ends[1], text, strlen(text)), strlen(text));
    close(ends[1]);
    assert_ok(fpool_imap(
        pool, DNS(),
        fpool_source_lines_with(
            ends[0], FPOOL_LINES(.max_line = 10, .flags = FPOOL_LINES_CLOSE)),
        NULL, &results));
    while (fpool_next(results, &r, GUARD_MS) == FPOOL_OK) {
        const struct fpool_dns_response *d = fpool_result_dns(&r);

        assert_int_equal(r.index, n);
        n_ok += d->status == FPOOL_DNS_OK;
        if (n == 0) {
            assert_int_equal(d->status, FPOOL_DNS_BADNAME);
            assert_string_equal(d->error_message, "the line is too long");
        }
        n++;
        fpool_result_release(&r);
    }
    assert_int_equal(n, 2);
    assert_int_equal(n_ok, 1);
}

static void names_below_onion_are_not_asked_for(void **state)
{
    struct lookup l = { 0 };

    (void)state;
    lookup_add(&l, 1, "onion.test");
    lookup_add(&l, 1, "secret.ONION");
    lookup_run(&l, pool, DNS(), NULL);
    lookup_check_address(&l, 0);
    assert_int_equal(lookup_response(&l, 1)->status, FPOOL_DNS_NXDOMAIN);
    assert_int_equal(lookup_response(&l, 1)->tries, 0);
    assert_string_equal(lookup_response(&l, 1)->name, "secret.onion");
    assert_string_equal(lookup_response(&l, 1)->protocol, "");
    lookup_release(&l);
}

static void names_in_utf_8_become_ascii(void **state)
{
    static const struct row rows[] = {
        { "b\xc3\xbc"
          "cher.test",
          "xn--bcher-kva.test", FPOOL_DNS_OK },
        { "stra\xc3\x9f"
          "e.test",
          "xn--strae-oqa.test", FPOOL_DNS_OK },
        { "_dmarc.b\\032c.test", "_dmarc.b\\032c.test", FPOOL_DNS_OK },
    };

    (void)state;
    check_rows(rows, N_ELEMENTS(rows), DNS());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_type_can_be_asked_for),
        cmocka_unit_test(the_type_of_the_job_holds_where_an_item_has_none),
        cmocka_unit_test(a_suffix_is_appended),
        cmocka_unit_test(addresses_stand_for_their_reverse_names),
        cmocka_unit_test(what_is_no_name_has_a_reason_and_is_not_asked),
        cmocka_unit_test(a_line_that_is_too_long_is_no_name),
        cmocka_unit_test(names_below_onion_are_not_asked_for),
        cmocka_unit_test(names_in_utf_8_become_ascii),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
