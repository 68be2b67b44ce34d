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

#include "core/loop.h"
#include "engine/http/temp.h"
#include "engine/http/url.h"
#include "fetchpool/engine.h"
#include "fetchpool/http.h"

struct fpool_http_job;

struct fpool_http_reply {
    struct fpool_http_response response; /* must be first */
    struct fpool_post post; /* into the loop; then a link in the job's queue */
    struct fpool_request *request;
    struct fpool_http_job *job;
    int64_t created_ns;
    struct fpool_http_url first; /* as asked for */
    struct fpool_http_url last;  /* after redirects; empty without */
    char *body;
    size_t body_capacity;
    struct fpool_http_temp temp;
    char *content_type;
    char *message;
    char version[4];
    char sha256[65];
    char remote_ip[46];
};

/* A reply for 'request' whose response says nothing yet; NULL without memory.
 */
struct fpool_http_reply *fpool_http_reply_create(struct fpool_request *request);

/* Releases a reply; the 'drop_value' of results. */
void fpool_http_reply_release(void *value);

/* The URL of the current request. */
const char *fpool_http_reply_url(const struct fpool_http_reply *reply);

/* Follows a redirect to 'url', which is taken. */
void fpool_http_reply_redirect(struct fpool_http_reply *reply,
                               struct fpool_http_url *url);

/* Appends 'size' bytes to the body in memory; 'expected' bytes are reserved
 * with the first.  False without memory. */
bool fpool_http_reply_append(struct fpool_http_reply *reply, const void *data,
                             size_t size, size_t expected);

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

/* Lets the public response point at all that is there.  Then finishes the
 * request with 'status' and 'code'; the reply is gone. */
void fpool_http_reply_finish(struct fpool_http_reply *reply,
                             enum fpool_status status, int code);

#endif
