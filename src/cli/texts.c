/* SPDX-License-Identifier: MIT */
/* Lists of texts, as options are repeated; called by all that reads options. */
#include <stdlib.h>
#include <string.h>

#include "options.h"
#include "say.h"

bool cli_texts_add(struct cli_texts *texts, const char *text)
{
    if (texts->n == texts->capacity) {
        size_t capacity = texts->capacity * 2 + 8;
        const char **grown = realloc(texts->list, capacity * sizeof(*grown));

        if (grown == NULL) {
            cli_say("out of memory");
            return false;
        }
        texts->list = grown;
        texts->capacity = capacity;
    }
    texts->list[texts->n++] = text;
    return true;
}

char *cli_texts_keep(struct cli_texts *kept, const char *text, size_t size)
{
    char *copy = malloc(size + 1);

    if (copy == NULL) {
        cli_say("out of memory");
        return NULL;
    }
    memcpy(copy, text, size);
    copy[size] = '\0';
    if (!cli_texts_add(kept, copy)) {
        free(copy);
        return NULL;
    }
    return copy;
}

void cli_texts_fini_kept(struct cli_texts *kept)
{
    size_t i;

    for (i = 0; i < kept->n; i++) {
        free((void *)(uintptr_t)kept->list[i]);
    }
    free(kept->list);
    memset(kept, 0, sizeof(*kept));
}
