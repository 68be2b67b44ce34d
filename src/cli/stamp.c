/* SPDX-License-Identifier: MIT */
/* Time stamps, refreshed by the run loop. */
#include "stamp.h"

#include <string.h>
#include <time.h>

#define MILLISECONDS 21 /* their place in the text */

void cli_stamp_refresh(struct cli_stamp *s)
{
    struct timespec now;
    struct tm tm;
    int ms;

    clock_gettime(CLOCK_REALTIME, &now);
    if (s->text[0] == '\0' || now.tv_sec != s->second) {
        if (gmtime_r(&now.tv_sec, &tm) == NULL ||
            strftime(s->text, sizeof(s->text), "\"%Y-%m-%dT%H:%M:%S.000Z\"",
                     &tm) != CLI_STAMP_SIZE) {
            /* unreachable: defensive; the year has more than four digits */
            memcpy(s->text, "\"9999-12-31T23:59:59.999Z\"", CLI_STAMP_SIZE);
        }
        s->second = now.tv_sec;
    }
    ms = (int)(now.tv_nsec / 1000000);
    s->text[MILLISECONDS] = (char)('0' + ms / 100);
    s->text[MILLISECONDS + 1] = (char)('0' + ms / 10 % 10);
    s->text[MILLISECONDS + 2] = (char)('0' + ms % 10);
}
