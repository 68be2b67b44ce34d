/* SPDX-License-Identifier: MIT */
/* Which addresses are of the global internet: of each range the first address,
 * the last, and those just outside. */
#include "engine/http/special.h"

#include <arpa/inet.h>
#include <string.h>
#include <sys/un.h>

#include "engine/http/address.h"
#include "engine/http/policy.h"
#include "support/check.h"

struct row {
    const char *text;
    bool is_private;
};

static const struct row rows_v4[] = {
    { "0.0.0.0", true },          { "0.255.255.255", true },
    { "1.0.0.0", false },         { "9.255.255.255", false },
    { "10.0.0.0", true },         { "10.255.255.255", true },
    { "11.0.0.0", false },        { "100.63.255.255", false },
    { "100.64.0.0", true },       { "100.127.255.255", true },
    { "100.128.0.0", false },     { "126.255.255.255", false },
    { "127.0.0.0", true },        { "127.0.0.1", true },
    { "127.255.255.255", true },  { "128.0.0.0", false },
    { "169.253.255.255", false }, { "169.254.0.0", true },
    { "169.254.169.254", true },  { "169.254.255.255", true },
    { "169.255.0.0", false },     { "172.15.255.255", false },
    { "172.16.0.0", true },       { "172.31.255.255", true },
    { "172.32.0.0", false },      { "191.255.255.255", false },
    { "192.0.0.0", true },        { "192.0.0.7", true },
    { "192.0.0.8", true },        { "192.0.0.9", false },
    { "192.0.0.10", false },      { "192.0.0.11", true },
    { "192.0.0.170", true },      { "192.0.0.171", true },
    { "192.0.0.255", true },      { "192.0.1.0", false },
    { "192.0.1.255", false },     { "192.0.2.0", true },
    { "192.0.2.255", true },      { "192.0.3.0", false },
    { "192.31.195.255", false },  { "192.31.196.0", false },
    { "192.31.196.255", false },  { "192.52.193.0", false },
    { "192.52.193.255", false },  { "192.88.98.255", false },
    { "192.88.99.0", true },      { "192.88.99.2", true },
    { "192.88.99.255", true },    { "192.88.100.0", false },
    { "192.167.255.255", false }, { "192.168.0.0", true },
    { "192.168.255.255", true },  { "192.169.0.0", false },
    { "192.175.48.0", false },    { "192.175.48.255", false },
    { "198.17.255.255", false },  { "198.18.0.0", true },
    { "198.19.255.255", true },   { "198.20.0.0", false },
    { "198.51.99.255", false },   { "198.51.100.0", true },
    { "198.51.100.255", true },   { "198.51.101.0", false },
    { "203.0.112.255", false },   { "203.0.113.0", true },
    { "203.0.113.255", true },    { "203.0.114.0", false },
    { "223.255.255.255", false }, { "224.0.0.0", true },
    { "239.255.255.255", true },  { "240.0.0.0", true },
    { "255.255.255.254", true },  { "255.255.255.255", true },
    { "8.8.8.8", false },         { "93.184.216.34", false },
};

static const struct row rows_v6[] = {
    { "::", true },
    { "::1", true },
    { "::2", true },
    { "::ffff", true },
    { "::ffff:ffff:ffff:ffff", true },
    { "64:ff9a:ffff:ffff:ffff:ffff:ffff:ffff", true },
    { "64:ff9b::1:0:0", true },
    { "64:ff9b:1::", true },
    { "64:ff9b:1:ffff:ffff:ffff:ffff:ffff", true },
    { "64:ff9b:1::8.8.8.8", true },
    { "64:ff9b:2::", true },
    { "ff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", true },
    { "100::", true },
    { "100::ffff:ffff:ffff:ffff", true },
    { "100:0:0:1::", true },
    { "100:0:0:1:ffff:ffff:ffff:ffff", true },
    { "100:0:0:2::", true },
    { "200::1", true },
    { "1fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", true },
    { "2000::", false },
    { "2000:ffff:ffff:ffff:ffff:ffff:ffff:ffff", false },
    { "2001:1::", true },
    { "2001:1::1", false },
    { "2001:1::2", false },
    { "2001:1::3", false },
    { "2001:1::4", true },
    { "2001:1:ffff:ffff:ffff:ffff:ffff:ffff", true },
    { "2001:2::", true },
    { "2001:2:0:ffff:ffff:ffff:ffff:ffff", true },
    { "2001:2:1::", true },
    { "2001:3::", false },
    { "2001:3:ffff:ffff:ffff:ffff:ffff:ffff", false },
    { "2001:4::", true },
    { "2001:4:111:ffff:ffff:ffff:ffff:ffff", true },
    { "2001:4:112::", false },
    { "2001:4:112:ffff:ffff:ffff:ffff:ffff", false },
    { "2001:4:113::", true },
    { "2001:f:ffff:ffff:ffff:ffff:ffff:ffff", true },
    { "2001:10::", true },
    { "2001:1f:ffff:ffff:ffff:ffff:ffff:ffff", true },
    { "2001:20::", false },
    { "2001:2f:ffff:ffff:ffff:ffff:ffff:ffff", false },
    { "2001:30::", false },
    { "2001:3f:ffff:ffff:ffff:ffff:ffff:ffff", false },
    { "2001:40::", true },
    { "2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff", true },
    { "2001:200::", false },
    { "2001:db7:ffff:ffff:ffff:ffff:ffff:ffff", false },
    { "2001:db8::", true },
    { "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", true },
    { "2001:db9::", false },
    { "2001:ffff:ffff:ffff:ffff:ffff:ffff:ffff", false },
    { "2003::", false },
    { "2606:2800:220:1:248:1893:25c8:1946", false },
    { "2620:4f:8000::", false },
    { "2620:4f:8000:ffff:ffff:ffff:ffff:ffff", false },
    { "3ffe:ffff:ffff:ffff:ffff:ffff:ffff:ffff", false },
    { "3fff::", true },
    { "3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff", true },
    { "3fff:1000::", false },
    { "3fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", false },
    { "4000::", true },
    { "5eff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", true },
    { "5f00::", true },
    { "5f00:ffff:ffff:ffff:ffff:ffff:ffff:ffff", true },
    { "5f01::", true },
    { "fbff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", true },
    { "fc00::", true },
    { "fd00:ec2::254", true },
    { "fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", true },
    { "fe00::", true },
    { "fe80::", true },
    { "febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff", true },
    { "fec0::", true },
    { "feff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", true },
    { "ff00::", true },
    { "ff02::1", true },
    { "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", true },
};

/* By hand, what the embeddings below do for every IPv4 address. */
static const struct row rows_embedded[] = {
    { "::ffff:127.0.0.1", true },
    { "::ffff:7f00:1", true },
    { "::ffff:8.8.8.8", false },
    { "::127.0.0.1", true },
    { "::8.8.8.8", false },
    { "::ffff:0:127.0.0.1", true },
    { "::ffff:0:8.8.8.8", false },
    { "::fffe:8.8.8.8", true },
    { "::1:0:8.8.8.8", true },
    { "64:ff9b::a9fe:a9fe", true },
    { "64:ff9b::8.8.8.8", false },
    { "64:ff9b::1:8.8.8.8", true },
    { "2002:7f00:1::1", true },
    { "2002:7eff:ffff::1", false },
    { "2002:808:808::", false },
    { "2002:808:808::7f00:1", false },
    { "2001:0:4136:e378:8000:63bf:3fff:fdd2", true }, /* of 192.0.2.45 */
    { "2001:0:4136:e378:8000:63bf:f7f7:f7f7", false },
    { "2001:0:a00:1:8000:63bf:f7f7:f7f7", true },
    { "2001:0:808:808::80ff:fffe", true }, /* of 127.0.0.1 */
    { "2001:1:808:808:0:0:f7f7:f7f7", true },
    { "2606::5efe:10.0.0.1", true },
    { "2606::5efe:8.8.8.8", false },
    { "2606::200:5efe:10.0.0.1", true },
    { "2606::200:5efe:8.8.8.8", false },
    { "2606::100:5efe:10.0.0.1", false },
    { "2606::5eff:10.0.0.1", false },
    { "2606::1:0:5efe:10.0.0.1", true },
    { "fe80::5efe:8.8.8.8", true },
    { "2002:808:808::5efe:10.0.0.1", true },
    { "2001:0:808:808:0:5efe:f5ff:fffe", true }, /* 10.0.0.1 once inverted */
};

static union fpool_http_address address(const char *text)
{
    union fpool_http_address a;

    if (!fpool_http_address_parse(&a, text, strlen(text), 80)) {
        fail_msg("%s is no address", text);
    }
    return a;
}

static void check_rows(const struct row *rows, size_t n)
{
    size_t i;

    for (i = 0; i < n; i++) {
        union fpool_http_address a = address(rows[i].text);

        if (fpool_http_address_is_private(&a.sa) != rows[i].is_private) {
            fail_msg("%s is taken for %s", rows[i].text,
                     rows[i].is_private ? "global" : "private");
        }
    }
}

static void ipv4_ranges_end_where_they_should(void **state)
{
    (void)state;
    check_rows(rows_v4, N_ELEMENTS(rows_v4));
}

static void ipv6_ranges_end_where_they_should(void **state)
{
    (void)state;
    check_rows(rows_v6, N_ELEMENTS(rows_v6));
}

static void embedded_addresses_are_found(void **state)
{
    (void)state;
    check_rows(rows_embedded, N_ELEMENTS(rows_embedded));
}

/* An IPv6 address in which the four bytes from 'at' on are an IPv4 address,
 * inverted by 'flip'. */
static void check_clothes(const char *clothes, size_t at, uint8_t flip,
                          const struct row *row)
{
    union fpool_http_address v4 = address(row->text);
    union fpool_http_address v6 = address(clothes);
    const uint8_t *bytes = (const uint8_t *)&v4.v4.sin_addr;
    size_t i;

    for (i = 0; i < 4; i++) {
        v6.v6.sin6_addr.s6_addr[at + i] = bytes[i] ^ flip;
    }
    if (fpool_http_address_is_private(&v6.sa) != row->is_private) {
        fail_msg("%s in %s is taken for %s", row->text, clothes,
                 row->is_private ? "global" : "private");
    }
}

static void an_ipv4_address_is_the_same_in_all_clothes(void **state)
{
    size_t i;

    (void)state;
    for (i = 0; i < N_ELEMENTS(rows_v4); i++) {
        const struct row *row = &rows_v4[i];

        check_clothes("::ffff:0:0", 12, 0, row);
        check_clothes("::", 12, 0, row);
        check_clothes("::ffff:0:0:0", 12, 0, row);
        check_clothes("64:ff9b::", 12, 0, row);
        check_clothes("2002::", 2, 0, row);
        check_clothes("2002::abcd:0:0:ffff", 2, 0, row);
        check_clothes("2001:0:0:0:8000:0:f7f7:f7f7", 4, 0, row);
        check_clothes("2001:0:808:808:8000::", 12, 0xff, row);
        check_clothes("2a00:1:2:3:0:5efe::", 12, 0, row);
        check_clothes("2a00:1:2:3:200:5efe::", 12, 0, row);
    }
}

static void a_scope_changes_nothing(void **state)
{
    union fpool_http_address a = address("fe80::1");
    union fpool_http_address b = address("2606::1");

    (void)state;
    a.v6.sin6_scope_id = 1;
    b.v6.sin6_scope_id = 1;
    assert_true(fpool_http_address_is_private(&a.sa));
    assert_false(fpool_http_address_is_private(&b.sa));
}

static void unknown_families_are_private(void **state)
{
    struct sockaddr_un a = { .sun_family = AF_UNIX };
    struct fpool_http_place place;

    (void)state;
    assert_true(
        fpool_http_address_is_private((const struct sockaddr *)(void *)&a));
    assert_false(
        fpool_http_place_get(&place, (const struct sockaddr *)(void *)&a));
}

/* libcurl's socket addresses follow a byte count or two. */
static void an_address_need_not_be_aligned(void **state)
{
    union fpool_http_address a = address("::ffff:10.0.0.1");
    _Alignas(16) char bytes[sizeof(a) + 2];
    struct fpool_http_place place;

    (void)state;
    memcpy(bytes + 2, &a, sizeof(a));
    assert_true(fpool_http_place_get(
        &place, (const struct sockaddr *)(const void *)(bytes + 2)));
    assert_true(place.is_v4);
    assert_int_equal(place.part[0], 0x0a00);
    assert_int_equal(place.part[1], 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ipv4_ranges_end_where_they_should),
        cmocka_unit_test(ipv6_ranges_end_where_they_should),
        cmocka_unit_test(embedded_addresses_are_found),
        cmocka_unit_test(an_ipv4_address_is_the_same_in_all_clothes),
        cmocka_unit_test(a_scope_changes_nothing),
        cmocka_unit_test(unknown_families_are_private),
        cmocka_unit_test(an_address_need_not_be_aligned),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
