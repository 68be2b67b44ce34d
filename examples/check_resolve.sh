#!/bin/sh
# SPDX-License-Identifier: MIT
# Gives 18_resolve a long list, and checks that each line has its answer:
#
#     check_resolve.sh PROGRAM N_LINES
#
# All are numeric addresses, so that nothing leaves the machine.
set -eu

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

awk -v n="$2" 'BEGIN {
    for (i = 0; i < n; i++) {
        printf "127.%d.%d.%d\n", i / 65536 % 256, i / 256 % 256, i % 256
    }
}' >"$work/words"
"$1" -n <"$work/words" >"$work/output"
awk '{ print $1, $1 }' "$work/words" | LC_ALL=C sort >"$work/expected"
LC_ALL=C sort "$work/output" | cmp "$work/expected" -
