/* SPDX-License-Identifier: MIT */
/* What of IPv6 there is: as the kernel's tables say. */
#include "engine/dns/reach.h"

#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "support/check.h"

/* A route to everywhere, by a device other than lo, in /proc/net/ipv6_route. */
static bool has_default_route(void)
{
    FILE *file = fopen("/proc/net/ipv6_route", "r");
    bool has = false;
    char line[256];

    while (file != NULL && fgets(line, sizeof(line), file) != NULL) {
        has = has ||
              (strncmp(line, "00000000000000000000000000000000 00", 35) == 0 &&
               strstr(line, " lo\n") == NULL);
    }
    if (file != NULL) {
        fclose(file);
    }
    return has;
}

static void it_is_found_out_without_a_trace(void **state)
{
    int n = count_descriptors();
    enum fpool_dns_v6 v6 = fpool_dns_reach_v6();

    (void)state;
    assert_in_range(v6, FPOOL_DNS_V6_NONE, FPOOL_DNS_V6_GLOBAL);
    assert_int_equal(fpool_dns_reach_v6(), v6);
    assert_int_equal(count_descriptors(), n);
    if (!has_default_route()) {
        assert_int_equal(v6, FPOOL_DNS_V6_NONE);
    }
}

static int check_without_descriptors(void *arg)
{
    const struct rlimit none = { 0, 0 };

    (void)arg;
    return setrlimit(RLIMIT_NOFILE, &none) == 0 &&
                   fpool_dns_reach_v6() == FPOOL_DNS_V6_NONE
               ? 0
               : 1;
}

static void without_descriptors_there_is_none(void **state)
{
    (void)state;
    assert_int_equal(run_in_child(check_without_descriptors, NULL), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_is_found_out_without_a_trace),
        cmocka_unit_test(without_descriptors_there_is_none),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
