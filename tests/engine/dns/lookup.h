/* SPDX-License-Identifier: MIT */
/* Names in, responses out: what most tests of the dns engine do.
 *
 * Purpose: run a list of names as a job and keep all results by their index,
 *   with exact accounting: as many as there are names, each index once.
 * Use:
 *     struct lookup l = { 0 };
 *     lookup_add(&l, 100, "n%u.test");
 *     lookup_run(&l, pool, FPOOL_DNS(.resolvers = list), NULL);
 *     assert_int_equal(lookup_count(&l, FPOOL_DNS_OK), 100);
 *     lookup_release(&l);
 * Ownership: the structure is the caller's, what it points at its own.
 * Thread-safety: the main thread: all functions assert. */
#ifndef TESTS_ENGINE_DNS_LOOKUP_H
#define TESTS_ENGINE_DNS_LOOKUP_H

#include "fetchpool/dns.h"
#include "support/check.h"

struct lookup {
    char **names;
    size_t n;
    size_t capacity;
    struct fpool_result *results; /* by index */
    bool *has_result;
    size_t n_results;
    struct fpool_dns_stats stats; /* at the end of the job */
    enum fpool_status end;        /* what fpool_next() said last */
    int64_t time_us;              /* from before the job until its end */
};

/* Adds 'n' names made from 'format', in which there may be one %u: it counts
 * the names from 0. */
void lookup_add(struct lookup *l, unsigned n, const char *format);

/* The names as a source that borrows them. */
struct fpool_source lookup_source(struct lookup *l);

/* Runs all names as a job of their own; results come in any order.  Asserts
 * that each index has one result, that the job ended well, and that each
 * response makes sense. */
void lookup_run(struct lookup *l, struct fpool *pool, const struct fpool_op *op,
                const struct fpool_job_options *job);

/* Takes the results of a job whose source is lookup_source(): up to 'n' of
 * them, or all that come when 'n' is 0; then 'end' and 'stats' are set. */
void lookup_take(struct lookup *l, struct fpool_results *results, size_t n);

/* Takes what is there, waiting a millisecond at most. */
void lookup_take_ready(struct lookup *l, struct fpool_results *results);

/* Asserts that all names have a result, and forgets the results. */
void lookup_forget(struct lookup *l);

/* The response to name 'i', which has one. */
const struct fpool_dns_response *lookup_response(const struct lookup *l,
                                                 size_t i);

/* How many names have ended so; of those that have a result. */
size_t lookup_count(const struct lookup *l, enum fpool_dns_status status);
size_t lookup_count_results(const struct lookup *l, enum fpool_status status);

/* Queries sent, as the responses tell it. */
uint64_t lookup_n_tries(const struct lookup *l);

/* Asserts that name 'i' has one record, the address that dnsd gives it. */
void lookup_check_address(const struct lookup *l, size_t i);

/* The same for all names. */
void lookup_check_addresses(const struct lookup *l);

void lookup_release(struct lookup *l);

/* One name; asserts its status and, of a good one, its address. */
void lookup_one(struct fpool *pool, const struct fpool_op *op, const char *name,
                enum fpool_dns_status status);

/* Microseconds of CLOCK_MONOTONIC, as in the servers' logs. */
int64_t lookup_now_us(void);

#endif
