/* SPDX-License-Identifier: MIT */
/* The bytes of a list, compressed or not.
 *
 * Purpose: read a descriptor, and undo gzip or zstd where the first bytes say
 *   so, piece by piece.
 * Ownership: the descriptor is taken; closed by fini.
 * Thread-safety: one thread.
 * Limits: a zstd frame may ask for a window of 128 MiB, which is the default of
 *   zstd itself. */
#ifndef FPOOL_CLI_BYTES_H
#define FPOOL_CLI_BYTES_H

#include <fetchpool/fetchpool.h>

#include "decoder.h"

struct cli_bytes {
    int fd;
    bool is_file; /* reading it does not wait for anybody */
    enum cli_form form;
    unsigned char *raw; /* read and not yet decoded */
    size_t begin;
    size_t end;
    bool is_at_end; /* of the descriptor */
    void *decoder;
    uint64_t n_raw;    /* bytes read */
    uint64_t n_out;    /* bytes given */
    const char *fault; /* static; what was wrong with the data */
};

/* Takes 'fd'.  False without memory. */
bool cli_bytes_init(struct cli_bytes *b, int fd);
void cli_bytes_fini(struct cli_bytes *b);

/* Reads at least one and at most 'size' bytes.  Returns FPOOL_OK, FPOOL_END
 * (also once 'cancel' is tripped), or an errno value: EBADMSG for bad data,
 * then 'fault' is a static text. */
int cli_bytes_read(struct cli_bytes *b, char *data, size_t size,
                   struct fpool_cancel *cancel, size_t *ret_size);

/* What keeps the file 'fd' from being read, by its first bytes; a static text,
 * or NULL. */
const char *cli_bytes_refuse(int fd);

#endif
