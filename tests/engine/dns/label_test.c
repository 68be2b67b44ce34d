/* SPDX-License-Identifier: MIT */
/* Labels: which bytes are taken, in which form, and with which words others are
 * refused. */
#include "engine/dns/label.h"

#include <string.h>

#include "support/check.h"

static const char *read_all(struct fpool_dns_question *q, const char *text,
                            size_t size)
{
    struct fpool_dns_reader r = {
        .q = q, .p = text, .end = text + size, .is_plain = true
    };
    enum fpool_status st = fpool_dns_read_labels(&r);

    if (st != FPOOL_OK) {
        assert_int_equal(st, FPOOL_EINVALID);
        assert_non_null(r.reason);
        return r.reason;
    }
    fpool_dns_read_finish(&r);
    return NULL;
}

/* 'wire' is without the root, which as the zero byte of the literal is there.
 */
static void check_taken(const char *text, const char *wire, size_t wire_size,
                        const char *shown)
{
    struct fpool_dns_question q;
    const char *reason = read_all(&q, text, strlen(text));

    if (reason != NULL) {
        fail_msg("%s: %s", text, reason);
    }
    assert_int_equal(q.wire_size, wire_size);
    assert_memory_equal(q.wire, wire, wire_size);
    assert_string_equal(q.text, shown);
}

#define check_name(text, wire, shown)                                          \
    check_taken(text, wire, sizeof(wire), shown)

static void check_refused_bytes(const char *text, size_t size,
                                const char *wanted)
{
    struct fpool_dns_question q;
    const char *reason = read_all(&q, text, size);

    if (reason == NULL) {
        fail_msg("%s: taken as %s", text, q.text);
    } else {
        assert_string_equal(reason, wanted);
    }
}

static void check_refused(const char *text, const char *wanted)
{
    check_refused_bytes(text, strlen(text), wanted);
}

static void host_names_are_taken_in_lower_case(void **state)
{
    (void)state;
    check_name("a", "\1a", "a");
    check_name("Example.ORG", "\7example\3org", "example.org");
    check_name("example.org.", "\7example\3org", "example.org");
    check_name("_sip._TCP.x", "\4_sip\4_tcp\1x", "_sip._tcp.x");
    check_name("*.x", "\1*\1x", "*.x");
    check_name("-a-.--", "\3-a-\2--", "-a-.--");
    check_name("xn--BCHER-kva.de", "\15xn--bcher-kva\2de", "xn--bcher-kva.de");
    check_name("xn--zzzz--9.de", "\13xn--zzzz--9\2de", "xn--zzzz--9.de");
    check_name("AZaz09", "\6azaz09", "azaz09");
    check_name("a b", "\1a", "a");
    check_name("a.\tb", "\1a", "a");
}

static void marks_of_no_other_notation_are_taken(void **state)
{
    (void)state;
    check_name("a+b=c!#%&'", "\12a+b=c!#%&'", "a+b=c!#%&'");
    check_name("<>?[]^`{|}~", "\13<>?[]^`{|}~", "<>?[]^`{|}~");
    check_name("$(x)", "\4$(x)", "\\$\\(x\\)");
}

static void escapes_stand_for_any_byte(void **state)
{
    (void)state;
    check_name("a\\.b", "\3a.b", "a\\.b");
    check_name("a\\\\b", "\3a\\b", "a\\\\b");
    check_name("\\065b", "\2ab", "ab");
    check_name("\\a\\B", "\2ab", "ab");
    check_name("\\000.\\255", "\1\0\1\377", "\\000.\\255");
    check_name("a\\ b\\032c", "\5a b c", "a\\032b\\032c");
    check_name("\\046", "\1.", "\\.");
    check_name("\\@\\;\\\"\\:\\,\\/", "\6@;\":,/", "\\@\\;\\\":,/");
    check_name("\\*\\-\\_", "\3*-_", "*-_");
    check_name("\\1950", "\2\3030", "\\1950");
    check_name("\\195\\188", "\2\303\274", "\\195\\188");
}

static void broken_escapes_are_refused(void **state)
{
    (void)state;
    check_refused("a\\", "backslash at the end");
    check_refused("\\1", "backslash without three digits");
    check_refused("\\12.a", "backslash without three digits");
    check_refused("\\1a2", "backslash without three digits");
    check_refused("\\256", "escape above \\255");
    check_refused("\\999", "escape above \\255");
    check_refused("a\\\r", "backslash before what is no visible character");
    check_refused("a\\\x7f", "backslash before what is no visible character");
    check_refused("a\\\xff", "backslash before what is no visible character");
    check_refused_bytes("\\\0", 2,
                        "backslash before what is no visible character");
}

static void empty_labels_are_refused(void **state)
{
    static const char *const texts[] = { "",    ".",    "..",      ".a",
                                         "a..", "a..b", "a.b.c..", ". a" };
    size_t i;

    (void)state;
    for (i = 0; i < N_ELEMENTS(texts); i++) {
        check_refused(texts[i], "empty label");
    }
}

static void other_notations_are_refused(void **state)
{
    static const char url[] = "not a host name: ':' or '@' without a backslash";
    static const char slash[] = "not a host name: '/' without a backslash";
    static const char table[] =
        "not a host name: comma, semicolon or quote without a backslash";

    (void)state;
    check_refused("http://example.org/", url);
    check_refused("example.org:80", url);
    check_refused("user@example.org", url);
    check_refused("@", url);
    check_refused("::1", url);
    check_refused("example.org/", slash);
    check_refused("example.org/a.b", slash);
    check_refused("example.org/8.b", slash);
    check_refused("1,example.org", table);
    check_refused("example.org;", table);
    check_refused("\"example.org\"", table);
}

static void control_characters_are_refused(void **state)
{
    char text[] = "axb";
    int c;

    (void)state;
    for (c = 0; c < 0x20; c++) {
        text[1] = (char)c;
        if (c < '\t' || c > '\r') {
            check_refused_bytes(text, 3, "control character in the name");
        }
    }
    check_refused("a\x7f", "control character in the name");
}

/* RFC 2317, section 4. */
static void parts_of_reverse_zones_may_have_a_slash(void **state)
{
    static const char slash[] = "not a host name: '/' without a backslash";

    (void)state;
    check_name("0/25.2.0.192.in-addr.arpa",
               "\0040/25\0012\0010\003192\7in-addr\4arpa",
               "0/25.2.0.192.in-addr.arpa");
    check_name("128/26.a", "\006128/26\1a", "128/26.a");
    check_refused("192.0.2.0/25", slash);
    check_refused("192.0.2.0/25.", slash);
    check_refused("192.0.2.0/25. A", slash);
    check_refused("/25.a", slash);
    check_refused("0/.a", slash);
    check_refused("0/2x.a", slash);
    check_refused("x/25.a", slash);
    check_refused("0/2/3.a", slash);
}

static void international_labels_become_ascii(void **state)
{
    (void)state;
    check_name("b\xc3\xbc"
               "cher.example",
               "\15xn--bcher-kva\7example", "xn--bcher-kva.example");
    check_name("B\xc3\x9c"
               "CHER.Example.",
               "\15xn--bcher-kva\7example", "xn--bcher-kva.example");
    check_name("fa\xc3\x9f.de", "\12xn--fa-hia\2de", "xn--fa-hia.de");
    /* Each label for itself: the others need not follow IDNA's rules. */
    check_name("r3---sn-.a\\.b.\xc3\xbc.xn--zzzz--9",
               "\10r3---sn-\3a.b\7xn--tda\13xn--zzzz--9",
               "r3---sn-.a\\.b.xn--tda.xn--zzzz--9");
    check_name("_dmarc.\xc3\xbc", "\6_dmarc\7xn--tda", "_dmarc.xn--tda");
    /* U+3002 is a dot too, U+FF21 a letter of ASCII, U+2460 a digit. */
    check_name("\xc3\xbc\xe3\x80\x82"
               "de.a",
               "\7xn--tda\2de\1a", "xn--tda.de.a");
    check_name("x\xef\xbc\xa1.\xe2\x91\xa0", "\2xa\0011", "xa.1");
}

static void what_is_not_international_is_refused(void **state)
{
    static const char idna[] = "not an international name (IDNA2008)";

    (void)state;
    check_refused("a\xff.de", "not UTF-8");
    check_refused("\xc3", "not UTF-8");
    check_refused("\xc3.\xbc", "not UTF-8");
    check_refused("\xed\xa0\x80", "not UTF-8");
    check_refused("\xc0\xaf", "not UTF-8");
    check_refused("I\xe2\x99\xa5NY.ws", idna);
    check_refused("\xf0\x9f\x92\xa9.la", idna);
    check_refused("-\xc3\xbc", idna);
    check_refused("xn--\xc3\xbc", idna);
    check_refused("a\\.\xc3\xbc", idna);
    check_refused("\\097\xc3\xbc", idna);
    check_refused("\xc3\xbc/8.a", idna);
    check_refused("\xc3\xbc:80", idna);
    check_refused("\xc3\xbc\x01", idna);
    check_refused_bytes("\xc3\xbc\0a", 4, idna);
    check_refused("\xc3\xbc\xc2\xa0x", idna); /* no-break space */
    check_refused("\xef\xbc\xbc.a", idna);    /* another backslash */
    check_refused("\xc2\xad", "empty label"); /* soft hyphen */
    check_refused("\xe3\x80\x82", "empty label");
    check_refused("\xc3\xbc\xe3\x80\x82\xe3\x80\x82x", "empty label");
}

/* 'n' times 'c' at 'p'; returns what is behind. */
static char *repeat(char *p, char c, size_t n)
{
    memset(p, c, n);
    return p + n;
}

static void labels_end_at_63_bytes(void **state)
{
    static const char reason[] = "label is longer than 63 bytes";
    char text[600];
    struct fpool_dns_question q;
    char *end;
    size_t i;

    (void)state;
    end = repeat(text, 'a', 63);
    assert_null(read_all(&q, text, (size_t)(end - text)));
    assert_int_equal(q.wire[0], 63);
    assert_int_equal(q.wire_size, 65);
    end = repeat(text, 'a', 64);
    check_refused_bytes(text, (size_t)(end - text), reason);
    end[0] = '.';
    end[1] = 'a';
    check_refused_bytes(text, 66, reason);
    for (i = 0; i < 128; i++) { /* the same, each byte escaped */
        text[i] = i % 2 == 0 ? '\\' : '+';
    }
    assert_null(read_all(&q, text, 126));
    assert_int_equal(q.wire_size, 65);
    check_refused_bytes(text, 128, reason);
    for (i = 0; i < 64; i++) {
        memcpy(text + 2 * i, "\xc3\xbc", 2);
    }
    check_refused_bytes(text, 128, reason);
    repeat(text, '\xcc', 599)[0] = '\0';
    check_refused_bytes(text, 599, "not UTF-8");
}

/* Labels of 63, 63, 63 and 'last' bytes. */
static size_t make_long(char *text, size_t last)
{
    char *p = text;

    p = repeat(repeat(p, 'a', 63), '.', 1);
    p = repeat(repeat(p, 'B', 63), '.', 1);
    p = repeat(repeat(p, 'c', 63), '.', 1);
    p = repeat(p, 'd', last);
    *p = '\0';
    return (size_t)(p - text);
}

static void names_end_at_253_bytes(void **state)
{
    static const char reason[] = "name is longer than 253 bytes";
    char text[600];
    struct fpool_dns_question q;
    size_t size = make_long(text, 61);
    size_t i;

    (void)state;
    assert_int_equal(size, 253);
    assert_null(read_all(&q, text, size));
    assert_int_equal(q.wire_size, 255);
    assert_int_equal(q.wire[254], 0);
    assert_int_equal(q.wire[192], 61);
    assert_int_equal(strlen(q.text), 253);
    assert_int_equal(q.text[64], 'b');
    text[size] = '.';
    assert_null(read_all(&q, text, size + 1));
    check_refused_bytes(text, make_long(text, 62), reason);
    size = make_long(text, 61);
    memcpy(text + size, ".e", 2);
    check_refused_bytes(text, size + 2, reason);
    size = make_long(text, 60);
    memcpy(text + size, ".e", 2);
    check_refused_bytes(text, size + 2, reason);
    size = make_long(text, 59);
    memcpy(text + size, ".e", 2);
    assert_null(read_all(&q, text, size + 2));
    assert_int_equal(q.wire_size, 255);
    memcpy(text + size, ".\\e\\e", 5);
    check_refused_bytes(text, size + 5, reason);
    memcpy(text + size, ".\xc3\xbc", 3);
    check_refused_bytes(text, size + 3, reason);
    for (i = 0; i < 256; i++) { /* 127 labels of one byte, and 128 */
        text[i] = i % 2 == 0 ? 'x' : '.';
    }
    assert_null(read_all(&q, text, 254));
    assert_int_equal(q.wire_size, 255);
    check_refused_bytes(text, 255, reason);
}

/* ---- A property: what is written comes back, whatever the bytes. */

static unsigned next_random(unsigned *seed)
{
    *seed = *seed * 1103515245u + 12345u;
    return *seed >> 16;
}

/* Labels of any bytes, in lower case. */
static size_t make_wire(uint8_t *wire, unsigned *seed)
{
    size_t size = 0;
    unsigned most = 1 + next_random(seed) % 64;

    while (size < 254 && next_random(seed) % 8 != 0) {
        size_t n = 1 + next_random(seed) % most;
        size_t i;

        n = n < 63 ? n : 63;
        if (size + n + 1 > 254) {
            break;
        }
        wire[size++] = (uint8_t)n;
        for (i = 0; i < n; i++) {
            uint8_t c = (uint8_t)next_random(seed);

            wire[size++] = c >= 'A' && c <= 'Z' ? (uint8_t)(c + 32) : c;
        }
    }
    if (size == 0) {
        memcpy(wire, "\1x", 2);
        size = 2;
    }
    wire[size++] = 0;
    return size;
}

static char *write_byte(char *p, uint8_t c, unsigned how)
{
    bool is_letter = c >= 'a' && c <= 'z';
    bool is_visible = c > ' ' && c <= '~';
    bool needs_escape = c == ' ' || strchr("\\.:/@,;\"", (char)c) != NULL;

    if (is_visible && !needs_escape && how % 4 != 0) {
        *p++ = (char)(is_letter && how % 8 == 1 ? c - 32 : c);
    } else if ((is_visible || c == ' ') && !(c >= '0' && c <= '9') &&
               how % 3 == 0) {
        *p++ = '\\';
        *p++ = (char)c;
    } else {
        *p++ = '\\';
        *p++ = (char)('0' + c / 100);
        *p++ = (char)('0' + c / 10 % 10);
        *p++ = (char)('0' + c % 10);
    }
    return p;
}

/* The wire form as items may have it, in one of many ways. */
static size_t write_item(char *text, const uint8_t *wire, unsigned *seed)
{
    char *p = text;
    size_t i = 0;

    while (wire[i] != 0) {
        size_t end = i + 1 + wire[i];

        for (i++; i < end; i++) {
            p = write_byte(p, wire[i], next_random(seed));
        }
        *p++ = '.';
    }
    return (size_t)(p - text) - next_random(seed) % 2;
}

static void any_bytes_come_back_as_they_were_written(void **state)
{
    uint8_t wire[FPOOL_DNS_MAX_WIRE_NAME];
    char item[FPOOL_DNS_MAX_NAME_TEXT + 1];
    char shown[FPOOL_DNS_MAX_NAME_TEXT];
    struct fpool_dns_question q;
    unsigned seed = 1;
    int i;

    (void)state;
    for (i = 0; i < 20000; i++) {
        size_t wire_size = make_wire(wire, &seed);
        size_t size = write_item(item, wire, &seed);

        assert_null(read_all(&q, item, size));
        assert_int_equal(q.wire_size, wire_size);
        assert_memory_equal(q.wire, wire, wire_size);
        assert_int_equal(fpool_dns_name_text(wire, wire_size, 0, shown),
                         wire_size);
        assert_string_equal(q.text, shown);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(host_names_are_taken_in_lower_case),
        cmocka_unit_test(marks_of_no_other_notation_are_taken),
        cmocka_unit_test(escapes_stand_for_any_byte),
        cmocka_unit_test(broken_escapes_are_refused),
        cmocka_unit_test(empty_labels_are_refused),
        cmocka_unit_test(other_notations_are_refused),
        cmocka_unit_test(control_characters_are_refused),
        cmocka_unit_test(parts_of_reverse_zones_may_have_a_slash),
        cmocka_unit_test(international_labels_become_ascii),
        cmocka_unit_test(what_is_not_international_is_refused),
        cmocka_unit_test(labels_end_at_63_bytes),
        cmocka_unit_test(names_end_at_253_bytes),
        cmocka_unit_test(any_bytes_come_back_as_they_were_written),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
