/* SPDX-License-Identifier: MIT */
/* What the parts of the dns benchmark's floor share.
 *
 * Purpose: dns_floor.c reads the options and the names and prints the figures;
 *   dns_floor_raw.c asks with bare sockets, dns_floor_cares.c with c-ares,
 *   through the sockets of dns_floor_batch.c where it is told to.
 * Thread-safety: one thread.
 * Limits: FLOOR_MAX_SOCKETS sockets, FLOOR_MAX_WINDOW names at once. */
#ifndef FPOOL_BENCH_DNS_FLOOR_H
#define FPOOL_BENCH_DNS_FLOOR_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FLOOR_MAX_SOCKETS 64
#define FLOOR_MAX_WINDOW  65536u
#define FLOOR_MAX_QUERY   300 /* a header, a name, a type and class, an OPT */
#define FLOOR_BATCH       64  /* datagrams in one system call */
#define FLOOR_REPLY_SIZE  1232

enum floor_mode {
    FLOOR_RAW,       /* sendmmsg() and recvmmsg(), nothing kept but a count */
    FLOOR_CARES,     /* one c-ares channel with its own socket */
    FLOOR_CARES_MMSG /* one c-ares channel whose socket functions batch */
};

struct floor {
    enum floor_mode mode;
    const char *address;
    uint16_t port;
    uint64_t n_queries;
    unsigned window; /* queries at once */
    unsigned n_sockets;
    bool is_unconnected; /* raw: each datagram carries the address */
    bool no_opt;         /* queries without an OPT record */
    bool build;          /* c-ares: ares_query() instead of ares_send() */
    int receive_buffer;  /* bytes; 0: what the system gives */
    char *text;          /* the names, each ended by a zero byte */
    const char **names;
    size_t n_names;
};

struct floor_tally {
    uint64_t answered;
    uint64_t resent; /* queries sent again after FLOOR_PATIENCE_MS */
    uint64_t failed; /* c-ares: queries that ended without an answer */
    uint64_t rcodes[16];
    uint64_t bytes; /* of answers */
};

/* After so long a query counts as lost. */
#define FLOOR_PATIENCE_MS 500

/* Writes a query of type A for the k-th name, which goes round, with that
 * identifier; returns its size. */
size_t floor_query(const struct floor *f, uint64_t k, uint16_t id,
                   uint8_t out[FLOOR_MAX_QUERY]);

/* Opens a socket for the server; -1 on failure. */
int floor_socket(const struct floor *f, bool connected);

/* The server's address. */
struct sockaddr_in floor_address(const struct floor *f);

int64_t floor_now_us(void);

/* Ask all queries; false when something failed that should not. */
bool floor_raw(const struct floor *f, struct floor_tally *tally);
bool floor_cares(const struct floor *f, struct floor_tally *tally);

/* Several sockets behind one: what is sent through it waits until there are
 * FLOOR_BATCH datagrams, or until floor_batch_flush(), and goes through the
 * sockets in turn. */
struct floor_batch;

struct floor_batch *floor_batch_create(const struct floor *f, int epoll);
void floor_batch_destroy(struct floor_batch **batch);
bool floor_batch_flush(struct floor_batch *batch);

/* Tells which of the sockets was found to be readable. */
void floor_batch_readable(struct floor_batch *batch, unsigned index);

struct ares_channeldata;
bool floor_batch_install(struct floor_batch *batch,
                         struct ares_channeldata *channel);

#endif
