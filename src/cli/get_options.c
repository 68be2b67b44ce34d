/* SPDX-License-Identifier: MIT */
/* The options of `fetchpool get` alone; read by options.c. */
#include <stdlib.h>
#include <string.h>

#include "get_private.h"
#include "resolvers.h"
#include "say.h"
#include "text.h"

#define MAX_PER_HOST 65536

/* ---- Where bodies go. */

static bool read_output(void *settings, const char *value)
{
    static const char *const others[] = { "tar:", "warc:", "sqlite:" };
    struct get *get = settings;
    size_t i;

    for (i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        if (strncmp(value, others[i], strlen(others[i])) == 0) {
            return cli_lack_value("output", others[i]);
        }
    }
    if (strcmp(value, "null") == 0) {
        get->dir_path = NULL;
        return true;
    }
    get->dir_path = strncmp(value, "dir:", 4) == 0 ? value + 4 : value;
    return get->dir_path[0] != '\0' ? true : cli_refuse_value("output", value);
}

static bool read_layout(void *settings, const char *value)
{
    static const char *const words[] = { "hash", "path", "index", NULL };
    struct get *get = settings;
    int i = cli_find_word(value, words);
    const char *why = NULL;

    get->dir_options.pattern = NULL;
    if (i >= 0) {
        get->dir_options.layout = (enum fpool_dir_layout)i;
        return true;
    }
    if (strchr(value, '{') == NULL) {
        return cli_refuse_value("layout", value);
    }
    why = fpool_dir_check_pattern(value);
    if (why != NULL) {
        cli_say_name("option --layout:", value, why);
        return false;
    }
    get->dir_options.layout = FPOOL_DIR_PATTERN;
    get->dir_options.pattern = value;
    return true;
}

static bool read_if_exists(void *settings, const char *value)
{
    static const char *const words[] = { "skip", "overwrite", "rename", "fail",
                                         NULL };
    struct get *get = settings;
    int i = cli_find_word(value, words);

    if (i < 0) {
        return cli_refuse_value("if-exists", value);
    }
    get->dir_options.if_exists = (enum fpool_dir_if_exists)i;
    return true;
}

static bool read_checksum(void *settings, const char *value)
{
    static const char *const words[] = { "sha256", "none",       "sha1",
                                         "md5",    "blake2b512", NULL };
    struct get *get = settings;
    int i = cli_find_word(value, words);

    if (i < 0) {
        return cli_refuse_value("checksum", value);
    }
    get->has_no_digest = i == 1;
    return i < 2 ? true : cli_lack_value("checksum", value);
}

static bool read_format(void *settings, const char *value)
{
    static const char *const words[] = { "auto",  "lines", "tsv",
                                         "jsonl", "aria2", NULL };
    struct get *get = settings;
    int i = cli_find_word(value, words);

    if (i < 0) {
        return cli_refuse_value("input-format", value);
    }
    get->format = (enum cli_format)i;
    return true;
}

/* ---- Bounds. */

static bool read_max_size(void *settings, const char *value)
{
    struct get *get = settings;

    return cli_parse_size(value, &get->max_size) ||
           cli_refuse_value("max-size", value);
}

static bool read_redirects(void *settings, const char *value)
{
    struct get *get = settings;
    int64_t n;

    if (!cli_parse_number(value, 1000, &n)) {
        return cli_refuse_value("redirects", value);
    }
    get->redirects = n == 0 ? -1 : (int)n;
    return true;
}

static bool read_rate(void *settings, const char *value)
{
    struct get *get = settings;

    return cli_parse_rate(value, &get->rate) || cli_refuse_value("rate", value);
}

static bool read_host_rate(void *settings, const char *value)
{
    struct get *get = settings;

    return cli_parse_rate(value, &get->host_rate) ||
           cli_refuse_value("host-rate", value);
}

/* ---- Texts that the library reads. */

static bool is_well(const char *option, const char *field, const char *value)
{
    const char *why = fpool_http_check(field, value);

    if (why != NULL) {
        cli_say("option --%s: %s", option, why);
    }
    return why == NULL;
}

static bool read_retry_on(void *settings, const char *value)
{
    struct get *get = settings;

    get->retry_on = value;
    return is_well("retry-on", "retry_on", value);
}

static bool read_throttle_on(void *settings, const char *value)
{
    struct get *get = settings;

    get->throttle_on = value;
    return is_well("throttle-on", "throttle_on", value);
}

static bool read_resolve(void *settings, const char *value)
{
    struct get *get = settings;

    return is_well("resolve", "resolve", value) &&
           cli_texts_add(&get->resolve, value);
}

static bool read_allow_net(void *settings, const char *value)
{
    struct get *get = settings;

    return is_well("allow-net", "allow_nets", value) &&
           cli_texts_add(&get->allow_nets, value);
}

static bool read_deny_net(void *settings, const char *value)
{
    struct get *get = settings;

    return is_well("deny-net", "deny_nets", value) &&
           cli_texts_add(&get->deny_nets, value);
}

/* ---- Which HTTP: the last word counts. */

static bool read_http1(void *settings, const char *value)
{
    struct get *get = settings;

    (void)value;
    get->is_http2 = false;
    return true;
}

#define AT(member) offsetof(struct get, member)

const struct cli_option get_options[] = {
    CLI_READER("output", 'o', read_output),
    CLI_READER("layout", '\0', read_layout),
    CLI_READER("if-exists", '\0', read_if_exists),
    CLI_READER("checksum", '\0', read_checksum),
    CLI_READER("input-format", '\0', read_format),
    CLI_NUMBER("per-host", '\0', AT(per_host), MAX_PER_HOST),
    CLI_READER("rate", '\0', read_rate),
    CLI_READER("host-rate", '\0', read_host_rate),
    CLI_READER("retry-on", '\0', read_retry_on),
    CLI_READER("throttle-on", '\0', read_throttle_on),
    CLI_FIELD("max-retry-after", CLI_DURATION, '\0', AT(max_retry_after_ms)),
    CLI_FIELD("connect-timeout", CLI_DURATION, '\0', AT(connect_timeout_ms)),
    CLI_FIELD("stall", CLI_DURATION, '\0', AT(stall_ms)),
    CLI_READER("max-size", '\0', read_max_size),
    CLI_READER("redirects", '\0', read_redirects),
    CLI_READER("header", 'H', get_read_header),
    CLI_READER("request", 'X', get_read_method),
    CLI_READER("data", 'd', get_read_data),
    CLI_READER("data-raw", '\0', get_read_data_raw),
    CLI_READER("data-binary", '\0', get_read_data_binary),
    CLI_READER("user", 'u', get_read_user),
    CLI_READER("cookie", 'b', get_read_cookie),
    CLI_FIELD("user-agent", CLI_TEXT, 'A', AT(user_agent)),
    CLI_FIELD("compressed", CLI_FLAG, '\0', AT(is_compressed)),
    CLI_SWITCH("http1.1", read_http1),
    CLI_FIELD("http2", CLI_FLAG, '\0', AT(is_http2)),
    CLI_FIELD("cacert", CLI_TEXT, '\0', AT(ca_file)),
    CLI_FIELD("insecure", CLI_FLAG, 'k', AT(is_insecure)),
    CLI_FIELD("proxy", CLI_TEXT, 'x', AT(proxy)),
    CLI_FIELD("noproxy", CLI_TEXT, '\0', AT(no_proxy)),
    CLI_FIELD("resolvers", CLI_TEXT, '\0', AT(resolvers)),
    CLI_READER("resolve", '\0', read_resolve),
    CLI_FIELD("deny-private", CLI_FLAG, '\0', AT(denies_private)),
    CLI_READER("allow-net", '\0', read_allow_net),
    CLI_READER("deny-net", '\0', read_deny_net),
    CLI_WORD("refresh", CLI_LACKED),
    CLI_WORD(NULL, CLI_LACKED),
};

void get_options_init(struct get *get)
{
    memset(get, 0, sizeof(*get));
    get->dir_path = "downloads";
    get->dir_options.struct_size = sizeof(get->dir_options);
}

int get_options_check(void *self, struct cli_options *o)
{
    struct get *get = self;

    o->jobs = o->jobs == 0 ? 256 : o->jobs;
    if (o->window == 0) {
        o->window = o->jobs * 4 < 1000 ? 1000 : o->jobs * 4;
    }
    if (!get_request_complete(get) || !get_proxy_complete(get)) {
        return CLI_EXIT_USAGE;
    }
    return get->resolvers == NULL
               ? CLI_EXIT_OK
               : cli_resolvers_load(get->resolvers, &get->resolver_list);
}

void get_options_fini(struct get *get)
{
    struct cli_texts *lists[] = { &get->headers, &get->cookies, &get->resolve,
                                  &get->allow_nets, &get->deny_nets };
    char *texts[] = { get->header_lines, get->cookie,       get->resolve_lines,
                      get->allow_list,   get->deny_list,    get->body,
                      get->proxy_lines,  get->resolver_list };
    size_t i;

    for (i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
        free(lists[i]->list);
    }
    for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        free(texts[i]);
    }
}
