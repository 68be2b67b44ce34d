/* SPDX-License-Identifier: MIT */
/* Making items and looking into them; called by the input and the commands. */
#include "item.h"

#include <stdlib.h>
#include <string.h>

#define HEAD offsetof(struct cli_item, text)

/* An item under construction. */
struct maker {
    struct cli_item *item;
    struct cli_span input;
};

/* Where an entry can be in the text behind 'size' bytes and a zero: aligned as
 * the block is. */
static size_t place_of_entry(size_t size)
{
    size_t align = _Alignof(struct cli_entry);

    return (HEAD + size + 1 + align - 1) / align * align - HEAD;
}

static size_t size_of_fields(const struct cli_fields *fields)
{
    size_t size = 0;
    int i;

    for (i = 0; i < CLI_N_FIELDS; i++) {
        size += fields->text[i].data == NULL ? 0 : fields->text[i].size + 1;
    }
    return size;
}

/* Appends a text and a zero byte; returns its place, 0 for none. */
static uint32_t put(struct maker *m, struct cli_span s)
{
    uint32_t place = m->item->size;

    if (s.data == NULL) {
        return 0;
    }
    if (s.size > 0) {
        memcpy(m->item->text + place, s.data, s.size);
    }
    m->item->text[place + s.size] = '\0';
    m->item->size += (uint32_t)s.size + 1;
    return place;
}

/* The same for what needs no zero byte: often it is a part of the input. */
static uint32_t put_part(struct maker *m, struct cli_span s)
{
    uintptr_t place = (uintptr_t)s.data - (uintptr_t)m->input.data;

    return s.data != NULL && place > 0 && place < m->input.size &&
                   s.size <= m->input.size - place
               ? (uint32_t)place
               : put(m, s);
}

static void put_entry(struct maker *m, const struct cli_fields *f)
{
    const struct cli_span *text = f->text;
    struct cli_entry *e =
        (struct cli_entry *)(void *)(m->item->text + m->item->entry);

    e->size = f->size;
    if (text[CLI_FIELD_URL].data != m->input.data) {
        e->url = put_part(m, text[CLI_FIELD_URL]);
    }
    e->url_size = (uint32_t)text[CLI_FIELD_URL].size;
    e->body = put_part(m, text[CLI_FIELD_BODY]);
    e->body_size = (uint32_t)text[CLI_FIELD_BODY].size;
    e->id = put_part(m, text[CLI_FIELD_ID]);
    e->id_size = (uint32_t)text[CLI_FIELD_ID].size;
    e->meta = put_part(m, text[CLI_FIELD_META]);
    e->meta_size = (uint32_t)text[CLI_FIELD_META].size;
    e->out = put(m, text[CLI_FIELD_OUT]);
    e->headers = put(m, text[CLI_FIELD_HEADERS]);
    e->method = put(m, text[CLI_FIELD_METHOD]);
    e->sha256 = put(m, text[CLI_FIELD_SHA256]);
    e->fault = (uint8_t)f->fault;
    e->has_raw_id = f->has_raw_id;
    e->has_raw_meta = f->has_raw_meta;
}

/* The word behind a line, after a blank. */
static void put_more(struct cli_item *item, const char *more, size_t size)
{
    item->text[item->size] = ' ';
    memcpy(item->text + item->size + 1, more, size);
    item->size += (uint32_t)size;
}

struct cli_item *cli_item_create(struct cli_span input, const char *more,
                                 const struct cli_fields *fields)
{
    struct maker m = { .input = input };
    size_t more_size = more == NULL ? 0 : strlen(more) + 1;
    size_t entry = 0;
    size_t size = input.size + more_size;

    if (fields != NULL) {
        entry = place_of_entry(input.size);
        size = entry + sizeof(struct cli_entry) + size_of_fields(fields);
    }
    m.item = malloc(HEAD + size + 1);
    if (m.item == NULL) {
        return NULL;
    }
    memset(m.item, 0, HEAD);
    m.item->input_size = (uint32_t)input.size & 0x7fffffff;
    m.item->size = (uint32_t)input.size;
    if (input.size > 0) {
        memcpy(m.item->text, input.data, input.size);
    }
    if (more != NULL) {
        put_more(m.item, more, more_size);
    }
    m.item->text[m.item->size] = '\0';
    if (fields != NULL) {
        memset(m.item->text + input.size, 0,
               entry + sizeof(struct cli_entry) - input.size);
        m.item->entry = (uint32_t)entry;
        m.item->size = (uint32_t)(entry + sizeof(struct cli_entry));
        put_entry(&m, fields);
    }
    return m.item;
}

size_t cli_item_size(const struct cli_item *item)
{
    return HEAD + item->size + 1;
}

void cli_item_set_header(struct cli_item *item, unsigned number)
{
    struct cli_entry *entry =
        (struct cli_entry *)(void *)(item->text + item->entry);

    if (item->entry != 0) {
        entry->header = (uint16_t)number;
    }
}

const struct cli_entry *cli_item_entry(const struct cli_item *item)
{
    return item->entry == 0
               ? NULL
               : (const struct cli_entry *)(const void *)(item->text +
                                                          item->entry);
}

enum cli_fault cli_item_fault(const struct cli_item *item)
{
    const struct cli_entry *entry = cli_item_entry(item);

    if (item->is_truncated) {
        return CLI_FAULT_TOO_LONG;
    }
    return entry == NULL ? CLI_FAULT_NONE : (enum cli_fault)entry->fault;
}

const char *cli_item_text(const struct cli_item *item, uint32_t place)
{
    return place == 0 ? NULL : item->text + place;
}

struct cli_span cli_item_url(const struct cli_item *item)
{
    const struct cli_entry *entry = cli_item_entry(item);

    return entry == NULL
               ? (struct cli_span){ item->text, item->input_size }
               : (struct cli_span){ item->text + entry->url, entry->url_size };
}

void cli_item_free(void *item)
{
    free(item);
}

struct cli_item *cli_item_of(void *text)
{
    return (struct cli_item *)(void *)((char *)text - HEAD);
}

void cli_item_drop(void *text)
{
    struct cli_item *item = cli_item_of(text);

    if (item->line != NULL && atomic_fetch_sub(&item->line->n_items, 1) == 1) {
        free(item->line);
    }
    free(item);
}
