/* SPDX-License-Identifier: MIT */
/* zlib and zstd behind one interface; called by bytes.c. */
#include "decoder.h"

#include <errno.h>
#include <stdlib.h>

#ifdef FETCHPOOL_HAS_ZLIB
#include <zlib.h>
#endif
#ifdef FETCHPOOL_HAS_ZSTD
#include <zstd.h>
#include <zstd_errors.h>
#endif

static int fail(const char *why, const char **ret_fault)
{
    *ret_fault = why;
    return EBADMSG;
}

/* ---- gzip. */

#ifdef FETCHPOOL_HAS_ZLIB

/* What zlib wants to hear beside the size of the window. */
#define GZIP_ONLY 16

struct gzip {
    z_stream z;
    bool is_between; /* members: here the data may end */
};

static void *gzip_create(void)
{
    struct gzip *g = calloc(1, sizeof(*g));

    if (g != NULL && inflateInit2(&g->z, MAX_WBITS + GZIP_ONLY) != Z_OK) {
        free(g);
        g = NULL;
    }
    return g;
}

static void gzip_destroy(void *decoder)
{
    struct gzip *g = decoder;

    inflateEnd(&g->z);
    free(g);
}

/* At the end of what there is. */
static int gzip_end(const struct gzip *g, const char **ret_fault)
{
    return g->is_between ? FPOOL_END
                         : fail("the gzip data is cut short", ret_fault);
}

static int gzip_run(struct gzip *g, struct cli_piece *piece,
                    const char **ret_fault)
{
    int code;

    if (piece->from_size == 0 && piece->is_last && g->is_between) {
        return FPOOL_END;
    }
    if (g->is_between && piece->from_size > 0) {
        if (piece->from[0] != 0x1f) {
            return fail("something that is no gzip data comes after the end of "
                        "the gzip data",
                        ret_fault);
        }
        inflateReset(&g->z);
        g->is_between = false;
    }
    g->z.next_in = (unsigned char *)(uintptr_t)piece->from;
    g->z.avail_in = (unsigned)piece->from_size;
    g->z.next_out = (unsigned char *)piece->to;
    g->z.avail_out = (unsigned)piece->to_size;
    code = inflate(&g->z, Z_NO_FLUSH);
    piece->from_used = piece->from_size - g->z.avail_in;
    piece->to_used = piece->to_size - g->z.avail_out;
    g->is_between = code == Z_STREAM_END;
    if (code == Z_MEM_ERROR) {
        return ENOMEM;
    }
    if (code != Z_OK && code != Z_STREAM_END && code != Z_BUF_ERROR) {
        return fail("the gzip data is damaged", ret_fault);
    }
    return piece->is_last && piece->from_used == piece->from_size &&
                   piece->to_used == 0
               ? gzip_end(g, ret_fault)
               : FPOOL_OK;
}

#endif

/* ---- zstd. */

#ifdef FETCHPOOL_HAS_ZSTD

struct zstd {
    ZSTD_DCtx *context;
    bool is_between; /* frames: here the data may end */
};

static void *zstd_create(void)
{
    struct zstd *s = calloc(1, sizeof(*s));

    if (s != NULL) {
        s->context = ZSTD_createDCtx();
        if (s->context == NULL) {
            free(s);
            s = NULL;
        }
    }
    return s;
}

static void zstd_destroy(void *decoder)
{
    struct zstd *s = decoder;

    ZSTD_freeDCtx(s->context);
    free(s);
}

static const char *zstd_fault(const struct zstd *s, size_t code)
{
    switch (ZSTD_getErrorCode(code)) {
    case ZSTD_error_prefix_unknown:
        return s->is_between ? "something that is no zstd data comes after the "
                               "end of the zstd data"
                             : "the zstd data is damaged";
    case ZSTD_error_frameParameter_windowTooLarge:
        return "the zstd data needs a window of more than 128 MiB";
    default:
        return "the zstd data is damaged";
    }
}

static int zstd_run(struct zstd *s, struct cli_piece *piece,
                    const char **ret_fault)
{
    ZSTD_inBuffer in = { piece->from, piece->from_size, 0 };
    ZSTD_outBuffer out = { piece->to, piece->to_size, 0 };
    size_t code;

    if (piece->from_size == 0 && piece->is_last && s->is_between) {
        return FPOOL_END;
    }
    code = ZSTD_decompressStream(s->context, &out, &in);
    if (ZSTD_isError(code) != 0) {
        return ZSTD_getErrorCode(code) == ZSTD_error_memory_allocation
                   ? ENOMEM
                   : fail(zstd_fault(s, code), ret_fault);
    }
    piece->from_used = in.pos;
    piece->to_used = out.pos;
    if (in.pos > 0 || out.pos > 0) {
        s->is_between = code == 0;
        return FPOOL_OK;
    }
    return piece->is_last ? fail("the zstd data is cut short", ret_fault)
                          : FPOOL_OK;
}

#endif

/* ---- Both. */

const char *cli_decoder_refuse(enum cli_form form)
{
#ifndef FETCHPOOL_HAS_ZLIB
    if (form == CLI_FORM_GZIP) {
        return "gzip is not available in this build";
    }
#endif
#ifndef FETCHPOOL_HAS_ZSTD
    if (form == CLI_FORM_ZSTD) {
        return "zstd is not available in this build";
    }
#endif
    (void)form;
    return NULL;
}

void *cli_decoder_create(enum cli_form form)
{
#ifdef FETCHPOOL_HAS_ZLIB
    if (form == CLI_FORM_GZIP) {
        return gzip_create();
    }
#endif
#ifdef FETCHPOOL_HAS_ZSTD
    if (form == CLI_FORM_ZSTD) {
        return zstd_create();
    }
#endif
    (void)form;
    return NULL;
}

void cli_decoder_destroy(enum cli_form form, void *decoder)
{
    if (decoder == NULL) {
        return;
    }
#ifdef FETCHPOOL_HAS_ZLIB
    if (form == CLI_FORM_GZIP) {
        gzip_destroy(decoder);
    }
#endif
#ifdef FETCHPOOL_HAS_ZSTD
    if (form == CLI_FORM_ZSTD) {
        zstd_destroy(decoder);
    }
#endif
    (void)form;
}

int cli_decoder_run(enum cli_form form, void *decoder, struct cli_piece *piece,
                    const char **ret_fault)
{
    piece->from_used = 0;
    piece->to_used = 0;
#ifdef FETCHPOOL_HAS_ZLIB
    if (form == CLI_FORM_GZIP) {
        return gzip_run(decoder, piece, ret_fault);
    }
#endif
#ifdef FETCHPOOL_HAS_ZSTD
    if (form == CLI_FORM_ZSTD) {
        return zstd_run(decoder, piece, ret_fault);
    }
#endif
    (void)decoder;
    (void)form;
    return fail("unknown data", ret_fault); /* unreachable: defensive */
}
