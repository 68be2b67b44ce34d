/* SPDX-License-Identifier: MIT */
/* What the parts of the scripted DNS server share.
 *
 * Purpose: dnsd.c has the loop, dnsd_options.c its options; dnsd_udp.c and
 *   dnsd_tcp.c move bytes; dnsd_serve.c takes a query, which dnsd_query.c
 *   reads; dnsd_plan.c finds in its name what it shall get; dnsd_answer.c
 *   writes that, with the records of dnsd_record.c; dnsd_table.c counts.
 *   dnsd_ask.c is the other side: it asks.
 * Thread-safety: one thread.
 * Limits: queries of DNSD_QUERY_SIZE bytes by UDP; one question. */
#ifndef FPOOL_TESTS_DNSD_H
#define FPOOL_TESTS_DNSD_H

#include "dnsd_later.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/socket.h>

#define DNSD_BATCH        64
#define DNSD_QUERY_SIZE   1500
#define DNSD_UDP_SIZE     4096 /* the longest answer by UDP */
#define DNSD_MESSAGE_SIZE 65535
#define DNSD_HEADER_SIZE  12

enum dnsd_type {
    TYPE_A = 1,
    TYPE_CNAME = 5,
    TYPE_SOA = 6,
    TYPE_TXT = 16,
    TYPE_AAAA = 28,
    TYPE_OPT = 41
};

/* ---- A query. */

struct query {
    const uint8_t *bytes;
    size_t size;
    bool is_tcp;
    uint16_t id;
    uint16_t type;
    uint16_t class;
    uint8_t name[256]; /* as on the wire, in lower case */
    size_t name_size;
    size_t question_end; /* where the question ends in 'bytes' */
    bool has_capitals;
    bool has_opt;
    uint16_t udp_size; /* what the asker takes by UDP */
    uint64_t hash;     /* of name and type */
    uint32_t n_before; /* how often name and type were asked for before */
};

/* Reads a query with one question; false for anything else. */
bool query_read(struct query *q, const uint8_t *bytes, size_t size);

/* FNV-1a. */
uint64_t hash_bytes(uint64_t hash, const uint8_t *bytes, size_t size);
#define HASH_START 0xcbf29ce484222325u

/* ---- What it shall get. */

enum answer_kind {
    ANSWER_NORMAL, /* one record of the type asked for */
    ANSWER_ADDRESS,
    ANSWER_MANY,
    ANSWER_CNAME,
    ANSWER_CNAME_NX,
    ANSWER_CNAME_LOOP,
    ANSWER_WILD,
    ANSWER_RCODE,
    ANSWER_NODATA,
    ANSWER_ERROR_CODE,
    ANSWER_FORMERR, /* this and what follows is broken: "also" mends it */
    ANSWER_LIE,
    ANSWER_GARBAGE,
    ANSWER_SHORT,
    ANSWER_LOOP,
    ANSWER_NO_QUESTION,
    ANSWER_SILENT
};

enum answer_fault {
    FAULT_NONE,
    FAULT_ID,
    FAULT_PORT,
    FAULT_NAME,
    FAULT_CASE,
    FAULT_TYPE
};

enum tcp_manner {
    MANNER_NORMAL,
    MANNER_CLOSE, /* the connection ends instead of an answer */
    MANNER_HALF,  /* the connection ends in the middle of the answer */
    MANNER_SLOW   /* byte by byte */
};

struct plan {
    enum answer_kind kind;
    unsigned number; /* of the kind: records, links, an RCODE */
    uint32_t address;
    uint32_t ttl;
    int64_t delay_us;
    unsigned copies;
    unsigned silent_first; /* the first so many queries get nothing */
    unsigned fail_first;   /* the first so many get SERVFAIL */
    enum answer_fault fault;
    bool also_good; /* a good answer follows the faulty one */
    bool truncate;  /* TC by UDP */
    bool truncate_always;
    enum tcp_manner manner;
};

/* Finds out what the name asks for; writes all of '*plan'. */
void plan_make(struct plan *plan, const struct query *q);

/* ---- Messages. */

struct message {
    uint8_t *bytes;
    size_t size;
    size_t max;
    bool is_full; /* something did not fit */
};

void put_bytes(struct message *m, const void *bytes, size_t size);
void put8(struct message *m, unsigned n);
void put16(struct message *m, unsigned n);
void put32(struct message *m, uint32_t n);

/* Writes a name given as "a.b.c"; "." is the root. */
void put_name(struct message *m, const char *text);

/* Begins a record whose owner, a name or a pointer, is written already; ends
 * it, with what begin returned, and counts it in the header word at 'count'. */
size_t record_begin(struct message *m, unsigned type, uint32_t ttl);
void record_end(struct message *m, size_t at, size_t count);

/* Writes data for a record of that type, which depend on 'hash' only. */
void put_data(struct message *m, unsigned type, uint64_t hash);

/* Writes to 'm' what the query shall get, copy number 'copy'; the message stays
 * empty for nothing.  'q' may be cut short by UDP. */
struct dnsd;
void answer_write(struct dnsd *d, const struct query *q,
                  const struct plan *plan, unsigned copy, struct message *m);

/* ---- What was asked before. */

struct asked {
    uint64_t *hashes; /* 0: free */
    uint32_t *counts;
    size_t size; /* a power of two */
    size_t n;
};

/* How often this hash was given before; 0 from then on when there are too
 * many. */
uint32_t asked_before(struct asked *asked, uint64_t hash);
void asked_fini(struct asked *asked);

struct counters {
    uint64_t udp;
    uint64_t tcp;
    uint64_t connections;
    uint64_t answered; /* messages sent */
    uint64_t malformed;
    uint64_t dropped; /* by --drop */
    uint64_t silenced;
    uint64_t limited; /* above --limit */
    uint64_t truncated;
    uint64_t with_opt;
    uint64_t with_capitals;
    uint64_t repeated; /* the same name and type again */
    uint64_t peak;     /* most queries within 100 ms */
    uint64_t window;   /* queries in the present 100 ms */
    int64_t window_start_us;
    int64_t first_us;
    int64_t last_us;
    uint64_t n_ports;
    uint64_t n_ids;
    uint8_t ports[65536 / 8]; /* one bit for each seen */
    uint8_t ids[65536 / 8];
};

void counters_query(struct counters *c, const struct query *q, uint16_t port,
                    int64_t now_us);
void counters_print(const struct counters *c, FILE *to);

/* ---- The server. */

struct options {
    bool asks; /* --ask */
    int port;
    bool no_tcp;
    bool lower;
    bool no_edns;
    bool limit_refuses;
    double drop;
    long delay_ms;
    long rcode;       /* -1: none */
    long die_after;   /* 0: never */
    long limit;       /* queries a second; 0: none */
    long reverse;     /* TCP: answers of so many queries in reverse order */
    long tcp_queries; /* a connection ends after so many; 0: never */
    FILE *log;
};

#define DNSD_MAX_ENDPOINTS 2

/* A descriptor that epoll watches. */
struct watched {
    enum {
        WATCH_UDP,
        WATCH_LISTENER,
        WATCH_CONN,
        WATCH_SIGNAL,
        WATCH_INPUT
    } kind;
    int fd;
};

struct tcp_conn {
    struct watched watched; /* the first field */
    struct tcp_conn *next;
    struct tcp_conn *previous;
    unsigned n_references; /* one for the list, one for each that is late */
    bool is_closed;
    bool has_input_ended;
    bool is_slow;
    bool waits; /* for the next byte of a slow answer */
    bool ends;  /* when everything is sent */
    uint32_t events;
    unsigned n_queries;
    unsigned n_late; /* answers on their way */
    size_t n_in;
    size_t out_start; /* what is left to be sent, in 'out' */
    size_t out_end;
    size_t max_out;
    uint8_t *out;
    uint8_t *held; /* with --reverse: queries, each with its length */
    size_t held_size;
    long n_held;
    uint8_t in[2 + DNSD_MESSAGE_SIZE];
};

/* Where a query came from. */
struct origin {
    struct tcp_conn *conn; /* NULL: UDP */
    int fd;
    struct sockaddr_storage address;
    socklen_t address_size;
};

struct dnsd {
    struct options options;
    struct counters counters;
    struct asked asked;
    struct later later;
    uint64_t seed;
    int64_t now_us;
    bool is_silent;
    bool is_gone;  /* the sockets are closed */
    double credit; /* queries that --limit still allows */
    int64_t credit_us;
    int epoll;
    uint16_t port;
    size_t n_endpoints;
    struct watched udp[DNSD_MAX_ENDPOINTS];
    struct watched listeners[DNSD_MAX_ENDPOINTS];
    struct tcp_conn *connections;
    uint8_t message[DNSD_MESSAGE_SIZE];
};

/* Reads the command line into 'd', up to its first argument. */
bool options_read(struct dnsd *d, int argc, char **argv);

/* Calls tcp_drive() for the connection in a millisecond. */
void dnsd_wake(struct dnsd *d, struct tcp_conn *conn);

/* Does with a query what is to be done: the heart. */
void dnsd_query(struct dnsd *d, const struct origin *from, const uint8_t *bytes,
                size_t size);

/* Does what is due: an answer, or dnsd_wake().  Frees it. */
void dnsd_run_late(struct dnsd *d, struct later_item *item);

bool dnsd_watch(struct dnsd *d, struct watched *watched);

/* Opens the sockets at d->port, which it sets when it is 0. */
bool udp_open(struct dnsd *d, size_t endpoint);
/* Answers what is there, at most DNSD_BATCH; false when there was nothing. */
bool udp_receive(struct dnsd *d, int fd);
void udp_send(struct dnsd *d, const struct origin *to, bool other_port,
              const uint8_t *bytes, size_t size);
void udp_flush(struct dnsd *d);

bool tcp_open(struct dnsd *d, size_t endpoint);
void tcp_accept(struct dnsd *d, int listener);
void tcp_drive(struct dnsd *d, struct tcp_conn *conn);
void tcp_send(struct dnsd *d, struct tcp_conn *conn, enum tcp_manner manner,
              const uint8_t *bytes, size_t size);
void tcp_close(struct dnsd *d, struct tcp_conn *conn);
void tcp_unref(struct tcp_conn *conn);

/* Asks the server at that port of 127.0.0.1 for 'name' until it answers; prints
 * the answer's code and number of records.  The exit status. */
int ask_until_answered(long port, const char *name, unsigned type);

#endif
