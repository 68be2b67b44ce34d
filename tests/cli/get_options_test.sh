#!/bin/sh
# SPDX-License-Identifier: MIT
# The options of `fetchpool get` about requests, hosts, proxies and names of
# files, against the loopback server:
#
#     get_options_test.sh FETCHPOOL HTTPD
#
# Each check prints a line; the exit status is 0 only if all are well.
set -u
export LC_ALL=C
unset http_proxy https_proxy all_proxy no_proxy
unset HTTP_PROXY HTTPS_PROXY ALL_PROXY NO_PROXY

fetchpool=$(readlink -f "$1")
httpd=$(readlink -f "$2")
work=$(mktemp -d)
server=
tidy() {
    [ -z "$server" ] || kill "$server" 2>/dev/null
    rm -rf "$work"
}
trap tidy EXIT
trap 'exit 1' HUP INT TERM
cd "$work" || exit 1

n_failed=0
check() {
    if [ "$2" = "$3" ]; then
        echo "ok: $1"
    else
        echo "NOT ok: $1: got '$2', wanted '$3'"
        n_failed=$((n_failed + 1))
    fi
}

# Runs the command; its exit status in $status, its words in said and results.
get() {
    status=0
    timeout 60 "$fetchpool" get "$@" >results 2>said </dev/null || status=$?
}

# What the server says that it was sent, in the file echo.
echo_of() {
    rm -rf echoed
    get -q -o echoed --layout '{name}' "$@"
    cat echoed/* 2>/dev/null | tr -d '\r' >echo
}

lines_with() {
    grep -c -F -- "$1" "$2"
}

# The text or number of a member of the only result.
member() {
    sed -n "s/.*\"$1\":\"*\([^,\"}]*\).*/\1/p" results
}

mkdir tree
echo one >tree/one.txt
"$httpd" -n 2 tree </dev/null >address &
server=$!
while [ "$(grep -c . address 2>/dev/null)" != 2 ]; do
    kill -0 "$server" 2>/dev/null || exit 1
done
url=$(sed -n '1s,/*$,,p' address)
other=$(sed -n '2s,/*$,,p' address)
port=${url##*:}

# ---- What is sent.

echo_of "$url/-/echo"
check "a plain request" "$status $(head -n 1 echo) $(lines_with 'User-Agent: fetchpool/' echo)" \
    "0 GET /-/echo 1"
echo_of "$url/-/echo" -H 'X-One: 1' --header 'X-Two: 2' -H 'Accept:' -A mine
check "header lines" "$(lines_with 'X-One: 1' echo) $(lines_with 'X-Two: 2' echo) \
$(lines_with Accept echo) $(lines_with 'User-Agent: mine' echo)" "1 1 0 1"
echo_of "$url/-/echo" -X DELETE
check "a method" "$(head -n 1 echo)" "DELETE /-/echo"
echo_of "$url/-/echo" -d a=b -d 'c d' --data-raw @e
check "data" "$(head -n 1 echo) $(tail -n 1 echo) \
$(lines_with 'Content-Type: application/x-www-form-urlencoded' echo)" \
    "POST /-/echo a=b&c d&@e 1"
echo_of "$url/-/echo" -X PUT -d '{}' -H 'content-type: application/json'
check "data of another type" "$(head -n 1 echo) $(lines_with 'ontent-' echo) \
$(lines_with 'application/json' echo)" "PUT /-/echo 2 1"
printf 'a\r\nb\nc\0d' >data
echo_of "$url/-/echo" -d @data
check "data of a file" "$(tail -n 1 echo)" "abcd"
printf 'a\nb' >data
echo_of "$url/-/echo" --data-binary @data
check "as it is" "$(tail -n 2 echo | tr '\n' '+')" "a+b"
echo_of "$url/-/echo" -d ''
check "no data is data" "$(head -n 1 echo) $(lines_with 'Content-Length: 0' echo)" \
    "POST /-/echo 1"
echo_of "$url/-/echo" -u name:pass:word
check "a user" "$(lines_with "Authorization: Basic $(printf name:pass:word | base64)" echo)" 1
echo_of "$url/-/echo" -b a=1 --cookie 'b=2; c=3'
check "cookies" "$(lines_with 'Cookie: a=1; b=2; c=3' echo)" 1
echo_of "$url/-/to?$other/-/echo" -H 'X-One: 1' -u a:b -b c=d
check "of that, nothing for another origin" \
    "$status $(lines_with X-One echo) $(lines_with Authorization echo) $(lines_with Cookie echo)" \
    "0 0 0 0"
echo_of "$url/-/echo" --compressed
check "compressed bodies are asked for" "$(lines_with Accept-Encoding echo)" 1
get -q -o null --results - "$url/-/gzip/5000" --compressed
check "and undone" "$status $(member bytes)" "0 5000"
get -q -o null --results - "$url/one.txt" --http2 --http1.1
check "HTTP/1.1" "$status $(member http_version)" "0 1.1"

# ---- Tries, hosts.

get -q -o null --results - "$url/-/flaky/1/a/-/echo"
check "a second try" "$status $(member tries) $(member status_code)" "0 2 200"
get -q -o null --results - --retries 0 "$url/-/flaky/1/b/-/echo"
check "no second try" "$status $(member tries) $(member kind)" "1 1 http.5xx"
get -q -o null --results - --retry-on 404 --throttle-on 429 --retries 1 "$url/-/flaky/1/c/-/echo"
check "what is worth a try" "$status $(member tries) $(member status_code)" "1 1 503"
get -q -o null --results - -X POST -d x --retries 1 "$url/-/close"
check "a method that is not idempotent" "$status $(member tries)" "1 1"
i=0
while [ $i -lt 12 ]; do
    echo "$url/-/count/most/-/delay/30/one.txt?$i"
    i=$((i + 1))
done >list
get -q -i list -o null --per-host 2
get -q -o counted --layout '{index}' "$url/-/count/most"
check "so many at once to a host" "$status $(cat counted/*)" "0 12 2"
head -n 6 list >few
get -q -i few -o null --rate 20 --summary summary
check "a rate" "$status $(sed 's/.*"elapsed_ms":\([0-9]*\).*/\1/' summary |
    awk '{ print ($1 >= 150) ? "slow" : "fast" }')" "0 slow"
get -q -i few -o null --host-rate 1200/m --summary summary
check "a rate of each host" "$status $(sed 's/.*"elapsed_ms":\([0-9]*\).*/\1/' summary |
    awk '{ print ($1 >= 150) ? "slow" : "fast" }')" "0 slow"
check "the summary tells of requests" "$(lines_with '"requests":6,"retries":0,' summary)" 1
get -q -o null --results - --max-retry-after 100ms --retries 1 \
    "$url/-/fail/429/1/d/-/echo?retry-after=3000"
check "the longest pause" "$status $(member tries)" "0 2"

# ---- Proxies.

echo_of -x "$url" http://other.test/-/echo
check "a proxy" "$status $(lines_with 'Host: other.test' echo)" "0 1"
export http_proxy="$url"
echo_of http://other.test/-/echo
check "a proxy of the environment" "$status $(lines_with 'Host: other.test' echo)" "0 1"
echo_of "$other/-/echo" --noproxy 127.0.0.1
check "an exception" "$(lines_with "Host: ${other#http://}" echo) $(lines_with Proxy- echo)" "1 0"
export no_proxy=127.0.0.1
echo_of "$other/-/echo"
check "an exception of the environment" "$(lines_with Proxy- echo)" 0
echo_of -x "$url" "$other/-/echo"
check "which counts for --proxy too" "$(lines_with Proxy- echo)" 0
unset no_proxy
echo_of "$other/-/echo"
check "no exception" "$(lines_with Proxy- echo)" 1
echo_of -x '' "$other/-/echo"
check "no proxy" "$(lines_with Proxy- echo)" 0
echo_of --allow-net 127.0.0.0/8 "$other/-/echo"
check "no proxy of the environment with a policy" "$(lines_with Proxy- echo)" 0
unset http_proxy
HTTP_PROXY="$url" all_proxy='' echo_of "$other/-/echo"
check "HTTP_PROXY does not count" "$(lines_with Proxy- echo)" 0
ALL_PROXY="$url" echo_of "$other/-/echo"
check "ALL_PROXY does" "$(lines_with Proxy- echo)" 1

# ---- Names and addresses.

echo_of --resolve "some.test:$port:127.0.0.1" "http://some.test:$port/-/echo"
check "an address given" "$status $(lines_with "Host: some.test:$port" echo)" "0 1"
get -q -o null --results - --deny-private "$url/one.txt"
check "no private address" "$status $(member kind)" "1 policy.address"
get -q -o null --results - --deny-net 10.0.0.0/8 --deny-net 127.0.0.0/8 "$url/one.txt"
check "not that network" "$status $(member kind)" "1 policy.address"
get -q -o null --results - --deny-private --allow-net 127.0.0.1 "$url/one.txt"
check "but this address" "$status" 0
case $("$fetchpool" --version) in
*c-ares*)
    get -q -o null --results - --retries 0 --resolvers 127.0.0.1:1 --timeout 2s \
        http://nobody.test/
    check "name servers" "$status $(member kind | sed 's/\..*//')" "1 dns"
    printf '127.0.0.1\nrubbish here\n' >servers
    get --resolvers servers "$url/one.txt"
    check "name servers that are none" "$status $(lines_with 'line 2' said)" "2 1"
    ;;
*)
    get --resolvers 127.0.0.1 "$url/one.txt"
    check "name servers without an engine for them" "$status" 2
    ;;
esac

# ---- Names of files.

names_in() {
    (cd "$1" && find . -type f | sort | tr '\n' ' ')
}
get -q -o named --layout '{index}/{host}-x{ext}' "$url/one.txt" "$other/one.txt"
check "a pattern" "$(names_in named)" \
    "./00000000/127.0.0.1%3A$port-x.txt ./00000001/127.0.0.1%3A${other##*:}-x.txt "
get -q -o twice --layout '{name}' --ordered --results - "$url/one.txt" "$other/one.txt"
check "the same name twice" "$status $(names_in twice) $(lines_with '"skipped"' results)" \
    "0 ./one.txt  1"
get -q -o renamed --layout '{name}' --if-exists rename "$url/one.txt" "$other/one.txt"
check "renamed" "$(names_in renamed)" "./one.1.txt ./one.txt "
get -q -o ids --layout '{id}' --results - "$url/one.txt"
check "a name that cannot be" "$status $(member kind)" "1 local.path"

# ---- What is refused, at once and in words.

for option in --rate=0 --rate=x --rate=1/y --host-rate=-1 --per-host=0 --retries=100 \
    --retries=x --retry-on=x --throttle-on=9 --max-retry-after=0 --header=bad -Hbad \
    '--header=A:b
c' '--request=A B' --request= --user=name --resolve=x --resolve=h:1:y \
    --deny-net=x --allow-net=1.2.3.4/33 --cookie=jar.txt --data=@nowhere \
    --input-format=xml --layout=x --layout='{x}' --layout='/{id}' --layout='{id' \
    --checksum=md5 --checksum=sha1 --checksum=blake2b512 --checksum=x --resolvers=x --refresh; do
    get -o never "$option" "$url/one.txt"
    check "$option is refused" "$status $([ -s said ] && echo said) $(ls -d never 2>/dev/null)" \
        "2 said "
done

echo "$n_failed checks failed"
[ "$n_failed" -eq 0 ]
