/* SPDX-License-Identifier: MIT */
/* The arithmetic of resolver.h; called by the asker. */
#include "engine/dns/resolver.h"

#define MS 1000000LL

#define WINDOW_FIRST    16
#define WINDOW_LOOPBACK 128

/* A step of the window: small enough that little is lost at the top of the
 * hill, large enough to be told from chance by some hundred replies. */
#define STEP 1.25
/* Fewer that are lost show nothing. */
#define LOSS_IGNORED 0.05
#define SAMPLE       64
#define USED         0.9 /* a share of the window; less says nothing of it */
#define ROUND_MIN    (20 * MS)
#define STEP_MIN     (300 * MS)
#define STEP_MAX     (1000 * MS)

/* The rate of one that refuses when it is asked too fast. */
#define RATE_GAIN   0.1
#define REFUSED_MIN 4 /* fewer say nothing */
#define LIMIT_SHARE 0.95
#define LIMIT_MIN   10
#define LIMIT_GROWS 1.05
#define LIMIT_NONE  1e6
#define GONE_RATE   100

/* Slow enough that none of a thousand equal ones is far from another by chance.
 */
#define FAULT_GAIN   (1.0 / 64)
#define FAULT_MARGIN 0.4

#define SILENT_MISSES 10
#define SILENT_MIN    (250 * MS)
#define REST_FIRST    (1000 * MS)
#define REST_MAX      (60000 * MS)
#define PROBE_MAX     (5000 * MS) /* longer than any time-out */

#define TIMEOUT_FIRST    (500 * MS) /* before the first reply */
#define TIMEOUT_MIN      (300 * MS)
#define TIMEOUT_LOOPBACK (150 * MS) /* both, for loopback */
#define TIMEOUT_BASE_MAX (2000 * MS)
#define TIMEOUT_MAX      (4000 * MS)
#define PATIENCE_MIN     (20 * MS)

#define INTERVAL_MIN (100 * MS)
#define INTERVAL_MAX (1000 * MS)

static int64_t clamp(int64_t value, int64_t low, int64_t high)
{
    return value < low ? low : value > high ? high : value;
}

static double first_window(const struct fpool_dns_resolver *r)
{
    return r->is_loopback ? WINDOW_LOOPBACK : WINDOW_FIRST;
}

void fpool_dns_resolver_init(struct fpool_dns_resolver *r,
                             const union fpool_dns_address *address,
                             unsigned qps)
{
    *r = (struct fpool_dns_resolver){
        .address = *address,
        .is_loopback = fpool_dns_address_is_loopback(address),
        .has_edns = true,
        .is_slow_start = true,
        .rest_ns = REST_FIRST,
        .qps = qps,
    };
    /* Nobody can guess on loopback, and case costs time. */
    r->has_case = !r->is_loopback;
    r->window = first_window(r);
    fpool_dns_pace_init(&r->pace, qps);
}

bool fpool_dns_resolver_can_send(const struct fpool_dns_resolver *r,
                                 int64_t now, int64_t *ret_when)
{
    *ret_when = INT64_MAX;
    if (r->state == FPOOL_DNS_GOOD && r->n_out >= (unsigned)r->window) {
        return false;
    }
    /* A probe may be cancelled, and then is never heard of again. */
    if (r->state != FPOOL_DNS_GOOD && r->rest_until > now) {
        *ret_when = r->rest_until;
        return false;
    }
    if (!fpool_dns_pace_is_open(&r->pace, now)) {
        *ret_when = fpool_dns_pace_when(&r->pace);
        return false;
    }
    return true;
}

void fpool_dns_resolver_take(struct fpool_dns_resolver *r, int64_t now)
{
    if (r->last_reply == 0) {
        r->last_reply = now;
    }
    if (r->state != FPOOL_DNS_GOOD) {
        r->state = FPOOL_DNS_PROBING;
        r->rest_until = now + PROBE_MAX;
    }
    r->n_out++;
    if (r->n_out > r->peak_out) {
        r->peak_out = r->n_out;
    }
}

void fpool_dns_resolver_give(struct fpool_dns_resolver *r)
{
    r->n_out--;
    r->n_given++;
    r->has_given = true;
}

/* ---- The window. */

static void set_window(struct fpool_dns_resolver *r, double window)
{
    r->window = window < FPOOL_DNS_WINDOW_MIN   ? FPOOL_DNS_WINDOW_MIN
                : window > FPOOL_DNS_WINDOW_MAX ? FPOOL_DNS_WINDOW_MAX
                                                : window;
}

static void begin_slow_start(struct fpool_dns_resolver *r, double window)
{
    set_window(r, window);
    r->is_slow_start = true;
    r->is_settling = false;
    r->step_end = 0;
    r->window_then = r->rate_then = 0;
}

static void begin_step(struct fpool_dns_resolver *r, int64_t now,
                       bool is_settling)
{
    int64_t least = is_settling || r->is_slow_start ? ROUND_MIN : STEP_MIN;

    r->is_settling = is_settling;
    r->n_given = r->n_answered = r->n_replied = 0;
    r->peak_out = r->n_out;
    r->step_start = now;
    r->step_end = now + clamp(2 * r->srtt, least, STEP_MAX);
}

/* Does a larger window bring more replies?  At least by half as much, since
 * each step is seen through noise; so the square of one ratio is as large as
 * the other.  Where (nearly) nothing is lost, a larger one does no harm. */
static bool is_more_better(const struct fpool_dns_resolver *r, double rate)
{
    bool is_steep =
        rate * rate * r->window_then >= r->rate_then * r->rate_then * r->window;

    return r->n_answered >= r->n_given * (1 - LOSS_IGNORED) ||
           (r->window >= r->window_then ? is_steep : !is_steep);
}

static void step(struct fpool_dns_resolver *r, int64_t now)
{
    double rate = r->n_replied / (double)(now - r->step_start);
    bool is_up = is_more_better(r, rate);
    double window = r->window;

    if (!r->is_slow_start) {
        set_window(r, is_up ? window * STEP + 1 : window / STEP);
    } else if (!is_up) {
        r->is_slow_start = false;
        set_window(r, r->window_then);
    }
    r->window_then = window;
    r->rate_then = rate;
    begin_step(r, now, !r->is_slow_start);
}

/* A step ends after its longest time with whatever has come, so that nothing
 * depends on what a small window holds back. */
static void climb(struct fpool_dns_resolver *r, int64_t now)
{
    if (now < r->step_end) {
        return;
    }
    if (r->step_end == 0 || r->is_settling) {
        begin_step(r, now, false);
    } else if (r->n_replied >= SAMPLE || now >= r->step_start + STEP_MAX) {
        if (r->n_replied > 0 && r->peak_out >= (unsigned)(r->window * USED)) {
            step(r, now);
        } else {
            begin_step(r, now, false);
        }
    }
}

static void set_limit(struct fpool_dns_resolver *r, double limit)
{
    int64_t next = r->pace.next;
    unsigned qps = r->qps;

    r->limit = limit;
    if (limit > 0 && (qps == 0 || limit < qps)) {
        qps = (unsigned)limit;
    }
    fpool_dns_pace_init(&r->pace, qps);
    r->pace.next = next;
}

/* Additive increase would be slow at large rates, so both ways are by a share.
 */
static void judge_rate(struct fpool_dns_resolver *r, int64_t now)
{
    double seconds = (double)(now - r->interval_start) / 1e9;

    r->useful_rate += (r->n_useful / seconds - r->useful_rate) * RATE_GAIN;
    if (r->n_hurried >= REFUSED_MIN && r->useful_rate >= 1) {
        set_limit(r, r->useful_rate * LIMIT_SHARE < LIMIT_MIN
                         ? LIMIT_MIN
                         : r->useful_rate * LIMIT_SHARE);
    } else if (r->limit > 0 && r->n_useful > 0) {
        set_limit(r, r->limit * LIMIT_GROWS > LIMIT_NONE
                         ? 0
                         : r->limit * LIMIT_GROWS);
    }
    r->n_useful = r->n_refused = r->n_hurried = 0;
}

/* Judges the interval that has ended, if one has. */
static void look_back(struct fpool_dns_resolver *r, int64_t now)
{
    climb(r, now);
    if (now < r->interval_end) {
        return;
    }
    if (r->interval_start != 0) {
        judge_rate(r, now);
    }
    r->interval_start = now;
    r->interval_end = now + clamp(2 * r->srtt, INTERVAL_MIN, INTERVAL_MAX);
}

static void measure(struct fpool_dns_resolver *r, int64_t rtt)
{
    int64_t difference = rtt > r->srtt ? rtt - r->srtt : r->srtt - rtt;

    if (r->srtt == 0) {
        r->srtt = rtt > 0 ? rtt : 1;
        r->rttvar = rtt / 2;
        return;
    }
    r->rttvar += (difference - r->rttvar) / 4; /* RFC 6298, section 2.3 */
    r->srtt += (rtt - r->srtt) / 8;
    r->srtt += r->srtt == 0;
}

/* For the window a refusal is as good as none. */
static void count_reply(struct fpool_dns_resolver *r)
{
    if (!r->is_refusal) {
        r->n_replied++;
        r->n_answered += r->has_given;
        if (r->is_slow_start && r->n_out * 2 >= r->window) {
            set_window(r, r->window + 1);
        }
    }
    r->has_given = r->is_refusal = false;
}

/* A sign of life while it is not asked.  What comes late from before it rested
 * for its faults says nothing about now. */
static void show_life(struct fpool_dns_resolver *r, int64_t now, bool is_fault)
{
    bool is_probe = r->state == FPOOL_DNS_PROBING;

    if (r->was_silent || (is_probe && !is_fault)) {
        r->state = FPOOL_DNS_GOOD; /* and begins as a new one does */
        r->rest_ns = REST_FIRST;
        begin_slow_start(r, first_window(r));
    } else if (is_probe) {
        fpool_dns_resolver_rest(r, now);
    }
}

void fpool_dns_resolver_replied(struct fpool_dns_resolver *r, int64_t now,
                                int64_t rtt, bool is_fault)
{
    measure(r, rtt);
    r->last_reply = now;
    r->n_misses = 0;
    r->n_useful += !is_fault;
    if (r->is_gone && r->limit == GONE_RATE) {
        set_limit(r, 0); /* But one that was learnt from refusals stays. */
    }
    r->is_gone = false;
    if (r->state != FPOOL_DNS_RESTING) {
        r->n_seen++;
        r->fault += ((is_fault ? 1 : 0) - r->fault) * FAULT_GAIN;
    }
    if (r->state != FPOOL_DNS_GOOD) {
        show_life(r, now, is_fault);
    }
    count_reply(r);
    look_back(r, now);
}

void fpool_dns_resolver_refused(struct fpool_dns_resolver *r)
{
    r->n_refused++;
    r->is_refusal = true;
}

void fpool_dns_resolver_hurried(struct fpool_dns_resolver *r)
{
    r->n_hurried++;
}

void fpool_dns_resolver_lost(struct fpool_dns_resolver *r, int64_t now,
                             bool is_first)
{
    /* A name that was not answered before may be one that nobody answers. */
    r->n_misses += is_first;
    if (r->state == FPOOL_DNS_PROBING) {
        fpool_dns_resolver_rest(r, now);
    }
    look_back(r, now);
}

void fpool_dns_resolver_unreachable(struct fpool_dns_resolver *r, int64_t now)
{
    /* As good as many time-outs, but one stray error is not. */
    r->n_misses += SILENT_MISSES / 2;
    r->is_gone = true;
    if (r->state == FPOOL_DNS_PROBING) {
        fpool_dns_resolver_rest(r, now);
    }
}

/* It refuses some and answers others: that takes a rate, not a rest. */
static bool is_hurried(const struct fpool_dns_resolver *r)
{
    return (r->n_refused > 0 || r->limit > 0) &&
           (r->useful_rate >= 1 || r->n_useful >= REFUSED_MIN);
}

bool fpool_dns_resolver_is_bad(const struct fpool_dns_resolver *r, int64_t now,
                               double least_fault)
{
    int64_t silent = fpool_dns_resolver_timeout(r, 0);

    if (r->state != FPOOL_DNS_GOOD) {
        return false;
    }
    if (r->n_misses >= SILENT_MISSES &&
        now - r->last_reply >= (silent < SILENT_MIN ? silent : SILENT_MIN)) {
        return true;
    }
    return r->fault > least_fault + FAULT_MARGIN && !is_hurried(r);
}

void fpool_dns_resolver_rest(struct fpool_dns_resolver *r, int64_t now)
{
    if (r->state == FPOOL_DNS_GOOD) {
        r->was_silent = r->n_misses >= SILENT_MISSES;
    }
    r->state = FPOOL_DNS_RESTING;
    r->rest_until = now + r->rest_ns;
    r->rest_ns = r->rest_ns * 2 > REST_MAX ? REST_MAX : r->rest_ns * 2;
    r->n_misses = 0;
}

void fpool_dns_resolver_slow_down(struct fpool_dns_resolver *r)
{
    begin_slow_start(r, r->window > WINDOW_FIRST ? WINDOW_FIRST : r->window);
    /* Where each query comes back at once, a window holds nothing back. */
    if (r->is_gone && r->limit == 0) {
        set_limit(r, GONE_RATE);
    }
}

static int64_t base_timeout(const struct fpool_dns_resolver *r)
{
    int64_t low = r->is_loopback ? TIMEOUT_LOOPBACK : TIMEOUT_MIN;

    if (r->srtt == 0) {
        return r->is_loopback ? TIMEOUT_LOOPBACK : TIMEOUT_FIRST;
    }
    return clamp(r->srtt + 4 * r->rttvar, low, TIMEOUT_BASE_MAX);
}

int64_t fpool_dns_resolver_timeout(const struct fpool_dns_resolver *r,
                                   unsigned n)
{
    int64_t timeout = base_timeout(r);

    for (; n > 0 && timeout < TIMEOUT_MAX; n--) {
        timeout *= 2;
    }
    return timeout > TIMEOUT_MAX ? TIMEOUT_MAX : timeout;
}

int64_t fpool_dns_resolver_patience(const struct fpool_dns_resolver *r)
{
    if (r->srtt == 0) {
        return base_timeout(r);
    }
    return clamp(r->srtt + 8 * r->rttvar, PATIENCE_MIN, base_timeout(r));
}
