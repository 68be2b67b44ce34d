#!/bin/sh
# SPDX-License-Identifier: MIT
# How fast and how surely `fetchpool resolve` answers, on this machine alone:
#
#     sh tests/bench/dns_bench.sh [-n NAMES] [-r ROUNDS] BUILD_DIR [SCENARIO]...
#
# Not a test: the figures depend on the machine.  BUILD_DIR needs
#
#     ninja -C BUILD_DIR fetchpool tests/support/dnsd tests/support/dns_relay \
#         tests/bench/dns_floor
#
# and the machine python3, nsd, the public suffix list and a dictionary.  Names are
# 200000 and rounds 5, unless said otherwise.  CPU time is that of the asking
# process, user and system, a name; names a second are mostly the server's limit,
# since it has the other core.  The scenarios, in the order in which they run when
# none is named:
#
#     rates    against NSD: bare sockets, c-ares with and without batches, then
#              fetchpool as text and JSON, and the program $MASSDNS, if set
#     loss     against NSD behind 50 ms, with no, 1 % and 5 % of the datagrams
#              lost in each direction; every result is compared with the zone
#     silent   5 % of the names never get an answer
#     dead     of three resolvers one is silent, or its port is closed, against
#              two that are well
#     refuse   three resolvers, each of which refuses above 20000 a second
#     tc       10 % of the answers come by TCP
#     memory   10,000,000 names from a pipe (or -n)
#
# FETCHPOOL names another program than BUILD_DIR/fetchpool, WINDOW the queries of
# the floors that are on their way at once (1000).
set -eu

here=$(cd "$(dirname "$0")" && pwd)
. "$here/../support/need.sh"
. "$here/../support/nsd.sh"

usage() {
    echo "usage: dns_bench.sh [-n NAMES] [-r ROUNDS] BUILD_DIR [SCENARIO]..." >&2
    exit 2
}

names=
rounds=5
while getopts n:r: option; do
    case $option in
    n) names=$OPTARG ;;
    r) rounds=$OPTARG ;;
    *) usage ;;
    esac
done
shift $((OPTIND - 1))
[ $# -ge 1 ] || usage
build=$(cd "$1" && pwd)
shift
[ $# -gt 0 ] || set -- rates loss silent dead refuse tc memory

fetchpool=${FETCHPOOL:-$build/fetchpool}
dnsd=$build/tests/support/dnsd
relay=$build/tests/support/dns_relay
floor=$build/tests/bench/dns_floor
n=${names:-200000}
window=${WINDOW:-1000}

work=$(mktemp -d)
servers=

clean_up() {
    nsd_stop
    for server in $servers; do
        kill "$server" 2>/dev/null || true
    done
    wait
    rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 130' HUP INT TERM

# ---- Servers.  'start COMMAND...' sets 'port' to what it prints first.

start() {
    rm -f "$work/port"
    mkfifo "$work/port"
    "$@" >"$work/port" </dev/null &
    servers="$servers $!"
    exec 8<"$work/port"
    read -r port <&8
    # What it says later goes nowhere, without a signal.
    cat <&8 >>"$work/said" &
    exec 8<&-
}

start_nsd() {
    [ -z "${nsd_pid-}" ] || return 0
    need nsd publicsuffix words
    nsd_zone "$work"
    nsd_start "$work" "$dnsd"
}

# Ends what 'start' has started.
stop_servers() {
    for server in $servers; do
        kill "$server" 2>/dev/null || true
    done
    servers=
}

# ---- Measuring.

measure() {
    python3 "$here/dns_measure.py" "$@"
}

# The first $2 lines of the list $1, which goes round.
take_names() {
    while :; do cat "$1" 2>/dev/null || break; done | head -n "$2"
}

# run LABEL NAMES COMMAND...; a failure is in the table.
run() {
    run_label=$1 run_n=$2
    shift 2
    measure run "$work/runs" "$run_label" "$run_n" -- "$@" 2>"$work/errors" ||
        cat "$work/errors" >&2
}

# resolve LABEL NAMES LIST RESOLVERS [OPTION]...
resolve() {
    resolve_label=$1 resolve_n=$2 resolve_list=$3 resolve_servers=$4
    shift 4
    run "$resolve_label" "$resolve_n" "$fetchpool" resolve -q --progress none \
        -t A -r "$resolve_servers" -i "$resolve_list" "$@"
}

# The same as JSON, with a look at the results; $check is a list of nsd.sh or -.
resolve_checked() {
    OUT=$work/out
    export OUT
    resolve "$@" -f jsonl
    unset OUT
    echo "$1" >>"$work/checks"
    measure results "$work/out" "$check" >>"$work/checks"
    rm -f "$work/out"
}

begin() {
    rm -f "$work/runs" "$work/checks"
    printf '\n== %s\n\n' "$1"
}

finish() {
    measure table "$work/runs"
    [ ! -f "$work/checks" ] || { echo && cat "$work/checks"; }
}

massdns() {
    printf '127.0.0.1:%s\n' "$nsd_port" >"$work/resolvers"
    massdns_root=
    [ "$(id -u)" -ne 0 ] || massdns_root=--root
    # Nothing, or one word.
    # shellcheck disable=SC2086
    run massdns "$n" "$MASSDNS" -q -s "$window" -r "$work/resolvers" -t A -o S \
        -w /dev/null $massdns_root "$work/list"
}

# ---- Scenarios.

rates() {
    begin "rates: $n names, NSD on loopback, medians of $rounds rounds"
    start_nsd
    at=127.0.0.1:$nsd_port
    take_names "$work/wire" "$n" >"$work/list"
    i=0
    while [ $((i += 1)) -le "$rounds" ]; do
        run "bare sockets" "$n" "$floor" --raw -n "$n" -w "$window" \
            "$work/list" "$at"
        run "c-ares, batches" "$n" "$floor" --cares-mmsg -s 8 -n "$n" \
            -w "$window" "$work/list" "$at"
        run "c-ares" "$n" "$floor" --cares -n "$n" -w "$window" \
            "$work/list" "$at"
        resolve "fetchpool, text" "$n" "$work/list" "$at" -f text
        resolve "fetchpool, jsonl" "$n" "$work/list" "$at" -f jsonl
        [ -z "${MASSDNS-}" ] || massdns
    done
    finish
}

loss() {
    begin "loss: $n names, 50 ms, NSD behind a relay"
    start_nsd
    check=$work/expected
    take_names "$work/names" "$n" >"$work/list"
    for percent in 0 1 5; do
        start "$relay" --delay 25 --loss "$percent" --seed 7 "$nsd_port"
        eval "port_$percent=\$port"
    done
    i=0
    while [ $((i += 1)) -le "$rounds" ]; do
        for percent in 0 1 5; do
            eval "port=\$port_$percent"
            resolve_checked "$percent % lost" "$n" "$work/list" \
                "127.0.0.1:$port"
        done
    done
    stop_servers
    finish
}

# n names, every $2-th with the word $1 before it.
make_names() {
    seq "$n" | awk -v word="$1" -v each="$2" '{
        print ($1 % each == 0 ? word "." : "") "n" $1 ".bench.test"
    }' >"$work/list"
}

silent() {
    begin "silent: 5 % of $n names never get an answer"
    check=-
    start "$dnsd"
    one=$port
    make_names silent 20
    grep -v '^silent' "$work/list" >"$work/rest"
    i=0
    while [ $((i += 1)) -le "$rounds" ]; do
        resolve_checked "without them" $((n - n / 20)) "$work/rest" \
            "127.0.0.1:$one"
        resolve_checked "with them" "$n" "$work/list" "127.0.0.1:$one"
    done
    stop_servers
    finish
}

dead() {
    begin "dead: $n names, one of three resolvers is dead"
    check=-
    start "$dnsd"
    one=$port
    start "$dnsd"
    two=$port
    start "$dnsd" --drop 100
    three=$port
    four=$(nsd_free_port)
    make_names x 1000000000
    i=0
    while [ $((i += 1)) -le "$rounds" ]; do
        resolve_checked "two that are well" "$n" "$work/list" \
            "127.0.0.1:$one,127.0.0.1:$two"
        resolve_checked "and one silent" "$n" "$work/list" \
            "127.0.0.1:$one,127.0.0.1:$three,127.0.0.1:$two"
        resolve_checked "and one closed" "$n" "$work/list" \
            "127.0.0.1:$one,127.0.0.1:$four,127.0.0.1:$two"
    done
    stop_servers
    finish
}

refuse() {
    begin "refuse: $n names, three resolvers that refuse above 20000/s"
    check=-
    at=
    for i in 1 2 3; do
        start "$dnsd" --refuse-above 20000
        at=$at,127.0.0.1:$port
    done
    make_names x 1000000000
    i=0
    while [ $((i += 1)) -le "$rounds" ]; do
        resolve_checked "three that refuse" "$n" "$work/list" "${at#,}"
    done
    stop_servers
    finish
}

tc() {
    begin "tc: 10 % of $n answers come by TCP"
    check=-
    start "$dnsd"
    one=$port
    i=0
    while [ $((i += 1)) -le "$rounds" ]; do
        make_names x 1000000000
        resolve_checked "all by UDP" "$n" "$work/list" "127.0.0.1:$one"
        make_names tc.many-4 10
        resolve_checked "a tenth by TCP" "$n" "$work/list" "127.0.0.1:$one"
    done
    stop_servers
    finish
}

memory() {
    many=${names:-10000000}
    begin "memory: $many names from a pipe"
    start "$dnsd"
    one=$port
    measure pipe "$work/runs" "fetchpool, jsonl" "$many" -- "$fetchpool" \
        resolve -q --progress none -t A -r "127.0.0.1:$one" -f jsonl -i -
    stop_servers
    echo
    finish
}

for scenario in "$@"; do
    case $scenario in
    rates | loss | silent | dead | refuse | tc | memory) "$scenario" ;;
    *) usage ;;
    esac
done
