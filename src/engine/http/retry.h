/* SPDX-License-Identifier: MIT */
/* What follows from the end of a request.
 *
 * Purpose: one pure function decides whether an item is finished, is tried
 *   again, or has its host paused; nothing else in the engine knows the rules.
 * Thread-safety: pure.
 * Limits: it knows no clock and no chance; both come in as numbers.  An item
 *   is repeated at most 16 times without being charged. */
#ifndef FPOOL_ENGINE_HTTP_RETRY_H
#define FPOOL_ENGINE_HTTP_RETRY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fetchpool/http.h"

/* A set of status codes from 100 to 599. */
struct fpool_http_codes {
    uint64_t bits[8];
};

/* Reads "408,500,502-504", blanks allowed around numbers; "" is the empty set.
 * False for anything else, and then '*ret_codes' is left alone. */
bool fpool_http_codes_parse(struct fpool_http_codes *ret_codes,
                            const char *text);

/* False for what is no status code, as 0. */
bool fpool_http_codes_has(const struct fpool_http_codes *codes, int code);

/* What kind of trouble a failure speaks of. */
enum fpool_http_class {
    FPOOL_HTTP_FINE,
    FPOOL_HTTP_PERMANENT, /* the same again would end the same */
    FPOOL_HTTP_TRANSIENT, /* may go better another time */
    FPOOL_HTTP_THROTTLED, /* the host asks for patience */
    FPOOL_HTTP_UNREACHED, /* transient, and no connection came about: counts
                             towards a host that is down */
    FPOOL_HTTP_LOCAL      /* this machine's trouble: descriptors, memory */
};

struct fpool_http_ending {
    /* HTTP_4XX and HTTP_5XX for such statuses.  With NONE the item is fine,
     * whatever the sets below say of its status. */
    enum fpool_http_error error;
    int status_code;    /* of this request's answer; 0: there was none */
    bool is_idempotent; /* the method may be repeated */
    bool was_sent;      /* bytes of the request may have left */
    unsigned n_tries;   /* so far, this one included */
    unsigned max_tries;
    unsigned n_throttled;   /* repeats that were not charged, before this */
    int64_t retry_after_ms; /* from the header; -1: none */
    /* For which the host has been paused since its last answer of another kind,
     * and how many pauses that were.  One volley of answers, all to requests
     * that began before the pause, is one pause. */
    int64_t host_pause_ms;
    unsigned n_host_throttled;
    int64_t retry_delay_ms; /* as the operation says */
    int64_t max_retry_after_ms;
    const struct fpool_http_codes *retry_on;
    const struct fpool_http_codes *throttle_on;
    uint32_t random;
};

struct fpool_http_decision {
    enum fpool_http_class class;
    bool is_final;    /* no next try: 'is_charged' false, 'delay_ms' 0 */
    bool is_charged;  /* the next try counts as one (throttled ones do not) */
    int64_t delay_ms; /* until the item's next try; 0: at once, or when its host
                         goes on */
    int64_t pause_ms; /* of the host, also when the item is final; 0: none */
};

/* The rules:
 *
 * - A status in 'throttle_on' pauses the host: for as long as Retry-After says,
 *   else (also when that is 0, or a date that has passed) for 'retry_delay_ms',
 *   doubled with each pause up to 15 minutes, of which a random half to whole.
 *   No pause exceeds 'max_retry_after_ms', nor what 'host_pause_ms' has left of
 *   it; an item whose pause had to be cut for the latter is final.  The next
 *   try is charged only for a status in 'retry_on' too, other than 429, that
 *   comes without Retry-After.  A 429 says that nothing was done, so any method
 *   is repeated; after another status only an idempotent one.
 * - A status in 'retry_on', and transient errors: charged, after
 *   'retry_delay_ms', doubled with each try up to a minute, of which a random
 *   half to whole; or after what Retry-After says, up to 'max_retry_after_ms'.
 *   Once bytes were sent only for an idempotent method.
 * - Trouble of this machine: not charged, after up to a second.
 * - Any other status or error is permanent.
 *
 * A 'retry_delay_ms' above the minute or the 15 minutes is not cut. */
struct fpool_http_decision fpool_http_decide(const struct fpool_http_ending *e);

/* The value of a Retry-After header (RFC 9110, section 10.2.3) in milliseconds,
 * seconds or a date against 'now_s' (seconds since 1970); 0 for a date that has
 * passed; -1 for what is neither.  Large numbers end at
 * FPOOL_HTTP_MAX_RETRY_AFTER_MS. */
#define FPOOL_HTTP_MAX_RETRY_AFTER_MS (INT64_MAX / 1000000)
int64_t fpool_http_retry_after(const char *value, size_t size, int64_t now_s);

/* Whether 'method' may be repeated: RFC 9110, section 9.2.2.  Methods are case
 * sensitive; one that is not known may not. */
bool fpool_http_is_idempotent(const char *method);

#endif
