/* SPDX-License-Identifier: MIT */
/* Fuzz target: entries of a list in aria2's form, and lines of tab-separated
 * fields: the first byte says which, and whether its first line names columns.
 */
#include "entry.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_tsv(const char *text, size_t size, bool has_names, char *arena,
                     struct cli_fields *ret_fields)
{
    const char *end = memchr(text, '\n', size);
    struct cli_columns columns;
    struct cli_span unknown = { NULL, 0 };

    cli_columns_init(&columns);
    if (has_names && end != NULL) {
        size_t n = (size_t)(end - text);

        if (cli_columns_read(text, n, &columns, &unknown)) {
            must(columns.n > 0 && columns.n <= CLI_MAX_COLUMNS);
        }
        text += n + 1;
        size -= n + 1;
    }
    cli_entry_read_tsv(&columns, text, size, arena, ret_fields);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct cli_fields fields;
    char *text;
    char *arena;

    if (size < 2) {
        return 0;
    }
    text = malloc(size - 1);
    arena = malloc(CLI_ARENA_SIZE(size - 1));
    must(text != NULL && arena != NULL);
    memcpy(text, data + 1, size - 1);
    (void)cli_entry_is_option(text, size - 1);
    if (data[0] % 4 == 0) {
        read_tsv(text, size - 1, data[0] % 8 == 0, arena, &fields);
    } else {
        cli_entry_read_aria2(text, size - 1, arena, &fields);
    }
    check_item(text, size - 1, &fields);
    free(text);
    free(arena);
    return 0;
}
