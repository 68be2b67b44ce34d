/* SPDX-License-Identifier: MIT */
/* Classification of failures: called when a transfer ends; calls nothing. */
#include "engine/http/error.h"

#include <errno.h>
#include <openssl/x509_vfy.h>
#include <string.h>

static const struct {
    const char *kind;
    enum fpool_status status;
    bool is_retryable;
} errors[] = {
#define FPOOL_HTTP_ERROR_ROW(name, kind_, status_, is_retryable_)              \
    { kind_, FPOOL_##status_, is_retryable_ },
    FPOOL_HTTP_ERROR_MAP(FPOOL_HTTP_ERROR_ROW)
#undef FPOOL_HTTP_ERROR_ROW
};

static bool is_error(enum fpool_http_error error)
{
    return (unsigned)error < FPOOL_HTTP_N_ERRORS;
}

const char *fpool_http_error_kind(enum fpool_http_error error)
{
    return is_error(error) ? errors[error].kind : "";
}

enum fpool_status fpool_http_error_status(enum fpool_http_error error)
{
    return is_error(error) ? errors[error].status : FPOOL_EFAILED;
}

bool fpool_http_error_is_retryable(enum fpool_http_error error)
{
    return is_error(error) && errors[error].is_retryable;
}

static enum fpool_http_error classify_connect(
    const struct fpool_http_outcome *o)
{
    switch (o->os_error) {
    case ECONNREFUSED:
        return FPOOL_HTTP_ERROR_CONNECT_REFUSED;
    case ENETUNREACH:
    case EHOSTUNREACH:
    case ENETDOWN:
    case EHOSTDOWN:
    case EAFNOSUPPORT:
        return FPOOL_HTTP_ERROR_CONNECT_UNREACHABLE;
    case ECONNRESET:
        return FPOOL_HTTP_ERROR_CONNECT_RESET;
    case ETIMEDOUT:
        return FPOOL_HTTP_ERROR_TIMEOUT_CONNECT;
    case EMFILE:
    case ENFILE:
        return FPOOL_HTTP_ERROR_LOCAL_DESCRIPTORS;
    case ENOBUFS:
    case ENOMEM:
        return FPOOL_HTTP_ERROR_LOCAL_MEMORY;
    default:
        return FPOOL_HTTP_ERROR_CONNECT_FAILED;
    }
}

/* A connection that broke in the middle. */
static bool is_broken(int os_error)
{
    return os_error == ECONNRESET || os_error == ECONNABORTED ||
           os_error == EPIPE;
}

static bool begins(const struct fpool_http_outcome *o, const char *words)
{
    return strncmp(o->text, words, strlen(words)) == 0;
}

/* A proxy that was reached and did not lead on has no code of its own. */
static bool is_of_proxy(const struct fpool_http_outcome *o)
{
    return begins(o, "Proxy CONNECT ") || begins(o, "CONNECT tunnel failed");
}

static enum fpool_http_error classify_transport(
    const struct fpool_http_outcome *o)
{
    if (is_of_proxy(o)) {
        return FPOOL_HTTP_ERROR_CONNECT_PROXY;
    }
    /* 7.88.1 reports malformed chunks with the code of a receive error. */
    if (strstr(o->text, "chunk") != NULL) {
        return FPOOL_HTTP_ERROR_PROTOCOL_MALFORMED;
    }
    /* With TLS 1.3 the server asks for a certificate of ours only when the
     * handshake is over for us. */
    if (strstr(o->text, "alert certificate required") != NULL) {
        return FPOOL_HTTP_ERROR_TLS_HANDSHAKE;
    }
    return o->is_connected ? FPOOL_HTTP_ERROR_CONNECT_RESET
                           : classify_connect(o);
}

/* libcurl's only time-out in use is that of the connection. */
static enum fpool_http_error classify_time(const struct fpool_http_outcome *o)
{
    if (!o->is_resolved) {
        return FPOOL_HTTP_ERROR_DNS_TIMEOUT;
    }
    if (begins(o, "SSL connection timeout") ||
        (o->is_connected && o->is_secure_url && !o->is_secured &&
         !is_of_proxy(o))) {
        return FPOOL_HTTP_ERROR_TIMEOUT_TLS;
    }
    return FPOOL_HTTP_ERROR_TIMEOUT_CONNECT;
}

static enum fpool_http_error classify_handshake(
    const struct fpool_http_outcome *o)
{
    /* The peer went away, so nothing is known about its TLS. */
    if (is_broken(o->os_error) ||
        begins(o, "OpenSSL SSL_connect: SSL_ERROR_SYSCALL") ||
        strstr(o->text, "unexpected eof") != NULL) {
        return FPOOL_HTTP_ERROR_CONNECT_RESET;
    }
    return o->os_error == ETIMEDOUT ? FPOOL_HTTP_ERROR_TIMEOUT_TLS
                                    : FPOOL_HTTP_ERROR_TLS_HANDSHAKE;
}

/* libcurl checks the host name on its own, after OpenSSL the certificate. */
static bool is_name_wrong(const struct fpool_http_outcome *o)
{
    return begins(o, "SSL: no alternative certificate subject name") ||
           begins(o, "SSL: certificate subject name") ||
           begins(o, "SSL: unable to obtain common name");
}

static enum fpool_http_error classify_certificate(
    const struct fpool_http_outcome *o)
{
    switch (o->verify_result) {
    case X509_V_ERR_CERT_HAS_EXPIRED:
    case X509_V_ERR_CERT_NOT_YET_VALID:
        return FPOOL_HTTP_ERROR_TLS_EXPIRED;
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
        return FPOOL_HTTP_ERROR_TLS_NAME;
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
        return FPOOL_HTTP_ERROR_TLS_SELF_SIGNED;
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    /* The root of an unknown authority.  It makes no difference whether the
     * server sends that, too: without it the error is the next one. */
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    case X509_V_ERR_CERT_UNTRUSTED:
    case X509_V_ERR_CERT_REJECTED:
        return FPOOL_HTTP_ERROR_TLS_UNTRUSTED;
    case X509_V_OK:
    case X509_V_ERR_UNSPECIFIED:
        return is_name_wrong(o) ? FPOOL_HTTP_ERROR_TLS_NAME
                                : FPOOL_HTTP_ERROR_TLS_CERTIFICATE;
    default:
        return FPOOL_HTTP_ERROR_TLS_CERTIFICATE;
    }
}

static enum fpool_http_error classify_tls(const struct fpool_http_outcome *o)
{
    switch (o->code) {
    case CURLE_PEER_FAILED_VERIFICATION:
        return classify_certificate(o);
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_INVALIDCERTSTATUS:
    case CURLE_SSL_PINNEDPUBKEYNOTMATCH:
        return FPOOL_HTTP_ERROR_TLS_CERTIFICATE;
    case CURLE_SSL_CACERT_BADFILE:
        return FPOOL_HTTP_ERROR_LOCAL_CA_FILE;
    case CURLE_SSL_CONNECT_ERROR:
        return classify_handshake(o);
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_SHUTDOWN_FAILED:
    case CURLE_SSL_CLIENTCERT:
        return FPOOL_HTTP_ERROR_TLS_HANDSHAKE;
    case CURLE_SSL_ENGINE_NOTFOUND:
    case CURLE_SSL_ENGINE_SETFAILED:
    case CURLE_SSL_ENGINE_INITFAILED:
    case CURLE_FAILED_INIT:
        return FPOOL_HTTP_ERROR_LOCAL_OTHER;
    default:
        return FPOOL_HTTP_ERROR_PROTOCOL_OTHER;
    }
}

enum fpool_http_error fpool_http_classify(const struct fpool_http_outcome *o)
{
    switch (o->code) {
    case CURLE_OK:
        return FPOOL_HTTP_ERROR_NONE;
    case CURLE_URL_MALFORMAT:
        return FPOOL_HTTP_ERROR_INVALID_URL;
    case CURLE_COULDNT_RESOLVE_HOST:
        return FPOOL_HTTP_ERROR_DNS_FAILED;
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_PROXY:
        return FPOOL_HTTP_ERROR_CONNECT_PROXY;
    case CURLE_COULDNT_CONNECT:
    case CURLE_INTERFACE_FAILED:
        return classify_connect(o);
    case CURLE_OPERATION_TIMEDOUT:
        return classify_time(o);
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR:
        return classify_transport(o);
    case CURLE_GOT_NOTHING:
        return FPOOL_HTTP_ERROR_PROTOCOL_EMPTY;
    case CURLE_PARTIAL_FILE:
        return FPOOL_HTTP_ERROR_PROTOCOL_TRUNCATED;
    case CURLE_HTTP2:
    case CURLE_HTTP2_STREAM:
        return FPOOL_HTTP_ERROR_PROTOCOL_HTTP2;
    case CURLE_UNSUPPORTED_PROTOCOL: /* HTTP/0.9, or no HTTP at all */
    case CURLE_WEIRD_SERVER_REPLY:
        return FPOOL_HTTP_ERROR_PROTOCOL_MALFORMED;
    case CURLE_BAD_CONTENT_ENCODING:
        return FPOOL_HTTP_ERROR_PROTOCOL_CODING;
    case CURLE_FILESIZE_EXCEEDED:
        return FPOOL_HTTP_ERROR_LIMIT_SIZE;
    /* Over-long header lines and trailers end like this in 7.88.1: the other
     * side's doing, and no reason to stop anything but this item. */
    case CURLE_OUT_OF_MEMORY:
        return FPOOL_HTTP_ERROR_LIMIT_HEADER;
    default:
        return classify_tls(o);
    }
}

enum fpool_http_error fpool_http_classify_disk(int error_number)
{
    switch (error_number) {
    case ENOSPC:
    case EDQUOT:
        return FPOOL_HTTP_ERROR_LOCAL_DISK_FULL;
    case EMFILE:
    case ENFILE:
        return FPOOL_HTTP_ERROR_LOCAL_DESCRIPTORS;
    case ENOMEM:
        return FPOOL_HTTP_ERROR_LOCAL_MEMORY;
    default:
        return FPOOL_HTTP_ERROR_LOCAL_IO;
    }
}

enum fpool_http_error fpool_http_classify_status(int status_code)
{
    if (status_code < 400) {
        return FPOOL_HTTP_ERROR_NONE;
    }
    return status_code < 500 ? FPOOL_HTTP_ERROR_HTTP_4XX
                             : FPOOL_HTTP_ERROR_HTTP_5XX;
}

/* What is not here is told by libcurl, or needs no more words than its kind. */
static const char *const texts[FPOOL_HTTP_N_ERRORS] = {
    [FPOOL_HTTP_ERROR_INVALID_URL] = "not a URL of http or https",
    [FPOOL_HTTP_ERROR_INVALID_LINE] = "the line is longer than allowed",
    [FPOOL_HTTP_ERROR_INVALID_REQUEST] = "the request cannot be sent as it is",
    [FPOOL_HTTP_ERROR_DNS_NXDOMAIN] = "the name does not exist",
    [FPOOL_HTTP_ERROR_DNS_NODATA] = "the name has no address",
    [FPOOL_HTTP_ERROR_DNS_SERVFAIL] =
        "the name servers cannot tell the address",
    [FPOOL_HTTP_ERROR_DNS_REFUSED] =
        "the name servers refuse to tell the address",
    [FPOOL_HTTP_ERROR_DNS_FAILED] = "the name could not be looked up",
    [FPOOL_HTTP_ERROR_DNS_TIMEOUT] = "no answer from the name servers in time",
    [FPOOL_HTTP_ERROR_CONNECT_HOST_DOWN] =
        "the host was not to be reached again and again",
    [FPOOL_HTTP_ERROR_CONNECT_PROXY] = "the proxy did not lead to the host",
    [FPOOL_HTTP_ERROR_TIMEOUT_CONNECT] = "not connected in time",
    [FPOOL_HTTP_ERROR_TIMEOUT_TLS] = "no complete TLS handshake in time",
    [FPOOL_HTTP_ERROR_TIMEOUT_FIRST_BYTE] =
        "no complete response header in time",
    [FPOOL_HTTP_ERROR_TIMEOUT_STALL] = "no byte of the body for too long",
    [FPOOL_HTTP_ERROR_TIMEOUT_TOTAL] = "the item took longer than allowed",
    [FPOOL_HTTP_ERROR_PROTOCOL_MALFORMED] = "the response header is malformed",
    [FPOOL_HTTP_ERROR_PROTOCOL_CODING] =
        "a transfer or content coding that is not accepted",
    [FPOOL_HTTP_ERROR_PROTOCOL_HTTP2] = "HTTP/2 went wrong",
    [FPOOL_HTTP_ERROR_PROTOCOL_SIZE] = "the body has not the size it must have",
    [FPOOL_HTTP_ERROR_PROTOCOL_CHECKSUM] =
        "the body has not the SHA-256 it must have",
    [FPOOL_HTTP_ERROR_LIMIT_SIZE] = "the body is larger than allowed",
    [FPOOL_HTTP_ERROR_LIMIT_MEMORY] =
        "the body is larger than its memory, with no directory for a file",
    [FPOOL_HTTP_ERROR_LIMIT_HEADER] =
        "the response header is larger than allowed",
    [FPOOL_HTTP_ERROR_LIMIT_REDIRECTS] = "too many redirects",
    [FPOOL_HTTP_ERROR_POLICY_REDIRECT] =
        "redirected to where this program does not go",
    [FPOOL_HTTP_ERROR_POLICY_ADDRESS] =
        "the address is one that may not be connected to",
    [FPOOL_HTTP_ERROR_POLICY_REFUSED] = "the program refused the body",
    [FPOOL_HTTP_ERROR_HTTP_4XX] = "the server answered with an error status",
    [FPOOL_HTTP_ERROR_HTTP_5XX] = "the server answered with an error status",
    [FPOOL_HTTP_ERROR_LOCAL_MEMORY] = "out of memory",
    [FPOOL_HTTP_ERROR_LOCAL_DESCRIPTORS] = "out of file descriptors",
    [FPOOL_HTTP_ERROR_LOCAL_DISK_FULL] = "the disk is full",
    [FPOOL_HTTP_ERROR_LOCAL_IO] = "the disk failed",
    [FPOOL_HTTP_ERROR_LOCAL_CA_FILE] =
        "the file of trusted certificates cannot be used",
    [FPOOL_HTTP_ERROR_DEADLINE] = "the deadline of the run passed",
    [FPOOL_HTTP_ERROR_CANCELLED] = "cancelled",
};

const char *fpool_http_error_text(enum fpool_http_error error)
{
    return is_error(error) && texts[error] != NULL
               ? texts[error]
               : fpool_http_error_kind(error);
}
