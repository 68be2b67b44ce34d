/* SPDX-License-Identifier: MIT */
/* The body of a response: skipped, counted, kept in memory or spooled.  Called
 * by libcurl and by the transfers. */
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "engine/http/error.h"
#include "engine/http/transfer.h"

#define MAX_SKIPPED 65536

static bool open_spool(struct fpool_http_transfer *t);

/* What a callback returns to make libcurl give up. */
#define GIVE_UP ((size_t)CURL_WRITEFUNC_ERROR)

/* The length that the header promises; -1 when it does not. */
static int64_t promised(const struct fpool_http_transfer *t)
{
    curl_off_t length = -1;

    if ((t->job->options.flags & FPOOL_HTTP_COMPRESSED) != 0) {
        return -1; /* It may be of what is sent, not of what comes out. */
    }
    curl_easy_getinfo(t->easy, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length);
    return length;
}

static bool open_digest(struct fpool_http_transfer *t)
{
    t->md = t->md != NULL ? t->md : EVP_MD_CTX_new();
    return t->md != NULL && EVP_DigestInit_ex(t->md, t->digest, NULL) == 1;
}

void fpool_http_body_open(struct fpool_http_transfer *t, bool is_unwanted)
{
    const struct fpool_http_op *options = &t->job->options;

    t->n_skipped = 0;
    t->reply->response.body_size = 0;
    t->disposition = FPOOL_HTTP_KEEP;
    if (is_unwanted) {
        t->disposition = FPOOL_HTTP_SKIP;
    } else if (options->max_size > 0 && promised(t) > options->max_size &&
               strcmp(fpool_http_reply_method(t->reply, options), "HEAD") !=
                   0) {
        t->verdict = FPOOL_HTTP_ERROR_LIMIT_SIZE;
    } else if (options->on_body != NULL) {
        if (!open_spool(t)) {
            return; /* The verdict is there. */
        }
    } else if ((options->flags & FPOOL_HTTP_NO_BODY) != 0) {
        t->disposition = FPOOL_HTTP_COUNT;
        if (t->digest != NULL && !open_digest(t)) {
            t->verdict = FPOOL_HTTP_ERROR_LOCAL_MEMORY;
        }
    }
}

static size_t give_up(struct fpool_http_transfer *t,
                      enum fpool_http_error error)
{
    if (t->verdict == FPOOL_HTTP_ERROR_NONE) {
        t->verdict = error;
    }
    return GIVE_UP;
}

static size_t skip(struct fpool_http_transfer *t, size_t size)
{
    t->n_skipped += size;
    if (t->n_skipped > MAX_SKIPPED) {
        t->is_cut = true;
        return GIVE_UP;
    }
    return size;
}

static size_t count(struct fpool_http_transfer *t, const char *data,
                    size_t size)
{
    if (t->digest != NULL && EVP_DigestUpdate(t->md, data, size) != 1) {
        return give_up(t, FPOOL_HTTP_ERROR_LOCAL_MEMORY);
    }
    t->reply->response.body_size += (int64_t)size;
    return size;
}

/* Something has come back from the writer. */
static void spool_changed(void *transfer)
{
    struct fpool_http_transfer *t = transfer;
    int error_number = fpool_http_spool_error(t->spool);
    CURLcode code;

    if (t->phase == FPOOL_HTTP_CLOSING) {
        return;
    }
    if (error_number == FPOOL_HTTP_SPOOL_REFUSED) {
        fpool_http_transfer_fail(t, FPOOL_HTTP_ERROR_POLICY_REFUSED);
        return;
    }
    if (error_number != 0) {
        fpool_http_transfer_fail_disk(t, error_number);
        return;
    }
    if (t->phase == FPOOL_HTTP_SPOOL) {
        if (fpool_http_spool_is_done(t->spool)) {
            fpool_http_transfer_done(t, CURLE_OK);
        }
        return;
    }
    if (!t->is_paused) {
        return;
    }
    t->is_paused = false;
    fpool_http_transfer_progress(t, FPOOL_HTTP_BODY);
    code = curl_easy_pause(t->easy, CURLPAUSE_CONT);
    if (code != CURLE_OK) {
        fpool_http_transfer_done(t, code);
    }
}

static int status_of(const struct fpool_http_transfer *t)
{
    long status = 0;

    curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &status);
    return (int)status;
}

/* The body is too large for memory: its beginning is the spool's first chunk.
 */
static bool open_spool(struct fpool_http_transfer *t)
{
    struct fpool_http_reply *reply = t->reply;
    struct fpool_http_spool_options options = {
        .loop = t->hub->loop,
        .writer = t->hub->writer,
        .folder = t->job->folder,
        .digest = t->digest,
        .on_body = t->job->options.on_body,
        .body_userdata = t->job->options.userdata,
        .on_change = spool_changed,
        .userdata = t,
    };

    if (options.on_body != NULL) {
        options.part.item = &reply->request->result.item;
        options.part.status_code = status_of(t);
        options.part.headers = reply->headers_size > 0 ? reply->headers : "";
        options.part.length = promised(t);
    } else if (t->job->folder == NULL) {
        t->verdict = FPOOL_HTTP_ERROR_LIMIT_MEMORY;
        return false;
    }
    t->spool = fpool_http_spool_create(&options);
    if (t->spool == NULL) {
        t->verdict = FPOOL_HTTP_ERROR_LOCAL_MEMORY;
        return false;
    }
    if (reply->body != NULL || options.on_body != NULL) {
        fpool_http_spool_head(t->spool, fpool_http_reply_take_body(reply),
                              (size_t)reply->response.body_size);
    }
    t->disposition = FPOOL_HTTP_TO_SPOOL;
    return true;
}

static size_t spool(struct fpool_http_transfer *t, const char *data,
                    size_t size)
{
    if (!fpool_http_spool_write(t->spool, data, size)) {
        t->is_paused = true;
        return CURL_WRITEFUNC_PAUSE;
    }
    t->reply->response.body_size += (int64_t)size;
    return size;
}

static size_t keep(struct fpool_http_transfer *t, const char *data, size_t size)
{
    struct fpool_http_reply *reply = t->reply;
    size_t bound = t->job->options.body_memory;
    int64_t length = reply->body == NULL ? promised(t) : -1;

    if ((size_t)reply->response.body_size + size > bound ||
        length > (int64_t)bound ||
        (t->job->folder != NULL && !fpool_http_reply_has_room(reply, size))) {
        return open_spool(t) ? spool(t, data, size) : GIVE_UP;
    }
    if (!fpool_http_reply_append(reply, data, size,
                                 length > 0 ? (size_t)length : 0)) {
        return give_up(t, FPOOL_HTTP_ERROR_LOCAL_MEMORY);
    }
    return size;
}

/* More than the caller allows, or the item says there is. */
static enum fpool_http_error check_size(const struct fpool_http_transfer *t,
                                        size_t size)
{
    const struct fpool_http_request *what = t->reply->what;
    int64_t max_size = t->job->options.max_size;
    int64_t so_far = t->reply->response.body_size;

    if (max_size > 0 && (int64_t)size > max_size - so_far) {
        return FPOOL_HTTP_ERROR_LIMIT_SIZE;
    }
    return what != NULL && what->size >= 0 &&
                   (int64_t)size > what->size - so_far
               ? FPOOL_HTTP_ERROR_PROTOCOL_SIZE
               : FPOOL_HTTP_ERROR_NONE;
}

size_t fpool_http_body_data(char *data, size_t one, size_t size, void *transfer)
{
    struct fpool_http_transfer *t = transfer;
    enum fpool_http_error error;

    (void)one;
    if (t->verdict != FPOOL_HTTP_ERROR_NONE) {
        return GIVE_UP;
    }
    t->phase_ns = fpool_loop_now(t->hub->loop);
    if (t->disposition == FPOOL_HTTP_SKIP) {
        return skip(t, size);
    }
    error = check_size(t, size);
    if (error != FPOOL_HTTP_ERROR_NONE) {
        return give_up(t, error);
    }
    switch (t->disposition) {
    case FPOOL_HTTP_COUNT:
        return count(t, data, size);
    case FPOOL_HTTP_TO_SPOOL:
        return spool(t, data, size);
    case FPOOL_HTTP_SKIP:
    case FPOOL_HTTP_KEEP:
        break;
    }
    return keep(t, data, size);
}

static void digest_body(struct fpool_http_transfer *t)
{
    struct fpool_http_reply *reply = t->reply;
    unsigned char digest[EVP_MAX_MD_SIZE];
    int is_well;

    if (t->digest == NULL || t->disposition == FPOOL_HTTP_SKIP) {
        return;
    }
    if (t->disposition == FPOOL_HTTP_COUNT) {
        is_well = EVP_DigestFinal_ex(t->md, digest, NULL);
    } else {
        is_well = EVP_Digest(reply->body == NULL ? "" : reply->body,
                             (size_t)reply->response.body_size, digest, NULL,
                             t->digest, NULL);
    }
    if (is_well == 1) {
        fpool_http_reply_set_sha256(reply, digest);
    } else {
        t->verdict = FPOOL_HTTP_ERROR_LOCAL_MEMORY;
    }
}

bool fpool_http_body_close(struct fpool_http_transfer *t)
{
    unsigned char digest[EVP_MAX_MD_SIZE];

    if (t->spool == NULL) {
        digest_body(t);
        return true;
    }
    if (!fpool_http_spool_is_done(t->spool)) {
        fpool_http_transfer_progress(t, FPOOL_HTTP_SPOOL);
        fpool_http_spool_finish(t->spool);
        return false;
    }
    fpool_http_spool_take(t->spool, &t->reply->temp, digest);
    t->spool = NULL;
    if (t->digest != NULL) {
        fpool_http_reply_set_sha256(t->reply, digest);
    }
    return true;
}
