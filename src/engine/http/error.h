/* SPDX-License-Identifier: MIT */
/* From libcurl's codes to our kinds of failure.
 *
 * Purpose: the one place that decides what went wrong; pure functions.
 * Thread-safety: any thread.
 * Limits: libcurl tells a name that does not exist from a resolver in trouble
 *   only once names are resolved by our own engine. */
#ifndef FPOOL_ENGINE_HTTP_ERROR_H
#define FPOOL_ENGINE_HTTP_ERROR_H

#include <curl/curl.h>

#include "fetchpool/http.h"

/* What is known about a transfer that libcurl has ended. */
struct fpool_http_outcome {
    CURLcode code;
    int os_error;      /* errno of the connection, or of making its socket */
    bool is_resolved;  /* the name had been looked up */
    bool is_connected; /* TCP had been connected */
    const char *text;  /* libcurl's own words, "" without */
};

enum fpool_http_error fpool_http_classify(const struct fpool_http_outcome *o);

/* The kind of an errno of the disk. */
enum fpool_http_error fpool_http_classify_disk(int error_number);

/* The kind of an HTTP status: FPOOL_HTTP_ERROR_NONE below 400. */
enum fpool_http_error fpool_http_classify_status(int status_code);

/* The result's status for 'error', and whether to try again may help. */
enum fpool_status fpool_http_error_status(enum fpool_http_error error);
bool fpool_http_error_is_retryable(enum fpool_http_error error);

/* One line of text for an error of our own making. */
const char *fpool_http_error_text(enum fpool_http_error error);

#endif
