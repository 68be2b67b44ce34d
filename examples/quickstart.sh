#!/bin/sh
# SPDX-License-Identifier: MIT
# From a fresh clone to a finished download in one command:
#
#     sh examples/quickstart.sh
#
# installs what is missing (Debian and Ubuntu; elsewhere it says what to
# install), builds into build/, starts the bundled server on a sample tree,
# downloads the tree and shows what arrived.  With arguments it builds and then
# runs `fetchpool get` with them instead, which is a real download:
#
#     sh examples/quickstart.sh -i urls.txt -o out
#
# The exit status is that of fetchpool, or 1 when it could not be built.
set -eu

root=$(cd "$(dirname "$0")/.." && pwd)
build=$root/build
work=$build/quickstart

. "$root/tests/support/need.sh"

# The tests are left out here, so that nothing but the libraries is needed.
build_fetchpool() {
    need cc pkg-config meson ninja libcurl libcrypto libcares libidn2 zlib libzstd \
        certificates ||
        return 1
    [ -f "$build/fetchpool" ] || echo "Building in $build ..." >&2
    mkdir -p "$build"
    configure_and_compile >"$build/quickstart.log" 2>&1 || {
        cat "$build/quickstart.log" >&2
        return 1
    }
}

configure_and_compile() {
    if [ ! -f "$build/build.ninja" ]; then
        meson setup "$build" "$root" -Dhttp=enabled -Dtests=false || return 1
    fi
    ninja -C "$build" fetchpool tests/support/httpd
}

make_file() {
    mkdir -p "$work/tree/$(dirname "$1")"
    head -c "$2" /dev/urandom >"$work/tree/$1"
}

# Two dozen files, from nothing to a few megabytes.
make_tree() {
    for size in 0 1 100 1000 4096 10000 65536 100000; do
        for kind in text image data; do
            make_file "$kind/$size.bin" "$size"
        done
    done
    make_file "large/one.bin" 1000000
    make_file "large/five.bin" 5000000
}

# The server ends when this script does, however that happens: the other end of
# its standard input is open here alone.
start_server() {
    mkfifo "$work/hold" "$work/address"
    exec 9<>"$work/hold"
    "$build/tests/support/httpd" "$work/tree" \
        <"$work/hold" >"$work/address" 9>&- &
    server=$!
    read -r address <"$work/address"
}

stop_server() {
    exec 9>&-
    kill "$server" 2>/dev/null || true
    wait "$server" || true
}

digests() {
    find "$1" -type f -exec sha256sum {} + | cut -d' ' -f1 | sort
}

show_results() {
    echo
    echo "The list was $work/urls.txt:"
    sed -n '1,3p' "$work/urls.txt"
    echo "..."
    echo
    echo "Some of the files in $work/downloads:"
    (cd "$work/downloads" && find . -type f | sort | sed -n '1,5p')
    echo "..."
    echo
    digests "$work/tree" >"$work/sent"
    digests "$work/downloads" >"$work/arrived"
    if cmp -s "$work/sent" "$work/arrived"; then
        echo "All $(wc -l <"$work/sent") files arrived, with equal SHA-256."
    else
        echo "The files that arrived differ from those that were sent."
        return 1
    fi
}

run_sample() {
    rm -rf "$work"
    mkdir -p "$work"
    make_tree
    start_server
    trap stop_server EXIT
    trap 'exit 130' HUP INT TERM
    (cd "$work/tree" && find . -type f | sort | sed "s|^\./|$address|") \
        >"$work/urls.txt"
    echo "fetchpool get -i urls.txt -o downloads"
    status=0
    "$build/fetchpool" get -i "$work/urls.txt" -o "$work/downloads" 9>&- ||
        status=$?
    [ "$status" -ne 0 ] || show_results || status=1
    exit "$status"
}

build_fetchpool || exit 1
if [ $# -gt 0 ]; then
    exec "$build/fetchpool" get "$@"
fi
run_sample
