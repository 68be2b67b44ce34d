/* SPDX-License-Identifier: MIT */
/* Parsing of URLs by libcurl's own parser, so that what is checked here is what
 * is connected to later; called when an item arrives and for each redirect. */
#include "engine/http/url.h"

#include <curl/curl.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"

static bool is_blank(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static void trim(const char **data, size_t *size)
{
    while (*size > 0 && is_blank((*data)[0])) {
        (*data)++;
        (*size)--;
    }
    while (*size > 0 && is_blank((*data)[*size - 1])) {
        (*size)--;
    }
}

/* What is wrong with the bytes themselves, or NULL. */
static const char *find_fault(const char *data, size_t size, const char *base)
{
    size_t i;

    if (size == 0) {
        return "empty URL";
    }
    if (size > FPOOL_HTTP_MAX_URL) {
        return "URL longer than 65536 bytes";
    }
    if (base != NULL && size > FPOOL_HTTP_MAX_TARGET) {
        return "redirected to a URL longer than 8192 bytes";
    }
    for (i = 0; i < size; i++) {
        unsigned char c = (unsigned char)data[i];

        if (c < 0x20 || c == 0x7f) {
            return "control character in URL";
        }
        if (c == ' ' && base == NULL) {
            return "blank in URL";
        }
    }
    return NULL;
}

static char *copy_text(const char *text, size_t size)
{
    char *copy = fpool_malloc(size + 1);

    if (copy != NULL) {
        memcpy(copy, text, size);
        copy[size] = '\0';
    }
    return copy;
}

/* The whole URL of 'u' in our own memory. */
static enum fpool_status get_url(CURLU *u, char **ret_text)
{
    char *text = NULL;
    CURLUcode code = curl_url_get(u, CURLUPART_URL, &text, 0);

    if (code != CURLUE_OK) {
        return code == CURLUE_OUT_OF_MEMORY ? FPOOL_ENOMEM : FPOOL_EINVALID;
    }
    *ret_text = copy_text(text, strlen(text));
    curl_free(text);
    return *ret_text == NULL ? FPOOL_ENOMEM : FPOOL_OK;
}

/* The authority of a normalised URL is what is between "//" and the path; in it
 * the host is what follows the user, and what is before the port. */
struct authority {
    size_t user_at;
    size_t host_at;
    size_t host_end;
    size_t end;
};

static bool find_authority(const char *url, struct authority *ret)
{
    const char *slashes = strstr(url, "://");
    const char *host;
    const char *at;
    const char *colon;
    size_t size;

    if (slashes == NULL) {
        return false;
    }
    ret->user_at = (size_t)(slashes - url) + 3;
    size = strcspn(url + ret->user_at, "/?#");
    ret->end = ret->user_at + size;
    at = memrchr(url + ret->user_at, '@', size);
    host = at == NULL ? url + ret->user_at : at + 1;
    ret->host_at = (size_t)(host - url);
    size = ret->end - ret->host_at;
    colon = host[0] == '[' ? memchr(host, ']', size) : memchr(host, ':', size);
    ret->host_end = colon == NULL   ? ret->end
                    : *colon == ']' ? (size_t)(colon + 1 - url)
                                    : (size_t)(colon - url);
    return ret->host_end > ret->host_at && ret->host_end <= UINT16_MAX;
}

/* FNV-1a, and its bits mixed. */
static uint64_t hash_of(const char *host, size_t size)
{
    uint64_t hash = 0xcbf29ce484222325u;
    size_t i;

    for (i = 0; i < size; i++) {
        unsigned char c = (unsigned char)host[i];

        c = c >= 'A' && c <= 'Z' ? c | 0x20 : c;
        hash = (hash ^ c) * 0x100000001b3u;
    }
    hash ^= hash >> 32;
    return hash * 0x9e3779b97f4a7c15u;
}

static bool set_host(struct fpool_http_url *url, const struct authority *a)
{
    const char *text = url->request;
    size_t i = a->host_end + 1;
    unsigned port = 0;

    url->is_secure = strncmp(text, "https:", 6) == 0;
    url->host_at = (uint16_t)a->host_at;
    url->host_size = (uint16_t)(a->host_end - a->host_at);
    url->hash = hash_of(text + url->host_at, url->host_size);
    while (i < a->end) {
        port = port * 10 + (unsigned)(text[i++] - '0');
    }
    url->port = (uint16_t)(port != 0 ? port : url->is_secure ? 443 : 80);
    return port <= UINT16_MAX;
}

static bool is_our_scheme(const char *url)
{
    return strncmp(url, "http://", 7) == 0 || strncmp(url, "https://", 8) == 0;
}

static enum fpool_status get_both(CURLU *u, struct fpool_http_url *ret_url,
                                  const char **ret_reason)
{
    struct authority a;
    enum fpool_status status;

    curl_url_set(u, CURLUPART_FRAGMENT, NULL, 0);
    status = get_url(u, &ret_url->request);
    if (status != FPOOL_OK) {
        return status;
    }
    if (!is_our_scheme(ret_url->request)) {
        *ret_reason = "scheme is not http or https";
        return FPOOL_EINVALID;
    }
    if (!find_authority(ret_url->request, &a) || !set_host(ret_url, &a)) {
        return FPOOL_EINVALID;
    }
    if (a.host_at == a.user_at) {
        ret_url->shown = ret_url->request;
        return FPOOL_OK;
    }
    curl_url_set(u, CURLUPART_USER, NULL, 0);
    curl_url_set(u, CURLUPART_PASSWORD, NULL, 0);
    curl_url_set(u, CURLUPART_OPTIONS, NULL, 0);
    return get_url(u, &ret_url->shown);
}

static enum fpool_status parse(CURLU *u, struct fpool_http_url *ret_url,
                               const char *text, const char *base,
                               const char **ret_reason)
{
    unsigned flags = CURLU_URLENCODE | CURLU_ALLOW_SPACE;
    CURLUcode code = CURLUE_OK;
    enum fpool_status status;

    if (base != NULL) {
        code = curl_url_set(u, CURLUPART_URL, base, 0);
    }
    if (code == CURLUE_OK) {
        code = curl_url_set(u, CURLUPART_URL, text, flags);
    }
    if (code == CURLUE_OUT_OF_MEMORY) {
        return FPOOL_ENOMEM;
    }
    if (code != CURLUE_OK) {
        *ret_reason = curl_url_strerror(code);
        return FPOOL_EINVALID;
    }
    *ret_reason = "not a URL with a host";
    status = get_both(u, ret_url, ret_reason);
    if (status != FPOOL_OK) {
        fpool_http_url_fini(ret_url);
    }
    return status;
}

enum fpool_status fpool_http_url_parse(struct fpool_http_url *ret_url,
                                       const char *data, size_t size,
                                       const char *base,
                                       const char **ret_reason)
{
    struct fpool_http_url url = { 0 };
    enum fpool_status status = FPOOL_ENOMEM;
    const char *fault;
    char *text;
    CURLU *u;

    trim(&data, &size);
    fault = find_fault(data, size, base);
    if (fault != NULL) {
        *ret_reason = fault;
        return FPOOL_EINVALID;
    }
    text = copy_text(data, size);
    u = curl_url();
    if (text != NULL && u != NULL) {
        status = parse(u, &url, text, base, ret_reason);
    }
    curl_url_cleanup(u);
    fpool_free(text);
    if (status == FPOOL_OK) {
        *ret_url = url;
    }
    return status;
}

void fpool_http_url_fini(struct fpool_http_url *url)
{
    if (url->shown != url->request) {
        fpool_free(url->shown);
    }
    fpool_free(url->request);
    memset(url, 0, sizeof(*url));
}

bool fpool_http_url_is_same_origin(const struct fpool_http_url *a,
                                   const struct fpool_http_url *b)
{
    return a->hash == b->hash && a->port == b->port &&
           a->is_secure == b->is_secure && a->host_size == b->host_size &&
           strncasecmp(a->request + a->host_at, b->request + b->host_at,
                       a->host_size) == 0;
}
