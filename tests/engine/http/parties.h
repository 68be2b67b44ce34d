/* SPDX-License-Identifier: MIT */
/* Certificates for tests, made on the spot: of parties that sign each other's.
 * They are valid for an hour. */
#ifndef TESTS_ENGINE_HTTP_PARTIES_H
#define TESTS_ENGINE_HTTP_PARTIES_H

#include <openssl/evp.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "support/check.h"

struct party {
    EVP_PKEY *key;
    X509 *certificate;
};

static void add_extension(X509 *certificate, int nid, const char *value)
{
    X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, NULL, nid, value);

    assert_non_null(e);
    assert_int_equal(X509_add_ext(certificate, e, -1), 1);
    X509_EXTENSION_free(e);
}

/* Makes a party whose certificate is signed by the issuer, which may be the
 * party itself. */
static void make_party(struct party *p, const char *name, struct party *issuer,
                       bool may_sign)
{
    X509_NAME *subject;

    p->key = EVP_EC_gen("P-256");
    p->certificate = X509_new();
    assert_non_null(p->key);
    assert_non_null(p->certificate);
    assert_int_equal(X509_set_version(p->certificate, X509_VERSION_3), 1);
    ASN1_INTEGER_set(X509_get_serialNumber(p->certificate), 1);
    X509_gmtime_adj(X509_getm_notBefore(p->certificate), -3600);
    X509_gmtime_adj(X509_getm_notAfter(p->certificate), 3600);
    subject = X509_get_subject_name(p->certificate);
    X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC,
                               (const unsigned char *)name, -1, -1, 0);
    X509_set_issuer_name(p->certificate,
                         X509_get_subject_name(issuer->certificate));
    X509_set_pubkey(p->certificate, p->key);
    if (may_sign) {
        add_extension(p->certificate, NID_basic_constraints,
                      "critical,CA:TRUE");
    }
    assert_true(X509_sign(p->certificate, issuer->key, EVP_sha256()) > 0);
}

static void free_party(struct party *p)
{
    X509_free(p->certificate);
    EVP_PKEY_free(p->key);
}

/* An empty list of what the party has revoked. */
static X509_CRL *make_revocations(const struct party *p)
{
    X509_CRL *list = X509_CRL_new();
    ASN1_TIME *now = ASN1_TIME_set(NULL, 1600000000);

    assert_non_null(list);
    assert_non_null(now);
    X509_CRL_set_version(list, X509_CRL_VERSION_2);
    X509_CRL_set_issuer_name(list, X509_get_subject_name(p->certificate));
    X509_CRL_set1_lastUpdate(list, now);
    X509_CRL_set1_nextUpdate(list, now);
    assert_true(X509_CRL_sign(list, p->key, EVP_sha256()) > 0);
    ASN1_TIME_free(now);
    return list;
}

#endif
