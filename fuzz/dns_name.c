/* SPDX-License-Identifier: MIT */
/* Fuzz target of the items of the dns engine.  The first byte chooses type and
 * suffix; the rest is the item.  A question that comes out is whole: its wire
 * form is well formed and in lower case, its text is what responses show, it is
 * the same when the text of each byte is written again as "\ddd", and its query
 * carries it.  An item of plain bytes must be what a naive splitter makes of
 * it, and what does not come out has a reason.  Linked with driver.c, or with
 * libFuzzer. */
#include "engine/dns/name.h"

#include <stdlib.h>
#include <string.h>

#include "engine/dns/type.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Must hold, also without asserts. */
static void must(bool is_true)
{
    if (!is_true) {
        abort();
    }
}

/* Returns the reason, or NULL. */
static const char *parse(struct fpool_dns_question *q, const char *item,
                         size_t size, const char *suffix, uint16_t type)
{
    const char *reason = NULL;
    enum fpool_status st;

    memset(q, 0xa5, sizeof(*q));
    st = fpool_dns_question_parse(q, item, size, suffix, type, &reason);
    must(st == (reason == NULL ? FPOOL_OK : FPOOL_EINVALID));
    must(reason == NULL || reason[0] != '\0');
    return reason;
}

static void check_wire(const struct fpool_dns_question *q)
{
    size_t i = 0;

    must(q->wire_size >= 1 && q->wire_size <= FPOOL_DNS_MAX_WIRE_NAME);
    while (q->wire[i] != 0) {
        size_t end = i + 1 + q->wire[i];

        must(q->wire[i] <= 63 && end < q->wire_size);
        for (i++; i < end; i++) {
            must(q->wire[i] < 'A' || q->wire[i] > 'Z');
        }
    }
    must(i + 1 == q->wire_size);
}

static void check_text(const struct fpool_dns_question *q)
{
    char text[FPOOL_DNS_MAX_NAME_TEXT];

    must(fpool_dns_name_text(q->wire, q->wire_size, 0, text) == q->wire_size);
    must(strcmp(q->text, text) == 0);
}

/* Writes each byte as "\ddd" and reads that, below a label that no address
 * ends with. */
static void check_again(const struct fpool_dns_question *q)
{
    struct fpool_dns_question again;
    char item[FPOOL_DNS_MAX_NAME_TEXT];
    char *p = item;
    size_t i = 0;

    while (q->wire[i] != 0) {
        size_t end = i + 1 + q->wire[i];

        for (i++; i < end; i++) {
            *p++ = '\\';
            *p++ = (char)('0' + q->wire[i] / 100);
            *p++ = (char)('0' + q->wire[i] / 10 % 10);
            *p++ = (char)('0' + q->wire[i] % 10);
        }
        *p++ = '.';
    }
    *p++ = 'x';
    if (q->wire_size > FPOOL_DNS_MAX_WIRE_NAME - 2) {
        must(parse(&again, item, (size_t)(p - item), NULL, 1) != NULL);
        return;
    }
    must(parse(&again, item, (size_t)(p - item), NULL, 1) == NULL);
    must(again.wire_size == q->wire_size + 2);
    must(memcmp(again.wire, q->wire, q->wire_size - 1u) == 0);
    must(memcmp(again.wire + q->wire_size - 1, "\1x", 3) == 0);
}

static void check_query(const struct fpool_dns_question *q)
{
    uint8_t query[FPOOL_DNS_MAX_QUERY];
    enum fpool_status st = FPOOL_EINVAL;
    size_t size = fpool_dns_query_build(q, 1232, query, &st);

    if (size == 0) {
        must(st == FPOOL_ENOTFOUND);
        must(q->wire_size >= 7 &&
             memcmp(q->wire + q->wire_size - 7, "\5onion", 7) == 0);
        return;
    }
    must(st == FPOOL_OK);
    must(size == 12u + q->wire_size + 4u + FPOOL_DNS_OPT_SIZE);
    must(memcmp(query + 12, q->wire, q->wire_size) == 0);
}

/* ---- Plain names, without type, suffix and blanks. */

static bool is_plain(const char *item, size_t size)
{
    size_t i;

    for (i = 0; i < size; i++) {
        char c = item[i];

        if (!(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') && c != '.' &&
            c != '-') {
            return false;
        }
    }
    return true;
}

/* The wire form of a plain name; 0 for what is none. */
static size_t split(const char *item, size_t size, uint8_t *wire)
{
    size_t begin = 0;
    size_t i;

    if (size > 0 && item[size - 1] == '.') {
        size--;
    }
    if (size == 0 || size > 253) {
        return 0;
    }
    for (i = 0; i <= size; i++) {
        wire[i + 1] = (uint8_t)(item[i] | 0x20);
        if (i == size || item[i] == '.') {
            if (i == begin || i - begin > 63) {
                return 0;
            }
            wire[begin] = (uint8_t)(i - begin);
            begin = i + 1;
        }
    }
    wire[size + 1] = 0;
    return size + 2;
}

static void check_plain(const char *item, size_t size)
{
    struct fpool_dns_question q;
    uint8_t wire[FPOOL_DNS_MAX_WIRE_NAME + 1];
    const char *reason = parse(&q, item, size, NULL, FPOOL_DNS_TYPE_MX);
    char *copy = malloc(size + 1); /* split() looks behind the end */
    size_t wire_size;

    must(copy != NULL);
    memcpy(copy, item, size);
    copy[size] = '\0';
    wire_size = split(copy, size, wire);
    free(copy);
    if (size == 1 && item[0] == '.') {
        must(reason == NULL && q.wire_size == 1 && q.wire[0] == 0);
        return;
    }
    must((reason == NULL) == (wire_size != 0));
    if (reason == NULL) {
        must(q.wire_size == wire_size);
        must(memcmp(q.wire, wire, wire_size) == 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const suffixes[] = { NULL, ".example.org",
                                            "\\.\xc3\xbc.0/25.arpa.", "x..y" };
    static const uint16_t types[] = { FPOOL_DNS_TYPE_A, FPOOL_DNS_TYPE_PTR };
    struct fpool_dns_question q;
    const char *item = (const char *)data + 1;

    if (size == 0) {
        return 0;
    }
    if (parse(&q, item, size - 1, suffixes[data[0] / 2 % 4],
              types[data[0] % 2]) == NULL) {
        check_wire(&q);
        check_text(&q);
        check_again(&q);
        check_query(&q);
    } else {
        must(q.wire_size == 0 && q.text[0] == '\0');
    }
    if (is_plain(item, size - 1)) {
        check_plain(item, size - 1);
    }
    return 0;
}
