/* SPDX-License-Identifier: MIT */
/* The scripted DNS server and the bad network as programs beside a test.
 *
 * Purpose: start dnsd and dns_relay (tests/support), tell them to fall silent
 * or go away, and read what they have counted and logged. Use: struct server s;
 *     server_start(&s, (const char *const[]){ "--limit", "100", NULL });
 *     ...
 *     server_stop(&s);
 *     assert_int_equal(server_count(&s, "udp"), 1);
 *     server_release(&s);
 *   The programs' paths are in the environment: DNSD, DNS_RELAY.
 * Ownership: the structure is the caller's.  A server that is not stopped ends
 *   with the test's process, since its standard input does.
 * Thread-safety: the main thread: all functions assert.
 * Limits: logs of what memory holds. */
#ifndef TESTS_ENGINE_DNS_SERVER_H
#define TESTS_ENGINE_DNS_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* A query, as logged. */
struct server_query {
    int64_t us; /* when it was received */
    bool is_tcp;
    unsigned port;
    unsigned id;
    unsigned type;
    char name[256]; /* as sent */
};

struct server {
    pid_t pid; /* 0: stopped */
    int to;    /* its standard input */
    int from;  /* its standard output */
    int port;
    char address[32]; /* "127.0.0.1:PORT" */
    int log;              /* a file without a name; -1: none */
    char counters[1024];          /* once it was stopped */
    struct server_query *queries; /* the same; sorted by time */
    size_t n_queries;
};

/* Starts dnsd with 'options', which end with NULL, or may be NULL; it listens
 * once this returns. */
void server_start(struct server *s, const char *const *options);

/* Starts dns_relay in front of 'port'. */
void relay_start(struct server *s, const char *const *options, int port);

/* Sends a signal, and waits until the server says 'word': SIGUSR1 with "silent"
 * or "answering", SIGUSR2 with "gone" or "back". */
void server_tell(struct server *s, int signal_number, const char *word);

/* Ends the server; reads its counters and its log. */
void server_stop(struct server *s);

/* One of the counters of a stopped server. */
uint64_t server_count(const struct server *s, const char *name);

/* How many queries for 'name', in lower case, a stopped server has logged. */
unsigned server_n_asked(const struct server *s, const char *name);

/* Frees what server_stop() has read. */
void server_release(struct server *s);

/* Stops 'n' servers, and releases what they said. */
void server_end_all(struct server *servers, size_t n);

/* The addresses of 'n' servers as a list; static, until the next call. */
const char *server_list(const struct server *servers, size_t n);

/* The address that dnsd gives an ordinary name, in host order. */
uint32_t server_address_of(const char *name);

#endif
