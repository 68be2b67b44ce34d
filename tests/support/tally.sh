# SPDX-License-Identifier: MIT
# Sourced by tests/run.sh and .ci/run: counts the results of a test run.
# 'tally DIR...' reads the log that `meson test` left in each build directory
# and sets tally_passed, tally_failed and tally_skipped.

tally_count() {
    # Quotes inside the captured output are escaped there, so that only the
    # result of a test can match.
    cat "$@" 2>/dev/null | grep -o '"result": "[A-Z]*"' |
        grep -c -E "\"($tally_words)\"" || true
}

# shellcheck disable=SC2034
tally() {
    for tally_directory in "$@"; do
        set -- "$@" "$tally_directory/meson-logs/testlog.json"
        shift
    done
    tally_words='OK|EXPECTEDFAIL'
    tally_passed=$(tally_count "$@")
    tally_words='SKIP'
    tally_skipped=$(tally_count "$@")
    tally_words='FAIL|ERROR|TIMEOUT|INTERRUPT|UNEXPECTEDPASS'
    tally_failed=$(tally_count "$@")
}
