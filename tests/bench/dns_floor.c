/* SPDX-License-Identifier: MIT */
/* What asking a list of names costs at the very least: a yardstick for the dns
 * engine.  One thread sends N queries of type A and counts the answers:
 *
 *     dns_floor [OPTION]... NAMES-FILE ADDRESS:PORT
 *
 *     --raw           bare sockets, sendmmsg() and recvmmsg() (the default)
 *     --cares         one c-ares channel on one socket
 *     --cares-mmsg    one c-ares channel with socket functions that batch
 *     --build         c-ares builds the query and its identifier: ares_query()
 *                     instead of ares_send()
 *     -n N            queries (200000); the names go round
 *     -w N            queries at once (500)
 *     -s N            sockets (1)
 *     --unconnected   raw: sockets that are not connected
 *     --no-opt        queries without an OPT record
 *     --rcvbuf BYTES  receive buffer of each socket (1048576; 0: the default)
 *     --label TEXT    goes into the output as it is
 *
 * It prints a line of JSON: names a second, microseconds of CPU time (user and
 * system) a name, the most memory it had, what was lost.  The time for reading
 * the names is not counted.  A lost query is sent again, so that every run
 * ends. */
#include "dns_floor.h"

#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static const char *const mode_names[] = {
    [FLOOR_RAW] = "raw",
    [FLOOR_CARES] = "cares",
    [FLOOR_CARES_MMSG] = "cares-mmsg",
};

int64_t floor_now_us(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

static int64_t cpu_us(void)
{
    struct rusage use;

    getrusage(RUSAGE_SELF, &use);
    return (int64_t)(use.ru_utime.tv_sec + use.ru_stime.tv_sec) * 1000000 +
           use.ru_utime.tv_usec + use.ru_stime.tv_usec;
}

struct sockaddr_in floor_address(const struct floor *f)
{
    struct sockaddr_in to = { .sin_family = AF_INET };

    to.sin_port = htons(f->port);
    inet_pton(AF_INET, f->address, &to.sin_addr);
    return to;
}

int floor_socket(const struct floor *f, bool connected)
{
    struct sockaddr_in to = floor_address(f);
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    if (f->receive_buffer > 0) {
        setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &f->receive_buffer,
                   sizeof(f->receive_buffer));
    }
    if (connected && connect(fd, (struct sockaddr *)&to, sizeof(to)) != 0) {
        close(fd);
        return -1;
    }
    return fd;
}

size_t floor_query(const struct floor *f, uint64_t k, uint16_t id,
                   uint8_t out[FLOOR_MAX_QUERY])
{
    static const uint8_t tail[] = {
        0, 0, 1, 0, 1, 0, 0, 41, FLOOR_REPLY_SIZE >> 8, FLOOR_REPLY_SIZE & 255,
        0, 0, 0, 0, 0, 0
    };
    const uint8_t head[12] = {
        (uint8_t)(id >> 8), (uint8_t)id, 1, 0, 0, 1, 0, 0, 0, 0, 0,
        f->no_opt ? 0 : 1
    };
    const char *name = f->names[k % f->n_names];
    size_t tail_size = f->no_opt ? 5 : sizeof(tail);
    uint8_t *p = out + sizeof(head);
    uint8_t *label = p;

    memcpy(out, head, sizeof(head));
    for (p++; *name != '\0'; name++, p++) {
        *p = (uint8_t)*name;
        if (*name == '.') {
            *label = (uint8_t)(p - label - 1);
            label = p;
        }
    }
    *label = (uint8_t)(p - label - 1);
    memcpy(p, tail, tail_size);
    return (size_t)(p - out) + tail_size;
}

/* Host names only: labels of 1 to 63 ASCII characters, 253 in all. */
static bool is_askable(const char *name)
{
    size_t size = strlen(name);
    size_t label = 0;

    if (size == 0 || size > 253) {
        return false;
    }
    for (; *name != '\0'; name++) {
        if (*name == '.' ? label == 0 : (*name & 0x80) != 0 || ++label > 63) {
            return false;
        }
        label = *name == '.' ? 0 : label;
    }
    return label > 0;
}

static bool read_file(struct floor *f, const char *path, size_t *ret_size)
{
    FILE *file = fopen(path, "r");
    long size = -1;

    if (file != NULL && fseek(file, 0, SEEK_END) == 0) {
        size = ftell(file);
    }
    if (size > 0) {
        rewind(file);
        f->text = malloc((size_t)size + 1);
        f->names = malloc(((size_t)size / 2 + 1) * sizeof(*f->names));
    }
    if (f->text == NULL || f->names == NULL ||
        fread(f->text, 1, (size_t)size, file) != (size_t)size) {
        fprintf(stderr, "dns_floor: cannot read %s\n", path);
        size = -1;
    } else {
        f->text[size] = '\0';
    }
    if (file != NULL) {
        fclose(file);
    }
    *ret_size = (size_t)size;
    return size > 0;
}

static bool read_names(struct floor *f, const char *path)
{
    size_t size;
    char *p;

    if (!read_file(f, path, &size)) {
        return false;
    }
    for (p = f->text; p < f->text + size;) {
        char *end = strchrnul(p, '\n');

        *end = '\0';
        if (is_askable(p)) {
            f->names[f->n_names++] = p;
        }
        p = end + 1;
    }
    return f->n_names > 0;
}

static bool measure(const struct floor *f, const char *label)
{
    struct floor_tally tally = { 0 };
    int64_t cpu = cpu_us();
    int64_t start = floor_now_us();
    struct rusage use;
    double n = (double)f->n_queries;
    double wall;

    if (!(f->mode == FLOOR_RAW ? floor_raw : floor_cares)(f, &tally)) {
        fprintf(stderr, "dns_floor: %s\n", strerror(errno));
        return false;
    }
    wall = (double)(floor_now_us() - start) / 1e6;
    cpu = cpu_us() - cpu;
    getrusage(RUSAGE_SELF, &use);
    printf("{\"label\":\"%s\",\"mode\":\"%s\",\"sockets\":%u,\"connected\":%s,"
           "\"window\":%u,\"names\":%" PRIu64 ",\"wall_s\":%.4f,"
           "\"names_s\":%.0f,\"cpu_us_name\":%.3f,\"rss_kib\":%ld,"
           "\"answered\":%" PRIu64 ",\"resent\":%" PRIu64 ",\"failed\":%" PRIu64
           ",\"noerror\":%" PRIu64 ",\"nxdomain\":%" PRIu64
           ",\"bytes\":%" PRIu64 "}\n",
           label, mode_names[f->mode], f->n_sockets,
           f->is_unconnected ? "false" : "true", f->window, f->n_queries, wall,
           n / wall, (double)cpu / n, use.ru_maxrss, tally.answered,
           tally.resent, tally.failed, tally.rcodes[0], tally.rcodes[3],
           tally.bytes);
    return tally.answered == f->n_queries;
}

static int usage(void)
{
    fprintf(stderr,
            "usage: dns_floor [--raw|--cares|--cares-mmsg] [--build]\n"
            "                 [-n N] [-w N] [-s N] [--unconnected] [--no-opt]\n"
            "                 [--rcvbuf BYTES] [--label TEXT]\n"
            "                 NAMES-FILE ADDRESS:PORT\n");
    return 2;
}

/* Splits ADDRESS:PORT, which it changes. */
static bool read_server(struct floor *f, char *text)
{
    char *colon = strrchr(text, ':');
    struct in_addr ignored;
    unsigned long port;

    if (colon == NULL) {
        return false;
    }
    *colon = '\0';
    f->address = text;
    port = strtoul(colon + 1, NULL, 10);
    f->port = (uint16_t)port;
    return port > 0 && port < 65536 && inet_pton(AF_INET, text, &ignored) == 1;
}

static bool is_sane(const struct floor *f)
{
    return f->n_queries > 0 && f->window > 0 && f->window <= FLOOR_MAX_WINDOW &&
           f->n_sockets > 0 && f->n_sockets <= FLOOR_MAX_SOCKETS &&
           f->receive_buffer >= 0;
}

enum option_key {
    OPTION_RAW = 256,
    OPTION_CARES,
    OPTION_CARES_MMSG,
    OPTION_BUILD,
    OPTION_UNCONNECTED,
    OPTION_NO_OPT,
    OPTION_RCVBUF,
    OPTION_LABEL
};

static const struct option long_options[] = {
    { "raw", no_argument, NULL, OPTION_RAW },
    { "cares", no_argument, NULL, OPTION_CARES },
    { "cares-mmsg", no_argument, NULL, OPTION_CARES_MMSG },
    { "build", no_argument, NULL, OPTION_BUILD },
    { "unconnected", no_argument, NULL, OPTION_UNCONNECTED },
    { "no-opt", no_argument, NULL, OPTION_NO_OPT },
    { "rcvbuf", required_argument, NULL, OPTION_RCVBUF },
    { "label", required_argument, NULL, OPTION_LABEL },
    { NULL, 0, NULL, 0 },
};

static bool take_option(struct floor *f, int key, const char **label)
{
    switch (key) {
    case OPTION_RAW:
    case OPTION_CARES:
    case OPTION_CARES_MMSG:
        f->mode = (enum floor_mode)(key - OPTION_RAW);
        return true;
    case OPTION_BUILD:
        f->build = true;
        return true;
    case OPTION_UNCONNECTED:
        f->is_unconnected = true;
        return true;
    case OPTION_NO_OPT:
        f->no_opt = true;
        return true;
    case OPTION_RCVBUF:
        f->receive_buffer = (int)strtol(optarg, NULL, 10);
        return true;
    case OPTION_LABEL:
        *label = optarg;
        return true;
    case 'n':
        f->n_queries = strtoull(optarg, NULL, 10);
        return true;
    case 'w':
        f->window = (unsigned)strtoul(optarg, NULL, 10);
        return true;
    case 's':
        f->n_sockets = (unsigned)strtoul(optarg, NULL, 10);
        return true;
    default:
        return false;
    }
}

int main(int argc, char **argv)
{
    struct floor f = { .n_queries = 200000,
                       .window = 500,
                       .n_sockets = 1,
                       .receive_buffer = 1048576 };
    const char *label = "";
    int key;
    int status = 1;

    while ((key = getopt_long(argc, argv, "n:w:s:", long_options, NULL)) !=
           -1) {
        if (!take_option(&f, key, &label)) {
            return usage();
        }
    }
    if (argc - optind != 2 || !is_sane(&f) ||
        !read_server(&f, argv[optind + 1])) {
        return usage();
    }
    if (read_names(&f, argv[optind])) {
        status = measure(&f, label) ? 0 : 1;
    }
    free(f.names);
    free(f.text);
    return status;
}
