/* SPDX-License-Identifier: MIT */
/* The table of the options that all commands share; used by options.c. */
#include <stdlib.h>
#include <string.h>

#include "options.h"
#include "text.h"

#define MAX_JOBS   65536
#define MAX_WINDOW (1 << 24)

/* One try less than the library allows. */
#define MAX_RETRIES 99

static bool read_file(void *settings, const char *value)
{
    struct cli_options *o = settings;

    return cli_texts_add(&o->files, value);
}

static bool read_progress(void *settings, const char *value)
{
    static const char *const words[] = { "auto", "tty",  "plain",
                                         "json", "none", NULL };
    struct cli_options *o = settings;
    int i = cli_find_word(value, words);

    if (i < 0) {
        return cli_refuse_value("progress", value);
    }
    o->progress = (enum cli_progress_mode)i;
    return true;
}

/* "10", or "2.5%" of what is done. */
static bool read_max_failures(void *settings, const char *value)
{
    struct cli_options *o = settings;
    size_t size = strlen(value);
    char number[32];
    double percent;

    if (cli_parse_number(value, INT64_MAX, &o->max_failures)) {
        return true;
    }
    if (size < 2 || size > sizeof(number) || value[size - 1] != '%') {
        return cli_refuse_value("max-failures", value);
    }
    memcpy(number, value, size - 1);
    number[size - 1] = '\0';
    if (!cli_parse_decimal(number, &percent) || percent > 100) {
        return cli_refuse_value("max-failures", value);
    }
    o->max_failures_percent = percent;
    return true;
}

static bool read_retries(void *settings, const char *value)
{
    struct cli_options *o = settings;

    return cli_parse_number(value, MAX_RETRIES, &o->retries) ||
           cli_refuse_value("retries", value);
}

#define AT(member) offsetof(struct cli_options, member)

const struct cli_option cli_common_options[] = {
    CLI_READER("input", 'i', read_file),
    CLI_NUMBER("jobs", 'j', AT(jobs), MAX_JOBS),
    CLI_NUMBER("window", '\0', AT(window), MAX_WINDOW),
    CLI_FIELD("results", CLI_TEXT, '\0', AT(results)),
    CLI_FIELD("failed", CLI_TEXT, '\0', AT(failed)),
    CLI_FIELD("ordered", CLI_FLAG, '\0', AT(is_ordered)),
    CLI_READER("retries", '\0', read_retries),
    CLI_FIELD("timeout", CLI_DURATION, '\0', AT(timeout_ms)),
    CLI_FIELD("deadline", CLI_DURATION, '\0', AT(deadline_ms)),
    CLI_READER("max-failures", '\0', read_max_failures),
    CLI_READER("progress", '\0', read_progress),
    CLI_FIELD("summary", CLI_TEXT, '\0', AT(summary)),
    CLI_FIELD("quiet", CLI_FLAG, 'q', AT(is_quiet)),
    CLI_FIELD("verbose", CLI_FLAG, 'v', AT(is_verbose)),
    CLI_WORD("config", CLI_CONFIG),
    CLI_FIELD("dry-run", CLI_FLAG, '\0', AT(is_dry_run)),
    CLI_FIELD("help", CLI_FLAG, 'h', AT(wants_help)),
    CLI_WORD("state", CLI_LACKED_VALUE),
    CLI_WORD("resume", CLI_LACKED_OPTIONAL),
    CLI_WORD("retry-failed", CLI_LACKED),
    CLI_WORD(NULL, CLI_LACKED),
};

void cli_options_init(struct cli_options *o)
{
    memset(o, 0, sizeof(*o));
    o->retries = -1;
    o->max_failures = -1;
    o->max_failures_percent = -1;
}

void cli_options_fini(struct cli_options *o)
{
    cli_texts_fini_kept(&o->kept);
    free(o->files.list);
    free(o->items.list);
    memset(o, 0, sizeof(*o));
}
