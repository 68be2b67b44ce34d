/* SPDX-License-Identifier: MIT */
/* Copies versioned options; called at the library's boundary. */
#include "base/options.h"

#include <string.h>

bool fpool_options_copy(void *to, size_t size, const void *from)
{
    const unsigned char *bytes = from;
    size_t given;
    size_t i;

    memset(to, 0, size);
    if (from == NULL) {
        return true;
    }
    memcpy(&given, from, sizeof(given));
    if (given < sizeof(given)) {
        return false;
    }
    for (i = size; i < given; i++) {
        if (bytes[i] != 0) {
            return false;
        }
    }
    memcpy(to, from, given < size ? given : size);
    return true;
}
