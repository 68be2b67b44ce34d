/* SPDX-License-Identifier: MIT */
/* Undoing gzip and zstd.
 *
 * Purpose: the one place that knows the libraries for it, either of which a
 *   build may lack.
 * Use: run with what there is until it says FPOOL_END.
 * Ownership: a decoder is the caller's.
 * Thread-safety: one thread.
 * Limits: see bytes.h. */
#ifndef FPOOL_CLI_DECODER_H
#define FPOOL_CLI_DECODER_H

#include <fetchpool/fetchpool.h>

enum cli_form {
    CLI_FORM_UNKNOWN,
    CLI_FORM_PLAIN,
    CLI_FORM_GZIP,
    CLI_FORM_ZSTD
};

/* What goes in and comes out in one step. */
struct cli_piece {
    const unsigned char *from;
    size_t from_size;
    size_t from_used;
    bool is_last; /* nothing comes after 'from' */
    char *to;
    size_t to_size;
    size_t to_used;
};

/* Why this build cannot read the form, as a static text; NULL: it can. */
const char *cli_decoder_refuse(enum cli_form form);

/* NULL without memory. */
void *cli_decoder_create(enum cli_form form);
void cli_decoder_destroy(enum cli_form form, void *decoder);

/* One step; sets those of '*piece' that end in "used".  FPOOL_OK; FPOOL_END
 * when the data is complete and nothing came out; ENOMEM; or EBADMSG with a
 * static text in '*ret_fault'. */
int cli_decoder_run(enum cli_form form, void *decoder, struct cli_piece *piece,
                    const char **ret_fault);

#endif
