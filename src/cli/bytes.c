/* SPDX-License-Identifier: MIT */
/* Reading and decompressing; called by line_reader.c.  Nothing is kept but one
 * buffer of what was read, so that it does not matter how much comes out. */
#include "bytes.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "decoder.h"

#define RAW_SIZE   ((size_t)128 * 1024)
#define MAGIC_SIZE 4

static const unsigned char gzip_magic[] = { 0x1f, 0x8b };
static const unsigned char zstd_magic[] = { 0x28, 0xb5, 0x2f, 0xfd };

bool cli_bytes_init(struct cli_bytes *b, int fd)
{
    struct stat st;

    memset(b, 0, sizeof(*b));
    b->fd = fd;
    b->is_file = fstat(fd, &st) == 0 && S_ISREG(st.st_mode);
    b->raw = malloc(RAW_SIZE);
    return b->raw != NULL;
}

void cli_bytes_fini(struct cli_bytes *b)
{
    cli_decoder_destroy(b->form, b->decoder);
    free(b->raw);
    if (b->fd >= 0) {
        close(b->fd);
    }
    memset(b, 0, sizeof(*b));
    b->fd = -1;
}

/* ---- The descriptor. */

/* Waits until there is something to read.  Returns FPOOL_OK; FPOOL_END once
 * cancelled; EMFILE where that could not be noticed, for want of a descriptor.
 */
static int wait_readable(const struct cli_bytes *b, struct fpool_cancel *cancel)
{
    struct pollfd fds[2] = { { .fd = b->fd, .events = POLLIN },
                             { .events = POLLIN } };

    if (b->is_file) {
        return fpool_cancel_is_tripped(cancel) ? FPOOL_END : FPOOL_OK;
    }
    fds[1].fd = fpool_cancel_fd(cancel);
    while (!fpool_cancel_is_tripped(cancel)) {
        int n = poll(fds, 2, fds[1].fd >= 0 ? -1 : 0);

        if (n > 0 && fds[0].revents != 0) {
            return FPOOL_OK;
        }
        if (n == 0 || (n < 0 && errno != EINTR)) {
            return n == 0 ? EMFILE : errno;
        }
    }
    return FPOOL_END;
}

/* Reads once; at the end '*ret_size' is 0. */
static int read_once(struct cli_bytes *b, void *data, size_t size,
                     struct fpool_cancel *cancel, size_t *ret_size)
{
    for (;;) {
        int code = wait_readable(b, cancel);
        ssize_t n;

        if (code != FPOOL_OK) {
            return code;
        }
        n = read(b->fd, data, size);
        if (n >= 0) {
            b->n_raw += (size_t)n;
            b->is_at_end = n == 0;
            *ret_size = (size_t)n;
            return FPOOL_OK;
        }
        if (errno != EINTR && errno != EAGAIN) {
            /* These two would be taken for FPOOL_END and FPOOL_WAIT. */
            return errno == EPERM || errno == ENOENT ? EIO : errno;
        }
    }
}

/* ---- The form. */

/* Whether what is there, perhaps the beginning, is that of a magic number. */
static bool may_be(const unsigned char *data, size_t size,
                   const unsigned char *magic, size_t magic_size)
{
    return memcmp(data, magic, size < magic_size ? size : magic_size) == 0;
}

static enum cli_form form_of(const unsigned char *data, size_t size)
{
    if (size >= sizeof(gzip_magic) &&
        may_be(data, size, gzip_magic, sizeof(gzip_magic))) {
        return CLI_FORM_GZIP;
    }
    return size >= sizeof(zstd_magic) &&
                   may_be(data, size, zstd_magic, sizeof(zstd_magic))
               ? CLI_FORM_ZSTD
               : CLI_FORM_PLAIN;
}

const char *cli_bytes_refuse(int fd)
{
    unsigned char magic[MAGIC_SIZE];
    ssize_t n = pread(fd, magic, sizeof(magic), 0);

    return n <= 0 ? NULL : cli_decoder_refuse(form_of(magic, (size_t)n));
}

/* Reads until the first bytes tell; of a plain list that takes one. */
static int find_form(struct cli_bytes *b, struct fpool_cancel *cancel)
{
    while (!b->is_at_end &&
           (b->end == 0 ||
            (b->end < sizeof(gzip_magic) &&
             may_be(b->raw, b->end, gzip_magic, sizeof(gzip_magic))) ||
            (b->end < sizeof(zstd_magic) &&
             may_be(b->raw, b->end, zstd_magic, sizeof(zstd_magic))))) {
        size_t n = 0;
        int code = read_once(b, b->raw + b->end, RAW_SIZE - b->end, cancel, &n);

        if (code != FPOOL_OK) {
            return code;
        }
        b->end += n;
    }
    b->form = form_of(b->raw, b->end);
    b->fault = cli_decoder_refuse(b->form);
    if (b->fault != NULL) {
        return EBADMSG;
    }
    if (b->form != CLI_FORM_PLAIN) {
        b->decoder = cli_decoder_create(b->form);
        return b->decoder == NULL ? ENOMEM : FPOOL_OK;
    }
    return FPOOL_OK;
}

/* ---- Reading. */

static int read_plain(struct cli_bytes *b, char *data, size_t size,
                      struct fpool_cancel *cancel, size_t *ret_size)
{
    size_t n = b->end - b->begin;
    int code;

    if (n == 0) {
        code = b->is_at_end ? FPOOL_OK : read_once(b, data, size, cancel, &n);
        *ret_size = n;
        return code == FPOOL_OK && n == 0 ? FPOOL_END : code;
    }
    n = n < size ? n : size;
    memcpy(data, b->raw + b->begin, n);
    b->begin += n;
    *ret_size = n;
    return FPOOL_OK;
}

static int read_coded(struct cli_bytes *b, char *data, size_t size,
                      struct fpool_cancel *cancel, size_t *ret_size)
{
    struct cli_piece piece = { .to = data, .to_size = size };
    int code;

    for (;;) {
        if (b->begin == b->end && !b->is_at_end) {
            size_t n = 0;

            code = read_once(b, b->raw, RAW_SIZE, cancel, &n);
            if (code != FPOOL_OK) {
                return code;
            }
            b->begin = 0;
            b->end = n;
        }
        piece.from = b->raw + b->begin;
        piece.from_size = b->end - b->begin;
        piece.is_last = b->is_at_end;
        code = cli_decoder_run(b->form, b->decoder, &piece, &b->fault);
        b->begin += piece.from_used;
        if (code != FPOOL_OK || piece.to_used > 0) {
            *ret_size = piece.to_used;
            return code;
        }
    }
}

int cli_bytes_read(struct cli_bytes *b, char *data, size_t size,
                   struct fpool_cancel *cancel, size_t *ret_size)
{
    int code = b->form == CLI_FORM_UNKNOWN ? find_form(b, cancel) : FPOOL_OK;

    *ret_size = 0;
    if (code != FPOOL_OK) {
        return code;
    }
    code = b->form == CLI_FORM_PLAIN
               ? read_plain(b, data, size, cancel, ret_size)
               : read_coded(b, data, size, cancel, ret_size);
    b->n_out += *ret_size;
    return code;
}
