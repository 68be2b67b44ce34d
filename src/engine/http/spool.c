/* SPDX-License-Identifier: MIT */
/* Spools: the loop's side fills and collects chunks, the writer's side
 * (run_chunk, run_close) writes them.  The two sides touch the same fields only
 * after a chunk has been handed over, one way or the other. */
#include "engine/http/spool.h"

#include <errno.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"

struct chunk {
    struct fpool_http_work work; /* on the way there */
    struct fpool_post post;      /* on the way back */
    struct fpool_http_spool *spool;
    char *data;
    size_t size;
    bool is_out;
    bool is_last;
};

enum { HEAD, FIRST, SECOND, N_CHUNKS };

struct fpool_http_spool {
    struct fpool_http_spool_options options;
    struct chunk chunks[N_CHUNKS];
    struct fpool_http_work close_work;
    struct fpool_post close_post;
    atomic_bool is_abandoned;
    void (*on_closed)(void *userdata); /* or NULL */
    /* --- the loop's thread only --- */
    struct chunk *current; /* being filled, never out before the end */
    bool is_done;
    /* --- the writer's thread, while a chunk is with it --- */
    EVP_MD_CTX *md;
    unsigned char digest[EVP_MAX_MD_SIZE];
    struct fpool_http_temp temp;
    /* --- any thread --- */
    atomic_int error_number;
};

static void run_chunk(struct fpool_http_work *work);
static void run_close(struct fpool_http_work *work);
static void chunk_returned(struct fpool_post *post);
static void close_returned(struct fpool_post *post);

static void spool_release(struct fpool_http_spool *s)
{
    int i;

    for (i = 0; i < N_CHUNKS; i++) {
        fpool_free(s->chunks[i].data);
    }
    EVP_MD_CTX_free(s->md);
    fpool_http_folder_unref(s->options.folder);
    fpool_free(s);
}

struct fpool_http_spool *fpool_http_spool_create(
    const struct fpool_http_spool_options *options)
{
    struct fpool_http_spool *s = fpool_calloc(1, sizeof(*s));
    int i;

    if (s == NULL) {
        return NULL;
    }
    s->options = *options;
    if (s->options.folder != NULL) {
        fpool_http_folder_ref(s->options.folder);
    }
    s->temp.fd = -1;
    for (i = 0; i < N_CHUNKS; i++) {
        s->chunks[i].spool = s;
        s->chunks[i].work.run = run_chunk;
        s->chunks[i].post.run = chunk_returned;
    }
    s->close_work.run = run_close;
    s->close_post.run = close_returned;
    s->chunks[FIRST].data = fpool_malloc(FPOOL_HTTP_CHUNK_SIZE);
    s->chunks[SECOND].data = fpool_malloc(FPOOL_HTTP_CHUNK_SIZE);
    if (options->digest != NULL) {
        s->md = EVP_MD_CTX_new();
    }
    if (s->chunks[FIRST].data == NULL || s->chunks[SECOND].data == NULL ||
        (options->digest != NULL &&
         (s->md == NULL ||
          EVP_DigestInit_ex(s->md, options->digest, NULL) != 1))) {
        spool_release(s);
        return NULL;
    }
    s->current = &s->chunks[FIRST];
    return s;
}

static void send_chunk(struct fpool_http_spool *s, struct chunk *c)
{
    c->is_out = true;
    fpool_http_writer_push(s->options.writer, &c->work);
}

void fpool_http_spool_head(struct fpool_http_spool *s, char *data, size_t size)
{
    s->chunks[HEAD].data = data;
    s->chunks[HEAD].size = size;
    send_chunk(s, &s->chunks[HEAD]);
}

static struct chunk *other_chunk(struct fpool_http_spool *s)
{
    return s->current == &s->chunks[FIRST] ? &s->chunks[SECOND]
                                           : &s->chunks[FIRST];
}

bool fpool_http_spool_write(struct fpool_http_spool *s, const char *data,
                            size_t size)
{
    struct chunk *c = s->current;
    size_t n = FPOOL_HTTP_CHUNK_SIZE - c->size;

    n = n < size ? n : size;
    if (n < size && other_chunk(s)->is_out) {
        return false;
    }
    memcpy(c->data + c->size, data, n);
    c->size += n;
    if (n < size) {
        s->current = other_chunk(s);
        send_chunk(s, c);
        memcpy(s->current->data, data + n, size - n);
        s->current->size = size - n;
    }
    return true;
}

void fpool_http_spool_finish(struct fpool_http_spool *s)
{
    s->current->is_last = true;
    send_chunk(s, s->current);
}

bool fpool_http_spool_is_done(const struct fpool_http_spool *s)
{
    return s->is_done;
}

int fpool_http_spool_error(const struct fpool_http_spool *s)
{
    return atomic_load(&s->error_number);
}

void fpool_http_spool_take(struct fpool_http_spool *s,
                           struct fpool_http_temp *ret_temp,
                           unsigned char *ret_digest)
{
    *ret_temp = s->temp;
    if (s->md != NULL) {
        memcpy(ret_digest, s->digest, 32);
    }
    spool_release(s);
}

void fpool_http_spool_abandon(struct fpool_http_spool *s,
                              void (*on_closed)(void *userdata))
{
    s->on_closed = on_closed;
    atomic_store(&s->is_abandoned, true);
    /* The works run in order, so this one comes back last. */
    fpool_http_writer_push(s->options.writer, &s->close_work);
}

static void chunk_returned(struct fpool_post *post)
{
    struct chunk *c = FPOOL_OWNER_OF(post, struct chunk, post);
    struct fpool_http_spool *s = c->spool;

    c->is_out = false;
    c->size = 0;
    if (c == &s->chunks[HEAD]) {
        fpool_free(c->data);
        c->data = NULL;
    }
    if (atomic_load(&s->is_abandoned)) {
        return;
    }
    s->is_done = s->is_done || c->is_last;
    s->options.on_change(s->options.userdata);
}

static void close_returned(struct fpool_post *post)
{
    struct fpool_http_spool *s =
        FPOOL_OWNER_OF(post, struct fpool_http_spool, close_post);
    void (*on_closed)(void *userdata) = s->on_closed;
    void *userdata = s->options.userdata;

    spool_release(s);
    if (on_closed != NULL) {
        on_closed(userdata);
    }
}

/* ---- The writer's side. */

static int write_all(int fd, const char *data, size_t size)
{
    while (size > 0) {
        ssize_t n = write(fd, data, size);

        if (n < 0) {
            if (errno == EINTR) {
                continue;
            }
            return errno;
        }
        data += n;
        size -= (size_t)n;
    }
    return 0;
}

/* Returns 0, an errno, or FPOOL_HTTP_SPOOL_REFUSED. */
static int store_chunk(struct fpool_http_spool *s, const struct chunk *c)
{
    struct fpool_http_part *part = &s->options.part;
    int error_number;

    if (s->options.on_body == NULL) {
        error_number = s->temp.fd < 0
                           ? fpool_http_temp_open(&s->temp, s->options.folder)
                           : 0;
        return error_number != 0 ? error_number
                                 : write_all(s->temp.fd, c->data, c->size);
    }
    if (c->size == 0 && c != &s->chunks[HEAD]) {
        return 0; /* the end of a body that filled its chunks */
    }
    part->data = c == &s->chunks[HEAD] ? NULL : c->data;
    part->size = c->size;
    if (s->options.on_body(s->options.body_userdata, part) != 0) {
        return FPOOL_HTTP_SPOOL_REFUSED;
    }
    part->offset += (int64_t)c->size;
    return 0;
}

/* The same. */
static int write_chunk(struct fpool_http_spool *s, const struct chunk *c)
{
    int error_number = store_chunk(s, c);

    if (error_number != 0 || s->md == NULL) {
        return error_number;
    }
    if (EVP_DigestUpdate(s->md, c->data, c->size) != 1 ||
        (c->is_last && EVP_DigestFinal_ex(s->md, s->digest, NULL) != 1)) {
        return ENOMEM;
    }
    return 0;
}

static void run_chunk(struct fpool_http_work *work)
{
    struct chunk *c = FPOOL_OWNER_OF(work, struct chunk, work);
    struct fpool_http_spool *s = c->spool;

    if (atomic_load(&s->error_number) == 0 && !atomic_load(&s->is_abandoned)) {
        atomic_store(&s->error_number, write_chunk(s, c));
    }
    fpool_loop_post(s->options.loop, &c->post);
}

static void run_close(struct fpool_http_work *work)
{
    struct fpool_http_spool *s =
        FPOOL_OWNER_OF(work, struct fpool_http_spool, close_work);

    fpool_http_temp_close(&s->temp);
    fpool_loop_post(s->options.loop, &s->close_post);
}
