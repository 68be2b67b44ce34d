/* SPDX-License-Identifier: MIT */
/* What the test server remembers of its requests: counts by key, and a log.
 * Called by httpd_virtual.c and httpd_conn.c. */
#include "httpd.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LOG_SIZE ((size_t)1 << 20)

static struct tally *tallies;
static char *log_start;
static size_t log_size;

uint64_t n_accepted;
uint64_t n_requests;

struct tally *tally_find(const char *key, size_t size)
{
    struct tally *tally = tallies;

    if (size == 0 || size >= sizeof(tally->key)) {
        return NULL;
    }
    while (tally != NULL &&
           (strncmp(tally->key, key, size) != 0 || tally->key[size] != '\0')) {
        tally = tally->next;
    }
    if (tally == NULL) {
        tally = calloc(1, sizeof(*tally));
        if (tally == NULL) {
            return NULL;
        }
        memcpy(tally->key, key, size);
        tally->next = tallies;
        tallies = tally;
    }
    return tally;
}

/* Answers on their way keep their tally, so that none is ever freed. */
void tally_forget(void)
{
    struct tally *tally;

    for (tally = tallies; tally != NULL; tally = tally->next) {
        tally->n = 0;
        tally->most = tally->running;
        tally->first_ms = 0;
    }
    log_size = 0;
    n_accepted = 0;
    n_requests = 0;
}

void log_request(const struct request *request)
{
    int n;

    if (log_start == NULL) {
        log_start = malloc(LOG_SIZE);
    }
    if (log_start == NULL) {
        return;
    }
    n = snprintf(log_start + log_size, LOG_SIZE - log_size, "%s %s %s\n",
                 request->method, request->path, request->host);
    if (n > 0 && (size_t)n < LOG_SIZE - log_size) {
        log_size += (size_t)n;
    }
}

const char *log_text(size_t *ret_size)
{
    *ret_size = log_size;
    return log_start == NULL ? "" : log_start;
}
