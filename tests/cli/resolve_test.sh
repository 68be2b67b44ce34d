#!/bin/sh
# SPDX-License-Identifier: MIT
# `fetchpool resolve` as a user meets it, against the DNS server of the tests,
# which does what the first label of a name says (tests/support/dnsd.c):
#
#     resolve_test.sh FETCHPOOL DNSD
#
# Each check prints a line; the exit status is 0 only if all are well.
set -u
export LC_ALL=C

fetchpool=$(readlink -f "$1")
dnsd=$(readlink -f "$2")
work=$(mktemp -d)
server=
job=
tidy() {
    for pid in $server $job; do
        kill "$pid" 2>/dev/null
    done
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
resolve() {
    status=0
    timeout 60 "$fetchpool" resolve -r "127.0.0.1:$port" "$@" \
        >results 2>said </dev/null || status=$?
}

counts() {
    sed -n 's/^\(read .* pending [0-9]*\);.*/\1/p' said
}

# The number called $1 in the counts.
count_of() {
    counts | sed -n "s/.*$1 \([0-9]*\).*/\1/p"
}

lines_with() {
    grep -c -F -- "$1" "$2"
}

has() {
    grep -q -F -- "$1" "$2" && echo yes || echo no
}

# The line without what differs from run to run.
masked() {
    sed 's/"time_us":[0-9]*/"time_us":0/
        s/"timestamp":"....-..-..T..:..:..\....Z"/"timestamp":""/
        s/127\.0\.0\.1:[0-9]*/RESOLVER/' "$1"
}

# Lines of results have the ordinals 0, 1, ... in some order, $1 of them.
check_complete() {
    sed -n 's/.*"seq":\([0-9]*\),.*/\1/p' results | sort -n >seqs
    awk -v n="$2" 'BEGIN { for (i = 0; i < n; i++) { print i } }' >wanted
    check "$1" "$(cmp seqs wanted 2>&1)" ""
}

"$dnsd" --log queries </dev/null >port 2>/dev/null &
server=$!
while [ ! -s port ]; do
    kill -0 "$server" 2>/dev/null || exit 1
done
port=$(head -n 1 port)

# What takes long goes on meanwhile: nobody answers, all tries, the last pass.
"$fetchpool" resolve -r "127.0.0.1:$port" --tries 1 silent.test \
    >slow 2>/dev/null &
job=$!

# ---- The forms.

resolve a-192-0-2-1.test
check "a name resolves" "$status $(counts)" \
    "0 read 1 ok 1 unchanged 0 skipped 0 failed 0 invalid 0 pending 0"
check "a result line" "$(masked results)" '{"v":1,"type":"dns","seq":0,'\
'"input":"a-192-0-2-1.test","name":"a-192-0-2-1.test","qtype":"A",'\
'"status":"ok","rcode":"NOERROR","answers":[{"name":"a-192-0-2-1.test",'\
'"type":"A","ttl":300,"data":"192.0.2.1"}],"resolver":"RESOLVER",'\
'"protocol":"udp","tries":1,"time_us":0,"error":null,"timestamp":""}'
check "the end report" "$(has 'answers: ok 1, nodata 0' said) $(has 'wire: sent 1,' said)" \
    "yes yes"

resolve 'no..name'
check "a result line of what is no name" "$(masked results)" \
    '{"v":1,"type":"dns","seq":0,'\
'"input":"no..name","name":null,"qtype":"A","status":"badname","rcode":null,'\
'"answers":[],"resolver":null,"protocol":null,"tries":0,"time_us":0,"error":'\
'{"kind":"invalid.name","message":"empty label","retryable":false},"timestamp":""}'
check "what is no name is invalid" "$status $(counts)" \
    "1 read 1 ok 0 unchanged 0 skipped 0 failed 0 invalid 1 pending 0"

resolve -f text --ordered a-192-0-2-1.test nx.test nodata.test servfail.test \
    ttl-7.a-192-0-2-2.test
check "text has the records" "$(cat results)" "a-192-0-2-1.test 300 A 192.0.2.1
ttl-7.a-192-0-2-2.test 7 A 192.0.2.2"
check "and no word for the others" "$status $(counts)" \
    "1 read 5 ok 4 unchanged 0 skipped 0 failed 1 invalid 0 pending 0"

resolve -f list -t A,AAAA,MX --ordered one.test nx.test nodata.test two.test one.test
check "a list has each line's name once" "$(cat results)" "one.test
two.test
one.test"
resolve -f list 'one.test MX' two.test
check "a list of lines with types" "$status $(sort results | tr '\n' ' ')" \
    "0 one.test two.test "

resolve nx.test
check "NXDOMAIN is an answer" \
    "$status $(lines_with '"status":"nxdomain","rcode":"NXDOMAIN","answers":[]' results)" "0 1"
resolve nodata.test
check "so is NODATA" "$status $(lines_with '"status":"nodata"' results)" "0 1"
for word in servfail refused; do
    resolve $word.test
    check "$word is a failure" "$status $(lines_with "\"status\":\"$word\"" results) \
$(lines_with "\"kind\":\"dns.$word\"" results) $(has '"retryable":true' results)" "1 1 1 yes"
done
resolve lie.test
check "an unrelated answer" "$status $(lines_with '"kind":"dns.badreply"' results)" "1 1"
resolve tc.test
check "truncated: over TCP" "$status $(lines_with '"protocol":"tcp"' results)" "0 1"
resolve tconly.test
check "truncated all the same" \
    "$status $(lines_with '],"truncated":true,"resolver":' results)" "0 1"
resolve cname-3.test
check "the links of a chain" "$(grep -o '"type":"CNAME"' results | wc -l)" 3
resolve --timeout 200ms silent.test
check "an item's own time" "$status $(lines_with '"status":"timeout"' results) \
$(lines_with '"kind":"timeout.item"' results)" "1 1 1"

# ---- Types.

resolve -t A,aaaa,MX,TXT,A x.test
check "one result for each type" "$status $(wc -l <results)" "0 4"
check "with its type" "$(sed 's/.*"qtype":"\([A-Z]*\)".*/\1/' results | sort | tr '\n' ' ')" \
    "A AAAA MX TXT "
check "the input as given" "$(lines_with '"input":"x.test"' results)" 4
check_complete "numbered by line and type" 4

printf 'x.test\n  y.test  MX \nz.test\t\nw.test AAAA\n' >list
resolve -i list -t A,NS
check "a line's own type" "$status $(wc -l <results) $(lines_with '"qtype":"MX"' results) \
$(lines_with '"qtype":"AAAA"' results) $(lines_with '"qtype":"NS"' results)" "0 6 1 1 2"
check "blanks are part of the input" "$(lines_with '"input":"  y.test  MX "' results)" 1
resolve 'x.test BOGUS'
check "a type that is none" "$status $(count_of invalid)" "1 1"
resolve -t TYPE65 -t A x.test
check "types in two options" "$(wc -l <results)" 2

i=0
while [ $i -lt 700 ]; do
    echo "host$i.test"
    echo "nx$i.test"
    echo "nodata$i.test"
    i=$((i + 1))
done >names
resolve -i names -t A,AAAA
check "many names, two types" "$status $(counts)" \
    "0 read 4200 ok 4200 unchanged 0 skipped 0 failed 0 invalid 0 pending 0"
check_complete "each has its line" 4200
resolve -i names -j 1 --window 1
check "the narrowest window" "$status $(wc -l <results)" "0 2100"
resolve -i names -i names -j 50 --window 60
check "two files" "$status $(wc -l <results)" "0 4200"

# ---- Bad items among good ones.

{
    printf '\357\273\277one.test\r\n\n# a comment\n   # another\n'
    printf 'tw\001o.test\nth\377ree.test\nf\033[31mour.test\n'
    echo "-"
    echo "a b c"
    head -c 1000000 /dev/zero | tr '\0' a
    echo
    echo "servfail.test"
    printf 'last.test'
} >mixed
resolve -i mixed --failed failed -v
check "good and bad" "$status $(count_of read) $(count_of invalid)" "1 9 5"
check "each has a line" "$(wc -l <results)" 9
check "a byte-order mark is no part of a name" "$(lines_with '"input":"one.test"' results)" 1
check "a line too long" "$(lines_with '"kind":"invalid.line"' results)" 1
check "no control characters" \
    "$(tr -d '\n -~' <said | wc -c) $(tr -d '\n -~' <results | wc -c)" "0 3"
check "failures are told" "$(lines_with 'fetchpool resolve: failed: servfail.test: dns.servfail' said)" 1
check "failed lines, but those that were cut" "$(wc -l <failed)" 5

head -c 100000 /dev/urandom >noise
printf '\ngood.test\n' >>noise
resolve -i noise --timeout 2s
check "noise is no reason to stop" "$(has '"input":"good.test"' results)" yes
check "a line for each" "$(wc -l <results)" "$(count_of read)"

resolve -t A,AAAA -q --failed failed servfail.test good.test 'refused.test MX'
check "what failed, with its type" "$(sort failed | tr '\n' ',')" \
    "refused.test MX,servfail.test A,servfail.test AAAA,"
resolve --failed failed --tries 1 failfirst-1-x.test
check "a name that fails once" "$status $(cat failed)" "1 failfirst-1-x.test"
resolve -i failed --tries 1
check "is fed back" "$status $(count_of ok)" "0 1"
resolve --retries 0 failfirst-1-y.test
check "no retries" "$status" 1
resolve --retries 1 failfirst-1-z.test
check "one retry" "$status $(has '"tries":2' results)" "0 yes"

# ---- What is shown.

resolve --only nxdomain,servfail one.test nx.test servfail.test
check "some results" "$status $(wc -l <results) $(count_of read)" "1 2 3"
resolve --only bogus x.test
check "a status that is none" "$status $(has bogus said)" "2 yes"
printf 'made.wild.test\nexists1.wild.test\none.test\n' >zone
resolve -i zone --wildcard tag
check "wildcards are marked" "$status $(wc -l <results) \
$(grep -F '"input":"made.wild.test"' results | has '],"wildcard":true,' -) \
$(lines_with wildcard results)" "0 3 yes 1"
resolve -i zone --wildcard drop
check "or left out" "$status $(wc -l <results) $(lines_with made results) $(count_of ok)" "0 2 0 3"
resolve -i zone
check "or neither" "$(wc -l <results) $(lines_with wildcard results)" "3 0"

resolve --suffix zone.test -f text --ordered www a-1-2-3-4
check "a suffix" "$status $(lines_with www.zone.test results) \
$(lines_with 'a-1-2-3-4.zone.test 300 A 1.2.3.4' results)" "0 1 1"
resolve --suffix .zone.test www
check "a suffix with its dot" \
    "$(lines_with '"input":"www","name":"www.zone.test"' results)" 1

{
    echo delay-300-first.test
    head -n 300 names
    echo delay-100-last.test
} >slow_first
resolve -i slow_first --ordered
sed 's/.*"seq":\([0-9]*\),.*/\1/' results >order
sort -n order >sorted
check "ordered results are in order" "$(cmp order sorted 2>&1) $(wc -l <order)" " 302"
resolve -i slow_first
check "others come as they are done" "$(sed -n '1{/first/p;}' results)" ""

# ---- Resolvers and the wire.

printf '\357\273\277# ours\r\n\r\n127.0.0.1:%s\r\n' "$port" >file
status=0
"$fetchpool" resolve -q -r file one.test >results 2>said || status=$?
check "a file of resolvers" "$status $(has '"status":"ok"' results)" "0 yes"
status=0
"$fetchpool" resolve -q -r "127.0.0.1:$port, [::1]:$port" one.test \
    >results 2>said || status=$?
check "a list of resolvers" "$status $(has '"status":"ok"' results)" "0 yes"
printf '127.0.0.1\n\nrubbish here\n' >file
"$fetchpool" resolve -r file one.test >results 2>said
check "rubbish" "$? $(has file said) $(has 'line 3' said)" "2 yes yes"
echo '# nobody' >file
"$fetchpool" resolve -r file one.test >results 2>said
check "nobody to ask" "$? $(has 'no resolver in file' said)" "2 yes"
"$fetchpool" resolve -r nowhere one.test >results 2>said
check "no file and no list" "$? $(has nowhere said)" "2 yes"
printf '127.0.0.1\0\n' >file
"$fetchpool" resolve -r file one.test >results 2>said
check "a zero byte" "$?" 2
"$fetchpool" resolve -r . one.test >results 2>said
check "a directory" "$?" 2

head -n 40 names >few
resolve -i few --qps 50 --summary summary
check "a rate" "$status $(sed 's/.*"elapsed_ms":\([0-9]*\).*/\1/' summary |
    awk '{ print ($1 >= 300) ? "slow" : "fast" }')" "0 slow"
resolve -i few --resolver-qps 50 --summary summary
check "a rate for each resolver" "$status $(sed 's/.*"elapsed_ms":\([0-9]*\).*/\1/' summary |
    awk '{ print ($1 >= 300) ? "slow" : "fast" }')" "0 slow"

# ---- Counts and progress.

resolve -i names --summary summary -q
check "quiet" "$(cat said)" ""
check "the summary counts" "$(has '{"v":1,"type":"summary","read":2100,"ok":2100,' summary) \
$(has '"answers":{"ok":700,"nodata":700,"nxdomain":700,' summary) \
$(has '"wire":{"sent":' summary) $(has '"time_us":{"p50":' summary)" "yes yes yes yes"
resolve --progress json delay-1300.test
check "progress in JSON" "$(has '{"v":1,"type":"progress","elapsed_s":1,"done":0' said) \
$(has '{"v":1,"type":"summary","read":1,' said) $(grep -c -v '^{' said)" "yes yes 0"
resolve --progress tty delay-700.test
check "a display" "$(has ' s: done 0/1 (0.0%), 0.0/s, wire ' said) $(has 'read 1 ok 1' said)" \
    "yes yes"
resolve --progress none delay-300.test
check "no progress, but the counts" "$(wc -l <said) $(count_of ok)" "3 1"

# ---- Limits.

resolve --deadline 400ms silent.test one.test
check "a deadline" "$status $(counts) $(wc -l <results)" \
    "4 read 2 ok 1 unchanged 0 skipped 0 failed 0 invalid 0 pending 1 1"
resolve --max-failures 0 --tries 1 silent.test servfail.test
check "no failures allowed" "$status $(counts)" \
    "4 read 2 ok 0 unchanged 0 skipped 0 failed 1 invalid 0 pending 1"
resolve --max-failures 1 --tries 1 servfail.test refused.test
check "one too many" "$status $(count_of failed)" "4 2"
resolve --max-failures 2 --tries 1 servfail.test refused.test
check "as many as allowed" "$status $(count_of failed)" "1 2"
{
    head -n 95 names
    for i in 1 2 3 4 5 6 7 8 9; do
        echo "bad..$i"
    done
    echo delay-500-x.test
    echo silent.test
} >share
resolve -i share --max-failures 5%
check "too large a share" "$status $(count_of pending)" "4 2"
resolve -i share --max-failures 50% --timeout 1s
check "a share that is allowed" "$status $(count_of pending)" "1 0"

# ---- Option files.

cat >config <<END
# What is asked for.
type = A,AAAA

  --format text
ordered
END
resolve --config config one.test
check "an option file" "$status $(cut -d ' ' -f 1-3 results | tr '\n' ',')" \
    "0 one.test 300 A,one.test 300 AAAA,"
resolve @config -f list one.test
check "as @FILE, in its place" "$status $(cat results)" "0 one.test"
resolve -f list @config one.test
check "later options count" "$(wc -l <results)" 2
for line in 'bogus' 'type' 'type BOGUS' 'ordered yes' 'config config' 'state x' 'resume'; do
    printf '\n%s\n' "$line" >wrong
    resolve --config wrong one.test
    check "'$line' in an option file" "$status $(has 'line 2 of wrong' said)" "2 yes"
done
resolve --config nowhere one.test
check "no option file" "$status $(has nowhere said)" "2 yes"
resolve @config -- @one.test
check "an item with that sign" "$status $(count_of read)" "1 2"

# ---- Nothing is touched.

before=$(wc -l <queries)
rm -f never
resolve -i mixed -t A,AAAA --dry-run --results never --failed never --summary never dry.test
check "a dry run" "$status $(cat results)" "1 lines 10 items 18 too long 1"
check "leaves nothing" "$(ls -d never 2>/dev/null) $(wc -l <queries)" " $before"
resolve -i names --dry-run
check "a dry run of a good list" "$status $(cat results)" "0 lines 2100 items 2100 too long 0"

# ---- Bad surroundings.

: >nothing
resolve -i nothing
check "an empty list is well" "$status $(counts)" \
    "0 read 0 ok 0 unchanged 0 skipped 0 failed 0 invalid 0 pending 0"
resolve -i missing --results never
check "a missing list" "$status $(has missing said) $(ls -d never 2>/dev/null)" "3 yes "
resolve -i . --results never
check "a list that is a directory" "$status" 3
resolve --results /nowhere/r one.test
check "results that cannot be written" "$status" 3
if [ -w /dev/full ]; then
    resolve --results /dev/full one.test
    check "results on a full disk" "$status" 3
    resolve -i names -i names --results /dev/full
    check "of which one is told once" "$status $(lines_with 'cannot write' said)" "3 1"
fi
printf '\037\213\010\000' >packed
resolve -i packed
check "a compressed list is refused" "$status $(has gzip said)" "3 yes"
for option in --state=x --resume --resume=match --retry-failed; do
    resolve $option one.test
    check "$option is refused" "$status $(lines_with 'not available' said)" "2 1"
done
for option in --bogus -t,A -tBOGUS --tries=0 --tries=17 --retries=16 --qps=0 --qps=x -j0 \
    --window=0 --suffix= --suffix=. -fbogus --wildcard=x --progress=x --deadline=0 \
    --max-failures=x --max-failures=101% --max-failures=% --only= --type; do
    resolve one.test $option
    check "$option is no option" "$status" 2
done

# ---- Pipes and signals.

status=0
{ echo one.test; echo two.test; } |
    "$fetchpool" resolve -r "127.0.0.1:$port" >results 2>said || status=$?
check "a list from a pipe" "$status $(wc -l <results)" "0 2"

{ "$fetchpool" resolve -r "127.0.0.1:$port" -i names 2>/dev/null; echo $? >status; } |
    head -n 1 >/dev/null
check "a reader that leaves" "$(cat status)" 141

status=0
"$fetchpool" resolve -r "127.0.0.1:$port" one.test >&- 2>said || status=$?
check "no standard output" "$status" 3
status=0
"$fetchpool" resolve -r "127.0.0.1:$port" <&- >results 2>said || status=$?
check "no standard input" "$status" 3

# Runs the command in the foreground, where a shell does not make it ignore
# SIGINT; its process in the file pid.
in_foreground() {
    rm -f pid results
    status=0
    # shellcheck disable=SC2016
    timeout --foreground 60 sh -c 'echo $$ >pid; exec "$@"' sh "$fetchpool" resolve \
        -r "127.0.0.1:$port" "$@" >results 2>said || status=$?
}

wait_for() {
    while [ ! -s "$1" ]; do
        [ -d "$work" ] || return 1
    done
}

mkfifo fifo
{
    exec 5>fifo
    printf 'one.test\ndelay-500-two.test\n' >&5
    wait_for pid && wait_for partial && kill -INT "$(cat pid)"
    wait_for ended
} &
in_foreground -i fifo --results partial --summary summary
echo >ended
wait $!
check "Ctrl-C ends the intake and drains" "$status $(counts) $(wc -l <partial)" \
    "130 read 2 ok 2 unchanged 0 skipped 0 failed 0 invalid 0 pending 0 2"
check "which does not wait for the list" "$(sed 's/.*"elapsed_ms":\([0-9]*\).*/\1/' summary |
    awk '{ print ($1 < 9000) ? "soon" : "late" }')" soon

{
    wait_for pid
    wait_for partial2 && kill -INT "$(cat pid)"
    wait_for said && kill -INT "$(cat pid)"
} &
in_foreground --results partial2 one.test silent.test
wait $!
check "the second quits at once" "$status $(counts)" "130 "

# ---- Nobody answers.

wait "$job"
status=$?
job=
check "nobody answers" "$status $(lines_with '"status":"timeout"' slow) \
$(lines_with '"kind":"dns.timeout"' slow)" "1 1 1"

"$fetchpool" --version >version
check "the version" "$(lines_with fetchpool version) $(lines_with c-ares version)" "1 1"
"$fetchpool" resolve --help >help
check "the help" "$(lines_with --wildcard help) $(lines_with --deadline help)" "1 1"

echo "$n_failed checks failed"
[ "$n_failed" -eq 0 ]
