/* SPDX-License-Identifier: MIT */
/* From libcurl's codes to our kinds of failure.
 *
 * Purpose: the one place that decides what went wrong; pure functions.
 * Thread-safety: any thread.
 * Limits: a name that libcurl looks up fails as dns.failed or dns.timeout; the
 *   finer kinds come from our own engine.  Some of libcurl's codes say too
 *   little, so the beginnings of its texts (7.88.1, never translated) are read
 *   too; with other texts the kind is a more general one. */
#ifndef FPOOL_ENGINE_HTTP_ERROR_H
#define FPOOL_ENGINE_HTTP_ERROR_H

#include <curl/curl.h>

#include "fetchpool/http.h"

/* What is known about a transfer that libcurl has ended. */
struct fpool_http_outcome {
    CURLcode code;
    int os_error;       /* errno of the connection, or of making its socket */
    long verify_result; /* X509_V_ERR_*: CURLINFO_SSL_VERIFYRESULT.  7.88.1
                           begins with 1 and keeps it for a wrong host name */
    bool is_resolved;   /* the name had been looked up, or was an address */
    /* TCP had been connected, be it to a proxy: CURLINFO_LOCAL_PORT is not 0.
     * CURLINFO_CONNECT_TIME does not tell: 7.88.1 sets it after TLS. */
    bool is_connected;
    bool is_secured;    /* the TLS handshake was complete */
    bool is_secure_url; /* there was to be one */
    const char *text;   /* libcurl's own words, "" without */
};

enum fpool_http_error fpool_http_classify(const struct fpool_http_outcome *o);

/* The kind of an errno of the disk. */
enum fpool_http_error fpool_http_classify_disk(int error_number);

/* The kind of an HTTP status: FPOOL_HTTP_ERROR_NONE below 400. */
enum fpool_http_error fpool_http_classify_status(int status_code);

/* The result's status for 'error', and whether to try again later may help. */
enum fpool_status fpool_http_error_status(enum fpool_http_error error);
bool fpool_http_error_is_retryable(enum fpool_http_error error);

/* One line of text for an error of our own making. */
const char *fpool_http_error_text(enum fpool_http_error error);

#endif
