/* SPDX-License-Identifier: MIT */
/* The options of an easy handle.  What is the same for all requests of a job is
 * set once, and stays while the handle serves that job.  Called by the
 * transfers. */
#include <errno.h>
#include <openssl/ssl.h>
#include <string.h>

#include "engine/http/settings.h"
#include "engine/http/transfer.h"

#define BUFFER_SIZE      102400 /* as the curl program has */
#define OTHER_ADDRESS_MS 3000   /* for one of several addresses */

static curl_socket_t open_socket(void *transfer, curlsocktype purpose,
                                 struct curl_sockaddr *address)
{
    struct fpool_http_transfer *t = transfer;
    int fd;

    (void)purpose;
    if (!fpool_http_policy_allows(t->job->policy, &address->addr)) {
        t->is_denied = true; /* Another one may do. */
        return CURL_SOCKET_BAD;
    }
    fd = fpool_http_sockets_open(&t->hub->sockets, address);
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
    SET(CURLOPT_CLOSESOCKETFUNCTION, fpool_http_sockets_close);
    SET(CURLOPT_CLOSESOCKETDATA, &t->hub->sockets);
    SET(CURLOPT_PREREQFUNCTION, before_request);
    SET(CURLOPT_PREREQDATA, t);
    return true;
}

static CURLcode trust(CURL *easy, void *context, void *transfer)
{
    const struct fpool_http_transfer *t = transfer;
    X509_STORE *store = atomic_load(&t->job->store);

    (void)easy;
    if (store != NULL) {
        SSL_CTX_set1_cert_store(context, store);
    }
    return CURLE_OK;
}

/* What libcurl would otherwise take from the environment or do by itself. */
static bool set_manners(struct fpool_http_transfer *t)
{
    uint32_t flags = t->job->options.flags;

    SET(CURLOPT_NOSIGNAL, 1L);
    /* Cancelling during a lookup would join the lookup's thread. */
    SET(CURLOPT_QUICK_EXIT, 1L);
    SET(CURLOPT_FOLLOWLOCATION, 0L);
    SET(CURLOPT_PROTOCOLS_STR, "http,https");
    SET(CURLOPT_HTTP09_ALLOWED, 0L);
    SET(CURLOPT_BUFFERSIZE, (long)BUFFER_SIZE);
    if ((flags & FPOOL_HTTP_2) != 0) {
        SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS);
        SET(CURLOPT_PIPEWAIT, 1L);
    } else {
        SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    }
    if ((flags & FPOOL_HTTP_COMPRESSED) != 0) {
        SET(CURLOPT_ACCEPT_ENCODING, "");
    } else {
        SET(CURLOPT_HTTP_CONTENT_DECODING, 0L);
    }
    return true;
}

static bool set_tls(struct fpool_http_transfer *t)
{
    /* libcurl would parse the bundle again for each connection. */
    SET(CURLOPT_CAINFO, NULL);
    SET(CURLOPT_CAPATH, t->job->trust_name);
    SET(CURLOPT_SSL_CTX_FUNCTION, trust);
    SET(CURLOPT_SSL_CTX_DATA, t);
    if ((t->job->options.flags & FPOOL_HTTP_INSECURE) != 0) {
        SET(CURLOPT_SSL_VERIFYPEER, 0L);
        SET(CURLOPT_SSL_VERIFYHOST, 0L);
    }
    return true;
}

/* What goes to every host. */
static bool set_common(struct fpool_http_transfer *t)
{
    const struct fpool_http_op *o = &t->job->options;

    if (o->user_agent[0] != '\0') {
        SET(CURLOPT_USERAGENT, o->user_agent);
    }
    if (t->lane->names != NULL) {
        /* Even an address gets an entry there, and all entries are looked at
         * after each transfer. */
        SET(CURLOPT_DNS_CACHE_TIMEOUT, 0L);
    }
    SET(CURLOPT_NOPROXY, t->job->proxy.no != NULL ? t->job->proxy.no : "");
    if (!fpool_http_proxy_is_used(&t->job->proxy)) {
        SET(CURLOPT_PROXY, "");
    }
    return true;
}

/* What the caller has for the item's own origin and for nobody else. */
static bool set_credentials(struct fpool_http_transfer *t)
{
    const struct fpool_http_op *o = &t->job->options;

    SET(CURLOPT_HTTPHEADER, t->job->headers);
    if (o->user != NULL) {
        SET(CURLOPT_USERPWD, o->user);
    }
    if (o->cookie != NULL) {
        SET(CURLOPT_COOKIE, o->cookie);
    }
    return true;
}

static bool prepare(struct fpool_http_transfer *t)
{
    curl_easy_reset(t->easy);
    t->prepared = 0;
    if (!set_callbacks(t) || !set_manners(t) || !set_tls(t) || !set_common(t)) {
        return false;
    }
    if (fpool_http_reply_is_at_home(t->reply)) {
        if (!set_credentials(t)) {
            return false;
        }
        t->prepared = t->job->serial;
    }
    return true;
}

/* ---- What is different for each request. */

/* The address as libcurl's CONNECT_TO has it, for any host and port. */
static void write_route(struct fpool_http_transfer *t)
{
    const union fpool_http_address *a = &t->host->addresses[t->address];
    char *at = t->route_text;
    char digits[5];
    unsigned port = t->host->port;
    size_t n = 0;

    memcpy(at, "::", 2);
    at += 2;
    if (a->sa.sa_family == AF_INET6) {
        *at++ = '[';
    }
    fpool_http_address_text(a, at);
    at += strlen(at);
    if (a->sa.sa_family == AF_INET6) {
        *at++ = ']';
    }
    *at++ = ':';
    do {
        digits[n++] = (char)('0' + port % 10);
        port /= 10;
    } while (port > 0);
    while (n > 0) {
        *at++ = digits[--n];
    }
    *at = '\0';
}

/* What the connection to one of several addresses may take: not much while
 * there are others, and for the last one what is left. */
static int64_t share_of_time(int64_t timeout_ms, unsigned n, unsigned n_tried)
{
    int64_t each = timeout_ms / n + 1;

    each = each < OTHER_ADDRESS_MS ? each : OTHER_ADDRESS_MS;
    return n_tried + 1 < n ? each : timeout_ms - each * n_tried + 1;
}

static bool set_route(struct fpool_http_transfer *t)
{
    const struct fpool_http_host *host = t->host;
    const char *proxy = fpool_http_proxy_for(&t->job->proxy, host->is_secure);
    int64_t timeout_ms = t->job->options.connect_timeout_ms;

    t->address = -1;
    if (host->n_addresses > 0) {
        t->address = (int)host->current;
        write_route(t);
        t->route = (struct curl_slist){ .data = t->route_text };
        SET(CURLOPT_CONNECT_TO, &t->route);
    } else {
        SET(CURLOPT_CONNECT_TO, NULL);
    }
    /* An open connection of another job was not checked. */
    SET(CURLOPT_FRESH_CONNECT,
        t->job->policy != NULL && host->n_addresses == 0 ? 1L : 0L);
    /* The next address is to have its time as well. */
    if (host->n_addresses > 1) {
        timeout_ms = share_of_time(timeout_ms, host->n_addresses,
                                   t->reply->n_addresses_tried);
    }
    SET(CURLOPT_CONNECTTIMEOUT_MS, (long)timeout_ms);
    if (fpool_http_proxy_is_used(&t->job->proxy)) {
        SET(CURLOPT_PROXY, proxy != NULL ? proxy : "");
    }
    return true;
}

static bool set_body(struct fpool_http_transfer *t)
{
    const struct fpool_http_op *o = &t->job->options;
    const struct fpool_http_request *what = t->reply->what;
    bool is_own = what != NULL && what->body != NULL;
    const void *body = is_own ? what->body : o->body;
    size_t size = is_own ? what->body_size : o->body_size;

    if (body == NULL || t->reply->is_get) {
        return true;
    }
    t->prepared = 0;
    SET(CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)size);
    SET(CURLOPT_POSTFIELDS, (const char *)body);
    return true;
}

static bool set_method(struct fpool_http_transfer *t, bool has_body)
{
    const char *method = fpool_http_reply_method(t->reply, &t->job->options);

    if (strcmp(method, "GET") == 0 && !has_body) {
        return true;
    }
    t->prepared = 0;
    if (!fpool_http_is_idempotent(method)) {
        /* On a connection that was used before, libcurl itself sends a request
         * again that got no answer. */
        SET(CURLOPT_FRESH_CONNECT, 1L);
    }
    if (strcmp(method, "HEAD") == 0) {
        SET(CURLOPT_NOBODY, 1L);
        return true;
    }
    SET(CURLOPT_CUSTOMREQUEST, method);
    return true;
}

/* The item's own headers after those of all items. */
static bool set_headers(struct fpool_http_transfer *t, bool has_body)
{
    const struct fpool_http_request *what = t->reply->what;
    const struct curl_slist *line = t->job->headers;
    bool is_well = true;

    if (!has_body && (what == NULL || what->headers == NULL)) {
        return true;
    }
    t->prepared = 0;
    for (; is_well && line != NULL; line = line->next) {
        is_well = fpool_http_add_headers(&t->headers, line->data);
    }
    if (is_well && what != NULL && what->headers != NULL) {
        is_well = fpool_http_add_headers(&t->headers, what->headers);
    }
    /* Waiting a second for "100 Continue" is of no use to anybody. */
    is_well = is_well &&
              (!has_body || fpool_http_add_headers(&t->headers, "Expect:"));
    SET(CURLOPT_HTTPHEADER, t->headers);
    return is_well;
}

static bool set_special(struct fpool_http_transfer *t)
{
    const struct fpool_http_op *o = &t->job->options;
    const struct fpool_http_request *what = t->reply->what;
    bool is_at_home = fpool_http_reply_is_at_home(t->reply);
    /* An item with a method of its own does not want the others' body. */
    bool has_body = what != NULL && (what->body != NULL || what->method != NULL)
                        ? what->body != NULL
                        : o->body != NULL;

    has_body = has_body && !t->reply->is_get && is_at_home;

    if ((has_body && !set_body(t)) ||
        (is_at_home && !set_headers(t, has_body)) || !set_method(t, has_body)) {
        return false;
    }
    if (what != NULL && what->range != NULL) {
        t->prepared = 0;
        SET(CURLOPT_RANGE, what->range);
    }
    return true;
}

/* With more hosts at work than connections are kept, one that is kept for a
 * host without more to do would only be closed to make room, and libcurl looks
 * at all of them to find it. */
static bool set_reuse(struct fpool_http_transfer *t)
{
    bool is_last = t->host->n_queued == 0 && t->host->n_running == 1;
    unsigned n_hosts =
        atomic_load_explicit(&t->lane->n_hosts, memory_order_relaxed);

    SET(CURLOPT_FORBID_REUSE,
        is_last && n_hosts >= t->hub->max_connections / 2 ? 1L : 0L);
    return true;
}

bool fpool_http_setup(struct fpool_http_transfer *t)
{
    if ((t->prepared != t->job->serial ||
         !fpool_http_reply_is_at_home(t->reply)) &&
        !prepare(t)) {
        return false;
    }
    SET(CURLOPT_URL, fpool_http_reply_url(t->reply));
    return set_route(t) && set_reuse(t) && set_special(t);
}
