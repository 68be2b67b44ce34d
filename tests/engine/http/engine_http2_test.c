/* SPDX-License-Identifier: MIT */
/* HTTP/2 of the http engine from end to end, against nginx: all requests to a
 * host share a connection, and one that ends badly harms no other.  The path of
 * nginx is in the environment: NGINX_PROGRAM. */
#include <arpa/inet.h>
#include <fcntl.h>
#include <spawn.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine/http/fetches.h"
#include "engine/http/web.h"

extern char **environ;

static struct fpool *pool;
static char directory[64];
static pid_t shell;
static int input; /* of the shell */
static int port;
static const char *ca;

static void write_config(const char *path)
{
    FILE *file = fopen(path, "we");

    assert_non_null(file);
    /* All paths are relative to what -p says. */
    fprintf(file,
            "%sdaemon off;\nworker_processes 1;\npid pid;\n"
            "error_log stderr crit;\n"
            "events { worker_connections 512; }\n"
            "http {\n"
            "  access_log off;\n"
            "  client_body_temp_path t1;\n  proxy_temp_path t2;\n"
            "  fastcgi_temp_path t3;\n  uwsgi_temp_path t4;\n"
            "  scgi_temp_path t5;\n"
            "  keepalive_requests 100000;\n"
            "  server {\n"
            "    listen 127.0.0.1:%d ssl http2;\n"
            "    ssl_certificate good.pem;\n"
            "    ssl_certificate_key good.pem;\n"
            "    root .;\n"
            "    location = /who { return 200 \"$connection\"; }\n"
            "    location = /bad { return 500; }\n"
            "    location = /slow { limit_rate 1000; }\n"
            "  }\n"
            "}\n",
            geteuid() == 0 ? "user root root;\n" : "", port);
    assert_int_equal(fclose(file), 0);
}

/* nginx takes over a socket that is open already (it does so when it is
 * replaced by a newer one), so that no port is guessed and nobody waits. */
static int open_listener(void)
{
    struct sockaddr_in address = { .sin_family = AF_INET };
    socklen_t size = sizeof(address);
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, size), 0);
    assert_int_equal(listen(fd, 128), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &size), 0);
    port = ntohs(address.sin_port);
    return fd;
}

static void make_file(const char *path, off_t size)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);

    assert_true(fd >= 0);
    assert_int_equal(ftruncate(fd, size), 0);
    close(fd);
}

/* A shell that ends nginx when its input ends, which it does with this
 * process at the latest. */
static void start_nginx(const char *config)
{
    static const char *const script =
        "nginx=$1; shift; \"$nginx\" \"$@\" & cat; kill $!; wait $!";
    const char *const words[] = {
        "sh", "-c",   script, "sh",      getenv("NGINX_PROGRAM"),
        "-c", config, "-p",   directory, NULL
    };
    posix_spawn_file_actions_t actions;
    char *arguments[N_ELEMENTS(words)];
    int ends[2];
    size_t i;

    for (i = 0; i < N_ELEMENTS(words); i++) {
        arguments[i] = (char *)(uintptr_t)words[i];
    }
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[0], STDIN_FILENO);
    assert_int_equal(
        posix_spawnp(&shell, "sh", &actions, NULL, arguments, environ), 0);
    posix_spawn_file_actions_destroy(&actions);
    close(ends[0]);
    input = ends[1];
}

static int set_up(void **state)
{
    const char *config;
    int listener;

    (void)state;
    assert_non_null(getenv("NGINX_PROGRAM"));
    certs_make(directory, sizeof(directory));
    config = web_text("%s/conf", directory);
    listener = open_listener();
    write_config(config);
    make_file(web_text("%s/big", directory), 3000000);
    make_file(web_text("%s/slow", directory), 500000);
    setenv("NGINX", web_text("%d;", listener), 1);
    start_nginx(config);
    unsetenv("NGINX");
    close(listener);
    ca = strdup(web_text("%s/ca.pem", directory));
    pool = make_pool(1);
    return 0;
}

static int tear_down(void **state)
{
    int status;

    (void)state;
    fpool_destroy(&pool);
    close(input);
    assert_int_equal(waitpid(shell, &status, 0), shell);
    certs_remove(directory);
    free((char *)(uintptr_t)ca);
    return 0;
}

static void requests_share_a_connection(void **state)
{
    struct fetches f = { 0 };
    size_t k;

    (void)state;
    for (k = 0; k < 200; k++) {
        fetches_add(&f, "https://127.0.0.1:%d/who", port);
    }
    fetches_run(
        &f, pool,
        FPOOL_HTTP(.flags = FPOOL_HTTP_2, .ca_file = ca, .per_host = 50), NULL);
    fetches_check_all_ok(&f);
    for (k = 0; k < 200; k++) {
        assert_string_equal(fetches_response(&f, k)->http_version, "2");
        assert_string_equal(fetches_response(&f, k)->body,
                            fetches_response(&f, 0)->body);
    }
    fetches_release(&f);
}

/* In a pool of its own: libcurl does not share connections to a host with which
 * it has once spoken HTTP/1.1. */
static void it_is_not_used_unasked(void **state)
{
    FPOOL_SCOPED struct fpool *other = make_pool(1);
    struct fpool_result r =
        fetch_one(other, FPOOL_HTTP(.ca_file = ca),
                  web_text("https://127.0.0.1:%d/who", port));

    (void)state;
    assert_int_equal(r.status, FPOOL_OK);
    assert_string_equal(fpool_result_http(&r)->http_version, "1.1");
    fpool_result_release(&r);
}

/* Streams that are too slow or refused end alone. */
static void streams_end_alone(void **state)
{
    static const char *const paths[] = { "who", "bad", "none", "slow" };
    struct fetches f = { 0 };
    size_t k;

    (void)state;
    for (k = 0; k < 80; k++) {
        fetches_add(&f, "https://127.0.0.1:%d/%s", port, paths[k % 4]);
    }
    fetches_run(&f, pool,
                FPOOL_HTTP(.flags = FPOOL_HTTP_2 | FPOOL_HTTP_NO_BODY,
                           .ca_file = ca, .per_host = 100, .tries = 1),
                FPOOL_JOB(.item_timeout_ms = 700));
    assert_int_equal(fetches_count(&f, ""), 20);
    assert_int_equal(fetches_count(&f, "timeout.total"), 20);
    assert_int_equal(fetches_count(&f, "http.5xx"), 20);
    assert_int_equal(fetches_count(&f, "http.4xx"), 20);
    fetches_release(&f);
}

static void large_bodies_arrive_side_by_side(void **state)
{
    struct fetches f = { 0 };
    size_t k;

    (void)state;
    for (k = 0; k < 30; k++) {
        fetches_add(&f, "https://127.0.0.1:%d/big", port);
    }
    fetches_run(&f, pool,
                FPOOL_HTTP(.flags = FPOOL_HTTP_2 | FPOOL_HTTP_NO_BODY,
                           .ca_file = ca, .per_host = 10),
                NULL);
    fetches_check_all_ok(&f);
    for (k = 0; k < 30; k++) {
        assert_int_equal(fetches_response(&f, k)->body_size, 3000000);
    }
    fetches_release(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests_share_a_connection),
        cmocka_unit_test(it_is_not_used_unasked),
        cmocka_unit_test(streams_end_alone),
        cmocka_unit_test(large_bodies_arrive_side_by_side),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
