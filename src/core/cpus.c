/* SPDX-License-Identifier: MIT */
/* How many CPUs may this process use?  Affinity, and the quota of its control
 * group (version 2: cpu.max; version 1: cpu.cfs_quota_us). */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "core/cpus.h"
#include "fetchpool/pool.h"

#define MAX_PATH 4096

static unsigned by_affinity(void)
{
    unsigned n = 0;
    int size = 1024;

    while (n == 0 && size <= 1 << 20) {
        cpu_set_t *set = CPU_ALLOC((size_t)size);

        if (set == NULL) {
            break;
        }
        if (sched_getaffinity(0, CPU_ALLOC_SIZE((size_t)size), set) == 0) {
            n = (unsigned)CPU_COUNT_S(CPU_ALLOC_SIZE((size_t)size), set);
        } else if (errno != EINVAL) {
            size = 1 << 20; /* no use trying a larger set */
        }
        CPU_FREE(set);
        size *= 4;
    }
    return n == 0 ? 1 : n;
}

/* The beginning of a small file, as a string. */
static bool read_file(const char *path, char *text, size_t size)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n;

    if (fd < 0) {
        return false;
    }
    n = read(fd, text, size - 1);
    close(fd);
    if (n < 0) {
        return false;
    }
    text[n] = '\0';
    return true;
}

unsigned fpool_quota_parse(const char *text)
{
    char *end;
    long long quota;
    long long period;

    errno = 0;
    quota = strtoll(text, &end, 10);
    if (end == text || errno != 0 || quota <= 0) {
        return 0; /* "max", -1: no quota */
    }
    text = end;
    period = strtoll(text, &end, 10);
    if (end == text || errno != 0 || period <= 0) {
        return 0;
    }
    quota = quota / period + (quota % period != 0);
    return quota > 1 << 20 ? 0 : (unsigned)quota;
}

/* Puts 'prefix', the first 'n' bytes of 'group' and 'name' together. */
static bool join(char *path, const char *prefix, const char *group, size_t n,
                 const char *name)
{
    size_t p = strlen(prefix);
    size_t l = strlen(name);

    if (p + n + l >= MAX_PATH) {
        return false;
    }
    memcpy(path, prefix, p);
    memcpy(path + p, group, n);
    memcpy(path + p + n, name, l + 1);
    return true;
}

/* The quota of one group, 0 for none. */
static unsigned quota_of(const char *prefix, const char *group, size_t n,
                         bool is_v2)
{
    char path[MAX_PATH];
    char text[256];
    char period[128];
    size_t used;

    if (is_v2) {
        return join(path, prefix, group, n, "/cpu.max") &&
                       read_file(path, text, sizeof(text))
                   ? fpool_quota_parse(text)
                   : 0;
    }
    if (!join(path, prefix, group, n, "/cpu.cfs_quota_us") ||
        !read_file(path, text, sizeof(text) / 2) ||
        !join(path, prefix, group, n, "/cpu.cfs_period_us") ||
        !read_file(path, period, sizeof(period))) {
        return 0;
    }
    used = strlen(text);
    text[used] = ' ';
    memcpy(text + used + 1, period, strlen(period) + 1);
    return fpool_quota_parse(text);
}

/* The least quota of the group and all above it. */
static unsigned least_quota(const char *prefix, const char *group, bool is_v2)
{
    size_t n = strlen(group);
    unsigned least = 0;
    unsigned q;

    for (;;) {
        while (n > 0 && group[n - 1] == '/') {
            n--;
        }
        q = quota_of(prefix, group, n, is_v2);
        if (q != 0 && (least == 0 || q < least)) {
            least = q;
        }
        if (n == 0) {
            return least;
        }
        while (n > 0 && group[n - 1] != '/') {
            n--;
        }
    }
}

/* Whether the comma-separated controllers have "cpu". */
static bool has_cpu(const char *list, const char *end)
{
    while (list < end) {
        const char *comma = memchr(list, ',', (size_t)(end - list));
        const char *stop = comma == NULL ? end : comma;

        if (stop - list == 3 && memcmp(list, "cpu", 3) == 0) {
            return true;
        }
        list = stop + 1;
    }
    return false;
}

/* One line of /proc/self/cgroup: id:controllers:path. */
static unsigned quota_of_line(char *line)
{
    char *controllers = strchr(line, ':');
    char *group = controllers == NULL ? NULL : strchr(controllers + 1, ':');
    unsigned q;

    if (group == NULL) {
        return 0;
    }
    if (group == controllers + 1) {
        q = least_quota("/sys/fs/cgroup", group + 1, true);
        return q != 0 ? q
                      : least_quota("/sys/fs/cgroup/unified", group + 1, true);
    }
    if (has_cpu(controllers + 1, group)) {
        q = least_quota("/sys/fs/cgroup/cpu", group + 1, false);
        return q != 0 ? q
                      : least_quota("/sys/fs/cgroup/cpu,cpuacct", group + 1,
                                    false);
    }
    return 0;
}

static unsigned by_quota(void)
{
    char text[MAX_PATH];
    char *line = text;
    unsigned least = 0;

    if (!read_file("/proc/self/cgroup", text, sizeof(text))) {
        return 0;
    }
    while (*line != '\0') {
        char *end = line + strcspn(line, "\n");
        bool is_last = *end == '\0';
        unsigned q;

        *end = '\0';
        q = quota_of_line(line);
        if (q != 0 && (least == 0 || q < least)) {
            least = q;
        }
        line = is_last ? end : end + 1;
    }
    return least;
}

unsigned fpool_usable_cpus(void)
{
    unsigned n = by_affinity();
    unsigned quota = by_quota();

    return quota != 0 && quota < n ? quota : n;
}
