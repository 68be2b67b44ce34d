/* SPDX-License-Identifier: MIT */
/* Sources whose items have positions: arrays and ranges. */
#include "fetchpool/source.h"

static void array_item(const struct fpool_source *source, uint64_t index,
                       struct fpool_item *ret_item)
{
    ret_item->data = (char *)source->self + index * source->stride;
}

static void range_item(const struct fpool_source *source, uint64_t index,
                       struct fpool_item *ret_item)
{
    ret_item->data = (void *)(uintptr_t)(source->first + index);
}

struct fpool_source fpool_source_array(const void *base, size_t count,
                                       size_t stride)
{
    return (struct fpool_source){ .item_at = array_item,
                                  .self = (void *)(uintptr_t)base,
                                  .count = count,
                                  .stride = stride,
                                  .status = base == NULL && count != 0
                                                ? FPOOL_EINVAL
                                                : FPOOL_OK };
}

struct fpool_source fpool_source_range(uint64_t first, uint64_t end)
{
    return (struct fpool_source){
        .item_at = range_item,
        .first = first,
        .count = end > first ? end - first : 0,
        .status = end != 0 && end - 1 > UINTPTR_MAX ? FPOOL_EINVAL : FPOOL_OK
    };
}
