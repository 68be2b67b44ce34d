/* SPDX-License-Identifier: MIT */
/* The help text of `fetchpool resolve`; called by command.c. */
#include <stdio.h>

#include "resolve_private.h"

void resolve_print_help(void)
{
    fputs(
        "usage: fetchpool resolve [OPTION]... [NAME]...\n"
        "\n"
        "Resolves a list of host names; every name and type gets exactly one "
        "result.\n"
        "\n"
        "  -i, --input FILE        the list, one \"NAME\" or \"NAME TYPE\" a "
        "line; - is\n"
        "                          standard input, also the default when that "
        "is a\n"
        "                          pipe; repeatable\n"
        "  -t, --type T,T,...      record types of the lines that name none "
        "(A)\n"
        "  -r, --resolvers R       a file, or a list: ip, ip:port, [v6]:port "
        "(the\n"
        "                          system's)\n"
        "      --suffix DOMAIN     appended to each name\n"
        "  -f, --format F          jsonl (default); text: name TTL type data, "
        "a line\n"
        "                          for each record; list: the names that have "
        "an\n"
        "                          answer, each once\n"
        "      --only S,S,...      show these results alone; all are counted: "
        "ok,\n"
        "                          nodata, nxdomain, servfail, refused, "
        "timeout,\n"
        "                          badname, badreply, failed\n"
        "      --wildcard W        off (default); tag or drop what a wildcard "
        "zone\n"
        "                          makes up: two or more further queries a "
        "zone\n"
        "      --results FILE      where the results go; - is stdout, the "
        "default\n"
        "      --failed FILE       what failed, to be fed back\n"
        "      --ordered           results in the order of the list\n"
        "  -j, --jobs N            names whose first try is on its way (1000)\n"
        "      --window N          names looked ahead, retries included "
        "(100000)\n"
        "      --tries N           tries of one name, across resolvers (4)\n"
        "      --retries N         the same, not counting the first\n"
        "      --qps N             datagrams a second, retries included\n"
        "      --resolver-qps N    the same for each resolver\n"
        "      --timeout D         most time for one name (none)\n",
        stdout);
    cli_print_common_help();
    fputs("\n"
          "nodata and nxdomain are answers.  error.kind of the others: "
          "dns.servfail,\n"
          "dns.refused, dns.timeout (nobody answered), timeout.item (--timeout "
          "came\n"
          "first; status timeout), dns.badreply, dns.failed, invalid.name,\n"
          "invalid.line (more than 64 KiB), local.memory, local.other.\n",
          stdout);
}
