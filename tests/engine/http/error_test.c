/* SPDX-License-Identifier: MIT */
/* Classification: each outcome has one kind, and each kind its words. */
#include "engine/http/error.h"

#include <errno.h>
#include <string.h>

#include "support/check.h"

static const char *kind_of(CURLcode code, int os_error, bool is_resolved,
                           bool is_connected, const char *text)
{
    struct fpool_http_outcome outcome = { code, os_error, is_resolved,
                                          is_connected, text };

    return fpool_http_error_kind(fpool_http_classify(&outcome));
}

static void outcomes_have_their_kinds(void **state)
{
    static const struct {
        CURLcode code;
        int os_error;
        const char *kind;
    } rows[] = {
        { CURLE_OK, 0, "" },
        { CURLE_URL_MALFORMAT, 0, "invalid.url" },
        { CURLE_COULDNT_RESOLVE_HOST, 0, "dns.failed" },
        { CURLE_COULDNT_CONNECT, ECONNREFUSED, "connect.refused" },
        { CURLE_COULDNT_CONNECT, ENETUNREACH, "connect.unreachable" },
        { CURLE_COULDNT_CONNECT, EMFILE, "local.descriptors" },
        { CURLE_COULDNT_CONNECT, 0, "connect.failed" },
        { CURLE_GOT_NOTHING, 0, "protocol.empty" },
        { CURLE_PARTIAL_FILE, 0, "protocol.truncated" },
        { CURLE_WEIRD_SERVER_REPLY, 0, "protocol.malformed" },
        { CURLE_OUT_OF_MEMORY, 0, "limit.header" },
        { CURLE_FILESIZE_EXCEEDED, 0, "limit.size" },
        { CURLE_PEER_FAILED_VERIFICATION, 0, "tls.certificate" },
        { CURLE_SSL_CONNECT_ERROR, 0, "tls.handshake" },
        { CURLE_SSL_CACERT_BADFILE, 0, "local.ca_file" },
        { CURLE_TELNET_OPTION_SYNTAX, 0, "protocol.other" },
    };
    size_t i;

    (void)state;
    for (i = 0; i < N_ELEMENTS(rows); i++) {
        assert_string_equal(
            kind_of(rows[i].code, rows[i].os_error, true, false, ""),
            rows[i].kind);
    }
}

static void the_stage_tells_time_outs_and_resets_apart(void **state)
{
    (void)state;
    assert_string_equal(kind_of(CURLE_OPERATION_TIMEDOUT, 0, false, false, ""),
                        "dns.timeout");
    assert_string_equal(kind_of(CURLE_OPERATION_TIMEDOUT, 0, true, false, ""),
                        "timeout.connect");
    assert_string_equal(kind_of(CURLE_RECV_ERROR, ECONNRESET, true, true, ""),
                        "connect.reset");
    assert_string_equal(kind_of(CURLE_RECV_ERROR, 0, true, true,
                                "Illegal character in chunked-encoding"),
                        "protocol.malformed");
}

static void statuses_and_disks_have_their_kinds(void **state)
{
    (void)state;
    assert_int_equal(fpool_http_classify_status(399), FPOOL_HTTP_ERROR_NONE);
    assert_int_equal(fpool_http_classify_status(404),
                     FPOOL_HTTP_ERROR_HTTP_4XX);
    assert_int_equal(fpool_http_classify_status(503),
                     FPOOL_HTTP_ERROR_HTTP_5XX);
    assert_int_equal(fpool_http_classify_disk(ENOSPC),
                     FPOOL_HTTP_ERROR_LOCAL_DISK_FULL);
    assert_int_equal(fpool_http_classify_disk(EIO), FPOOL_HTTP_ERROR_LOCAL_IO);
}

static void every_kind_has_words_and_a_failing_status(void **state)
{
    int i;

    (void)state;
    for (i = FPOOL_HTTP_ERROR_NONE + 1; i < FPOOL_HTTP_N_ERRORS; i++) {
        enum fpool_http_error error = (enum fpool_http_error)i;

        assert_true(fpool_http_error_kind(error)[0] != '\0');
        assert_true(fpool_http_error_text(error)[0] != '\0');
        assert_true(fpool_http_error_status(error) < FPOOL_OK);
    }
    assert_string_equal(fpool_http_error_kind(FPOOL_HTTP_N_ERRORS), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(outcomes_have_their_kinds),
        cmocka_unit_test(the_stage_tells_time_outs_and_resets_apart),
        cmocka_unit_test(statuses_and_disks_have_their_kinds),
        cmocka_unit_test(every_kind_has_words_and_a_failing_status),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
