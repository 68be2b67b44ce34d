#!/bin/sh
# SPDX-License-Identifier: MIT
# `fetchpool get` as a user meets it, against the loopback server:
#
#     get_test.sh FETCHPOOL HTTPD
#
# Each check prints a line; the exit status is 0 only if all are well.
set -u
export LC_ALL=C

fetchpool=$(readlink -f "$1")
httpd=$(readlink -f "$2")
work=$(mktemp -d)
server=
tidy() {
    [ -z "$server" ] || kill "$server" 2>/dev/null
    rm -rf "$work"
}
trap tidy EXIT
trap 'exit 1' HUP INT TERM
cd "$work" || exit 1

n_failed=0
check() {
    if [ "$2" = "$3" ]; then
        echo "ok: $1"
    else
        echo "NOT ok: $1: got '$2', wanted '$3'"
        n_failed=$((n_failed + 1))
    fi
}

# Runs the command; its exit status in $status, its words in said and results.
get() {
    status=0
    timeout 60 "$fetchpool" get "$@" >results 2>said </dev/null || status=$?
}

counts() {
    sed -n 's/^\(read .* pending [0-9]*\);.*/\1/p' said
}

lines_with() {
    grep -c -F -- "$1" "$2"
}

# ---- A tree of files of all sizes, and a server for it.

mkdir -p tree/deep/er
i=0
while [ $i -lt 300 ]; do
    head -c $((i * i * 7)) /dev/urandom >"tree/f$i.bin"
    i=$((i + 1))
done
head -c 3000000 /dev/urandom >tree/deep/er/large
echo x >'tree/deep/a b.txt'
: >tree/deep/empty

"$httpd" tree </dev/null >address &
server=$!
while [ ! -s address ]; do
    kill -0 "$server" 2>/dev/null || exit 1
done
url=$(sed 's,/*$,,' address)
(cd tree && find . -type f) | sed "s,^\.,$url,; s/ /%20/g" >list
n=$(wc -l <list)

# ---- A real download, compared by digest.

get -i list -o out --results results.jsonl --layout path --summary summary
check "a tree of files arrives" "$status" 0
check "the counts are printed" "$(counts)" \
    "read $n ok $n unchanged 0 skipped 0 failed 0 invalid 0 pending 0"
check "one result line an item" "$(wc -l <results.jsonl)" "$n"
(cd tree && find . -type f -exec sha256sum {} +) | awk '{print $1}' | sort >sums1
find out -type f -exec sha256sum {} + | awk '{print $1}' | sort >sums2
sed 's/.*"sha256":"\([0-9a-f]*\)".*/\1/' results.jsonl | sort >sums3
check "the files are the same" "$(cmp sums1 sums2 2>&1)" ""
check "the digests are right" "$(cmp sums1 sums3 2>&1)" ""
check "nothing else is left behind" "$(find out -name '.fetchpool*' | wc -l)" 0
check "the summary counts" "$(lines_with "\"ok\":$n," summary)" 1

get -i list -o out --layout path --results results.jsonl
check "what is there is skipped" "$(counts)" \
    "read $n ok 0 unchanged 0 skipped $n failed 0 invalid 0 pending 0"
check "skipped items have their lines" \
    "$(lines_with '"status":"skipped"' results.jsonl)" "$n"

get -i list -o hashed --ordered --results - --checksum none
check "the hash layout stores as many files" \
    "$(find hashed -type f | wc -l)" "$n"
sed 's/.*"seq":\([0-9]*\),.*/\1/' results >order
sort -n order >sorted
check "ordered results are in order" "$(cmp order sorted 2>&1)" ""

# ---- Bad items among good ones.

{
    printf '%s/f1.bin\r\n\n# a comment\n' "$url"
    echo "no url"
    echo "$url/nowhere"
    echo "$url/-/truncate"
    echo "$url/-/redirect/3"
    echo "$url/-/redirect/11"
    echo "http://127.0.0.1:1/"
    printf 'http://h/\001\033[31m\377\n'
    head -c 1000000 /dev/zero | tr '\0' a
    echo
    printf '%s/f2.bin' "$url"
} >mixed
get -i mixed -o mixed.out --results - --failed failed -v
check "some items fail" "$status" 1
check "all are counted" "$(counts)" \
    "read 10 ok 3 unchanged 0 skipped 0 failed 4 invalid 3 pending 0"
check "each has a line" "$(wc -l <results)" 10
check "a missing file" "$(lines_with '"kind":"http.4xx"' results)" 1
check "a truncated body" "$(lines_with '"kind":"protocol.truncated"' results)" 1
check "a refused connection" "$(lines_with '"kind":"connect.refused"' results)" 1
check "too many redirects" "$(lines_with '"kind":"limit.redirects"' results)" 1
check "a line too long" "$(lines_with '"kind":"invalid.line"' results)" 1
check "no URL" "$(lines_with '"kind":"invalid.url"' results)" 2
check "failed lines can be fed back" "$(wc -l <failed)" 6
check "only whole files" "$(find mixed.out -type f | wc -l)" 3
check "no control characters" \
    "$(tr -d '\n -~' <said | wc -c) $(tr -d '\n -~' <results | wc -c)" "0 3"

head -c 100000 /dev/urandom >noise
echo "$url/f3.bin" >>noise
get -i noise -o noise.out --results -
check "noise is no reason to stop" "$status" 1
check "a line for each" "$(wc -l <results)" "$(sed -n 's/^read \([0-9]*\) .*/\1/p' said)"

# ---- Bad surroundings.

: >nothing
get -i nothing -o none
check "an empty list is well" "$status $(counts)" \
    "0 read 0 ok 0 unchanged 0 skipped 0 failed 0 invalid 0 pending 0"
get -i missing -o never
check "a missing list" "$status $(lines_with missing said)" "3 1"
check "leaves no directory" "$(ls -d never 2>/dev/null)" ""
get -i tree -o never
check "a list that is a directory" "$status" 3
get -i list -o /proc/nowhere
check "an unwritable directory" "$status $(lines_with /proc/nowhere said)" "3 1"
get -i list -o null --results /nowhere/r
check "results that cannot be written" "$status" 3
if [ -w /dev/full ]; then
    get -i list -o null --results /dev/full
    check "results on a full disk" "$status" 3
fi
printf '\037\213\010\000' >packed
get -i packed -o null
check "a compressed list is refused" "$status" 3

for option in --state=x --resume --retry-failed --refresh; do
    get $option "$url/f1.bin"
    check "$option is refused" "$status $(lines_with 'not available' said)" "2 1"
done
get --bogus "$url/f1.bin"
check "an unknown option" "$status" 2
get -j 0 "$url/f1.bin"
check "no jobs at all" "$status" 2
get -o tar:x "$url/f1.bin"
check "a sink to come" "$status" 2

# ---- What is there already, links, bounds.

get -o again "$url/f9.bin"
get -o again --if-exists rename "$url/f9.bin"
check "renamed" "$(find again -name '*.1.bin' | wc -l)" 1
get -o again --if-exists overwrite "$url/f9.bin"
check "overwritten" "$status $(find again -type f | wc -l)" "0 2"
get -o again --if-exists fail "$url/f9.bin"
check "refused" "$status $(find again -type f | wc -l)" "1 2"

mkdir linked victim
ln -s ../victim "linked/127.0.0.1%3A${url##*:}"
get -o linked --layout path "$url/f9.bin"
check "links are not followed" "$status $(ls victim)" "1 "

get -o null --max-size 1k --results - "$url/-/bytes/5000"
check "too large" "$(lines_with '"kind":"limit.size"' results)" 1
get -o null --timeout 300ms --results - "$url/-/hang"
check "too slow" "$(lines_with '"kind":"timeout.total"' results)" 1

# ---- Limits, option files, progress.

get -o null --deadline 300ms "$url/f1.bin" "$url/-/hang"
check "a deadline" "$status $(counts)" \
    "4 read 2 ok 1 unchanged 0 skipped 0 failed 0 invalid 0 pending 1"
get -o null --max-failures 0 "$url/-/hang" "no url"
check "too many failures" "$status $(counts)" \
    "4 read 2 ok 0 unchanged 0 skipped 0 failed 0 invalid 1 pending 1"
printf '# options\noutput = null\nresults -\nchecksum none\n' >config
get --config config "$url/f1.bin"
check "an option file" "$status $(lines_with '"sha256":null' results)" "0 1"
get @config --checksum sha256 "$url/f1.bin"
check "later options count" "$status $(lines_with '"sha256":null' results)" "0 0"
get --config nowhere "$url/f1.bin"
check "no option file" "$status" 2
get -i list -o dry --results dry.jsonl --dry-run
check "a dry run" "$status $(cat results)" "0 lines $n items $n too long 0 malformed 0"
check "leaves nothing" "$(ls -d dry dry.jsonl 2>/dev/null)" ""
get -o null --progress json --timeout 1500ms "$url/-/hang"
check "progress in JSON" \
    "$(lines_with '{"v":1,"type":"progress","elapsed_s":1,"done":0' said) \
$(lines_with '{"v":1,"type":"summary","read":1,' said) $(grep -c -v '^{' said)" "1 1 0"

# ---- Pipes and signals.

status=0
{ echo "$url/f1.bin"; echo "$url/f2.bin"; } |
    "$fetchpool" get -o null --results - >results 2>said || status=$?
check "a list from a pipe" "$status $(wc -l <results)" "0 2"

{ "$fetchpool" get -i list -o null --results - 2>/dev/null; echo $? >status; } |
    head -n 1 >/dev/null
check "a reader that leaves" "$(cat status)" 141

# A shell lets its background jobs ignore SIGINT, so this one is SIGTERM.
mkfifo fifo
"$fetchpool" get -i fifo -o null --results partial >/dev/null 2>said &
job=$!
exec 5>fifo
echo "$url/f1.bin" >&5
while [ ! -s partial ]; do
    kill -0 "$job" 2>/dev/null || break
done
kill -TERM "$job"
status=0
wait "$job" || status=$?
exec 5>&-
check "a signal ends the intake" "$status $(counts)" \
    "143 read 1 ok 1 unchanged 0 skipped 0 failed 0 invalid 0 pending 0"

# ---- Few descriptors.

status=0
(ulimit -n 40 && "$fetchpool" get -i list -o few -j 1000 2>said) || status=$?
check "few descriptors" "$status $(find few -type f | wc -l)" "0 $n"

"$fetchpool" --version >version
check "the version" "$(lines_with fetchpool version) $(lines_with libcurl version)" "1 1"
"$fetchpool" get --help >help
check "the help" "$(lines_with --if-exists help)" 1

echo "$n_failed checks failed"
[ "$n_failed" -eq 0 ]
