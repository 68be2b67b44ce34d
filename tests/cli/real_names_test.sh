#!/bin/sh
# SPDX-License-Identifier: MIT
# Real names, those of the public suffix list and of a dictionary, served by NSD on
# loopback: every line must come back once, with the answer that the zone has.
#
#     sh tests/cli/real_names_test.sh FETCHPOOL DNSD
set -eu

fetchpool=$(cd "$(dirname "$1")" && pwd)/$(basename "$1")
dnsd=$(cd "$(dirname "$2")" && pwd)/$(basename "$2")
least=50000

. "$(dirname "$0")/../support/nsd.sh"

work=$(mktemp -d)
finish() {
    nsd_stop
    rm -rf "$work"
}
trap finish EXIT
trap 'exit 1' HUP INT TERM

fail() {
    echo "not ok: $*" >&2
    exit 1
}

# From result lines to lines as in 'expected': given, asked for, status, data.
# shellcheck disable=SC2016
read_results='
import json, sys
for line in sys.stdin:
    r = json.loads(line)
    data = ",".join(a["data"] for a in r["answers"])
    print(r["input"], r["name"], r["status"], data, sep="\t")
'

nsd_zone "$work"
nsd_start "$work" "$dnsd"
n=$(wc -l <"$work/names")
[ "$n" -ge "$least" ] || fail "only $n names"

"$fetchpool" resolve -q -r "127.0.0.1:$nsd_port" -i "$work/names" \
    --summary "$work/summary" >"$work/results" || fail "exit status $?"
python3 -c "$read_results" <"$work/results" | LC_ALL=C sort >"$work/got"
LC_ALL=C sort "$work/expected" >"$work/wanted"
cmp "$work/got" "$work/wanted" || {
    diff "$work/wanted" "$work/got" | head -20 >&2
    fail "the answers differ from the zone"
}
grep -q "\"read\":$n" "$work/summary" || fail "the summary has not read $n"

# The same in order, and as text.
head -2000 "$work/names" >"$work/some"
"$fetchpool" resolve -q -r "127.0.0.1:$nsd_port" --ordered -t A,TXT \
    <"$work/some" | python3 -c "$read_results" | cut -f 1 >"$work/got"
sed p "$work/some" | cmp - "$work/got" || fail "not in order"

echo "$n names: all as in the zone"
