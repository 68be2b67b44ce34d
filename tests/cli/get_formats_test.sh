#!/bin/sh
# SPDX-License-Identifier: MIT
# The forms of lists that `fetchpool get` reads, and compressed ones, against
# the loopback server:
#
#     get_formats_test.sh FETCHPOOL HTTPD [zlib] [zstd]
#
# Each check prints a line; the exit status is 0 only if all are well.
set -u
export LC_ALL=C

fetchpool=$(readlink -f "$1")
httpd=$(readlink -f "$2")
shift 2
features=" $* "
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

# A dry run of the list given as standard input; its exit status in the file
# dried, as the end of a pipeline has variables of its own.
dry() {
    timeout 60 "$fetchpool" get --dry-run "$@" >results 2>said
    echo $? >dried
}

lines_with() {
    grep -c -F -- "$1" "$2"
}

counts() {
    sed -n 's/^\(read .* pending [0-9]*\);.*/\1/p' said
}

mkdir tree
printf one >tree/one.txt
printf two >tree/two.txt
"$httpd" tree </dev/null >address &
server=$!
while [ ! -s address ]; do
    kill -0 "$server" 2>/dev/null || exit 1
done
url=$(sed 's,/*$,,' address)
one=$(printf one | sha256sum | cut -d ' ' -f 1)

# ---- JSON lines.

cat >list.jsonl <<END
{"url":"$url/one.txt","out":"a/first.txt","id":17,"meta":{"k":[1,2.50,"\u202e\\n"]},"size":3}

# A comment.
 { "id" : "x\u00e9\ud83d\ude00" , "url" : "$url/two.txt" , "sha256" : "$one" , "out" : null }
{"url":"$url/-/echo","out":"echo","method":"POST","body":"a\u0000b","headers":{"X-One":"1","User-Agent":null}}
{"url":"$url/-/echo","out":"lines","headers":["X-Two: 2","X-Two: 3"]}
{"url":"$url/two.txt","out":"dir/"}
{"url":"$url/two.txt","out":"size","size":4}
END
get -i list.jsonl -o json --layout '{name}' --results - --failed failed --retries 0
check "JSON lines" "$status $(counts)" \
    "1 read 6 ok 4 unchanged 0 skipped 0 failed 2 invalid 0 pending 0"
check "files have the names given" "$(cd json && find . -type f | sort | tr '\n' ' ')" \
    "./a/first.txt ./dir/two.txt ./echo ./lines "
check "id and meta come back" \
    "$(lines_with '"id":17,"meta":{"k":[1,2.50,"\u202e\n"]},"url":' results) \
$(lines_with '"id":"xé😀","url":' results)" "1 1"
check "a digest that is another" "$(lines_with '"kind":"protocol.checksum"' results)" 1
check "a size that is another" "$(lines_with '"kind":"protocol.size"' results)" 1
check "a request" "$(head -n 1 json/echo | tr -d '\r') $(lines_with 'X-One: 1' json/echo) \
$(lines_with User-Agent json/echo) $(tail -c 3 json/echo | od -An -c | tr -d ' ')" \
    'POST /-/echo 1 0 a\0b'
check "repeated headers" "$(lines_with 'X-Two: ' json/lines)" 2
check "failed entries are as they were" "$(sort failed)" \
    "$(grep -e sha256 -e '"size":4' list.jsonl | sort)"
get -i failed -o json --layout '{name}' --retries 0 --results -
check "and can be fed back" "$status $(lines_with '"v":1' results)" "1 2"
get -o json "{\"url\":\"$url/one.txt\",\"out\":\"argument\"}"
check "an argument" "$status $(cat json/argument)" "0 one"

# Each line below is malformed, for the reason before it.
cat >wrong <<END
not a JSON object|{"url":"x"
not a JSON object|{"url":"x"} y
not a JSON object|{"url":"x",}
not a JSON object|{url:"x"}
not a JSON object|["x"]
not a JSON object|"x"
not a JSON object|x
not a JSON object|{"url":"x","meta":tru}
not a JSON object|{"url":"x","meta":[1,]}
not a JSON object|{"url":"x","meta":[1}}
a malformed string|{"url":"x
a malformed string|{"url":"\\x"}
a malformed string|{"url":"\\ud800"}
a malformed string|{"url":"\\udc00\\ud800"}
a malformed string|{"url":"\\ud800\\u0041"}
a malformed string|{"url":"\\u12g4"}
a malformed string|{"url":"x\\u0000"}
a malformed string|{"url":"a$(printf '\001')b"}
not UTF-8|{"url":"a$(printf '\377')b"}
not UTF-8|{"url":"x","meta":"$(printf '\355\240\200')"}
not UTF-8|{"url":"x","meta":"$(printf '\300\200')"}
a malformed number|{"url":"x","meta":01}
a malformed number|{"url":"x","meta":-}
a malformed number|{"url":"x","meta":1.}
a malformed number|{"url":"x","meta":1e}
nested too deeply|{"url":"x","meta":$(printf '%0100d' 0 | tr 0 '[')}
is there twice|{"url":"x","url":"x"}
is there twice|{"url":"x","headers":{"A":"1","a":"2"}}
a wrong type|{"url":1}
a wrong type|{"url":"x","headers":"A: b"}
a wrong type|{"url":"x","headers":[1]}
a wrong type|{"url":"x","id":{}}
a wrong type|{"url":"x","body":1}
url: there is none|{}
url: there is none|{"url":null}
url: there is none|{"url":" "}
out: not the name|{"url":"x","out":"/etc/passwd"}
out: not the name|{"url":"x","out":"../x"}
out: not the name|{"url":"x","out":"a/../../x"}
out: not the name|{"url":"x","out":"a//x"}
out: not the name|{"url":"x","out":"a/."}
out: not the name|{"url":"x","out":""}
out: not the name|{"url":"x","out":"a\\nb"}
out: not the name|{"url":"x","out":"$(printf '%0300d' 0)"}
headers: not of the form|{"url":"x","headers":["A"]}
headers: not of the form|{"url":"x","headers":["A: b\\nC: d"]}
headers: not of the form|{"url":"x","headers":["A: b\\rC: d"]}
headers: not of the form|{"url":"x","headers":{"A":"b\\nC: d"}}
headers: not of the form|{"url":"x","headers":{"A: b":"c"}}
headers: not of the form|{"url":"x","headers":{"":"c"}}
headers: not of the form|{"url":"x","headers":["A b: c"]}
method: not a word|{"url":"x","method":"A B"}
method: not a word|{"url":"x","method":""}
sha256: not 64|{"url":"x","sha256":"abc"}
sha256: not 64|{"url":"x","sha256":"$(printf '%064d' 0 | tr 0 g)"}
size: not a number|{"url":"x","size":-1}
size: not a number|{"url":"x","size":1.5}
size: not a number|{"url":"x","size":"3"}
size: not a number|{"url":"x","size":9223372036854775808}
END
while IFS='|' read -r reason line; do
    printf '%s\n' "$line" >one.jsonl
    get --input-format jsonl -i one.jsonl -o null -q --results - --failed failed
    check "$reason: $(printf '%s' "$line" | head -c 60 | tr -d '\000-\037\177-\377')" \
        "$status $(lines_with '"kind":"invalid.line","message":"' results) \
$(lines_with "$reason" results) $(cmp one.jsonl failed)" "1 1 1 "
done <wrong
cut -d '|' -f 2- wrong | dry --input-format jsonl
check "a dry run counts them" "$(cat dried) $(head -n 1 results) $(tail -n +2 results | wc -l)" \
    "1 lines $(wc -l <wrong) items $(wc -l <wrong) too long 0 malformed $(wc -l <wrong) 13"
{
    printf '{"url":"x","meta":"'
    head -c 1048600 /dev/zero | tr '\0' a
    printf '"}\n{"url":"x"}\n'
} | dry
check "an object too long" "$(cat dried) $(cat results)" "1 lines 2 items 2 too long 1 malformed 0"
printf '{"url":"x","bogus":{"a":1},"other":2}\n{"url":"x"}\n' | dry
check "unknown members are told once" \
    "$(cat dried) $(lines_with bogus said) $(wc -l <said)" "0 1 1"

# ---- Tab-separated fields.

printf '%s\tt/one\t%s\t3\n%s\t\t\t\n# c\n%s\tx\t\t4\n%s\t../x\n' \
    "$url/one.txt" "$one" "$url/two.txt" "$url/one.txt" "$url/one.txt" >list.tsv
get --input-format tsv -i list.tsv -o tsv --layout '{name}' --results - --failed failed --retries 0
check "fields" "$status $(counts)" \
    "1 read 4 ok 2 unchanged 0 skipped 0 failed 1 invalid 1 pending 0"
check "their files" "$(cd tsv && find . -type f | sort | tr '\n' ' ')" "./t/one ./two.txt "
check "failed lines are as they were" "$(sort failed)" "$(tail -n 2 list.tsv | sort)"
printf 'id\turl\tbogus\tmethod\theaders\n1\t%s\tx\tPUT\tX-One: 1\n2\thttp://127.0.0.1:1/\n3\n' \
    "$url/-/echo" >named.tsv
get --input-format tsv -i named.tsv -i list.tsv -o named --layout '{index}' --results - \
    --failed failed --retries 0
check "columns with names" "$status $(counts)" \
    "1 read 7 ok 3 unchanged 0 skipped 0 failed 2 invalid 2 pending 0"
check "an unknown one is told" "$(lines_with bogus said)" 1
check "id in the result" "$(lines_with '"id":"1","url":' results)" 1
check "the request" "$(head -n 1 named/00000000 | tr -d '\r') \
$(lines_with 'X-One: 1' named/00000000)" "PUT /-/echo 1"
get --input-format tsv -i failed -o null --results - --retries 0
check "failed lines have their columns above" "$status $(counts) \
$(lines_with '"id":"2"' results) $(lines_with '"kind":"protocol.size"' results)" \
    "1 read 4 ok 0 unchanged 0 skipped 0 failed 2 invalid 2 pending 0 1 1"
printf 'x\ty\t%s\t3\textra\n' "$one" | dry --input-format tsv
check "too many fields" "$(tail -n 1 results)" "1 more fields than columns"

# ---- aria2.

tab=$(printf '\t')
cat >list.aria2 <<END
# mirrors
$url/one.txt$tab$url/two.txt
  out=one
  dir=aria
  checksum=sha-256=$one

  # within
  split=5
$url/-/echo
 header=X-One: 1
${tab}header=X-Two: 2
 referer=http://r/
 user-agent=me
 http-user=u
 http-passwd=p
 out=echo
$url/two.txt
 dir=aria
$url/two.txt
 checksum=md5=00
$url/one.txt
 novalue
$url/one.txt
 out=../x
END
get -i list.aria2 -o aria2 --layout '{name}' --results - --failed failed --retries 0
check "aria2's form is recognised" "$status $(counts)" \
    "1 read 6 ok 3 unchanged 0 skipped 0 failed 0 invalid 3 pending 0"
check "its files" "$(cd aria2 && find . -type f | sort | tr '\n' ' ')" \
    "./aria/one ./aria/two.txt ./echo "
check "its requests" "$(grep -c -e '^X-One: 1' -e '^X-Two: 2' -e '^Referer: http://r/' \
    -e '^User-Agent: me' -e "^Authorization: Basic $(printf u:p | base64)" aria2/echo)" 5
check "its unknown options" "$(lines_with split said)" 1
check "failed entries have all their lines" "$(sort failed)" "$(tail -n 6 list.aria2 | sort)"
get -i failed -o null --results -
check "and can be fed back" "$status $(counts)" \
    "1 read 3 ok 0 unchanged 0 skipped 0 failed 0 invalid 3 pending 0"
dry <list.aria2
check "through a pipe" "$(cat dried) $(head -n 1 results)" "1 lines 21 items 6 too long 0 malformed 3"
printf ' out=x\n out=y\n%s\n out=z\n' "$url/one.txt" | dry --input-format aria2
check "options before any URL" "$(cat dried) $(cat results | tr '\n' ' ')" \
    "1 lines 4 items 2 too long 0 malformed 1 1 an option line without a URL before it "
yes "$url/one.txt
  out=x" | head -n 100000 | dry
check "a long list" "$(cat dried) $(cat results)" "0 lines 100000 items 50000 too long 0 malformed 0"
# Whoever feeds one URL may want its result before the next: an option line that
# comes later is too late.
mkfifo fifo
"$fetchpool" get -i fifo -o null --results partial >/dev/null 2>said &
job=$!
exec 5>fifo
echo "$url/one.txt" >&5
while [ ! -s partial ]; do
    kill -0 "$job" 2>/dev/null || break
done
printf '  out=x\n' >&5
exec 5>&-
status=0
wait "$job" || status=$?
check "an option line too late" "$status $(lines_with '"kind":"invalid.line"' partial) \
$(lines_with 'input-format aria2' partial)" "1 1 1"

# ---- Plain lists.

printf '  %s?a=b\n\t%s?c=d\n' "$url/one.txt" "$url/one.txt" | dry
check "indented URLs are no options" "$(cat dried) $(cat results)" \
    "0 lines 2 items 2 too long 0 malformed 0"
printf '\357\273\277{"url":"x"}\n' | dry
check "a mark before JSON" "$(cat dried) $(cat results)" "0 lines 1 items 1 too long 0 malformed 0"
printf '{"url":"x"}\nplain\n' | dry --input-format lines
check "a form that is told" "$(cat dried) $(cat results)" "0 lines 2 items 2 too long 0 malformed 0"

# ---- Compressed lists.

yes "$url/one.txt" | head -n 3000 >plain
compressed() {
    program=$1
    "$program" -q -c plain >packed
    cat packed packed >two
    dry <packed
    check "$program: a pipe" "$(cat dried) $(cat results)" \
        "0 lines 3000 items 3000 too long 0 malformed 0"
    get --dry-run -i two -i plain
    check "$program: two in a row, and a plain one" "$status $(cat results)" \
        "0 lines 9000 items 9000 too long 0 malformed 0"
    "$program" -q -c list.jsonl >packed.jsonl
    dry -i packed.jsonl
    check "$program: the form is found inside" "$(cat dried) $(cat results)" \
        "0 lines 6 items 6 too long 0 malformed 0"
    : | "$program" -q -c | dry
    check "$program: nothing" "$(cat dried) $(cat results)" \
        "0 lines 0 items 0 too long 0 malformed 0"
    head -c 35 packed >short
    get -i short -o null --results -
    check "$program: cut short" "$status $(lines_with 'cut short' said)" "3 1"
    check "$program: what came is done" "$(lines_with '"status":"ok"' results)" \
        "$(sed -n 's/^read \([0-9]*\) .*/\1/p' said)"
    { cat packed; echo garbage; } >garbage
    get -i garbage --dry-run
    check "$program: something behind it" "$status $(lines_with 'comes after the end' said)" "3 1"
    { head -c 25 packed; head -c 60 /dev/zero; } >damaged
    get -i damaged --dry-run
    check "$program: damaged" "$status $(lines_with ' data is ' said)" "3 1"
    # Much of nothing, in little memory; a sanitizer takes more than that.
    head -c 400000000 /dev/zero | "$program" -q -1 -c >bomb
    status=0
    (
        grep -q __asan_init "$fetchpool" || ulimit -v 200000
        exec "$fetchpool" get --dry-run -i bomb
    ) >results 2>said || status=$?
    check "$program: a bomb" "$status $(cat results)" \
        "1 lines 1 items 1 too long 1 malformed 0"
}
case $features in
*" zlib "*) compressed gzip ;;
*)
    printf '\037\213\010\000' >packed
    get -i packed -o never
    check "gzip is refused" "$status $(lines_with 'gzip is not' said)" "3 1"
    ;;
esac
case $features in
*" zstd "*)
    if command -v zstd >/dev/null; then
        compressed zstd
    else
        # An empty frame, then one of "x\n" stored.
        printf '\050\265\057\375\040\000\001\000\000\050\265\057\375\040\002\021\000\000x\n' >packed
        dry -i packed
        check "zstd" "$(cat dried) $(cat results)" "0 lines 1 items 1 too long 0 malformed 0"
    fi
    ;;
*)
    printf '\050\265\057\375' >packed
    get -i packed -o never
    check "zstd is refused" "$status $(lines_with 'zstd is not' said)" "3 1"
    ;;
esac

echo "$n_failed checks failed"
[ "$n_failed" -eq 0 ]
