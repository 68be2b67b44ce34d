/* SPDX-License-Identifier: MIT */
/* Classification: each outcome has one kind, and each kind its words.  The
 * texts are those that libcurl 7.88.1 has for the same failures. */
#include "engine/http/error.h"

#include <errno.h>
#include <openssl/x509_vfy.h>
#include <string.h>

#include "support/check.h"

#define OTHER_NAME                                                             \
    "SSL: no alternative certificate subject name matches target host name "   \
    "'localhost'"
#define OTHER_COMMON_NAME                                                      \
    "SSL: certificate subject name 'other.example' does not match target "     \
    "host name 'localhost'"
#define CLOSED_IN_HANDSHAKE                                                    \
    "OpenSSL SSL_connect: SSL_ERROR_SYSCALL in connection to localhost:443 "
#define WANTS_CERTIFICATE                                                      \
    "OpenSSL SSL_read: OpenSSL/3.0.22: error:0A00045C:SSL routines::tlsv13 "   \
    "alert certificate required, errno 0"
#define NOT_TLS                                                                \
    "OpenSSL/3.0.22: error:0A00010B:SSL routines::wrong version number"

static void assert_kind(struct fpool_http_outcome o, const char *kind)
{
    o.text = o.text == NULL ? "" : o.text;
    assert_string_equal(fpool_http_error_kind(fpool_http_classify(&o)), kind);
}

static void codes_have_their_kinds(void **state)
{
    static const struct {
        CURLcode code;
        int os_error;
        const char *kind;
    } rows[] = {
        { CURLE_OK, 0, "" },
        { CURLE_URL_MALFORMAT, 0, "invalid.url" },
        { CURLE_COULDNT_RESOLVE_HOST, 0, "dns.failed" },
        { CURLE_COULDNT_RESOLVE_PROXY, 0, "connect.proxy" },
        { CURLE_PROXY, 0, "connect.proxy" },
        { CURLE_COULDNT_CONNECT, ECONNREFUSED, "connect.refused" },
        { CURLE_COULDNT_CONNECT, ENETUNREACH, "connect.unreachable" },
        { CURLE_COULDNT_CONNECT, EHOSTUNREACH, "connect.unreachable" },
        { CURLE_COULDNT_CONNECT, ECONNRESET, "connect.reset" },
        { CURLE_COULDNT_CONNECT, ETIMEDOUT, "timeout.connect" },
        { CURLE_COULDNT_CONNECT, EMFILE, "local.descriptors" },
        { CURLE_COULDNT_CONNECT, ENOBUFS, "local.memory" },
        { CURLE_COULDNT_CONNECT, 0, "connect.failed" },
        { CURLE_GOT_NOTHING, 0, "protocol.empty" },
        { CURLE_PARTIAL_FILE, 0, "protocol.truncated" },
        { CURLE_HTTP2, 0, "protocol.http2" },
        { CURLE_HTTP2_STREAM, 0, "protocol.http2" },
        { CURLE_WEIRD_SERVER_REPLY, 0, "protocol.malformed" },
        { CURLE_UNSUPPORTED_PROTOCOL, 0, "protocol.malformed" },
        { CURLE_BAD_CONTENT_ENCODING, 0, "protocol.coding" },
        { CURLE_OUT_OF_MEMORY, 0, "limit.header" },
        { CURLE_FILESIZE_EXCEEDED, 0, "limit.size" },
        { CURLE_SSL_PINNEDPUBKEYNOTMATCH, 0, "tls.certificate" },
        { CURLE_SSL_INVALIDCERTSTATUS, 0, "tls.certificate" },
        { CURLE_SSL_ISSUER_ERROR, 0, "tls.certificate" },
        { CURLE_SSL_CONNECT_ERROR, 0, "tls.handshake" },
        { CURLE_SSL_CONNECT_ERROR, ECONNREFUSED, "tls.handshake" },
        { CURLE_SSL_CONNECT_ERROR, ECONNRESET, "connect.reset" },
        { CURLE_SSL_CONNECT_ERROR, EPIPE, "connect.reset" },
        { CURLE_SSL_CONNECT_ERROR, ETIMEDOUT, "timeout.tls" },
        { CURLE_SSL_CLIENTCERT, 0, "tls.handshake" },
        { CURLE_SSL_CIPHER, 0, "tls.handshake" },
        { CURLE_SSL_CACERT_BADFILE, 0, "local.ca_file" },
        { CURLE_FAILED_INIT, 0, "local.other" },
        { CURLE_TELNET_OPTION_SYNTAX, 0, "protocol.other" },
    };
    size_t i;

    (void)state;
    for (i = 0; i < N_ELEMENTS(rows); i++) {
        assert_kind((struct fpool_http_outcome){ .code = rows[i].code,
                                                 .os_error = rows[i].os_error,
                                                 .verify_result =
                                                     X509_V_ERR_UNSPECIFIED,
                                                 .is_resolved = true },
                    rows[i].kind);
    }
}

static void certificates_fail_for_their_reasons(void **state)
{
    static const struct {
        long verify_result;
        const char *text;
        const char *kind;
    } rows[] = {
        { X509_V_ERR_CERT_HAS_EXPIRED, "", "tls.expired" },
        { X509_V_ERR_CERT_NOT_YET_VALID, "", "tls.expired" },
        { X509_V_ERR_HOSTNAME_MISMATCH, "", "tls.name" },
        { X509_V_ERR_IP_ADDRESS_MISMATCH, "", "tls.name" },
        { X509_V_ERR_UNSPECIFIED, OTHER_NAME, "tls.name" },
        { X509_V_ERR_UNSPECIFIED, OTHER_COMMON_NAME, "tls.name" },
        { X509_V_OK, OTHER_NAME, "tls.name" },
        { X509_V_OK, "SSL: unable to obtain common name from peer certificate",
          "tls.name" },
        /* The name in a certificate is anybody's text. */
        { X509_V_OK, "SSL certificate problem: " OTHER_NAME,
          "tls.certificate" },
        { X509_V_ERR_UNSPECIFIED, "SSL: couldn't get peer certificate!",
          "tls.certificate" },
        { X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT, "", "tls.self_signed" },
        { X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN, "", "tls.untrusted" },
        { X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT, "", "tls.untrusted" },
        { X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, "", "tls.untrusted" },
        { X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE, "", "tls.untrusted" },
        { X509_V_ERR_CERT_UNTRUSTED, "", "tls.untrusted" },
        { X509_V_ERR_CERT_REJECTED, "", "tls.untrusted" },
        { X509_V_ERR_CERT_REVOKED, "", "tls.certificate" },
        { X509_V_ERR_INVALID_PURPOSE, "", "tls.certificate" },
        { X509_V_ERR_EE_KEY_TOO_SMALL, OTHER_NAME, "tls.certificate" },
        { X509_V_ERR_CERT_SIGNATURE_FAILURE, "", "tls.certificate" },
    };
    size_t i;

    (void)state;
    for (i = 0; i < N_ELEMENTS(rows); i++) {
        assert_kind(
            (struct fpool_http_outcome){ .code = CURLE_PEER_FAILED_VERIFICATION,
                                         .verify_result = rows[i].verify_result,
                                         .is_resolved = true,
                                         .is_connected = true,
                                         .is_secure_url = true,
                                         .text = rows[i].text },
            rows[i].kind);
    }
}

static void the_stage_tells_time_outs_apart(void **state)
{
    static const struct {
        bool is_resolved;
        bool is_connected;
        bool is_secure_url;
        bool is_secured;
        const char *text;
        const char *kind;
    } rows[] = {
        { false, false, false, false, "", "dns.timeout" },
        { false, false, true, false, "", "dns.timeout" },
        { true, false, false, false, "", "timeout.connect" },
        { true, false, true, false, "", "timeout.connect" },
        { true, true, true, false, "", "timeout.tls" },
        { true, false, true, false, "SSL connection timeout", "timeout.tls" },
        { true, true, true, true, "", "timeout.connect" },
        /* Connected to a proxy. */
        { true, true, false, false, "", "timeout.connect" },
        { true, true, true, false, "Proxy CONNECT aborted due to timeout",
          "timeout.connect" },
    };
    size_t i;

    (void)state;
    for (i = 0; i < N_ELEMENTS(rows); i++) {
        assert_kind(
            (struct fpool_http_outcome){ .code = CURLE_OPERATION_TIMEDOUT,
                                         .is_resolved = rows[i].is_resolved,
                                         .is_connected = rows[i].is_connected,
                                         .is_secure_url = rows[i].is_secure_url,
                                         .is_secured = rows[i].is_secured,
                                         .text = rows[i].text },
            rows[i].kind);
    }
}

static void broken_connections_have_their_kinds(void **state)
{
    static const struct {
        CURLcode code;
        int os_error;
        bool is_connected;
        const char *text;
        const char *kind;
    } rows[] = {
        { CURLE_RECV_ERROR, ECONNRESET, true, "", "connect.reset" },
        { CURLE_RECV_ERROR, ECONNRESET, false, "", "connect.reset" },
        { CURLE_SEND_ERROR, EPIPE, true, "", "connect.reset" },
        { CURLE_RECV_ERROR, 0, false, "", "connect.failed" },
        { CURLE_RECV_ERROR, 0, true, "Illegal character in chunked-encoding",
          "protocol.malformed" },
        { CURLE_RECV_ERROR, 0, true, WANTS_CERTIFICATE, "tls.handshake" },
        { CURLE_RECV_ERROR, 0, true, "Proxy CONNECT aborted", "connect.proxy" },
        { CURLE_RECV_ERROR, 0, true, "CONNECT tunnel failed, response 403",
          "connect.proxy" },
        { CURLE_SSL_CONNECT_ERROR, 0, true, CLOSED_IN_HANDSHAKE,
          "connect.reset" },
        { CURLE_SSL_CONNECT_ERROR, 0, true,
          "error:0A000126:SSL routines::unexpected eof while reading",
          "connect.reset" },
        { CURLE_SSL_CONNECT_ERROR, 0, true, NOT_TLS, "tls.handshake" },
    };
    size_t i;

    (void)state;
    for (i = 0; i < N_ELEMENTS(rows); i++) {
        assert_kind(
            (struct fpool_http_outcome){ .code = rows[i].code,
                                         .os_error = rows[i].os_error,
                                         .is_resolved = true,
                                         .is_connected = rows[i].is_connected,
                                         .is_secure_url = true,
                                         .text = rows[i].text },
            rows[i].kind);
    }
}

static void statuses_and_disks_have_their_kinds(void **state)
{
    (void)state;
    assert_int_equal(fpool_http_classify_status(399), FPOOL_HTTP_ERROR_NONE);
    assert_int_equal(fpool_http_classify_status(404),
                     FPOOL_HTTP_ERROR_HTTP_4XX);
    assert_int_equal(fpool_http_classify_status(499),
                     FPOOL_HTTP_ERROR_HTTP_4XX);
    assert_int_equal(fpool_http_classify_status(503),
                     FPOOL_HTTP_ERROR_HTTP_5XX);
    assert_int_equal(fpool_http_classify_disk(ENOSPC),
                     FPOOL_HTTP_ERROR_LOCAL_DISK_FULL);
    assert_int_equal(fpool_http_classify_disk(EDQUOT),
                     FPOOL_HTTP_ERROR_LOCAL_DISK_FULL);
    assert_int_equal(fpool_http_classify_disk(ENFILE),
                     FPOOL_HTTP_ERROR_LOCAL_DESCRIPTORS);
    assert_int_equal(fpool_http_classify_disk(ENOMEM),
                     FPOOL_HTTP_ERROR_LOCAL_MEMORY);
    assert_int_equal(fpool_http_classify_disk(EIO), FPOOL_HTTP_ERROR_LOCAL_IO);
}

static void every_kind_has_words_and_a_failing_status(void **state)
{
    int i;

    (void)state;
    for (i = FPOOL_HTTP_ERROR_NONE + 1; i < FPOOL_HTTP_N_ERRORS; i++) {
        enum fpool_http_error error = (enum fpool_http_error)i;
        const char *text = fpool_http_error_text(error);

        assert_true(fpool_http_error_kind(error)[0] != '\0');
        assert_true(text[0] != '\0' && strchr(text, '\n') == NULL);
        assert_true(fpool_http_error_status(error) < FPOOL_OK);
    }
    assert_string_equal(fpool_http_error_text(FPOOL_HTTP_ERROR_NONE), "");
    assert_string_equal(fpool_http_error_kind(FPOOL_HTTP_N_ERRORS), "");
    assert_string_equal(fpool_http_error_text(FPOOL_HTTP_N_ERRORS), "");
    assert_false(fpool_http_error_is_retryable(FPOOL_HTTP_N_ERRORS));
}

/* libcurl has no words for these, so the kind alone would stand there. */
static void kinds_of_our_own_making_have_more_words_than_their_name(
    void **state)
{
    static const enum fpool_http_error rows[] = {
        FPOOL_HTTP_ERROR_INVALID_REQUEST,    FPOOL_HTTP_ERROR_DNS_NXDOMAIN,
        FPOOL_HTTP_ERROR_DNS_NODATA,         FPOOL_HTTP_ERROR_DNS_SERVFAIL,
        FPOOL_HTTP_ERROR_DNS_REFUSED,        FPOOL_HTTP_ERROR_DNS_FAILED,
        FPOOL_HTTP_ERROR_DNS_TIMEOUT,        FPOOL_HTTP_ERROR_CONNECT_HOST_DOWN,
        FPOOL_HTTP_ERROR_TIMEOUT_CONNECT,    FPOOL_HTTP_ERROR_TIMEOUT_TLS,
        FPOOL_HTTP_ERROR_TIMEOUT_FIRST_BYTE, FPOOL_HTTP_ERROR_PROTOCOL_SIZE,
        FPOOL_HTTP_ERROR_PROTOCOL_CHECKSUM,  FPOOL_HTTP_ERROR_POLICY_ADDRESS,
        FPOOL_HTTP_ERROR_POLICY_REFUSED,     FPOOL_HTTP_ERROR_DEADLINE,
    };
    size_t i;

    (void)state;
    for (i = 0; i < N_ELEMENTS(rows); i++) {
        assert_non_null(strchr(fpool_http_error_text(rows[i]), ' '));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(codes_have_their_kinds),
        cmocka_unit_test(certificates_fail_for_their_reasons),
        cmocka_unit_test(the_stage_tells_time_outs_apart),
        cmocka_unit_test(broken_connections_have_their_kinds),
        cmocka_unit_test(statuses_and_disks_have_their_kinds),
        cmocka_unit_test(every_kind_has_words_and_a_failing_status),
        cmocka_unit_test(
            kinds_of_our_own_making_have_more_words_than_their_name),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
