/* SPDX-License-Identifier: MIT */
/* The store of deferred items; called by defer.c.  Records follow each other
 * without gaps; one is either in the file or in the tail, never in both. */
#include "core/store.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/tempfile.h"

#define TAIL_SIZE       ((size_t)64 << 10)
#define AHEAD_SIZE      ((size_t)64 << 10)
#define GIVE_BACK_BYTES ((uint64_t)1 << 20)

/* What precedes the bytes of an item. */
struct head {
    uint64_t index;
    int64_t due_ns;
    struct fpool_request_note note;
    uint64_t item_size;
    uint32_t item_flags;
    uint32_t unused;
};

uint64_t fpool_store_cost(size_t size)
{
    return sizeof(struct head) + size;
}

enum fpool_status fpool_store_init(struct fpool_store *s, const char *dir_path,
                                   uint64_t max)
{
    size_t size = strlen(dir_path) + 1;

    memset(s, 0, sizeof(*s));
    s->max = max;
    s->side[0].fd = -1;
    s->side[1].fd = -1;
    s->side[0].earliest_ns = FPOOL_NEVER;
    s->side[1].earliest_ns = FPOOL_NEVER;
    s->dir_path = fpool_malloc(size);
    if (s->dir_path == NULL) {
        return FPOOL_ENOMEM;
    }
    memcpy(s->dir_path, dir_path, size);
    return FPOOL_OK;
}

void fpool_store_fini(struct fpool_store *s)
{
    int i;

    if (s->dir_path == NULL) {
        return;
    }
    for (i = 0; i < 2; i++) {
        if (s->side[i].fd >= 0) {
            close(s->side[i].fd);
        }
    }
    fpool_free(s->memory);
    fpool_free(s->dir_path);
    s->dir_path = NULL;
}

/* ---- Files. */

/* A file for nobody else's eyes, without a name. */
static int open_file(const char *dir_path)
{
    char name[FPOOL_TEMPFILE_NAME];
    int dir = open(dir_path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    int fd;

    if (dir < 0) {
        return -1;
    }
    fd = fpool_tempfile_open(dir, name);
    if (fd >= 0) {
        if (name[0] != '\0') {
            (void)unlinkat(dir, name, 0);
        }
        (void)fchmod(fd, 0600);
    }
    close(dir);
    return fd;
}

static bool write_at(int fd, const void *data, size_t size, uint64_t offset)
{
    const char *from = data;

    while (size != 0) {
        ssize_t n = pwrite(fd, from, size, (off_t)offset);

        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0) {
            return false;
        }
        from += n;
        offset += (uint64_t)n;
        size -= (size_t)n;
    }
    return true;
}

/* Up to 'size' bytes; 0 when there are none to be had. */
static size_t read_at(int fd, void *to, size_t size, uint64_t offset)
{
    ssize_t n;

    do {
        n = pread(fd, to, size, (off_t)offset);
    } while (n < 0 && errno == EINTR);
    return n < 0 ? 0 : (size_t)n;
}

/* ---- Putting. */

static bool make_buffers(struct fpool_store *s)
{
    if (s->memory == NULL) {
        s->memory = fpool_malloc(2 * TAIL_SIZE + AHEAD_SIZE);
        if (s->memory == NULL) {
            return false;
        }
        s->side[0].tail = s->memory;
        s->side[1].tail = s->memory + TAIL_SIZE;
        s->ahead = s->memory + 2 * TAIL_SIZE;
    }
    return true;
}

/* Moves the tail into the file.  If that fails in the middle, the tail stays
 * what it was and what the file has of it does not count. */
static bool flush(struct fpool_store *s, struct fpool_store_side *side)
{
    if (side->fd < 0) {
        side->fd = open_file(s->dir_path);
    }
    if (side->fd < 0 ||
        !write_at(side->fd, side->tail, side->tail_size, side->size)) {
        return false;
    }
    side->size += side->tail_size;
    side->n += side->n_tail;
    side->tail_size = 0;
    side->n_tail = 0;
    return true;
}

/* A record that is larger than the tail goes straight into the file. */
static bool put_large(struct fpool_store *s, struct fpool_store_side *side,
                      const struct head *head, const void *data)
{
    if (!flush(s, side) ||
        !write_at(side->fd, head, sizeof(*head), side->size) ||
        !write_at(side->fd, data, head->item_size,
                  side->size + sizeof(*head))) {
        return false;
    }
    side->size += sizeof(*head) + head->item_size;
    side->n++;
    return true;
}

static bool put_small(struct fpool_store *s, struct fpool_store_side *side,
                      const struct head *head, const void *data)
{
    size_t cost = sizeof(*head) + head->item_size;

    if (cost > TAIL_SIZE - side->tail_size && !flush(s, side)) {
        return false;
    }
    memcpy(side->tail + side->tail_size, head, sizeof(*head));
    memcpy(side->tail + side->tail_size + sizeof(*head), data, head->item_size);
    side->tail_size += cost;
    side->n_tail++;
    return true;
}

bool fpool_store_put(struct fpool_store *s, const struct fpool_record *record)
{
    struct fpool_store_side *side = &s->side[s->in];
    struct head head = { .index = record->index,
                         .due_ns = record->due_ns,
                         .note = record->note,
                         .item_size = record->item.size,
                         .item_flags = record->item.flags };
    uint64_t cost = fpool_store_cost(record->item.size);
    bool ok;

    if (!fpool_store_has_room(s, record->item.size)) {
        return false;
    }
    ok = make_buffers(s) &&
         (cost > TAIL_SIZE ? put_large(s, side, &head, record->item.data)
                           : put_small(s, side, &head, record->item.data));
    if (!ok) {
        atomic_store_explicit(&s->is_broken, true, memory_order_relaxed);
        return false;
    }
    if (record->due_ns < side->earliest_ns) {
        side->earliest_ns = record->due_ns;
    }
    atomic_fetch_add_explicit(&s->unread, cost, memory_order_relaxed);
    return true;
}

uint64_t fpool_store_count_in(const struct fpool_store *s)
{
    return s->side[s->in].n + s->side[s->in].n_tail;
}

int64_t fpool_store_earliest(const struct fpool_store *s)
{
    return s->side[s->in].earliest_ns;
}

/* ---- Getting. */

uint64_t fpool_store_count_out(const struct fpool_store *s)
{
    const struct fpool_store_side *side = &s->side[1 - s->in];

    return side->n + side->n_tail - s->n_got;
}

void fpool_store_turn(struct fpool_store *s)
{
    assert(fpool_store_count_out(s) == 0);
    s->in = 1 - s->in;
    s->ahead_size = 0;
    s->ahead_at = 0;
    s->position = 0;
    s->given_back = 0;
    s->tail_at = 0;
    s->n_got = 0;
}

/* All of this side was got: the disk has its file back. */
static void clear(struct fpool_store_side *side)
{
    if (side->size != 0) {
        (void)ftruncate(side->fd, 0);
    }
    side->size = 0;
    side->n = 0;
    side->tail_size = 0;
    side->n_tail = 0;
    side->earliest_ns = FPOOL_NEVER;
}

/* The disk has what was got back before all is, where the file system can do
 * that; what is got and what is put while then never take more than 'max'. */
static void give_back(struct fpool_store *s,
                      const struct fpool_store_side *side)
{
    if (s->position - s->given_back >= GIVE_BACK_BYTES) {
        (void)fallocate(side->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0,
                        (off_t)s->position);
        s->given_back = s->position;
    }
}

/* Reads 'size' bytes of the file; 'to' NULL: passes over them. */
static bool read_file(struct fpool_store *s, struct fpool_store_side *side,
                      char *to, size_t size)
{
    while (size != 0) {
        size_t n = s->ahead_size - s->ahead_at;

        if (n == 0) {
            uint64_t left = side->size - s->position;

            n = left < AHEAD_SIZE ? (size_t)left : AHEAD_SIZE;
            give_back(s, side);
            n = read_at(side->fd, s->ahead, n, s->position);
            if (n == 0) {
                return false;
            }
            s->position += n;
            s->ahead_size = n;
            s->ahead_at = 0;
        }
        n = n < size ? n : size;
        if (to != NULL) {
            memcpy(to, s->ahead + s->ahead_at, n);
            to += n;
        }
        s->ahead_at += n;
        size -= n;
    }
    return true;
}

static bool read_bytes(struct fpool_store *s, struct fpool_store_side *side,
                       void *to, size_t size)
{
    if (s->n_got < side->n) {
        return read_file(s, side, to, size);
    }
    if (to != NULL) {
        memcpy(to, side->tail + s->tail_at, size);
    }
    s->tail_at += size;
    return true;
}

/* The disk does not give the next record back, nor then any behind it.  Without
 * records there is nothing that 'unread' could count. */
static enum fpool_status lose(struct fpool_store *s,
                              struct fpool_store_side *side,
                              struct fpool_record *ret_record)
{
    *ret_record = (struct fpool_record){ .index = UINT64_MAX };
    s->position = side->size;
    s->ahead_at = s->ahead_size;
    atomic_store_explicit(&s->is_broken, true, memory_order_relaxed);
    return FPOOL_ELOCAL;
}

/* Copies the item, or, without memory for it, passes over it. */
static enum fpool_status get_item(struct fpool_store *s,
                                  struct fpool_store_side *side,
                                  const struct head *head,
                                  struct fpool_record *record)
{
    char *copy = fpool_malloc(head->item_size + 1);

    if (!read_bytes(s, side, copy, head->item_size)) {
        fpool_free(copy);
        return lose(s, side, record);
    }
    if (copy == NULL) {
        return FPOOL_ENOMEM;
    }
    copy[head->item_size] = '\0';
    record->item = (struct fpool_item){ copy, head->item_size, fpool_free,
                                        head->item_flags };
    return FPOOL_OK;
}

enum fpool_status fpool_store_get(struct fpool_store *s,
                                  struct fpool_record *ret_record)
{
    struct fpool_store_side *side = &s->side[1 - s->in];
    enum fpool_status st;
    struct head head;

    if (fpool_store_count_out(s) == 0) {
        return FPOOL_END;
    }
    if (read_bytes(s, side, &head, sizeof(head))) {
        *ret_record = (struct fpool_record){ .index = head.index,
                                             .due_ns = head.due_ns,
                                             .note = head.note };
        st = get_item(s, side, &head, ret_record);
    } else {
        st = lose(s, side, ret_record);
    }
    if (st != FPOOL_ELOCAL) {
        atomic_fetch_sub_explicit(&s->unread, sizeof(head) + head.item_size,
                                  memory_order_relaxed);
    }
    s->n_got++;
    if (fpool_store_count_out(s) == 0) {
        clear(side);
        s->n_got = 0;
    }
    return st;
}
