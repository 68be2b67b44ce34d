/* SPDX-License-Identifier: MIT */
/* Doubly linked lists of objects that embed their node.
 *
 * Purpose: queues from whose middle objects are taken in O(1).
 * Use: init the head; a zeroed node is in no list.
 * Ownership: a list owns nothing.
 * Thread-safety: one thread at a time.
 * Limits: none. */
#ifndef FPOOL_BASE_LIST_H
#define FPOOL_BASE_LIST_H

#include <stdbool.h>
#include <stddef.h>

struct fpool_list {
    struct fpool_list *next; /* NULL for a node in no list */
    struct fpool_list *previous;
};

static inline void fpool_list_init(struct fpool_list *head)
{
    head->next = head->previous = head;
}

static inline bool fpool_list_is_empty(const struct fpool_list *head)
{
    return head->next == head;
}

static inline bool fpool_list_has(const struct fpool_list *node)
{
    return node->next != NULL;
}

/* Adds a node that is in no list. */
static inline void fpool_list_push(struct fpool_list *head,
                                   struct fpool_list *node)
{
    node->previous = head->previous;
    node->next = head;
    node->previous->next = node;
    head->previous = node;
}

/* Takes 'node' out of its list; does nothing when it is in none. */
static inline void fpool_list_remove(struct fpool_list *node)
{
    if (node->next != NULL) {
        node->previous->next = node->next;
        node->next->previous = node->previous;
        node->next = node->previous = NULL;
    }
}

/* Takes out the first node; NULL when there is none. */
static inline struct fpool_list *fpool_list_pop(struct fpool_list *head)
{
    struct fpool_list *node = head->next;

    if (node == head) {
        return NULL;
    }
    fpool_list_remove(node);
    return node;
}

#endif
