/* SPDX-License-Identifier: MIT */
/* Asks a DNS server until it answers: `dnsd --ask`.  Called by dnsd.c. */
#include "dnsd.h"

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define PATIENCE_US 30000000
#define INTERVAL_MS 20
#define ASK_ID      0x4d41

static size_t write_query(const char *name, unsigned type, uint8_t *bytes,
                          size_t max)
{
    struct message m = { .bytes = bytes, .max = max };

    put16(&m, ASK_ID);
    put16(&m, 0x0100);
    put16(&m, 1);
    put16(&m, 0);
    put32(&m, 0);
    put_name(&m, name);
    put16(&m, type);
    put16(&m, 1);
    return m.is_full ? 0 : m.size;
}

static bool is_answer(const uint8_t *bytes, ssize_t size)
{
    return size >= DNSD_HEADER_SIZE && bytes[0] == ASK_ID >> 8 &&
           bytes[1] == (ASK_ID & 255) && (bytes[2] & 0x80) != 0;
}

/* One try; a server that does not listen yet refuses at once, and the poll is
 * then what keeps the tries apart. */
static bool ask_once(int fd, const uint8_t *query, size_t query_size,
                     uint8_t *answer, size_t max)
{
    struct pollfd wait = { .fd = fd, .events = POLLIN };
    int64_t end = clock_us() + INTERVAL_MS * 1000;
    int64_t left = INTERVAL_MS;

    if (send(fd, query, query_size, 0) < 0) {
        wait.fd = -1;
    }
    for (; left > 0; left = (end - clock_us() + 999) / 1000) {
        if (poll(&wait, 1, (int)left) <= 0 || wait.fd < 0) {
            continue;
        }
        if (is_answer(answer, recv(fd, answer, max, MSG_DONTWAIT))) {
            return true;
        }
        if ((wait.revents & POLLERR) != 0) {
            wait.fd = -1;
        }
    }
    return false;
}

int ask_until_answered(long port, const char *name, unsigned type)
{
    struct sockaddr_in to = { .sin_family = AF_INET };
    uint8_t query[300];
    uint8_t answer[DNSD_UDP_SIZE];
    size_t size = write_query(name, type, query, sizeof(query));
    int64_t end = clock_us() + PATIENCE_US;
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    bool is_answered = false;

    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    to.sin_port = htons((uint16_t)port);
    if (size > 0 && connect(fd, (struct sockaddr *)&to, sizeof(to)) == 0) {
        while (!is_answered && clock_us() < end) {
            is_answered = ask_once(fd, query, size, answer, sizeof(answer));
        }
    }
    close(fd);
    if (!is_answered) {
        fprintf(stderr, "dnsd: no answer from port %ld\n", port);
        return 1;
    }
    printf("%d %d\n", answer[3] & 15, answer[6] << 8 | answer[7]);
    return 0;
}
