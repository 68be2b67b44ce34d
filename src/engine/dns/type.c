/* SPDX-License-Identifier: MIT */
/* Names of record types and response codes; called for items that name a type,
 * and for every record that is shown. */
#include "engine/dns/type.h"

#include <string.h>

#define N_ELEMENTS(array) (sizeof(array) / sizeof((array)[0]))

/* The registry of RFC 6895, section 3.1, by number. */
static const char *const type_names[] = {
    [1] = "A",          [2] = "NS",        [3] = "MD",
    [4] = "MF",         [5] = "CNAME",     [6] = "SOA",
    [7] = "MB",         [8] = "MG",        [9] = "MR",
    [10] = "NULL",      [11] = "WKS",      [12] = "PTR",
    [13] = "HINFO",     [14] = "MINFO",    [15] = "MX",
    [16] = "TXT",       [17] = "RP",       [18] = "AFSDB",
    [19] = "X25",       [20] = "ISDN",     [21] = "RT",
    [22] = "NSAP",      [23] = "NSAP-PTR", [24] = "SIG",
    [25] = "KEY",       [26] = "PX",       [27] = "GPOS",
    [28] = "AAAA",      [29] = "LOC",      [30] = "NXT",
    [31] = "EID",       [32] = "NIMLOC",   [33] = "SRV",
    [34] = "ATMA",      [35] = "NAPTR",    [36] = "KX",
    [37] = "CERT",      [38] = "A6",       [39] = "DNAME",
    [40] = "SINK",      [41] = "OPT",      [42] = "APL",
    [43] = "DS",        [44] = "SSHFP",    [45] = "IPSECKEY",
    [46] = "RRSIG",     [47] = "NSEC",     [48] = "DNSKEY",
    [49] = "DHCID",     [50] = "NSEC3",    [51] = "NSEC3PARAM",
    [52] = "TLSA",      [53] = "SMIMEA",   [55] = "HIP",
    [56] = "NINFO",     [57] = "RKEY",     [58] = "TALINK",
    [59] = "CDS",       [60] = "CDNSKEY",  [61] = "OPENPGPKEY",
    [62] = "CSYNC",     [63] = "ZONEMD",   [64] = "SVCB",
    [65] = "HTTPS",     [66] = "DSYNC",    [67] = "HHIT",
    [68] = "BRID",      [99] = "SPF",      [100] = "UINFO",
    [101] = "UID",      [102] = "GID",     [103] = "UNSPEC",
    [104] = "NID",      [105] = "L32",     [106] = "L64",
    [107] = "LP",       [108] = "EUI48",   [109] = "EUI64",
    [128] = "NXNAME",   [249] = "TKEY",    [250] = "TSIG",
    [251] = "IXFR",     [252] = "AXFR",    [253] = "MAILB",
    [254] = "MAILA",    [255] = "ANY",     [256] = "URI",
    [257] = "CAA",      [258] = "AVC",     [259] = "DOA",
    [260] = "AMTRELAY", [261] = "RESINFO", [262] = "WALLET",
    [263] = "CLA",      [264] = "IPN",
};

/* The two that are far from the others. */
static const struct {
    uint16_t type;
    const char *name;
} high_types[] = { { 32768, "TA" }, { 32769, "DLV" } };

/* RFC 6895, section 2.3.  The codes from 17 on are errors of TSIG and TKEY,
 * which no header can carry without an OPT record. */
static const char *const rcode_names[] = {
    [0] = "NOERROR",  [1] = "FORMERR", [2] = "SERVFAIL",  [3] = "NXDOMAIN",
    [4] = "NOTIMP",   [5] = "REFUSED", [6] = "YXDOMAIN",  [7] = "YXRRSET",
    [8] = "NXRRSET",  [9] = "NOTAUTH", [10] = "NOTZONE",  [11] = "DSOTYPENI",
    [16] = "BADVERS", [17] = "BADKEY", [18] = "BADTIME",  [19] = "BADMODE",
    [20] = "BADNAME", [21] = "BADALG", [22] = "BADTRUNC",
};

static char upper(char c)
{
    return c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
}

/* Whether 'text' is 'name', which is in upper case, in any case. */
static bool is_name(const char *text, size_t size, const char *name)
{
    size_t i;

    for (i = 0; i < size; i++) {
        if (name[i] == '\0' || upper(text[i]) != name[i]) {
            return false;
        }
    }
    return name[size] == '\0';
}

/* "TYPEnnn": one to five digits. */
static bool parse_number(const char *text, size_t size, uint16_t *ret_type)
{
    unsigned number = 0;
    size_t i;

    if (size < 5 || size > 9 || !is_name(text, 4, "TYPE")) {
        return false;
    }
    for (i = 4; i < size; i++) {
        if (text[i] < '0' || text[i] > '9') {
            return false;
        }
        number = number * 10 + (unsigned)(text[i] - '0');
    }
    *ret_type = (uint16_t)number;
    return number <= UINT16_MAX;
}

static bool parse_name(const char *text, size_t size, uint16_t *ret_type)
{
    size_t i;

    for (i = 0; i < N_ELEMENTS(type_names); i++) {
        if (type_names[i] != NULL && is_name(text, size, type_names[i])) {
            *ret_type = (uint16_t)i;
            return true;
        }
    }
    for (i = 0; i < N_ELEMENTS(high_types); i++) {
        if (is_name(text, size, high_types[i].name)) {
            *ret_type = high_types[i].type;
            return true;
        }
    }
    /* What the registry calls ANY. */
    *ret_type = FPOOL_DNS_TYPE_ANY;
    return size == 1 && text[0] == '*';
}

/* Types that cannot be asked for, or whose answer is not one message. */
static bool is_of_envelope(uint16_t type)
{
    return type == 0 || type == FPOOL_DNS_TYPE_OPT ||
           (type >= 250 && type <= 252);
}

bool fpool_dns_type_parse(const char *text, size_t size, uint16_t *ret_type)
{
    uint16_t type = 0;

    if (!parse_name(text, size, &type) && !parse_number(text, size, &type)) {
        return false;
    }
    if (is_of_envelope(type)) {
        return false;
    }
    *ret_type = type;
    return true;
}

/* Writes 'prefix' and 'number'. */
static const char *with_number(char buffer[FPOOL_DNS_CODE_TEXT_SIZE],
                               const char *prefix, unsigned number)
{
    char digits[5]; /* 65535 at most */
    size_t size = strlen(prefix);
    size_t n = 0;

    memcpy(buffer, prefix, size);
    do {
        digits[n++] = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    while (n > 0) {
        buffer[size++] = digits[--n];
    }
    buffer[size] = '\0';
    return buffer;
}

const char *fpool_dns_type_text(uint16_t type,
                                char buffer[FPOOL_DNS_CODE_TEXT_SIZE])
{
    size_t i;

    if (type < N_ELEMENTS(type_names) && type_names[type] != NULL) {
        return type_names[type];
    }
    for (i = 0; i < N_ELEMENTS(high_types); i++) {
        if (type == high_types[i].type) {
            return high_types[i].name;
        }
    }
    return with_number(buffer, "TYPE", type);
}

const char *fpool_dns_rcode_text(int rcode,
                                 char buffer[FPOOL_DNS_CODE_TEXT_SIZE])
{
    if (rcode < 0 || rcode > 0xfff) {
        return ""; /* twelve bits; -1 stands for no reply */
    }
    if ((size_t)rcode < N_ELEMENTS(rcode_names) && rcode_names[rcode] != NULL) {
        return rcode_names[rcode];
    }
    return with_number(buffer, "RCODE", (unsigned)rcode);
}
