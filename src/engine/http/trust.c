/* SPDX-License-Identifier: MIT */
/* Trust stores: the system's, parsed once, and those of the caller's files;
 * called when a job starts.  OpenSSL locks a store for each look into it, so
 * that any number of contexts of any number of threads may share one, as long
 * as nobody adds to it; nothing here does after a store is given out.  A store
 * that is looked up in a directory as it goes is not used: OpenSSL 3.0 does
 * that with too few locks, and it would read files on a loop. */
#include "engine/http/trust.h"

#include <curl/curl.h>
#include <dirent.h>
#include <openssl/err.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>

#include "base/mem.h"

/* The system's; written once. */
static _Atomic(X509_STORE *) shared;

/* Why OpenSSL's last call failed, as far as it tells. */
static enum fpool_status get_fault(void)
{
    return ERR_GET_REASON(ERR_peek_last_error()) == ERR_R_MALLOC_FAILURE
               ? FPOOL_ENOMEM
               : FPOOL_ELOCAL;
}

static bool has_certificate(X509_STORE *store)
{
    STACK_OF(X509_OBJECT) *objects = X509_STORE_get0_objects(store);
    int i;

    for (i = 0; i < sk_X509_OBJECT_num(objects); i++) {
        X509_OBJECT *object = sk_X509_OBJECT_value(objects, i);

        if (X509_OBJECT_get_type(object) == X509_LU_X509) {
            return true;
        }
    }
    return false;
}

/* Directories hold a certificate under the hash of its name: "5ad8a5d6.0". */
static bool is_hash_name(const char *name)
{
    size_t n_digits = strspn(name, "0123456789abcdef");
    const char *number = name + n_digits + 1;

    return n_digits == 8 && name[8] == '.' && number[0] != '\0' &&
           number[strspn(number, "0123456789")] == '\0';
}

static enum fpool_status load_entry(X509_STORE *store, const char *directory,
                                    const char *name)
{
    enum fpool_status status = FPOOL_OK;
    size_t size = strlen(directory);
    size_t name_size = strlen(name) + 1; /* with its zero */
    char *path = fpool_malloc(size + 1 + name_size);

    if (path == NULL) {
        return FPOOL_ENOMEM;
    }
    memcpy(path, directory, size + 1);
    path[size] = '/';
    memcpy(path + size + 1, name, name_size);
    if (X509_STORE_load_file(store, path) != 1) {
        status = get_fault();
    }
    fpool_free(path);
    return status == FPOOL_ENOMEM ? FPOOL_ENOMEM : FPOOL_OK;
}

/* Adds what can be read.  A file that cannot is no reason to trust nobody. */
static enum fpool_status load_directory(X509_STORE *store,
                                        const char *directory)
{
    enum fpool_status status = FPOOL_OK;
    DIR *dir = opendir(directory);
    struct dirent *entry;

    if (dir == NULL) {
        return FPOOL_ELOCAL;
    }
    for (entry = readdir(dir); entry != NULL && status == FPOOL_OK;
         entry = readdir(dir)) {
        if (is_hash_name(entry->d_name)) {
            status = load_entry(store, directory, entry->d_name);
        }
    }
    closedir(dir);
    return status;
}

static enum fpool_status load_into(X509_STORE *store, const char *file,
                                   const char *directory)
{
    enum fpool_status status = FPOOL_ELOCAL;

    if (file != NULL) {
        status =
            X509_STORE_load_file(store, file) == 1 ? FPOOL_OK : get_fault();
    }
    if (status == FPOOL_ELOCAL && directory != NULL) {
        status = load_directory(store, directory);
    }
    if (status == FPOOL_OK && !has_certificate(store)) {
        status = FPOOL_ELOCAL;
    }
    return status;
}

enum fpool_status fpool_http_trust_load(X509_STORE **ret_store,
                                        const char *file, const char *directory)
{
    enum fpool_status status = FPOOL_ENOMEM;
    X509_STORE *store;

    /* What the caller's thread has in its queue of errors stays as it is. */
    ERR_set_mark();
    store = X509_STORE_new();
    if (store != NULL) {
        status = load_into(store, file, directory);
    }
    ERR_pop_to_mark();
    if (status != FPOOL_OK) {
        X509_STORE_free(store);
        return status;
    }
    /* As libcurl does by itself: what is in the file is trusted, also where it
     * is not a root. */
    X509_STORE_set_flags(store, X509_V_FLAG_PARTIAL_CHAIN);
    *ret_store = store;
    return FPOOL_OK;
}

/* OpenSSL's own function for its default places would also read the
 * environment. */
static enum fpool_status load_system(X509_STORE **ret_store)
{
    const char *file = curl_version_info(CURLVERSION_NOW)->cainfo;
    enum fpool_status status = FPOOL_ELOCAL;

    if (file != NULL) {
        status = fpool_http_trust_load(ret_store, file, NULL);
    }
    if (status == FPOOL_ELOCAL) {
        status = fpool_http_trust_load(ret_store, X509_get_default_cert_file(),
                                       X509_get_default_cert_dir());
    }
    return status;
}

/* Two threads that come first at once both parse, and one throws away what it
 * has: better than a lock that is held while files are read. */
static enum fpool_status get_system(X509_STORE **ret_store)
{
    X509_STORE *store = atomic_load(&shared);
    enum fpool_status status;

    if (store == NULL) {
        X509_STORE *mine = NULL;

        status = load_system(&mine);
        if (status != FPOOL_OK) {
            return status;
        }
        if (atomic_compare_exchange_strong(&shared, &store, mine)) {
            store = mine;
        } else {
            X509_STORE_free(mine);
        }
    }
    X509_STORE_up_ref(store);
    *ret_store = store;
    return FPOOL_OK;
}

enum fpool_status fpool_http_trust_get(X509_STORE **ret_store,
                                       const char *ca_file)
{
    return ca_file == NULL ? get_system(ret_store)
                           : fpool_http_trust_load(ret_store, ca_file, NULL);
}

void fpool_http_trust_unref(X509_STORE *store)
{
    X509_STORE_free(store);
}
