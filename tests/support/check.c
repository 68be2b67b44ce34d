/* SPDX-License-Identifier: MIT */
/* Helpers of the tests; see check.h. */
#include "check.h"

#include <dirent.h>
#include <linux/futex.h>
#include <pthread.h>
#include <poll.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fetchpool/call.h"

void check_status(enum fpool_status got, enum fpool_status wanted,
                  const char *file, int line)
{
    if (got != wanted) {
        print_error("%s:%d: %s, wanted %s\n", file, line,
                    fpool_status_name(got), fpool_status_name(wanted));
        _fail(file, line);
    }
}

/* ---- Doors, on futex(2): a test waits for events, never for time. */

static void word_wait(atomic_int *word, int value)
{
    syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, value, NULL, NULL, 0);
}

static void word_wake(atomic_int *word)
{
    syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, INT32_MAX, NULL, NULL, 0);
}

void await_count(atomic_int *counter, int n)
{
    int now;

    /* Counters are not waited for with a futex, as their writers wake nobody. */
    while ((now = atomic_load(counter)) < n) {
        syscall(SYS_sched_yield);
    }
}

void door_wait(struct door *door)
{
    atomic_fetch_add(&door->n_waiting, 1);
    while (atomic_load(&door->is_open) == 0) {
        word_wait(&door->is_open, 0);
    }
    atomic_fetch_add(&door->n_left, 1);
}

void door_open(struct door *door)
{
    atomic_store(&door->is_open, 1);
    word_wake(&door->is_open);
}

void door_await(struct door *door, int n)
{
    await_count(&door->n_waiting, n);
}

static int count_entries(const char *path)
{
    DIR *dir = opendir(path);
    int n = 0;

    if (dir == NULL) {
        return -1;
    }
    while (readdir(dir) != NULL) {
        n++;
    }
    closedir(dir);
    return n - 2;
}

static void *nothing(void *arg)
{
    return arg;
}

/* The thread sanitizer adds a thread of its own to the first that is made. */
static void warm_up(void)
{
    static bool is_warm;
    pthread_t thread;

    if (!is_warm && pthread_create(&thread, NULL, nothing, NULL) == 0) {
        pthread_join(thread, NULL);
        is_warm = true;
    }
}

/* Whether a thread is on its way out.  It may have been joined already: the
 * kernel tells the joiner first and removes the entry below /proc later. */
static bool is_exiting(const char *id)
{
    const unsigned long pf_exiting = 4;
    char path[64];
    char text[512] = "";
    unsigned long flags = 0;
    const char *rest;
    FILE *file;

    snprintf(path, sizeof(path), "/proc/self/task/%s/stat", id);
    file = fopen(path, "re");
    if (file == NULL) {
        return true;
    }
    rest = fgets(text, sizeof(text), file) == NULL ? NULL : strrchr(text, ')');
    fclose(file);
    return rest == NULL ||
           sscanf(rest, ") %*c %*d %*d %*d %*d %*d %lu", &flags) != 1 ||
           (flags & pf_exiting) != 0;
}

int count_threads(void)
{
    struct dirent *entry;
    DIR *dir;
    int n = 0;

    warm_up();
    dir = opendir("/proc/self/task");
    if (dir == NULL) {
        return -1;
    }
    while ((entry = readdir(dir)) != NULL) {
        n += entry->d_name[0] != '.' && !is_exiting(entry->d_name);
    }
    closedir(dir);
    return n;
}

void await_threads(int n)
{
    while (count_threads() > n) {
        syscall(SYS_sched_yield);
    }
}

int count_descriptors(void)
{
    return count_entries("/proc/self/fd") - 1; /* less the one that looks */
}

int task_square(struct fpool_task *task, void *item, void **ret_value)
{
    (void)task;
    *ret_value = from_int(to_int(item) * to_int(item));
    return 0;
}

int task_door(struct fpool_task *task, void *item, void **ret_value)
{
    door_wait(fpool_task_userdata(task));
    *ret_value = item;
    return 0;
}

int task_until_told(struct fpool_task *task, void *item, void **ret_value)
{
    struct door *door = fpool_task_userdata(task);
    struct pollfd fd = { .fd = fpool_cancel_fd(fpool_task_cancel_token(task)),
                         .events = POLLIN };

    atomic_fetch_add(&door->n_waiting, 1);
    while (!fpool_task_is_cancelled(task)) {
        poll(&fd, 1, -1);
    }
    atomic_fetch_add(&door->n_left, 1);
    *ret_value = item;
    return 0;
}

int task_code(struct fpool_task *task, void *item, void **ret_value)
{
    (void)task;
    *ret_value = NULL;
    return (int)to_int(item);
}

atomic_int n_objects_made;
atomic_int n_objects_dropped;

void *object_make(uintptr_t value)
{
    uintptr_t *object = malloc(sizeof(*object));

    if (object == NULL) {
        abort();
    }
    *object = value;
    atomic_fetch_add(&n_objects_made, 1);
    return object;
}

uintptr_t object_value(const void *object)
{
    return *(const uintptr_t *)object;
}

void object_drop(void *object)
{
    atomic_fetch_add(&n_objects_dropped, 1);
    free(object);
}

void objects_begin(void)
{
    atomic_store(&n_objects_made, 0);
    atomic_store(&n_objects_dropped, 0);
}

void check_objects_gone(int n, const char *file, int line)
{
    int made = atomic_load(&n_objects_made);
    int dropped = atomic_load(&n_objects_dropped);

    if (made < n || made != dropped) {
        print_error("%s:%d: %d objects made, %d dropped, at least %d wanted\n",
                    file, line, made, dropped, n);
        _fail(file, line);
    }
}

static int counted_next(void *self, struct fpool_item *ret_item,
                        struct fpool_cancel *cancel)
{
    struct counted_source *s = self;
    uintptr_t n = (uintptr_t)atomic_load(&s->n_yielded);

    (void)cancel;
    if (n >= s->end) {
        return s->code;
    }
    *ret_item = fpool_item_take(object_make(n), object_drop);
    atomic_fetch_add(&s->n_yielded, 1);
    return FPOOL_OK;
}

static void counted_close(void *self)
{
    struct counted_source *s = self;

    atomic_fetch_add(&s->n_closed, 1);
}

static bool counted_ready(void *self)
{
    (void)self;
    return true;
}

struct fpool_source counted_source(struct counted_source *state)
{
    return (struct fpool_source){ .next = counted_next,
                                  .ready =
                                      state->is_ready ? counted_ready : NULL,
                                  .close = counted_close,
                                  .self = state,
                                  .count = state->hint };
}

int task_object(struct fpool_task *task, void *item, void **ret_value)
{
    (void)task;
    *ret_value = from_int(object_value(item));
    return 0;
}

int task_object_square(struct fpool_task *task, void *item, void **ret_value)
{
    (void)task;
    *ret_value = from_int(object_value(item) * object_value(item));
    return 0;
}

int task_object_copy(struct fpool_task *task, void *item, void **ret_value)
{
    (void)task;
    *ret_value = object_make(object_value(item));
    return 0;
}

/* ---- Pools and streams. */

struct fpool *make_pool(unsigned workers)
{
    struct fpool *pool = NULL;

    assert_ok(fpool_create(&pool, FPOOL_OPTIONS(.workers = workers)));
    return pool;
}

enum fpool_status drain(struct fpool_results *results, int *ret_n)
{
    struct fpool_result r;
    enum fpool_status st;
    int n = 0;

    while ((st = fpool_next(results, &r, GUARD_MS)) == FPOOL_OK) {
        fpool_result_release(&r);
        n++;
    }
    if (ret_n != NULL) {
        *ret_n = n;
    }
    return st;
}

int run_in_child(int (*check)(void *arg), void *arg)
{
    pid_t child = fork();
    int status;

    if (child == 0) {
        alarm(GUARD_MS / 1000); /* one that hangs dies of it */
        _exit(check(arg));
    }
    if (child < 0 || waitpid(child, &status, 0) != child ||
        !WIFEXITED(status)) {
        return -1;
    }
    return WEXITSTATUS(status);
}
