# SPDX-License-Identifier: MIT
# Sourced by http_bench.sh: how a program is run and measured, by http_measure.py.
#
# A row calls begin, then run, fetch and curl_all for each program and round, and
# finish.  The figures are in $work/runs, what else is to be said in $work/notes,
# and what the last table compares in $HTTP_BENCH_VERDICTS.

need_table="$need_table
python3:command python3:python3:python3:python:python3
openssl:command openssl:openssl:openssl:openssl:openssl
ip:command ip:iproute2:iproute:iproute2:iproute2
curl:command curl:curl:curl:curl:curl
aria2c:command aria2c:aria2:aria2:aria2:aria2
wget2:command wget2:wget2:wget2:wget2:wget2
wrk:command wrk:wrk:wrk:wrk:wrk
"

measure() {
    python3 "$here/http_measure.py" "$@"
}

# $1 of a whole measurement, at least 2.
scaled() {
    awk -v n="$1" -v scale="${SCALE:-1}" \
        'BEGIN { n = int(n * scale); print (n < 2 ? 2 : n) }'
}

begin() {
    rm -f "$work/runs" "$work/notes"
    printf '\n== %s; medians of %s rounds\n\n' "$1" "$rounds"
}

# finish [COMPARISON]..., each "work|ours|peer|key|least or most|wanted"; "-" where
# nothing is wanted.
finish() {
    measure table "$work/runs"
    [ ! -f "$work/notes" ] || sort -u "$work/notes"
    for comparison in "$@"; do
        IFS='|' read -r c_work c_ours c_peer c_key c_sense c_wanted <<EOF_LINE
$comparison
EOF_LINE
        measure compare "$work/runs" "$c_work" "$c_ours" "$c_peer" "$c_key" \
            "$c_sense" "$c_wanted" >>"$HTTP_BENCH_VERDICTS"
    done
}

# run LABEL N COMMAND...; a failure is in the table.
run() {
    run_label=$1 run_n=$2
    shift 2
    measure run "$work/runs" "$run_label" "$run_n" -- "$@" 2>"$work/errors" || {
        echo "$run_label:" >&2
        tail -n 5 "$work/errors" >&2
    }
}

# Sets the variable $1 to a program: what it says already, or the command $2.
peer() {
    eval "peer_given=\${$1-}"
    [ -n "$peer_given" ] || need "$2" 2>/dev/null || {
        echo "$2: missing, not compared" >>"$work/notes"
        return 0
    }
    eval "$1=\${$1:-$2}"
}

# fetch LABEL N LIST [OPTION]...
fetch() {
    fetch_label=$1 fetch_n=$2 fetch_list=$3
    shift 3
    run "$fetch_label" "$fetch_n" "$fetchpool" get -q --progress none \
        -i "$fetch_list" "$@"
}

# Prints "$1 $2" if the program has the option $1.
option() {
    ! "$fetchpool" get --help | grep -q -e "$1 " || printf '%s %s' "$1" "$2"
}

# curl_lines [yes]: a list of URLs as curl's configuration, with "yes" into files
# with the last two parts of the URL as their names.
curl_lines() {
    awk -v is_stored="${1-}" '{
        print "url = \"" $0 "\""
        n = split($0, part, "/")
        if (is_stored != "") {
            print "output = \"" part[n - 1] "/" part[n] "\""
        }
    }'
}

# curl_all LABEL N CONFIGURATION [OPTION]...; bodies without a file are discarded.
curl_all() {
    [ -n "${CURL-}" ] || return 0
    curl_label=$1 curl_n=$2 curl_file=$3
    shift 3
    run "$curl_label" "$curl_n" "$CURL" -q -s -S -f "$@" -K "$curl_file"
}

each_round() {
    round=0
    while [ $((round += 1)) -le "$rounds" ]; do
        "$@"
    done
}
