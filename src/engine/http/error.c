/* SPDX-License-Identifier: MIT */
/* Classification of failures: called when a transfer ends; calls nothing. */
#include "engine/http/error.h"

#include <errno.h>
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

static enum fpool_http_error classify_transport(
    const struct fpool_http_outcome *o)
{
    /* 7.88.1 reports malformed chunks with the code of a receive error. */
    if (strstr(o->text, "chunk") != NULL) {
        return FPOOL_HTTP_ERROR_PROTOCOL_MALFORMED;
    }
    return o->is_connected ? FPOOL_HTTP_ERROR_CONNECT_RESET
                           : classify_connect(o);
}

static enum fpool_http_error classify_time(const struct fpool_http_outcome *o)
{
    return o->is_resolved ? FPOOL_HTTP_ERROR_TIMEOUT_CONNECT
                          : FPOOL_HTTP_ERROR_DNS_TIMEOUT;
}

static enum fpool_http_error classify_tls(CURLcode code)
{
    switch (code) {
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_INVALIDCERTSTATUS:
    case CURLE_SSL_PINNEDPUBKEYNOTMATCH:
        return FPOOL_HTTP_ERROR_TLS_CERTIFICATE;
    case CURLE_SSL_CACERT_BADFILE:
        return FPOOL_HTTP_ERROR_LOCAL_CA_FILE;
    case CURLE_SSL_CONNECT_ERROR:
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
        return classify_tls(o->code);
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

const char *fpool_http_error_text(enum fpool_http_error error)
{
    switch (error) {
    case FPOOL_HTTP_ERROR_INVALID_LINE:
        return "the line is longer than allowed";
    case FPOOL_HTTP_ERROR_TIMEOUT_FIRST_BYTE:
        return "no complete response header in time";
    case FPOOL_HTTP_ERROR_TIMEOUT_STALL:
        return "no byte of the body for too long";
    case FPOOL_HTTP_ERROR_TIMEOUT_TOTAL:
        return "the item took longer than allowed";
    case FPOOL_HTTP_ERROR_PROTOCOL_MALFORMED:
        return "the response header is malformed";
    case FPOOL_HTTP_ERROR_PROTOCOL_CODING:
        return "a transfer or content coding that is not accepted";
    case FPOOL_HTTP_ERROR_LIMIT_SIZE:
        return "the body is larger than allowed";
    case FPOOL_HTTP_ERROR_LIMIT_MEMORY:
        return "the body is larger than the memory for it, and there is no "
               "directory for temporary files";
    case FPOOL_HTTP_ERROR_LIMIT_HEADER:
        return "the response header is larger than allowed";
    case FPOOL_HTTP_ERROR_LIMIT_REDIRECTS:
        return "too many redirects";
    case FPOOL_HTTP_ERROR_POLICY_REDIRECT:
        return "redirected to where this program does not go";
    case FPOOL_HTTP_ERROR_HTTP_4XX:
    case FPOOL_HTTP_ERROR_HTTP_5XX:
        return "the server answered with an error status";
    case FPOOL_HTTP_ERROR_LOCAL_MEMORY:
        return "out of memory";
    case FPOOL_HTTP_ERROR_DEADLINE:
        return "the deadline of the run passed";
    case FPOOL_HTTP_ERROR_CANCELLED:
        return "cancelled";
    default:
        return fpool_http_error_kind(error);
    }
}
