#!/bin/sh
# SPDX-License-Identifier: MIT
# How fast, and in how much memory, `fetchpool get` downloads, on this machine
# alone, against the programs that people use for it and against a bare loop:
#
#     sh tests/bench/http_bench.sh BUILD_DIR [ROW]...
#
# Not a test: the figures depend on the machine.  BUILD_DIR (a release build) needs
#
#     ninja -C BUILD_DIR fetchpool tests/support/dnsd tests/bench/http_floor
#
# and the machine python3, nginx, nsd, openssl and ip; a peer that is missing and
# cannot be installed is named and left out.  The server is nginx, one process,
# and what it serves is below $MEMORY (/dev/shm): 5 GB.
# What is compared runs in turn, ROUNDS times, and counts by its median.  A label
# whose runs failed, or asked for more or less than the list, is marked.  The
# rows, in the order in which they run when none is named:
#
#     files     50,000 files of 1 KiB from one host into a directory below $DISK
#               (/tmp, 5 GB), 64 at once, no digest: curl -Z, aria2, wget2, a bare multi
#               loop; every tree is compared with what was served
#     memory    the same below $MEMORY, where making a file costs little
#     million   1,000,000 bodies of 131 bytes, discarded, 64 at once, no digest:
#               curl -Z; memory for 10,000 and for 1,000,000
#     hosts     20,000 distinct hosts, names from NSD, 256 at once, no digest:
#               curl -Z; memory for 10,000 and for 100,000
#     tls       1,000 distinct HTTPS hosts, 64 at once, the system's trust store
#               and one more: curl -Z
#     cpu       CPU time of 200,000 transfers of 131 bytes, 64 at once: wrk, a
#               bare multi loop
#     large     64 bodies of 64 MiB, discarded and stored: one curl; memory also
#               for bodies of 1 MiB; stored below $MEMORY
#
# "hosts" and "tls" run in network and mount namespaces of their own, where NSD has
# port 53 of 127.0.0.1, nginx ports 80 and 443 of all of 127.0.0.0/8, and
# /etc/resolv.conf names that server only.  Every host has an address of its own.
#
# The environment may set ROUNDS (3), SCALE (1; 0.01 for a look whether it works),
# CURL, ARIA2C, WGET2, WRK and FETCHPOOL (other programs than those in PATH).
set -eu

here=$(cd "$(dirname "$0")" && pwd)
. "$here/../support/need.sh"
. "$here/../support/nsd.sh"
. "$here/http_measure.sh"
. "$here/http_servers.sh"

usage() {
    echo "usage: http_bench.sh BUILD_DIR [ROW]..." >&2
    exit 2
}

[ $# -ge 1 ] || usage
build=$(cd "$1" && pwd)
shift
[ $# -gt 0 ] || set -- files memory million hosts tls cpu large
rounds=${ROUNDS:-3}
fetchpool=${FETCHPOOL:-$build/fetchpool}
floor=$build/tests/bench/http_floor

# For the server and the peers, which do not raise it themselves.
# shellcheck disable=SC3045
ulimit -n "$(ulimit -H -n)"
work=$(TMPDIR=${MEMORY:-/dev/shm} mktemp -d)
disk=$(TMPDIR=${DISK:-/tmp} mktemp -d)

clean_up() {
    stop_nginx
    nsd_stop
    rm -rf "$work" "$disk"
}
trap clean_up EXIT
trap 'exit 130' HUP INT TERM

# ---- files and memory

# into LABEL COMMAND... with a new tree of empty folders, $out, which must then be
# that of nginx.  It stays until the end of the row, since ext4 is slow, for
# minutes, where it has just deleted files: it does not take their inodes again.
into() {
    out=$place/$((n_trees += 1))
    for folder in "$work"/www/*; do
        mkdir -p "$out/${folder##*/}"
    done
    into_label=$1
    shift
    "$@"
    diff -r -q "$work/www" "$out" >"$work/different" 2>&1 || {
        measure spoil "$work/runs"
        echo "$into_label: $(wc -l <"$work/different") files are missing or" \
            "differ, first: $(head -n 1 "$work/different")" >>"$work/notes"
    }
}

files_fetchpool() {
    # Nothing, or two words.
    # shellcheck disable=SC2046
    fetch "$into_label" "$n" "$work/list" -j 64 $(option --per-host 64) \
        --layout index -o "$out" "$@"
}

files_floor() {
    run "$into_label" "$n" "$floor" files -j 64 -o "$out" "$work/list"
}

files_curl() {
    curl_all "$into_label" "$n" "$work/curl" -Z --parallel-max 64 \
        --output-dir "$out"
}

files_aria2() {
    run "$into_label" "$n" "$ARIA2C" --no-conf --quiet -j 64 -x 1 -s 1 \
        --deferred-input=true -d "$out" -i "$work/aria2"
}

files_wget2() {
    run "$into_label" "$n" "$WGET2" --no-config -q --progress=none --no-hsts \
        --max-threads=64 -x -nH -P "$out" -i "$work/list"
}

files_round() {
    into fetchpool files_fetchpool --checksum none
    into "fetchpool, sha256" files_fetchpool
    into "bare loop" files_floor
    [ -z "${CURL-}" ] || into "curl -Z" files_curl
    [ -z "${ARIA2C-}" ] || into aria2 files_aria2
    [ -z "${WGET2-}" ] || into wget2 files_wget2
}

# files_in DIRECTORY
files_in() {
    place=$1/trees
    n_trees=0
    n=$(scaled 50000)
    begin "$n files of 1 KiB from one host into $(stat -f -c %T "$1"), 64 at once"
    peer CURL curl
    peer ARIA2C aria2c
    peer WGET2 wget2
    measure files "$work/www" "$n" 1024
    start_nginx
    awk -v n="$n" -v base="$base" 'BEGIN {
        for (i = 0; i < n; i++) { printf "%s/%04d/%08d.bin\n", base, i / 10000, i }
    }' >"$work/list"
    curl_lines yes <"$work/list" >"$work/curl"
    awk '{ n = split($0, part, "/"); print; print " out=" part[n - 1] "/" part[n] }' \
        "$work/list" >"$work/aria2"
    each_round files_round
    rm -rf "$work/www" "$place"
}

files() {
    files_in "$disk"
    finish "1 KiB into a directory|fetchpool|curl -Z|rate|least|3" \
        "1 KiB into a directory|fetchpool|aria2|rate|least|20" \
        "1 KiB into a directory|fetchpool|wget2|rate|least|8" \
        "1 KiB into a directory|fetchpool|bare loop|rate|least|0.9"
}

memory() {
    files_in "$work"
    finish "1 KiB into memory|fetchpool|curl -Z|rate|least|-" \
        "1 KiB into memory|fetchpool|aria2|rate|least|-" \
        "1 KiB into memory|fetchpool|wget2|rate|least|-" \
        "1 KiB into memory|fetchpool|bare loop|rate|least|0.9"
}

# ---- million

# discard LABEL N LIST [OPTION]...
discard() {
    # shellcheck disable=SC2046
    fetch "$@" -j 64 $(option --per-host 64) -o null
}

small_list() {
    seq -f "$base/small?%.0f" "$1"
}

million_round() {
    discard "fetchpool, few" "$few" "$work/few" --checksum none
    discard fetchpool "$n" "$work/list" --checksum none
    curl_all "curl -Z" "$n" "$work/curl" -Z --parallel-max 64
}

million() {
    n=$(scaled 1000000)
    few=$(scaled 10000)
    begin "million: $n bodies of 131 bytes (few: $few), discarded, 64 at once"
    peer CURL curl
    start_nginx
    small_list "$n" >"$work/list"
    small_list "$few" >"$work/few"
    curl_lines <"$work/list" >"$work/curl"
    each_round million_round
    finish "131 bytes, discarded|fetchpool|curl -Z|rate|least|1.5" \
        "131 bytes, memory|fetchpool|-|rss|most|48" \
        "131 bytes, memory|fetchpool|fetchpool, few|rss|most|1.1"
}

# ---- hosts and tls, inside

# Runs a row in namespaces of its own.
inside() {
    need ip nsd openssl
    flags=-nm
    [ "$(id -u)" -eq 0 ] || flags=-rnm
    if unshare "$flags" true 2>/dev/null; then
        HTTP_BENCH_INSIDE=yes unshare "$flags" sh "$0" "$build" "$1"
    else
        echo "$1: not measured: no namespaces here" >&2
    fi
}

host_list() {
    seq -f "$1://h%.0f.$domain/small" "$2"
}

hosts_round() {
    # $resolvers is nothing, or two words.
    # shellcheck disable=SC2086
    fetch fetchpool "$n" "$work/list" -j 256 $resolvers --checksum none -o null
    curl_all "curl -Z" "$n" "$work/curl" -Z --parallel-max 256
    # shellcheck disable=SC2086
    fetch "fetchpool, few" "$few" "$work/few" -j 256 $resolvers --checksum none \
        -o null
    # shellcheck disable=SC2086
    fetch "fetchpool, many" "$many" "$work/many" -j 256 $resolvers \
        --checksum none -o null
}

hosts() {
    [ -n "${HTTP_BENCH_INSIDE-}" ] || { inside hosts; return; }
    n=$(scaled 20000)
    few=$(scaled 10000)
    many=$(scaled 100000)
    begin "hosts: $n distinct hosts (few: $few, many: $many), 256 at once"
    peer CURL curl
    enter
    start_nsd "$many"
    start_nginx
    host_list http "$n" >"$work/list"
    host_list http "$few" >"$work/few"
    host_list http "$many" >"$work/many"
    curl_lines <"$work/list" >"$work/curl"
    each_round hosts_round
    finish "distinct hosts|fetchpool|curl -Z|rate|least|6" \
        "distinct hosts, memory|fetchpool, many|fetchpool, few|rss|most|1.1"
}

tls_round() {
    # shellcheck disable=SC2086
    fetch fetchpool "$n" "$work/list" -j 64 $resolvers --checksum none -o null \
        --cacert "$work/bundle"
    curl_all "curl -Z" "$n" "$work/curl" -Z --parallel-max 64 \
        --cacert "$work/bundle"
}

tls() {
    [ -n "${HTTP_BENCH_INSIDE-}" ] || { inside tls; return; }
    n=$(scaled 1000)
    begin "tls: $n distinct HTTPS hosts, 64 at once"
    need certificates
    peer CURL curl
    enter
    make_certificates
    start_nsd "$n"
    start_nginx "listen 443 ssl backlog=4096;
        ssl_certificate $work/server.pem; ssl_certificate_key $work/server.key;"
    host_list https "$n" >"$work/list"
    curl_lines <"$work/list" >"$work/curl"
    each_round tls_round
    finish "distinct HTTPS hosts|fetchpool|curl -Z|rate|least|20"
}

# ---- cpu

cpu_round() {
    [ -z "${WRK-}" ] || {
        OUT=$work/wrk
        export OUT
        run wrk wrk "$WRK" -t 1 -c 64 -d "${seconds}s" "$base/small"
        unset OUT
    }
    run "bare loop" "$n" "$floor" discard -j 64 "$work/list"
    discard "fetchpool, jsonl" "$n" "$work/list" --checksum none \
        --results "$work/results"
    discard "fetchpool, no results" "$n" "$work/list" --checksum none
    discard "fetchpool, jsonl, sha256" "$n" "$work/list" \
        --results "$work/results"
    rm -f "$work/results"
}

cpu() {
    n=$(scaled 200000)
    seconds=$(scaled 5)
    begin "cpu: $n transfers of 131 bytes, 64 at once"
    peer WRK wrk
    start_nginx
    small_list "$n" >"$work/list"
    each_round cpu_round
    # A ratio of 0.8 is a cost of 1.25.
    finish "131 bytes, JSON lines|fetchpool, jsonl|bare loop|rate|least|0.8" \
        "131 bytes, JSON lines, CPU|fetchpool, jsonl|bare loop|cpu|most|1.25" \
        "131 bytes, JSON lines, CPU|fetchpool, jsonl|wrk|cpu|most|-" \
        "131 bytes, sha256, CPU|fetchpool, jsonl, sha256|fetchpool, jsonl|cpu|most|-"
}

# ---- large

# stored COMMAND... with an empty directory, whose files must then be the body.
stored() {
    mkdir -p "$work/out/files"
    "$@"
    find "$work/out" -type f -exec cmp -s "{}" "$work/www/large" \; -print \
        >"$work/same"
    [ "$(wc -l <"$work/same")" -eq "$n" ] || measure spoil "$work/runs"
    rm -rf "$work/out"
}

large_round() {
    fetch "fetchpool, discarded" "$n" "$work/list" --checksum none -o null
    curl_all "curl, discarded" "$n" "$work/curl"
    stored fetch "fetchpool, stored" "$n" "$work/list" --checksum none \
        --layout index -o "$work/out"
    [ -z "${CURL-}" ] || stored curl_all "curl, stored" "$n" "$work/curl.stored"
    fetch "fetchpool, 1 MiB, discarded" "$n_medium" "$work/medium" \
        --checksum none -o null
    mkdir "$work/out"
    fetch "fetchpool, 1 MiB, stored" "$n_medium" "$work/medium" \
        --checksum none --layout index -o "$work/out"
    rm -rf "$work/out"
    fetch "fetchpool, sha256, discarded" "$n" "$work/list" -o null
    stored fetch "fetchpool, sha256, stored" "$n" "$work/list" --layout index \
        -o "$work/out"
}

large() {
    n=$(scaled 64)
    n_medium=$((n * 16)) # so that it takes long enough to look
    begin "large: $n bodies of 64 MiB (67.1 MB), $n_medium of 1 MiB"
    peer CURL curl
    start_nginx
    mkdir -p "$work/www"
    head -c 67108864 /dev/urandom >"$work/www/large"
    head -c 1048576 "$work/www/large" >"$work/www/medium"
    seq -f "$base/large?%.0f" "$n" >"$work/list"
    seq -f "$base/medium?%.0f" "$n_medium" >"$work/medium"
    curl_lines <"$work/list" >"$work/curl"
    awk -v dir="$work/out/files" '{
        print "url = \"" $0 "\"\noutput = \"" dir "/" NR "\""
    }' "$work/list" >"$work/curl.stored"
    each_round large_round
    rm -rf "$work/www"
    finish "64 MiB, discarded|fetchpool, discarded|curl, discarded|rate|least|1" \
        "64 MiB, stored|fetchpool, stored|curl, stored|rate|least|1" \
        "64 MiB, memory|fetchpool, discarded|fetchpool, 1 MiB, discarded|rss|most|1.1" \
        "64 MiB, stored, memory|fetchpool, stored|fetchpool, 1 MiB, stored|rss|most|1.1" \
        "64 MiB, sha256|fetchpool, sha256, discarded|fetchpool, discarded|rate|least|-" \
        "64 MiB, sha256|fetchpool, sha256, stored|fetchpool, stored|rate|least|-"
}

for row in "$@"; do
    case $row in
    files | memory | million | hosts | tls | cpu | large) ;;
    *) usage ;;
    esac
done
need python3 nginx
if [ -n "${HTTP_BENCH_INSIDE-}" ]; then
    "$1"
    exit
fi
HTTP_BENCH_VERDICTS=$work/verdicts
export HTTP_BENCH_VERDICTS
: >"$HTTP_BENCH_VERDICTS"
for row in "$@"; do
    "$row"
done
echo
measure verdicts "$HTTP_BENCH_VERDICTS"
