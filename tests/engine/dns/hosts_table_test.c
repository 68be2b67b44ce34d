/* SPDX-License-Identifier: MIT */
/* Hosts files as text: what is a line, a name, an address; pieces of any size;
 * many names; no memory. */
#include "engine/dns/hosts_table.h"

#include <string.h>

#include "base/mem.h"
#include "engine/dns/type.h"
#include "support/check.h"

#define BOTH (FPOOL_DNS_V4 | FPOOL_DNS_V6)

/* Feeds from blocks that are no larger than what they hold. */
static void feed(struct fpool_dns_hosts_table *t, const char *bytes,
                 size_t size, size_t piece)
{
    size_t i;

    for (i = 0; i < size; i += piece) {
        size_t n = size - i < piece ? size - i : piece;
        char *exact = malloc(n);

        assert_non_null(exact);
        memcpy(exact, bytes + i, n);
        assert_ok(fpool_dns_hosts_feed(t, exact, n));
        free(exact);
    }
    assert_ok(fpool_dns_hosts_end(t));
}

/* The addresses of a name, "-" where it is not there. */
static const char *find(const struct fpool_dns_hosts_table *t, const char *name)
{
    static char text[FPOOL_DNS_MAX_ADDRESSES * FPOOL_DNS_SERVER_TEXT_SIZE];
    struct fpool_dns_addresses a;
    struct fpool_dns_question q;
    struct fpool_dns_mix mix;
    const char *reason;
    size_t used = 0;
    size_t i;

    assert_ok(fpool_dns_question_parse(&q, name, strlen(name), NULL,
                                       FPOOL_DNS_TYPE_A, &reason));
    fpool_dns_mix_init(&mix, BOTH, false);
    if (!fpool_dns_hosts_table_find(t, q.wire, q.wire_size, &mix)) {
        return "-";
    }
    fpool_dns_addresses_set(&a, &mix, "none");
    text[0] = '\0';
    for (i = 0; i < a.n; i++) {
        char one[FPOOL_DNS_SERVER_TEXT_SIZE];

        fpool_dns_address_text(&a.list[i], one);
        one[strlen(one) - 2] = '\0'; /* ":0" */
        used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%s",
                                 i == 0 ? "" : " ", one);
    }
    return text;
}

static const char *find_in(const char *file, const char *name)
{
    struct fpool_dns_hosts_table t = { 0 };
    const char *found;

    feed(&t, file, strlen(file), 7);
    found = find(&t, name);
    fpool_dns_hosts_table_fini(&t);
    return found;
}

static void a_line_has_an_address_and_names(void **state)
{
    static const char file[] = "192.0.2.1 one\n"
                               "192.0.2.2\ttwo.example  zwei\t \tdeux \n"
                               "  192.0.2.3 three\n"
                               "2001:db8::4 four\n"
                               "192.0.2.5 five";

    (void)state;
    assert_string_equal(find_in(file, "one"), "192.0.2.1");
    assert_string_equal(find_in(file, "two.example"), "192.0.2.2");
    assert_string_equal(find_in(file, "zwei"), "192.0.2.2");
    assert_string_equal(find_in(file, "deux"), "192.0.2.2");
    assert_string_equal(find_in(file, "three"), "192.0.2.3");
    assert_string_equal(find_in(file, "four"), "[2001:db8::4]");
    assert_string_equal(find_in(file, "five"), "192.0.2.5");
    assert_string_equal(find_in(file, "six"), "-");
    assert_string_equal(find_in(file, "example"), "-");
}

static void lines_may_end_with_carriage_returns(void **state)
{
    static const char file[] = "192.0.2.1 one\r\n\r\n192.0.2.2 two\r\n";

    (void)state;
    assert_string_equal(find_in(file, "one"), "192.0.2.1");
    assert_string_equal(find_in(file, "two"), "192.0.2.2");
}

static void comments_are_passed_over(void **state)
{
    static const char file[] = "# 192.0.2.1 one\n#\n"
                               "192.0.2.2 two # three\n"
                               "192.0.2.4 four#five\n"
                               "192.0.2.6 # six\n192.0.2.7# seven\nseven\n"
                               "192.0.2.8 eight\n";

    (void)state;
    assert_string_equal(find_in(file, "one"), "-");
    assert_string_equal(find_in(file, "two"), "192.0.2.2");
    assert_string_equal(find_in(file, "three"), "-");
    assert_string_equal(find_in(file, "four"), "192.0.2.4");
    assert_string_equal(find_in(file, "five"), "-");
    assert_string_equal(find_in(file, "six"), "-");
    assert_string_equal(find_in(file, "seven"), "-");
    assert_string_equal(find_in(file, "eight"), "192.0.2.8");
}

static void letters_have_no_case(void **state)
{
    static const char file[] = "192.0.2.1 One.EXAMPLE\n192.0.2.2 two.\n";

    (void)state;
    assert_string_equal(find_in(file, "oNE.example"), "192.0.2.1");
    assert_string_equal(find_in(file, "TWO"), "192.0.2.2");
    assert_string_equal(find_in("192.0.2.3 b\xc3\xbc"
                                "cher.example\n",
                                "xn--bcher-kva.example"),
                        "192.0.2.3");
}

static void a_name_has_the_addresses_of_all_its_lines(void **state)
{
    static const char file[] = "192.0.2.2 a b\n192.0.2.1 a\n2001:db8::1 b a\n"
                               "192.0.2.2 a a A\n::ffff:192.0.2.3 a\n";

    (void)state;
    assert_string_equal(find_in(file, "a"),
                        "192.0.2.2 [2001:db8::1] 192.0.2.1 192.0.2.3");
    assert_string_equal(find_in(file, "b"), "192.0.2.2 [2001:db8::1]");
}

static void rubbish_is_passed_over(void **state)
{
    static const char file[] =
        "one 192.0.2.1\n192.0.2.256 one\n192.0.2.1:80 one\n[::1] one\n"
        "192.0.2.1\n one\n"
        "192.0.2.2 a..b 192.0.2.9 x/y\\ \\999 two\n"
        "\x01\x02 one\n";
    char far[2 * FPOOL_DNS_HOSTS_WORD + 100];
    int n;

    (void)state;
    assert_string_equal(find_in(file, "one"), "-");
    assert_string_equal(find_in(file, "two"), "192.0.2.2");
    n = snprintf(far, sizeof(far),
                 "192.0.2.3 %0*d three\n%0*d four\n192.0.2.5 five",
                 FPOOL_DNS_HOSTS_WORD + 1, 1, FPOOL_DNS_HOSTS_WORD, 1);
    assert_in_range(n, 1, sizeof(far) - 1);
    assert_string_equal(find_in(far, "three"), "192.0.2.3");
    assert_string_equal(find_in(far, "four"), "-");
    assert_string_equal(find_in(far, "five"), "192.0.2.5");
    assert_string_equal(find_in("", "one"), "-");
}

/* Such files are long lists of names that shall not be reached. */
static void a_blocked_name_is_there_without_address(void **state)
{
    (void)state;
    assert_string_equal(find_in("0.0.0.0 ads.example\n", "ads.example"), "");
    assert_string_equal(find_in("0.0.0.0 a\n:: a\n", "a"), "");
}

static void pieces_may_have_any_size(void **state)
{
    static const char file[] = "# one\r\n192.0.2.1  one\tuno # eins\n"
                               "2001:db8::2 two\n\n192.0.2.3\nx 1\n192.0.2.4 "
                               "four";
    size_t piece;

    (void)state;
    for (piece = 1; piece <= sizeof(file); piece++) {
        struct fpool_dns_hosts_table t = { 0 };

        feed(&t, file, sizeof(file) - 1, piece);
        assert_string_equal(find(&t, "one"), "192.0.2.1");
        assert_string_equal(find(&t, "uno"), "192.0.2.1");
        assert_string_equal(find(&t, "eins"), "-");
        assert_string_equal(find(&t, "two"), "[2001:db8::2]");
        assert_string_equal(find(&t, "four"), "192.0.2.4");
        assert_int_equal(t.n_names, 4);
        fpool_dns_hosts_table_fini(&t);
    }
}

static void a_name_has_at_most_32_addresses(void **state)
{
    struct fpool_dns_hosts_table t = { 0 };
    char line[64];
    unsigned i;

    (void)state;
    for (i = 0; i < 100; i++) {
        int n = snprintf(line, sizeof(line), "192.0.2.%u many m%u\n", i, i);

        assert_ok(fpool_dns_hosts_feed(&t, line, (size_t)n));
    }
    assert_int_equal(t.n_names, 101);
    assert_int_equal(t.n_nodes, 100 + 32);
    assert_string_equal(find(&t, "m99"), "192.0.2.99");
    assert_int_equal(strncmp(find(&t, "many"), "192.0.2.0 ", 10), 0);
    fpool_dns_hosts_table_fini(&t);
}

/* Of 100,000 names on one address each is found, and the address is kept once.
 */
static void long_lists_are_found_again(void **state)
{
    struct fpool_dns_hosts_table t = { 0 };
    char line[64];
    unsigned i;

    (void)state;
    for (i = 0; i < 100000; i++) {
        int n = snprintf(line, sizeof(line), "192.0.2.%d n%u.example\n",
                         i < 50000 ? 1 : 2, i);

        assert_ok(fpool_dns_hosts_feed(&t, line, (size_t)n));
    }
    assert_int_equal(t.n_names, 100000);
    assert_int_equal(t.n_addresses, 2);
    for (i = 0; i < 100000; i++) {
        snprintf(line, sizeof(line), "n%u.example", i);
        assert_string_equal(find(&t, line),
                            i < 50000 ? "192.0.2.1" : "192.0.2.2");
    }
    assert_string_equal(find(&t, "n100000.example"), "-");
    fpool_dns_hosts_table_fini(&t);
}

static void without_memory_it_is_told(void **state)
{
    enum fpool_status st = FPOOL_ENOMEM;
    unsigned long n;

    (void)state;
    for (n = 1; st != FPOOL_OK; n++) {
        struct fpool_dns_hosts_table t = { 0 };
        char line[64];
        unsigned i;

        fpool_mem_fail_at(n, 0);
        st = FPOOL_OK;
        for (i = 0; i < 100 && st == FPOOL_OK; i++) {
            int size = snprintf(line, sizeof(line), "192.0.2.%u n%u\n", i, i);

            st = fpool_dns_hosts_feed(&t, line, (size_t)size);
        }
        fpool_mem_fail_at(0, 0);
        if (st != FPOOL_OK) {
            assert_status(st, FPOOL_ENOMEM);
        } else {
            assert_string_equal(find(&t, "n99"), "192.0.2.99");
        }
        assert_string_equal(find(&t, "n100"), "-");
        fpool_dns_hosts_table_fini(&t);
    }
    assert_in_range(n, 10, 50);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_has_an_address_and_names),
        cmocka_unit_test(lines_may_end_with_carriage_returns),
        cmocka_unit_test(comments_are_passed_over),
        cmocka_unit_test(letters_have_no_case),
        cmocka_unit_test(a_name_has_the_addresses_of_all_its_lines),
        cmocka_unit_test(rubbish_is_passed_over),
        cmocka_unit_test(a_blocked_name_is_there_without_address),
        cmocka_unit_test(pieces_may_have_any_size),
        cmocka_unit_test(a_name_has_at_most_32_addresses),
        cmocka_unit_test(long_lists_are_found_again),
        cmocka_unit_test(without_memory_it_is_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
