/* SPDX-License-Identifier: MIT */
/* The hosts file on the disk: read again when it changes, and no oftener. */
#include "engine/dns/hosts.h"

#include <fcntl.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/mem.h"
#include "engine/dns/type.h"
#include "support/check.h"

#define SECOND 1000000000LL

static const int64_t start = 1000 * SECOND;

struct file {
    char path[40];
    int64_t stamp;
};

static void file_begin(struct file *f)
{
    int fd;

    memcpy(f->path, "/tmp/fetchpool-hosts-XXXXXX", 28);
    fd = mkstemp(f->path);
    assert_true(fd >= 0);
    close(fd);
    f->stamp = 1000000000;
}

/* Gives it new contents, and a time that no other had. */
static void file_write(struct file *f, const char *text)
{
    struct timespec times[2] = { { 0 } };
    int fd = open(f->path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    times[0].tv_sec = times[1].tv_sec = f->stamp++;
    assert_int_equal(futimens(fd, times), 0);
    close(fd);
}

/* "name" has the address 192.0.2.N: N, or 0 when it is not there. */
static unsigned address_of(const struct fpool_dns_hosts *h, const char *name)
{
    struct fpool_dns_question q;
    struct fpool_dns_mix mix;
    const char *reason;

    assert_ok(fpool_dns_question_parse(&q, name, strlen(name), NULL,
                                       FPOOL_DNS_TYPE_A, &reason));
    fpool_dns_mix_init(&mix, FPOOL_DNS_V4, false);
    if (!fpool_dns_hosts_table_find(&h->table, q.wire, q.wire_size, &mix)) {
        return 0;
    }
    assert_int_equal(mix.n[FPOOL_DNS_FAMILY_V4], 1);
    return ntohl(mix.list[FPOOL_DNS_FAMILY_V4][0].v4.sin_addr.s_addr) & 0xff;
}

static void a_change_is_noticed_after_five_seconds(void **state)
{
    struct fpool_dns_hosts h;
    struct file f;

    (void)state;
    file_begin(&f);
    file_write(&f, "192.0.2.1 one\n");
    assert_ok(fpool_dns_hosts_init(&h, f.path));
    assert_int_equal(address_of(&h, "one"), 0);
    fpool_dns_hosts_refresh(&h, start);
    assert_int_equal(address_of(&h, "one"), 1);

    file_write(&f, "192.0.2.2 one\n");
    fpool_dns_hosts_refresh(&h, start + 5 * SECOND - 1);
    assert_int_equal(address_of(&h, "one"), 1);
    fpool_dns_hosts_refresh(&h, start + 5 * SECOND);
    assert_int_equal(address_of(&h, "one"), 2);

    file_write(&f, "192.0.2.2 two\n");
    fpool_dns_hosts_refresh(&h, start + 10 * SECOND);
    assert_int_equal(address_of(&h, "one"), 0);
    assert_int_equal(address_of(&h, "two"), 2);
    fpool_dns_hosts_fini(&h);
    unlink(f.path);
}

static void a_file_that_did_not_change_is_not_read(void **state)
{
    struct fpool_dns_hosts h;
    struct file f;

    (void)state;
    file_begin(&f);
    file_write(&f, "192.0.2.1 one\n");
    assert_ok(fpool_dns_hosts_init(&h, f.path));
    fpool_dns_hosts_refresh(&h, start);
    f.stamp--; /* The same size and time: it cannot be told. */
    file_write(&f, "192.0.2.2 one\n");
    fpool_dns_hosts_refresh(&h, start + 5 * SECOND);
    assert_int_equal(address_of(&h, "one"), 1);
    /* The same time, but another size. */
    f.stamp--;
    file_write(&f, "192.0.2.12 one\n");
    fpool_dns_hosts_refresh(&h, start + 10 * SECOND);
    assert_int_equal(address_of(&h, "one"), 12);
    fpool_dns_hosts_fini(&h);
    unlink(f.path);
}

static void a_file_that_goes_takes_its_names_along(void **state)
{
    struct fpool_dns_hosts h;
    struct file f;

    (void)state;
    file_begin(&f);
    file_write(&f, "192.0.2.1 one\n");
    assert_ok(fpool_dns_hosts_init(&h, f.path));
    fpool_dns_hosts_refresh(&h, start);
    unlink(f.path);
    fpool_dns_hosts_refresh(&h, start + 5 * SECOND);
    assert_int_equal(address_of(&h, "one"), 0);
    f.stamp--;
    file_write(&f, "192.0.2.1 one\n");
    fpool_dns_hosts_refresh(&h, start + 10 * SECOND);
    assert_int_equal(address_of(&h, "one"), 1);
    fpool_dns_hosts_fini(&h);
    unlink(f.path);
}

static void a_directory_has_no_names(void **state)
{
    struct fpool_dns_hosts h;
    struct file f;

    (void)state;
    file_begin(&f);
    file_write(&f, "192.0.2.1 one\n");
    assert_ok(fpool_dns_hosts_init(&h, f.path));
    fpool_dns_hosts_refresh(&h, start);
    unlink(f.path);
    assert_int_equal(mkdir(f.path, 0700), 0);
    fpool_dns_hosts_refresh(&h, start + 5 * SECOND);
    assert_int_equal(address_of(&h, "one"), 0);
    fpool_dns_hosts_fini(&h);
    rmdir(f.path);
}

static void another_file_of_that_name_is_read(void **state)
{
    struct fpool_dns_hosts h;
    struct file f;
    struct file other;

    (void)state;
    file_begin(&f);
    file_begin(&other);
    file_write(&f, "192.0.2.1 one\n");
    file_write(&other, "192.0.2.2 one\n"); /* of the same size and time */
    assert_ok(fpool_dns_hosts_init(&h, f.path));
    fpool_dns_hosts_refresh(&h, start);
    assert_int_equal(rename(other.path, f.path), 0);
    fpool_dns_hosts_refresh(&h, start + 5 * SECOND);
    assert_int_equal(address_of(&h, "one"), 2);
    fpool_dns_hosts_fini(&h);
    unlink(f.path);
}

static void what_is_no_file_is_an_empty_one(void **state)
{
    static const char *const paths[] = { "/tmp", "/dev/zero", "/dev/null",
                                         "/no/such/file", "" };
    struct fpool_dns_hosts h;
    size_t i;

    (void)state;
    for (i = 0; i < N_ELEMENTS(paths); i++) {
        int n = count_descriptors();

        assert_ok(fpool_dns_hosts_init(&h, paths[i]));
        fpool_dns_hosts_refresh(&h, start);
        assert_int_equal(h.table.n_names, 0);
        fpool_dns_hosts_fini(&h);
        assert_int_equal(count_descriptors(), n);
    }
}

static void a_queue_does_not_hold_us_up(void **state)
{
    struct fpool_dns_hosts h;
    struct file f;

    (void)state;
    file_begin(&f);
    unlink(f.path);
    assert_int_equal(mkfifo(f.path, 0600), 0);
    assert_ok(fpool_dns_hosts_init(&h, f.path));
    fpool_dns_hosts_refresh(&h, start);
    assert_int_equal(h.table.n_names, 0);
    fpool_dns_hosts_fini(&h);
    unlink(f.path);
}

/* 64 MiB, most of them a hole: zero bytes make one very long word. */
static void a_file_is_read_up_to_its_bound(void **state)
{
    static const char last[] = "\n192.0.2.1 within\n192.0.2.2 bey";
    static const char more[] = "ond\n192.0.2.3 behind\n";
    struct fpool_dns_hosts h;
    struct file f;
    int fd;

    (void)state;
    file_begin(&f);
    fd = open(f.path, O_WRONLY);
    assert_true(fd >= 0);
    assert_int_equal(
        pwrite(fd, last, sizeof(last) - 1,
               (off_t)FPOOL_DNS_HOSTS_MAX_SIZE - (off_t)sizeof(last) + 1),
        sizeof(last) - 1);
    assert_int_equal(
        pwrite(fd, more, sizeof(more) - 1, (off_t)FPOOL_DNS_HOSTS_MAX_SIZE),
        sizeof(more) - 1);
    close(fd);
    assert_ok(fpool_dns_hosts_init(&h, f.path));
    fpool_dns_hosts_refresh(&h, start);
    assert_int_equal(address_of(&h, "within"), 1);
    assert_int_equal(address_of(&h, "bey"), 0);
    assert_int_equal(address_of(&h, "beyond"), 0);
    assert_int_equal(address_of(&h, "behind"), 0);
    fpool_dns_hosts_fini(&h);
    unlink(f.path);
}

/* A half-read file, or none for want of memory, replaces nothing. */
static void without_memory_what_was_known_stays(void **state)
{
    struct fpool_dns_hosts h;
    struct file f;
    int64_t now = start;
    unsigned long n;

    (void)state;
    fpool_mem_fail_at(1, 1);
    assert_status(fpool_dns_hosts_init(&h, "x"), FPOOL_ENOMEM);
    fpool_mem_fail_at(0, 0);
    fpool_dns_hosts_fini(&h);

    file_begin(&f);
    file_write(&f, "192.0.2.1 one two\n");
    assert_ok(fpool_dns_hosts_init(&h, f.path));
    fpool_dns_hosts_refresh(&h, now);
    file_write(&f, "192.0.2.2 one\n192.0.2.2 two\n");
    for (n = 1; address_of(&h, "one") == 1; n++) {
        assert_int_equal(address_of(&h, "two"), 1);
        fpool_mem_fail_at(n, 0);
        now += 5 * SECOND;
        fpool_dns_hosts_refresh(&h, now);
        fpool_mem_fail_at(0, 0);
        assert_in_range(n, 1, 20);
    }
    assert_in_range(n, 3, 20);
    assert_int_equal(address_of(&h, "two"), 2);
    fpool_dns_hosts_fini(&h);
    unlink(f.path);
}

static int check_without_descriptors(void *arg)
{
    const struct rlimit none = { 0, 0 };
    struct fpool_dns_hosts *h = arg;

    if (setrlimit(RLIMIT_NOFILE, &none) != 0) {
        return 1;
    }
    fpool_dns_hosts_refresh(h, start + 5 * SECOND);
    return address_of(h, "one") == 1 ? 0 : 2;
}

static void without_descriptors_what_was_known_stays(void **state)
{
    struct fpool_dns_hosts h;
    struct file f;

    (void)state;
    file_begin(&f);
    file_write(&f, "192.0.2.1 one\n");
    assert_ok(fpool_dns_hosts_init(&h, f.path));
    fpool_dns_hosts_refresh(&h, start);
    file_write(&f, "192.0.2.2 one\n");
    assert_int_equal(run_in_child(check_without_descriptors, &h), 0);
    fpool_dns_hosts_fini(&h);
    unlink(f.path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_change_is_noticed_after_five_seconds),
        cmocka_unit_test(a_file_that_did_not_change_is_not_read),
        cmocka_unit_test(a_file_that_goes_takes_its_names_along),
        cmocka_unit_test(a_directory_has_no_names),
        cmocka_unit_test(another_file_of_that_name_is_read),
        cmocka_unit_test(what_is_no_file_is_an_empty_one),
        cmocka_unit_test(a_queue_does_not_hold_us_up),
        cmocka_unit_test(a_file_is_read_up_to_its_bound),
        cmocka_unit_test(without_memory_what_was_known_stays),
        cmocka_unit_test(without_descriptors_what_was_known_stays),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
