/* SPDX-License-Identifier: MIT */
/* The version of the library that runs, as opposed to the headers' macros. */
#include "fetchpool/base.h"

const char *fpool_version(void)
{
    return FPOOL_VERSION;
}
