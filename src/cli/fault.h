/* SPDX-License-Identifier: MIT */
/* What can be wrong with an entry of a list.
 *
 * Purpose: a number that travels in the item, and its words.
 * Thread-safety: pure functions.
 * Limits: fewer than 256. */
#ifndef FPOOL_CLI_FAULT_H
#define FPOOL_CLI_FAULT_H

#define CLI_FAULT_MAP(X)                                                       \
    X(NONE, "")                                                                \
    X(TOO_LONG, "the line is too long")                                        \
    X(JSON_OBJECT, "not a JSON object on one line")                            \
    X(JSON_STRING, "a malformed string in the JSON")                           \
    X(JSON_UTF8, "the JSON is not UTF-8")                                      \
    X(JSON_NUMBER, "a malformed number in the JSON")                           \
    X(JSON_DEPTH, "the JSON is nested too deeply")                             \
    X(JSON_TWICE, "a member is there twice in the JSON")                       \
    X(JSON_TYPE, "a member of the JSON has a wrong type")                      \
    X(COLUMNS, "more fields than columns")                                     \
    X(NO_URL, "url: there is none")                                            \
    X(OUT, "out: not the name of a file below the directory")                  \
    X(HEADERS, "headers: not of the form \"Name: value\"")                     \
    X(METHOD, "method: not a word")                                            \
    X(SHA256, "sha256: not 64 hexadecimal digits")                             \
    X(SIZE, "size: not a number of bytes")                                     \
    X(CHECKSUM, "checksum: only sha-256 is available")                         \
    X(OPTION, "an option line without \"=\"")                                  \
    X(STRAY_OPTION, "an option line without a URL before it")                  \
    X(LATE_OPTION,                                                             \
      "an option line too late for its URL; give --input-format aria2")

enum cli_fault {
#define CLI_FAULT_ENUM(name, text) CLI_FAULT_##name,
    CLI_FAULT_MAP(CLI_FAULT_ENUM)
#undef CLI_FAULT_ENUM
        CLI_N_FAULTS
};

/* Static; "" for none. */
const char *cli_fault_text(enum cli_fault fault);

#endif
