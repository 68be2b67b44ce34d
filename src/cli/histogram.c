/* SPDX-License-Identifier: MIT */
/* Log-linear histograms, filled by the tally. */
#include "histogram.h"

/* floor(log2(CLI_HISTOGRAM_STEPS)) */
#define STEP_BITS 5

static unsigned place_of(uint64_t value)
{
    unsigned exponent;

    if (value < CLI_HISTOGRAM_STEPS) {
        return (unsigned)value;
    }
    exponent = 63 - (unsigned)__builtin_clzll(value) - STEP_BITS;
    return (exponent + 1) * CLI_HISTOGRAM_STEPS +
           (unsigned)(value >> exponent) % CLI_HISTOGRAM_STEPS;
}

/* The greatest value at a place. */
static int64_t value_at(unsigned place)
{
    unsigned exponent = place / CLI_HISTOGRAM_STEPS;
    uint64_t step = place % CLI_HISTOGRAM_STEPS;

    if (exponent == 0) {
        return (int64_t)step;
    }
    return (int64_t)(((step + CLI_HISTOGRAM_STEPS + 1) << (exponent - 1)) - 1);
}

void cli_histogram_add(struct cli_histogram *h, int64_t value)
{
    h->n++;
    h->max = value > h->max ? value : h->max;
    h->counts[place_of(value < 0 ? 0 : (uint64_t)value)]++;
}

int64_t cli_histogram_quantile(const struct cli_histogram *h, double part)
{
    double wanted = part * (double)h->n;
    uint64_t seen = 0;
    unsigned i;

    for (i = 0; i < CLI_HISTOGRAM_SIZE && h->n > 0; i++) {
        seen += h->counts[i];
        if (h->counts[i] > 0 && (double)seen >= wanted) {
            int64_t value = value_at(i);

            return value < h->max ? value : h->max;
        }
    }
    return h->max;
}
