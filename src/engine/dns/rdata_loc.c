/* SPDX-License-Identifier: MIT */
/* LOC records (RFC 1876); called by rdata.c. */
#include "engine/dns/rdata.h"

/* The equator and the prime meridian, in thousandths of a second of arc. */
#define ORIGIN (UINT32_C(1) << 31)
#define DEGREE UINT32_C(3600000)

/* "NNN.ddd": the last 'n_places' digits behind a dot. */
static void put_fixed(struct fpool_dns_writer *w, uint32_t number,
                      unsigned n_places)
{
    uint32_t unit = 1;
    unsigned i;

    for (i = 0; i < n_places; i++) {
        unit *= 10;
    }
    fpool_dns_put_number(w, number / unit);
    fpool_dns_put_char(w, '.');
    for (unit /= 10; unit > 0; unit /= 10) {
        fpool_dns_put_char(w, (char)('0' + number / unit % 10));
    }
}

/* Degrees, minutes, seconds and a hemisphere of 'names'; each has 'most'
 * degrees at most. */
static void put_angle(struct fpool_dns_writer *w, struct fpool_dns_reader *r,
                      uint32_t most, const char names[2])
{
    uint32_t number = fpool_dns_take_number(r, 4);
    bool is_beyond = number >= ORIGIN; /* north or east */
    uint32_t angle = is_beyond ? number - ORIGIN : ORIGIN - number;

    if (angle > most * DEGREE) {
        r->is_bad = true;
        return;
    }
    fpool_dns_put_number(w, angle / DEGREE);
    fpool_dns_put_char(w, ' ');
    fpool_dns_put_number(w, angle / 60000 % 60);
    fpool_dns_put_char(w, ' ');
    put_fixed(w, angle % 60000, 3);
    fpool_dns_put_char(w, ' ');
    fpool_dns_put_char(w, names[is_beyond]);
    fpool_dns_put_char(w, ' ');
}

/* Centimetres above a plane 100 km below the earth. */
static void put_altitude(struct fpool_dns_writer *w, struct fpool_dns_reader *r)
{
    uint32_t number = fpool_dns_take_number(r, 4);

    if (number < 10000000) {
        fpool_dns_put_char(w, '-');
        put_fixed(w, 10000000 - number, 2);
    } else {
        put_fixed(w, number - 10000000, 2);
    }
    fpool_dns_put_char(w, 'm');
}

/* Four bits of a digit, four of a power of ten, in centimetres; whole metres
 * are shown without places. */
static void put_size(struct fpool_dns_writer *w, unsigned byte)
{
    uint32_t size = byte >> 4;
    unsigned power = byte & 15;

    fpool_dns_put_char(w, ' ');
    if (power < 2) {
        put_fixed(w, power == 0 ? size : 10 * size, 2);
    } else {
        for (; power > 2; power--) {
            size *= 10;
        }
        fpool_dns_put_number(w, size);
    }
    fpool_dns_put_char(w, 'm');
}

void fpool_dns_put_location(struct fpool_dns_writer *w,
                            struct fpool_dns_reader *r)
{
    const uint8_t *sizes = fpool_dns_take(r, 4); /* behind the version's byte */
    unsigned i;

    for (i = 1; sizes != NULL && i < 4; i++) {
        r->is_bad = r->is_bad || sizes[i] >> 4 > 9 || (sizes[i] & 15) > 9;
    }
    put_angle(w, r, 90, "SN");
    put_angle(w, r, 180, "WE");
    put_altitude(w, r);
    for (i = 1; !r->is_bad && i < 4; i++) {
        put_size(w, sizes[i]);
    }
}
