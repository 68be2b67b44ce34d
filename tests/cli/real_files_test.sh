#!/bin/sh
# SPDX-License-Identifier: MIT
# Thousands of real files of all sizes, served by nginx on loopback: every one
# must arrive with the same SHA-256, be reported with it, and be counted.
#
#     sh tests/cli/real_files_test.sh FETCHPOOL
set -eu

fetchpool=$(cd "$(dirname "$1")" && pwd)/$(basename "$1")
roots='usr/share/doc usr/include'
least=1000
PATH=$PATH:/usr/sbin

work=$(mktemp -d)
server=
finish() {
    [ -z "$server" ] || kill "$server" 2>/dev/null || true
    rm -rf "$work"
}
trap finish EXIT
trap 'exit 1' HUP INT TERM

fail() {
    echo "not ok: $*" >&2
    exit 1
}

# Starts nginx on a free port below 127.0.0.1, and sets $port.
start_nginx() {
    mkdir -p "$work/nginx"
    port=$((20000 + $$ % 20000))
    for try in 1 2 3 4 5 6 7 8 9 10; do
        port=$((port + try * 7))
        cat >"$work/nginx.conf" <<END
daemon off;
master_process off;
pid $work/nginx.pid;
error_log $work/error.log;
events { worker_connections 1024; }
http {
    access_log off;
    client_body_temp_path $work/nginx;
    proxy_temp_path $work/nginx;
    fastcgi_temp_path $work/nginx;
    uwsgi_temp_path $work/nginx;
    scgi_temp_path $work/nginx;
    keepalive_requests 1000000;
    server { listen 127.0.0.1:$port; root /; }
}
END
        rm -f "$work/nginx.pid"
        nginx -p "$work" -c "$work/nginx.conf" 2>"$work/start.log" &
        server=$!
        # It writes its pid once it listens, and ends when the port is taken.
        while kill -0 "$server" 2>/dev/null; do
            [ ! -s "$work/nginx.pid" ] || return 0
        done
        wait "$server" || true
        server=
    done
    cat "$work/start.log" >&2
    fail 'nginx did not start'
}

# The regular files below the roots that everybody may read, one a line.
list_files() (
    cd /
    # shellcheck disable=SC2086
    find $roots -type f -readable ! -name '*
*' | LC_ALL=C sort
)

# Paths to URLs: everything but the unreserved characters of RFC 3986 and the
# slash is percent-encoded, byte by byte.
encode() {
    LC_ALL=C awk -v prefix="http://127.0.0.1:$port/" '
    BEGIN { for (i = 1; i < 256; i++) { code[sprintf("%c", i)] = i } }
    {
        url = prefix
        for (i = 1; i <= length($0); i++) {
            c = substr($0, i, 1)
            url = url (c ~ /[A-Za-z0-9._~\/-]/ ? c : sprintf("%%%02X", code[c]))
        }
        print url
    }'
}

# The text field $1 of each result line.
field() {
    sed -n 's/.*"'"$1"'":"\([^"]*\)".*/\1/p' "$work/results.jsonl"
}

start_nginx
list_files >"$work/files"
n=$(wc -l <"$work/files")
[ "$n" -ge "$least" ] || fail "only $n files below $roots"
encode <"$work/files" >"$work/urls"
(cd / && tr '\n' '\0' <"$work/files" | xargs -0 sha256sum | cut -c 1-64 |
    tr -d '\\') >"$work/wanted"

"$fetchpool" get -i "$work/urls" -o "$work/out" --ordered \
    --results "$work/results.jsonl" 2>"$work/log" ||
    { cat "$work/log" >&2; fail "exit status $?"; }
cat "$work/log"

grep -q "^read $n ok $n unchanged 0 skipped 0 failed 0 invalid 0 pending 0" \
    "$work/log" || fail 'the accounting'
[ "$(wc -l <"$work/results.jsonl")" -eq "$n" ] || fail 'one result for each'
field sha256 >"$work/reported"
cmp "$work/wanted" "$work/reported" || fail 'a digest in the results'
field path >"$work/paths"
(cd "$work/out" && tr '\n' '\0' <"$work/paths" | xargs -0 sha256sum |
    cut -c 1-64) >"$work/stored"
cmp "$work/wanted" "$work/stored" || fail 'a stored file'
[ "$(find "$work/out" -type f | wc -l)" -eq "$n" ] || fail 'a file too many'

# Once more: all are there, none is asked for again.
"$fetchpool" get -i "$work/urls" -o "$work/out" 2>"$work/log" || fail 'again'
grep -q "skipped $n failed 0" "$work/log" || fail 'the second accounting'
echo "ok: $n files"
