/* SPDX-License-Identifier: MIT */
/* Fields that came with DNSSEC (RFC 4034, RFC 5155); called by rdata.c. */
#include "engine/dns/rdata.h"
#include "engine/dns/type.h"

void fpool_dns_put_type(struct fpool_dns_writer *w, unsigned type)
{
    char buffer[FPOOL_DNS_CODE_TEXT_SIZE];

    fpool_dns_put_text(w, fpool_dns_type_text((uint16_t)type, buffer));
}

/* One window of a bitmap; neither empty nor with zero bytes at its end. */
static void put_window(struct fpool_dns_writer *w, unsigned window,
                       const uint8_t *bytes, size_t size)
{
    unsigned i;

    for (i = 0; i < 8 * size && !w->is_full; i++) {
        if ((bytes[i / 8] & 0x80u >> i % 8) != 0) {
            fpool_dns_put_char(w, ' ');
            fpool_dns_put_type(w, window << 8 | i);
        }
    }
}

/* RFC 4034, section 4.1.2. */
void fpool_dns_put_bitmap(struct fpool_dns_writer *w,
                          struct fpool_dns_reader *r)
{
    unsigned least_window = 0;

    while (fpool_dns_left(r) > 0) {
        unsigned window = fpool_dns_take_number(r, 1);
        size_t size = fpool_dns_take_number(r, 1);
        const uint8_t *bytes = fpool_dns_take(r, size);

        if (bytes == NULL || window < least_window || size == 0 || size > 32 ||
            bytes[size - 1] == 0) {
            r->is_bad = true;
            return;
        }
        put_window(w, window, bytes, size);
        least_window = window + 1;
    }
}

/* Writes at least 'width' digits, without a bound on what they show. */
static void put_padded(struct fpool_dns_writer *w, unsigned number,
                       unsigned width)
{
    unsigned least = 1;

    while (--width > 0) {
        least *= 10;
        if (number < least) {
            fpool_dns_put_char(w, '0');
        }
    }
    fpool_dns_put_number(w, number);
}

/* YYYYMMDDHHmmSS in UTC (RFC 4034, section 3.2), from 1970 to 2106.  The year
 * begins in March, so that leap days come last; 'era' counts 400 years. */
void fpool_dns_put_time(struct fpool_dns_writer *w, uint32_t time)
{
    uint32_t days = time / 86400 + 719468; /* since 0000-03-01 */
    uint32_t era = days / 146097;
    uint32_t day = days % 146097;
    uint32_t year = (day - day / 1460 + day / 36524 - day / 146096) / 365;
    uint32_t month;

    day -= 365 * year + year / 4 - year / 100;
    month = (5 * day + 2) / 153;
    day -= (153 * month + 2) / 5;
    month = month < 10 ? month + 3 : month - 9;
    year += era * 400 + (month <= 2);
    put_padded(w, year, 4);
    put_padded(w, month, 2);
    put_padded(w, day + 1, 2);
    put_padded(w, time / 3600 % 24, 2);
    put_padded(w, time / 60 % 60, 2);
    put_padded(w, time % 60, 2);
}

/* RFC 5155, section 3.3: "-" stands for no salt. */
void fpool_dns_put_salt(struct fpool_dns_writer *w, struct fpool_dns_reader *r)
{
    size_t size = fpool_dns_take_number(r, 1);
    const uint8_t *bytes = fpool_dns_take(r, size);

    if (size == 0) {
        fpool_dns_put_char(w, '-');
    } else if (bytes != NULL) {
        fpool_dns_put_hex(w, bytes, size);
    }
}

void fpool_dns_put_hash(struct fpool_dns_writer *w, struct fpool_dns_reader *r)
{
    size_t size = fpool_dns_take_number(r, 1);
    const uint8_t *bytes = fpool_dns_take(r, size);

    r->is_bad = r->is_bad || size == 0;
    if (bytes != NULL) {
        fpool_dns_put_base32(w, bytes, size);
    }
}
