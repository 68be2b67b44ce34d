/* SPDX-License-Identifier: MIT */
/* One easy handle at work: a request, its response, its deadlines.
 *
 * Purpose: carry a reply through libcurl, from its start to its finish.
 * Use: begin; then libcurl, the timer and the spool call it until it tells its
 *   lane how it ended.
 * Ownership: the hub's while free; holds its reply while it runs.
 * Thread-safety: the loop's thread only.
 * Limits: response headers of at most 256 KiB and 1,000 lines. */
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
    FPOOL_HTTP_SPOOL,  /* all is received, the writer is not done */
    FPOOL_HTTP_CLOSING /* over, but for a program that looks at its body */
};

/* What becomes of the bytes of a body. */
enum fpool_http_disposition {
    FPOOL_HTTP_SKIP, /* a redirect's or an error's: read to keep the
                        connection, as long as there are few */
    FPOOL_HTTP_COUNT,
    FPOOL_HTTP_KEEP,
    FPOOL_HTTP_TO_SPOOL
};

/* Room for "::[address]:65535". */
#define FPOOL_HTTP_ROUTE_SIZE (FPOOL_HTTP_ADDRESS_TEXT_SIZE + 12)

struct fpool_http_transfer {
    struct fpool_http_transfer *next_free; /* in the hub's list */
    struct fpool_list link;                /* in the lane's */
    CURL *easy;
    uint64_t prepared; /* serial of the job whose settings 'easy' has; or 0 */
    struct fpool_http_hub *hub;
    struct fpool_http_lane *lane;
    struct fpool_http_host *host;
    struct fpool_http_job *job;
    struct fpool_http_reply *reply;
    struct fpool_http_spool *spool;
    struct curl_slist *headers; /* of this request alone */
    struct curl_slist route;    /* where to connect to */
    char route_text[FPOOL_HTTP_ROUTE_SIZE];
    int address;    /* number of the host's address; -1: libcurl's choice */
    char *location; /* as the response says it; NULL without */
    EVP_MD_CTX *md; /* of bodies that are only counted; made when needed */
    const EVP_MD *digest; /* NULL: none */
    struct fpool_http_timer timer;
    int64_t start_ns;
    int64_t end_ns;   /* the item's deadline */
    int64_t phase_ns; /* beginning of the phase, or the last progress in it */
    enum fpool_http_phase phase;
    enum fpool_http_disposition disposition;
    enum fpool_http_error verdict; /* ours, goes before libcurl's code */
    int socket_error;
    size_t header_size;
    unsigned n_header_lines;
    unsigned n_transfer_codings;
    unsigned n_content_codings;
    int64_t length;         /* as the header says; -1: it does not */
    int64_t retry_after_ms; /* -1: none */
    size_t n_skipped;
    struct fpool_http_end end; /* while it is closing */
    bool is_stained; /* "easy" has something that no reset takes away */
    bool is_added;   /* to the multi handle */
    bool is_paused;  /* by us, for want of room in the spool */
    bool is_denied;  /* an address, by the policy */
    bool is_cut;     /* ended by us, with all we want to know */
    char error_text[CURL_ERROR_SIZE];
};

struct fpool_http_transfer *fpool_http_transfer_create(
    struct fpool_http_hub *hub);
void fpool_http_transfer_destroy(struct fpool_http_transfer *t);

/* Runs 'reply', which is taken, for 'lane' to 'host'. */
void fpool_http_transfer_begin(struct fpool_http_transfer *t,
                               struct fpool_http_lane *lane,
                               struct fpool_http_host *host,
                               struct fpool_http_reply *reply);

/* ---- done.c: libcurl has ended the transfer with 'code'. */
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

/* Moves to 'phase', or on within it, and sets the timer. */
void fpool_http_transfer_progress(struct fpool_http_transfer *t,
                                  enum fpool_http_phase phase);

/* Ends the request with 'error' (NONE: well) and tells the lane. */
void fpool_http_transfer_finish(struct fpool_http_transfer *t,
                                enum fpool_http_error error,
                                const char *message, CURLcode code);

/* Notes what libcurl knows, and takes the easy handle from it. */
void fpool_http_transfer_leave(struct fpool_http_transfer *t);

/* Forgets what only this request had. */
void fpool_http_transfer_forget(struct fpool_http_transfer *t);

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

/* Prepares for the body of a new response; one that nobody wants is skipped. */
void fpool_http_body_open(struct fpool_http_transfer *t, bool is_unwanted);

/* The body is complete.  True when it is in its place; false when the spool
 * will say so. */
bool fpool_http_body_close(struct fpool_http_transfer *t);

#endif
