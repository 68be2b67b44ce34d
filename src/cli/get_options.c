/* SPDX-License-Identifier: MIT */
/* The options of `fetchpool get` alone; read by options.c. */
#include <string.h>

#include "get_private.h"
#include "text.h"

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

    if (i < 0) {
        return strchr(value, '{') != NULL
                   ? cli_lack_value("layout", "a template")
                   : cli_refuse_value("layout", value);
    }
    get->dir_options.layout = (enum fpool_dir_layout)i;
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
    static const char *const words[] = { "sha256", "none", NULL };
    struct get *get = settings;
    int i = cli_find_word(value, words);

    if (i < 0) {
        return strcmp(value, "sha1") == 0 || strcmp(value, "md5") == 0
                   ? cli_lack_value("checksum", value)
                   : cli_refuse_value("checksum", value);
    }
    get->has_no_digest = i == 1;
    return true;
}

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

#define AT(member) offsetof(struct get, member)

const struct cli_option get_options[] = {
    CLI_READER("output", 'o', read_output),
    CLI_FIELD("connect-timeout", CLI_DURATION, '\0', AT(connect_timeout_ms)),
    CLI_FIELD("stall", CLI_DURATION, '\0', AT(stall_ms)),
    CLI_READER("max-size", '\0', read_max_size),
    CLI_READER("redirects", '\0', read_redirects),
    CLI_READER("layout", '\0', read_layout),
    CLI_READER("if-exists", '\0', read_if_exists),
    CLI_READER("checksum", '\0', read_checksum),
    CLI_FIELD("cacert", CLI_TEXT, '\0', AT(ca_file)),
    CLI_FIELD("insecure", CLI_FLAG, 'k', AT(is_insecure)),
    CLI_FIELD("user-agent", CLI_TEXT, 'A', AT(user_agent)),
    CLI_WORD("retries", CLI_LACKED_VALUE),
    CLI_WORD("per-host", CLI_LACKED_VALUE),
    CLI_WORD("rate", CLI_LACKED_VALUE),
    CLI_WORD("host-rate", CLI_LACKED_VALUE),
    CLI_WORD("retry-on", CLI_LACKED_VALUE),
    CLI_WORD("throttle-on", CLI_LACKED_VALUE),
    CLI_WORD("max-retry-after", CLI_LACKED_VALUE),
    CLI_FIELD("header", CLI_LACKED_VALUE, 'H', 0),
    CLI_FIELD("request", CLI_LACKED_VALUE, 'X', 0),
    CLI_FIELD("data", CLI_LACKED_VALUE, 'd', 0),
    CLI_FIELD("user", CLI_LACKED_VALUE, 'u', 0),
    CLI_WORD("cookie", CLI_LACKED_VALUE),
    CLI_WORD("compressed", CLI_LACKED),
    CLI_WORD("http1.1", CLI_LACKED),
    CLI_WORD("http2", CLI_LACKED),
    CLI_WORD("proxy", CLI_LACKED_VALUE),
    CLI_WORD("resolvers", CLI_LACKED_VALUE),
    CLI_WORD("resolve", CLI_LACKED_VALUE),
    CLI_WORD("deny-private", CLI_LACKED),
    CLI_WORD("allow-net", CLI_LACKED_VALUE),
    CLI_WORD("deny-net", CLI_LACKED_VALUE),
    CLI_WORD("refresh", CLI_LACKED),
    CLI_WORD("input-format", CLI_LACKED_VALUE),
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
    (void)self;
    o->jobs = o->jobs == 0 ? 256 : o->jobs;
    if (o->window == 0) {
        o->window = o->jobs * 4 < 1000 ? 1000 : o->jobs * 4;
    }
    return CLI_EXIT_OK;
}
