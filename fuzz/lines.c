/* SPDX-License-Identifier: MIT */
/* Fuzz target of the line parser.  The first two bytes choose the bound of a
 * line, whether comments are dropped, and how the rest, the text, is cut into
 * pieces; then three things must hold: the lines are those of a naive splitter,
 * they are the same whatever the pieces, and each fits its bound.  Linked with
 * driver.c, or with libFuzzer. */
#include "source/lines.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Must hold, also without asserts. */
static void must(bool is_true)
{
    if (!is_true) {
        abort();
    }
}

struct setting {
    size_t max_line;
    bool skip_comments;
    unsigned seed; /* of the sizes of the pieces; 0: a single piece */
};

/* ---- The naive splitter, which has all of the text at once. */

struct naive {
    const char *text;
    size_t size;
    size_t position;
    bool skip_comments;
};

static void naive_init(struct naive *n, const char *text, size_t size,
                       bool skip_comments)
{
    bool has_mark = size >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0;

    n->text = text;
    n->size = size;
    n->position = has_mark ? 3 : 0;
    n->skip_comments = skip_comments;
}

/* Whether a line that keeps 'kept' of its 'size' bytes is to be dropped. */
static bool is_dropped(const char *line, size_t size, size_t kept)
{
    size_t n_blanks = 0;

    while (n_blanks < kept && strchr(" \t", line[n_blanks]) != NULL &&
           line[n_blanks] != '\0') {
        n_blanks++;
    }
    return n_blanks == size || (n_blanks < kept && line[n_blanks] == '#');
}

/* The next line, uncut. */
static bool naive_next(struct naive *n, size_t max_line, const char **ret_line,
                       size_t *ret_size)
{
    while (n->position < n->size) {
        const char *line = n->text + n->position;
        size_t size = 0;

        while (n->position + size < n->size && line[size] != '\n') {
            size++;
        }
        n->position += size;
        if (n->position < n->size) {
            n->position++;
            size -= size > 0 && line[size - 1] == '\r';
        }
        if (!n->skip_comments ||
            !is_dropped(line, size, size < max_line ? size : max_line)) {
            *ret_line = line;
            *ret_size = size;
            return true;
        }
    }
    return false;
}

/* ---- The parser under test. */

/* An item must be the naive splitter's next line, cut at the bound. */
static void check_item(struct naive *n, size_t max_line,
                       struct fpool_item *item)
{
    const char *line = NULL;
    size_t size = 0;
    bool is_cut;

    must(naive_next(n, max_line, &line, &size));
    is_cut = size > max_line;
    must(item->size == (is_cut ? max_line : size));
    must(memcmp(item->data, line, item->size) == 0);
    must(((const char *)item->data)[item->size] == '\0');
    must(item->flags == (is_cut ? FPOOL_ITEM_TRUNCATED : 0));
    item->drop(item->data);
}

/* Feeds one piece, from a block of its own, so that a sanitizer sees a read
 * beyond it. */
static void feed(struct fpool_line_parser *p, struct naive *n,
                 const char *bytes, size_t size)
{
    char *piece = malloc(size);
    size_t done = 0;

    must(piece != NULL);
    memcpy(piece, bytes, size);
    while (done < size) {
        struct fpool_item item = { 0 };
        size_t used = 0;
        enum fpool_status st =
            fpool_line_parser_feed(p, piece + done, size - done, &used, &item);

        must(st == FPOOL_OK || st == FPOOL_WAIT);
        must(used > 0 && used <= size - done);
        done += used;
        if (st == FPOOL_OK) {
            check_item(n, p->max_line, &item);
        }
        must(p->capacity <= 2 * (p->max_line + 6) + 256);
    }
    free(piece);
}

/* Pieces of 1 to 8 bytes, now and then of up to 512. */
static size_t next_size(unsigned *seed)
{
    *seed = *seed * 1103515245u + 12345u;
    return (*seed >> 16) % 8 == 0 ? 1 + (*seed >> 20) % 512
                                  : 1 + (*seed >> 20) % 8;
}

static void check(const struct setting *s, const char *text, size_t size)
{
    struct fpool_line_parser parser;
    struct fpool_item item = { 0 };
    struct naive naive;
    const char *line = NULL;
    unsigned seed = s->seed;
    size_t done = 0;

    naive_init(&naive, text, size, s->skip_comments);
    must(fpool_line_parser_init(&parser, s->max_line, s->skip_comments) ==
         FPOOL_OK);
    while (done < size) {
        size_t left = size - done;
        size_t n = s->seed == 0 ? left : next_size(&seed);

        n = n < left ? n : left;
        feed(&parser, &naive, text + done, n);
        done += n;
    }
    if (fpool_line_parser_end(&parser, &item) == FPOOL_OK) {
        check_item(&naive, s->max_line, &item);
    }
    must(fpool_line_parser_end(&parser, &item) == FPOOL_END);
    must(!naive_next(&naive, s->max_line, &line, &size));
    fpool_line_parser_fini(&parser);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const size_t bounds[] = { 1, 2, 3, 4, 7, 16, 255, 256, 65536 };
    size_t n_bounds = sizeof(bounds) / sizeof(bounds[0]);
    struct setting s;

    if (size < 2) {
        return 0;
    }
    s.max_line = bounds[data[0] % n_bounds];
    s.skip_comments = data[1] % 2 != 0;
    s.seed = 0;
    check(&s, (const char *)data + 2, size - 2);
    s.seed = 1u + data[1];
    check(&s, (const char *)data + 2, size - 2);
    return 0;
}
