/* SPDX-License-Identifier: MIT */
/* The help text of `fetchpool get`; called by command.c. */
#include <stdio.h>

#include "get_private.h"

void get_print_help(void)
{
    fputs(
        "usage: fetchpool get [OPTION]... [URL]...\n"
        "\n"
        "Downloads a list of URLs; every item gets exactly one result.\n"
        "\n"
        "  -i, --input FILE        the list, one URL a line; - is standard "
        "input,\n"
        "                          also the default when that is a pipe; "
        "repeatable\n"
        "  -o, --output SINK       DIR or dir:DIR (default: downloads), or "
        "null\n"
        "  -j, --jobs N            transfers at once (256)\n"
        "      --window N          items looked ahead (4 x jobs, at least "
        "1000)\n"
        "      --results FILE      one JSON line for each item; - is stdout\n"
        "      --failed FILE       the lines that failed, to be fed back\n"
        "      --ordered           results in the order of the list\n"
        "      --timeout D         most time for one item (none)\n"
        "      --connect-timeout D most time until connected (15s)\n"
        "      --stall D           most time without a byte (30s)\n"
        "      --max-size N        most bytes of a body (none): 10k, 5M, 1G\n"
        "      --redirects N       redirects followed (10)\n"
        "      --layout L          names of files: hash (default), path, "
        "index\n"
        "      --if-exists W       skip (default), overwrite, rename, fail\n"
        "      --checksum ALG      sha256 (default) or none\n"
        "      --cacert FILE       trusted certificates; -k, --insecure: none\n"
        "  -A, --user-agent TEXT   the User-Agent header\n",
        stdout);
    cli_print_common_help();
}
