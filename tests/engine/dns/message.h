/* SPDX-License-Identifier: MIT */
/* Building DNS messages, and data of records, for the tests of the parser.
 *
 * Purpose: messages byte by byte, but with their counts and sizes kept right.
 * Use: message_begin(), then message_record() or message_add() for each record.
 * Ownership: plain data.
 * Thread-safety: one thread at a time.
 * Limits: names without escapes. */
#ifndef TESTS_ENGINE_DNS_MESSAGE_H
#define TESTS_ENGINE_DNS_MESSAGE_H

#include <stdint.h>
#include <string.h>

#include "engine/dns/parse.h"
#include "engine/dns/type.h"
#include "support/check.h"

/* The bytes of a literal, and how many. */
#define BYTES(literal) (literal), sizeof(literal) - 1

/* A pointer to the question's name. */
#define QUESTION "\xc0\x0c"

enum section { ANSWER = 0, AUTHORITY = 1, ADDITIONAL = 2 };

struct message {
    size_t size;
    uint8_t bytes[FPOOL_DNS_MAX_MESSAGE + 1];
};

static inline void message_put(struct message *m, const void *bytes,
                               size_t size)
{
    assert_true(size <= sizeof(m->bytes) - m->size);
    if (size > 0) {
        memcpy(m->bytes + m->size, bytes, size);
    }
    m->size += size;
}

static inline void message_put16(struct message *m, unsigned n)
{
    uint8_t bytes[2] = { (uint8_t)(n >> 8), (uint8_t)n };

    message_put(m, bytes, 2);
}

static inline void message_set16(struct message *m, size_t at, unsigned n)
{
    m->bytes[at] = (uint8_t)(n >> 8);
    m->bytes[at + 1] = (uint8_t)n;
}

/* "a.example", without a dot at the end; "" is the root.  Uncompressed. */
static inline void message_put_name(struct message *m, const char *name)
{
    while (*name != '\0') {
        size_t size = strcspn(name, ".");
        uint8_t n = (uint8_t)size;

        message_put(m, &n, 1);
        message_put(m, name, size);
        name += size + (name[size] == '.');
    }
    message_put(m, "", 1);
}

static inline void message_set_flags(struct message *m, unsigned flags)
{
    message_set16(m, 2, flags);
}

/* The header of a good reply, and its question. */
static inline void message_begin(struct message *m, const char *name,
                                 unsigned type)
{
    static const uint8_t header[12] = { 0x12, 0x34, 0x81, 0x80, 0, 1 };

    m->size = 0;
    message_put(m, header, sizeof(header));
    message_put_name(m, name);
    message_put16(m, type);
    message_put16(m, 1);
}

static inline void message_count(struct message *m, enum section section)
{
    size_t at = 6 + 2 * (size_t)section;

    message_set16(m, at, (m->bytes[at] * 256u + m->bytes[at + 1]) + 1);
}

/* What stands between a record's owner and its data. */
static inline void message_put_numbers(struct message *m, unsigned type,
                                       unsigned rr_class, uint32_t ttl,
                                       size_t size)
{
    message_put16(m, type);
    message_put16(m, rr_class);
    message_put16(m, ttl >> 16);
    message_put16(m, ttl & 0xffff);
    message_put16(m, (unsigned)size);
}

/* Adds a record of class IN; 'owner' is its bytes, NULL for the question's
 * name. Returns where its data is. */
static inline size_t message_add(struct message *m, enum section section,
                                 const void *owner, size_t owner_size,
                                 unsigned type, uint32_t ttl, const void *data,
                                 size_t size)
{
    message_count(m, section);
    message_put(m, owner == NULL ? QUESTION : owner,
                owner == NULL ? 2 : owner_size);
    message_put_numbers(m, type, 1, ttl, size);
    message_put(m, data, size);
    return m->size - size;
}

/* The same with an uncompressed owner, "www.example". */
static inline size_t message_record(struct message *m, enum section section,
                                    const char *owner, unsigned type,
                                    uint32_t ttl, const void *data, size_t size)
{
    message_count(m, section);
    message_put_name(m, owner);
    message_put_numbers(m, type, 1, ttl, size);
    message_put(m, data, size);
    return m->size - size;
}

/* A record of the answer whose data is an uncompressed name. */
static inline size_t message_alias(struct message *m, const char *owner,
                                   unsigned type, const char *target)
{
    size_t rdata = message_record(m, ANSWER, owner, type, 300, NULL, 0);

    message_put_name(m, target);
    message_set16(m, rdata - 2, (unsigned)(m->size - rdata));
    return rdata;
}

/* An A record of the answer. */
static inline size_t message_address(struct message *m, const char *owner)
{
    return message_record(m, ANSWER, owner, FPOOL_DNS_TYPE_A, 300, "\300\0\2\1",
                          4);
}

/* An OPT record: 'ttl' holds the extended code, the version and the flags. */
static inline void message_opt(struct message *m, uint32_t ttl,
                               const void *options, size_t size)
{
    message_count(m, ADDITIONAL);
    message_put(m, "", 1);
    message_put_numbers(m, FPOOL_DNS_TYPE_OPT, 1232, ttl, size);
    message_put(m, options, size);
}

/* Parses from a block that is no larger than the message, so that sanitizers
 * see what is read beyond it. */
static inline enum fpool_status message_parse_bytes(struct fpool_dns_parsed *p,
                                                    const uint8_t *bytes,
                                                    size_t size, unsigned type)
{
    uint8_t *exact = malloc(size == 0 ? 1 : size);
    enum fpool_status status;

    assert_non_null(exact);
    memcpy(exact, bytes, size);
    status = fpool_dns_parse(p, exact, size, (uint16_t)type);
    free(exact);
    return status;
}

/* About the type in the message's question, which is not compressed. */
static inline enum fpool_status message_parse(struct fpool_dns_parsed *p,
                                              const struct message *m)
{
    size_t at = 12 + strlen((const char *)m->bytes + 12) + 1;

    return message_parse_bytes(p, m->bytes, m->size,
                               m->bytes[at] * 256u + m->bytes[at + 1]);
}

/* ---- Data of records. */

/* Writes the data's text behind a message with the question "example.com", at
 * offset 12, in a block that ends with the data. */
static inline int data_text(unsigned type, const void *bytes, size_t size,
                            char *text, size_t max)
{
    static const uint8_t before[] = "\0\0\201\200\0\1\0\1\0\0\0\0"
                                    "\7example\3com";
    size_t rdata = sizeof(before); /* with the root's zero byte */
    uint8_t *message = malloc(rdata + size);
    int length;

    assert_non_null(message);
    memcpy(message, before, rdata);
    if (size > 0) {
        memcpy(message + rdata, bytes, size);
    }
    length = fpool_dns_rdata_text(message, rdata + size, rdata, size,
                                  (uint16_t)type, text, max);
    free(message);
    return length;
}

static inline void check_bad_data(unsigned type, const void *bytes, size_t size)
{
    char text[8192];

    assert_int_equal(data_text(type, bytes, size, text, sizeof(text)), -1);
}

/* The text is 'wanted', and nothing where there is less room. */
static inline void check_data(unsigned type, const void *bytes, size_t size,
                              const char *wanted)
{
    size_t length = strlen(wanted);
    char *text;
    size_t max;

    for (max = 0; max <= length + 1; max++) {
        text = malloc(max == 0 ? 1 : max);
        assert_non_null(text);
        assert_int_equal(data_text(type, bytes, size, text, max),
                         max > length ? (int)length : -1);
        if (max > length) {
            assert_string_equal(text, wanted);
        }
        free(text);
    }
}

/* The same for data of which every byte is needed, and none more. */
static inline void check_exact_data(unsigned type, const void *bytes,
                                    size_t size, const char *wanted)
{
    char *more = calloc(1, size + 1);
    size_t n;

    assert_non_null(more);
    check_data(type, bytes, size, wanted);
    for (n = 0; n < size; n++) {
        check_bad_data(type, bytes, n);
    }
    memcpy(more, bytes, size);
    check_bad_data(type, more, size + 1);
    free(more);
}

/* ---- Records of a parsed message. */

#define record_name(p, i) ((p)->text + (p)->records[i].name)
#define record_data(p, i) ((p)->text + (p)->records[i].data)

/* Record 'i' is that. */
static inline void check_record(const struct fpool_dns_parsed *p, size_t i,
                                const char *name, unsigned type,
                                const char *data)
{
    assert_true(i < p->n_records);
    assert_string_equal(record_name(p, i), name);
    assert_int_equal(p->records[i].type, type);
    assert_string_equal(record_data(p, i), data);
}

#endif
