/* SPDX-License-Identifier: MIT */
/* One easy handle at work: request, response, redirects, deadlines.
 *
 * Purpose: carry a reply through libcurl, from its start to its finish.
 * Use: begin; then libcurl, the timer and the spool call it until it has
 *   finished its reply and gone back to its hub.
 * Ownership: the hub's while free; holds its reply while it runs.
 * Thread-safety: the loop's thread only.
 * Limits: GET, HTTP/1.1; response headers of at most 256 KiB. */
#ifndef FPOOL_ENGINE_HTTP_TRANSFER_H
#define FPOOL_ENGINE_HTTP_TRANSFER_H

#include <curl/curl.h>
#include <openssl/evp.h>

#include "engine/http/job.h"
#include "engine/http/spool.h"

enum fpool_http_phase {
    FPOOL_HTTP_CONNECT, /* libcurl's own time-out is at work */
    FPOOL_HTTP_HEAD,    /* the request is out, the header is not complete */
    FPOOL_HTTP_BODY,
    FPOOL_HTTP_SPOOL /* all is received, the writer is not done */
};

/* What becomes of the bytes of a body. */
enum fpool_http_disposition {
    FPOOL_HTTP_SKIP, /* a redirect's or an error's: read to keep the
                        connection, as long as there are few */
    FPOOL_HTTP_COUNT,
    FPOOL_HTTP_KEEP,
    FPOOL_HTTP_TO_SPOOL
};

struct fpool_http_transfer {
    struct fpool_http_transfer *next; /* in the hub's free list, or the job's */
    struct fpool_http_transfer *previous; /* in the job's */
    CURL *easy;
    struct fpool_http_hub *hub;
    struct fpool_http_job *job;
    struct fpool_http_reply *reply;
    struct fpool_http_spool *spool;
    char *location; /* as the response says it; NULL without */
    EVP_MD_CTX *md; /* of bodies that are only counted; made when needed */
    struct fpool_loop_timer timer;
    int64_t start_ns;
    int64_t end_ns;   /* the item's deadline */
    int64_t phase_ns; /* beginning of the phase, or the last progress in it */
    enum fpool_http_phase phase;
    enum fpool_http_disposition disposition;
    enum fpool_http_error verdict; /* ours, goes before libcurl's code */
    int socket_error;
    size_t header_size;
    unsigned n_transfer_codings;
    unsigned n_content_codings;
    size_t n_skipped;
    bool is_added;  /* to the multi handle */
    bool is_paused; /* by us, for want of room in the spool */
    bool is_cut;    /* ended by us, with all we want to know */
    char error_text[CURL_ERROR_SIZE];
};

struct fpool_http_transfer *fpool_http_transfer_create(
    struct fpool_http_hub *hub);
void fpool_http_transfer_destroy(struct fpool_http_transfer *t);

/* Runs 'reply', which is taken. */
void fpool_http_transfer_begin(struct fpool_http_transfer *t,
                               struct fpool_http_reply *reply);

/* libcurl has ended the transfer with 'code'. */
void fpool_http_transfer_done(struct fpool_http_transfer *t, CURLcode code);

/* Finishes with a failure of ours, now. */
void fpool_http_transfer_fail(struct fpool_http_transfer *t,
                              enum fpool_http_error error);

/* Finishes because the disk said 'error_number'. */
void fpool_http_transfer_fail_disk(struct fpool_http_transfer *t,
                                   int error_number);

/* As fail, from within one of libcurl's callbacks, that is, as soon as libcurl
 * has returned.  Accepts NULL. */
void fpool_http_transfer_doom(struct fpool_http_transfer *t,
                              enum fpool_http_error error);

/* Finishes with the job's reason to be cancelled. */
void fpool_http_transfer_cancel(struct fpool_http_transfer *t);

/* The failure that belongs to a job's cancel reason. */
enum fpool_http_error fpool_http_cancel_error(enum fpool_status reason);

/* Moves to 'phase', or on within it, and sets the timer. */
void fpool_http_transfer_progress(struct fpool_http_transfer *t,
                                  enum fpool_http_phase phase);

/* ---- setup.c: every option of the easy handle.  False without memory. */
bool fpool_http_setup(struct fpool_http_transfer *t);

/* ---- facts.c: copies what libcurl knows about the last request into the
 * response; whether it got as far as the instant 'info'; and "HTTP status 404"
 * in 'to' of at least 16 bytes. */
void fpool_http_note_facts(struct fpool_http_transfer *t);
bool fpool_http_has_time(const struct fpool_http_transfer *t, CURLINFO info);
void fpool_http_note_status(char *to, int status_code);

/* ---- head.c: libcurl's header callback. */
size_t fpool_http_head_line(char *data, size_t one, size_t size,
                            void *transfer);

/* ---- body.c: libcurl's write callback, and what follows from it. */
size_t fpool_http_body_data(char *data, size_t one, size_t size,
                            void *transfer);

/* Prepares for the body of a new response. */
void fpool_http_body_open(struct fpool_http_transfer *t);

/* The body is complete.  True when it is in its place; false when the spool
 * will say so. */
bool fpool_http_body_close(struct fpool_http_transfer *t);

#endif
