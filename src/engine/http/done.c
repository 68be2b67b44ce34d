/* SPDX-License-Identifier: MIT */
/* What a request has come to, when libcurl has ended it: a failure, a redirect,
 * a body.  Called by the hub and by spools. */
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "engine/http/error.h"
#include "engine/http/transfer.h"

/* What kept the request from well going, NONE when nothing did; the words for
 * it in '*ret_message'. */
static enum fpool_http_error judge(struct fpool_http_transfer *t, CURLcode code,
                                   const char **ret_message)
{
    struct fpool_http_outcome outcome = { .code = code, .text = t->error_text };
    long os_error = 0;
    long local_port = 0;

    *ret_message = NULL;
    if (t->verdict != FPOOL_HTTP_ERROR_NONE) {
        return t->verdict;
    }
    if (code == CURLE_OK && t->phase == FPOOL_HTTP_HEAD) {
        /* 7.88.1 is content with half a header where TLS ends like that. */
        *ret_message = "the connection ended within the response header";
        return FPOOL_HTTP_ERROR_PROTOCOL_TRUNCATED;
    }
    /* Of an error or a redirect nobody wants the body. */
    if (code == CURLE_OK || t->is_cut ||
        (t->phase == FPOOL_HTTP_BODY && t->disposition == FPOOL_HTTP_SKIP)) {
        return FPOOL_HTTP_ERROR_NONE;
    }
    if (t->is_denied && code == CURLE_COULDNT_CONNECT) {
        return FPOOL_HTTP_ERROR_POLICY_ADDRESS;
    }
    curl_easy_getinfo(t->easy, CURLINFO_OS_ERRNO, &os_error);
    t->is_stained = os_error != 0;
    outcome.os_error = t->socket_error != 0 ? t->socket_error : (int)os_error;
    outcome.is_resolved =
        t->address >= 0 || fpool_http_has_time(t, CURLINFO_NAMELOOKUP_TIME_T);
    /* The time of the connection is told only once TLS is complete. */
    curl_easy_getinfo(t->easy, CURLINFO_LOCAL_PORT, &local_port);
    outcome.is_connected = local_port != 0;
    outcome.is_secured = fpool_http_has_time(t, CURLINFO_APPCONNECT_TIME_T);
    outcome.is_secure_url = t->host->is_secure;
    curl_easy_getinfo(t->easy, CURLINFO_SSL_VERIFYRESULT,
                      &outcome.verify_result);
    if (code != CURLE_OUT_OF_MEMORY) { /* Not what it says: see error.c. */
        *ret_message =
            t->error_text[0] != '\0' ? t->error_text : curl_easy_strerror(code);
    }
    return fpool_http_classify(&outcome);
}

/* Where the redirect leads, in '*ret_url'; or why it is not followed. */
static enum fpool_http_error check_redirect(struct fpool_http_transfer *t,
                                            struct fpool_http_url *ret_url,
                                            const char **ret_message)
{
    const struct fpool_http_op *options = &t->job->options;
    const struct fpool_http_url *from = fpool_http_reply_target(t->reply);
    enum fpool_status status;

    if (t->reply->response.redirects >= (unsigned)options->redirects) {
        return FPOOL_HTTP_ERROR_LIMIT_REDIRECTS;
    }
    status = fpool_http_url_parse(ret_url, t->location, strlen(t->location),
                                  from->request, ret_message);
    if (status != FPOOL_OK) {
        return status == FPOOL_ENOMEM ? FPOOL_HTTP_ERROR_LOCAL_MEMORY
                                      : FPOOL_HTTP_ERROR_POLICY_REDIRECT;
    }
    if (from->is_secure && !ret_url->is_secure &&
        (options->flags & FPOOL_HTTP_DOWNGRADE) == 0) {
        fpool_http_url_fini(ret_url);
        *ret_message = "redirected from https to http";
        return FPOOL_HTTP_ERROR_POLICY_REDIRECT;
    }
    return FPOOL_HTTP_ERROR_NONE;
}

static void follow(struct fpool_http_transfer *t)
{
    struct fpool_http_url url = { 0 };
    struct fpool_http_reply *reply = t->reply;
    const char *message = NULL;
    enum fpool_http_error error = check_redirect(t, &url, &message);

    if (error == FPOOL_HTTP_ERROR_NONE && url.is_secure &&
        atomic_load(&t->job->store) == NULL &&
        (t->job->options.flags & FPOOL_HTTP_INSECURE) == 0 &&
        fpool_http_job_need_store(t->job) != FPOOL_OK) {
        fpool_http_url_fini(&url);
        error = FPOOL_HTTP_ERROR_LOCAL_CA_FILE;
    }
    if (error != FPOOL_HTTP_ERROR_NONE) {
        fpool_http_transfer_finish(t, error, message, CURLE_OK);
        return;
    }
    fpool_http_transfer_leave(t);
    reply->spent_ns += fpool_now_ns() - t->start_ns;
    fpool_http_transfer_forget(t);
    t->reply = NULL;
    fpool_http_reply_redirect(reply, &t->job->options, &url,
                              reply->response.status_code);
    fpool_http_lane_redirected(t->lane, t->host, t, reply);
}

/* What the item wants of its body. */
static enum fpool_http_error check_body(const struct fpool_http_transfer *t)
{
    const struct fpool_http_request *what = t->reply->what;

    if (what == NULL || t->verdict != FPOOL_HTTP_ERROR_NONE) {
        return t->verdict;
    }
    if (what->size >= 0 && what->size != t->reply->response.body_size) {
        return FPOOL_HTTP_ERROR_PROTOCOL_SIZE;
    }
    return what->sha256 != NULL &&
                   strncasecmp(what->sha256, t->reply->sha256, 64) != 0
               ? FPOOL_HTTP_ERROR_PROTOCOL_CHECKSUM
               : FPOOL_HTTP_ERROR_NONE;
}

void fpool_http_transfer_done(struct fpool_http_transfer *t, CURLcode code)
{
    const char *message = NULL;
    enum fpool_http_error error = judge(t, code, &message);
    long status_code = 0;

    if (error != FPOOL_HTTP_ERROR_NONE) {
        fpool_http_transfer_finish(t, error, message, code);
        return;
    }
    curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &status_code);
    if (t->disposition == FPOOL_HTTP_SKIP && t->location != NULL &&
        status_code < 400) {
        follow(t);
        return;
    }
    error = fpool_http_classify_status((int)status_code);
    if (error != FPOOL_HTTP_ERROR_NONE) {
        fpool_http_note_status(t->error_text, (int)status_code);
        fpool_http_transfer_finish(t, error, t->error_text, CURLE_OK);
        return;
    }
    if (fpool_http_body_close(t)) {
        fpool_http_transfer_finish(t, check_body(t), NULL, CURLE_OK);
    } else {
        fpool_http_transfer_leave(t);
    }
}
