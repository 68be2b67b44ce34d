/* SPDX-License-Identifier: MIT */
/* Result lines of `fetchpool get`.
 *
 * Purpose: one versioned JSON object for each item.
 * Ownership: everything is borrowed.
 * Thread-safety: one thread.
 * Limits: none. */
#ifndef FPOOL_CLI_RECORD_H
#define FPOOL_CLI_RECORD_H

#include <fetchpool/http.h>

#include "input.h"
#include "out.h"
#include "tally.h"

/* What is to be said about an item. */
struct cli_record {
    const struct cli_item *item;
    const struct fpool_http_response *response; /* NULL: there is none */
    enum cli_status status;
    const char *path; /* of the file below the directory, "" without */
    const char *kind; /* of the failure, "" without */
    const char *message;
    bool is_retryable;
};

void cli_record_write(struct cli_out *out, const struct cli_record *r);

#endif
