/* SPDX-License-Identifier: MIT */
/* Lists of facts, filled by the commands and shown by progress.c. */
#include "facts.h"

void cli_facts_add(struct cli_facts *facts, struct cli_fact fact)
{
    if (facts->n < CLI_MAX_FACTS) {
        facts->list[facts->n++] = fact;
    }
}

static bool continues(const struct cli_fact *fact)
{
    return fact->before[0] == ' ' || fact->before[0] == '/';
}

static void put_kinds(const struct cli_facts *facts, struct cli_out *out)
{
    unsigned i;

    for (i = 0; i < facts->n_kinds; i++) {
        cli_out_text(out, i == 0 ? ": " : ", ");
        cli_out_text(out, facts->kinds[i].kind);
        cli_out_text(out, " ");
        cli_out_number(out, (int64_t)facts->kinds[i].count);
    }
}

void cli_facts_text(const struct cli_facts *facts, int line,
                    struct cli_out *out)
{
    bool is_first = true;
    unsigned i;

    for (i = 0; i < facts->n; i++) {
        const struct cli_fact *fact = &facts->list[i];

        if (line >= 0 && fact->line != line) {
            continue;
        }
        if (!is_first && !continues(fact)) {
            cli_out_text(out, ", ");
        }
        cli_out_text(out, fact->before);
        cli_out_decimal(out, fact->value, fact->decimals);
        cli_out_text(out, fact->after);
        is_first = false;
    }
    if (line < 0 || line + 1 == cli_facts_lines(facts)) {
        put_kinds(facts, out);
    }
}

void cli_facts_json(const struct cli_facts *facts, struct cli_out *out)
{
    unsigned i;

    for (i = 0; i < facts->n; i++) {
        cli_out_text(out, ",\"");
        cli_out_text(out, facts->list[i].key);
        cli_out_text(out, "\":");
        cli_out_decimal(out, facts->list[i].value, facts->list[i].decimals);
    }
    cli_out_text(out, ",\"errors\":{");
    for (i = 0; i < facts->n_kinds; i++) {
        cli_out_text(out, i == 0 ? "\"" : ",\"");
        cli_out_text(out, facts->kinds[i].kind);
        cli_out_text(out, "\":");
        cli_out_number(out, (int64_t)facts->kinds[i].count);
    }
    cli_out_text(out, "}");
}

int cli_facts_lines(const struct cli_facts *facts)
{
    return facts->n == 0 ? 0 : facts->list[facts->n - 1].line + 1;
}
