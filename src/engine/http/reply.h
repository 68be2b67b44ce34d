/* SPDX-License-Identifier: MIT */
/* One item on its way through the engine, and the response it becomes.
 *
 * Purpose: what is allocated for each item: it waits in the loop's queues, is
 *   filled in by a transfer, and ends as the value of the result.
 * Ownership: the engine's until the request is finished, then the result's.
 * Thread-safety: one thread at a time.
 * Limits: texts from outside are cut at fixed lengths. */
#ifndef FPOOL_ENGINE_HTTP_REPLY_H
#define FPOOL_ENGINE_HTTP_REPLY_H

#include "base/list.h"
#include "core/loop.h"
#include "engine/http/temp.h"
#include "engine/http/timer.h"
#include "engine/http/url.h"
#include "fetchpool/engine.h"
#include "fetchpool/http.h"

struct fpool_http_hubs;
struct fpool_http_job;
struct fpool_http_lane;

/* Bytes of bodies in memory that a pool has, results that the program keeps
 * included; what comes then goes to files, where there is a place for them. */
#define FPOOL_HTTP_BODY_BUDGET ((size_t)64 << 20)

struct fpool_http_reply {
    struct fpool_http_response response; /* must be first */
    struct fpool_list link; /* in its host's queue, or the lane's delayed */
    struct fpool_http_reply *next; /* in the lane's inbox */
    struct fpool_http_timer timer; /* of a delayed try */
    struct fpool_http_lane *lane;  /* where that is */
    struct fpool_request *request;
    struct fpool_http_job *job;
    struct fpool_http_request *what; /* where items are described, or NULL */
    int64_t created_ns;
    int64_t begun_ns; /* the first try; 0: not yet */
    int64_t spent_ns; /* of the item's time, by tries and delays so far */
    uint16_t n_tries; /* that began */
    uint16_t n_charged;
    uint16_t n_throttled;
    uint16_t n_addresses_tried;
    bool is_free;        /* the next try is not charged */
    bool is_late;        /* it has no time left for the try it waits for */
    bool is_get;         /* a redirect has made it a GET */
    bool was_redirected; /* in the try before, away from its first host */
    struct fpool_http_url first; /* as asked for */
    struct fpool_http_url last;  /* after redirects; empty without */
    char *body;
    size_t body_capacity;
    struct fpool_http_hubs
        *hubs; /* that 'body_capacity' is counted in; or NULL */
    struct fpool_http_temp temp;
    char *content_type;
    char *message;
    char *headers; /* of the last response, where they are kept */
    size_t headers_size;
    char version[4];
    char sha256[65];
    char remote_ip[46];
};

/* A reply for 'request' whose response says nothing yet; NULL without memory.
 */
struct fpool_http_reply *fpool_http_reply_create(struct fpool_request *request);

/* Releases a reply; the 'drop_value' of results. */
void fpool_http_reply_release(void *value);

/* Where the current request goes; and the text of it. */
const struct fpool_http_url *fpool_http_reply_target(
    const struct fpool_http_reply *reply);
const char *fpool_http_reply_url(const struct fpool_http_reply *reply);

/* True where the request goes to the origin that the item was meant for. */
bool fpool_http_reply_is_at_home(const struct fpool_http_reply *reply);

/* The method of the current request. */
const char *fpool_http_reply_method(const struct fpool_http_reply *reply,
                                    const struct fpool_http_op *options);

/* Follows a redirect with 'status_code' to 'url', which is taken. */
void fpool_http_reply_redirect(struct fpool_http_reply *reply,
                               const struct fpool_http_op *options,
                               struct fpool_http_url *url, int status_code);

/* Nanoseconds that the item may still take; FPOOL_NEVER without a bound. */
int64_t fpool_http_reply_time_left(const struct fpool_http_reply *reply);

/* A try begins. */
void fpool_http_reply_count_try(struct fpool_http_reply *reply);

/* Forgets what the last try has led to; the next one counts if 'is_charged'. */
void fpool_http_reply_again(struct fpool_http_reply *reply, bool is_charged);

/* What is to be remembered of a reply that is put aside; and back. */
void fpool_http_reply_note(const struct fpool_http_reply *reply,
                           struct fpool_request_note *ret_note);
void fpool_http_reply_recall(struct fpool_http_reply *reply,
                             const struct fpool_request_note *note);

/* Appends a header line; false without memory. */
bool fpool_http_reply_add_header(struct fpool_http_reply *reply,
                                 const char *line, size_t size);

/* Whether all bodies of the pool together leave memory for 'size' bytes. */
bool fpool_http_reply_has_room(const struct fpool_http_reply *reply,
                               size_t size);

/* Appends 'size' bytes to the body in memory; 'expected' bytes are reserved
 * with the first.  False without memory. */
bool fpool_http_reply_append(struct fpool_http_reply *reply, const void *data,
                             size_t size, size_t expected);

/* Hands out the body in memory, which is counted no longer. */
char *fpool_http_reply_take_body(struct fpool_http_reply *reply);

/* Forgets the body, wherever it is.  Touches the disk if it is in a file. */
void fpool_http_reply_drop_body(struct fpool_http_reply *reply);

/* Notes the failure 'error' with 'message', or, where that is "" or NULL, the
 * kind's own text. */
void fpool_http_reply_fail(struct fpool_http_reply *reply,
                           enum fpool_http_error error, const char *message);

void fpool_http_reply_set_content_type(struct fpool_http_reply *reply,
                                       const char *text);

/* Writes 32 bytes as 64 hexadecimal digits. */
void fpool_http_reply_set_sha256(struct fpool_http_reply *reply,
                                 const unsigned char *digest);

/* Lets the public response point at all that is there, and the request's result
 * at the response; only the request is left to be finished. */
void fpool_http_reply_complete(struct fpool_http_reply *reply, int code);

/* The same, and finishes the request; for replies that no loop has seen. */
void fpool_http_reply_finish(struct fpool_http_reply *reply, int code);

#endif
