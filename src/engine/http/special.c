/* SPDX-License-Identifier: MIT */
/* The registries of special addresses, as tables; called by the policy. */
#include "engine/http/special.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

/* ---- What is special.  The first row that an address is in counts. */

struct row {
    uint16_t part[8];
    unsigned n_bits;
    bool is_global;
};

#define V4(a, b, c, d)                                                         \
    {                                                                          \
        (a) << 8 | (b), (c) << 8 | (d)                                         \
    }

/* https://www.iana.org/assignments/iana-ipv4-special-registry, and what the
 * address space has besides; all else is global. */
static const struct row rows_v4[] = {
    { V4(0, 0, 0, 0), 8, false },       /* this network: RFC 791, 1122 */
    { V4(10, 0, 0, 0), 8, false },      /* private use: RFC 1918 */
    { V4(100, 64, 0, 0), 10, false },   /* shared, of carriers: RFC 6598 */
    { V4(127, 0, 0, 0), 8, false },     /* loopback: RFC 1122 */
    { V4(169, 254, 0, 0), 16, false },  /* link local: RFC 3927 */
    { V4(172, 16, 0, 0), 12, false },   /* private use: RFC 1918 */
    { V4(192, 0, 0, 9), 32, true },     /* port control, anycast: RFC 7723 */
    { V4(192, 0, 0, 10), 32, true },    /* TURN, anycast: RFC 8155 */
    { V4(192, 0, 0, 0), 24, false },    /* protocols: RFC 6890, 7335, 7600 */
    { V4(192, 0, 2, 0), 24, false },    /* documentation: RFC 5737 */
    { V4(192, 31, 196, 0), 24, true },  /* AS112: RFC 7535 */
    { V4(192, 52, 193, 0), 24, true },  /* AMT: RFC 7450 */
    { V4(192, 88, 99, 0), 24, false },  /* relays: RFC 7526, 6751 */
    { V4(192, 168, 0, 0), 16, false },  /* private use: RFC 1918 */
    { V4(192, 175, 48, 0), 24, true },  /* AS112: RFC 7534 */
    { V4(198, 18, 0, 0), 15, false },   /* benchmarks: RFC 2544 */
    { V4(198, 51, 100, 0), 24, false }, /* documentation: RFC 5737 */
    { V4(203, 0, 113, 0), 24, false },  /* documentation: RFC 5737 */
    { V4(224, 0, 0, 0), 4, false },     /* multicast: RFC 5771 */
    { V4(240, 0, 0, 0), 4, false }      /* reserved, broadcast: RFC 1112 */
};

/* https://www.iana.org/assignments/iana-ipv6-special-registry, and what the
 * address space has besides; all else is not global, because 2000::/3 is the
 * only block from which global addresses are given out (RFC 4291, section 2.4).
 * Of what embeds an IPv4 address, that one decides.  Mapped addresses (RFC
 * 4291) never get here. */
static const struct row rows_v6[] = {
    { { 0 }, 112, false },                /* none, loopback: RFC 4291 */
    { { 0 }, 96, true },                  /* IPv4 compatible: RFC 4291 */
    { { 0, 0, 0, 0, 0xffff }, 96, true }, /* IPv4 translated: RFC 2765 */
    { { 0x64, 0xff9b }, 96, true },       /* NAT64: RFC 6052 */
    { { 0x64, 0xff9b, 1 }, 48, false },   /* local NAT64: RFC 8215 */
    { { 0x100 }, 64, false },             /* discard: RFC 6666 */
    { { 0x100, 0, 0, 1 }, 64, false },    /* dummy: RFC 9780 */
    { { 0x2001, 0 }, 32, true },          /* Teredo: RFC 4380 */
    { { 0x2001, 1, 0, 0, 0, 0, 0, 1 }, 128, true }, /* port control: RFC 7723 */
    { { 0x2001, 1, 0, 0, 0, 0, 0, 2 }, 128, true }, /* TURN: RFC 8155 */
    { { 0x2001, 1, 0, 0, 0, 0, 0, 3 }, 128, true }, /* DNS-SD: RFC 9665 */
    { { 0x2001, 2 }, 48, false },                   /* benchmarks: RFC 5180 */
    { { 0x2001, 3 }, 32, true },                    /* AMT: RFC 7450 */
    { { 0x2001, 4, 0x112 }, 48, true },             /* AS112: RFC 7535 */
    { { 0x2001, 0x10 }, 28, false },                /* ORCHID: RFC 4843 */
    { { 0x2001, 0x20 }, 28, true },                 /* ORCHID 2: RFC 7343 */
    { { 0x2001, 0x30 }, 28, true },                 /* DRIP: RFC 9374 */
    { { 0x2001, 0 }, 23, false },                   /* protocols: RFC 2928 */
    { { 0x2001, 0xdb8 }, 32, false },       /* documentation: RFC 3849 */
    { { 0x2002 }, 16, true },               /* 6to4: RFC 3056 */
    { { 0x2620, 0x4f, 0x8000 }, 48, true }, /* AS112: RFC 7534 */
    { { 0x3fff }, 20, false },              /* documentation: RFC 9637 */
    { { 0x5f00 }, 16, false },              /* segment ids: RFC 9602 */
    { { 0xfc00 }, 7, false },               /* unique local: RFC 4193 */
    { { 0xfe80 }, 10, false },              /* link local: RFC 4291 */
    { { 0xfec0 }, 10, false },              /* site local: RFC 3879 */
    { { 0xff00 }, 8, false },               /* multicast: RFC 4291 */
    { { 0x2000 }, 3, true }                 /* global unicast: RFC 4291 */
};

/* Where in an IPv6 address an IPv4 address is. */
struct embedding {
    uint16_t part[8];
    unsigned n_bits;
    unsigned at;   /* the first of its parts */
    uint16_t flip; /* all bits where they are inverted */
};

static const struct embedding embeddings[] = {
    { { 0 }, 96, 6, 0 },                  /* compatible */
    { { 0, 0, 0, 0, 0xffff }, 96, 6, 0 }, /* translated */
    { { 0x64, 0xff9b }, 96, 6, 0 },       /* NAT64 */
    { { 0x2002 }, 16, 1, 0 },             /* 6to4 */
    { { 0x2001, 0 }, 32, 2, 0 },          /* Teredo, the server */
    { { 0x2001, 0 }, 32, 6, 0xffff }      /* Teredo, the client */
};

#define N_ELEMENTS(array) (sizeof(array) / sizeof((array)[0]))

bool fpool_http_place_is_within(const struct fpool_http_place *place,
                                const uint16_t *parts, unsigned n_bits)
{
    unsigned i;

    for (i = 0; n_bits >= 16; i++, n_bits -= 16) {
        if (place->part[i] != parts[i]) {
            return false;
        }
    }
    return n_bits == 0 || (place->part[i] ^ parts[i]) >> (16 - n_bits) == 0;
}

static bool is_global_by_rows(const struct fpool_http_place *place)
{
    const struct row *rows = place->is_v4 ? rows_v4 : rows_v6;
    size_t n = place->is_v4 ? N_ELEMENTS(rows_v4) : N_ELEMENTS(rows_v6);
    size_t i;

    for (i = 0; i < n; i++) {
        if (fpool_http_place_is_within(place, rows[i].part, rows[i].n_bits)) {
            return rows[i].is_global;
        }
    }
    return place->is_v4;
}

/* ---- Addresses. */

static void set_v4(struct fpool_http_place *ret_place, const uint16_t *part,
                   uint16_t flip)
{
    memset(ret_place, 0, sizeof(*ret_place));
    ret_place->is_v4 = true;
    ret_place->part[0] = part[0] ^ flip;
    ret_place->part[1] = part[1] ^ flip;
}

/* Of 'n' parts in network order, which need not be aligned.  A mapped address
 * is the IPv4 address that it is to the kernel. */
static void set_place(struct fpool_http_place *ret_place, const void *bytes,
                      size_t n)
{
    static const uint16_t mapped[8] = { 0, 0, 0, 0, 0, 0xffff };
    size_t i;

    memset(ret_place, 0, sizeof(*ret_place));
    ret_place->is_v4 = n == 2;
    memcpy(ret_place->part, bytes, n * sizeof(ret_place->part[0]));
    for (i = 0; i < n; i++) {
        ret_place->part[i] = ntohs(ret_place->part[i]);
    }
    if (n == 8 && fpool_http_place_is_within(ret_place, mapped, 96)) {
        uint16_t low[2] = { ret_place->part[6], ret_place->part[7] };

        set_v4(ret_place, low, 0);
    }
}

bool fpool_http_place_get(struct fpool_http_place *ret_place,
                          const struct sockaddr *address)
{
    const char *bytes = (const char *)address;

    switch (address->sa_family) {
    case AF_INET:
        set_place(ret_place, bytes + offsetof(struct sockaddr_in, sin_addr), 2);
        return true;
    case AF_INET6:
        set_place(ret_place, bytes + offsetof(struct sockaddr_in6, sin6_addr),
                  8);
        return true;
    default:
        return false;
    }
}

size_t fpool_http_place_get_embedded(
    struct fpool_http_place ret_places[FPOOL_HTTP_MAX_EMBEDDED],
    const struct fpool_http_place *place)
{
    static const uint16_t none[8];
    size_t n = 0;
    size_t i;

    /* :: and ::1 look like compatible addresses and are none. */
    if (place->is_v4 || fpool_http_place_is_within(place, none, 112)) {
        return 0;
    }
    for (i = 0; i < N_ELEMENTS(embeddings); i++) {
        const struct embedding *e = &embeddings[i];

        if (fpool_http_place_is_within(place, e->part, e->n_bits)) {
            set_v4(&ret_places[n++], &place->part[e->at], e->flip);
        }
    }
    /* ISATAP (RFC 5214, section 6.1), below any prefix; the bit tells whether
     * the IPv4 address is unique. */
    if ((place->part[4] & ~0x200u) == 0 && place->part[5] == 0x5efe) {
        set_v4(&ret_places[n++], &place->part[6], 0);
    }
    return n;
}

bool fpool_http_place_is_private(const struct fpool_http_place *place)
{
    struct fpool_http_place embedded[FPOOL_HTTP_MAX_EMBEDDED];
    size_t n = fpool_http_place_get_embedded(embedded, place);
    size_t i;

    for (i = 0; i < n; i++) {
        if (!is_global_by_rows(&embedded[i])) {
            return true;
        }
    }
    return !is_global_by_rows(place);
}
