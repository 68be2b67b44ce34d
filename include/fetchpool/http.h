/* SPDX-License-Identifier: MIT */
/* The `http` engine: an item is a URL or a request, its value a response.
 *
 * Purpose: fetch any number of URLs from any number of hosts, many at once, on
 *   event loops; a slow server costs a socket, not a thread, and holds up
 *   nobody but itself.
 * Use:
 *     fpool_imap_unordered(pool, FPOOL_HTTP(.tries = 3, .per_host = 6),
 *                          fpool_source_lines(STDIN_FILENO), NULL, &results);
 *     while (fpool_next(results, &r, FPOOL_FOREVER) == FPOOL_OK) {
 *         const struct fpool_http_response *h = fpool_result_http(&r);
 *         ...
 *         fpool_result_release(&r);
 *     }
 * Scheduling: by host (scheme, name and port).  Each host has its own queue,
 *   slots, rate and pauses; those whose turn it is are served round-robin.
 *   What cannot start is put aside on disk (see 'defer_max' in job.h) when
 *   there are free slots and the job's window is full.
 * Ownership: the response belongs to its result and lives as long, also beyond
 *   the pool; every pointer in it is borrowed from it.  An operation is copied
 *   with all its texts when a job starts.
 * Thread-safety: a response is plain data; one thread at a time.
 * Limits: HTTP/1.1 and, on request, HTTP/2; http and https.  With libcurl 7.88.1
 *   a body over TLS that has no length and is cut without close_notify, and a
 *   gzip body that ends early in a frame that is whole, pass for complete.  Unless 'describe'
 *   says otherwise, the item is the bytes of a URL, blanks around it ignored.
 *   At most 'in_flight' transfers run at once, further requests wait within the
 *   job's window.  A body stays in memory up to 'body_memory' and goes to a
 *   temporary file in 'spool_dir' beyond.  A response has at most 256 KiB and
 *   1,000 lines of header.  The library reads no environment variable: no
 *   proxy, no netrc, no cookies. */
#ifndef FETCHPOOL_HTTP_H
#define FETCHPOOL_HTTP_H

#include <fetchpool/job.h>
#include <fetchpool/stream.h>

#ifdef __cplusplus
extern "C" {
#endif

enum fpool_http_flags {
    FPOOL_HTTP_INSECURE = 1 << 0, /* accept any certificate */
    FPOOL_HTTP_NO_BODY = 1 << 1,  /* count and digest bodies, keep none */
    FPOOL_HTTP_DOWNGRADE = 1 << 2, /* follow redirects from https to http */
    /* Ask for gzip, br or zstd, and undo one such coding; bounds and digests are
     * of what comes out.  Without it bodies are taken as they are sent. */
    FPOOL_HTTP_COMPRESSED = 1 << 3,
    /* HTTP/2 over TLS where the server has it, all requests to a host on one
     * connection. */
    FPOOL_HTTP_2 = 1 << 4,
    /* Connect to addresses of the global internet only: see 'deny_nets'. */
    FPOOL_HTTP_DENY_PRIVATE = 1 << 5,
    FPOOL_HTTP_SYSTEM_NAMES = 1 << 6, /* look names up by getaddrinfo() */
    FPOOL_HTTP_KEEP_HEADERS = 1 << 7  /* see 'headers' in the response */
};

/* What is to be sent for one item.  Every pointer is borrowed until the result
 * of the item is released; most point into the item. */
struct fpool_http_request {
    const char *url; /* 'url_size' bytes */
    size_t url_size;
    const char *method;  /* NULL: the operation's */
    const char *headers; /* lines "Name: value", after the operation's */
    const void *body;    /* NULL: the operation's */
    size_t body_size;
    const char *range;  /* "0-499" as in RFC 9110, section 14.1.2; NULL: all */
    const char *sha256; /* 64 hexadecimal digits the body must have; NULL: any */
    int64_t size;       /* bytes the body must have; -1: any */
    int64_t timeout_ms; /* instead of the job's 'item_timeout_ms'; 0: that */
};

/* A piece of a body on its way to the program. */
struct fpool_http_part {
    const struct fpool_item *item;
    int status_code;
    const char *headers; /* the response's header lines, each ended by "\n" */
    int64_t length;      /* of the body as promised; -1: unknown */
    int64_t offset;      /* of 'data' in the body */
    const void *data;    /* NULL in the first call, before any of the body */
    size_t size;
};

/* Zero in any field means its default. */
struct fpool_http_op {
    struct fpool_op op;
    /* Most transfers at once; default 256.  Fewer when descriptors run short. */
    unsigned in_flight;
    /* Redirects followed for one item; default 10.  -1: none, the redirect is
     * the response.  Each is a request of its own, at the end of its host's
     * queue; headers, user, cookie and body of the caller go to the first
     * request's origin only. */
    int redirects;
    /* Milliseconds until connected, name lookup and TLS included; default
     * 15000. */
    int64_t connect_timeout_ms;
    /* Milliseconds from the request until the end of the response's headers;
     * default 60000. */
    int64_t first_byte_ms;
    /* Milliseconds without a single byte of the body; default 30000.  A pause
     * of our own, for a slow disk, does not count.  The time of the whole item,
     * its waiting between tries included and pauses of its host excluded, is
     * the job's 'item_timeout_ms'. */
    int64_t stall_ms;
    /* Most bytes of a body, as delivered; default no bound. */
    int64_t max_size;
    /* Bytes of a body kept in memory; default 65536. */
    size_t body_memory;
    /* The directory for temporary files, in the file system where they are to
     * be published; such a file has no name, or is removed with its response.
     * NULL: a body beyond 'body_memory' fails as limit.memory. */
    const char *spool_dir;
    const char *digest;     /* "sha256"; NULL or "none": none */
    const char *user_agent; /* default "fetchpool/<version>"; "" sends none */
    const char *ca_file;    /* trusted certificates (PEM); default the system's */
    uint32_t flags;         /* enum fpool_http_flags */

    /* Tries of an item in all; default 3, at most 100; 1: no retry, whatever the
     * failure.  After bytes
     * were sent only idempotent methods are tried again (RFC 9110, section
     * 9.2.2).  Another address of the same host is no new try. */
    unsigned tries;
    /* Milliseconds before the second try, doubled for each further one up to a
     * minute, of which a random half to whole is waited; default 1000. */
    int64_t retry_delay_ms;
    /* Status codes, as "408,500,502-504": those that are tried again (default
     * "408,500,502-504,520-529"), and those that pause their host, for as long
     * as Retry-After says, or else growing with each (default "429,503"). */
    const char *retry_on;
    const char *throttle_on;
    /* Most milliseconds that a host is paused at once, and in all between two
     * answers of another kind; default an hour. */
    int64_t max_retry_after_ms;
    unsigned per_host; /* most transfers at once to one host; default 6 */
    double rate;       /* most requests a second; 0: no bound */
    double host_rate;  /* the same to one host */

    const char *method;  /* default "GET", or "POST" with a body */
    const char *headers; /* lines "Name: value"; "Name:" removes one of ours */
    const void *body;
    size_t body_size;
    const char *user;   /* "name:password" for Basic authentication */
    const char *cookie; /* "a=b; c=d" */
    const char *proxy;  /* as curl's; default none */
    /* Name servers, as in struct fpool_dns_op; default the system's. */
    const char *resolvers;
    /* Lines "HOST:PORT:ADDRESS[,ADDRESS]...", as curl's --resolve. */
    const char *resolve;
    /* Networks as "192.0.2.0/24, 2001:db8::/32".  An address in 'allow_nets' may
     * be connected to whatever else is said; one in 'deny_nets', or with
     * FPOOL_HTTP_DENY_PRIVATE one that is not global, may not.  Checked on the
     * address of the socket; behind a proxy that is the proxy's. */
    const char *allow_nets;
    const char *deny_nets;

    /* Tells the request for an item; '*ret_request' arrives with the item's bytes
     * as URL.  False: the item is invalid, with a static line of text as
     * '*ret_reason'.  On the job's service thread.  NULL: items are URLs. */
    bool (*describe)(void *userdata, const struct fpool_item *item,
                     struct fpool_http_request *ret_request,
                     const char **ret_reason);
    /* Is given each body in place of memory and files: once when the headers are
     * there, then in pieces.  It may block, and then the transfer waits; another
     * number than 0 ends it as policy.refused.  Only bodies of responses below
     * 400; on retries it begins again, with 'data' NULL.  One call at a time for
     * the whole pool, on a service thread. */
    int (*on_body)(void *userdata, const struct fpool_http_part *part);
    void *userdata; /* for both */
};

/* The engine behind FPOOL_HTTP. */
FPOOL_API const struct fpool_engine *fpool_engine_http(void);

/* An operation that fetches each item; takes designated initialisers of struct
 * fpool_http_op.  A compound literal: it lives as long as the enclosing
 * block. */
#define FPOOL_HTTP(...)                                                        \
    (&((struct fpool_http_op){                                                 \
           .op = { sizeof(struct fpool_http_op), fpool_engine_http() },        \
           __VA_ARGS__ })                                                      \
          .op)

/* Why an item failed: name, kind, status of the result, whether trying again
 * later may help.  The kinds are a closed set. */
#define FPOOL_HTTP_ERROR_MAP(X)                                                \
    X(NONE, "", OK, false)                                                     \
    X(INVALID_URL, "invalid.url", EINVALID, false)                             \
    X(INVALID_LINE, "invalid.line", EINVALID, false)                           \
    X(INVALID_REQUEST, "invalid.request", EINVALID, false)                     \
    X(DNS_NXDOMAIN, "dns.nxdomain", ENOTFOUND, false)                          \
    X(DNS_NODATA, "dns.nodata", ENOTFOUND, false)                              \
    X(DNS_SERVFAIL, "dns.servfail", ENOTFOUND, true)                           \
    X(DNS_REFUSED, "dns.refused", ENOTFOUND, true)                             \
    X(DNS_FAILED, "dns.failed", ENOTFOUND, true)                               \
    X(DNS_TIMEOUT, "dns.timeout", EDEADLINE, true)                             \
    X(CONNECT_REFUSED, "connect.refused", EREFUSED, true)                      \
    X(CONNECT_UNREACHABLE, "connect.unreachable", ECONNECT, true)              \
    X(CONNECT_RESET, "connect.reset", ECONNECT, true)                          \
    X(CONNECT_FAILED, "connect.failed", ECONNECT, true)                        \
    X(CONNECT_HOST_DOWN, "connect.host_down", ECONNECT, true)                  \
    X(CONNECT_PROXY, "connect.proxy", ECONNECT, true)                          \
    X(TLS_EXPIRED, "tls.expired", ETLS, false)                                 \
    X(TLS_NAME, "tls.name", ETLS, false)                                       \
    X(TLS_SELF_SIGNED, "tls.self_signed", ETLS, false)                         \
    X(TLS_UNTRUSTED, "tls.untrusted", ETLS, false)                             \
    X(TLS_CERTIFICATE, "tls.certificate", ETLS, false)                         \
    X(TLS_HANDSHAKE, "tls.handshake", ETLS, false)                             \
    X(TIMEOUT_CONNECT, "timeout.connect", EDEADLINE, true)                     \
    X(TIMEOUT_TLS, "timeout.tls", EDEADLINE, true)                             \
    X(TIMEOUT_FIRST_BYTE, "timeout.first_byte", EDEADLINE, true)               \
    X(TIMEOUT_STALL, "timeout.stall", EDEADLINE, true)                         \
    X(TIMEOUT_TOTAL, "timeout.total", EDEADLINE, true)                         \
    X(PROTOCOL_EMPTY, "protocol.empty", EPROTOCOL, true)                       \
    X(PROTOCOL_TRUNCATED, "protocol.truncated", EPROTOCOL, true)               \
    X(PROTOCOL_MALFORMED, "protocol.malformed", EPROTOCOL, false)              \
    X(PROTOCOL_CODING, "protocol.coding", EPROTOCOL, false)                    \
    X(PROTOCOL_HTTP2, "protocol.http2", EPROTOCOL, true)                       \
    X(PROTOCOL_SIZE, "protocol.size", EPROTOCOL, true)                         \
    X(PROTOCOL_CHECKSUM, "protocol.checksum", EPROTOCOL, true)                 \
    X(PROTOCOL_OTHER, "protocol.other", EPROTOCOL, false)                      \
    X(LIMIT_SIZE, "limit.size", ETOOLARGE, false)                              \
    X(LIMIT_MEMORY, "limit.memory", ETOOLARGE, false)                          \
    X(LIMIT_HEADER, "limit.header", ETOOLARGE, false)                          \
    X(LIMIT_REDIRECTS, "limit.redirects", EPROTOCOL, false)                    \
    X(POLICY_REDIRECT, "policy.redirect", EREFUSED, false)                     \
    X(POLICY_ADDRESS, "policy.address", EREFUSED, false)                       \
    X(POLICY_REFUSED, "policy.refused", EREFUSED, false)                       \
    X(HTTP_4XX, "http.4xx", EFAILED, false)                                    \
    X(HTTP_5XX, "http.5xx", EFAILED, true)                                     \
    X(LOCAL_MEMORY, "local.memory", ENOMEM, true)                              \
    X(LOCAL_DESCRIPTORS, "local.descriptors", ELOCAL, true)                    \
    X(LOCAL_DISK_FULL, "local.disk_full", ELOCAL, true)                        \
    X(LOCAL_IO, "local.io", ELOCAL, false)                                     \
    X(LOCAL_CA_FILE, "local.ca_file", ELOCAL, false)                           \
    X(LOCAL_OTHER, "local.other", ELOCAL, false)                               \
    X(DEADLINE, "timeout.run", EDEADLINE, true)                                \
    X(CANCELLED, "cancelled", ECANCELED, true)

enum fpool_http_error {
#define FPOOL_HTTP_ERROR_ENUM(name, kind, status, is_retryable)                \
    FPOOL_HTTP_ERROR_##name,
    FPOOL_HTTP_ERROR_MAP(FPOOL_HTTP_ERROR_ENUM)
#undef FPOOL_HTTP_ERROR_ENUM
        FPOOL_HTTP_N_ERRORS
};

/* Microseconds.  'queue' is how long the item waited for its turn; the others
 * count from the start of the last request, 'total' from the first; 0 where
 * the transfer did not get there, or used an open connection. */
struct fpool_http_times {
    int64_t queue;
    int64_t dns;
    int64_t connect;
    int64_t tls;
    int64_t first_byte;
    int64_t total;
};

/* What became of one item, also of a failed one. */
struct fpool_http_response {
    size_t struct_size;
    int status_code;          /* of the last response; 0: there was none */
    const char *http_version; /* "1.1"; "" when there was no response */
    /* The URL asked for, and that of the last request, both normalised and
     * without user, password and fragment; "" for an item that is no URL. */
    const char *url;
    const char *final_url;
    unsigned redirects;       /* followed */
    unsigned tries;           /* requests that began, redirects not counted */
    const char *content_type; /* as sent; "" without one */
    const char *remote_ip;    /* "" when nothing was connected */
    int remote_port;
    /* The body: in memory, followed by a zero byte that is not counted; or in a
     * file, then 'body' is NULL and 'body_fd' not -1.  Neither when it was not
     * kept; the bodies of failed items never are. */
    int64_t body_size; /* bytes received, also when they were not kept */
    const void *body;
    int body_fd; /* only to read, from offset 0; closed with the response */
    /* Where 'body_fd' has a name until the response is released (file systems
     * without O_TMPFILE): the directory and the name in it; else -1, NULL. */
    int body_dir_fd;
    const char *body_name;
    const char *sha256; /* 64 hexadecimal digits; "" without */
    /* With FPOOL_HTTP_KEEP_HEADERS the header lines of the last response, each
     * ended by "\n", without the status line; else "". */
    const char *headers;
    struct fpool_http_times time_us;
    enum fpool_http_error error; /* FPOOL_HTTP_ERROR_NONE when all went well */
    const char *error_kind;      /* as in the list above; "" when well */
    const char *error_message; /* a line of text, partly from outside; or "" */
    bool is_retryable;
};

/* The response of a result of this engine; NULL for results of other engines,
 * and for an item for which there was no memory.  Never blocks. */
FPOOL_API const struct fpool_http_response *fpool_result_http(
    const struct fpool_result *result);

/* Counters of a job of this engine. */
struct fpool_http_stats {
    size_t struct_size;
    uint64_t requests;  /* that began, of all kinds */
    uint64_t retries;   /* of these, after a failure */
    uint64_t redirects; /* of these, after a redirect */
    uint64_t throttled; /* answers that paused their host */
    uint64_t deferred;  /* times that an item was put aside on disk */
    unsigned in_flight; /* transfers now */
    unsigned in_flight_limit; /* now; below the operation's when descriptors ran
                                 short */
    unsigned n_hosts;  /* with items or transfers now */
    unsigned n_paused; /* of these, throttled */
    unsigned n_down;   /* of these, not to be reached */
    unsigned n_waiting; /* items in the hosts' queues, retries included */
};

/* Fills in '*ret_stats', whose 'struct_size' the caller has set.  FPOOL_EINVAL
 * where 'results' are not of this engine.  Any thread; exact to a moment. */
FPOOL_API enum fpool_status fpool_http_get_stats(
    const struct fpool_results *results, struct fpool_http_stats *ret_stats);

/* What is wrong with a text for the field of struct fpool_http_op named so, as a
 * static line of text; NULL when nothing is.  Fields: "retry_on", "throttle_on",
 * "headers", "resolve", "allow_nets", "deny_nets", "user", "proxy", "method". */
FPOOL_API const char *fpool_http_check(const char *field, const char *text);

/* The kind of 'error' as text; "" for one that is none.  Static. */
FPOOL_API const char *fpool_http_error_kind(enum fpool_http_error error);

/* The libraries in use, as "libcurl/7.88.1 OpenSSL/3.0.15 ...".  Static; any
 * thread. */
FPOOL_API const char *fpool_http_version_text(void);

#ifdef __cplusplus
}
#endif

#endif
