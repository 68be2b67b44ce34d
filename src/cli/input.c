/* SPDX-License-Identifier: MIT */
/* The input list; its source function runs on the job's puller thread, which
 * may wait here for the disk, a pipe, or for room among what was set aside. */
#include "input.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "text.h"

#define MAX_LINE  65536
#define MAX_ASIDE 1024

struct cli_input {
    struct cli_input_options options;
    struct fpool_dir *dir; /* NULL: nothing is set aside */
    struct fpool_cancel *stop;
    int *fds; /* -1 once handed to a source */
    atomic_ullong count;
    int bell; /* an eventfd */
    /* --- the source only --- */
    size_t next_url;
    size_t next_file;
    struct fpool_source lines; /* of the current file */
    bool has_lines;
    /* --- guarded by mu --- */
    pthread_mutex_t mu;
    pthread_cond_t has_room;
    struct cli_item *first;
    struct cli_item **last;
    unsigned n_aside;
    bool is_stopped;
};

struct cli_item *cli_item_of(void *data)
{
    return (struct cli_item *)(void *)((char *)data -
                                       offsetof(struct cli_item, line));
}

void cli_item_drop(void *data)
{
    free(cli_item_of(data));
}

/* ---- Opening. */

static const char *compression_of(int fd)
{
    unsigned char magic[4];

    if (pread(fd, magic, sizeof(magic), 0) != (ssize_t)sizeof(magic)) {
        return NULL;
    }
    if (magic[0] == 0x1f && magic[1] == 0x8b) {
        return "gzip is not available in this version";
    }
    return memcmp(magic, "\x28\xb5\x2f\xfd", 4) == 0
               ? "zstd is not available in this version"
               : NULL;
}

static int open_file(const char *path)
{
    const char *compression;
    struct stat st;
    int fd = strcmp(path, "-") == 0 ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3)
                                    : open(path, O_RDONLY | O_CLOEXEC);

    if (fd >= 0 && fstat(fd, &st) == 0 && S_ISDIR(st.st_mode)) {
        close(fd);
        fd = -1;
        errno = EISDIR;
    }
    if (fd < 0) {
        cli_say_name("cannot read the list", path, strerror(errno));
        return -1;
    }
    compression = compression_of(fd);
    if (compression != NULL) {
        cli_say_name("cannot read the list", path, compression);
        close(fd);
        return -1;
    }
    return fd;
}

static bool open_files(struct cli_input *in)
{
    size_t i;

    for (i = 0; i < in->options.n_files; i++) {
        in->fds[i] = open_file(in->options.files[i]);
        if (in->fds[i] < 0) {
            return false;
        }
    }
    return true;
}

struct cli_input *cli_input_create(const struct cli_input_options *options)
{
    struct cli_input *in = calloc(1, sizeof(*in));
    size_t i;

    if (in == NULL) {
        cli_say("out of memory");
        return NULL;
    }
    in->options = *options;
    in->last = &in->first;
    pthread_mutex_init(&in->mu, NULL);
    pthread_cond_init(&in->has_room, NULL);
    in->bell = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    in->fds = malloc((options->n_files + 1) * sizeof(*in->fds));
    for (i = 0; in->fds != NULL && i < options->n_files; i++) {
        in->fds[i] = -1;
    }
    if (in->fds == NULL || in->bell < 0 ||
        fpool_cancel_create(&in->stop, options->parent) != FPOOL_OK) {
        cli_say("out of memory or descriptors");
        cli_input_destroy(&in);
        return NULL;
    }
    if (!open_files(in)) {
        cli_input_destroy(&in);
    }
    return in;
}

void cli_input_destroy(struct cli_input **input)
{
    struct cli_input *in = *input;
    size_t i;

    if (in == NULL) {
        return;
    }
    *input = NULL;
    for (i = 0; in->fds != NULL && i < in->options.n_files; i++) {
        if (in->fds[i] >= 0) {
            close(in->fds[i]);
        }
    }
    while (in->first != NULL) {
        struct cli_item *item = in->first;

        in->first = item->next;
        free(item);
    }
    if (in->bell >= 0) {
        close(in->bell);
    }
    fpool_cancel_destroy(&in->stop);
    pthread_cond_destroy(&in->has_room);
    pthread_mutex_destroy(&in->mu);
    free(in->fds);
    free(in);
}

/* ---- The source. */

static struct cli_item *make_item(const char *line, size_t size, uint32_t flags)
{
    struct cli_item *item = malloc(sizeof(*item) + size + 1);

    if (item != NULL) {
        item->next = NULL;
        item->seq = 0;
        item->size = size;
        item->is_truncated = (flags & FPOOL_ITEM_TRUNCATED) != 0;
        memcpy(item->line, line, size);
        item->line[size] = '\0';
    }
    return item;
}

static void close_lines(struct cli_input *in)
{
    if (in->has_lines && in->lines.close != NULL) {
        in->lines.close(in->lines.self);
    }
    in->has_lines = false;
}

/* Makes the next file the current one; false when there is none. */
static bool open_lines(struct cli_input *in)
{
    if (in->next_file == in->options.n_files) {
        return false;
    }
    in->lines = fpool_source_lines_with(
        in->fds[in->next_file],
        FPOOL_LINES(.max_line = MAX_LINE,
                    .flags = FPOOL_LINES_CLOSE | FPOOL_LINES_COMMENTS));
    in->fds[in->next_file] = -1;
    in->next_file++;
    in->has_lines = true;
    return true;
}

/* The next line of the files.  Returns as a source does. */
static int next_line(struct cli_input *in, struct cli_item **ret_item)
{
    while (in->has_lines || open_lines(in)) {
        struct fpool_item line = { 0 };
        int code = in->lines.status;

        if (code == FPOOL_OK) {
            code = in->lines.next(in->lines.self, &line, in->stop);
        }
        if (code == FPOOL_OK) {
            *ret_item = make_item(line.data, line.size, line.flags);
            if (line.drop != NULL) {
                line.drop(line.data);
            }
            return *ret_item == NULL ? ENOMEM : FPOOL_OK;
        }
        if (code != FPOOL_END) {
            return code;
        }
        close_lines(in);
        if (fpool_cancel_is_tripped(in->stop)) {
            break;
        }
    }
    return FPOOL_END;
}

static int next_item(struct cli_input *in, struct cli_item **ret_item)
{
    int code = FPOOL_OK;

    if (fpool_cancel_is_tripped(in->stop)) {
        return FPOOL_END;
    }
    if (in->next_url < in->options.n_urls) {
        const char *url = in->options.urls[in->next_url++];
        size_t size = strnlen(url, MAX_LINE + 1);
        bool is_long = size > MAX_LINE;

        *ret_item = make_item(url, is_long ? MAX_LINE : size,
                              is_long ? FPOOL_ITEM_TRUNCATED : 0);
        code = *ret_item == NULL ? ENOMEM : FPOOL_OK;
    } else {
        code = next_line(in, ret_item);
    }
    if (code == FPOOL_OK) {
        (*ret_item)->seq = atomic_fetch_add(&in->count, 1);
    }
    return code;
}

static bool is_there(struct cli_input *in, const struct cli_item *item)
{
    char name[FPOOL_DIR_NAME_SIZE];

    return in->dir != NULL && !item->is_truncated &&
           fpool_dir_name(in->dir, item->line, item->size, item->seq, name,
                          sizeof(name)) == FPOOL_OK &&
           fpool_dir_exists(in->dir, name);
}

/* Hands 'item' to the main thread; waits for room, but not once stopped. */
static void set_aside(struct cli_input *in, struct cli_item *item)
{
    uint64_t one = 1;
    bool was_empty;

    pthread_mutex_lock(&in->mu);
    while (in->n_aside >= MAX_ASIDE && !in->is_stopped) {
        pthread_cond_wait(&in->has_room, &in->mu);
    }
    was_empty = in->first == NULL;
    *in->last = item;
    in->last = &item->next;
    in->n_aside++;
    pthread_mutex_unlock(&in->mu);
    if (was_empty && write(in->bell, &one, sizeof(one)) < 0) {
        return; /* unreachable: kernel refusal; it is readable already */
    }
}

static int source_next(void *self, struct fpool_item *ret_item,
                       struct fpool_cancel *cancel)
{
    struct cli_input *in = self;
    struct cli_item *item;

    (void)cancel; /* 'stop' is tripped before the job is. */
    for (;;) {
        int code = next_item(in, &item);

        if (code != FPOOL_OK) {
            return code;
        }
        if (!is_there(in, item)) {
            break;
        }
        set_aside(in, item);
    }
    ret_item->data = item->line;
    ret_item->size = item->size;
    ret_item->drop = cli_item_drop;
    ret_item->flags = item->is_truncated ? FPOOL_ITEM_TRUNCATED : 0;
    return FPOOL_OK;
}

static void source_close(void *self)
{
    close_lines(self);
}

void cli_input_skip_existing(struct cli_input *input, struct fpool_dir *dir)
{
    input->dir = dir;
}

struct fpool_source cli_input_source(struct cli_input *input)
{
    return (struct fpool_source){ .next = source_next,
                                  .close = source_close,
                                  .self = input };
}

/* ---- The main thread's side. */

void cli_input_stop(struct cli_input *input)
{
    pthread_mutex_lock(&input->mu);
    input->is_stopped = true;
    pthread_cond_broadcast(&input->has_room);
    pthread_mutex_unlock(&input->mu);
    fpool_cancel_trip(input->stop);
}

uint64_t cli_input_count(struct cli_input *input)
{
    return atomic_load(&input->count);
}

int cli_input_fd(struct cli_input *input)
{
    return input->bell;
}

struct cli_item *cli_input_take(struct cli_input *input, uint64_t limit)
{
    struct cli_item *item;
    uint64_t n;

    pthread_mutex_lock(&input->mu);
    item = input->first;
    if (item != NULL && item->seq >= limit) {
        item = NULL;
    }
    if (item != NULL) {
        input->first = item->next;
        if (input->first == NULL) {
            input->last = &input->first;
        }
        input->n_aside--;
        pthread_cond_signal(&input->has_room);
    } else if (read(input->bell, &n, sizeof(n)) < 0) {
        n = 0; /* It had not been rung, which is as good. */
    }
    pthread_mutex_unlock(&input->mu);
    return item;
}

const char *cli_input_failed_file(struct cli_input *input)
{
    return input->next_file == 0 ? "-"
                                 : input->options.files[input->next_file - 1];
}
