/* SPDX-License-Identifier: MIT */
/* What is known to need much stack runs inside tasks on the default stack:
 * getaddrinfo(3), and a whole TLS handshake, client and server in one task. */
#include <netdb.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <string.h>
#include <sys/socket.h>

#include "support/check.h"

#define N_TASKS 64

static int task_look_up(struct fpool_task *task, void *item, void **ret_value)
{
    struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
    struct addrinfo *found = NULL;
    int rc = getaddrinfo("localhost", "80", &hints, &found);

    (void)task;
    (void)item;
    (void)ret_value;
    if (rc == 0) {
        freeaddrinfo(found);
    }
    return rc;
}

/* A key and a certificate that signs itself. */
struct identity {
    EVP_PKEY *key;
    X509 *certificate;
};

static bool identity_make(struct identity *id)
{
    X509_NAME *name;

    id->key = EVP_RSA_gen(2048);
    id->certificate = X509_new();
    if (id->key == NULL || id->certificate == NULL) {
        return false;
    }
    name = X509_get_subject_name(id->certificate);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                               (const unsigned char *)"localhost", -1, -1, 0);
    ASN1_INTEGER_set(X509_get_serialNumber(id->certificate), 1);
    X509_gmtime_adj(X509_getm_notBefore(id->certificate), 0);
    X509_gmtime_adj(X509_getm_notAfter(id->certificate), 3600);
    X509_set_pubkey(id->certificate, id->key);
    X509_set_issuer_name(id->certificate, name);
    return X509_sign(id->certificate, id->key, EVP_sha256()) > 0;
}

static SSL_CTX *server_context(struct identity *id)
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());

    if (ctx != NULL && (SSL_CTX_use_certificate(ctx, id->certificate) != 1 ||
                        SSL_CTX_use_PrivateKey(ctx, id->key) != 1)) {
        SSL_CTX_free(ctx);
        ctx = NULL;
    }
    return ctx;
}

/* The client trusts just this certificate, so that it verifies a chain too. */
static SSL_CTX *client_context(struct identity *id)
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());

    if (ctx != NULL) {
        X509_STORE_add_cert(SSL_CTX_get_cert_store(ctx), id->certificate);
        SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
    }
    return ctx;
}

struct contexts {
    SSL_CTX *server;
    SSL_CTX *client;
};

/* Takes both ends through the handshake, over memory. */
static int task_handshake(struct fpool_task *task, void *item, void **ret_value)
{
    struct contexts *c = fpool_task_userdata(task);
    SSL *server = SSL_new(c->server);
    SSL *client = SSL_new(c->client);
    BIO *one = NULL;
    BIO *other = NULL;
    int done = 0;
    int steps;

    (void)item;
    (void)ret_value;
    if (BIO_new_bio_pair(&one, 0, &other, 0) == 1) {
        SSL_set_bio(server, one, one);
        SSL_set_bio(client, other, other);
        for (steps = 0; done != 2 && steps < 20; steps++) {
            done = SSL_connect(client) == 1;
            done += SSL_accept(server) == 1;
        }
    }
    SSL_free(server);
    SSL_free(client);
    return done == 2 ? 0 : 1;
}

static void getaddrinfo_runs_on_the_default_stack(void **state)
{
    FPOOL_SCOPED struct fpool *pool = NULL;

    (void)state;
    assert_ok(fpool_create(&pool, FPOOL_OPTIONS(.workers = 8)));
    assert_ok(fpool_map(pool, FPOOL_CALL(task_look_up, NULL),
                        fpool_source_range(0, N_TASKS), NULL, NULL));
}

static void a_tls_handshake_runs_on_the_default_stack(void **state)
{
    FPOOL_SCOPED struct fpool *pool = NULL;
    struct identity id;
    struct contexts c;

    (void)state;
    assert_true(identity_make(&id));
    c.server = server_context(&id);
    c.client = client_context(&id);
    assert_non_null(c.server);
    assert_non_null(c.client);
    assert_ok(fpool_create(&pool, FPOOL_OPTIONS(.workers = 8)));
    assert_ok(fpool_map(pool, FPOOL_CALL(task_handshake, &c),
                        fpool_source_range(0, N_TASKS), NULL, NULL));
    fpool_destroy(&pool);
    SSL_CTX_free(c.server);
    SSL_CTX_free(c.client);
    X509_free(id.certificate);
    EVP_PKEY_free(id.key);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(getaddrinfo_runs_on_the_default_stack),
        cmocka_unit_test(a_tls_handshake_runs_on_the_default_stack),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
