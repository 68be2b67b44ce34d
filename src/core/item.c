/* SPDX-License-Identifier: MIT */
/* Items and results as plain data; used by everybody. */
#include "fetchpool/item.h"

#include <string.h>

#include "base/mem.h"

struct fpool_item fpool_item_text(const char *text)
{
    return fpool_item_bytes(text, strlen(text));
}

enum fpool_status fpool_item_copy(struct fpool_item *ret_item, const void *data,
                                  size_t size)
{
    char *copy;

    if (size == SIZE_MAX) {
        return FPOOL_ENOMEM;
    }
    copy = fpool_malloc(size + 1);
    if (copy == NULL) {
        return FPOOL_ENOMEM;
    }
    if (size != 0) {
        memcpy(copy, data, size);
    }
    copy[size] = '\0';
    *ret_item = (struct fpool_item){ copy, size, fpool_free, 0 };
    return FPOOL_OK;
}

void fpool_result_release(struct fpool_result *result)
{
    if (result->value != NULL && result->drop_value != NULL) {
        result->drop_value(result->value);
    }
    if (result->item.drop != NULL) {
        result->item.drop(result->item.data);
    }
    result->value = NULL;
    result->drop_value = NULL;
    result->item = (struct fpool_item){ 0 };
}
