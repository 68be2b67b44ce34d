/* SPDX-License-Identifier: MIT */
/* Finds in the labels of a name what its query shall get.  Called by dnsd.c;
 * the words are described there, for those who write tests. */
#include "dnsd.h"

#include <string.h>

enum meaning {
    MEANS_KIND, /* value: enum answer_kind */
    MEANS_RCODE,
    MEANS_DELAY,
    MEANS_COPIES,
    MEANS_ALSO,
    MEANS_FAULT, /* value: enum answer_fault */
    MEANS_TTL,
    MEANS_SILENT_FIRST,
    MEANS_FAIL_FIRST,
    MEANS_TC,
    MEANS_TC_ALWAYS,
    MEANS_TCP /* value: enum tcp_manner */
};

struct word {
    const char *word;
    enum meaning meaning;
    unsigned value;
    unsigned number;     /* where the label has none */
    unsigned max_number; /* 0: the word takes no number */
};

static const struct word words[] = {
    { "nx", MEANS_RCODE, 3, 0, 0 },
    { "nodata", MEANS_KIND, ANSWER_NODATA, 0, 0 },
    { "servfail", MEANS_RCODE, 2, 0, 0 },
    { "refused", MEANS_RCODE, 5, 0, 0 },
    { "notimp", MEANS_RCODE, 4, 0, 0 },
    { "formerr", MEANS_KIND, ANSWER_FORMERR, 0, 0 },
    { "rcode", MEANS_KIND, ANSWER_RCODE, 2, 4095 },
    { "ede", MEANS_KIND, ANSWER_ERROR_CODE, 0, 65535 },
    { "silent", MEANS_KIND, ANSWER_SILENT, 0, 0 },
    { "many", MEANS_KIND, ANSWER_MANY, 100, 4000 },
    { "big", MEANS_KIND, ANSWER_MANY, 3750, 0 },
    { "cname", MEANS_KIND, ANSWER_CNAME, 1, 200 },
    { "cnamenx", MEANS_KIND, ANSWER_CNAME_NX, 1, 200 },
    { "cnameloop", MEANS_KIND, ANSWER_CNAME_LOOP, 0, 0 },
    { "lie", MEANS_KIND, ANSWER_LIE, 0, 0 },
    { "garbage", MEANS_KIND, ANSWER_GARBAGE, 0, 0 },
    { "short", MEANS_KIND, ANSWER_SHORT, 0, 0 },
    { "loop", MEANS_KIND, ANSWER_LOOP, 0, 0 },
    { "noquestion", MEANS_KIND, ANSWER_NO_QUESTION, 0, 0 },
    { "delay", MEANS_DELAY, 0, 0, 3600000 },
    { "late", MEANS_DELAY, 0, 0, 3600000 },
    { "dup", MEANS_COPIES, 0, 2, 16 },
    { "also", MEANS_ALSO, 0, 0, 0 },
    { "wrongid", MEANS_FAULT, FAULT_ID, 0, 0 },
    { "wrongport", MEANS_FAULT, FAULT_PORT, 0, 0 },
    { "wrongname", MEANS_FAULT, FAULT_NAME, 0, 0 },
    { "wrongcase", MEANS_FAULT, FAULT_CASE, 0, 0 },
    { "wrongtype", MEANS_FAULT, FAULT_TYPE, 0, 0 },
    { "ttl", MEANS_TTL, 0, 0, 2147483647 },
    { "flaky", MEANS_SILENT_FIRST, 0, 1, 1000 },
    { "failfirst", MEANS_FAIL_FIRST, 0, 1, 1000 },
    { "tc", MEANS_TC, 0, 0, 0 },
    { "tconly", MEANS_TC_ALWAYS, 0, 0, 0 },
    { "tcpclose", MEANS_TCP, MANNER_CLOSE, 0, 0 },
    { "tcphalf", MEANS_TCP, MANNER_HALF, 0, 0 },
    { "tcpslow", MEANS_TCP, MANNER_SLOW, 0, 0 },
};

/* A number, and behind it the label's end or a hyphen; 'max' + 1 for anything
 * else.  Moves '*p' behind it. */
static unsigned take_number(const uint8_t **p, const uint8_t *end, unsigned max)
{
    uint64_t n = 0;
    const uint8_t *start = *p;

    for (; *p < end && **p >= '0' && **p <= '9' && n <= max; (*p)++) {
        n = n * 10 + (unsigned)(**p - '0');
    }
    return *p == start || n > max || (*p < end && **p != '-') ? max + 1
                                                              : (unsigned)n;
}

/* "a-1-2-3-4"; does nothing to any other label. */
static void read_address(struct plan *plan, const uint8_t *label, size_t size)
{
    const uint8_t *p = label + 1;
    const uint8_t *end = label + size;
    uint32_t address = 0;
    int i;

    for (i = 0; i < 4; i++) {
        unsigned n;

        if (label[0] != 'a' || p >= end || *p != '-') {
            return;
        }
        p++;
        n = take_number(&p, end, 255);
        if (n > 255) {
            return;
        }
        address = address << 8 | n;
    }
    if (p == end) {
        plan->kind = ANSWER_ADDRESS;
        plan->address = address;
    }
}

/* The word that the label begins with; behind it there is nothing, a digit or a
 * hyphen, so that an ordinary name such as "bigger" is none. */
static const struct word *find_word(const uint8_t *label, size_t size)
{
    size_t i;

    for (i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        size_t n = strlen(words[i].word);

        if (size >= n && memcmp(label, words[i].word, n) == 0 &&
            (size == n || label[n] == '-' ||
             (label[n] >= '0' && label[n] <= '9'))) {
            return &words[i];
        }
    }
    return NULL;
}

static unsigned number_of(const struct word *word, const uint8_t *label,
                          size_t size)
{
    const uint8_t *p = label + strlen(word->word);
    unsigned n;

    if (word->max_number == 0 || p == label + size || *p != '-') {
        return word->number;
    }
    p++;
    n = take_number(&p, label + size, word->max_number);
    return n > word->max_number ? word->number : n;
}

/* Returns whether the next label is to be looked at, too. */
static bool apply(struct plan *plan, const struct word *word, unsigned number)
{
    switch (word->meaning) {
    case MEANS_KIND:
        plan->kind = (enum answer_kind)word->value;
        plan->number = number;
        return false;
    case MEANS_RCODE:
        plan->kind = ANSWER_RCODE;
        plan->number = word->value;
        return false;
    case MEANS_DELAY:
        plan->delay_us = (int64_t)number * 1000;
        return true;
    case MEANS_COPIES:
        plan->copies = number;
        return true;
    case MEANS_ALSO:
        plan->also_good = true;
        plan->copies = 2;
        return true;
    case MEANS_FAULT:
        plan->fault = (enum answer_fault)word->value;
        return true;
    case MEANS_TTL:
        plan->ttl = number;
        return true;
    case MEANS_SILENT_FIRST:
        plan->silent_first = number;
        return true;
    case MEANS_FAIL_FIRST:
        plan->fail_first = number;
        return true;
    case MEANS_TC:
    case MEANS_TC_ALWAYS:
        plan->truncate = true;
        plan->truncate_always = word->meaning == MEANS_TC_ALWAYS;
        plan->kind = ANSWER_MANY;
        plan->number = 100;
        return true;
    case MEANS_TCP:
        plan->truncate = true;
        plan->manner = (enum tcp_manner)word->value;
        return true;
    }
    return false;
}

static bool is_below(const struct query *q, const char *zone, size_t size)
{
    return q->name_size > size &&
           memcmp(q->name + q->name_size - size, zone, size) == 0;
}
#define IS_BELOW(q, zone) is_below((q), (zone), sizeof(zone))

/* Zones in which words mean nothing, since their names are not chosen with the
 * table above in mind. */
static bool plan_zone(struct plan *plan, const struct query *q)
{
    bool exists = q->name_size > 8 && q->name[0] >= 6 &&
                  memcmp(q->name + 1, "exists", 6) == 0;

    if (IS_BELOW(q, "\4wild\4test")) {
        plan->kind = exists ? ANSWER_NORMAL : ANSWER_WILD;
        plan->number = 1;
        return true;
    }
    if (IS_BELOW(q, "\10wildmany\4test")) {
        plan->kind = exists ? ANSWER_NORMAL : ANSWER_WILD;
        plan->number = 4;
        return true;
    }
    if (IS_BELOW(q, "\4real\4test")) {
        plan->kind = exists ? ANSWER_NORMAL : ANSWER_RCODE;
        plan->number = 3;
        return true;
    }
    return IS_BELOW(q, "\4dict\4test");
}

void plan_make(struct plan *plan, const struct query *q)
{
    const uint8_t *p = q->name;
    bool goes_on = true;

    memset(plan, 0, sizeof(*plan));
    plan->ttl = 300;
    plan->copies = 1;
    if (plan_zone(plan, q)) {
        return;
    }
    while (goes_on && *p != 0) {
        const struct word *word = find_word(p + 1, *p);

        goes_on = word != NULL && apply(plan, word, number_of(word, p + 1, *p));
        if (word == NULL && *p < 20) {
            read_address(plan, p + 1, *p);
        }
        p += 1 + *p;
    }
}
