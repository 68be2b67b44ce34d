#!/bin/sh
# SPDX-License-Identifier: MIT
# The house rules that a machine can check:
#
#     sh tests/lint.sh [ROOT]         checks the tree, prints FILE:LINE: why
#     sh tests/lint.sh --self-test    checks that every rule can fail
#
# An include goes down or stays in its folder; foreign headers stay in their
# engine or sink; some functions of libc are banned; every source file has a
# test; text is plain.  Needs nothing but POSIX tools.
set -eu

# Source files that are tested by a program with another name, as
# "source=test", both below the root and one a line.
tested_elsewhere='
src/base/version.c=tests/base/status_test.c
src/core/batch.c=tests/pool/map_test.c
src/core/context.c=tests/engine/http/engine_test.c
src/core/defer.c=tests/pool/defer_test.c
src/core/fork.c=tests/pool/system_test.c
src/core/future.c=tests/pool/apply_test.c
src/core/job.c=tests/pool/stop_test.c
src/core/pool.c=tests/pool/lifetime_test.c
src/core/pull.c=tests/pool/bound_test.c
src/core/puller.c=tests/engine/http/engine_test.c
src/core/request.c=tests/pool/iterate_test.c
src/core/results.c=tests/pool/stream_test.c
src/core/run.c=tests/pool/nested_test.c
src/core/settle.c=tests/pool/callback_test.c
src/core/stream.c=tests/pool/stream_test.c
src/core/task.c=tests/pool/wait_test.c
src/core/turns.c=tests/pool/apply_test.c
src/core/worker.c=tests/pool/lifetime_test.c
src/engine/call.c=tests/pool/map_test.c
src/engine/dns/asker.c=tests/engine/dns/engine_test.c
src/engine/dns/choose.c=tests/engine/dns/engine_bad_test.c
src/engine/dns/engine.c=tests/engine/dns/engine_test.c
src/engine/dns/hub.c=tests/engine/dns/engine_test.c
src/engine/dns/job.c=tests/engine/dns/engine_test.c
src/engine/dns/port.c=tests/engine/dns/engine_bad_test.c
src/engine/dns/reply.c=tests/engine/dns/engine_retry_test.c
src/engine/dns/resolver.c=tests/engine/dns/engine_resolver_test.c
src/engine/dns/tcp.c=tests/engine/dns/engine_retry_test.c
src/engine/dns/try.c=tests/engine/dns/engine_retry_test.c
src/engine/http/aside.c=tests/engine/http/engine_hosts_test.c
src/engine/http/body.c=tests/engine/http/engine_test.c
src/engine/http/done.c=tests/engine/http/engine_redirect_test.c
src/engine/http/ending.c=tests/engine/http/engine_retry_test.c
src/engine/http/facts.c=tests/engine/http/engine_test.c
src/engine/http/head.c=tests/engine/http/engine_test.c
src/engine/http/hosts.c=tests/engine/http/engine_hosts_test.c
src/engine/http/hub.c=tests/engine/http/engine_test.c
src/engine/http/hubs.c=tests/engine/http/engine_test.c
src/engine/http/job.c=tests/engine/http/engine_test.c
src/engine/http/lane.c=tests/engine/http/engine_hosts_test.c
src/engine/http/names.c=tests/engine/http/engine_names_test.c
src/engine/http/names_none.c=tests/engine/http/engine_test.c
src/engine/http/reply.c=tests/engine/http/engine_test.c
src/engine/http/setup.c=tests/engine/http/engine_test.c
src/engine/http/sockets.c=tests/engine/http/engine_test.c
src/engine/http/spool.c=tests/engine/http/engine_test.c
src/engine/http/temp.c=tests/engine/http/engine_test.c
src/engine/http/transfer.c=tests/engine/http/engine_test.c
src/engine/http/writer.c=tests/engine/http/engine_test.c
src/sink/place.c=tests/sink/dir_test.c
'

banned='sprintf|vsprintf|strcpy|strcat|strtok|atoi|gets|rand|localtime|gmtime'
banned="$banned|system|sleep|usleep"
allocators='malloc|calloc|realloc|free|strdup|strndup|asprintf|vasprintf'
printers='printf|fprintf|vprintf|vfprintf|snprintf|vsnprintf|dprintf|puts|fputs'
printers="$printers|putchar|perror"

# Where a rule does not hold, as extended regular expressions on paths.
may_allocate='^src/(base/mem\.c|cli/)'
may_print='^src/(cli/|sink/|base/str\.c)'

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM

# ---- The rules.  Each prints what is wrong, and nothing when all is well; the
# current directory is the root, and $work/c and $work/text list the files.

list_files() {
    find src include tests examples fuzz -type f -name '*.[ch]' 2>/dev/null |
        sort >"$work/c"
    find src include tests examples fuzz .ci -type f 2>/dev/null |
        grep -E '\.([ch]|sh|py|map|txt)$|meson\.build$|^\.ci/|\.md$' |
        grep -v '^fuzz/corpus/' | sort >"$work/text"
    for name in meson.build meson_options.txt README.md; do
        [ ! -f "$name" ] || echo "$name" >>"$work/text"
    done
}

# Copies the C files to $work/code without comments and the contents of strings,
# with the same lines, so that the rules below see code only.
strip_comments() {
    sed 's|/[^/]*$||' "$work/c" | sort -u | sed "s|^|$work/code/|" |
        xargs mkdir -p "$work/code"
    : >"$work/slashes"
    xargs awk -v to="$work/code/" -v slashes="$work/slashes" '
    FNR == 1 {
        if (out_name != "") { close(out_name) }
        out_name = to FILENAME
        printf "" >out_name
        in_comment = 0
    }
    {
        rest = $0
        out = ""
        while (rest != "") {
            if (in_comment) {
                end = index(rest, "*/")
                if (end == 0) { break }
                in_comment = 0
                rest = substr(rest, end + 2)
                continue
            }
            if (!match(rest, /\/\*|\/\/|["\047]/)) { out = out rest; break }
            out = out substr(rest, 1, RSTART - 1)
            mark = substr(rest, RSTART, RLENGTH)
            rest = substr(rest, RSTART + RLENGTH)
            if (mark == "//") {
                print FILENAME ":" FNR ": a // comment; use /* */" >>slashes
                break
            }
            if (mark == "/*") { in_comment = 1; out = out " "; continue }
            out = out mark mark
            while (rest != "" && substr(rest, 1, 1) != mark) {
                rest = substr(rest, substr(rest, 1, 1) == "\\" ? 3 : 2)
            }
            rest = substr(rest, 2)
        }
        print out >out_name
    }' <"$work/c"
}

check_comments() {
    cat "$work/slashes"
}

# Calls of $1 (alternatives) in files that match $2 but not $3; $4 says why not.
check_calls() {
    grep -E "$2" "$work/c" | grep -v -E "$3" >"$work/some" || return 0
    (cd "$work/code" &&
        xargs grep -n -E "(^|[^A-Za-z0-9_.>])($1)[ ]*\(" /dev/null) \
        <"$work/some" | sed "s|\$|    <- $4|" || true
}

check_banned() {
    check_calls "$banned" '.' '^$' "a banned call"
}

check_allocators() {
    check_calls "$allocators" '^src/' "$may_allocate" "use base/mem.h"
}

check_printers() {
    check_calls "$printers" '^src/' "$may_print" "no printing in the library"
}

# An include goes down or stays in its folder.
check_includes() {
    grep -E '^(src|include)/' "$work/c" | xargs awk '
    function bad(why) { print FILENAME ":" FNR ": " why ": " $0 }
    function begins(text, prefix) { return index(text, prefix) == 1 }
    function in_folder(name, folder) {
        return begins(name, folder) && index(substr(name, length(folder) + 1), "/") == 0
    }
    # Only files below "place" may include what begins with "header".
    function only(header, place) {
        if (is_foreign && begins(name, header) && !begins(FILENAME, place)) {
            bad("<" header "> belongs to " place)
        }
    }
    FNR == 1 {
        folder = FILENAME
        sub(/[^\/]*$/, "", folder)
        sub(/^src\//, "", folder)
        room = folder
        sub(/\/.*/, "", room)
    }
    /^[ ]*#[ ]*include/ {
        is_foreign = index($0, "<") > 0
        name = $0
        sub(/^[^<"]*[<"]/, "", name)
        sub(/[>"].*$/, "", name)
        only("curl/", "src/engine/http/")
        only("ares", "src/engine/dns/")
        only("sqlite3", "src/sink/sqlite")
        if (is_foreign) { next }
        if (begins(FILENAME, "include/")) { bad("a public header needs <fetchpool/>"); next }
        if (in_folder(name, folder) || index(name, "/") == 0) { next }
        if (room == "cli" && !begins(name, "fetchpool/")) {
            bad("the command line has public headers only")
            next
        }
        if (begins(name, "base/") || begins(name, "fetchpool/")) { next }
        if (room != "base" && begins(name, "core/")) { next }
        if (folder == "engine/http/" && begins(name, "engine/dns/")) { next }
        bad("an include goes down or stays in its folder")
    }' /dev/null
}

check_licence() {
    while read -r file; do
        sed -n 1p "$file" | grep -q -x -F '/* SPDX-License-Identifier: MIT */' ||
            echo "$file:1: the first line is not the SPDX line"
        sed -n 2p "$file" | grep -q '^/\* ' ||
            echo "$file:2: no paragraph that says what this file is"
    done <"$work/c"
}

check_text() {
    tab=$(printf '\t')
    xargs grep -n "$tab" /dev/null <"$work/text" | sed 's/$/    <- a tab/' || true
    xargs grep -n ' $' /dev/null <"$work/text" |
        sed 's/$/    <- a trailing blank/' || true
    xargs awk 'length($0) > 100 {
        print FILENAME ":" FNR ": more than 100 columns"
    }' /dev/null <"$work/c"
    while read -r file; do
        [ ! -s "$file" ] || [ -z "$(tail -c 1 "$file")" ] ||
            echo "$file: no line feed at the end"
    done <"$work/text"
}

# Every src/ROOM/x.c has a tests/ROOM/x_test.c or is named above.
check_mirror() {
    grep -E '^src/.*\.c$' "$work/c" | grep -v '^src/cli/' >"$work/some" || true
    while read -r file; do
        test_file=$(printf '%s\n' "$tested_elsewhere" | sed -n "s|^$file=||p")
        if [ -z "$test_file" ]; then
            test_file=tests/${file#src/}
            test_file=${test_file%.c}_test.c
        fi
        [ -f "$test_file" ] || echo "$file: no test $test_file"
    done <"$work/some"
    printf '%s\n' "$tested_elsewhere" | sed -n 's/=.*//p' |
        while read -r file; do
            [ -f "$file" ] || echo "tests/lint.sh: no file $file"
        done
}

# Runs every rule on the tree $1; returns whether all is well.
lint() (
    cd "$1"
    rm -rf "$work/code"
    list_files
    strip_comments
    for rule in comments banned allocators printers includes licence text \
        mirror; do
        "check_$rule"
    done >"$work/found"
    cat "$work/found"
    [ ! -s "$work/found" ]
)

# ---- The self-test: a clean tree passes, and each planted fault is found.

plant() {
    mkdir -p "$work/tree/$(dirname "$1")"
    printf '/* SPDX-License-Identifier: MIT */\n/* A file. */\n%b' "$2" \
        >"$work/tree/$1"
}

clean_tree() {
    rm -rf "$work/tree"
    plant src/base/mem.c 'void *p = malloc(1); /* sprintf(a) */\n'
    plant src/core/a.c '#include "base/mem.h"\nint x = f("free(");\n'
    plant src/engine/http/a.c '#include <curl/curl.h>\n#include "core/a.h"\n'
    plant src/cli/main.c '#include <fetchpool/fetchpool.h>\nint y = puts("");\n'
    plant include/fetchpool/a.h '#include <fetchpool/base.h>\nint my_free(int);\n'
    for name in base/mem core/a engine/http/a; do
        plant "tests/${name}_test.c" 'int z = o->free(1);\n'
    done
}

expect_clean() {
    clean_tree
    lint "$work/tree" && return 0
    echo "self-test: the clean tree was refused"
    return 1
}

# A fault in file $1 with content $2 must be reported with the words $3.
expect_fault() {
    clean_tree
    plant "$1" "$2"
    if lint "$work/tree" >"$work/said" || ! grep -q -F "$3" "$work/said"; then
        echo "self-test: not found in $1: $2"
        return 1
    fi
}

self_test() {
    tested_elsewhere=
    expect_clean
    for call in sprintf strcpy strcat strtok atoi gets rand localtime gmtime \
        system sleep usleep; do
        expect_fault src/core/a.c "int x = $call(1);\n" 'a banned call'
        expect_fault tests/core/a_test.c "int x = $call (1);\n" 'a banned call'
    done
    for call in malloc calloc realloc free strdup; do
        expect_fault src/core/a.c "$call(1);\n" 'base/mem.h'
    done
    expect_fault src/core/a.c '/* c */ printf("x");\n' 'no printing'
    expect_fault src/engine/http/a.c 'snprintf(a, 1, "x");\n' 'no printing'
    expect_fault src/core/a.c '#include <curl/curl.h>\n' 'belongs to'
    expect_fault src/engine/http/a.c '#include <ares.h>\n' 'belongs to'
    expect_fault src/core/a.c '#include <sqlite3.h>\n' 'belongs to'
    expect_fault src/base/mem.c '#include "core/a.h"\n' 'goes down'
    expect_fault src/core/a.c '#include "sink/a.h"\n' 'goes down'
    expect_fault src/engine/http/a.c '#include "sink/a.h"\n' 'goes down'
    expect_fault src/engine/http/a.c '#include "engine/ftp/a.h"\n' 'goes down'
    expect_fault src/cli/main.c '#include "core/a.h"\n' 'public headers only'
    expect_fault include/fetchpool/a.h '#include "base/mem.h"\n' '<fetchpool/>'
    expect_fault src/core/a.c 'int x;\tint y;\n' 'a tab'
    expect_fault src/core/a.c 'int x; \n' 'a trailing blank'
    expect_fault src/core/a.c 'int x;' 'no line feed'
    expect_fault src/core/a.c 'int x; // y\n' 'a // comment'
    expect_fault src/core/a.c "/*$(printf '%100s' x) */\n" '100 columns'
    expect_fault src/core/b.c 'int x;\n' 'no test tests/core/b_test.c'
    clean_tree
    echo 'int x;' >"$work/tree/src/core/a.c"
    lint "$work/tree" >"$work/said" || true
    grep -q 'SPDX' "$work/said"
    grep -q 'no paragraph' "$work/said"
    echo "every rule can fail"
}

if [ "${1-}" = --self-test ]; then
    self_test
else
    lint "${1:-$(dirname "$0")/..}"
fi
