#!/bin/sh
# SPDX-License-Identifier: MIT
# Installs a build into a temporary directory and builds a program outside the
# project against it, through pkg-config alone, with the shared and with the
# static library:
#
#     install_test.sh BUILD_DIRECTORY CONSUMER.c COMPILER...
#
# Called by Meson as a test.
set -eu

build=$1 consumer=$2
shift 2

stage=$(mktemp -d)
trap 'rm -rf "$stage"' EXIT
trap 'exit 1' HUP INT TERM

meson install -C "$build" --no-rebuild --destdir "$stage/root" \
    >"$stage/log" 2>&1 || {
    cat "$stage/log"
    exit 1
}

pc=$(find "$stage/root" -name fetchpool.pc)
library=$(find "$stage/root" -name libfetchpool.so)
[ -n "$pc" ] || { echo "no fetchpool.pc was installed" && exit 1; }
[ -n "$library" ] || { echo "no libfetchpool.so was installed" && exit 1; }

# The prefix in the file is where it would be installed; a second search path
# finds the libraries that fetchpool itself needs.
prefix=$(sed -n 's/^prefix=//p' "$pc")
export PKG_CONFIG_PATH="${pc%/*}"
query() {
    pkg-config --define-variable=prefix="$stage/root$prefix" "$@" fetchpool
}

build_and_run() {
    name=$1
    shift
    echo "$name: $*"
    "$@" -o "$stage/$name"
    LD_LIBRARY_PATH=${library%/*} "$stage/$name"
}

# The flags have several words.
# shellcheck disable=SC2046
build_and_run shared "$@" $(query --cflags) "$consumer" $(query --libs)
ldd "$stage/shared" | grep -q libfetchpool ||
    { echo "not linked with the shared library" && exit 1; }

# libfetchpool.a, and the shared form of what it needs: a static libcurl would
# need packages that its own -dev package does not bring.
needs=$(pkg-config --print-requires-private fetchpool | sed 's/ .*//')
# shellcheck disable=SC2046,SC2086
build_and_run static "$@" $(query --cflags) "$consumer" \
    $(query --libs-only-L) -l:libfetchpool.a \
    ${needs:+$(pkg-config --libs $needs)} -pthread
! ldd "$stage/static" | grep libfetchpool ||
    { echo "not linked with the static library" && exit 1; }

# Where nothing else is needed, --static must do.
if [ -z "$needs" ]; then
    # shellcheck disable=SC2046
    build_and_run all-static "$@" -static $(query --cflags) "$consumer" \
        $(query --libs --static)
fi

# Nothing that belongs to the build leaks into the installation.
! grep -F "$build" "$pc" || { echo "the build directory is in $pc" && exit 1; }
