/* SPDX-License-Identifier: MIT */
/* Names on the wire: escapes, pointers, and all that can be wrong with them. */
#include "engine/dns/rdata.h"

#include <string.h>

#include "engine/dns/parse.h"
#include "support/check.h"

#define BYTES(literal) (literal), sizeof(literal) - 1
#define HEADER_SIZE    FPOOL_DNS_HEADER_SIZE

/* Expands the name at 'offset' of a header and these bytes, both in a block
 * that is no larger. */
static size_t expand(const void *bytes, size_t size, size_t offset,
                     char text[FPOOL_DNS_MAX_NAME_TEXT], unsigned flags)
{
    uint8_t *message = calloc(1, HEADER_SIZE + size);
    size_t text_size = 0;
    size_t end;

    assert_non_null(message);
    if (size > 0) {
        memcpy(message + HEADER_SIZE, bytes, size);
    }
    end = fpool_dns_name_expand(message, HEADER_SIZE + size, offset, text,
                                flags, &text_size);
    assert_true(end == 0 || strlen(text) == text_size);
    assert_true(end <= HEADER_SIZE + size);
    free(message);
    return end;
}

/* The name at 'offset', from the end of the header, ends at 'end'. */
static void check_name(const void *bytes, size_t size, size_t offset,
                       const char *wanted, size_t end)
{
    char text[FPOOL_DNS_MAX_NAME_TEXT];

    assert_int_equal(expand(bytes, size, HEADER_SIZE + offset, text, 0),
                     HEADER_SIZE + end);
    assert_string_equal(text, wanted);
}

static void check_bad(const void *bytes, size_t size, size_t offset)
{
    char text[FPOOL_DNS_MAX_NAME_TEXT];

    assert_int_equal(expand(bytes, size, HEADER_SIZE + offset, text, 0), 0);
}

static void names_lose_their_last_dot(void **state)
{
    (void)state;
    check_name(BYTES("\0"), 0, ".", 1);
    check_name(BYTES("\3com\0"), 0, "com", 5);
    check_name(BYTES("\3wWw\7Example\3com\0rest"), 0, "wWw.Example.com", 17);
}

static void bytes_with_a_meaning_are_escaped(void **state)
{
    (void)state;
    check_name(BYTES("\3a.b\1c\0"), 0, "a\\.b.c", 7);
    check_name(BYTES("\10.\\\"();@$\0"), 0, "\\.\\\\\\\"\\(\\)\\;\\@\\$", 10);
    check_name(BYTES("\6\0 \x1f\x7f\x80\xff\0"), 0,
               "\\000\\032\\031\\127\\128\\255", 8);
    check_name(BYTES("\3*_-\1/\0"), 0, "*_-./", 7);
}

/* Each byte alone is itself, or behind a backslash, or three digits. */
static void every_byte_has_a_form(void **state)
{
    unsigned c;

    (void)state;
    for (c = 0; c < 256; c++) {
        uint8_t bytes[3] = { 1, (uint8_t)c, 0 };
        char text[FPOOL_DNS_MAX_NAME_TEXT];
        char wanted[8];

        if (c <= ' ' || c >= 0x7f) {
            snprintf(wanted, sizeof(wanted), "\\%03u", c);
        } else if (strchr("\"$().;@\\", (int)c) != NULL) {
            snprintf(wanted, sizeof(wanted), "\\%c", (int)c);
        } else {
            snprintf(wanted, sizeof(wanted), "%c", (int)c);
        }
        assert_int_equal(expand(bytes, 3, HEADER_SIZE, text, 0),
                         HEADER_SIZE + 3);
        assert_string_equal(text, wanted);
    }
}

static void letters_become_lower_case_when_asked(void **state)
{
    char text[FPOOL_DNS_MAX_NAME_TEXT];

    (void)state;
    assert_true(expand(BYTES("\7@AZ[`az\1\xc4\0"), HEADER_SIZE, text,
                       FPOOL_DNS_NAME_LOWER) > 0);
    assert_string_equal(text, "\\@az[`az.\\196");
}

static void pointers_lead_back(void **state)
{
    static const char bytes[] = "\7example\3com\0" /* 0 */
                                "\3www\xc0\x0c"    /* 13 */
                                "\xc0\x19"         /* 19: to 13 */
                                "\xc0\x1f"         /* 21: to 19 */
                                "\1x\xc0\x14";     /* 23: to "com" */

    (void)state;
    check_name(BYTES(bytes), 13, "www.example.com", 19);
    check_name(BYTES(bytes), 19, "www.example.com", 21);
    check_name(BYTES(bytes), 21, "www.example.com", 23);
    check_name(BYTES(bytes), 23, "x.com", 27);
}

static void pointers_that_lead_elsewhere_are_refused(void **state)
{
    (void)state;
    check_bad(BYTES("\xc0\x0c"), 0);               /* itself */
    check_bad(BYTES("\xc0\x0e\xc0\x0c"), 0);       /* forward */
    check_bad(BYTES("\xc0\x0e\1a\0"), 0);          /* forward, a name */
    check_bad(BYTES("\1a\xc0\x0c"), 0);            /* its own beginning */
    check_bad(BYTES("\1a\1b\xc0\x0e"), 0);         /* its own middle */
    check_bad(BYTES("\1a\xc0\x10\1b\xc0\x0c"), 4); /* back, then forward */
    check_bad(BYTES("\1a\xc0\x0b"), 0);            /* the header */
    check_bad(BYTES("\1a\xc0\0"), 0);              /* the header */
    check_bad(BYTES("\1a\0\xc0\xff"), 3);          /* behind the end */
    check_bad(BYTES("\1a\xff\xff"), 0);            /* far behind it */
}

static void pointers_may_be_refused(void **state)
{
    char text[FPOOL_DNS_MAX_NAME_TEXT];

    (void)state;
    assert_int_equal(expand(BYTES("\1a\0\1b\xc0\x0c"), HEADER_SIZE + 3, text,
                            FPOOL_DNS_NAME_WHOLE),
                     0);
    assert_int_equal(expand(BYTES("\1a\0\1b\0"), HEADER_SIZE + 3, text,
                            FPOOL_DNS_NAME_WHOLE),
                     HEADER_SIZE + 6);
}

/* A row of pointers, each to the one before. */
static void long_ways_are_refused(void **state)
{
    uint8_t bytes[3 + 2 * 200] = { 1, 'a', 0 };
    size_t i;

    (void)state;
    for (i = 0; i < 200; i++) {
        size_t target = HEADER_SIZE + (i == 0 ? 0 : 3 + 2 * (i - 1));

        bytes[3 + 2 * i] = (uint8_t)(0xc0 | target >> 8);
        bytes[4 + 2 * i] = (uint8_t)target;
    }
    check_name(bytes, sizeof(bytes), 3 + 2 * 126, "a", 3 + 2 * 127);
    check_bad(bytes, sizeof(bytes), 3 + 2 * 127);
    check_bad(bytes, sizeof(bytes), 3 + 2 * 199);
}

static void labels_have_63_bytes(void **state)
{
    char bytes[66] = { 0 };
    char wanted[64] = { 0 };

    (void)state;
    memset(bytes + 1, 'x', 63);
    memset(wanted, 'x', 63);
    bytes[0] = 63;
    check_name(bytes, 65, 0, wanted, 65);
    assert_int_equal(fpool_dns_name_skip((const uint8_t *)bytes, 65, 0), 65);
    bytes[0] = 64;
    bytes[64] = 'x';
    check_bad(bytes, 66, 0);
    bytes[0] = (char)0x80;
    check_bad(bytes, 66, 0);
    bytes[0] = (char)0xbf;
    check_bad(bytes, 66, 0);
}

/* 'n' labels of one byte, then one of 'last' bytes. */
static size_t build_long(uint8_t *bytes, size_t n, size_t last)
{
    size_t size = 0;
    size_t i;

    for (i = 0; i < n; i++) {
        bytes[size++] = 1;
        bytes[size++] = 0;
    }
    bytes[size++] = (uint8_t)last;
    memset(bytes + size, 0, last + 1);
    return size + last + 1;
}

static void names_have_255_bytes(void **state)
{
    char text[FPOOL_DNS_MAX_NAME_TEXT];
    uint8_t bytes[300];
    size_t size = build_long(bytes, 125, 3);

    (void)state;
    assert_int_equal(size, 255);
    assert_int_equal(expand(bytes, size, HEADER_SIZE, text, 0),
                     HEADER_SIZE + 255);
    assert_int_equal(strlen(text), 125 * 5 + 3 * 4);
    size = build_long(bytes, 125, 4);
    assert_int_equal(expand(bytes, size, HEADER_SIZE, text, 0), 0);
    size = build_long(bytes, 126, 1);
    assert_int_equal(expand(bytes, size, HEADER_SIZE, text, 0),
                     HEADER_SIZE + 255);
}

/* The longest of all texts: four labels of 63, 63, 63 and 61 escaped bytes. */
static void the_longest_text_has_room(void **state)
{
    char text[FPOOL_DNS_MAX_NAME_TEXT];
    uint8_t bytes[255];

    (void)state;
    memset(bytes, 0xff, sizeof(bytes));
    bytes[0] = 63;
    bytes[64] = 63;
    bytes[128] = 63;
    bytes[192] = 61;
    bytes[254] = 0;
    assert_int_equal(expand(bytes, 255, HEADER_SIZE, text, 0),
                     HEADER_SIZE + 255);
    assert_int_equal(strlen(text), 250 * 4 + 3);
}

/* A pointer joins two names of 128 bytes each, one of which is too long. */
static void what_a_pointer_adds_counts(void **state)
{
    char text[FPOOL_DNS_MAX_NAME_TEXT];
    uint8_t bytes[300];
    size_t first = build_long(bytes, 62, 2); /* 128 bytes, with the root's */
    size_t second = first;
    size_t i;

    (void)state;
    assert_int_equal(first, 128);
    for (i = 0; i < 63; i++) {
        bytes[second++] = 1;
        bytes[second++] = 'x';
    }
    bytes[second++] = 0xc0;
    bytes[second++] = HEADER_SIZE;
    assert_int_equal(expand(bytes, second, HEADER_SIZE + first, text, 0),
                     HEADER_SIZE + second); /* 126 and 128 */
    bytes[second - 2] = 1;
    bytes[second - 1] = 'x';
    bytes[second++] = 0xc0;
    bytes[second++] = HEADER_SIZE;
    assert_int_equal(expand(bytes, second, HEADER_SIZE + first, text, 0), 0);
}

static void cut_names_are_refused(void **state)
{
    static const char bytes[] = "\3www\7example\3com\0";
    static const char pointed[] = "\3com\0\7example\xc0\x0c";
    size_t size;

    (void)state;
    for (size = 0; size < sizeof(bytes) - 1; size++) {
        check_bad(bytes, size, 0);
        assert_int_equal(fpool_dns_name_skip((const uint8_t *)bytes, size, 0),
                         0);
    }
    for (size = 5; size < sizeof(pointed) - 1; size++) {
        check_bad(pointed, size, 5);
        assert_int_equal(fpool_dns_name_skip((const uint8_t *)pointed, size, 5),
                         0);
    }
    check_bad(bytes, sizeof(bytes) - 1, sizeof(bytes) - 1);
    check_bad(bytes, sizeof(bytes) - 1, 1000);
}

static void names_are_skipped_wherever_they_lead(void **state)
{
    static const uint8_t bytes[] = "\3www\xc0\xff\1a\0\x40";

    (void)state;
    assert_int_equal(fpool_dns_name_skip(bytes, 10, 0), 6);
    assert_int_equal(fpool_dns_name_skip(bytes, 6, 0), 6);
    assert_int_equal(fpool_dns_name_skip(bytes, 5, 0), 0);
    assert_int_equal(fpool_dns_name_skip(bytes, 10, 6), 9);
    assert_int_equal(fpool_dns_name_skip(bytes, 10, 8), 9);
    assert_int_equal(fpool_dns_name_skip(bytes, 10, 9), 0);
    assert_int_equal(fpool_dns_name_skip(bytes, 10, 10), 0);
}

static void names_are_the_same_in_any_case(void **state)
{
    (void)state;
    assert_true(fpool_dns_name_is_same("aZ-\\196", "Az-\\196", 7));
    assert_false(fpool_dns_name_is_same("a@", "a`", 2));
    assert_false(fpool_dns_name_is_same("[", "{", 1));
    assert_false(fpool_dns_name_is_same("aa", "ab", 2));
    assert_true(fpool_dns_name_is_same("aa", "ab", 1));
}

static void the_plain_call_keeps_case_and_follows_pointers(void **state)
{
    static const uint8_t message[] = "............\1A\0\1b\xc0\x0c";
    char text[FPOOL_DNS_MAX_NAME_TEXT];

    (void)state;
    assert_int_equal(
        fpool_dns_name_text(message, sizeof(message) - 1, 15, text), 19);
    assert_string_equal(text, "b.A");
    assert_int_equal(fpool_dns_name_text(message, 18, 15, text), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_lose_their_last_dot),
        cmocka_unit_test(bytes_with_a_meaning_are_escaped),
        cmocka_unit_test(every_byte_has_a_form),
        cmocka_unit_test(letters_become_lower_case_when_asked),
        cmocka_unit_test(pointers_lead_back),
        cmocka_unit_test(pointers_that_lead_elsewhere_are_refused),
        cmocka_unit_test(pointers_may_be_refused),
        cmocka_unit_test(long_ways_are_refused),
        cmocka_unit_test(labels_have_63_bytes),
        cmocka_unit_test(names_have_255_bytes),
        cmocka_unit_test(the_longest_text_has_room),
        cmocka_unit_test(what_a_pointer_adds_counts),
        cmocka_unit_test(cut_names_are_refused),
        cmocka_unit_test(names_are_skipped_wherever_they_lead),
        cmocka_unit_test(names_are_the_same_in_any_case),
        cmocka_unit_test(the_plain_call_keeps_case_and_follows_pointers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
