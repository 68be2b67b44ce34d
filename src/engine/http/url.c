/* SPDX-License-Identifier: MIT */
/* Parsing of URLs by libcurl's own parser, so that what is checked here is what
 * is connected to later; called when an item arrives and for each redirect. */
#include "engine/http/url.h"

#include <curl/curl.h>
#include <string.h>

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

static bool has_part(CURLU *u, CURLUPart part)
{
    char *text = NULL;
    bool has = curl_url_get(u, part, &text, 0) == CURLUE_OK;

    curl_free(text);
    return has;
}

static bool is_our_scheme(CURLU *u)
{
    char *scheme = NULL;
    bool is_ours;

    if (curl_url_get(u, CURLUPART_SCHEME, &scheme, 0) != CURLUE_OK) {
        return false;
    }
    is_ours = strcmp(scheme, "http") == 0 || strcmp(scheme, "https") == 0;
    curl_free(scheme);
    return is_ours;
}

static enum fpool_status get_both(CURLU *u, struct fpool_http_url *ret_url)
{
    enum fpool_status status;

    curl_url_set(u, CURLUPART_FRAGMENT, NULL, 0);
    status = get_url(u, &ret_url->request);
    if (status != FPOOL_OK) {
        return status;
    }
    if (!has_part(u, CURLUPART_USER) && !has_part(u, CURLUPART_PASSWORD)) {
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
    if (!is_our_scheme(u)) {
        *ret_reason = "scheme is not http or https";
        return FPOOL_EINVALID;
    }
    *ret_reason = "not a URL with a host";
    status = get_both(u, ret_url);
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
    struct fpool_http_url url = { NULL, NULL };
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
    url->request = NULL;
    url->shown = NULL;
}

bool fpool_http_url_is_secure(const char *request)
{
    return strncmp(request, "https:", 6) == 0;
}
