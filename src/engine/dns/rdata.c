/* SPDX-License-Identifier: MIT */
/* Data of records in presentation format, by the form of its fields; called for
 * every record of an answer. */
#include "engine/dns/rdata.h"

#include "engine/dns/parse.h"
#include "engine/dns/type.h"

/* What a type's data consists of, one letter for each field:
 *
 *   1 2 4  a number of so many bytes         s  a string
 *   n      a name that may be compressed     S  strings up to the end
 *   N      a name that must not be           q  the rest as one string
 *   t      a type                            g  a tag of CAA
 *   T      a bitmap of types                 h  the rest, hexadecimal
 *   d      a time                            b  the rest, base64
 *   x      a salt                            X  a hash
 *   p      service parameters                L  a location
 *
 * RFC 3597, section 4, lets names be compressed in the types of RFC 1035 only,
 * but wants receivers to take it from RP, AFSDB, RT, NAPTR and SRV too; others
 * that are older than the rule (PX, KX, DNAME) are read in the same way.  The
 * old types are here because pointers mean nothing in a hexadecimal text. */
static const char *const forms[] = {
    [FPOOL_DNS_TYPE_NS] = "n",
    [3] = "n", /* MD */
    [4] = "n", /* MF */
    [FPOOL_DNS_TYPE_CNAME] = "n",
    [FPOOL_DNS_TYPE_SOA] = "nn44444",
    [7] = "n", /* MB */
    [8] = "n", /* MG */
    [9] = "n", /* MR */
    [FPOOL_DNS_TYPE_PTR] = "n",
    [FPOOL_DNS_TYPE_HINFO] = "ss",
    [14] = "nn", /* MINFO */
    [FPOOL_DNS_TYPE_MX] = "2n",
    [FPOOL_DNS_TYPE_TXT] = "S",
    [17] = "nn",  /* RP */
    [18] = "2n",  /* AFSDB */
    [21] = "2n",  /* RT */
    [26] = "2nn", /* PX */
    [29] = "L",   /* LOC */
    [FPOOL_DNS_TYPE_SRV] = "222n",
    [FPOOL_DNS_TYPE_NAPTR] = "22sssn",
    [36] = "2n",   /* KX */
    [37] = "221b", /* CERT */
    [FPOOL_DNS_TYPE_DNAME] = "n",
    [FPOOL_DNS_TYPE_DS] = "211h",
    [FPOOL_DNS_TYPE_SSHFP] = "11h",
    [FPOOL_DNS_TYPE_RRSIG] = "t114dd2Nb",
    [FPOOL_DNS_TYPE_NSEC] = "NT",
    [FPOOL_DNS_TYPE_DNSKEY] = "211b",
    [49] = "b",      /* DHCID */
    [50] = "112xXT", /* NSEC3 */
    [51] = "112x",   /* NSEC3PARAM */
    [FPOOL_DNS_TYPE_TLSA] = "111h",
    [53] = "111h", /* SMIMEA */
    [FPOOL_DNS_TYPE_CDS] = "211h",
    [FPOOL_DNS_TYPE_CDNSKEY] = "211b",
    [61] = "b",    /* OPENPGPKEY */
    [62] = "42T",  /* CSYNC */
    [63] = "411h", /* ZONEMD */
    [FPOOL_DNS_TYPE_SVCB] = "2Np",
    [FPOOL_DNS_TYPE_HTTPS] = "2Np",
    [FPOOL_DNS_TYPE_SPF] = "S",
    [107] = "2n", /* LP */
    [FPOOL_DNS_TYPE_URI] = "22q",
    [FPOOL_DNS_TYPE_CAA] = "1gq",
    [261] = "S", /* RESINFO */
};

/* ---- Fields. */

static void put_name(struct fpool_dns_writer *w, struct fpool_dns_reader *r,
                     unsigned flags)
{
    char spare[FPOOL_DNS_MAX_NAME_TEXT];
    bool has_room = (size_t)(w->end - w->at) >= sizeof(spare);
    char *text = has_room ? w->at : spare;
    size_t size = 0;
    size_t end =
        fpool_dns_name_expand(r->message, r->end, r->at, text, flags, &size);

    if (end == 0) {
        r->is_bad = true;
        r->at = r->end;
        return;
    }
    r->at = end;
    if (has_room) {
        w->at += size;
    } else {
        fpool_dns_put(w, spare, size);
    }
}

static void put_string(struct fpool_dns_writer *w, struct fpool_dns_reader *r)
{
    size_t size = fpool_dns_take_number(r, 1);
    const uint8_t *bytes = fpool_dns_take(r, size);

    if (bytes != NULL) {
        fpool_dns_put_quoted(w, bytes, size);
    }
}

static void put_strings(struct fpool_dns_writer *w, struct fpool_dns_reader *r)
{
    put_string(w, r);
    while (fpool_dns_left(r) > 0) {
        fpool_dns_put_char(w, ' ');
        put_string(w, r);
    }
}

/* Letters and digits, at least one (RFC 8659, section 4.1). */
static void put_tag(struct fpool_dns_writer *w, struct fpool_dns_reader *r)
{
    size_t size = fpool_dns_take_number(r, 1);
    const uint8_t *bytes = fpool_dns_take(r, size);
    size_t i;

    r->is_bad = r->is_bad || size == 0;
    for (i = 0; bytes != NULL && i < size; i++) {
        unsigned c = bytes[i];

        if ((c | 0x20) - 'a' >= 26 && c - '0' >= 10) {
            r->is_bad = true;
        }
        fpool_dns_put_char(w, (char)c);
    }
}

/* All that is left, in an encoding that cannot show nothing. */
static void put_rest(struct fpool_dns_writer *w, struct fpool_dns_reader *r,
                     char form)
{
    size_t size = fpool_dns_left(r);
    const uint8_t *bytes = fpool_dns_take(r, size);

    r->is_bad = r->is_bad || size == 0;
    if (form == 'h') {
        fpool_dns_put_hex(w, bytes, size);
    } else {
        fpool_dns_put_base64(w, bytes, size);
    }
}

/* The value of CAA, which may be empty, and the target of URI. */
static void put_rest_quoted(struct fpool_dns_writer *w,
                            struct fpool_dns_reader *r)
{
    size_t size = fpool_dns_left(r);

    fpool_dns_put_quoted(w, fpool_dns_take(r, size), size);
}

static void put_field(struct fpool_dns_writer *w, struct fpool_dns_reader *r,
                      char form)
{
    switch (form) {
    case '1':
    case '2':
    case '4':
        fpool_dns_put_number(w, fpool_dns_take_number(r, (size_t)(form - '0')));
        break;
    case 'n':
        put_name(w, r, 0);
        break;
    case 'N':
        put_name(w, r, FPOOL_DNS_NAME_WHOLE);
        break;
    case 's':
        put_string(w, r);
        break;
    case 'S':
        put_strings(w, r);
        break;
    case 'q':
        put_rest_quoted(w, r);
        break;
    case 'g':
        put_tag(w, r);
        break;
    case 't':
        fpool_dns_put_type(w, fpool_dns_take_number(r, 2));
        break;
    case 'T':
        fpool_dns_put_bitmap(w, r);
        break;
    case 'd':
        fpool_dns_put_time(w, fpool_dns_take_number(r, 4));
        break;
    case 'x':
        fpool_dns_put_salt(w, r);
        break;
    case 'X':
        fpool_dns_put_hash(w, r);
        break;
    case 'p':
        fpool_dns_put_parameters(w, r);
        break;
    case 'L':
        fpool_dns_put_location(w, r);
        break;
    default:
        put_rest(w, r, form);
        break;
    }
}

/* ---- Records. */

static void put_fields(struct fpool_dns_writer *w, struct fpool_dns_reader *r,
                       const char *form)
{
    const char *field;

    for (field = form; *field != '\0' && !r->is_bad; field++) {
        /* Those two are lists of any length with a blank before each part. */
        if (field != form && *field != 'T' && *field != 'p') {
            fpool_dns_put_char(w, ' ');
        }
        put_field(w, r, *field);
    }
}

/* RFC 3597, section 5. */
static void put_unknown(struct fpool_dns_writer *w, struct fpool_dns_reader *r)
{
    size_t size = fpool_dns_left(r);

    fpool_dns_put_text(w, "\\# ");
    fpool_dns_put_number(w, (uint32_t)size);
    if (size > 0) {
        fpool_dns_put_char(w, ' ');
        fpool_dns_put_hex(w, fpool_dns_take(r, size), size);
    }
}

/* What is known of a type whose data may have a form of which nothing is. */
static const char *find_form(const struct fpool_dns_reader *r, uint16_t type)
{
    size_t n_forms = sizeof(forms) / sizeof(forms[0]);
    const char *form = type < n_forms ? forms[type] : NULL;

    if (form != NULL && *form == 'L' && fpool_dns_left(r) > 0 &&
        r->message[r->at] != 0) {
        return NULL; /* LOC of another version (RFC 1876, section 2) */
    }
    return form;
}

static bool put_address(struct fpool_dns_writer *w, const uint8_t *bytes,
                        size_t size, uint16_t type)
{
    if (type == FPOOL_DNS_TYPE_A && size == 4) {
        fpool_dns_put_ipv4(w, bytes);
        return true;
    }
    if (type == FPOOL_DNS_TYPE_AAAA && size == 16) {
        fpool_dns_put_ipv6(w, bytes);
        return true;
    }
    return false;
}

bool fpool_dns_rdata_write(struct fpool_dns_writer *w, const uint8_t *message,
                           size_t rdata, size_t rdata_size, uint16_t type)
{
    struct fpool_dns_reader r = { message, rdata, rdata + rdata_size, false };
    const char *form;

    if (type == FPOOL_DNS_TYPE_A || type == FPOOL_DNS_TYPE_AAAA) {
        return put_address(w, message + rdata, rdata_size, type);
    }
    form = find_form(&r, type);
    if (form == NULL) {
        put_unknown(w, &r);
        return true;
    }
    put_fields(w, &r, form);
    return !r.is_bad && fpool_dns_left(&r) == 0;
}

int fpool_dns_rdata_text(const uint8_t *message, size_t size, size_t rdata,
                         size_t rdata_size, uint16_t type, char *text,
                         size_t max)
{
    struct fpool_dns_writer w = { text, text, false };

    if (max == 0 || rdata > size || size - rdata < rdata_size) {
        return -1;
    }
    w.end = text + (max - 1);
    if (!fpool_dns_rdata_write(&w, message, rdata, rdata_size, type) ||
        w.is_full) {
        return -1;
    }
    *w.at = '\0';
    return (int)(w.at - text);
}
