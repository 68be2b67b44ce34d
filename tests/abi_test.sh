#!/bin/sh
# SPDX-License-Identifier: MIT
# The symbols that the shared library exports are those of tests/abi.txt:
#
#     abi_test.sh [--update] LIBRARY ABI.txt INCLUDE_DIRECTORY [FEATURE]...
#
# A line of the list is a symbol, or a symbol and the feature (such as http)
# without which it is absent.  With --update the list is written anew.
set -eu
export LC_ALL=C

update=
if [ "$1" = --update ]; then
    update=yes
    shift
fi
library=$1 list=$2 include=$3
shift 3
features=" $* "

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM

# Types other than A: the version of the symbols is itself a symbol.
nm -D --defined-only "$library" >"$work/symbols"
awk '$2 != "A" { print $3 }' "$work/symbols" | sed 's/@.*//' |
    sort -u >"$work/exported"

# The functions that the public headers $* declare.
declared_in() {
    for header in "$@"; do
        [ ! -f "$header" ] || cat "$header"
    done | tr '\n' ' ' | grep -o 'FPOOL_API[^;(]*(' |
        grep -o 'fpool_[a-z0-9_]*($' | tr -d '(' | sort -u
}

if [ -n "$update" ]; then
    declared_in "$include/fetchpool/http.h" "$include/fetchpool/dir.h" \
        >"$work/http"
    declared_in "$include/fetchpool/dns.h" >"$work/dns"
    while read -r symbol; do
        feature=
        grep -q -x -F "$symbol" "$work/http" && feature=http
        grep -q -x -F "$symbol" "$work/dns" && feature=dns
        echo "$symbol${feature:+ $feature}"
    done <"$work/exported" >"$list"
    echo "$(wc -l <"$list") symbols in $list"
    exit
fi

while read -r symbol feature; do
    case $features in
    *" ${feature:-} "*) echo "$symbol" ;;
    *) [ -n "$feature" ] || echo "$symbol" ;;
    esac
done <"$list" | sort -u >"$work/listed"

# Everything that a public header promises is there.
declared_in "$include"/fetchpool/*.h >"$work/declared"

status=0
diff -u "$work/listed" "$work/exported" >"$work/difference" || {
    echo "Exported symbols differ from $list (+ exported, - listed);"
    echo "if that is meant: abi_test.sh --update"
    grep '^[-+]fpool\|^[-+][^-+]' "$work/difference"
    status=1
}
comm -13 "$work/declared" "$work/exported" >"$work/undeclared"
if [ -s "$work/undeclared" ]; then
    echo "Exported, but in no public header:"
    cat "$work/undeclared"
    status=1
fi
# With all features nothing may be missing.
if [ "$features" = " http dns " ]; then
    comm -23 "$work/declared" "$work/exported" >"$work/missing"
    if [ -s "$work/missing" ]; then
        echo "Declared, but not exported:"
        cat "$work/missing"
        status=1
    fi
fi
exit "$status"
