/* SPDX-License-Identifier: MIT */
/* Answers made of addresses: their order, literals, and names that nobody is
 * asked for. */
#include "engine/dns/addresses.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <string.h>

#include "support/check.h"

#define BOTH (FPOOL_DNS_V4 | FPOOL_DNS_V6)

/* All addresses of an answer, separated by blanks. */
static const char *shown(const struct fpool_dns_addresses *a)
{
    static char text[FPOOL_DNS_MAX_ADDRESSES * FPOOL_DNS_SERVER_TEXT_SIZE];
    size_t used = 0;
    size_t i;

    text[0] = '\0';
    for (i = 0; i < a->n; i++) {
        char one[FPOOL_DNS_SERVER_TEXT_SIZE];

        fpool_dns_address_text(&a->list[i], one);
        used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%s",
                                 i == 0 ? "" : " ", one);
    }
    return text;
}

static void put(struct fpool_dns_mix *m, const char *text)
{
    union fpool_dns_address a;

    assert_true(fpool_dns_literal_parse(&a, text, strlen(text)));
    fpool_dns_mix_put(m, &a);
}

/* ---- Order. */

static void families_take_turns(void **state)
{
    struct fpool_dns_addresses a;
    struct fpool_dns_mix m;

    (void)state;
    fpool_dns_mix_init(&m, BOTH, true);
    put(&m, "192.0.2.1");
    put(&m, "192.0.2.2");
    put(&m, "2001:db8::1");
    put(&m, "192.0.2.3");
    put(&m, "2001:db8::2");
    fpool_dns_addresses_set(&a, &m, "none");
    assert_int_equal(a.status, FPOOL_DNS_OK);
    assert_string_equal(a.reason, "");
    assert_string_equal(shown(&a), "[2001:db8::1]:0 192.0.2.1:0 "
                                   "[2001:db8::2]:0 192.0.2.2:0 192.0.2.3:0");
    m.is_v6_first = false;
    fpool_dns_addresses_set(&a, &m, "none");
    assert_string_equal(shown(&a), "192.0.2.1:0 [2001:db8::1]:0 192.0.2.2:0 "
                                   "[2001:db8::2]:0 192.0.2.3:0");
}

static void a_family_that_is_not_wanted_is_left_out(void **state)
{
    struct fpool_dns_addresses a;
    struct fpool_dns_mix m;

    (void)state;
    fpool_dns_mix_init(&m, FPOOL_DNS_V4, true);
    put(&m, "2001:db8::1");
    put(&m, "192.0.2.1");
    fpool_dns_addresses_set(&a, &m, "none");
    assert_string_equal(shown(&a), "192.0.2.1:0");
    fpool_dns_mix_init(&m, FPOOL_DNS_V6, false);
    put(&m, "192.0.2.1");
    fpool_dns_addresses_set(&a, &m, "none");
    assert_int_equal(a.status, FPOOL_DNS_NODATA);
    assert_string_equal(a.reason, "none");
    assert_int_equal(a.n, 0);
}

static void what_nobody_can_connect_to_is_left_out(void **state)
{
    struct fpool_dns_addresses a;
    struct fpool_dns_mix m;

    (void)state;
    fpool_dns_mix_init(&m, BOTH, true);
    put(&m, "0.0.0.0");
    put(&m, "::");
    put(&m, "255.255.255.255");
    put(&m, "224.0.0.1");
    put(&m, "ff02::1");
    put(&m, "fe80::1"); /* on which link? */
    fpool_dns_addresses_set(&a, &m, "none");
    assert_int_equal(a.status, FPOOL_DNS_NODATA);
    put(&m, "127.0.0.1");
    fpool_dns_addresses_set(&a, &m, "none");
    assert_string_equal(shown(&a), "127.0.0.1:0");
}

/* 'n4' IPv4 addresses and 'n6' others make how many of each, at most 32? */
static void check_bound(size_t n4, size_t n6, size_t wanted4, size_t wanted6)
{
    struct fpool_dns_addresses a;
    struct fpool_dns_mix m;
    size_t n[2] = { 0, 0 };
    size_t i;

    fpool_dns_mix_init(&m, BOTH, true);
    for (i = 0; i < n4 || i < n6; i++) {
        char text[32];

        snprintf(text, sizeof(text), "192.0.2.%zu", i);
        if (i < n4) {
            put(&m, text);
        }
        snprintf(text, sizeof(text), "2001:db8::%zu", i);
        if (i < n6) {
            put(&m, text);
        }
    }
    fpool_dns_addresses_set(&a, &m, "none");
    for (i = 0; i < a.n; i++) {
        n[a.list[i].sa.sa_family == AF_INET6]++;
    }
    assert_int_equal(n[0], wanted4);
    assert_int_equal(n[1], wanted6);
}

static void there_are_at_most_32(void **state)
{
    (void)state;
    check_bound(32, 0, 32, 0);
    check_bound(100, 0, 32, 0);
    check_bound(0, 100, 0, 32);
    check_bound(100, 100, 16, 16);
    check_bound(100, 3, 29, 3);
    check_bound(3, 31, 3, 29);
}

/* ---- Hosts that need no question. */

/* The answer as "status: addresses" or "status: reason"; "?" where somebody is
 * to be asked. */
static const char *offhand_bytes(const char *host, size_t size,
                                 unsigned families, bool is_v6_first)
{
    static char text[4000];
    struct fpool_dns_addresses a;
    struct fpool_dns_question q;
    char *exact = malloc(size == 0 ? 1 : size);
    bool is_answered;

    assert_non_null(exact);
    if (size > 0) {
        memcpy(exact, host, size);
    }
    is_answered =
        fpool_dns_addresses_offhand(&a, &q, exact, size, families, is_v6_first);
    free(exact);
    if (!is_answered) {
        snprintf(text, sizeof(text), "? %s", q.text);
    } else {
        assert_true((a.status == FPOOL_DNS_OK) == (a.n > 0));
        assert_true((a.status == FPOOL_DNS_OK) == (a.reason[0] == '\0'));
        snprintf(text, sizeof(text), "%s: %s", fpool_dns_status_text(a.status),
                 a.n > 0 ? shown(&a) : a.reason);
    }
    return text;
}

static const char *offhand(const char *host)
{
    return offhand_bytes(host, strlen(host), BOTH, true);
}

static void literals_are_addresses(void **state)
{
    (void)state;
    assert_string_equal(offhand("192.0.2.1"), "ok: 192.0.2.1:0");
    assert_string_equal(offhand("192.0.2.1."), "ok: 192.0.2.1:0");
    assert_string_equal(offhand("2001:DB8::1"), "ok: [2001:db8::1]:0");
    assert_string_equal(offhand("[2001:db8::1]"), "ok: [2001:db8::1]:0");
    assert_string_equal(offhand("[::ffff:192.0.2.1]"), "ok: 192.0.2.1:0");
    assert_string_equal(offhand("0.0.0.0"), "ok: 0.0.0.0:0");
    assert_string_equal(offhand("[::]"), "ok: [::]:0");
    /* Whoever writes one wants it. */
    assert_string_equal(offhand_bytes("192.0.2.1", 9, FPOOL_DNS_V6, true),
                        "ok: 192.0.2.1:0");
}

static void literals_have_scopes(void **state)
{
    char lo[FPOOL_DNS_SERVER_TEXT_SIZE];
    char name[IF_NAMESIZE] = "1";

    (void)state;
    if_indextoname(1, name);
    snprintf(lo, sizeof(lo), "ok: [fe80::1%%%s]:0", name);
    assert_string_equal(offhand("fe80::1%1"), lo);
    assert_string_equal(offhand("[fe80::1%1]"), lo);
    assert_string_equal(offhand("[fe80::1%]"),
                        "badname: no IPv6 address in the brackets");
}

static void what_looks_like_an_address_is_none(void **state)
{
    static const char *const hosts[] = {
        "[]",         "[192.0.2.1]",    "[::1",         "::1]",
        "[::1]:80",   "[[::1]]",        "192.0.2.1:80", "1::2::3",
        "[::1%1]:80", "[fe80::1%1]:80", "[ ::1]",
    };
    size_t i;

    (void)state;
    for (i = 0; i < N_ELEMENTS(hosts); i++) {
        const char *text = offhand(hosts[i]);

        if (strncmp(text, "badname: ", 9) != 0) {
            fail_msg("%s: %s", hosts[i], text);
        }
    }
}

static void localhost_is_here(void **state)
{
    static const char v6_first[] = "ok: [::1]:0 127.0.0.1:0";

    (void)state;
    assert_string_equal(offhand("localhost"), v6_first);
    assert_string_equal(offhand("LocalHost."), v6_first);
    assert_string_equal(offhand("a.b.localhost"), v6_first);
    assert_string_equal(offhand_bytes("localhost", 9, BOTH, false),
                        "ok: 127.0.0.1:0 [::1]:0");
    assert_string_equal(offhand_bytes("localhost", 9, FPOOL_DNS_V4, true),
                        "ok: 127.0.0.1:0");
    assert_string_equal(offhand_bytes("localhost", 9, FPOOL_DNS_V6, false),
                        "ok: [::1]:0");
    assert_string_equal(offhand("localhost.example"), "? localhost.example");
    assert_string_equal(offhand("alocalhost"), "? alocalhost");
    /* One label, which ends like that. */
    assert_string_equal(offhand("a\\.localhost"), "? a\\.localhost");
}

static void nobody_is_asked_for_onions(void **state)
{
    static const char never[] =
        "nxdomain: names of this kind are never asked for (RFC 7686)";

    (void)state;
    assert_string_equal(offhand("abc.onion"), never);
    assert_string_equal(offhand("ONION."), never);
    assert_string_equal(offhand("onion.example"), "? onion.example");
}

static void what_is_no_name_is_told(void **state)
{
    (void)state;
    assert_string_equal(offhand(""), "badname: empty name");
    assert_string_equal(offhand_bytes(NULL, 0, BOTH, true),
                        "badname: empty name");
    assert_string_equal(offhand("a..example"), "badname: empty label");
    assert_string_equal(offhand("www.example AAAA"),
                        "badname: blank in the name");
    assert_string_equal(offhand(" www.example"), "badname: blank in the name");
    assert_string_equal(offhand("www.example\n"), "badname: blank in the name");
    assert_int_equal(
        strncmp(offhand_bytes("a\0b", 3, BOTH, true), "badname", 7), 0);
    assert_int_equal(strncmp(offhand_bytes("1\0", 2, BOTH, true), "badname", 7),
                     0);
}

static void other_names_are_to_be_asked_for(void **state)
{
    (void)state;
    assert_string_equal(offhand("WWW.Example."), "? www.example");
    assert_string_equal(offhand("b\xc3\xbc"
                                "cher.example"),
                        "? xn--bcher-kva.example");
    assert_string_equal(offhand("my_host"), "? my_host");
    assert_string_equal(offhand("1.2.3"), "? 1.2.3");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(families_take_turns),
        cmocka_unit_test(a_family_that_is_not_wanted_is_left_out),
        cmocka_unit_test(what_nobody_can_connect_to_is_left_out),
        cmocka_unit_test(there_are_at_most_32),
        cmocka_unit_test(literals_are_addresses),
        cmocka_unit_test(literals_have_scopes),
        cmocka_unit_test(what_looks_like_an_address_is_none),
        cmocka_unit_test(localhost_is_here),
        cmocka_unit_test(nobody_is_asked_for_onions),
        cmocka_unit_test(what_is_no_name_is_told),
        cmocka_unit_test(other_names_are_to_be_asked_for),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
