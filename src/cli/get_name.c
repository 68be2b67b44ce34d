/* SPDX-License-Identifier: MIT */
/* The names of the files of `fetchpool get`; called where an item is looked for
 * and where it is stored, on different threads. */
#include <string.h>

#include "get_private.h"

static bool name_by_layout(const struct get *get, const struct cli_item *item,
                           const struct cli_entry *entry, char *ret_name)
{
    struct cli_span url = cli_item_url(item);
    struct fpool_dir_item of = {
        .struct_size = sizeof(of),
        .url = url.data,
        .url_size = url.size,
        .seq = item->seq,
        .id = entry == NULL ? NULL : cli_item_text(item, entry->id),
        .id_size = entry == NULL ? 0 : entry->id_size,
    };

    return fpool_dir_name_of(get->dir, &of, ret_name, FPOOL_DIR_NAME_SIZE) ==
           FPOOL_OK;
}

/* What an entry says about its file is a name, or, with a slash at its end, a
 * directory for the name that the layout gives. */
bool get_name_item(const struct get *get, const struct cli_item *item,
                   char *ret_name)
{
    const struct cli_entry *entry = cli_item_entry(item);
    const char *out = entry == NULL ? NULL : cli_item_text(item, entry->out);
    char name[FPOOL_DIR_NAME_SIZE];
    size_t size = out == NULL ? 0 : strlen(out);
    size_t name_size;

    if (size == 0) {
        return name_by_layout(get, item, entry, ret_name);
    }
    if (size >= FPOOL_DIR_NAME_SIZE) {
        return false; /* unreachable: defensive */
    }
    memcpy(ret_name, out, size + 1);
    if (out[size - 1] != '/') {
        return true;
    }
    if (!name_by_layout(get, item, entry, name)) {
        return false;
    }
    name_size = strlen(name);
    if (size + name_size >= FPOOL_DIR_NAME_SIZE) {
        return false;
    }
    memcpy(ret_name + size, name, name_size + 1);
    return true;
}
