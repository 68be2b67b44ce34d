/* SPDX-License-Identifier: MIT */
/* What is known about a request when it has ended: from libcurl's answers into
 * the response.  Called by the transfers. */
#include <string.h>

#include "engine/http/transfer.h"

static int64_t time_of(CURL *easy, CURLINFO info)
{
    curl_off_t us = 0;

    curl_easy_getinfo(easy, info, &us);
    return us;
}

static void note_text(char *to, size_t size, const char *from)
{
    size_t n = from == NULL ? 0 : strnlen(from, size - 1);

    if (n > 0) {
        memcpy(to, from, n);
    }
    to[n] = '\0';
}

static const char *version_text(long version)
{
    switch (version) {
    case CURL_HTTP_VERSION_1_0:
        return "1.0";
    case CURL_HTTP_VERSION_1_1:
        return "1.1";
    case CURL_HTTP_VERSION_2_0:
        return "2";
    default:
        return "";
    }
}

void fpool_http_note_facts(struct fpool_http_transfer *t)
{
    struct fpool_http_reply *reply = t->reply;
    struct fpool_http_response *r = &reply->response;
    CURL *easy = t->easy;
    const char *text = NULL;
    long n = 0;

    curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &n);
    r->status_code = (int)n;
    n = 0;
    curl_easy_getinfo(easy, CURLINFO_HTTP_VERSION, &n);
    note_text(reply->version, sizeof(reply->version), version_text(n));
    n = 0;
    curl_easy_getinfo(easy, CURLINFO_PRIMARY_PORT, &n);
    r->remote_port = (int)n;
    curl_easy_getinfo(easy, CURLINFO_PRIMARY_IP, &text);
    note_text(reply->remote_ip, sizeof(reply->remote_ip), text);
    text = NULL;
    curl_easy_getinfo(easy, CURLINFO_CONTENT_TYPE, &text);
    if (text != NULL) {
        fpool_http_reply_set_content_type(reply, text);
    }
    r->time_us.dns = time_of(easy, CURLINFO_NAMELOOKUP_TIME_T);
    if (t->address >= 0 && reply->created_ns <= t->host->named_ns) {
        /* By us, before the request. */
        r->time_us.dns = (t->host->named_ns - t->host->asked_ns) / 1000;
    }
    r->time_us.connect = time_of(easy, CURLINFO_CONNECT_TIME_T);
    r->time_us.tls = time_of(easy, CURLINFO_APPCONNECT_TIME_T);
    r->time_us.first_byte = time_of(easy, CURLINFO_STARTTRANSFER_TIME_T);
}

bool fpool_http_has_time(const struct fpool_http_transfer *t, CURLINFO info)
{
    return time_of(t->easy, info) > 0;
}

void fpool_http_note_status(char *to, int status_code)
{
    static const char text[] = "HTTP status ";
    char *digits = to + sizeof(text) - 1;

    memcpy(to, text, sizeof(text) - 1);
    digits[0] = (char)('0' + status_code / 100 % 10);
    digits[1] = (char)('0' + status_code / 10 % 10);
    digits[2] = (char)('0' + status_code % 10);
    digits[3] = '\0';
}
