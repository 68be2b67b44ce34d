/* SPDX-License-Identifier: MIT */
/* Blocking libcurl fetches: `14_curl http://host/ NAME...`.  Each worker has a
 * curl handle of its own, and so keeps its connection.  (For very many URLs the
 * http engine needs no thread for each transfer.)
 * Python: pool.imap(session.get, urls)  # with a session for each thread */
#include <fetchpool/fetchpool.h>

#include <curl/curl.h>
#include <stdio.h>

/* Runs on each new worker, before its first task. */
static int make_handle(void *userdata, void **ret_local)
{
    (void)userdata;
    *ret_local = curl_easy_init();
    return *ret_local == NULL;
}

static void free_handle(void *userdata, void *local)
{
    (void)userdata;
    curl_easy_cleanup(local);
}

static size_t drop_body(char *bytes, size_t size, size_t n, void *userdata)
{
    (void)bytes;
    (void)userdata;
    return size * n;
}

/* Returns a CURLcode; the value is the HTTP status. */
static int fetch(struct fpool_task *task, void *item, void **ret_value)
{
    CURL *curl = fpool_task_local(task);
    const char *prefix = fpool_task_userdata(task);
    char url[1024];
    long status = 0;
    CURLcode code;

    snprintf(url, sizeof(url), "%s%s", prefix, *(char **)item);
    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, drop_body);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT, 30L);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L); /* needed with threads */
    code = curl_easy_perform(curl);
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    *ret_value = (void *)(intptr_t)status;
    return (int)code;
}

int main(int argc, char **argv)
{
    FPOOL_SCOPED struct fpool *pool = NULL;
    FPOOL_SCOPED struct fpool_results *results = NULL;
    struct fpool_result r;

    if (argc < 3 || curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK ||
        fpool_create(&pool, FPOOL_OPTIONS(.workers = 32, .init = make_handle,
                                          .fini = free_handle)) != FPOOL_OK ||
        fpool_imap(
            pool, FPOOL_CALL(fetch, argv[1]),
            fpool_source_array(argv + 2, (size_t)argc - 2, sizeof(argv[0])),
            NULL, &results) != FPOOL_OK) {
        return 1;
    }
    while (fpool_next(results, &r, FPOOL_FOREVER) == FPOOL_OK) {
        printf("%s: %ld %s\n", *(char **)r.item.data, (long)(intptr_t)r.value,
               curl_easy_strerror((CURLcode)r.code));
        fpool_result_release(&r);
    }
    return 0;
}
