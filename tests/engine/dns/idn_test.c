/* SPDX-License-Identifier: MIT */
/* International labels, and what happens when libidn2 has no memory.  What they
 * become within names is in label_test.c. */
#include "engine/dns/idn.h"

#include <dlfcn.h>
#include <idn2.h>
#include <string.h>

#include "engine/dns/name.h"
#include "engine/dns/type.h"
#include "support/check.h"

static int next_code = IDN2_OK;

/* Stands before libidn2's function, and fails as told. */
int idn2_lookup_u8(const uint8_t *src, uint8_t **lookupname, int flags)
{
    int (*real)(const uint8_t *, uint8_t **, int);

    *(void **)&real = dlsym(RTLD_NEXT, "idn2_lookup_u8");
    return next_code != IDN2_OK ? next_code : real(src, lookupname, flags);
}

static const char *to_ascii(const char *label, size_t size, char *ascii)
{
    const char *reason = NULL;
    enum fpool_status st = fpool_dns_idn_to_ascii(label, size, ascii, &reason);

    assert_int_equal(st, reason == NULL ? FPOOL_OK : FPOOL_EINVALID);
    return reason;
}

static void check_label(const char *label, const char *wanted)
{
    char ascii[FPOOL_DNS_IDN_SIZE];

    assert_null(to_ascii(label, strlen(label), ascii));
    assert_string_equal(ascii, wanted);
}

static void labels_become_punycode(void **state)
{
    (void)state;
    check_label("b\xc3\xbc"
                "cher",
                "xn--bcher-kva");
    check_label("bu\xcc\x88"
                "cher",
                "xn--bcher-kva");            /* decomposed */
    check_label("fa\xc3\x9f", "xn--fa-hia"); /* not transitional: no "fass" */
    check_label("\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e", "xn--wgv71a119e");
    check_label("\xd7\x90", "xn--4db");
    check_label("a\xe3\x80\x82"
                "b",
                "a.b");
}

static void faults_have_reasons(void **state)
{
    char ascii[FPOOL_DNS_IDN_SIZE];
    char text[FPOOL_DNS_MAX_IDN + 1];

    (void)state;
    assert_string_equal(to_ascii("\xff", 1, ascii), "not UTF-8");
    assert_string_equal(to_ascii("\xf0\x9f\x92\xa9", 4, ascii),
                        FPOOL_DNS_IDN_REFUSED);
    assert_string_equal(to_ascii("\xc3\xbc\0", 3, ascii),
                        FPOOL_DNS_IDN_REFUSED);
    memset(text, '\xff', sizeof(text));
    assert_string_equal(to_ascii(text, FPOOL_DNS_MAX_IDN, ascii), "not UTF-8");
    assert_string_equal(to_ascii(text, FPOOL_DNS_MAX_IDN + 1, ascii),
                        "label is longer than 63 bytes");
}

static void no_memory_is_no_fault_of_the_name(void **state)
{
    struct fpool_dns_question q;
    const char *reason = NULL;

    (void)state;
    next_code = IDN2_MALLOC;
    assert_status(fpool_dns_question_parse(&q, "\xc3\xbc", 2, NULL,
                                           FPOOL_DNS_TYPE_A, &reason),
                  FPOOL_ENOMEM);
    next_code = IDN2_TOO_BIG_DOMAIN;
    assert_status(fpool_dns_question_parse(&q, "\xc3\xbc", 2, NULL,
                                           FPOOL_DNS_TYPE_A, &reason),
                  FPOOL_EINVALID);
    assert_string_equal(reason, "label is longer than 63 bytes");
    next_code = IDN2_OK;
    assert_ok(fpool_dns_question_parse(&q, "\xc3\xbc", 2, NULL,
                                       FPOOL_DNS_TYPE_A, &reason));
    assert_string_equal(q.text, "xn--tda");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(labels_become_punycode),
        cmocka_unit_test(faults_have_reasons),
        cmocka_unit_test(no_memory_is_no_fault_of_the_name),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
