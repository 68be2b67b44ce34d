/* SPDX-License-Identifier: MIT */
/* The way of a large body from a loop to the disk, or to the program.
 *
 * Purpose: a loop never touches the disk.  It fills a chunk, hands it to the
 *   writer thread and goes on with the other one; while both are away the
 *   transfer pauses.  The writer digests, writes, and posts the chunk back.
 * Use: create, write until FULL, resume when told, finish, take the file; or
 *   abandon at any time.
 * Ownership: the transfer's until taken or abandoned; chunks belong to the
 *   spool and are lent to the writer.
 * Thread-safety: the loop's thread, except for what writer.c calls.
 * Limits: two chunks of 128 KiB, and the body's beginning once. */
#ifndef FPOOL_ENGINE_HTTP_SPOOL_H
#define FPOOL_ENGINE_HTTP_SPOOL_H

#include <openssl/evp.h>

#include "core/loop.h"
#include "engine/http/temp.h"
#include "engine/http/writer.h"
#include "fetchpool/http.h"

#define FPOOL_HTTP_CHUNK_SIZE (128 * 1024)

/* In place of an errno: the program does not want the body. */
#define FPOOL_HTTP_SPOOL_REFUSED (-1)

struct fpool_http_spool;

struct fpool_http_spool_options {
    struct fpool_loop *loop;
    struct fpool_http_writer *writer;
    struct fpool_http_folder *folder; /* referenced by the spool */
    const EVP_MD *digest;             /* NULL: none */
    /* Is given the chunks instead of a file; NULL: a file.  'part' says what is
     * the same for all of them. */
    int (*on_body)(void *userdata, const struct fpool_http_part *part);
    void *body_userdata;
    struct fpool_http_part part;
    /* Runs on the loop after a chunk came back: there is room again, or the
     * spool is done, or it has failed.  Not after abandoning. */
    void (*on_change)(void *userdata);
    void *userdata;
};

/* NULL without memory. */
struct fpool_http_spool *fpool_http_spool_create(
    const struct fpool_http_spool_options *options);

/* Sends the body's beginning, 'size' bytes in a block of fpool_malloc(), which
 * is taken.  Only as the first thing. */
void fpool_http_spool_head(struct fpool_http_spool *s, char *data, size_t size);

/* Copies 'size' bytes, at most FPOOL_HTTP_CHUNK_SIZE.  False, with nothing
 * copied, while there is no room. */
bool fpool_http_spool_write(struct fpool_http_spool *s, const char *data,
                            size_t size);

/* Sends what is left.  Afterwards the spool becomes done, or fails. */
void fpool_http_spool_finish(struct fpool_http_spool *s);

bool fpool_http_spool_is_done(const struct fpool_http_spool *s);

/* The errno of the first failure, 0 while there is none. */
int fpool_http_spool_error(const struct fpool_http_spool *s);

/* Of a spool that is done: gives its file in '*ret_temp' and its digest, if
 * there is one, in 'ret_digest' (32 bytes); the spool is gone. */
void fpool_http_spool_take(struct fpool_http_spool *s,
                           struct fpool_http_temp *ret_temp,
                           unsigned char *ret_digest);

/* Has the file closed by the writer, and the spool released when all has come
 * back; 'on_change' is not called again, 'on_closed' (or NULL) then, with the
 * same userdata. */
void fpool_http_spool_abandon(struct fpool_http_spool *s,
                              void (*on_closed)(void *userdata));

#endif
