/* SPDX-License-Identifier: MIT */
/* Reading options by tables, with getopt_long and from option files; called by
 * command.c. */
#include "options.h"

#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "say.h"
#include "text.h"

#define MAX_CONFIG ((size_t)1 << 20)

/* What getopt_long returns: 1 for an argument that is no option, a letter, or
 * the place among all options beyond these. */
#define ARGUMENT 1
#define FIRST    256

struct reader {
    struct cli_options *o;
    const struct cli_option *own;
    void *settings; /* of 'own' */
    size_t n_common;
    size_t n_own;
    struct option *names;
    char *letters;
};

bool cli_refuse_value(const char *name, const char *value)
{
    char text[64];

    snprintf(text, sizeof(text), "option --%s does not take the value", name);
    cli_say_name(text, value, "");
    return false;
}

bool cli_lack_value(const char *name, const char *value)
{
    cli_say("option --%s: %s is not available in this version", name, value);
    return false;
}

/* ---- The tables. */

static size_t length(const struct cli_option *options)
{
    size_t n = 0;

    while (options[n].name != NULL) {
        n++;
    }
    return n;
}

static const struct cli_option *option_at(const struct reader *r, size_t i)
{
    return i < r->n_common ? &cli_common_options[i] : &r->own[i - r->n_common];
}

static size_t n_options(const struct reader *r)
{
    return r->n_common + r->n_own;
}

/* One of no_argument, required_argument and optional_argument. */
static int argument_of(const struct cli_option *option)
{
    switch (option->kind) {
    case CLI_FLAG:
    case CLI_SWITCHED:
    case CLI_LACKED:
        return no_argument;
    case CLI_LACKED_OPTIONAL:
        return optional_argument;
    default:
        return required_argument;
    }
}

static bool make_names(struct reader *r)
{
    size_t n = n_options(r);
    char *p;
    size_t i;

    r->names = calloc(n + 1, sizeof(*r->names));
    r->letters = calloc(n + 2, 2);
    if (r->names == NULL || r->letters == NULL) {
        cli_say("out of memory");
        return false;
    }
    p = r->letters;
    *p++ = '-'; /* Arguments come in their order. */
    *p++ = ':'; /* A missing value is told from an unknown option. */
    for (i = 0; i < n; i++) {
        const struct cli_option *option = option_at(r, i);

        r->names[i].name = option->name;
        r->names[i].has_arg = argument_of(option);
        r->names[i].val = FIRST + (int)i;
        if (option->letter != '\0') {
            *p++ = option->letter;
            if (argument_of(option) == required_argument) {
                *p++ = ':';
            }
        }
    }
    return true;
}

/* ---- One option. */

static bool read_config(struct reader *r, const char *path);

static bool read_count(const struct cli_option *option, const char *value,
                       unsigned *ret_count)
{
    int64_t n;

    if (!cli_parse_number(value, option->max, &n) || n == 0) {
        return cli_refuse_value(option->name, value);
    }
    *ret_count = (unsigned)n;
    return true;
}

static bool read_duration(const struct cli_option *option, const char *value,
                          int64_t *ret_ms)
{
    return cli_parse_duration(value, ret_ms) ||
           cli_refuse_value(option->name, value);
}

/* Applies the option at 'i'; 'by_letter' is how it was called. */
static bool apply(struct reader *r, size_t i, bool by_letter, const char *value)
{
    const struct cli_option *option = option_at(r, i);
    void *settings = i < r->n_common ? r->o : r->settings;
    void *field = (char *)settings + option->offset;

    switch (option->kind) {
    case CLI_FLAG:
        *(bool *)field = true;
        return true;
    case CLI_TEXT:
        *(const char **)field = value;
        return true;
    case CLI_COUNT:
        return read_count(option, value, field);
    case CLI_DURATION:
        return read_duration(option, value, field);
    case CLI_SPECIAL:
    case CLI_SWITCHED:
        return option->read(settings, value);
    case CLI_CONFIG:
        return read_config(r, value);
    default:
        if (by_letter) {
            cli_say("option -%c is not available in this version",
                    option->letter);
        } else {
            cli_say("option --%s is not available in this version",
                    option->name);
        }
        return false;
    }
}

/* ---- Option files. */

static char *skip_blanks(char *p)
{
    while (*p == ' ' || *p == '\t') {
        p++;
    }
    return p;
}

static void trim_end(char *line)
{
    size_t n = strlen(line);

    while (n > 0 && isspace((unsigned char)line[n - 1])) {
        n--;
    }
    line[n] = '\0';
}

/* The option called 'name' in full; the number of options if there is none that
 * an option file may have. */
static size_t find_option(const struct reader *r, const char *name)
{
    size_t n = n_options(r);
    size_t i;

    for (i = 0; i < n; i++) {
        if (strcmp(option_at(r, i)->name, name) == 0) {
            break;
        }
    }
    return i < n && option_at(r, i)->kind == CLI_CONFIG ? n : i;
}

/* "name", "name value" or "name = value", after dashes if need be. */
static bool read_line(struct reader *r, char *line)
{
    char *name = line + (strncmp(line, "--", 2) == 0 ? 2 : 0);
    char *value = name + strcspn(name, " \t=");
    size_t i;

    if (*value != '\0') {
        bool has_equals = *value == '=';

        *value = '\0';
        value = skip_blanks(value + 1);
        if (!has_equals && *value == '=') {
            value = skip_blanks(value + 1);
        }
    }
    i = find_option(r, name);
    if (i == n_options(r)) {
        cli_say_name("no option for a file:", name, "");
        return false;
    }
    if (argument_of(option_at(r, i)) == no_argument && *value != '\0') {
        cli_say("option --%s takes no value", name);
        return false;
    }
    if (argument_of(option_at(r, i)) == required_argument && *value == '\0') {
        cli_say("a value is missing after --%s", name);
        return false;
    }
    return apply(r, i, false, value);
}

static bool read_lines(struct reader *r, const char *path, char *text)
{
    char *line = strncmp(text, "\xEF\xBB\xBF", 3) == 0 ? text + 3 : text;
    unsigned number = 1;

    while (line != NULL) {
        char *next = strchr(line, '\n');

        if (next != NULL) {
            *next++ = '\0';
        }
        line = skip_blanks(line);
        trim_end(line);
        if (*line != '\0' && *line != '#' && !read_line(r, line)) {
            char where[40];

            snprintf(where, sizeof(where), "that is line %u of", number);
            cli_say_name(where, path, "");
            return false;
        }
        line = next;
        number++;
    }
    return true;
}

static bool read_config(struct reader *r, const char *path)
{
    size_t size;
    char *text = cli_read_file(path, MAX_CONFIG, &size);

    if (text == NULL) {
        cli_say_name("cannot read the options in", path, strerror(errno));
        return false;
    }
    if (!cli_texts_add(&r->o->kept, text)) {
        free(text);
        return false;
    }
    if (strlen(text) != size) {
        cli_say_name("a zero byte in", path, "");
        return false;
    }
    return read_lines(r, path, text);
}

/* ---- The command line. */

/* An item, or "@FILE". */
static bool read_argument(struct reader *r, const char *argument)
{
    return argument[0] == '@' ? read_config(r, argument + 1)
                              : cli_texts_add(&r->o->items, argument);
}

static bool read_code(struct reader *r, int code, const char *value)
{
    size_t i = 0;

    if (code == ARGUMENT) {
        return read_argument(r, value);
    }
    if (code >= FIRST) {
        return apply(r, (size_t)(code - FIRST), false, value);
    }
    while (option_at(r, i)->letter != code) {
        i++;
    }
    return apply(r, i, true, value);
}

static bool read_all(struct reader *r, int argc, char **argv)
{
    opterr = 0;
    optind = 1;
    for (;;) {
        int code = getopt_long(argc, argv, r->letters, r->names, NULL);

        if (code == -1) {
            break;
        }
        if (code == '?' || code == ':') {
            char hint[64];

            snprintf(hint, sizeof(hint), "see fetchpool %s --help",
                     cli_say_command());
            cli_say_name(code == '?' ? "unknown or ambiguous option"
                                     : "a value is missing after",
                         argv[optind - 1], hint);
            return false;
        }
        if (!read_code(r, code, optarg)) {
            return false;
        }
    }
    for (; optind < argc; optind++) { /* behind "--" */
        if (!cli_texts_add(&r->o->items, argv[optind])) {
            return false;
        }
    }
    return true;
}

bool cli_options_read(struct cli_options *o, const struct cli_option *own,
                      void *settings, int argc, char **argv)
{
    struct reader r = { .o = o,
                        .own = own,
                        .settings = settings,
                        .n_common = length(cli_common_options),
                        .n_own = length(own) };
    bool is_well = make_names(&r) && read_all(&r, argc, argv);

    free(r.names);
    free(r.letters);
    return is_well;
}
