# SPDX-License-Identifier: MIT
# Sourced by tests and benchmarks: a real name server, NSD, on loopback, with real
# names.
#
#     nsd_zone DIR           writes DIR/zone and the lists that go with it
#     nsd_start DIR DNSD     serves DIR/zone; sets nsd_port and nsd_pid
#     nsd_stop               ends it
#
# DNSD is the program dnsd of this directory; it asks until the server answers.
# The server is an ordinary process of the caller's, keeps all its files in DIR
# and ends only through nsd_stop, so callers need a trap.
#
# The names are those of the public suffix list and, below dict.test, the words of
# the dictionary.  The lists have one line for each name, in the same order:
#
#     DIR/names     the name as people write it, also in UTF-8
#     DIR/wire      the name as it is asked for, xn-- where need be
#     DIR/expected  name, name as asked for, status and data of type A, separated
#                   by tabs: "ok" with the address, behind the target and a comma
#                   where there is a CNAME; "nodata"; "nxdomain"
#
# Of every twenty names one is a CNAME and one has no address; of every twenty
# words one does not exist.  All others have A, AAAA, TXT and MX.

nsd_suffixes=/usr/share/publicsuffix/public_suffix_list.dat
nsd_words=/usr/share/dict/words

# The names in lower case, each once, in UTF-8.
nsd_names() {
    {
        sed -e 's|//.*||' -e 's/[[:space:]].*//' -e 's/^[!]//' -e 's/^\*\.//' \
            "$nsd_suffixes"
        sed -n "/^[^']*\$/s/\$/.dict.test/p" "$nsd_words"
    } | python3 -c '
import sys
seen = set()
for line in sys.stdin.buffer:
    name = line.decode().strip().lower()
    # Resolvers may not ask for "onion" (RFC 7686).
    if not name or name in seen or name == "onion":
        continue
    seen.add(name)
    # IDNA2003 and IDNA2008 agree on all of these.
    wire = name.encode("idna").decode()
    if wire not in seen or wire == name:
        seen.add(wire)
        sys.stdout.buffer.write(f"{name}\t{wire}\n".encode())
'
}

# From lines "name TAB wire" to the zone and the lists.
# shellcheck disable=SC2016
nsd_records='
BEGIN {
    FS = "\t"
    print ". 3600 SOA ns.dict.test. host.dict.test. 1 3600 600 86400 300" >zone
    print ". 3600 NS ns.dict.test." >zone
    print "ns.dict.test. 3600 A 127.0.0.1" >zone
    for (i = 0; i < 50; i++) {
        print "target" i ".nsd.test. 3600 A " target_address(i) >zone
    }
}
function target_address(i) { return "10.255.255." i }
function record(rest) { print $2 ". 3600 " rest >zone }
function expect(status, data) {
    print $1 "\t" $2 "\t" status "\t" data >expected
}
{
    print $1 >names
    print $2 >wire
    n++
    address = "10." int(n / 65536) "." int(n / 256) % 256 "." n % 256
    target = "target" n % 50 ".nsd.test"
}
n % 20 == 7 {
    record("CNAME " target ".")
    expect("ok", target "," target_address(n % 50))
    next
}
n % 20 == 13 {
    record("TXT \"no address\"")
    expect("nodata", "")
    next
}
# A suffix may have names below it, which would be proof of its existence.
n % 20 == 17 && $2 ~ /\.dict\.test$/ {
    expect("nxdomain", "")
    next
}
{
    record("A " address)
    record("AAAA 2001:db8::" sprintf("%x:%x", n / 65536, n % 65536))
    record("TXT \"number " n "\"")
    record("MX 10 mail" n % 10 ".nsd.test.")
    expect("ok", address)
}'

nsd_zone() {
    nsd_names | LC_ALL=C awk -v zone="$1/zone" -v names="$1/names" \
        -v wire="$1/wire" -v expected="$1/expected" "$nsd_records"
}

# A port that is free for UDP and TCP now.
nsd_free_port() {
    python3 -c '
import socket
while True:
    with socket.socket() as tcp, socket.socket(type=socket.SOCK_DGRAM) as udp:
        tcp.bind(("127.0.0.1", 0))
        try:
            udp.bind(tcp.getsockname())
        except OSError:
            continue
        print(tcp.getsockname()[1])
        break
'
}

# One process that serves, no limits on what it answers, no privileges changed.
nsd_configuration() {
    cat <<EOF_NSD
server:
    ip-address: 127.0.0.1@$2
    port: $2
    server-count: 1
    username: ""
    chroot: ""
    zonesdir: "$1"
    database: ""
    pidfile: "$1/pid"
    xfrdfile: "$1/xfrd"
    zonelistfile: "$1/zonelist"
    cookie-secret-file: "$1/cookies"
    logfile: "$1/log"
    rrl-ratelimit: 0
    rrl-whitelist-ratelimit: 0
    receive-buffer-size: 4194304
    send-buffer-size: 4194304
remote-control:
    control-enable: no
zone:
    name: "."
    zonefile: "zone"
EOF_NSD
}

nsd_start() {
    nsd_port=$(nsd_free_port) || return 1
    nsd_configuration "$1" "$nsd_port" >"$1/nsd.conf"
    PATH=$PATH:/usr/sbin nsd -d -c "$1/nsd.conf" >"$1/output" 2>&1 &
    nsd_pid=$!
    if ! "$2" --ask "$nsd_port" ns.dict.test >"$1/asked" ||
        [ "$(cat "$1/asked")" != "0 1" ]; then
        cat "$1/output" "$1/log" >&2
        nsd_stop
        return 1
    fi
}

nsd_stop() {
    [ -n "${nsd_pid-}" ] || return 0
    kill "$nsd_pid" 2>/dev/null || true
    wait "$nsd_pid" || true
    nsd_pid=
}
