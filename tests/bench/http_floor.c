/* SPDX-License-Identifier: MIT */
/* What fetching a list of URLs with libcurl costs at the very least: a
 * yardstick for the http engine.  One thread, one multi handle on epoll, easy
 * handles that are set up once and get nothing but another URL each time:
 *
 *     http_floor discard [-j N] LIST
 *     http_floor files [-j N] -o DIR LIST
 *
 *     discard   bodies are counted and forgotten
 *     files     each body goes into a file below DIR by open(), write() and
 *               close(), on the same thread, with the names of `fetchpool get
 *               --layout index`
 *     -j N      transfers at once (64)
 *
 * LIST is a file with one URL a line, all of which must give status 200.  It
 * prints a line of JSON with what was fetched, and fails if anything was not;
 * rates, CPU time and memory are measured from outside, see http_bench.sh. */
#include <curl/curl.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define MAX_JOBS       65536u
#define MAX_EVENTS     64
#define MAX_NAME       64
#define FILES_A_FOLDER 10000u

struct slot {
    struct floor *floor;
    CURL *easy;
    /* Files only: where the body goes, and what has come of it. */
    char name[MAX_NAME];
    char *data;
    size_t size;
    size_t capacity;
};

struct floor {
    bool is_storing;
    int dir_fd;
    FILE *list;
    char *line; /* getline()'s */
    size_t line_capacity;
    CURLM *multi;
    int epoll;
    int64_t due_ms; /* when libcurl wants to be called; -1: never */
    unsigned n_slots;
    struct slot *slots;
    unsigned n_running;
    uint64_t n_begun;
    uint64_t n_done;
    uint64_t n_failed;
    uint64_t bytes;
};

static void give_up(const char *what)
{
    fprintf(stderr, "http_floor: %s: %s\n", what, strerror(errno));
    exit(1);
}

static int64_t now_ms(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* ---- Bodies. */

static size_t count_body(char *data, size_t one, size_t n, void *slot)
{
    struct slot *s = slot;

    (void)data;
    s->floor->bytes += one * n;
    return one * n;
}

static size_t keep_body(char *data, size_t one, size_t n, void *slot)
{
    struct slot *s = slot;
    size_t size = one * n;

    if (s->size + size > s->capacity) {
        s->capacity = 2 * (s->size + size);
        s->data = realloc(s->data, s->capacity);
        if (s->data == NULL) {
            give_up("memory");
        }
    }
    memcpy(s->data + s->size, data, size);
    s->size += size;
    s->floor->bytes += size;
    return size;
}

/* The name of the next file, for which it makes the folder when it is the first
 * one there. */
static void name_file(struct slot *s, const char *url)
{
    const char *base = strrchr(url, '/');
    const char *extension = base == NULL ? NULL : strrchr(base, '.');
    uint64_t seq = s->floor->n_begun;

    snprintf(s->name, sizeof(s->name), "%04" PRIu64, seq / FILES_A_FOLDER);
    if (seq % FILES_A_FOLDER == 0 &&
        mkdirat(s->floor->dir_fd, s->name, 0777) != 0 && errno != EEXIST) {
        give_up(s->name);
    }
    snprintf(s->name, sizeof(s->name), "%04" PRIu64 "/%08" PRIu64 "%.16s",
             seq / FILES_A_FOLDER, seq, extension == NULL ? "" : extension);
}

static void store(struct slot *s)
{
    int fd = openat(s->floor->dir_fd, s->name,
                    O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    size_t written = 0;

    if (fd < 0) {
        give_up(s->name);
    }
    while (written < s->size) {
        ssize_t n = write(fd, s->data + written, s->size - written);

        if (n < 0 && errno != EINTR) {
            give_up(s->name);
        }
        written += n > 0 ? (size_t)n : 0;
    }
    close(fd);
}

/* ---- Transfers. */

/* The next line without its end; NULL at the end of the list. */
static const char *next_url(struct floor *f)
{
    ssize_t n;

    do {
        n = getline(&f->line, &f->line_capacity, f->list);
        if (n < 0) {
            return NULL;
        }
        f->line[strcspn(f->line, "\r\n")] = '\0';
    } while (f->line[0] == '\0');
    return f->line;
}

/* Puts the slot's handle to work, if there is more to do. */
static void begin(struct slot *s)
{
    struct floor *f = s->floor;
    const char *url = next_url(f);

    if (url == NULL) {
        return;
    }
    if (f->is_storing) {
        name_file(s, url);
        s->size = 0;
    }
    if (curl_easy_setopt(s->easy, CURLOPT_URL, url) != CURLE_OK ||
        curl_multi_add_handle(f->multi, s->easy) != CURLM_OK) {
        give_up("libcurl");
    }
    f->n_begun++;
    f->n_running++;
}

static void end(struct slot *s, CURLcode code)
{
    struct floor *f = s->floor;
    long status = 0;

    curl_easy_getinfo(s->easy, CURLINFO_RESPONSE_CODE, &status);
    curl_multi_remove_handle(f->multi, s->easy);
    f->n_running--;
    if (code != CURLE_OK || status != 200) {
        f->n_failed++;
        return;
    }
    f->n_done++;
    if (f->is_storing) {
        store(s);
    }
}

static void set_up(struct slot *s)
{
    struct floor *f = s->floor;

    s->easy = curl_easy_init();
    if (s->easy == NULL) {
        give_up("libcurl");
    }
    curl_easy_setopt(s->easy, CURLOPT_PRIVATE, (char *)s);
    curl_easy_setopt(s->easy, CURLOPT_WRITEFUNCTION,
                     f->is_storing ? keep_body : count_body);
    curl_easy_setopt(s->easy, CURLOPT_WRITEDATA, s);
    curl_easy_setopt(s->easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(s->easy, CURLOPT_PROXY, "");
    curl_easy_setopt(s->easy, CURLOPT_HTTP_VERSION,
                     (long)CURL_HTTP_VERSION_1_1);
}

/* Ends what is finished, and lets the same handles go on. */
static void harvest(struct floor *f)
{
    int n_left;
    CURLMsg *message;

    while ((message = curl_multi_info_read(f->multi, &n_left)) != NULL) {
        CURLcode code = message->data.result;
        struct slot *s = NULL;

        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&s);
        end(s, code);
        begin(s);
    }
}

/* ---- The loop. */

static int watch_socket(CURL *easy, curl_socket_t fd, int what, void *floor,
                        void *is_known)
{
    struct floor *f = floor;
    struct epoll_event event = { .data.fd = fd };

    (void)easy;
    if (what == CURL_POLL_REMOVE) {
        epoll_ctl(f->epoll, EPOLL_CTL_DEL, fd, NULL);
        return 0;
    }
    event.events = ((what & CURL_POLL_IN) != 0 ? EPOLLIN : 0u) |
                   ((what & CURL_POLL_OUT) != 0 ? EPOLLOUT : 0u);
    if (epoll_ctl(f->epoll, is_known == NULL ? EPOLL_CTL_ADD : EPOLL_CTL_MOD,
                  fd, &event) != 0) {
        give_up("epoll");
    }
    curl_multi_assign(f->multi, fd, f);
    return 0;
}

static int set_timer(CURLM *multi, long timeout_ms, void *floor)
{
    struct floor *f = floor;

    (void)multi;
    f->due_ms = timeout_ms < 0 ? -1 : now_ms() + timeout_ms;
    return 0;
}

static int time_left(const struct floor *f)
{
    int64_t left = f->due_ms - now_ms();

    if (f->due_ms < 0) {
        return -1;
    }
    return left < 0 ? 0 : (int)left;
}

static void turn(struct floor *f)
{
    struct epoll_event events[MAX_EVENTS];
    int n = epoll_wait(f->epoll, events, MAX_EVENTS, time_left(f));
    int ignored;

    for (int i = 0; i < n; i++) {
        unsigned e = events[i].events;
        int what = ((e & EPOLLIN) != 0 ? CURL_CSELECT_IN : 0) |
                   ((e & EPOLLOUT) != 0 ? CURL_CSELECT_OUT : 0) |
                   ((e & (EPOLLERR | EPOLLHUP)) != 0 ? CURL_CSELECT_ERR : 0);

        curl_multi_socket_action(f->multi, events[i].data.fd, what, &ignored);
    }
    if (f->due_ms >= 0 && time_left(f) == 0) {
        f->due_ms = -1;
        curl_multi_socket_action(f->multi, CURL_SOCKET_TIMEOUT, 0, &ignored);
    }
    harvest(f);
}

static void run(struct floor *f)
{
    for (unsigned i = 0; i < f->n_slots; i++) {
        f->slots[i].floor = f;
        set_up(&f->slots[i]);
        begin(&f->slots[i]);
    }
    while (f->n_running > 0) {
        turn(f);
    }
}

static void open_all(struct floor *f)
{
    f->epoll = epoll_create1(EPOLL_CLOEXEC);
    f->multi = curl_multi_init();
    f->slots = calloc(f->n_slots, sizeof(*f->slots));
    if (f->epoll < 0 || f->multi == NULL || f->slots == NULL) {
        give_up("start");
    }
    curl_multi_setopt(f->multi, CURLMOPT_SOCKETFUNCTION, watch_socket);
    curl_multi_setopt(f->multi, CURLMOPT_SOCKETDATA, f);
    curl_multi_setopt(f->multi, CURLMOPT_TIMERFUNCTION, set_timer);
    curl_multi_setopt(f->multi, CURLMOPT_TIMERDATA, f);
    curl_multi_setopt(f->multi, CURLMOPT_MAXCONNECTS, (long)f->n_slots);
}

static void close_all(struct floor *f)
{
    for (unsigned i = 0; i < f->n_slots; i++) {
        curl_easy_cleanup(f->slots[i].easy);
        free(f->slots[i].data);
    }
    curl_multi_cleanup(f->multi);
    close(f->epoll);
    free(f->slots);
    free(f->line);
    fclose(f->list);
    if (f->dir_fd >= 0) {
        close(f->dir_fd);
    }
}

static int usage(void)
{
    fprintf(stderr, "usage: http_floor discard [-j N] LIST\n"
                    "       http_floor files [-j N] -o DIR LIST\n");
    return 2;
}

/* What comes after the first word; false if it makes no sense. */
static bool read_options(struct floor *f, int argc, char **argv)
{
    const char *dir = NULL;
    int key;

    while ((key = getopt(argc, argv, "j:o:")) != -1) {
        if (key == 'j') {
            f->n_slots = (unsigned)strtoul(optarg, NULL, 10);
        } else if (key == 'o') {
            dir = optarg;
        } else {
            return false;
        }
    }
    if (argc - optind != 1 || f->n_slots == 0 || f->n_slots > MAX_JOBS ||
        f->is_storing != (dir != NULL)) {
        return false;
    }
    f->list = fopen(argv[optind], "re");
    if (f->list == NULL) {
        give_up(argv[optind]);
    }
    if (dir != NULL) {
        f->dir_fd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (f->dir_fd < 0) {
            give_up(dir);
        }
    }
    return true;
}

int main(int argc, char **argv)
{
    struct floor f = { .dir_fd = -1, .due_ms = -1, .n_slots = 64 };

    f.is_storing = argc > 1 && strcmp(argv[1], "files") == 0;
    if (argc < 2 || (!f.is_storing && strcmp(argv[1], "discard") != 0) ||
        !read_options(&f, argc - 1, argv + 1)) {
        return usage();
    }
    curl_global_init(CURL_GLOBAL_DEFAULT);
    open_all(&f);
    run(&f);
    printf("{\"ok\":%" PRIu64 ",\"failed\":%" PRIu64 ",\"bytes\":%" PRIu64
           "}\n",
           f.n_done, f.n_failed, f.bytes);
    close_all(&f);
    curl_global_cleanup();
    return f.n_failed == 0 ? 0 : 1;
}
