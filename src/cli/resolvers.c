/* SPDX-License-Identifier: MIT */
/* Lists of name servers; called by the checks of the commands' options. */
#include "resolvers.h"

#include <errno.h>
#include <fetchpool/dns.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "run.h"
#include "say.h"
#include "text.h"

#ifdef FETCHPOOL_HAS_RESOLVE

#define MAX_FILE ((size_t)16 << 20)

/* Makes of a file what the library reads. */
static bool clean_text(const char *path, char *text, size_t size)
{
    if (strlen(text) != size) {
        cli_say_name("a zero byte in the resolvers file", path, "");
        return false;
    }
    if (strncmp(text, "\xEF\xBB\xBF", 3) == 0) {
        memset(text, ' ', 3);
    }
    return true;
}

/* A file of that name, or else a list.  Returns an exit status. */
static int load(const char *value, char **ret_text, bool *ret_is_file)
{
    size_t size;

    *ret_is_file = true;
    *ret_text = cli_read_file(value, MAX_FILE, &size);
    if (*ret_text != NULL) {
        return clean_text(value, *ret_text, size) ? CLI_EXIT_OK
                                                  : CLI_EXIT_USAGE;
    }
    if (errno != ENOENT && errno != ENOTDIR && errno != ENAMETOOLONG) {
        cli_say_name("cannot read the resolvers in", value, strerror(errno));
        return errno == EACCES || errno == EISDIR || errno == EFBIG
                   ? CLI_EXIT_USAGE
                   : CLI_EXIT_LOCAL;
    }
    *ret_is_file = false;
    *ret_text = strdup(value);
    if (*ret_text == NULL) {
        cli_say("out of memory");
        return CLI_EXIT_LOCAL;
    }
    return CLI_EXIT_OK;
}

int cli_resolvers_load(const char *value, char **ret_text)
{
    unsigned line = 0;
    bool is_file;
    int status = load(value, ret_text, &is_file);

    if (status != CLI_EXIT_OK ||
        fpool_dns_check_resolvers(*ret_text, &line) == FPOOL_OK) {
        return status;
    }
    if (!is_file) {
        cli_say_name(
            "--resolvers: neither a file nor a list of addresses:", value, "");
    } else if (line == 0) {
        cli_say_name("no resolver in", value, "");
    } else {
        char text[64];

        snprintf(text, sizeof(text), "line %u is no address", line);
        cli_say_name("--resolvers: in", value, text);
    }
    return CLI_EXIT_USAGE;
}

#else

int cli_resolvers_load(const char *value, char **ret_text)
{
    (void)value;
    (void)ret_text;
    cli_say("option --resolvers is not available in this build");
    return CLI_EXIT_USAGE;
}

#endif
