/* SPDX-License-Identifier: MIT */
/* Names and texts of enum fpool_status, from the one map in the header. */
#include "fetchpool/status.h"

const char *fpool_status_text(enum fpool_status status)
{
    switch (status) {
#define STATUS_TEXT(name, value, text)                                         \
    case FPOOL_##name:                                                         \
        return text;
        FPOOL_STATUS_MAP(STATUS_TEXT)
#undef STATUS_TEXT
    }
    return "unknown status";
}

const char *fpool_status_name(enum fpool_status status)
{
    switch (status) {
#define STATUS_NAME(name, value, text)                                         \
    case FPOOL_##name:                                                         \
        return "FPOOL_" #name;
        FPOOL_STATUS_MAP(STATUS_NAME)
#undef STATUS_NAME
    }
    return "FPOOL_?";
}
