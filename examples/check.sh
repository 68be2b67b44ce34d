#!/bin/sh
# SPDX-License-Identifier: MIT
# Runs an example and compares what it prints with what it should print:
#
#     check.sh [-s HTTPD | -d DNSD] [-u] PROGRAM EXPECTED [ARGUMENT]...
#
# The example runs in examples/data and reads words.txt from there.  With -s the
# server HTTPD serves that directory, and its address comes before ARGUMENT...; with
# -d the name server DNSD runs, likewise.
# With -u the order of the lines does not matter.
set -eu

absolute() {
    case $1 in
    /*) echo "$1" ;;
    *) echo "$PWD/$1" ;;
    esac
}

server=
place=.
prefix=
order=cat
while getopts s:d:u option; do
    case $option in
    s) server=$(absolute "$OPTARG") ;;
    d) server=$(absolute "$OPTARG") place= prefix=127.0.0.1: ;;
    u) order='env LC_ALL=C sort' ;;
    *) exit 2 ;;
    esac
done
shift $((OPTIND - 1))
program=$(absolute "$1")
expected=$(absolute "$2")
shift 2

cd "$(dirname "$0")/data"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# The server ends with its standard input, which is the other end of 'stop'.
if [ -n "$server" ]; then
    mkfifo "$work/stop" "$work/address"
    "$server" ${place:+"$place"} <"$work/stop" >"$work/address" &
    exec 9>"$work/stop"
    read -r address <"$work/address"
    export no_proxy=127.0.0.1
    set -- "$prefix$address" "$@"
fi

"$program" "$@" <words.txt >"$work/output"
$order "$work/output" | diff -u "$expected" -
