/* SPDX-License-Identifier: MIT */
/* Asks the kernel which address it would send from; called by lookups. */
#include "engine/dns/reach.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

/* Somewhere in the Internet: of a root server, as the documentation's prefix
 * may have a route of its own that ends at once. */
#define SOMEWHERE "2001:503:ba3e::2:30"

/* What its connection would come from.  Of a datagram socket, connect sends
 * nothing. */
static int find_source(int fd, struct sockaddr_in6 *ret_source)
{
    struct sockaddr_in6 to = { .sin6_family = AF_INET6,
                               .sin6_port = htons(53) };
    socklen_t size = sizeof(*ret_source);

    inet_pton(AF_INET6, SOMEWHERE, &to.sin6_addr);
    if (connect(fd, (const struct sockaddr *)&to, sizeof(to)) != 0) {
        return -1;
    }
    return getsockname(fd, (struct sockaddr *)ret_source, &size);
}

/* RFC 4193, and what never leaves its link. */
static enum fpool_dns_v6 judge(const struct in6_addr *source)
{
    if (IN6_IS_ADDR_LINKLOCAL(source) || IN6_IS_ADDR_LOOPBACK(source) ||
        IN6_IS_ADDR_UNSPECIFIED(source)) {
        return FPOOL_DNS_V6_NONE;
    }
    return (source->s6_addr[0] & 0xfe) == 0xfc ? FPOOL_DNS_V6_PRIVATE
                                               : FPOOL_DNS_V6_GLOBAL;
}

enum fpool_dns_v6 fpool_dns_reach_v6(void)
{
    int fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    enum fpool_dns_v6 v6 = FPOOL_DNS_V6_NONE;
    struct sockaddr_in6 source;

    if (fd < 0) {
        return FPOOL_DNS_V6_NONE;
    }
    if (find_source(fd, &source) == 0) {
        v6 = judge(&source.sin6_addr);
    }
    close(fd);
    return v6;
}
