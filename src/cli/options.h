/* SPDX-License-Identifier: MIT */
/* Options of a command: those that all commands share, and its own.
 *
 * Purpose: read the command line and option files by tables; refuse, in words,
 *   what this version lacks.
 * Use: a table of struct cli_option that ends with one without a name.
 * Ownership: texts are borrowed from argv or kept until fini.
 * Thread-safety: one thread.
 * Limits: option files of 1 MiB, which do not name further ones. */
#ifndef FPOOL_CLI_OPTIONS_H
#define FPOOL_CLI_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "progress.h"

enum cli_option_kind {
    CLI_FLAG,           /* sets a bool */
    CLI_TEXT,           /* keeps the value */
    CLI_COUNT,          /* an unsigned from 1 to 'max' */
    CLI_DURATION,       /* milliseconds in an int64_t */
    CLI_SPECIAL,        /* 'read' looks at the value, */
    CLI_SWITCHED,       /* or is called without one */
    CLI_CONFIG,         /* reads an option file */
    CLI_LACKED,         /* known, and not in this version: without a value, */
    CLI_LACKED_VALUE,   /* with one, */
    CLI_LACKED_OPTIONAL /* or perhaps with one */
};

struct cli_option {
    const char *name;
    enum cli_option_kind kind;
    char letter;   /* 0: none */
    size_t offset; /* of the field in the settings */
    int64_t max;
    /* Says what is wrong with the value, and returns false; or stores it. */
    bool (*read)(void *settings, const char *value);
};

/* Rows of a table. */
#define CLI_FIELD(name_, kind_, letter_, offset_)                              \
    {                                                                          \
        .name = (name_), .kind = (kind_), .letter = (letter_),                 \
        .offset = (offset_)                                                    \
    }
#define CLI_NUMBER(name_, letter_, offset_, max_)                              \
    {                                                                          \
        .name = (name_), .kind = CLI_COUNT, .letter = (letter_),               \
        .offset = (offset_), .max = (max_)                                     \
    }
#define CLI_READER(name_, letter_, read_)                                      \
    {                                                                          \
        .name = (name_), .kind = CLI_SPECIAL, .letter = (letter_),             \
        .read = (read_)                                                        \
    }
#define CLI_SWITCH(name_, read_)                                               \
    {                                                                          \
        .name = (name_), .kind = CLI_SWITCHED, .read = (read_)                 \
    }
#define CLI_WORD(name_, kind_)                                                 \
    {                                                                          \
        .name = (name_), .kind = (kind_)                                       \
    }

struct cli_texts {
    const char **list;
    size_t n;
    size_t capacity;
};

/* The options that all commands share. */
struct cli_options {
    struct cli_texts files; /* -i, in order */
    struct cli_texts items; /* from the command line */
    struct cli_texts kept;  /* the contents of option files; freed by fini */
    unsigned jobs;
    unsigned window;     /* 0: as the command says */
    const char *results; /* NULL: none */
    const char *failed;
    const char *summary;
    bool is_ordered;
    int64_t retries;             /* -1: as the library has it */
    int64_t timeout_ms;          /* 0: none */
    int64_t deadline_ms;         /* 0: none */
    int64_t max_failures;        /* -1: no bound */
    double max_failures_percent; /* negative: no bound */
    enum cli_progress_mode progress;
    bool is_quiet;
    bool is_verbose;
    bool is_dry_run;
    bool wants_help;
};

/* Sets the defaults. */
void cli_options_init(struct cli_options *o);
void cli_options_fini(struct cli_options *o);

/* The table of the shared options, as 'offset' in struct cli_options. */
extern const struct cli_option cli_common_options[];

/* Reads the arguments, argv[0] being the command; its 'own' options go into
 * 'settings'.  False after saying what is wrong. */
bool cli_options_read(struct cli_options *o, const struct cli_option *own,
                      void *settings, int argc, char **argv);

/* Appends; false without memory, after saying so. */
bool cli_texts_add(struct cli_texts *texts, const char *text);

/* A copy of 'size' bytes of a text and a zero that lives until fini; NULL
 * without memory, after saying so. */
char *cli_texts_keep(struct cli_texts *kept, const char *text, size_t size);

/* Frees texts that were kept, and the list. */
void cli_texts_fini_kept(struct cli_texts *kept);

/* For 'read': say that the value is wrong, or lacking in this version. */
bool cli_refuse_value(const char *name, const char *value);
bool cli_lack_value(const char *name, const char *value);

#endif
