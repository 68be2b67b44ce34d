/* SPDX-License-Identifier: MIT */
/* The `dns` engine: an item is a host name, its value a response.
 *
 * Purpose: look up any number of names, many at once, and get an answer or an
 *   honest reason for every single one.
 * Use:
 *     fpool_imap_unordered(pool, FPOOL_DNS(.type = "AAAA"),
 *                          fpool_source_lines(STDIN_FILENO), NULL, &results);
 *     while (fpool_next(results, &r, FPOOL_FOREVER) == FPOOL_OK) {
 *         const struct fpool_dns_response *d = fpool_result_dns(&r);
 *         ...
 *         fpool_result_release(&r);
 *     }
 * Ownership: the response belongs to its result and lives as long, also beyond
 *   the pool; every pointer in it is borrowed from it.
 * Thread-safety: a response is plain data; one thread at a time.
 * Limits: class IN; a stub resolver, that is, the resolvers asked must do the
 *   recursion.  An item is the bytes "NAME" or "NAME TYPE" with blanks around
 *   and between: 253 bytes of name at most, escapes as in zone files (RFC 1035,
 *   section 5.1), or UTF-8, which becomes IDNA2008 (RFC 5891).  With the type PTR
 *   an IP address stands for its name under in-addr.arpa or ip6.arpa.  The
 *   library reads /etc/resolv.conf where no resolvers are given, and no
 *   environment variable. */
#ifndef FETCHPOOL_DNS_H
#define FETCHPOOL_DNS_H

#include <fetchpool/job.h>
#include <fetchpool/stream.h>

#ifdef __cplusplus
extern "C" {
#endif

enum fpool_dns_flags {
    /* Keep the answer as it came from the wire, in 'message'. */
    FPOOL_DNS_KEEP_MESSAGE = 1 << 0,
    /* Do not ask those that timed out again, slowly, in a last pass. */
    FPOOL_DNS_NO_LAST_PASS = 1 << 1,
    /* For each zone in which a name exists, ask for names that cannot; results
     * that a wildcard explains are marked 'is_wildcard'. */
    FPOOL_DNS_WILDCARDS = 1 << 2
};

/* Zero in any field means its default. */
struct fpool_dns_op {
    struct fpool_op op;
    /* Type of the items that name none: "A", "MX", "TYPE65", ...; default
     * "A". */
    const char *type;
    /* Appended to every name, as in "www" + ".example.org". */
    const char *suffix;
    /* Addresses to ask, as "ip", "ip:port" or "[v6]:port", separated by commas,
     * blanks or line feeds; '#' begins a comment.  Default: the system's. */
    const char *resolvers;
    /* Most names whose first try is on its way; default 1000.  Names that wait
     * for a retry are bounded by the job's window. */
    unsigned in_flight;
    /* Most tries of one name, on different resolvers where there are some, before
     * the last pass; default 4, at most 16. */
    unsigned tries;
    /* Datagrams a second on the wire, retries included, in all and to each
     * resolver; default no bound but what the resolvers can take. */
    unsigned qps;
    unsigned resolver_qps;
    uint32_t flags; /* enum fpool_dns_flags */
};

/* The engine behind FPOOL_DNS. */
FPOOL_API const struct fpool_engine *fpool_engine_dns(void);

/* An operation that looks up each item; takes designated initialisers of struct
 * fpool_dns_op.  A compound literal: it lives as long as the enclosing block. */
#define FPOOL_DNS(...)                                                         \
    (&((struct fpool_dns_op){                                                  \
           .op = { sizeof(struct fpool_dns_op), fpool_engine_dns() },          \
           __VA_ARGS__ })                                                      \
          .op)

/* What became of a name: name, text, status of the result.  NXDOMAIN and NODATA
 * (the name has no records of this type, RFC 2308, section 2.2) are answers. */
#define FPOOL_DNS_STATUS_MAP(X)                                                \
    X(OK, "ok", OK)                                                            \
    X(NODATA, "nodata", OK)                                                    \
    X(NXDOMAIN, "nxdomain", OK)                                                \
    X(SERVFAIL, "servfail", EFAILED)                                           \
    X(REFUSED, "refused", EREFUSED)                                            \
    X(TIMEOUT, "timeout", EDEADLINE)                                           \
    X(BADNAME, "badname", EINVALID)                                            \
    X(BADREPLY, "badreply", EPROTOCOL)                                         \
    X(FAILED, "failed", EFAILED)

enum fpool_dns_status {
#define FPOOL_DNS_STATUS_ENUM(name, text, status) FPOOL_DNS_##name,
    FPOOL_DNS_STATUS_MAP(FPOOL_DNS_STATUS_ENUM)
#undef FPOOL_DNS_STATUS_ENUM
        FPOOL_DNS_N_STATUSES
};

/* The status as text; "" for one that is none.  Static. */
FPOOL_API const char *fpool_dns_status_text(enum fpool_dns_status status);

/* One record.  Names are lower case where they repeat the name asked for, as
 * sent elsewhere, escaped as in zone files, without a dot at the end; the root
 * is ".". */
struct fpool_dns_record {
    const char *name;      /* its owner */
    const char *type_text; /* "A", "TYPE65280" */
    /* The data in presentation format; of a type that we do not know, as in RFC
     * 3597, section 5. */
    const char *data;
    /* Of A (4 bytes) and AAAA (16), in network order; NULL for other types. */
    const unsigned char *address;
    uint32_t ttl; /* seconds */
    uint16_t type;
};

/* What became of one item, also of a failed one. */
struct fpool_dns_response {
    size_t struct_size;
    enum fpool_dns_status status;
    int rcode; /* of the last reply (RFC 6895, section 2.3); -1: there was none */
    const char *rcode_text; /* "NOERROR", "NXDOMAIN", "RCODE23"; "" without */
    /* The name asked for: lower case, ASCII, no dot at the end; "" where the
     * item is not a name. */
    const char *name;
    const char *type_text;
    uint16_t type;
    /* The answer section in its order: the records, and the CNAMEs that lead
     * there. */
    size_t n_records;
    const struct fpool_dns_record *records;
    /* Seconds for which the answer may be kept: the least TTL of the records, or
     * of a negative answer what RFC 2308, section 5, says; 0: do not keep. */
    uint32_t ttl;
    const char *resolver; /* who gave the final answer, "192.0.2.53:53"; or "" */
    const char *protocol; /* "udp", "tcp"; "" where nobody answered */
    unsigned tries;       /* queries sent, the last pass included */
    int64_t time_us;      /* from the first query's departure to the end */
    bool is_truncated;    /* the answer has more records than came through */
    bool is_wildcard;     /* with FPOOL_DNS_WILDCARDS: the zone makes it up */
    const char *error_message; /* a line of text; "" when well */
    const void *message;  /* with FPOOL_DNS_KEEP_MESSAGE, as received; or NULL */
    size_t message_size;
};

/* The response of a result of this engine; NULL for results of other engines,
 * and for an item for which there was no memory.  Never blocks. */
FPOOL_API const struct fpool_dns_response *fpool_result_dns(
    const struct fpool_result *result);

/* Counters of a job of this engine, and of the resolvers that it shares with the
 * pool's other jobs on the same resolvers. */
struct fpool_dns_stats {
    size_t struct_size;
    uint64_t sent;     /* datagrams and TCP queries */
    uint64_t received; /* replies that matched a query */
    uint64_t retries;  /* of 'sent', those that were not the first of a name */
    uint64_t timeouts; /* tries without a reply in time */
    uint64_t late;     /* replies to a try given up, taken none the less */
    uint64_t ignored;  /* datagrams that matched nothing: spoofed, duplicated,
                          malformed */
    uint64_t tcp;      /* queries over TCP */
    uint64_t kernel_drops; /* datagrams that our own receive buffers lost */
    uint64_t send_waits;   /* times that the kernel took no more datagrams */
    unsigned in_flight;    /* names being asked */
    unsigned n_resolvers;
    unsigned n_good;       /* of these not resting */
    int64_t rtt_p50_us;    /* of all replies so far; 0 without */
    int64_t rtt_p90_us;
    int64_t rtt_p99_us;
};

/* Fills in '*ret_stats', whose 'struct_size' the caller has set.  FPOOL_EINVAL
 * where 'results' are not of this engine.  Any thread; exact to a moment. */
FPOOL_API enum fpool_status fpool_dns_get_stats(
    const struct fpool_results *results, struct fpool_dns_stats *ret_stats);

/* FPOOL_OK where 'text' is a list as in 'resolvers' of struct fpool_dns_op with
 * at least one address; FPOOL_EINVALID otherwise, and '*ret_line' (may be NULL) is
 * then the line, from 1, that is wrong, or 0 for a list without addresses. */
FPOOL_API enum fpool_status fpool_dns_check_resolvers(const char *text,
                                                      unsigned *ret_line);

/* True where 'text' names a record type: "A", "aaaa", "TYPE65280". */
FPOOL_API bool fpool_dns_is_type(const char *text);

/* The library in use, as "c-ares/1.18.1 libidn2/2.3.3".  Static; any thread. */
FPOOL_API const char *fpool_dns_version_text(void);

#ifdef __cplusplus
}
#endif

#endif
