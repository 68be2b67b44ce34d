/* SPDX-License-Identifier: MIT */
/* Proxies.  Called by settings.c; read by setup.c. */
#include "engine/http/proxy.h"

#include <curl/curl.h>
#include <string.h>

#include "base/mem.h"

/* Which text "KEY=" at 'line' is for; NULL for no such key. */
static char **text_for(struct fpool_http_proxy *p, const char *line,
                       size_t *ret_key)
{
    static const char *const keys[] = { "http=", "https=", "no=" };
    char **texts[] = { &p->http, &p->https, &p->no };
    size_t i;

    for (i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        *ret_key = strlen(keys[i]);
        if (strncmp(line, keys[i], *ret_key) == 0) {
            return texts[i];
        }
    }
    return NULL;
}

static enum fpool_status set(char **text, const char *value, size_t size)
{
    if (*text != NULL) {
        return FPOOL_EINVAL; /* twice */
    }
    if (size == 0) {
        return FPOOL_OK;
    }
    *text = fpool_malloc(size + 1);
    if (*text == NULL) {
        return FPOOL_ENOMEM;
    }
    memcpy(*text, value, size);
    (*text)[size] = '\0';
    return FPOOL_OK;
}

/* A URL with a scheme that is one for proxies, or without. */
static bool is_proxy(const char *text)
{
    static const char *const schemes[] = { "http",    "https",  "socks4",
                                           "socks4a", "socks5", "socks5h" };
    CURLU *u = curl_url();
    char *scheme = NULL;
    bool is_well = u == NULL; /* That is told elsewhere. */
    bool is_url;
    size_t i;

    is_url = u != NULL &&
             curl_url_set(u, CURLUPART_URL, text,
                          CURLU_NON_SUPPORT_SCHEME | CURLU_GUESS_SCHEME) ==
                 CURLUE_OK &&
             curl_url_get(u, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK;
    if (is_url) {
        for (i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++) {
            is_well = is_well || strcmp(scheme, schemes[i]) == 0;
        }
    }
    curl_free(scheme);
    curl_url_cleanup(u);
    return is_well || (is_url && strstr(text, "://") == NULL);
}

static enum fpool_status set_url(char **text, const char *value, size_t size)
{
    enum fpool_status status = set(text, value, size);

    return status == FPOOL_OK && *text != NULL && !is_proxy(*text)
               ? FPOOL_EINVAL
               : status;
}

/* libcurl would take a control character, as the "\r" of a line's end, for a
 * part of the last name, and go through the proxy for it. */
static enum fpool_status set_list(char **text, const char *value, size_t size)
{
    size_t i;

    for (i = 0; i < size; i++) {
        unsigned char c = (unsigned char)value[i];

        if ((c < 0x20 && c != '\t') || c == 0x7f) {
            return FPOOL_EINVAL;
        }
    }
    return set(text, value, size);
}

/* One URL, for all: no "=" before the first ":". */
static bool is_one(const char *text)
{
    size_t end = strcspn(text, ":=");

    return text[end] != '=';
}

static enum fpool_status read_lines(struct fpool_http_proxy *p,
                                    const char *text)
{
    while (*text != '\0') {
        size_t size = strcspn(text, "\n");
        size_t key;
        char **field = text_for(p, text, &key);
        enum fpool_status status;

        if (field == NULL || key > size) {
            return FPOOL_EINVAL;
        }
        status = field == &p->no ? set_list(field, text + key, size - key)
                                 : set_url(field, text + key, size - key);
        if (status != FPOOL_OK) {
            return status;
        }
        text += size + (text[size] == '\n');
    }
    return FPOOL_OK;
}

enum fpool_status fpool_http_proxy_init(struct fpool_http_proxy *p,
                                        const char *text)
{
    size_t size = text == NULL ? 0 : strlen(text);
    enum fpool_status status;

    memset(p, 0, sizeof(*p));
    if (size == 0) {
        return FPOOL_OK;
    }
    if (!is_one(text)) {
        status = read_lines(p, text);
    } else if (strpbrk(text, "\r\n") != NULL) {
        return FPOOL_EINVAL;
    } else {
        status = set_url(&p->http, text, size);
        status = status != FPOOL_OK ? status : set_url(&p->https, text, size);
    }
    if (status != FPOOL_OK) {
        fpool_http_proxy_fini(p);
    }
    return status;
}

void fpool_http_proxy_fini(struct fpool_http_proxy *p)
{
    fpool_free(p->http);
    fpool_free(p->https);
    fpool_free(p->no);
    memset(p, 0, sizeof(*p));
}

const char *fpool_http_proxy_check(const char *text)
{
    struct fpool_http_proxy p;
    enum fpool_status status = fpool_http_proxy_init(&p, text);

    fpool_http_proxy_fini(&p);
    return status == FPOOL_EINVAL ? "not a proxy, as in \"http://host:3128\""
                                  : NULL;
}
