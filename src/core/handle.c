/* SPDX-License-Identifier: MIT */
/* fpool_handle_destroy(): the one function behind FPOOL_SCOPED. */
#include "core/handle.h"

#include <assert.h>
#include <string.h>

#include "fetchpool/fetchpool.h"

void fpool_handle_destroy(void *handle_address)
{
    void *handle;
    uint32_t kind;

    memcpy(&handle, handle_address, sizeof(handle));
    if (handle == NULL) {
        return;
    }
    memcpy(&kind, handle, sizeof(kind));
    switch (kind) {
    case FPOOL_KIND_POOL:
        fpool_destroy(handle_address);
        break;
    case FPOOL_KIND_RESULTS:
        fpool_results_destroy(handle_address);
        break;
    case FPOOL_KIND_BATCH:
        fpool_batch_destroy(handle_address);
        break;
    case FPOOL_KIND_FUTURE:
        fpool_future_destroy(handle_address);
        break;
    case FPOOL_KIND_CANCEL:
        fpool_cancel_destroy(handle_address);
        break;
    case FPOOL_KIND_HOOKED:
        ((struct fpool_handle *)handle)->destroy(handle_address);
        break;
    default:
        assert(false && "not a fetchpool handle");
    }
}
