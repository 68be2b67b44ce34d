/* SPDX-License-Identifier: MIT */
/* Lines of a descriptor, as a source.  The parser (feed) knows nothing of
 * descriptors, so that fuzz/lines.c can drive it. */
#include "source/lines.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/options.h"
#include "fetchpool/source.h"

#define DEFAULT_MAX_LINE 65536
#define BUFFER_SIZE      65536

/* UTF-8's byte-order mark. */
#define MARK      "\xEF\xBB\xBF"
#define MARK_SIZE 3

struct lines {
    struct fpool_line_parser parser;
    int fd;
    uint32_t flags;
    bool is_at_end;
    size_t begin; /* of what is in 'buffer' and not parsed */
    size_t end;
    char buffer[BUFFER_SIZE];
};

/* ---- The parser. */

enum fpool_status fpool_line_parser_init(struct fpool_line_parser *p,
                                         size_t max_line, bool skip_comments)
{
    memset(p, 0, sizeof(*p));
    p->max_line = max_line;
    p->skip_comments = skip_comments;
    return FPOOL_OK;
}

void fpool_line_parser_fini(struct fpool_line_parser *p)
{
    fpool_free(p->line);
    p->line = NULL;
}

/* Room for 'more' bytes, a carriage return that may yet go, and a zero. */
static enum fpool_status grow(struct fpool_line_parser *p, size_t more)
{
    size_t capacity = p->capacity == 0 ? 256 : p->capacity;
    char *line;

    while (capacity < p->size + more + 2) {
        capacity *= 2;
    }
    if (capacity != p->capacity) {
        line = fpool_realloc(p->line, capacity);
        if (line == NULL) {
            return FPOOL_ENOMEM;
        }
        p->line = line;
        p->capacity = capacity;
    }
    return FPOOL_OK;
}

/* Keeps what fits.  One byte more than the bound is kept, in case it is the
 * carriage return of a line that just fits, and on the first line the bytes of
 * a byte-order mark. */
static enum fpool_status append(struct fpool_line_parser *p, const char *bytes,
                                size_t size)
{
    size_t extra = p->is_past_first ? 1 : 1 + MARK_SIZE;
    size_t room = p->max_line + extra - p->size;

    p->total += size;
    if (size > room) {
        size = room;
    }
    if (size == 0) {
        return FPOOL_OK;
    }
    if (grow(p, size) != FPOOL_OK) {
        return FPOOL_ENOMEM;
    }
    memcpy(p->line + p->size, bytes, size);
    p->size += size;
    return FPOOL_OK;
}

/* Of a line of blanks that was cut nobody knows: it is none. */
static bool is_comment(const char *line, size_t size, bool was_cut)
{
    size_t i = 0;

    while (i < size && (line[i] == ' ' || line[i] == '\t')) {
        i++;
    }
    return i == size ? !was_cut : line[i] == '#';
}

/* The line is complete: makes it an item, unless it is none. */
static enum fpool_status emit(struct fpool_line_parser *p, bool has_newline,
                              struct fpool_item *ret_item)
{
    const char *line = p->line == NULL ? "" : p->line;
    size_t size = p->size;
    size_t total = p->total;
    enum fpool_status st;

    if (!p->is_past_first && size >= MARK_SIZE &&
        memcmp(line, MARK, MARK_SIZE) == 0) {
        line += MARK_SIZE;
        size -= MARK_SIZE;
        total -= MARK_SIZE;
    }
    if (has_newline && total == size && size > 0 && line[size - 1] == '\r') {
        size--;
        total--;
    }
    if (size > p->max_line) {
        size = p->max_line;
    }
    p->is_past_first = true;
    p->size = p->total = 0;
    if ((p->skip_comments && is_comment(line, size, total > size)) ||
        (!has_newline && size == 0)) { /* nothing but a mark */
        return FPOOL_WAIT;
    }
    st = fpool_item_copy(ret_item, line, size);
    if (st == FPOOL_OK && total > size) {
        ret_item->flags |= FPOOL_ITEM_TRUNCATED;
    }
    return st;
}

enum fpool_status fpool_line_parser_feed(struct fpool_line_parser *p,
                                         const char *bytes, size_t size,
                                         size_t *ret_used,
                                         struct fpool_item *ret_item)
{
    const char *newline = memchr(bytes, '\n', size);
    size_t n = newline == NULL ? size : (size_t)(newline - bytes);
    enum fpool_status st = append(p, bytes, n);

    if (st != FPOOL_OK) {
        return st;
    }
    *ret_used = newline == NULL ? n : n + 1;
    return newline == NULL ? FPOOL_WAIT : emit(p, true, ret_item);
}

enum fpool_status fpool_line_parser_end(struct fpool_line_parser *p,
                                        struct fpool_item *ret_item)
{
    enum fpool_status st;

    if (p->total == 0) {
        return FPOOL_END;
    }
    st = emit(p, false, ret_item);
    return st == FPOOL_WAIT ? FPOOL_END : st;
}

/* ---- The source. */

/* Waits until the descriptor has something: FPOOL_OK.  FPOOL_END when the job
 * is cancelled; EMFILE where that could not be noticed, for want of a
 * descriptor, as then the job could not be stopped. */
static int wait_readable(int fd, struct fpool_cancel *cancel)
{
    struct pollfd fds[2] = { { .fd = fd, .events = POLLIN },
                             { .fd = fpool_cancel_fd(cancel),
                               .events = POLLIN } };
    bool may_block = fds[1].fd >= 0;

    while (!fpool_cancel_is_tripped(cancel)) {
        int n = poll(fds, 2, may_block ? -1 : 0);

        if (n > 0 && fds[0].revents != 0) {
            return FPOOL_OK;
        }
        if (n == 0 || (n < 0 && errno != EINTR)) {
            return n == 0 ? EMFILE : errno;
        }
    }
    return FPOOL_END;
}

/* Fills the buffer.  FPOOL_OK, FPOOL_END, or an errno value. */
static int fill(struct lines *l, struct fpool_cancel *cancel)
{
    ssize_t n;
    int rc;

    for (;;) {
        rc = wait_readable(l->fd, cancel);
        if (rc != FPOOL_OK) {
            return rc;
        }
        n = read(l->fd, l->buffer, sizeof(l->buffer));
        if (n > 0) {
            l->begin = 0;
            l->end = (size_t)n;
            return FPOOL_OK;
        }
        if (n == 0) {
            l->is_at_end = true;
            return FPOOL_OK;
        }
        if (errno != EINTR && errno != EAGAIN) {
            /* These two would be taken for FPOOL_END and FPOOL_WAIT. */
            return errno == EPERM || errno == ENOENT ? EIO : errno;
        }
    }
}

static int lines_next(void *self, struct fpool_item *ret_item,
                      struct fpool_cancel *cancel)
{
    struct lines *l = self;
    size_t used = 0;
    int rc;

    for (;;) {
        if (l->begin == l->end && !l->is_at_end) {
            rc = fill(l, cancel);
            if (rc != FPOOL_OK) {
                return rc;
            }
        }
        if (l->is_at_end) {
            return fpool_line_parser_end(&l->parser, ret_item);
        }
        rc = fpool_line_parser_feed(&l->parser, l->buffer + l->begin,
                                    l->end - l->begin, &used, ret_item);
        if (rc != FPOOL_OK && rc != FPOOL_WAIT) {
            return rc;
        }
        l->begin += used;
        if (rc == FPOOL_OK) {
            return FPOOL_OK;
        }
    }
}

/* A whole line is in the buffer. */
static bool lines_ready(void *self)
{
    struct lines *l = self;

    return !l->parser.skip_comments && l->begin != l->end &&
           memchr(l->buffer + l->begin, '\n', l->end - l->begin) != NULL;
}

static void lines_close(void *self)
{
    struct lines *l = self;

    fpool_line_parser_fini(&l->parser);
    if ((l->flags & FPOOL_LINES_CLOSE) != 0) {
        close(l->fd);
    }
    fpool_free(l);
}

static struct fpool_source refused(int fd, uint32_t flags,
                                   enum fpool_status status)
{
    if ((flags & FPOOL_LINES_CLOSE) != 0 && fd >= 0) {
        close(fd);
    }
    return (struct fpool_source){ .status = status };
}

struct fpool_source
fpool_source_lines_with(int fd, const struct fpool_lines_options *options)
{
    struct fpool_lines_options o;
    struct lines *l;

    if (!fpool_options_copy(&o, sizeof(o), options)) {
        bool has_flags = options->struct_size >= sizeof(o);

        return refused(fd, has_flags ? options->flags : 0, FPOOL_EINVAL);
    }
    if (fd < 0 || o.max_line > SIZE_MAX / 4 ||
        (o.flags & ~(uint32_t)(FPOOL_LINES_CLOSE | FPOOL_LINES_COMMENTS)) !=
            0) {
        return refused(fd, o.flags, FPOOL_EINVAL);
    }
    l = fpool_calloc(1, sizeof(*l));
    if (l == NULL) {
        return refused(fd, o.flags, FPOOL_ENOMEM);
    }
    fpool_line_parser_init(&l->parser,
                           o.max_line != 0 ? o.max_line : DEFAULT_MAX_LINE,
                           (o.flags & FPOOL_LINES_COMMENTS) != 0);
    l->fd = fd;
    l->flags = o.flags;
    return (struct fpool_source){ .next = lines_next,
                                  .ready = lines_ready,
                                  .close = lines_close,
                                  .self = l };
}

struct fpool_source fpool_source_lines(int fd)
{
    return fpool_source_lines_with(fd, NULL);
}
