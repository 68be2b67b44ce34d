/* SPDX-License-Identifier: MIT */
/* Lists of resolvers: texts, rubbish and its line, and the system's files. */
#include "engine/dns/servers.h"

#include <ares.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "support/check.h"

/* The list as one text, its addresses separated by blanks. */
static void join(const struct fpool_dns_servers *s, char *text, size_t size)
{
    size_t used = 0;
    size_t i;

    text[0] = '\0';
    for (i = 0; i < s->n; i++) {
        char one[FPOOL_DNS_SERVER_TEXT_SIZE];

        fpool_dns_address_text(&s->addresses[i], one);
        used += (size_t)snprintf(text + used, size - used, "%s%s",
                                 i == 0 ? "" : " ", one);
        assert_true(used < size);
    }
}

static void check_servers(struct fpool_dns_servers *s, const char *wanted)
{
    char shown[1000];

    join(s, shown, sizeof(shown));
    assert_string_equal(shown, wanted);
    fpool_dns_servers_fini(s);
    assert_null(s->addresses);
    assert_int_equal(s->n, 0);
    fpool_dns_servers_fini(s);
}

static void check_list(const char *text, const char *wanted)
{
    struct fpool_dns_servers s;
    unsigned line = 99;

    assert_ok(fpool_dns_servers_parse(&s, text, &line));
    assert_int_equal(line, 99);
    check_servers(&s, wanted);
}

static void check_refused(const char *text, unsigned wanted_line)
{
    struct fpool_dns_servers s;
    unsigned line = 99;

    assert_status(fpool_dns_servers_parse(&s, text, &line), FPOOL_EINVALID);
    assert_int_equal(line, wanted_line);
    assert_null(s.addresses);
    assert_status(fpool_dns_servers_parse(&s, text, NULL), FPOOL_EINVALID);
    fpool_dns_servers_fini(&s);
}

static void many_things_separate_addresses(void **state)
{
    static const char wanted[] = "192.0.2.1:53 [2001:db8::1]:5353 192.0.2.2:54";

    (void)state;
    check_list("192.0.2.1", "192.0.2.1:53");
    check_list("192.0.2.1,[2001:db8::1]:5353,192.0.2.2:54", wanted);
    check_list("192.0.2.1 [2001:db8::1]:5353\t192.0.2.2:54", wanted);
    check_list("192.0.2.1\n[2001:db8::1]:5353\n192.0.2.2:54\n", wanted);
    check_list("\r\n192.0.2.1\r\n\r\n[2001:db8::1]:5353\r\n192.0.2.2:54\r\n",
               wanted);
    check_list(" , 192.0.2.1 ,, [2001:db8::1]:5353 ,\n, 192.0.2.2:54 , ",
               wanted);
}

static void comments_are_passed_over(void **state)
{
    (void)state;
    check_list("# ours\n192.0.2.1 # one, 192.0.2.9\n#\n  # rubbish!\r\n"
               "192.0.2.2# two\n192.0.2.3#two # two\n# end",
               "192.0.2.1:53 192.0.2.2:53 192.0.2.3:53");
    check_list("192.0.2.1#", "192.0.2.1:53");
}

static void duplicates_are_dropped_in_order(void **state)
{
    (void)state;
    check_list("192.0.2.2 192.0.2.1 192.0.2.2:53 192.0.2.1:54 192.0.2.1\n"
               "::ffff:192.0.2.1 2001:db8::1 [2001:db8:0::1]:53",
               "192.0.2.2:53 192.0.2.1:53 192.0.2.1:54 [2001:db8::1]:53");
}

static void rubbish_is_refused_with_its_line(void **state)
{
    (void)state;
    check_refused("x", 1);
    check_refused("192.0.2.1\n192.0.2.2 x\n192.0.2.3", 2);
    check_refused("# a\r\n\r\n192.0.2.1\r\nlocalhost\r\n", 4);
    check_refused("192.0.2.1,192.0.2.2;192.0.2.3", 1);
    check_refused("\n\n192.0.2.1:0", 3);
    check_refused("192.0.2.1\n\n0.0.0.0\n", 3);
    check_refused("192.0.2.1\nfe80::1\n", 2);
    check_refused("nameserver 192.0.2.1", 1);
    check_refused("192.0.2.1\x01", 1);
    check_refused("\xef\xbb\xbf"
                  "192.0.2.1",
                  1);
    /* A port as some programs write it, and no comment. */
    check_refused("192.0.2.1\n192.0.2.2#5353", 2);
}

static void a_list_has_an_address(void **state)
{
    (void)state;
    check_refused("", 0);
    check_refused(" ,\r\n\t", 0);
    check_refused("# 192.0.2.1\n#", 0);
}

/* ---- Long lists. */

#define MAX_LINE 16

/* Lines for 10.0.0.0 and the addresses after it. */
static char *make_lines(unsigned n)
{
    char *text = malloc((size_t)n * MAX_LINE + 1);
    char *p = text;
    unsigned i;

    assert_non_null(text);
    *p = '\0';
    for (i = 0; i < n; i++) {
        p += snprintf(p, MAX_LINE + 1, "10.%u.%u.%u\n", i >> 16, i >> 8 & 255,
                      i & 255);
    }
    return text;
}

static void lists_have_65535_addresses(void **state)
{
    char *text = make_lines(FPOOL_DNS_MAX_SERVERS + 1);
    char *last = strstr(text, "10.0.255.255\n");
    struct fpool_dns_servers s;
    unsigned line = 0;
    unsigned i;

    (void)state;
    assert_status(fpool_dns_servers_parse(&s, text, &line), FPOOL_EINVALID);
    assert_int_equal(line, FPOOL_DNS_MAX_SERVERS + 1);
    assert_non_null(last);
    memcpy(last, "10.0.7.7,::1", 12); /* one that is known, one too many */
    assert_status(fpool_dns_servers_parse(&s, text, &line), FPOOL_EINVALID);
    assert_int_equal(line, FPOOL_DNS_MAX_SERVERS + 1);
    memcpy(last + 8, "    ", 4);
    assert_ok(fpool_dns_servers_parse(&s, text, &line));
    assert_int_equal(s.n, FPOOL_DNS_MAX_SERVERS);
    for (i = 0; i < s.n; i++) {
        assert_int_equal(ntohl(s.addresses[i].v4.sin_addr.s_addr),
                         (10u << 24) + i);
    }
    fpool_dns_servers_fini(&s);
    free(text);
}

static void a_list_without_memory_is_told(void **state)
{
    char *text = make_lines(1000);
    struct fpool_dns_servers s;
    enum fpool_status st = FPOOL_ENOMEM;
    unsigned long n;
    int n_failed = 0;

    (void)state;
    /* The last allocation only saves some memory. */
    for (n = 1; st != FPOOL_OK; n++) {
        fpool_mem_fail_at(n, 1);
        st = fpool_dns_servers_parse(&s, text, NULL);
        fpool_mem_fail_at(0, 0);
        if (st != FPOOL_OK) {
            assert_status(st, FPOOL_ENOMEM);
            assert_null(s.addresses);
            n_failed++;
        }
    }
    assert_int_equal(s.n, 1000);
    assert_in_range(n_failed, 2, 40);
    fpool_dns_servers_fini(&s);
    free(text);
}

/* ---- Files of the system. */

static void write_file(char path[32], const char *text)
{
    FILE *file;
    int fd;

    memcpy(path, "/tmp/fetchpool-servers-XXXXXX", 30);
    fd = mkstemp(path);
    assert_true(fd >= 0);
    file = fdopen(fd, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static void check_file(const char *text, const char *wanted)
{
    struct fpool_dns_servers s;
    char path[32];
    enum fpool_status st;

    write_file(path, text);
    st = fpool_dns_servers_file(&s, path);
    unlink(path);
    assert_ok(st);
    check_servers(&s, wanted);
}

static void the_systems_list_is_read(void **state)
{
    (void)state;
    check_file("# c\n; c\nsearch a b\nnameserver 192.0.2.1\n"
               "nameserver\t2001:db8::1 \noptions ndots:5 rotate\n"
               "nameserver 192.0.2.2\n",
               "192.0.2.1:53 [2001:db8::1]:53 192.0.2.2:53");
    check_file("nameserver 192.0.2.2\nnameserver 192.0.2.1\n"
               "nameserver 192.0.2.2\n",
               "192.0.2.2:53 192.0.2.1:53");
    check_file("nameserver 0.0.0.0\nnameserver 192.0.2.1\nnameserver fe80::1\n",
               "192.0.2.1:53");
}

static void a_system_without_list_asks_itself(void **state)
{
    struct fpool_dns_servers s;
    char path[5000];

    (void)state;
    check_file("", "127.0.0.1:53");
    check_file("nameserver rubbish\n", "127.0.0.1:53");
    assert_ok(fpool_dns_servers_file(&s, "/nonexistent/resolv.conf"));
    check_servers(&s, "127.0.0.1:53");
    memset(path, '/', sizeof(path) - 1);
    path[sizeof(path) - 1] = '\0';
    assert_status(fpool_dns_servers_file(&s, path), FPOOL_ENOTFOUND);
    assert_null(s.addresses);
}

static void a_system_without_usable_resolver_is_told(void **state)
{
    struct fpool_dns_servers s;
    char path[32];
    enum fpool_status st;

    (void)state;
    write_file(path, "nameserver fe80::1\n");
    st = fpool_dns_servers_file(&s, path);
    unlink(path);
    assert_status(st, FPOOL_ENOTFOUND);
    assert_null(s.addresses);
}

static void the_environment_changes_nothing(void **state)
{
    (void)state;
    assert_int_equal(setenv("RES_OPTIONS", "rotate ndots:9 retry:1", 1), 0);
    assert_int_equal(setenv("LOCALDOMAIN", "a b c", 1), 0);
    check_file("nameserver 192.0.2.1\nnameserver 192.0.2.2\n",
               "192.0.2.1:53 192.0.2.2:53");
    unsetenv("RES_OPTIONS");
    unsetenv("LOCALDOMAIN");
}

static void the_systems_list_is_that_of_resolv_conf(void **state)
{
    struct fpool_dns_servers system;
    struct fpool_dns_servers file;
    enum fpool_status st = fpool_dns_servers_system(&system);
    char shown[1000];

    (void)state;
    assert_status(fpool_dns_servers_file(&file, "/etc/resolv.conf"), st);
    join(&file, shown, sizeof(shown));
    fpool_dns_servers_fini(&file);
    check_servers(&system, shown);
}

/* c-ares makes do with less when it has no memory for what it reads. */
static void no_memory_for_the_systems_list_does_no_harm(void **state)
{
    struct fpool_dns_servers s;
    enum fpool_status st = FPOOL_ENOMEM;
    char path[32];
    unsigned long n;
    int n_failed = 0;

    (void)state;
    write_file(path, "nameserver 192.0.2.1\n");
    for (n = 1; n < 100; n++) {
        fpool_mem_fail_at(n, 0);
        st = fpool_dns_servers_file(&s, path);
        n_failed += st == FPOOL_ENOMEM;
        fpool_mem_fail_at(0, 0);
        assert_true(st == FPOOL_OK || st == FPOOL_ENOMEM);
        assert_int_equal(s.n, st == FPOOL_OK ? 1 : 0);
        fpool_dns_servers_fini(&s);
    }
    unlink(path);
    assert_ok(st);
    assert_in_range(n_failed, 3, 50);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(many_things_separate_addresses),
        cmocka_unit_test(comments_are_passed_over),
        cmocka_unit_test(duplicates_are_dropped_in_order),
        cmocka_unit_test(rubbish_is_refused_with_its_line),
        cmocka_unit_test(a_list_has_an_address),
        cmocka_unit_test(lists_have_65535_addresses),
        cmocka_unit_test(a_list_without_memory_is_told),
        cmocka_unit_test(the_systems_list_is_read),
        cmocka_unit_test(a_system_without_list_asks_itself),
        cmocka_unit_test(a_system_without_usable_resolver_is_told),
        cmocka_unit_test(the_environment_changes_nothing),
        cmocka_unit_test(the_systems_list_is_that_of_resolv_conf),
        cmocka_unit_test(no_memory_for_the_systems_list_does_no_harm),
    };

    /* c-ares takes its memory where tests can make it fail. */
    ares_library_init_mem(ARES_LIB_INIT_ALL, fpool_malloc, fpool_free,
                          fpool_realloc);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
