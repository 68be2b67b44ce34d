/* SPDX-License-Identifier: MIT */
/* Addresses given for hosts: which lines are taken, and what is found. */
#include "engine/http/resolve_list.h"

#include <string.h>

#include "base/mem.h"
#include "support/check.h"

static struct fpool_http_resolve_list *make_resolve_list(const char *lines)
{
    struct fpool_http_resolve_list *list = NULL;

    assert_null(fpool_http_resolve_list_check(lines));
    assert_ok(fpool_http_resolve_list_create(&list, lines));
    return list;
}

static void check_port(const union fpool_http_address *a, uint16_t port)
{
    if (a->sa.sa_family == AF_INET) {
        assert_int_equal(ntohs(a->v4.sin_port), port);
    } else {
        assert_int_equal(a->sa.sa_family, AF_INET6);
        assert_int_equal(ntohs(a->v6.sin6_port), port);
    }
}

/* Asserts that for a host are found the addresses in 'wanted', parted by
 * blanks; none: "". */
static void check_found(const struct fpool_http_resolve_list *list,
                        const char *host, uint16_t port, const char *wanted)
{
    const union fpool_http_address *found;
    char all[2048] = "";
    char text[FPOOL_HTTP_ADDRESS_TEXT_SIZE];
    size_t used = 0;
    size_t n = 99;
    size_t i;

    found = fpool_http_resolve_list_find(list, host, strlen(host), port, &n);
    assert_int_equal(found == NULL, n == 0);
    for (i = 0; i < n; i++) {
        fpool_http_address_text(&found[i], text);
        used += (size_t)snprintf(all + used, sizeof(all) - used, "%s%s",
                                 i == 0 ? "" : " ", text);
        check_port(&found[i], port);
    }
    assert_string_equal(all, wanted);
}

static void hosts_are_found_by_name_and_port(void **state)
{
    struct fpool_http_resolve_list *list =
        make_resolve_list("example.org:443:192.0.2.1\n"
                          "example.org:80:192.0.2.2\n"
                          "example.com:443:192.0.2.3");

    (void)state;
    check_found(list, "example.org", 443, "192.0.2.1");
    check_found(list, "example.org", 80, "192.0.2.2");
    check_found(list, "example.com", 443, "192.0.2.3");
    check_found(list, "example.com", 80, "");
    check_found(list, "example.net", 443, "");
    check_found(list, "xample.org", 443, "");
    check_found(list, "example.or", 443, "");
    check_found(list, "", 443, "");
    fpool_http_resolve_list_destroy(&list);
    assert_null(list);
    fpool_http_resolve_list_destroy(&list);
}

static void a_host_may_have_addresses_of_both_families(void **state)
{
    struct fpool_http_resolve_list *list =
        make_resolve_list("h:1:192.0.2.1,2001:DB8::1,[2001:db8::2],192.0.2.1\n"
                          "i:2:[::ffff:192.0.2.9]");

    (void)state;
    check_found(list, "h", 1, "192.0.2.1 2001:db8::1 2001:db8::2 192.0.2.1");
    check_found(list, "i", 2, "::ffff:192.0.2.9");
    fpool_http_resolve_list_destroy(&list);
}

static void case_and_a_dot_at_the_end_do_not_matter(void **state)
{
    struct fpool_http_resolve_list *list =
        make_resolve_list("EXAMPLE.Org:1:192.0.2.1\n"
                          "dot.example.:1:192.0.2.2");

    (void)state;
    check_found(list, "example.ORG", 1, "192.0.2.1");
    check_found(list, "example.org.", 1, "192.0.2.1");
    check_found(list, "example.org..", 1, "");
    check_found(list, "dot.example", 1, "192.0.2.2");
    check_found(list, ".", 1, "");
    fpool_http_resolve_list_destroy(&list);
}

static void the_last_line_for_a_host_counts(void **state)
{
    struct fpool_http_resolve_list *list =
        make_resolve_list("a:1:192.0.2.1,192.0.2.2\n"
                          "b:1:192.0.2.3\n"
                          "A:1:192.0.2.4,192.0.2.5,192.0.2.6\n"
                          "*:1:192.0.2.7\n"
                          "+a.:1:192.0.2.8\n"
                          "*:1:192.0.2.9\n");

    (void)state;
    check_found(list, "a", 1, "192.0.2.8");
    check_found(list, "b", 1, "192.0.2.3");
    check_found(list, "c", 1, "192.0.2.9");
    fpool_http_resolve_list_destroy(&list);
}

static void a_star_is_any_other_host(void **state)
{
    struct fpool_http_resolve_list *list = make_resolve_list("*:443:192.0.2.1\n"
                                                             "a:443:192.0.2.2\n"
                                                             "a:80:192.0.2.3");

    (void)state;
    check_found(list, "a", 443, "192.0.2.2");
    check_found(list, "b", 443, "192.0.2.1");
    check_found(list, "*", 443, "192.0.2.1");
    check_found(list, "::1", 443, "192.0.2.1");
    check_found(list, "b", 80, "");
    fpool_http_resolve_list_destroy(&list);
}

static void hosts_may_be_addresses(void **state)
{
    struct fpool_http_resolve_list *list =
        make_resolve_list("[2001:DB8:0::1]:443:192.0.2.1\n"
                          "[::ff:ff]:443:192.0.2.2\n"
                          "192.0.2.99:443:[::1]\n");

    (void)state;
    check_found(list, "2001:db8::1", 443, "192.0.2.1");
    check_found(list, "[2001:db8:0:0::1]", 443, "192.0.2.1");
    check_found(list, "[2001:db8::2]", 443, "");
    check_found(list, "::ff:ff", 443, "192.0.2.2");
    check_found(list, "192.0.2.99", 443, "::1");
    fpool_http_resolve_list_destroy(&list);
}

static void lines_may_be_loose(void **state)
{
    struct fpool_http_resolve_list *list =
        make_resolve_list("\n \r\n\t a:1:192.0.2.1 \r\n\n"
                          "+b:65535:192.0.2.2\r\n\r\n");

    (void)state;
    check_found(list, "a", 1, "192.0.2.1");
    check_found(list, "b", 65535, "192.0.2.2");
    fpool_http_resolve_list_destroy(&list);
}

static void without_lines_there_is_no_list(void **state)
{
    struct fpool_http_resolve_list *list = (void *)&state;

    assert_ok(fpool_http_resolve_list_create(&list, NULL));
    assert_null(list);
    assert_null(fpool_http_resolve_list_check(NULL));
    list = (void *)&state;
    assert_ok(fpool_http_resolve_list_create(&list, " \n\r\n"));
    assert_null(list);
    check_found(NULL, "a", 1, "");
    fpool_http_resolve_list_destroy(&list);
}

static void lines_that_are_none_are_refused(void **state)
{
    static const char *const lines[] = { "x",
                                         ":",
                                         "::",
                                         "a:1",
                                         "a:1:",
                                         "a:1:,",
                                         "a:1:192.0.2.1,",
                                         "a:1:,192.0.2.1",
                                         "a:1:192.0.2.1,,192.0.2.2",
                                         "a:1:192.0.2.1, 192.0.2.2",
                                         "a:1:192.0.2.1 x",
                                         "a:1:example.org",
                                         "a:1:192.0.2",
                                         "a:1:[192.0.2.1]",
                                         "a:1:[::1",
                                         "a:1:::1]",
                                         "a:1:[]",
                                         "a:1:fe80::1%lo",
                                         "a:0:192.0.2.1",
                                         "a:65536:192.0.2.1",
                                         "a:http:192.0.2.1",
                                         "a::192.0.2.1",
                                         "a:+1:192.0.2.1",
                                         ":1:192.0.2.1",
                                         "+:1:192.0.2.1",
                                         ".:1:192.0.2.1",
                                         "a b:1:192.0.2.1",
                                         "a\x01:1:192.0.2.1",
                                         "a\x7f:1:192.0.2.1",
                                         "*.example.org:1:192.0.2.1",
                                         "[::1:1:192.0.2.1",
                                         "[::1]1:192.0.2.1",
                                         "[a]:1:192.0.2.1",
                                         "[]:1:192.0.2.1",
                                         "-a:1",
                                         "-a:1:192.0.2.1",
                                         "a:1:192.0.2.1\nb",
                                         "http://a:1:192.0.2.1" };
    struct fpool_http_resolve_list *const untouched = (void *)&state;
    struct fpool_http_resolve_list *list = untouched;
    size_t i;

    (void)state;
    for (i = 0; i < N_ELEMENTS(lines); i++) {
        if (fpool_http_resolve_list_check(lines[i]) == NULL) {
            fail_msg("\"%s\" is taken", lines[i]);
        }
        assert_status(fpool_http_resolve_list_create(&list, lines[i]),
                      FPOOL_EINVAL);
    }
    assert_ptr_equal(list, untouched);
    assert_string_equal(fpool_http_resolve_list_check("-a:1"),
                        "entries cannot be removed");
    assert_string_equal(fpool_http_resolve_list_check("a:b:1.2.3.4"),
                        "the port is not a number from 1 to 65535");
    assert_string_equal(fpool_http_resolve_list_check("a:1:b"),
                        "not an IPv4 or IPv6 address");
}

static void hosts_have_a_longest_name(void **state)
{
    char line[300];
    char host[300];
    struct fpool_http_resolve_list *list;

    (void)state;
    memset(line, 'a', sizeof(line));
    memset(host, 'A', sizeof(host));
    memcpy(line + 255, ":1:192.0.2.1", 13);
    host[255] = '\0';
    list = make_resolve_list(line);
    check_found(list, host, 1, "192.0.2.1");
    host[255] = 'A';
    host[256] = '\0';
    check_found(list, host, 1, "");
    fpool_http_resolve_list_destroy(&list);
    line[255] = 'a';
    memcpy(line + 256, ":1:192.0.2.1", 13);
    assert_string_equal(fpool_http_resolve_list_check(line), "not a host");
}

static void a_host_has_at_most_32_addresses(void **state)
{
    char line[400] = "a:1:";
    size_t size = 4;
    size_t n = 0;
    struct fpool_http_resolve_list *list;
    int i;

    (void)state;
    for (i = 0; i < 32; i++) {
        size += (size_t)snprintf(line + size, sizeof(line) - size,
                                 "%s10.0.0.%d", i == 0 ? "" : ",", i);
    }
    list = make_resolve_list(line);
    assert_non_null(fpool_http_resolve_list_find(list, "a", 1, 1, &n));
    assert_int_equal(n, FPOOL_HTTP_RESOLVE_ADDRESSES);
    fpool_http_resolve_list_destroy(&list);
    memcpy(line + size, ",10.0.0.9", 10);
    assert_string_equal(fpool_http_resolve_list_check(line),
                        "more than 32 addresses for a host");
}

#define N_HOSTS 100000u

static void many_hosts_are_all_found(void **state)
{
    char *lines = malloc((size_t)N_HOSTS * 40);
    char *p = lines;
    char host[32];
    char wanted[32];
    struct fpool_http_resolve_list *list;
    unsigned i;

    (void)state;
    assert_non_null(lines);
    for (i = 0; i < N_HOSTS; i++) {
        p += snprintf(p, 40, "h%u.example:%u:10.%u.%u.%u\n", i, 1 + i % 3,
                      i >> 16, (i >> 8) & 255, i & 255);
    }
    list = make_resolve_list(lines);
    free(lines);
    for (i = 0; i < N_HOSTS; i++) {
        snprintf(host, sizeof(host), "h%u.example", i);
        snprintf(wanted, sizeof(wanted), "10.%u.%u.%u", i >> 16, (i >> 8) & 255,
                 i & 255);
        check_found(list, host, (uint16_t)(1 + i % 3), wanted);
        check_found(list, host, (uint16_t)(1 + (i + 1) % 3), "");
    }
    fpool_http_resolve_list_destroy(&list);
}

static void without_memory_nothing_is_made(void **state)
{
    struct fpool_http_resolve_list *const untouched = (void *)&state;
    struct fpool_http_resolve_list *list = untouched;
    enum fpool_status status;
    unsigned long n;

    for (n = 1;; n++) {
        fpool_mem_fail_at(n, 0);
        status = fpool_http_resolve_list_create(&list, "a:1:::1\nb:2:1.2.3.4");
        fpool_mem_fail_at(0, 0);
        if (status == FPOOL_OK) {
            break;
        }
        assert_int_equal(status, FPOOL_ENOMEM);
        assert_ptr_equal(list, untouched);
    }
    assert_int_equal(n, 6);
    check_found(list, "a", 1, "::1");
    fpool_http_resolve_list_destroy(&list);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hosts_are_found_by_name_and_port),
        cmocka_unit_test(a_host_may_have_addresses_of_both_families),
        cmocka_unit_test(case_and_a_dot_at_the_end_do_not_matter),
        cmocka_unit_test(the_last_line_for_a_host_counts),
        cmocka_unit_test(a_star_is_any_other_host),
        cmocka_unit_test(hosts_may_be_addresses),
        cmocka_unit_test(lines_may_be_loose),
        cmocka_unit_test(without_lines_there_is_no_list),
        cmocka_unit_test(lines_that_are_none_are_refused),
        cmocka_unit_test(hosts_have_a_longest_name),
        cmocka_unit_test(a_host_has_at_most_32_addresses),
        cmocka_unit_test(many_hosts_are_all_found),
        cmocka_unit_test(without_memory_nothing_is_made),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
