/* SPDX-License-Identifier: MIT */
/* The input list: opening, closing, and what the main thread asks of it.  Calls
 * input_source.c for the items. */
#include "input.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "input_private.h"
#include "say.h"

static int open_file(const char *path, struct stat *ret_stat)
{
    const char *refusal;
    int fd = strcmp(path, "-") == 0 ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3)
                                    : open(path, O_RDONLY | O_CLOEXEC);

    memset(ret_stat, 0, sizeof(*ret_stat));
    if (fd >= 0 && fstat(fd, ret_stat) == 0 && S_ISDIR(ret_stat->st_mode)) {
        close(fd);
        fd = -1;
        errno = EISDIR;
    }
    if (fd < 0) {
        cli_say_name("cannot read the list", path, strerror(errno));
        return -1;
    }
    refusal = cli_bytes_refuse(fd);
    if (refusal != NULL) {
        cli_say_name("cannot read the list", path, refusal);
        close(fd);
        return -1;
    }
    return fd;
}

/* Opens all; their size in all is known if each is a regular file. */
static bool open_files(struct cli_input *in)
{
    bool is_known = in->options.n_files > 0;
    size_t i;

    for (i = 0; i < in->options.n_files; i++) {
        struct stat st;

        in->fds[i] = open_file(in->options.files[i], &st);
        if (in->fds[i] < 0) {
            return false;
        }
        is_known = is_known && S_ISREG(st.st_mode);
        in->n_bytes += is_known ? (uint64_t)st.st_size : 0;
    }
    if (!is_known) {
        in->n_bytes = 0;
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
    for (i = 0; i < in->n_aside; i++) {
        cli_item_drop(in->aside[(in->first_aside + i) % CLI_MAX_ASIDE]->text);
    }
    if (in->bell >= 0) {
        close(in->bell);
    }
    for (i = 0; i < in->n_headers; i++) {
        free(in->headers[i]);
    }
    fpool_cancel_destroy(&in->stop);
    pthread_cond_destroy(&in->has_room);
    pthread_mutex_destroy(&in->mu);
    free(in->gathered.data);
    free(in->arena);
    free(in->fds);
    free(in);
}

void cli_input_set_aside(struct cli_input *input,
                         bool (*is_done)(void *arg,
                                         const struct cli_item *item),
                         void *arg)
{
    input->is_done = is_done;
    input->is_done_arg = arg;
}

struct fpool_source cli_input_source(struct cli_input *input)
{
    return (struct fpool_source){ .next = cli_input_next,
                                  .ready = cli_input_ready,
                                  .close = cli_input_close,
                                  .self = input };
}

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
    return atomic_load(&input->n_read);
}

uint64_t cli_input_lines(struct cli_input *input)
{
    return atomic_load(&input->n_lines);
}

uint64_t cli_input_total(struct cli_input *input)
{
    uint64_t n = atomic_load(&input->n_read);
    uint64_t n_bytes = atomic_load(&input->n_bytes_read);
    double estimate;

    if (atomic_load(&input->is_at_end)) {
        return n;
    }
    if (n_bytes == 0 || input->n_bytes == 0) {
        return 0;
    }
    estimate = (double)n * (double)input->n_bytes / (double)n_bytes;
    return estimate > (double)n ? (uint64_t)estimate : n;
}

int cli_input_fd(struct cli_input *input)
{
    return input->bell;
}

struct cli_item *cli_input_take(struct cli_input *input, uint64_t limit)
{
    struct cli_item *item = NULL;
    uint64_t n;

    pthread_mutex_lock(&input->mu);
    if (input->n_aside > 0 && input->aside[input->first_aside]->seq < limit) {
        item = input->aside[input->first_aside];
        input->first_aside = (input->first_aside + 1) % CLI_MAX_ASIDE;
        input->n_aside--;
        pthread_cond_signal(&input->has_room);
    } else if (read(input->bell, &n, sizeof(n)) < 0) {
        n = 0; /* It had not been rung, which is as good. */
    }
    pthread_mutex_unlock(&input->mu);
    return item;
}

const char *cli_input_header(struct cli_input *input, unsigned number)
{
    const char *header = "url\tout\tsha256\tsize";

    pthread_mutex_lock(&input->mu);
    if (number > 0 && number <= input->n_headers) {
        header = input->headers[number - 1];
    }
    pthread_mutex_unlock(&input->mu);
    return header;
}

bool cli_input_unknown(struct cli_input *input, char *ret_name, size_t size)
{
    size_t n = 0;
    size_t i;

    if (input->has_told_unknown || !atomic_load(&input->has_unknown)) {
        return false;
    }
    input->has_told_unknown = true;
    pthread_mutex_lock(&input->mu);
    for (i = 0; input->unknown[i] != '\0' && n + 1 < size; i++) {
        char c = input->unknown[i];

        ret_name[n++] = c >= 0x20 && c < 0x7f ? c : '?';
    }
    pthread_mutex_unlock(&input->mu);
    ret_name[n] = '\0';
    return true;
}

const char *cli_input_failed_file(struct cli_input *input)
{
    return input->next_file == 0 ? "-"
                                 : input->options.files[input->next_file - 1];
}

const char *cli_input_failure(struct cli_input *input, int code)
{
    if (code == EBADMSG && input->fault != NULL) {
        return input->fault;
    }
    return code == EFBIG ? "too many header lines" : strerror(code);
}
