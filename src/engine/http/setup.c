/* SPDX-License-Identifier: MIT */
/* The options of an easy handle, for each request from its defaults on; called
 * by the transfers. */
#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>

#include "engine/http/transfer.h"

#define BUFFER_SIZE 32768

/* libcurl itself makes sockets that a child of this process would inherit. */
static curl_socket_t open_socket(void *transfer, curlsocktype purpose,
                                 struct curl_sockaddr *address)
{
    struct fpool_http_transfer *t = transfer;
    int fd = socket(address->family, address->socktype | SOCK_CLOEXEC,
                    address->protocol);

    (void)purpose;
    if (fd < 0) {
        t->socket_error = errno;
        return CURL_SOCKET_BAD;
    }
    return fd;
}

/* Runs when the connection stands and the request is about to go out. */
static int before_request(void *transfer, char *remote_ip, char *local_ip,
                          int remote_port, int local_port)
{
    struct fpool_http_transfer *t = transfer;

    (void)remote_ip;
    (void)local_ip;
    (void)remote_port;
    (void)local_port;
    fpool_http_transfer_progress(t, FPOOL_HTTP_HEAD);
    return CURL_PREREQFUNC_OK;
}

#define SET(option, value)                                                     \
    do {                                                                       \
        CURLcode code_ = curl_easy_setopt(t->easy, option, value);             \
        if (code_ != CURLE_OK) {                                               \
            return false;                                                      \
        }                                                                      \
    } while (0)

static bool set_callbacks(struct fpool_http_transfer *t)
{
    SET(CURLOPT_PRIVATE, (char *)t);
    SET(CURLOPT_ERRORBUFFER, t->error_text);
    SET(CURLOPT_HEADERFUNCTION, fpool_http_head_line);
    SET(CURLOPT_HEADERDATA, t);
    SET(CURLOPT_WRITEFUNCTION, fpool_http_body_data);
    SET(CURLOPT_WRITEDATA, t);
    SET(CURLOPT_OPENSOCKETFUNCTION, open_socket);
    SET(CURLOPT_OPENSOCKETDATA, t);
    SET(CURLOPT_PREREQFUNCTION, before_request);
    SET(CURLOPT_PREREQDATA, t);
    return true;
}

/* What libcurl would otherwise take from the environment or do by itself. */
static bool set_manners(struct fpool_http_transfer *t)
{
    SET(CURLOPT_NOSIGNAL, 1L);
    /* Cancelling during a lookup would join the lookup's thread. */
    SET(CURLOPT_QUICK_EXIT, 1L);
    SET(CURLOPT_PROXY, "");
    SET(CURLOPT_FOLLOWLOCATION, 0L);
    SET(CURLOPT_PROTOCOLS_STR, "http,https");
    SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    SET(CURLOPT_HTTP09_ALLOWED, 0L);
    SET(CURLOPT_HTTP_CONTENT_DECODING, 0L);
    SET(CURLOPT_BUFFERSIZE, (long)BUFFER_SIZE);
    return true;
}

static bool set_tls(struct fpool_http_transfer *t)
{
    const struct fpool_http_job *job = t->job;

    /* With a directory of certificates libcurl parses the bundle again for each
     * connection; without one it keeps what it has parsed. */
    SET(CURLOPT_CAPATH, NULL);
    if (job->ca_file != NULL) {
        SET(CURLOPT_CAINFO, job->ca_file);
    }
    if ((job->options.flags & FPOOL_HTTP_INSECURE) != 0) {
        SET(CURLOPT_SSL_VERIFYPEER, 0L);
        SET(CURLOPT_SSL_VERIFYHOST, 0L);
    }
    return true;
}

static bool set_request(struct fpool_http_transfer *t)
{
    const struct fpool_http_job *job = t->job;

    SET(CURLOPT_URL, fpool_http_reply_url(t->reply));
    if (job->user_agent[0] != '\0') {
        SET(CURLOPT_USERAGENT, job->user_agent);
    }
    SET(CURLOPT_CONNECTTIMEOUT_MS, (long)job->options.connect_timeout_ms);
    if (job->options.max_size > 0) {
        SET(CURLOPT_MAXFILESIZE_LARGE, (curl_off_t)job->options.max_size);
    }
    return true;
}

bool fpool_http_setup(struct fpool_http_transfer *t)
{
    curl_easy_reset(t->easy);
    return set_callbacks(t) && set_manners(t) && set_tls(t) && set_request(t);
}
