#!/bin/sh
# SPDX-License-Identifier: MIT
# Installs what the tests need (Debian and Ubuntu; elsewhere it says what to
# install), builds into build/ and runs every default test suite:
#
#     sh tests/run.sh [ARGUMENT OF meson test]...
#
# The last line is "N passed, N failed"; the exit status is 0 only if some
# tests ran and none failed.
set -u

root=$(cd "$(dirname "$0")/.." && pwd)
build=$root/build

. "$root/tests/support/need.sh"
. "$root/tests/support/tally.sh"

give_up() {
    echo "0 passed, 1 failed"
    exit 1
}

# A build directory may have been made without the tests, by the quick start.
has_tests() {
    tr '{' '\n' <"$build/meson-info/intro-buildoptions.json" |
        grep '"name": "tests"' | grep -q '"value": true'
}

configure() {
    if [ ! -f "$build/build.ninja" ]; then
        meson setup "$build" "$root" -Dhttp=enabled -Ddns=enabled -Dtests=true
    elif ! has_tests; then
        meson configure "$build" -Dhttp=enabled -Ddns=enabled -Dtests=true
    fi
}

need cc c++ pkg-config meson ninja libcurl libcrypto openssl libcares libidn2 \
    zlib libzstd cmocka nginx nsd publicsuffix words certificates || give_up
configure || give_up
ninja -C "$build" || give_up

rm -f "$build/meson-logs/testlog.json"
status=0
meson test -C "$build" --no-rebuild --print-errorlogs \
    --num-processes "${MESON_TESTTHREADS:-2}" "$@" || status=$?

tally "$build"
[ "$status" -eq 0 ] || [ "$tally_failed" -gt 0 ] || tally_failed=1
[ "$tally_skipped" -eq 0 ] || echo "$tally_skipped skipped"
echo "$tally_passed passed, $tally_failed failed"
[ "$tally_passed" -gt 0 ] && [ "$tally_failed" -eq 0 ]
