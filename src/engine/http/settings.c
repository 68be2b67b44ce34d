/* SPDX-License-Identifier: MIT */
/* The settings of jobs.  Called by job.c, and by the program through
 * fpool_http_check(). */
#include "engine/http/settings.h"

#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/options.h"
#include "engine/http/trust.h"

#define DEFAULT_IN_FLIGHT     256
#define MAX_IN_FLIGHT         65536
#define DEFAULT_REDIRECTS     10
#define DEFAULT_CONNECT_MS    15000
#define DEFAULT_FIRST_BYTE_MS 60000
#define DEFAULT_STALL_MS      30000
#define DEFAULT_BODY_MEMORY   65536
#define DEFAULT_TRIES         3
#define MAX_TRIES             100
#define DEFAULT_DELAY_MS      1000
#define MAX_DELAY_MS          3600000
#define MAX_TIME_MS           315360000000 /* ten years */
#define MIN_RATE              1e-6
#define MAX_RATE              1e9
#define DEFAULT_RETRY_AFTER   3600000
#define DEFAULT_PER_HOST      6
#define HTTP2_PER_HOST        32
#define DEFAULT_RETRY_ON      "408,500,502-504,520-529"
#define DEFAULT_THROTTLE_ON   "429,503"
#define KNOWN_FLAGS           0xffu

/* ---- Checks. */

static bool is_token(char c)
{
    /* RFC 9110, section 5.6.2. */
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
           (c >= 'a' && c <= 'z') ||
           (c != '\0' && strchr("!#$%&'*+-.^_`|~", c) != NULL);
}

static const char *check_header(const char *line, size_t size)
{
    size_t i = 0;

    while (i < size && is_token(line[i])) {
        i++;
    }
    if (i == 0 || i == size || (line[i] != ':' && line[i] != ';')) {
        return "not a header, as in \"Name: value\"";
    }
    if (line[i] == ';' && i + 1 < size) {
        return "something behind the ';' of an empty header";
    }
    for (; i < size; i++) {
        unsigned char c = (unsigned char)line[i];

        if ((c < 0x20 && c != '\t') || c == 0x7f) {
            return "control character in a header";
        }
    }
    return NULL;
}

/* The next of the lines; its size without the end of line.  NULL: no more. */
static const char *next_line(const char **at, size_t *ret_size)
{
    const char *line = *at;
    size_t size = strcspn(line, "\n");

    if (*line == '\0') {
        return NULL;
    }
    *at = line + size + (line[size] == '\n');
    if (size > 0 && line[size - 1] == '\r') {
        size--;
    }
    *ret_size = size;
    return line;
}

const char *fpool_http_check_headers(const char *lines)
{
    const char *line;
    size_t size;

    while ((line = next_line(&lines, &size)) != NULL) {
        const char *reason = size == 0 ? NULL : check_header(line, size);

        if (reason != NULL) {
            return reason;
        }
    }
    return NULL;
}

const char *fpool_http_check_method(const char *method)
{
    size_t i = 0;

    while (is_token(method[i])) {
        i++;
    }
    return i > 0 && i <= 32 && method[i] == '\0' &&
                   strcmp(method, "CONNECT") != 0
               ? NULL
               : "not a method";
}

static const char *check_codes(const char *text)
{
    struct fpool_http_codes codes;

    return fpool_http_codes_parse(&codes, text)
               ? NULL
               : "not a list of status codes, as in \"408,500-504\"";
}

static const char *check_user(const char *text)
{
    return strchr(text, ':') != NULL ? NULL
                                     : "not of the form \"name:password\"";
}

const char *fpool_http_check(const char *field, const char *text)
{
    static const struct {
        const char *field;
        const char *(*check)(const char *text);
    } checks[] = {
        { "retry_on", check_codes },
        { "throttle_on", check_codes },
        { "headers", fpool_http_check_headers },
        { "resolve", fpool_http_resolve_list_check },
        { "allow_nets", fpool_http_policy_check },
        { "deny_nets", fpool_http_policy_check },
        { "user", check_user },
        { "proxy", fpool_http_proxy_check },
        { "method", fpool_http_check_method },
    };
    size_t i;

    for (i = 0; i < sizeof(checks) / sizeof(checks[0]); i++) {
        if (strcmp(field, checks[i].field) == 0) {
            return checks[i].check(text);
        }
    }
    return "there is no such field";
}

/* ---- Headers. */

bool fpool_http_add_headers(struct curl_slist **list, const char *lines)
{
    const char *line;
    size_t size;

    while ((line = next_line(&lines, &size)) != NULL) {
        char *copy = size == 0 ? NULL : fpool_malloc(size + 1);
        struct curl_slist *longer = NULL;

        if (size == 0) {
            continue;
        }
        if (copy != NULL) {
            memcpy(copy, line, size);
            copy[size] = '\0';
            longer = curl_slist_append(*list, copy);
            fpool_free(copy);
        }
        if (longer == NULL) {
            return false;
        }
        *list = longer;
    }
    return true;
}

/* ---- Settings. */

static void set_default(int64_t *field, int64_t value)
{
    *field = *field == 0 ? value : *field;
}

static bool is_time(int64_t ms)
{
    return ms >= 0 && ms <= MAX_TIME_MS;
}

static bool is_rate(double rate)
{
    return rate == 0 || (rate >= MIN_RATE && rate <= MAX_RATE);
}

static bool is_sane(const struct fpool_http_op *o)
{
    return is_time(o->connect_timeout_ms) && is_time(o->first_byte_ms) &&
           is_time(o->stall_ms) && is_time(o->max_retry_after_ms) &&
           o->max_size >= 0 && o->redirects >= -1 && o->redirects <= 1000 &&
           o->in_flight <= MAX_IN_FLIGHT && o->tries <= MAX_TRIES &&
           o->retry_delay_ms >= 0 && o->retry_delay_ms <= MAX_DELAY_MS &&
           o->per_host <= MAX_IN_FLIGHT && is_rate(o->rate) &&
           is_rate(o->host_rate) && (o->body != NULL || o->body_size == 0) &&
           (o->flags & ~(uint32_t)KNOWN_FLAGS) == 0;
}

static enum fpool_status set_numbers(struct fpool_http_job *job)
{
    struct fpool_http_op *o = &job->options;

    if (!is_sane(o)) {
        return FPOOL_EINVAL;
    }
    o->in_flight = o->in_flight == 0 ? DEFAULT_IN_FLIGHT : o->in_flight;
    o->redirects = o->redirects == 0 ? DEFAULT_REDIRECTS : o->redirects;
    set_default(&o->connect_timeout_ms, DEFAULT_CONNECT_MS);
    set_default(&o->first_byte_ms, DEFAULT_FIRST_BYTE_MS);
    set_default(&o->stall_ms, DEFAULT_STALL_MS);
    set_default(&o->retry_delay_ms, DEFAULT_DELAY_MS);
    set_default(&o->max_retry_after_ms, DEFAULT_RETRY_AFTER);
    o->body_memory = o->body_memory == 0 ? DEFAULT_BODY_MEMORY : o->body_memory;
    o->tries = o->tries == 0 ? DEFAULT_TRIES : o->tries;
    if (o->per_host == 0) {
        o->per_host =
            (o->flags & FPOOL_HTTP_2) != 0 ? HTTP2_PER_HOST : DEFAULT_PER_HOST;
    }
    job->rules.per_host = o->per_host;
    job->rules.retry_delay_ms = o->retry_delay_ms;
    job->rules.rate_interval_ns =
        o->host_rate > 0 ? (int64_t)(1e9 / o->host_rate) : 0;
    job->rate_interval_ns = o->rate > 0 ? (int64_t)(1e9 / o->rate) : 0;
    return FPOOL_OK;
}

static bool copy_bytes(const void **field, size_t size)
{
    char *copy;

    if (*field == NULL) {
        return true;
    }
    copy = fpool_malloc(size + 1);
    if (copy == NULL) {
        *field = NULL;
        return false;
    }
    memcpy(copy, *field, size);
    copy[size] = '\0';
    *field = copy;
    return true;
}

static bool copy_text(const char **field)
{
    const void *bytes = *field;
    bool is_well = copy_bytes(&bytes, *field == NULL ? 0 : strlen(*field));

    *field = bytes;
    return is_well;
}

/* All that the job keeps of the caller's texts; what it does not keep as it is
 * becomes NULL later. */
static enum fpool_status copy_texts(struct fpool_http_op *o)
{
    bool is_well = true;

    if (o->user_agent == NULL) {
        o->user_agent = "fetchpool/" FPOOL_VERSION;
    }
    if (o->method == NULL) {
        o->method = o->body != NULL ? "POST" : "GET";
    }
    is_well = copy_text(&o->user_agent) && is_well;
    is_well = copy_text(&o->ca_file) && is_well;
    is_well = copy_text(&o->method) && is_well;
    is_well = copy_bytes(&o->body, o->body_size) && is_well;
    is_well = copy_text(&o->user) && is_well;
    is_well = copy_text(&o->cookie) && is_well;
    is_well = copy_text(&o->resolvers) && is_well;
    return is_well ? FPOOL_OK : FPOOL_ENOMEM;
}

static enum fpool_status set_digest(struct fpool_http_job *job)
{
    const char *name = job->options.digest;

    if (name == NULL || strcmp(name, "none") == 0) {
        return FPOOL_OK;
    }
    if (strcmp(name, "sha256") != 0) {
        return FPOOL_EUNSUPPORTED;
    }
    job->digest = job->hubs->sha256;
    return FPOOL_OK;
}

static enum fpool_status set_codes(struct fpool_http_job *job)
{
    const struct fpool_http_op *o = &job->options;
    const char *retry = o->retry_on;
    const char *throttle = o->throttle_on;

    return fpool_http_codes_parse(&job->retry_on,
                                  retry == NULL ? DEFAULT_RETRY_ON : retry) &&
                   fpool_http_codes_parse(&job->throttle_on,
                                          throttle == NULL ? DEFAULT_THROTTLE_ON
                                                           : throttle)
               ? FPOOL_OK
               : FPOOL_EINVAL;
}

/* What would end the header line that it is put into. */
static bool has_control(const char *text)
{
    while (text != NULL && *text != '\0') {
        unsigned char c = (unsigned char)*text++;

        if ((c < 0x20 && c != '\t') || c == 0x7f) {
            return true;
        }
    }
    return false;
}

static enum fpool_status set_request(struct fpool_http_job *job)
{
    const struct fpool_http_op *o = &job->options;

    if (has_control(o->cookie) || has_control(o->user_agent)) {
        return FPOOL_EINVAL;
    }
    if (fpool_http_check_method(o->method) != NULL ||
        (o->user != NULL && check_user(o->user) != NULL) ||
        (o->headers != NULL && fpool_http_check_headers(o->headers) != NULL)) {
        return FPOOL_EINVAL;
    }
    return o->headers == NULL ||
                   fpool_http_add_headers(&job->headers, o->headers)
               ? FPOOL_OK
               : FPOOL_ENOMEM;
}

/* Of the file's name, and never that of a directory. */
static bool set_trust_name(struct fpool_http_job *job)
{
    static const char digits[] = "0123456789abcdef";
    static const char place[] = "/dev/null/";
    const char *at = job->options.ca_file;
    uint64_t hash = 0xcbf29ce484222325u;
    size_t n = sizeof(place) - 1;

    job->trust_name = fpool_malloc(n + 17);
    if (job->trust_name == NULL) {
        return false;
    }
    while (*at != '\0') {
        hash = (hash ^ (unsigned char)*at++) * 0x100000001b3u;
    }
    memcpy(job->trust_name, place, n);
    for (; n < sizeof(place) - 1 + 16; n++) {
        job->trust_name[n] = digits[hash & 15];
        hash >>= 4;
    }
    job->trust_name[n] = '\0';
    return true;
}

static enum fpool_status set_places(struct fpool_http_job *job)
{
    const struct fpool_http_op *o = &job->options;
    enum fpool_status status;

    if (o->ca_file != NULL && access(o->ca_file, R_OK) != 0) {
        return FPOOL_ELOCAL;
    }
    if (o->ca_file != NULL && !set_trust_name(job)) {
        return FPOOL_ENOMEM;
    }
    status = fpool_http_proxy_init(&job->proxy, o->proxy);
    if (status == FPOOL_OK) {
        status = fpool_http_policy_create(
            &job->policy, (o->flags & FPOOL_HTTP_DENY_PRIVATE) != 0,
            o->allow_nets, o->deny_nets);
    }
    if (status == FPOOL_OK) {
        status = fpool_http_resolve_list_create(&job->resolve, o->resolve);
    }
    if (status == FPOOL_OK && o->spool_dir != NULL) {
        status = fpool_http_folder_open(&job->folder, o->spool_dir);
    }
    return status;
}

/* The caller's texts that were turned into something else. */
static void forget_texts(struct fpool_http_op *o)
{
    o->spool_dir = NULL;
    o->digest = NULL;
    o->retry_on = NULL;
    o->throttle_on = NULL;
    o->headers = NULL;
    o->proxy = NULL;
    o->resolve = NULL;
    o->allow_nets = NULL;
    o->deny_nets = NULL;
}

enum fpool_status fpool_http_settings_read(struct fpool_http_job *job,
                                           const struct fpool_op *op)
{
    struct fpool_http_op *o = &job->options;
    enum fpool_status status;

    if (!fpool_options_copy(o, sizeof(*o), op)) {
        memset(o, 0, sizeof(*o)); /* None of the texts is ours. */
        return FPOOL_EINVAL;
    }
    status = copy_texts(o);
    status = status != FPOOL_OK ? status : set_numbers(job);
    status = status != FPOOL_OK ? status : set_digest(job);
    status = status != FPOOL_OK ? status : set_codes(job);
    status = status != FPOOL_OK ? status : set_request(job);
    status = status != FPOOL_OK ? status : set_places(job);
    forget_texts(o);
    return status;
}

static void free_text(const void *text)
{
    fpool_free((void *)(uintptr_t)text);
}

void fpool_http_settings_release(struct fpool_http_job *job)
{
    struct fpool_http_op *o = &job->options;

    free_text(o->user_agent);
    free_text(o->ca_file);
    free_text(o->method);
    free_text(o->body);
    free_text(o->user);
    free_text(o->cookie);
    free_text(o->resolvers);
    curl_slist_free_all(job->headers);
    fpool_free(job->trust_name);
    fpool_http_proxy_fini(&job->proxy);
    fpool_http_policy_destroy(&job->policy);
    fpool_http_resolve_list_destroy(&job->resolve);
    fpool_http_folder_unref(job->folder);
    fpool_http_trust_unref(atomic_load(&job->store));
}
