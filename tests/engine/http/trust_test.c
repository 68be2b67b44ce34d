/* SPDX-License-Identifier: MIT */
/* Trust stores: what is loaded, what is refused, and that threads share one.
 * The certificates are made here; the tests run in the order of main(). */
#include "engine/http/trust.h"

#include <dirent.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "engine/http/parties.h"
#include "support/check.h"

#define N_THREADS 8

/* ---- OpenSSL's memory, which can be made to run out. */

static atomic_ulong n_allocations;
static atomic_ulong fail_at; /* the allocation that fails; 0: none */

static bool is_out_of_memory(void)
{
    return atomic_fetch_add(&n_allocations, 1) + 1 == atomic_load(&fail_at);
}

static void fail_allocation(unsigned long nth)
{
    atomic_store(&n_allocations, 0);
    atomic_store(&fail_at, nth);
}

static void *get_memory(size_t size, const char *file, int line)
{
    (void)file;
    (void)line;
    return is_out_of_memory() ? NULL : malloc(size);
}

static void *resize_memory(void *p, size_t size, const char *file, int line)
{
    (void)file;
    (void)line;
    return is_out_of_memory() ? NULL : realloc(p, size);
}

static void free_memory(void *p, const char *file, int line)
{
    (void)file;
    (void)line;
    free(p);
}

/* ---- Files. */

static struct party root;
static struct party middle; /* signed by the root, may sign too */
static struct party leaf;   /* signed by the middle */
static struct party stranger;
static char directory[] = "/tmp/fpool_trust_XXXXXX";

/* The path of a file in the directory; one at a time. */
static const char *path_of(const char *name)
{
    static char path[sizeof(directory) + 64];

    snprintf(path, sizeof(path), "%s/%s", directory, name);
    return path;
}

static FILE *open_file(const char *name, const char *mode)
{
    FILE *file = fopen(path_of(name), mode);

    assert_non_null(file);
    return file;
}

static void write_text(const char *name, const char *text)
{
    FILE *file = open_file(name, "w");

    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static void add_certificate(const char *name, const struct party *p)
{
    FILE *file = open_file(name, "a");

    assert_int_equal(PEM_write_X509(file, p->certificate), 1);
    assert_int_equal(fclose(file), 0);
}

static void add_revocations(const char *name, const struct party *p)
{
    FILE *file = open_file(name, "a");
    X509_CRL *list = make_revocations(p);

    assert_int_equal(PEM_write_X509_CRL(file, list), 1);
    assert_int_equal(fclose(file), 0);
    X509_CRL_free(list);
}

static int make_files(void **state)
{
    FILE *file;

    (void)state;
    assert_non_null(mkdtemp(directory));
    /* A name is its own issuer's while it is made. */
    make_party(&root, "root", &root, true);
    make_party(&middle, "middle", &root, true);
    make_party(&leaf, "leaf", &middle, false);
    make_party(&stranger, "stranger", &stranger, true);
    add_certificate("root.pem", &root);
    add_certificate("both.pem", &stranger);
    add_certificate("both.pem", &root);
    add_certificate("middle.pem", &middle);
    add_certificate("stranger.pem", &stranger);
    write_text("empty.pem", "");
    write_text("text.pem", "no certificate at all\n");
    write_text("cut.pem", "-----BEGIN CERTIFICATE-----\nMIIB\n");
    write_text("garbage.pem", "-----BEGIN CERTIFICATE-----\nMIIB\n"
                              "-----END CERTIFICATE-----\n");
    add_revocations("revocations.pem", &root);
    file = open_file("key.pem", "w");
    assert_int_equal(PEM_write_PUBKEY(file, root.key), 1);
    assert_int_equal(fclose(file), 0);
    return 0;
}

static int remove_files(void **state)
{
    DIR *dir = opendir(directory);
    struct dirent *entry;

    (void)state;
    assert_non_null(dir);
    for (entry = readdir(dir); entry != NULL; entry = readdir(dir)) {
        unlink(path_of(entry->d_name)); /* not "." and ".." */
    }
    closedir(dir);
    assert_int_equal(rmdir(directory), 0);
    free_party(&root);
    free_party(&middle);
    free_party(&leaf);
    free_party(&stranger);
    return 0;
}

/* ---- Looks into a store. */

/* Whether a store trusts the leaf, which comes with the middle's certificate if
 * 'has_chain'. */
static bool trusts_leaf(X509_STORE *store, bool has_chain)
{
    STACK_OF(X509) *chain = sk_X509_new_null();
    X509_STORE_CTX *context = X509_STORE_CTX_new();
    bool is_trusted = false;

    if (chain != NULL && context != NULL &&
        (!has_chain || sk_X509_push(chain, middle.certificate) > 0) &&
        X509_STORE_CTX_init(context, store, leaf.certificate, chain) == 1) {
        is_trusted = X509_verify_cert(context) == 1;
    }
    X509_STORE_CTX_free(context);
    sk_X509_free(chain);
    return is_trusted;
}

static void check_file(const char *name, bool has_chain, bool is_trusted)
{
    X509_STORE *store = NULL;

    assert_ok(fpool_http_trust_get(&store, path_of(name)));
    assert_int_equal(trusts_leaf(store, has_chain), is_trusted);
    fpool_http_trust_unref(store);
}

static void check_refused(const char *name)
{
    X509_STORE *const untouched = (void *)&root;
    X509_STORE *store = untouched;

    assert_status(fpool_http_trust_get(&store, path_of(name)), FPOOL_ELOCAL);
    assert_ptr_equal(store, untouched);
}

/* ---- The tests. */

static void a_failure_is_not_remembered(void **state)
{
    X509_STORE *store = NULL;
    enum fpool_status status;

    (void)state;
    fail_allocation(1);
    status = fpool_http_trust_get(&store, NULL);
    fail_allocation(0);
    assert_int_equal(status, FPOOL_ENOMEM);
    assert_null(store);
}

/* Runs a function in N_THREADS threads at once, each with its own of the
 * arguments; none may return NULL. */
static void run_threads(void *(*run)(void *), void **arguments)
{
    pthread_t threads[N_THREADS];
    void *got;
    int i;

    for (i = 0; i < N_THREADS; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, run, arguments[i]),
                         0);
    }
    for (i = 0; i < N_THREADS; i++) {
        got = NULL;
        assert_int_equal(pthread_join(threads[i], &got), 0);
        assert_non_null(got);
    }
}

static void *get_system(void *ret_store)
{
    X509_STORE **store = ret_store;

    return fpool_http_trust_get(store, NULL) == FPOOL_OK ? ret_store : NULL;
}

/* Also the first of all gets, so that threads compete for it. */
static void threads_get_the_same_store(void **state)
{
    X509_STORE *stores[N_THREADS] = { NULL };
    void *arguments[N_THREADS];
    int i;

    (void)state;
    for (i = 0; i < N_THREADS; i++) {
        arguments[i] = &stores[i];
    }
    run_threads(get_system, arguments);
    for (i = 0; i < N_THREADS; i++) {
        assert_ptr_equal(stores[i], stores[0]);
        fpool_http_trust_unref(stores[i]);
    }
}

static void the_system_has_one_store(void **state)
{
    X509_STORE *first = NULL;
    X509_STORE *second = NULL;

    (void)state;
    assert_ok(fpool_http_trust_get(&first, NULL));
    fpool_http_trust_unref(first);
    assert_ok(fpool_http_trust_get(&second, NULL));
    assert_ptr_equal(first, second);
    assert_true(sk_X509_OBJECT_num(X509_STORE_get0_objects(second)) > 10);
    assert_false(trusts_leaf(second, true));
    fpool_http_trust_unref(second);
    fpool_http_trust_unref(NULL);
}

static void a_file_says_who_is_trusted(void **state)
{
    X509_STORE *first = NULL;
    X509_STORE *second = NULL;

    (void)state;
    check_file("root.pem", true, true);
    check_file("root.pem", false, false);
    check_file("both.pem", true, true);
    check_file("stranger.pem", true, false);
    /* What is in the file need not be a root. */
    check_file("middle.pem", false, true);
    assert_ok(fpool_http_trust_get(&first, path_of("root.pem")));
    assert_ok(fpool_http_trust_get(&second, path_of("root.pem")));
    assert_ptr_not_equal(first, second);
    fpool_http_trust_unref(first);
    fpool_http_trust_unref(second);
}

static void files_without_certificates_are_refused(void **state)
{
    (void)state;
    check_refused("missing.pem");
    check_refused(".");
    check_refused("empty.pem");
    check_refused("text.pem");
    check_refused("cut.pem");
    check_refused("garbage.pem");
    check_refused("key.pem");
    check_refused("revocations.pem");
}

static void errors_of_the_caller_stay(void **state)
{
    unsigned long before;

    (void)state;
    check_refused("empty.pem");
    assert_int_equal(ERR_peek_error(), 0);
    ERR_raise(ERR_LIB_USER, ERR_R_MALLOC_FAILURE);
    before = ERR_peek_last_error();
    check_refused("empty.pem");
    assert_int_equal(ERR_peek_last_error(), before);
    check_file("root.pem", true, true);
    assert_int_equal(ERR_peek_last_error(), before);
    ERR_clear_error();
}

static void directories_are_read_by_hashed_names(void **state)
{
    X509_STORE *const untouched = (void *)&state;
    X509_STORE *store = untouched;

    /* root.pem is in the directory, under a name that does not count. */
    add_certificate("0123abcd.r0", &root);
    add_certificate("0123ABCD.2", &root);
    assert_status(fpool_http_trust_load(&store, NULL, directory), FPOOL_ELOCAL);
    write_text("0123abcd.0", "damaged");
    assert_status(fpool_http_trust_load(&store, NULL, directory), FPOOL_ELOCAL);
    add_certificate("0123abcd.1", &root);
    assert_status(fpool_http_trust_load(&store, NULL, path_of("none")),
                  FPOOL_ELOCAL);
    assert_status(fpool_http_trust_load(&store, NULL, NULL), FPOOL_ELOCAL);
    assert_ptr_equal(store, untouched);
    assert_ok(fpool_http_trust_load(&store, path_of("empty.pem"), directory));
    assert_true(trusts_leaf(store, true));
    fpool_http_trust_unref(store);
    /* A file that will do saves the directory. */
    assert_ok(
        fpool_http_trust_load(&store, path_of("stranger.pem"), directory));
    assert_false(trusts_leaf(store, true));
    fpool_http_trust_unref(store);
}

static void without_memory_nothing_is_made(void **state)
{
    X509_STORE *const untouched = (void *)&state;
    X509_STORE *store = untouched;
    enum fpool_status status;

    fpool_mem_fail_at(1, 1);
    status = fpool_http_trust_load(&store, NULL, directory);
    fpool_mem_fail_at(0, 0);
    assert_int_equal(status, FPOOL_ENOMEM);
    assert_ptr_equal(store, untouched);
}

/* OpenSSL does not always say that it was memory, and can do without some of
 * it; but either there is a store or a failure, and nothing leaks. */
static void memory_may_run_out_anywhere(void **state)
{
    const char *path = path_of("root.pem");
    unsigned long n_all = 1;
    unsigned long n;

    (void)state;
    for (n = 1; n <= n_all; n++) {
        X509_STORE *store = NULL;
        enum fpool_status status;

        fail_allocation(n);
        status = fpool_http_trust_load(&store, path, NULL);
        n_all = atomic_load(&n_allocations);
        fail_allocation(0);
        assert_int_equal(store != NULL, status == FPOOL_OK);
        if (status != FPOOL_OK && status != FPOOL_ENOMEM) {
            assert_int_equal(status, FPOOL_ELOCAL);
        }
        fpool_http_trust_unref(store);
    }
    assert_true(n > 100);
}

static void *verify_often(void *store)
{
    int i;

    for (i = 0; i < 50; i++) {
        if (!trusts_leaf(store, true) || !trusts_leaf(store, true)) {
            return NULL;
        }
    }
    return store;
}

static void threads_verify_with_one_store(void **state)
{
    void *arguments[N_THREADS];
    X509_STORE *store = NULL;
    int i;

    (void)state;
    assert_ok(fpool_http_trust_get(&store, path_of("both.pem")));
    for (i = 0; i < N_THREADS; i++) {
        arguments[i] = store;
    }
    run_threads(verify_often, arguments);
    fpool_http_trust_unref(store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_failure_is_not_remembered),
        cmocka_unit_test(threads_get_the_same_store),
        cmocka_unit_test(the_system_has_one_store),
        cmocka_unit_test(a_file_says_who_is_trusted),
        cmocka_unit_test(files_without_certificates_are_refused),
        cmocka_unit_test(errors_of_the_caller_stay),
        cmocka_unit_test(directories_are_read_by_hashed_names),
        cmocka_unit_test(without_memory_nothing_is_made),
        cmocka_unit_test(memory_may_run_out_anywhere),
        cmocka_unit_test(threads_verify_with_one_store),
    };

    /* Only before OpenSSL's first allocation. */
    if (CRYPTO_set_mem_functions(get_memory, resize_memory, free_memory) != 1) {
        return 1;
    }
    return cmocka_run_group_tests(tests, make_files, remove_files);
}
