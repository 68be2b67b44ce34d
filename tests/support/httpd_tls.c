/* SPDX-License-Identifier: MIT */
/* TLS for the test server, where libssl is there.  Called by httpd.c and
 * httpd_conn.c. */
#include "httpd.h"

#include <errno.h>

#ifdef HTTPD_HAS_TLS
#include <openssl/err.h>
#include <openssl/ssl.h>

void *tls_load(const char *file)
{
    SSL_CTX *context = SSL_CTX_new(TLS_server_method());

    if (context == NULL) {
        return NULL;
    }
    SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE |
                                  SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    if (SSL_CTX_use_certificate_chain_file(context, file) != 1 ||
        SSL_CTX_use_PrivateKey_file(context, file, SSL_FILETYPE_PEM) != 1) {
        SSL_CTX_free(context);
        return NULL;
    }
    return context;
}

void tls_unload(void *tls)
{
    SSL_CTX_free(tls);
}

void *tls_open(void *tls, int fd)
{
    SSL *session = SSL_new(tls);

    if (session != NULL && SSL_set_fd(session, fd) == 1) {
        SSL_set_accept_state(session);
        return session;
    }
    SSL_free(session);
    return NULL;
}

void tls_end(void *session)
{
    if (SSL_is_init_finished(session)) {
        SSL_shutdown(session);
    }
}

void tls_close(void *session)
{
    SSL_free(session);
}

/* The handshake waits to be written only when its few kilobytes fill a socket
 * that is new; that is taken for a fault. */
static ssize_t explain(SSL *session, int n)
{
    int error = SSL_get_error(session, n);

    if (error == SSL_ERROR_ZERO_RETURN) {
        return 0;
    }
    errno = error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE
                ? EAGAIN
                : EPROTO;
    return -1;
}

ssize_t tls_recv(void *session, void *buffer, size_t size)
{
    int n;

    ERR_clear_error();
    n = SSL_read(session, buffer, (int)size);
    return n > 0 ? n : explain(session, n);
}

ssize_t tls_send(void *session, const void *bytes, size_t size)
{
    int n;

    if (size == 0) {
        return 0;
    }
    ERR_clear_error();
    n = SSL_write(session, bytes, (int)size);
    return n > 0 ? n : explain(session, n);
}

#else

void *tls_load(const char *file)
{
    (void)file;
    return NULL;
}

void tls_unload(void *tls)
{
    (void)tls;
}

void *tls_open(void *tls, int fd)
{
    (void)tls;
    (void)fd;
    return NULL;
}

void tls_end(void *session)
{
    (void)session;
}

void tls_close(void *session)
{
    (void)session;
}

ssize_t tls_recv(void *session, void *buffer, size_t size)
{
    (void)session;
    (void)buffer;
    (void)size;
    errno = EPROTO;
    return -1;
}

ssize_t tls_send(void *session, const void *bytes, size_t size)
{
    (void)session;
    (void)bytes;
    (void)size;
    errno = EPROTO;
    return -1;
}

#endif
