/* SPDX-License-Identifier: MIT */
/* Which proxies `fetchpool get` uses: the library knows no environment, so that
 * what curl finds there is found here. */
#include <stdlib.h>
#include <string.h>

#include "get_private.h"
#include "say.h"

/* What the environment says; NULL for nothing. */
static const char *find(const char *name, const char *other)
{
    const char *value = getenv(name);

    if ((value == NULL || value[0] == '\0') && other != NULL) {
        value = getenv(other);
    }
    return value == NULL || value[0] == '\0' ? NULL : value;
}

static char *append(char *p, const char *before, const char *value)
{
    if (value == NULL || value[0] == '\0') {
        return p;
    }
    p = stpcpy(p, before);
    p = stpcpy(p, value);
    return stpcpy(p, "\n");
}

static size_t length(const char *text)
{
    return text == NULL ? 0 : strlen(text);
}

/* "http=URL", "https=URL", "no=NAMES", a line each. */
static bool set_lines(struct get *get, const char *http, const char *https,
                      const char *no)
{
    char *p = malloc(length(http) + length(https) + length(no) + 32);

    if (p == NULL) {
        cli_say("out of memory");
        return false;
    }
    get->proxy_lines = p;
    *p = '\0';
    p = append(p, "http=", http);
    p = append(p, "https=", https);
    (void)append(p, "no=", no);
    return true;
}

static bool check(const struct get *get, const char *whose)
{
    const char *why = get->proxy_lines == NULL
                          ? NULL
                          : fpool_http_check("proxy", get->proxy_lines);

    if (why != NULL) {
        cli_say("%s: %s", whose, why);
    }
    return why == NULL;
}

static bool has_policy(const struct get *get)
{
    return get->denies_private || get->deny_nets.n > 0 || get->allow_nets.n > 0;
}

/* Anybody can set HTTP_PROXY of a CGI program, by a header; so that, as curl
 * has it, this one counts in lower case alone. */
static bool set_environment(struct get *get, const char *no)
{
    const char *all = find("all_proxy", "ALL_PROXY");
    const char *http = find("http_proxy", NULL);
    const char *https = find("https_proxy", "HTTPS_PROXY");

    http = http == NULL ? all : http;
    https = https == NULL ? all : https;
    if (http == NULL && https == NULL) {
        return true;
    }
    return set_lines(get, http, https, no) &&
           check(get, "the environment's proxies");
}

bool get_proxy_complete(struct get *get)
{
    const char *no =
        get->no_proxy != NULL ? get->no_proxy : find("no_proxy", "NO_PROXY");

    if (get->proxy == NULL) {
        return has_policy(get) ? true : set_environment(get, no);
    }
    if (get->proxy[0] == '\0') {
        return true;
    }
    return set_lines(get, get->proxy, get->proxy, no) &&
           check(get, "option --proxy");
}
