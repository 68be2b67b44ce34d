# SPDX-License-Identifier: MIT
# Sourced by http_bench.sh: the servers, and the place where names lead to them.
#
#     enter                in namespaces of its own: names are asked of 127.0.0.1;
#                          sets 'resolvers' to our option for that, or nothing
#     start_nsd N          h1.$domain to hN.$domain, each with another address
#     make_certificates    $work/bundle, and a certificate for *.$domain
#     start_nginx [LINES]  sets 'base' to the beginning of its URLs, exports
#                          STATUS_URL; LINES go into the server's block
#     stop_nginx           ends it; nsd_stop of nsd.sh ends NSD
#
# All files are in $work.  nginx serves what is in $work/www, and 131 bytes as
# "/small", for every name.  Its port is a free one of 127.0.0.1, but 80 of all
# addresses when HTTP_BENCH_INSIDE says that the namespaces are its own.

domain=many.test # libcurl takes no wildcard right below a top domain
nginx_pid=

# ---- nginx

# $1 is more for the server's block.
nginx_configuration() {
    cat <<EOF_NGINX
daemon off;
master_process off;
user root;
pid $work/nginx.pid;
error_log $work/nginx.log;
events { worker_connections 16384; }
http {
    access_log off;
    client_body_temp_path $work/nginx;
    proxy_temp_path $work/nginx;
    fastcgi_temp_path $work/nginx;
    uwsgi_temp_path $work/nginx;
    scgi_temp_path $work/nginx;
    sendfile on;
    keepalive_requests 1000000000;
    server {
        listen $address backlog=4096;
        $1
        location = /status { stub_status; }
        location = /small { return 200 "$(printf '%0131d' 0)"; }
        location / { root $work/www; }
    }
}
EOF_NGINX
}

start_nginx() {
    [ -z "$nginx_pid" ] || return 0
    port=$(nsd_free_port)
    address=127.0.0.1:$port
    if [ -n "${HTTP_BENCH_INSIDE-}" ]; then
        port=80
        address=80
    fi
    base=http://127.0.0.1:$port
    mkdir -p "$work/nginx" "$work/www"
    nginx_configuration "${1-}" >"$work/nginx.conf"
    nginx -p "$work" -c "$work/nginx.conf" 2>"$work/nginx.err" &
    nginx_pid=$!
    # It writes its pid once it listens, and ends when it cannot.
    while [ ! -s "$work/nginx.pid" ]; do
        kill -0 "$nginx_pid" 2>/dev/null || {
            cat "$work/nginx.err" >&2
            exit 1
        }
    done
    STATUS_URL=$base/status
    export STATUS_URL
}

stop_nginx() {
    [ -n "$nginx_pid" ] || return 0
    kill "$nginx_pid" 2>/dev/null || true
    wait "$nginx_pid" || true
    nginx_pid=
    rm -f "$work/nginx.pid"
}

# ---- names and certificates

start_nsd() {
    [ -z "${nsd_pid-}" ] || return 0
    # nsd_start asks for the first name.
    {
        echo ". 3600 SOA ns.dict.test. host.dict.test. 1 3600 600 86400 300"
        echo ". 3600 NS ns.dict.test."
        echo "ns.dict.test. 3600 A 127.0.0.1"
        awk -v n="$1" -v domain="$domain" 'BEGIN {
            for (i = 1; i <= n; i++) {
                printf "h%d.%s. 3600 A 127.%d.%d.%d\n", i, domain,
                    1 + int(i / 65536), int(i / 256) % 256, i % 256
            }
        }'
    } >"$work/zone"
    nsd_free_port() { echo 53; }
    nsd_start "$work" "$build/tests/support/dnsd"
}

enter() {
    ip link set lo up
    # Many short connections; it may be read-only, and will do without.
    echo 1024 65535 2>/dev/null >/proc/sys/net/ipv4/ip_local_port_range || true
    echo "nameserver 127.0.0.1" >"$work/resolv.conf"
    mount --bind "$work/resolv.conf" /etc/resolv.conf
    resolvers=$(option --resolvers 127.0.0.1:53)
}

# The bundle of the system with one more authority, and a certificate of that.
make_certificates() {
    for bundle in ca-certificates.crt ca-bundle.crt; do
        [ ! -s "/etc/ssl/certs/$bundle" ] ||
            cat "/etc/ssl/certs/$bundle" >"$work/bundle"
    done
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes \
        -keyout "$work/ca.key" -out "$work/ca.pem" -days 2 \
        -subj "/CN=authority" 2>"$work/openssl"
    openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes \
        -keyout "$work/server.key" -out "$work/server.csr" \
        -subj "/CN=$domain" 2>>"$work/openssl"
    echo "subjectAltName = DNS:*.$domain" >"$work/names"
    openssl x509 -req -in "$work/server.csr" -CA "$work/ca.pem" \
        -CAkey "$work/ca.key" -CAcreateserial -days 2 \
        -extfile "$work/names" -out "$work/server.pem" 2>>"$work/openssl"
    cat "$work/ca.pem" >>"$work/bundle"
}
