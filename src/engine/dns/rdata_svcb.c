/* SPDX-License-Identifier: MIT */
/* The parameters of SVCB and HTTPS records (RFC 9460); called by rdata.c. */
#include <stddef.h>

#include "engine/dns/rdata.h"

enum key {
    KEY_MANDATORY = 0,
    KEY_ALPN = 1,
    KEY_NO_DEFAULT_ALPN = 2,
    KEY_PORT = 3,
    KEY_IPV4HINT = 4,
    KEY_ECH = 5,
    KEY_IPV6HINT = 6,
    KEY_DOHPATH = 7, /* RFC 9461 */
    KEY_OHTTP = 8    /* RFC 9540 */
};

static const char *const key_names[] = {
    "mandatory", "alpn",     "no-default-alpn", "port",  "ipv4hint",
    "ech",       "ipv6hint", "dohpath",         "ohttp",
};

static void put_key(struct fpool_dns_writer *w, unsigned key)
{
    if (key < sizeof(key_names) / sizeof(key_names[0])) {
        fpool_dns_put_text(w, key_names[key]);
    } else {
        fpool_dns_put_text(w, "key");
        fpool_dns_put_number(w, key);
    }
}

/* Keys in ascending order, each once, and not "mandatory" itself (section 8).
 * Whether they are there is another matter: struct mandatory. */
static void put_mandatory(struct fpool_dns_writer *w,
                          struct fpool_dns_reader *value)
{
    unsigned least = KEY_MANDATORY + 1;

    while (fpool_dns_left(value) > 0) {
        unsigned key = fpool_dns_take_number(value, 2);

        if (key < least) {
            value->is_bad = true;
            return;
        }
        fpool_dns_put_char(w, least == KEY_MANDATORY + 1 ? '=' : ',');
        put_key(w, key);
        least = key + 1;
    }
}

/* A protocol's name inside a list inside a string: escaped once for each of the
 * two (appendix A.1). */
static void put_protocol(struct fpool_dns_writer *w, const uint8_t *bytes,
                         size_t size)
{
    size_t i;

    for (i = 0; i < size && !w->is_full; i++) {
        if (bytes[i] == ',') {
            fpool_dns_put_text(w, "\\\\,");
        } else if (bytes[i] == '\\') {
            fpool_dns_put_text(w, "\\\\\\\\");
        } else {
            fpool_dns_put_escaped(w, bytes + i, 1);
        }
    }
}

static void put_protocols(struct fpool_dns_writer *w,
                          struct fpool_dns_reader *value)
{
    fpool_dns_put_text(w, "=\"");
    for (;;) {
        size_t size = fpool_dns_take_number(value, 1);
        const uint8_t *bytes = fpool_dns_take(value, size);

        if (bytes == NULL || size == 0) {
            value->is_bad = true;
            return;
        }
        put_protocol(w, bytes, size);
        if (fpool_dns_left(value) == 0) {
            break;
        }
        fpool_dns_put_char(w, ',');
    }
    fpool_dns_put_char(w, '"');
}

static void put_addresses(struct fpool_dns_writer *w,
                          struct fpool_dns_reader *value, size_t size)
{
    char separator = '=';

    while (fpool_dns_left(value) > 0) {
        const uint8_t *bytes = fpool_dns_take(value, size);

        if (bytes == NULL) {
            return;
        }
        fpool_dns_put_char(w, separator);
        if (size == 4) {
            fpool_dns_put_ipv4(w, bytes);
        } else {
            fpool_dns_put_ipv6(w, bytes);
        }
        separator = ',';
    }
}

static void put_port(struct fpool_dns_writer *w, struct fpool_dns_reader *value)
{
    fpool_dns_put_char(w, '=');
    fpool_dns_put_number(w, fpool_dns_take_number(value, 2));
}

static void put_opaque(struct fpool_dns_writer *w,
                       struct fpool_dns_reader *value, unsigned key)
{
    size_t size = fpool_dns_left(value);
    const uint8_t *bytes = fpool_dns_take(value, size);

    fpool_dns_put_char(w, '=');
    if (key == KEY_ECH) {
        fpool_dns_put_base64(w, bytes, size);
    } else {
        fpool_dns_put_quoted(w, bytes, size);
    }
}

/* A value without bytes, or one of bytes whose format is known. */
static void put_value(struct fpool_dns_writer *w,
                      struct fpool_dns_reader *value, unsigned key)
{
    switch (key) {
    case KEY_MANDATORY:
        put_mandatory(w, value);
        break;
    case KEY_ALPN:
        put_protocols(w, value);
        break;
    case KEY_PORT:
        put_port(w, value);
        break;
    case KEY_IPV4HINT:
        put_addresses(w, value, 4);
        break;
    case KEY_IPV6HINT:
        put_addresses(w, value, 16);
        break;
    case KEY_NO_DEFAULT_ALPN:
    case KEY_OHTTP:
        break; /* is_bad, as bytes are left over */
    default:
        put_opaque(w, value, key);
        break;
    }
    value->is_bad = value->is_bad || fpool_dns_left(value) > 0;
}

/* The known keys that mean nothing without a value; those two mean nothing with
 * one. */
static bool may_be_empty(unsigned key)
{
    return key == KEY_NO_DEFAULT_ALPN || key > KEY_DOHPATH;
}

/* The keys called mandatory, as they wait to be seen.  Both lists ascend. */
struct mandatory {
    const uint8_t *at;
    const uint8_t *end;
};

/* False when 'key' comes where one called mandatory should have. */
static bool see_key(struct mandatory *m, unsigned key)
{
    if (m->at == m->end || key < fpool_dns_wire_get16(m->at)) {
        return true;
    }
    m->at += 2;
    return key == fpool_dns_wire_get16(m->at - 2);
}

void fpool_dns_put_parameters(struct fpool_dns_writer *w,
                              struct fpool_dns_reader *r)
{
    struct mandatory mandatory = { NULL, NULL };
    unsigned least = 0;

    while (fpool_dns_left(r) > 0 && !r->is_bad) {
        unsigned key = fpool_dns_take_number(r, 2);
        size_t size = fpool_dns_take_number(r, 2);
        const uint8_t *bytes = fpool_dns_take(r, size);
        struct fpool_dns_reader value = { r->message, r->at, r->at, false };

        if (bytes == NULL || key < least || !see_key(&mandatory, key) ||
            (size == 0 && !may_be_empty(key))) {
            r->is_bad = true;
            return;
        }
        least = key + 1;
        value.at -= size;
        fpool_dns_put_char(w, ' ');
        put_key(w, key);
        if (size > 0) {
            put_value(w, &value, key);
        }
        if (key == KEY_MANDATORY) {
            mandatory.at = bytes;
            mandatory.end = bytes + size;
        }
        r->is_bad = r->is_bad || value.is_bad;
    }
    r->is_bad = r->is_bad || mandatory.at != mandatory.end;
}
