/* SPDX-License-Identifier: MIT */
/* A single ring of slots; what is further ahead than one turn waits in the slot
 * that is visited last and is put in again from there. */
#include "base/wheel.h"

static void ring_init(struct fpool_wheel_node *head)
{
    head->next = head->previous = head;
}

static bool ring_is_empty(const struct fpool_wheel_node *head)
{
    return head->next == head;
}

static void unlink_node(struct fpool_wheel_node *node)
{
    node->previous->next = node->next;
    node->next->previous = node->previous;
    node->next = node->previous = NULL;
}

static void link_last(struct fpool_wheel_node *head,
                      struct fpool_wheel_node *node)
{
    node->previous = head->previous;
    node->next = head;
    node->previous->next = node;
    head->previous = node;
}

void fpool_wheel_init(struct fpool_wheel *w, int64_t now_ns)
{
    size_t i;

    *w = (struct fpool_wheel){ .tick = now_ns / FPOOL_WHEEL_TICK_NS };
    for (i = 0; i < FPOOL_WHEEL_SLOTS; i++) {
        ring_init(&w->slots[i]);
    }
}

/* Puts a node into the slot where it is looked at next. */
static void insert(struct fpool_wheel *w, struct fpool_wheel_node *node)
{
    int64_t tick =
        node->when / FPOOL_WHEEL_TICK_NS + (node->when % FPOOL_WHEEL_TICK_NS > 0);
    size_t slot;

    if (tick <= w->tick) {
        tick = w->tick + 1;
    } else if (tick >= w->tick + FPOOL_WHEEL_SLOTS) {
        tick = w->tick + FPOOL_WHEEL_SLOTS - 1;
    }
    slot = (size_t)tick % FPOOL_WHEEL_SLOTS;
    link_last(&w->slots[slot], node);
    w->used[slot / 64] |= 1ull << slot % 64;
    w->n++;
}

void fpool_wheel_set(struct fpool_wheel *w, struct fpool_wheel_node *node,
                     int64_t when_ns)
{
    fpool_wheel_remove(w, node);
    node->when = when_ns;
    insert(w, node);
}

void fpool_wheel_remove(struct fpool_wheel *w, struct fpool_wheel_node *node)
{
    if (fpool_wheel_is_set(node)) {
        unlink_node(node);
        w->n--;
    }
}

/* Moves all nodes of a slot to 'to'. */
static void take_slot(struct fpool_wheel *w, size_t slot,
                      struct fpool_wheel_node *to)
{
    struct fpool_wheel_node *head = &w->slots[slot];

    ring_init(to);
    w->used[slot / 64] &= ~(1ull << slot % 64);
    if (!ring_is_empty(head)) {
        to->next = head->next;
        to->previous = head->previous;
        to->next->previous = to;
        to->previous->next = to;
        ring_init(head);
    }
}

static void visit(struct fpool_wheel *w, int64_t now_ns,
                  void (*fire)(struct fpool_wheel_node *node, void *arg),
                  void *arg)
{
    struct fpool_wheel_node due;

    take_slot(w, (size_t)w->tick % FPOOL_WHEEL_SLOTS, &due);
    while (!ring_is_empty(&due)) {
        struct fpool_wheel_node *node = due.next;

        fpool_wheel_remove(w, node);
        if (node->when > now_ns) {
            insert(w, node);
        } else {
            fire(node, arg);
        }
    }
}

void fpool_wheel_advance(struct fpool_wheel *w, int64_t now_ns,
                         void (*fire)(struct fpool_wheel_node *node, void *arg),
                         void *arg)
{
    int64_t last = now_ns / FPOOL_WHEEL_TICK_NS;

    /* After a long pause each slot is visited once, and no more. */
    if (last - w->tick > FPOOL_WHEEL_SLOTS) {
        w->tick = last - FPOOL_WHEEL_SLOTS;
    }
    while (w->tick < last) {
        if (w->n == 0) {
            w->tick = last;
            return;
        }
        w->tick++;
        visit(w, now_ns, fire, arg);
    }
}

int64_t fpool_wheel_next(const struct fpool_wheel *w)
{
    int64_t ahead;

    if (w->n == 0) {
        return INT64_MAX;
    }
    for (ahead = 1; ahead < FPOOL_WHEEL_SLOTS; ahead++) {
        size_t slot = (size_t)(w->tick + ahead) % FPOOL_WHEEL_SLOTS;

        if (slot % 64 == 0 && w->used[slot / 64] == 0 &&
            ahead + 64 < FPOOL_WHEEL_SLOTS) {
            ahead += 63;
        } else if ((w->used[slot / 64] >> slot % 64 & 1) != 0 &&
                   !ring_is_empty(&w->slots[slot])) {
            break;
        }
    }
    return (w->tick + ahead) * FPOOL_WHEEL_TICK_NS;
}
