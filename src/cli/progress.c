/* SPDX-License-Identifier: MIT */
/* The forms of progress; called by the run loop. */
#include "progress.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "facts.h"
#include "out.h"
#include "say.h"

#define DEFAULT_COLUMNS 80
#define DEFAULT_ROWS    24

static int64_t interval_of(enum cli_progress_mode mode)
{
    switch (mode) {
    case CLI_PROGRESS_TTY:
        return 250;
    case CLI_PROGRESS_JSON:
        return 1000;
    default:
        return 10000;
    }
}

/* ---- The terminal. */

static void get_size(int *ret_rows, int *ret_columns)
{
    struct winsize size;
    bool is_known = ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0;

    *ret_rows = is_known && size.ws_row > 0 ? size.ws_row : DEFAULT_ROWS;
    *ret_columns = is_known && size.ws_col > 0 ? size.ws_col : DEFAULT_COLUMNS;
}

static void clear(void *progress)
{
    struct cli_progress *p = progress;

    if (p->n_drawn > 0) {
        fprintf(stderr, "\r\033[%dA\033[J", p->n_drawn);
        fflush(stderr);
        p->n_drawn = 0;
    }
}

/* Draws over what is there, and wipes what is left of it.  A line that filled
 * the last column would wrap, and then the next could not be found. */
static void draw(struct cli_progress *p, const struct cli_facts *facts,
                 struct cli_out *out)
{
    int n_lines = cli_facts_lines(facts);
    int rows;
    int columns;
    int line;

    get_size(&rows, &columns);
    n_lines = n_lines < rows ? n_lines : rows - 1;
    cli_out_text(out, "\r");
    if (p->n_drawn > 0) {
        cli_out_text(out, "\033[");
        cli_out_number(out, p->n_drawn);
        cli_out_text(out, "A");
    }
    for (line = 0; line < n_lines; line++) {
        size_t begin = out->size;
        size_t most = columns > 1 ? (size_t)columns - 1 : 0;

        cli_facts_text(facts, line, out);
        if (out->size - begin > most) {
            out->size = begin + most;
        }
        cli_out_text(out, "\033[K\n");
    }
    cli_out_text(out, "\033[J");
    p->n_drawn = n_lines;
}

/* A terminal, and one that moves its cursor when told. */
static bool is_capable(void)
{
    const char *term = getenv("TERM");

    return isatty(STDERR_FILENO) && term != NULL && term[0] != '\0' &&
           strcmp(term, "dumb") != 0;
}

/* ---- All forms. */

void cli_progress_init(struct cli_progress *p, enum cli_progress_mode mode,
                       int64_t now_ms)
{
    if (mode == CLI_PROGRESS_AUTO) {
        mode = is_capable() ? CLI_PROGRESS_TTY : CLI_PROGRESS_PLAIN;
    }
    p->mode = mode;
    p->n_drawn = 0;
    p->next_ms =
        mode == CLI_PROGRESS_NONE ? INT64_MAX : now_ms + interval_of(mode);
    cli_say_after(clear, p);
}

void cli_progress_show(struct cli_progress *p, const struct cli_facts *facts,
                       int64_t now_ms)
{
    struct cli_out out;

    p->next_ms = now_ms + interval_of(p->mode);
    cli_out_open_messages(&out);
    switch (p->mode) {
    case CLI_PROGRESS_TTY:
        draw(p, facts, &out);
        break;
    case CLI_PROGRESS_JSON:
        cli_out_text(&out, "{\"v\":1,\"type\":\"progress\"");
        cli_facts_json(facts, &out);
        cli_out_text(&out, "}\n");
        break;
    default:
        cli_facts_text(facts, -1, &out);
        cli_out_text(&out, "\n");
        break;
    }
    cli_out_close(&out);
}

void cli_progress_fini(struct cli_progress *p)
{
    clear(p);
    p->next_ms = INT64_MAX;
    cli_say_after(NULL, NULL);
}
