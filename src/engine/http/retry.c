/* SPDX-License-Identifier: MIT */
/* What follows from the end of a request.  Called by the job; calls libcurl's
 * parser of dates, and otherwise nothing. */
#include "engine/http/retry.h"

#include <curl/curl.h>
#include <string.h>

#define MIN_CODE 100
#define MAX_CODE 599

#define MAX_DELAY_MS       60000
#define MAX_LOCAL_DELAY_MS 1000
#define MAX_PAUSE_MS       900000

/* Repeats that are not charged end somewhere, too: a host may ask for patience
 * for ever. */
#define MAX_UNCHARGED 16

/* More than the longest form of a date needs, the obsolete ones included;
 * libcurl's parser does not mind what follows a date. */
#define MAX_DATE_SIZE 40

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* ---- Sets of status codes. */

static const char *skip_blanks(const char *p)
{
    return p + strspn(p, " \t");
}

/* One status code and the blanks around it; NULL where there is none. */
static const char *parse_code(const char *p, int *ret_code)
{
    int code = 0;
    int i;

    p = skip_blanks(p);
    for (i = 0; i < 3; i++, p++) {
        if (!is_digit(*p)) {
            return NULL;
        }
        code = 10 * code + (*p - '0');
    }
    if (code < MIN_CODE || code > MAX_CODE) {
        return NULL;
    }
    *ret_code = code;
    return skip_blanks(p);
}

/* One code, or two with a dash between. */
static const char *parse_range(const char *p, struct fpool_http_codes *codes)
{
    int first = 0;
    int last = 0;

    p = parse_code(p, &first);
    last = first;
    if (p != NULL && *p == '-') {
        p = parse_code(p + 1, &last);
    }
    if (p == NULL || last < first) {
        return NULL;
    }
    for (; first <= last; first++) {
        unsigned bit = (unsigned)(first - MIN_CODE);

        codes->bits[bit / 64] |= (uint64_t)1 << bit % 64;
    }
    return p;
}

bool fpool_http_codes_parse(struct fpool_http_codes *ret_codes,
                            const char *text)
{
    struct fpool_http_codes codes = { { 0 } };
    const char *p = skip_blanks(text);

    if (*p != '\0') {
        p = parse_range(p, &codes);
        while (p != NULL && *p == ',') {
            p = parse_range(p + 1, &codes);
        }
    }
    if (p == NULL || *p != '\0') {
        return false;
    }
    *ret_codes = codes;
    return true;
}

bool fpool_http_codes_has(const struct fpool_http_codes *codes, int code)
{
    unsigned bit = (unsigned)code - MIN_CODE;

    return code >= MIN_CODE && code <= MAX_CODE &&
           (codes->bits[bit / 64] >> bit % 64 & 1) != 0;
}

/* ---- The classes.  An error without one does not compile. */

enum {
    CLASS_NONE = FPOOL_HTTP_FINE,
    CLASS_INVALID_URL = FPOOL_HTTP_PERMANENT,
    CLASS_INVALID_LINE = FPOOL_HTTP_PERMANENT,
    CLASS_INVALID_REQUEST = FPOOL_HTTP_PERMANENT,
    CLASS_DNS_NXDOMAIN = FPOOL_HTTP_PERMANENT,
    CLASS_DNS_NODATA = FPOOL_HTTP_PERMANENT,
    CLASS_DNS_SERVFAIL = FPOOL_HTTP_TRANSIENT,
    CLASS_DNS_REFUSED = FPOOL_HTTP_TRANSIENT,
    CLASS_DNS_FAILED = FPOOL_HTTP_TRANSIENT,
    CLASS_DNS_TIMEOUT = FPOOL_HTTP_TRANSIENT,
    CLASS_CONNECT_REFUSED = FPOOL_HTTP_UNREACHED,
    CLASS_CONNECT_UNREACHABLE = FPOOL_HTTP_UNREACHED,
    CLASS_CONNECT_RESET = FPOOL_HTTP_UNREACHED,
    CLASS_CONNECT_FAILED = FPOOL_HTTP_UNREACHED,
    CLASS_CONNECT_HOST_DOWN = FPOOL_HTTP_UNREACHED, /* and final */
    CLASS_CONNECT_PROXY = FPOOL_HTTP_UNREACHED,
    CLASS_TLS_EXPIRED = FPOOL_HTTP_PERMANENT,
    CLASS_TLS_NAME = FPOOL_HTTP_PERMANENT,
    CLASS_TLS_SELF_SIGNED = FPOOL_HTTP_PERMANENT,
    CLASS_TLS_UNTRUSTED = FPOOL_HTTP_PERMANENT,
    CLASS_TLS_CERTIFICATE = FPOOL_HTTP_PERMANENT,
    CLASS_TLS_HANDSHAKE = FPOOL_HTTP_PERMANENT,
    CLASS_TIMEOUT_CONNECT = FPOOL_HTTP_UNREACHED,
    /* Each costs as long as a host that does not answer at all. */
    CLASS_TIMEOUT_TLS = FPOOL_HTTP_UNREACHED,
    CLASS_TIMEOUT_FIRST_BYTE = FPOOL_HTTP_TRANSIENT,
    CLASS_TIMEOUT_STALL = FPOOL_HTTP_TRANSIENT,
    /* There is no time left for another try. */
    CLASS_TIMEOUT_TOTAL = FPOOL_HTTP_PERMANENT,
    CLASS_PROTOCOL_EMPTY = FPOOL_HTTP_TRANSIENT,
    CLASS_PROTOCOL_TRUNCATED = FPOOL_HTTP_TRANSIENT,
    CLASS_PROTOCOL_MALFORMED = FPOOL_HTTP_PERMANENT,
    CLASS_PROTOCOL_CODING = FPOOL_HTTP_PERMANENT,
    CLASS_PROTOCOL_HTTP2 = FPOOL_HTTP_TRANSIENT,
    CLASS_PROTOCOL_SIZE = FPOOL_HTTP_TRANSIENT,
    CLASS_PROTOCOL_CHECKSUM = FPOOL_HTTP_TRANSIENT,
    CLASS_PROTOCOL_OTHER = FPOOL_HTTP_PERMANENT,
    CLASS_LIMIT_SIZE = FPOOL_HTTP_PERMANENT,
    CLASS_LIMIT_MEMORY = FPOOL_HTTP_PERMANENT,
    CLASS_LIMIT_HEADER = FPOOL_HTTP_PERMANENT,
    CLASS_LIMIT_REDIRECTS = FPOOL_HTTP_PERMANENT,
    CLASS_POLICY_REDIRECT = FPOOL_HTTP_PERMANENT,
    CLASS_POLICY_ADDRESS = FPOOL_HTTP_PERMANENT,
    CLASS_POLICY_REFUSED = FPOOL_HTTP_PERMANENT,
    CLASS_HTTP_4XX = FPOOL_HTTP_PERMANENT, /* unless the sets have the status */
    CLASS_HTTP_5XX = FPOOL_HTTP_PERMANENT,
    CLASS_LOCAL_MEMORY = FPOOL_HTTP_LOCAL,
    CLASS_LOCAL_DESCRIPTORS = FPOOL_HTTP_LOCAL,
    /* The run stops for these. */
    CLASS_LOCAL_DISK_FULL = FPOOL_HTTP_PERMANENT,
    CLASS_LOCAL_IO = FPOOL_HTTP_PERMANENT,
    CLASS_LOCAL_CA_FILE = FPOOL_HTTP_PERMANENT,
    CLASS_LOCAL_OTHER = FPOOL_HTTP_PERMANENT,
    CLASS_DEADLINE = FPOOL_HTTP_PERMANENT,
    CLASS_CANCELLED = FPOOL_HTTP_PERMANENT
};

static const uint8_t classes[] = {
#define CLASS_ROW(name, kind, status, is_retryable)                            \
    [FPOOL_HTTP_ERROR_##name] = CLASS_##name,
    FPOOL_HTTP_ERROR_MAP(CLASS_ROW)
#undef CLASS_ROW
};

static bool is_status(enum fpool_http_error error)
{
    return error == FPOOL_HTTP_ERROR_HTTP_4XX ||
           error == FPOOL_HTTP_ERROR_HTTP_5XX;
}

static bool was_sent(const struct fpool_http_ending *e)
{
    return e->was_sent || e->status_code != 0;
}

static enum fpool_http_class classify(const struct fpool_http_ending *e)
{
    enum fpool_http_class class = classes[e->error];

    if (class == FPOOL_HTTP_UNREACHED && was_sent(e) &&
        e->error != FPOOL_HTTP_ERROR_CONNECT_HOST_DOWN) {
        class = FPOOL_HTTP_TRANSIENT;
    }
    /* A host that asks for patience has done so, also when the rest of its
     * answer is then lost. */
    if ((is_status(e->error) || class == FPOOL_HTTP_TRANSIENT) &&
        fpool_http_codes_has(e->throttle_on, e->status_code)) {
        return FPOOL_HTTP_THROTTLED;
    }
    if (is_status(e->error) &&
        fpool_http_codes_has(e->retry_on, e->status_code)) {
        return FPOOL_HTTP_TRANSIENT;
    }
    return class;
}

/* ---- Times. */

static int64_t smaller(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* 'base_ms', doubled 'n' times but not beyond 'max_ms'; at least 1, for 0 would
 * be no wait at all. */
static int64_t grow(int64_t base_ms, unsigned n, int64_t max_ms)
{
    int64_t ms = base_ms < 1 ? 1 : base_ms;

    for (; n > 0 && ms < max_ms; n--) {
        ms = ms > max_ms / 2 ? max_ms : ms * 2;
    }
    return ms;
}

/* A random half to whole of 'ms', so that what failed together does not come
 * back together. */
static int64_t spread(int64_t ms, uint32_t random)
{
    uint64_t half = (uint64_t)ms / 2;
    /* half * random / UINT32_MAX, without overflow. */
    uint64_t more =
        half / UINT32_MAX * random + half % UINT32_MAX * random / UINT32_MAX;

    return ms - (int64_t)half + (int64_t)more;
}

/* ---- The decisions. */

static struct fpool_http_decision finish(enum fpool_http_class class,
                                         int64_t pause_ms)
{
    return (struct fpool_http_decision){ .class = class,
                                         .is_final = true,
                                         .pause_ms = pause_ms };
}

static int64_t pause_of(const struct fpool_http_ending *e)
{
    int64_t ms = e->retry_after_ms;

    if (ms <= 0) {
        ms = spread(grow(e->retry_delay_ms, e->n_host_throttled, MAX_PAUSE_MS),
                    e->random);
    }
    return smaller(ms, e->max_retry_after_ms);
}

static struct fpool_http_decision throttle(const struct fpool_http_ending *e)
{
    struct fpool_http_decision d = { .class = FPOOL_HTTP_THROTTLED };
    int64_t left = e->max_retry_after_ms - e->host_pause_ms;
    int64_t pause = pause_of(e);
    bool is_429 = e->status_code == 429;

    d.is_charged = !is_429 && e->retry_after_ms < 0 &&
                   fpool_http_codes_has(e->retry_on, e->status_code);
    d.pause_ms = left < 0 ? 0 : smaller(pause, left);
    if (pause > left || e->n_throttled >= MAX_UNCHARGED ||
        (d.is_charged && e->n_tries >= e->max_tries) ||
        (!is_429 && !e->is_idempotent)) {
        return finish(d.class, d.pause_ms);
    }
    return d;
}

static struct fpool_http_decision try_again(const struct fpool_http_ending *e,
                                            enum fpool_http_class class)
{
    struct fpool_http_decision d = { .class = class, .is_charged = true };
    unsigned n = e->n_tries > 0 ? e->n_tries - 1 : 0;

    if (e->n_tries >= e->max_tries || (was_sent(e) && !e->is_idempotent) ||
        e->error == FPOOL_HTTP_ERROR_CONNECT_HOST_DOWN) {
        return finish(class, 0);
    }
    d.delay_ms = spread(grow(e->retry_delay_ms, n, MAX_DELAY_MS), e->random);
    if (e->retry_after_ms > 0 && is_status(e->error)) {
        d.delay_ms = smaller(e->retry_after_ms, e->max_retry_after_ms);
    }
    return d;
}

static struct fpool_http_decision wait_for_local(
    const struct fpool_http_ending *e)
{
    struct fpool_http_decision d = { .class = FPOOL_HTTP_LOCAL };
    int64_t ms = smaller(e->retry_delay_ms, MAX_LOCAL_DELAY_MS);

    if (e->n_throttled >= MAX_UNCHARGED || (was_sent(e) && !e->is_idempotent)) {
        return finish(d.class, 0);
    }
    d.delay_ms = spread(grow(ms, 0, MAX_LOCAL_DELAY_MS), e->random);
    return d;
}

struct fpool_http_decision fpool_http_decide(const struct fpool_http_ending *e)
{
    enum fpool_http_class class = classify(e);

    switch (class) {
    case FPOOL_HTTP_THROTTLED:
        return throttle(e);
    case FPOOL_HTTP_TRANSIENT:
    case FPOOL_HTTP_UNREACHED:
        return try_again(e, class);
    case FPOOL_HTTP_LOCAL:
        return wait_for_local(e);
    case FPOOL_HTTP_FINE:
    case FPOOL_HTTP_PERMANENT:
        break;
    }
    return finish(class, 0);
}

/* ---- What the header and the method say. */

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static bool is_letter(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

/* Milliseconds of so many seconds, however many. */
static int64_t to_ms(uint64_t seconds)
{
    uint64_t max = (uint64_t)FPOOL_HTTP_MAX_RETRY_AFTER_MS;

    return (int64_t)(seconds > max / 1000 ? max : seconds * 1000);
}

/* All of the forms of a date begin with a name and have a time of day.  To ask
 * for both keeps out what libcurl's lenient parser would take for one: numbers
 * with a fraction, a sign or a unit. */
static int64_t parse_date(const char *value, size_t size, int64_t now_s)
{
    char text[MAX_DATE_SIZE + 1];
    int64_t date;

    if (size > MAX_DATE_SIZE || memchr(value, '\0', size) != NULL ||
        memchr(value, ':', size) == NULL || !is_letter(value[0])) {
        return -1;
    }
    memcpy(text, value, size);
    text[size] = '\0';
    date = curl_getdate(text, NULL);
    if (date == -1) {
        return -1;
    }
    return date <= now_s ? 0 : to_ms((uint64_t)date - (uint64_t)now_s);
}

int64_t fpool_http_retry_after(const char *value, size_t size, int64_t now_s)
{
    uint64_t seconds = 0;
    size_t i;

    for (; size > 0 && is_blank(value[0]); size--) {
        value++;
    }
    while (size > 0 && is_blank(value[size - 1])) {
        size--;
    }
    if (size == 0) {
        return -1;
    }
    for (i = 0; i < size && is_digit(value[i]); i++) {
        if (seconds < (uint64_t)FPOOL_HTTP_MAX_RETRY_AFTER_MS) {
            seconds = 10 * seconds + (uint64_t)(value[i] - '0');
        }
    }
    return i == size ? to_ms(seconds) : parse_date(value, size, now_s);
}

bool fpool_http_is_idempotent(const char *method)
{
    static const char *const names[] = { "GET",    "HEAD",    "PUT",
                                         "DELETE", "OPTIONS", "TRACE" };
    size_t i;

    for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (strcmp(method, names[i]) == 0) {
            return true;
        }
    }
    return false;
}
