/* SPDX-License-Identifier: MIT */
/* The `http` engine: an item is a URL, its value a response.
 *
 * Purpose: fetch any number of URLs, many at once, on an event loop; a slow
 *   server costs a socket, not a thread.
 * Use:
 *     fpool_imap_unordered(pool, FPOOL_HTTP(.stall_ms = 5000),
 *                          fpool_source_lines(STDIN_FILENO), NULL, &results);
 *     while (fpool_next(results, &r, FPOOL_FOREVER) == FPOOL_OK) {
 *         const struct fpool_http_response *h = fpool_result_http(&r);
 *         ...
 *         fpool_result_release(&r);
 *     }
 * Ownership: the response belongs to its result and lives as long, also beyond
 *   the pool; every pointer in it is borrowed from it.
 * Thread-safety: a response is plain data; one thread at a time.
 * Limits: GET over HTTP/1.1, http and https.  The item is the bytes of a URL,
 *   blanks around it are ignored.  At most 'in_flight' transfers run at once,
 *   further requests wait within the job's window.  A body stays in memory up
 *   to 'body_memory' and goes to a temporary file in 'spool_dir' beyond.  The
 *   library reads no environment variable: no proxy, no netrc, no cookies. */
#ifndef FETCHPOOL_HTTP_H
#define FETCHPOOL_HTTP_H

#include <fetchpool/job.h>

#ifdef __cplusplus
extern "C" {
#endif

enum fpool_http_flags {
    FPOOL_HTTP_INSECURE = 1 << 0, /* accept any certificate */
    FPOOL_HTTP_NO_BODY = 1 << 1,  /* count and digest bodies, keep none */
    FPOOL_HTTP_DOWNGRADE = 1 << 2 /* follow redirects from https to http */
};

/* Zero in any field means its default. */
struct fpool_http_op {
    struct fpool_op op;
    /* Most transfers at once; default 256. */
    unsigned in_flight;
    /* Redirects followed for one item; default 10.  -1: none, the redirect is
     * the response. */
    int redirects;
    /* Milliseconds until connected, name lookup and TLS included; default
     * 15000. */
    int64_t connect_timeout_ms;
    /* Milliseconds from the request until the end of the response's headers;
     * default 60000. */
    int64_t first_byte_ms;
    /* Milliseconds without a single byte of the body; default 30000.  A pause
     * of our own, for a slow disk, does not count.  The time of the whole item
     * is the job's 'item_timeout_ms'. */
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
    X(DNS_FAILED, "dns.failed", ENOTFOUND, true)                               \
    X(DNS_TIMEOUT, "dns.timeout", EDEADLINE, true)                             \
    X(CONNECT_REFUSED, "connect.refused", EREFUSED, true)                      \
    X(CONNECT_UNREACHABLE, "connect.unreachable", ECONNECT, true)              \
    X(CONNECT_RESET, "connect.reset", ECONNECT, true)                          \
    X(CONNECT_FAILED, "connect.failed", ECONNECT, true)                        \
    X(TLS_CERTIFICATE, "tls.certificate", ETLS, false)                         \
    X(TLS_HANDSHAKE, "tls.handshake", ETLS, false)                             \
    X(TIMEOUT_CONNECT, "timeout.connect", EDEADLINE, true)                     \
    X(TIMEOUT_FIRST_BYTE, "timeout.first_byte", EDEADLINE, true)               \
    X(TIMEOUT_STALL, "timeout.stall", EDEADLINE, true)                         \
    X(TIMEOUT_TOTAL, "timeout.total", EDEADLINE, true)                         \
    X(PROTOCOL_EMPTY, "protocol.empty", EPROTOCOL, true)                       \
    X(PROTOCOL_TRUNCATED, "protocol.truncated", EPROTOCOL, true)               \
    X(PROTOCOL_MALFORMED, "protocol.malformed", EPROTOCOL, false)              \
    X(PROTOCOL_CODING, "protocol.coding", EPROTOCOL, false)                    \
    X(PROTOCOL_OTHER, "protocol.other", EPROTOCOL, false)                      \
    X(LIMIT_SIZE, "limit.size", ETOOLARGE, false)                              \
    X(LIMIT_MEMORY, "limit.memory", ETOOLARGE, false)                          \
    X(LIMIT_HEADER, "limit.header", ETOOLARGE, false)                          \
    X(LIMIT_REDIRECTS, "limit.redirects", EPROTOCOL, false)                    \
    X(POLICY_REDIRECT, "policy.redirect", EREFUSED, false)                     \
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

/* The kind of 'error' as text; "" for one that is none.  Static. */
FPOOL_API const char *fpool_http_error_kind(enum fpool_http_error error);

/* The libraries in use, as "libcurl/7.88.1 OpenSSL/3.0.15 ...".  Static; any
 * thread. */
FPOOL_API const char *fpool_http_version_text(void);

#ifdef __cplusplus
}
#endif

#endif
