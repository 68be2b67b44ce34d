/* SPDX-License-Identifier: MIT */
/* Fuzz target: entries of a list that are JSON objects.  What is read as valid
 * must be valid for a second reader too, which knows nothing but the grammar.
 */
#include "cli/json.h"

#include "entry.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Whether it is a whole value for the general reader, as deep as it may be. */
static bool is_value(const char *text, size_t size)
{
    struct cli_json j;
    struct cli_span raw = { NULL, 0 };
    char nothing[1];

    cli_json_init(&j, text, size, nothing);
    if (cli_json_value(&j, &raw)) {
        must(j.fault == CLI_FAULT_NONE);
        return cli_json_end(&j);
    }
    must(j.fault != CLI_FAULT_NONE);
    return j.fault == CLI_FAULT_JSON_DEPTH; /* one deeper than within */
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    /* Blocks of their own, so that a sanitizer sees a read beyond them. */
    char *text = malloc(size + 1);
    char *arena = malloc(CLI_ARENA_SIZE(size));
    struct cli_fields fields;

    must(text != NULL && arena != NULL);
    text = realloc(text, size == 0 ? 1 : size);
    must(text != NULL);
    if (size > 0) {
        memcpy(text, data, size);
    }
    cli_entry_read_json(text, size, arena, &fields);
    must(fields.fault != CLI_FAULT_NONE || is_value(text, size));
    if (fields.text[CLI_FIELD_META].data != NULL &&
        fields.fault == CLI_FAULT_NONE) {
        must(is_value(fields.text[CLI_FIELD_META].data,
                      fields.text[CLI_FIELD_META].size));
    }
    check_item(text, size, &fields);
    free(text);
    free(arena);
    return 0;
}
