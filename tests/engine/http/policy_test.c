/* SPDX-License-Identifier: MIT */
/* Lists of networks, and what a policy makes of addresses. */
#include "engine/http/policy.h"

#include <string.h>
#include <sys/un.h>

#include "base/mem.h"
#include "engine/http/address.h"
#include "support/check.h"

static bool is_allowed(const struct fpool_http_policy *policy, const char *text)
{
    union fpool_http_address a;

    if (!fpool_http_address_parse(&a, text, strlen(text), 443)) {
        fail_msg("%s is no address", text);
    }
    return fpool_http_policy_allows(policy, &a.sa);
}

static struct fpool_http_policy *make_policy(bool denies_private,
                                             const char *allow_nets,
                                             const char *deny_nets)
{
    struct fpool_http_policy *policy = NULL;

    assert_ok(fpool_http_policy_create(&policy, denies_private, allow_nets,
                                       deny_nets));
    assert_non_null(policy);
    return policy;
}

/* Asserts that a list denies an address, or does not. */
static void check_denied(const char *list, const char *text, bool is_denied)
{
    struct fpool_http_policy *policy = make_policy(false, NULL, list);

    assert_null(fpool_http_policy_check(list));
    if (is_allowed(policy, text) == is_denied) {
        fail_msg("%s %s %s", list, is_denied ? "lets through" : "denies", text);
    }
    fpool_http_policy_destroy(&policy);
    assert_null(policy);
    fpool_http_policy_destroy(&policy);
}

static void lists_are_parsed_whatever_parts_them(void **state)
{
    static const char *const lists[] = {
        "192.0.2.0/24,2001:db8::/32,10.1.2.3",
        "192.0.2.0/24, 2001:db8::/32, 10.1.2.3",
        "192.0.2.0/24 2001:db8::/32 10.1.2.3",
        " \t192.0.2.0/24\n2001:DB8:0::/32\r\n10.1.2.3/32\n",
        ",192.0.2.99/24 ,, 2001:db8:1::5/32,10.1.2.3,"
    };
    size_t i;

    (void)state;
    for (i = 0; i < N_ELEMENTS(lists); i++) {
        check_denied(lists[i], "192.0.2.0", true);
        check_denied(lists[i], "192.0.2.255", true);
        check_denied(lists[i], "192.0.1.255", false);
        check_denied(lists[i], "192.0.3.0", false);
        check_denied(lists[i], "2001:db8::", true);
        check_denied(lists[i], "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", true);
        check_denied(lists[i], "2001:db7:ffff::", false);
        check_denied(lists[i], "2001:db9::", false);
        check_denied(lists[i], "10.1.2.3", true);
        check_denied(lists[i], "10.1.2.2", false);
        check_denied(lists[i], "::ffff:10.1.2.3", true);
    }
}

static void every_prefix_has_its_bounds(void **state)
{
    (void)state;
    check_denied("0.0.0.0/0", "255.255.255.255", true);
    check_denied("0.0.0.0/0", "2606::1", false);
    check_denied("0.0.0.0/0", "::1", false);
    check_denied("::/0", "ffff::1", true);
    check_denied("::/0", "1.2.3.4", false);
    check_denied("::/0", "::ffff:1.2.3.4", false);
    check_denied("128.0.0.0/1", "128.0.0.0", true);
    check_denied("128.0.0.0/1", "127.255.255.255", false);
    check_denied("10.20.0.0/15", "10.21.255.255", true);
    check_denied("10.20.0.0/15", "10.22.0.0", false);
    check_denied("10.20.0.0/16", "10.20.255.255", true);
    check_denied("10.20.0.0/16", "10.21.0.0", false);
    check_denied("10.20.128.0/17", "10.20.127.255", false);
    check_denied("10.20.128.0/17", "10.20.128.0", true);
    check_denied("10.20.30.40/31", "10.20.30.41", true);
    check_denied("10.20.30.40/31", "10.20.30.42", false);
    check_denied("10.20.30.40/32", "10.20.30.41", false);
    check_denied("2a00::/127", "2a00::1", true);
    check_denied("2a00::/127", "2a00::2", false);
    check_denied("2a00::/128", "2a00::1", false);
    check_denied("2a00::/128", "2a00::", true);
    check_denied("2a00:8000::/17", "2a00:7fff::", false);
    check_denied("2a00:8000::/17", "2a00:ffff::", true);
}

static void bits_beyond_the_prefix_do_not_matter(void **state)
{
    (void)state;
    check_denied("10.1.2.3/8", "10.200.0.1", true);
    check_denied("10.1.2.3/8", "11.1.2.3", false);
    check_denied("2a00:1:2:3::4/48", "2a00:1:2:ffff::", true);
    check_denied("2a00:1:2:3::4/48", "2a00:1:3:3::4", false);
}

static void mapped_networks_are_ipv4_networks(void **state)
{
    (void)state;
    check_denied("::ffff:10.0.0.0/104", "10.255.255.255", true);
    check_denied("::ffff:10.0.0.0/104", "11.0.0.0", false);
    check_denied("::ffff:10.0.0.0/104", "::ffff:10.0.0.1", true);
    check_denied("::ffff:10.0.0.1", "10.0.0.1", true);
    check_denied("::ffff:10.0.0.1", "10.0.0.2", false);
    check_denied("::ffff:0:0/96", "1.2.3.4", true);
    check_denied("::ffff:0:0/96", "2606::1", false);
}

static void denied_addresses_are_denied_in_all_clothes(void **state)
{
    (void)state;
    check_denied("93.184.216.0/24", "::ffff:93.184.216.34", true);
    check_denied("93.184.216.0/24", "64:ff9b::93.184.216.34", true);
    check_denied("93.184.216.0/24", "64:ff9b::93.184.217.34", false);
    check_denied("93.184.216.0/24", "2002:5db8:d822::1", true);
    check_denied("93.184.216.0/24", "2001:0:5db8:d822::", true);
    check_denied("93.184.216.0/24", "2001::a247:27dd", true);
    check_denied("93.184.216.0/24", "2606::5efe:93.184.216.34", true);
    check_denied("93.184.216.0/24", "::93.184.216.34", true);
    check_denied("64:ff9b::/96", "93.184.216.34", false);
}

static void lists_that_are_none_are_refused(void **state)
{
    static const char *const lists[] = { "",
                                         " , ",
                                         "x",
                                         "10.0.0.0/",
                                         "10.0.0.0/33",
                                         "10.0.0.0/-1",
                                         "10.0.0.0/08",
                                         "10.0.0.0/8/8",
                                         "10.0.0.0/8x",
                                         "10.0.0/8",
                                         "10.0.0.0/255.0.0.0",
                                         "10.0.0.256",
                                         "/8",
                                         "10.0.0.1;10.0.0.2",
                                         "10.0.0.1-10.0.0.9",
                                         "localhost",
                                         "2001:db8::/129",
                                         "2001:db8::/4294967296",
                                         "2001:db8::/",
                                         "[2001:db8::]/32",
                                         "fe80::1%eth0/64",
                                         "::ffff:10.0.0.0/95",
                                         "::ffff:10.0.0.0/8",
                                         "::ffff:10.0.0.0/129",
                                         "10.0.0.1, 10.0.0.0/99" };
    struct fpool_http_policy *const untouched = (void *)&state;
    struct fpool_http_policy *policy = untouched;
    size_t i;

    (void)state;
    assert_null(fpool_http_policy_check(NULL));
    for (i = 0; i < N_ELEMENTS(lists); i++) {
        if (fpool_http_policy_check(lists[i]) == NULL) {
            fail_msg("\"%s\" is taken", lists[i]);
        }
        assert_status(fpool_http_policy_create(&policy, true, lists[i], NULL),
                      FPOOL_EINVAL);
        assert_status(fpool_http_policy_create(&policy, false, lists[i], NULL),
                      FPOOL_EINVAL);
        assert_status(fpool_http_policy_create(&policy, true, NULL, lists[i]),
                      FPOOL_EINVAL);
    }
    assert_ptr_equal(policy, untouched);
}

static void reasons_tell_what_is_wrong(void **state)
{
    (void)state;
    assert_string_equal(fpool_http_policy_check("10.0.0.0/33"),
                        "the prefix is not a number from 0 to 32");
    assert_string_equal(fpool_http_policy_check("::/129"),
                        "the prefix is not a number from 0 to 128");
    assert_string_equal(fpool_http_policy_check("::ffff:1.2.3.4/95"),
                        "the prefix is not a number from 96 to 128");
    assert_string_equal(fpool_http_policy_check("example.org"),
                        "not an IPv4 or IPv6 address");
    assert_string_equal(fpool_http_policy_check(" "), "no network in the list");
}

/* Addresses 10.0.0.0, 10.0.0.1 ... of 'n' in all. */
static char *make_list(size_t n)
{
    char *list = malloc(n * 16 + 1);
    char *p = list;
    size_t i;

    assert_non_null(list);
    *p = '\0';
    for (i = 0; i < n; i++) {
        p += snprintf(p, 17, "10.0.%u.%u,", (unsigned)(i >> 8),
                      (unsigned)(i & 255));
    }
    return list;
}

static void lists_may_be_long_but_not_longer(void **state)
{
    char *list = make_list(4096);
    struct fpool_http_policy *policy = make_policy(false, list, list);

    (void)state;
    assert_true(is_allowed(policy, "10.0.15.255"));
    fpool_http_policy_destroy(&policy);
    policy = make_policy(false, NULL, list);
    assert_false(is_allowed(policy, "10.0.15.255"));
    assert_true(is_allowed(policy, "10.0.16.0"));
    fpool_http_policy_destroy(&policy);
    free(list);
    list = make_list(4097);
    assert_string_equal(fpool_http_policy_check(list),
                        "more than 4096 networks");
    free(list);
}

static void without_denial_there_is_no_policy(void **state)
{
    struct fpool_http_policy *policy = (void *)&state;

    assert_ok(fpool_http_policy_create(&policy, false, NULL, NULL));
    assert_null(policy);
    policy = (void *)&state;
    assert_ok(fpool_http_policy_create(&policy, false, "10.0.0.0/8", NULL));
    assert_null(policy);
    assert_true(is_allowed(NULL, "127.0.0.1"));
    assert_true(is_allowed(NULL, "::1"));
}

static void private_addresses_are_denied_on_request(void **state)
{
    struct fpool_http_policy *policy = make_policy(true, NULL, NULL);

    (void)state;
    assert_false(is_allowed(policy, "127.0.0.1"));
    assert_false(is_allowed(policy, "169.254.169.254"));
    assert_false(is_allowed(policy, "::ffff:192.168.1.1"));
    assert_false(is_allowed(policy, "64:ff9b::10.0.0.1"));
    assert_false(is_allowed(policy, "fd00::1"));
    assert_true(is_allowed(policy, "8.8.8.8"));
    assert_true(is_allowed(policy, "2606::1"));
    fpool_http_policy_destroy(&policy);
    policy = make_policy(false, NULL, "8.8.8.8");
    assert_true(is_allowed(policy, "127.0.0.1"));
    fpool_http_policy_destroy(&policy);
    policy = make_policy(true, NULL, "8.8.8.0/24");
    assert_false(is_allowed(policy, "127.0.0.1"));
    assert_false(is_allowed(policy, "8.8.8.8"));
    assert_true(is_allowed(policy, "8.8.4.4"));
    fpool_http_policy_destroy(&policy);
}

static void an_allowed_network_beats_all_denial(void **state)
{
    struct fpool_http_policy *policy =
        make_policy(true, "127.0.0.2 10.1.0.0/16, fd00:1::/32 8.8.8.8",
                    "10.0.0.0/8, 8.8.8.0/24, fd00::/8");

    (void)state;
    assert_true(is_allowed(policy, "127.0.0.2"));
    assert_true(is_allowed(policy, "::ffff:127.0.0.2"));
    assert_false(is_allowed(policy, "127.0.0.1"));
    assert_false(is_allowed(policy, "127.0.0.3"));
    assert_true(is_allowed(policy, "10.1.255.255"));
    assert_false(is_allowed(policy, "10.2.0.0"));
    assert_true(is_allowed(policy, "fd00:1::9"));
    assert_false(is_allowed(policy, "fd00:2::9"));
    assert_true(is_allowed(policy, "8.8.8.8"));
    assert_false(is_allowed(policy, "8.8.8.9"));
    /* The exception is for the address alone. */
    assert_false(is_allowed(policy, "64:ff9b::127.0.0.2"));
    assert_false(is_allowed(policy, "2002:7f00:2::1"));
    fpool_http_policy_destroy(&policy);
}

static void unknown_families_are_denied_with_anything(void **state)
{
    struct sockaddr_un a = { .sun_family = AF_UNIX };
    const struct sockaddr *sa = (const struct sockaddr *)(void *)&a;
    struct fpool_http_policy *policy = make_policy(false, NULL, "192.0.2.1");

    (void)state;
    assert_true(fpool_http_policy_allows(NULL, sa));
    assert_false(fpool_http_policy_allows(policy, sa));
    fpool_http_policy_destroy(&policy);
    policy = make_policy(true, "0.0.0.0/0 ::/0", NULL);
    assert_false(fpool_http_policy_allows(policy, sa));
    fpool_http_policy_destroy(&policy);
}

static void without_memory_nothing_is_made(void **state)
{
    struct fpool_http_policy *policy = (void *)&state;
    enum fpool_status status;

    fpool_mem_fail_at(1, 0);
    status = fpool_http_policy_create(&policy, true, "10.0.0.1", "10.0.0.2");
    fpool_mem_fail_at(0, 0);
    assert_int_equal(status, FPOOL_ENOMEM);
    assert_ptr_equal(policy, (void *)&state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lists_are_parsed_whatever_parts_them),
        cmocka_unit_test(every_prefix_has_its_bounds),
        cmocka_unit_test(bits_beyond_the_prefix_do_not_matter),
        cmocka_unit_test(mapped_networks_are_ipv4_networks),
        cmocka_unit_test(denied_addresses_are_denied_in_all_clothes),
        cmocka_unit_test(lists_that_are_none_are_refused),
        cmocka_unit_test(reasons_tell_what_is_wrong),
        cmocka_unit_test(lists_may_be_long_but_not_longer),
        cmocka_unit_test(without_denial_there_is_no_policy),
        cmocka_unit_test(private_addresses_are_denied_on_request),
        cmocka_unit_test(an_allowed_network_beats_all_denial),
        cmocka_unit_test(unknown_families_are_denied_with_anything),
        cmocka_unit_test(without_memory_nothing_is_made),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
