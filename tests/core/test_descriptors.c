/* SPDX-License-Identifier: Apache-2.0 */
/* Descriptors: when they are taken, when they are given back, and what is said when there are none. */
#include "support_net.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum { CLIENTS = 400, LIMIT = 100 };

static int open_descriptors(void)
{
    DIR *folder = opendir("/proc/self/fd");
    int count = 0;

    assert_non_null(folder);
    while (readdir(folder))
        count++;
    closedir(folder);
    return count - 3; /* ".", ".." and the folder's own */
}

/* At most so many, and no limit again with 0. */
static void limit_descriptors(rlim_t most)
{
    struct rlimit limit;

    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    limit.rlim_cur = most ? most : limit.rlim_max;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
}

/* The lowest number that is free: with this limit no more can be opened, with one more a single one. */
static rlim_t all_in_use(void)
{
    int fd = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 0);

    close(fd);
    return (rlim_t)fd;
}

TEST(closed_clients_take_no_descriptors)
{
    static capauth_client *clients[CLIENTS];
    struct served it = served_begin(0);

    limit_descriptors(LIMIT);
    for (int i = 0; i < CLIENTS; i++) {
        clients[i] = client_of(slow_server_url(it.server));
        assert_code(capauth_client_prepare(clients[i]), CAPAUTH_OK);
        assert_code(capauth_client_close(clients[i]), CAPAUTH_OK);
    }
    limit_descriptors(0);
    for (int i = 0; i < CLIENTS; i++)
        capauth_client_free(&clients[i]);
    served_end(&it);
}

/* A pair of sockets by which libcurl wakes itself: it carries no data, and cannot be told to close. */
static bool is_libcurls_own(int fd)
{
    int family = 0;
    socklen_t size = sizeof family;

    return !getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &family, &size) && family == AF_UNIX;
}

TEST(none_passes_to_a_program_that_is_executed)
{
    bool there_before[LIMIT];
    capauth_client *client = client_of(shared->url);
    capauth_session *customer = new_mobile(client, "DocDemo", "919999999993");
    char *pem = text_of_file(shared->ca_file);
    int checked = 0;

    for (int fd = 0; fd < LIMIT; fd++)
        there_before[fd] = fcntl(fd, F_GETFD) >= 0;
    assert_code(capauth_client_set_ca_pem(client, pem), CAPAUTH_OK);
    assert_code(capauth_token_generate(customer, NULL, NULL), CAPAUTH_OK);
    assert_true(capauth_client_fd(client) >= 0);
    for (int fd = 0; fd < LIMIT; fd++) {
        int flags = fcntl(fd, F_GETFD);

        if (flags < 0 || there_before[fd] || is_libcurls_own(fd))
            continue;
        checked++;
        assert_true(flags & FD_CLOEXEC);
    }
    assert_true(checked > 4);
    free(pem);
    capauth_session_free(&customer);
    capauth_client_free(&client);
}

static void *wait_for(void *data)
{
    (void)capauth_call_wait(data, -1);
    return NULL;
}

TEST(the_last_thread_that_leaves_a_closed_client_gives_them_back)
{
    struct served it = served_begin(-1);
    int before = open_descriptors();
    capauth_call *calls[2] = {start_token(it.customers[0], 60000), start_token(it.customers[1], 60000)};
    pthread_t threads[2];

    for (int i = 0; i < 2; i++)
        pthread_create(&threads[i], NULL, wait_for, calls[i]);
    while (slow_server_requests(it.server) < 2)
        usleep(1000);
    assert_code(capauth_client_close(it.client), CAPAUTH_OK);
    for (int i = 0; i < 2; i++) {
        pthread_join(threads[i], NULL);
        assert_code(capauth_call_result(calls[i]), CAPAUTH_E_CANCELLED);
        capauth_call_free(&calls[i]);
    }
    for (int64_t end_ms = now_ms() + 10000; open_descriptors() > before && now_ms() < end_ms;)
        usleep(1000); /* until the server has closed its ends */
    assert_int_equal(open_descriptors(), before);
    served_end(&it);
}

TEST(a_client_that_is_not_used_takes_none)
{
    int before = open_descriptors();
    capauth_client *client = client_of("http://127.0.0.1:1");

    assert_int_equal(open_descriptors(), before);
    capauth_client_free(&client);
}

TEST(a_ca_as_text_takes_one_until_another_is_set_or_the_client_is_freed)
{
    static const char pem[] = "-----BEGIN CERTIFICATE-----";
    int before = open_descriptors();
    capauth_client *client = client_of("http://127.0.0.1:1");
    int with_one;

    assert_code(capauth_client_set_ca_pem(client, pem), CAPAUTH_OK);
    with_one = open_descriptors();
    assert_true(with_one <= before + 1); /* none where a file in memory is not to be had */
    assert_code(capauth_client_set_ca_pem(client, pem), CAPAUTH_OK);
    assert_int_equal(open_descriptors(), with_one);
    capauth_client_free(&client);
    assert_int_equal(open_descriptors(), before);
}

/* ---- None left ---- */

static void assert_says_why(const char *message)
{
    assert_non_null(strstr(message, capauth_strerror(CAPAUTH_E_SYSTEM)));
    assert_non_null(strstr(message, strerror(EMFILE)));
}

TEST(without_descriptors_an_operation_says_why)
{
    struct served it = served_begin(0);
    capauth_call *call = NULL;
    rlim_t used = all_in_use();

    for (rlim_t spare = 0; spare <= 3; spare++) { /* none; not enough to wait with; none for a socket */
        limit_descriptors(used + spare);
        call = start_token(it.customers[0], 20000);
        assert_code(capauth_call_wait(call, 5000), CAPAUTH_E_SYSTEM);
        assert_says_why(capauth_call_error_message(call));
        assert_true(capauth_call_retryable(call));
        assert_false(capauth_call_maybe_sent(call));
        capauth_call_free(&call);
    }
    limit_descriptors(0);
    assert_code(capauth_token_generate(it.customers[0], NULL, NULL), CAPAUTH_OK);
    served_end(&it);
}

TEST(without_descriptors_waiting_says_why)
{
    capauth_client *client = NULL;

    limit_descriptors(all_in_use());
    assert_code(capauth_client_new(&client), CAPAUTH_OK);
    assert_code(capauth_client_poll(client, 0), 0);
    assert_code(capauth_client_poll(client, 20000), CAPAUTH_E_SYSTEM);
    assert_says_why(capauth_client_error_message(client));
    assert_code(capauth_client_fd(client), CAPAUTH_E_SYSTEM);
    assert_says_why(capauth_client_error_message(client));
    limit_descriptors(0);
    assert_true(capauth_client_fd(client) >= 0);
    capauth_client_free(&client);
}

TEST(without_descriptors_certificates_are_not_to_blame)
{
    capauth_client *client = new_client(shared);

    limit_descriptors(all_in_use() + 4); /* for waiting and the socket, none for the CA file */
    assert_code(capauth_client_prepare(client), CAPAUTH_E_SYSTEM);
    assert_says_why(capauth_client_error_message(client));
    limit_descriptors(0);
    assert_code(capauth_client_prepare(client), CAPAUTH_OK);
    capauth_client_free(&client);
}

/* ---- The descriptor for an event loop ---- */

static bool readable(int fd, int timeout_ms)
{
    struct pollfd ready = {.fd = fd, .events = POLLIN};

    return poll(&ready, 1, timeout_ms) == 1 && ready.revents == POLLIN;
}

static void *close_client(void *data)
{
    assert_code(capauth_client_close(data), CAPAUTH_OK);
    return NULL;
}

TEST(closing_wakes_who_watches_the_descriptor)
{
    struct served it = served_begin(-1);
    int fd = capauth_client_fd(it.client);
    capauth_call *call = start_token(it.customers[0], 60000), *done = NULL;
    pthread_t thread;

    while (readable(fd, slow_server_requests(it.server) ? 0 : 10000))
        capauth_client_poll(it.client, 0);
    pthread_create(&thread, NULL, close_client, it.client);
    assert_true(readable(fd, 10000));
    pthread_join(thread, NULL);
    assert_int_equal(capauth_client_poll(it.client, 0), 1);
    assert_int_equal(capauth_client_next_done(it.client, &done), 1);
    assert_ptr_equal(done, call);
    assert_code(capauth_call_result(call), CAPAUTH_E_CANCELLED);
    assert_false(readable(fd, 0));
    capauth_call_free(&call);
    served_end(&it);
}

TEST(closing_wakes_also_when_nothing_is_in_flight)
{
    capauth_client *client = client_of("http://127.0.0.1:1");
    int fd = capauth_client_fd(client);

    assert_false(readable(fd, 0));
    assert_code(capauth_client_close(client), CAPAUTH_OK);
    assert_true(readable(fd, 10000));
    assert_int_equal(capauth_client_poll(client, 0), 0);
    assert_false(readable(fd, 0));
    capauth_client_free(&client);
}

TEST(what_was_started_before_the_descriptor_was_asked_for_makes_it_readable)
{
    struct served it = served_begin(0);
    capauth_call *call = start_token(it.customers[0], 5000);
    int fd = capauth_client_fd(it.client);

    while (!capauth_call_done(call)) {
        assert_true(readable(fd, 10000));
        capauth_client_poll(it.client, 0);
    }
    assert_code(capauth_call_result(call), CAPAUTH_OK);
    capauth_call_free(&call);
    served_end(&it);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(closed_clients_take_no_descriptors),
        cmocka_unit_test(none_passes_to_a_program_that_is_executed),
        cmocka_unit_test(the_last_thread_that_leaves_a_closed_client_gives_them_back),
        cmocka_unit_test(a_client_that_is_not_used_takes_none),
        cmocka_unit_test(a_ca_as_text_takes_one_until_another_is_set_or_the_client_is_freed),
        cmocka_unit_test(without_descriptors_an_operation_says_why),
        cmocka_unit_test(without_descriptors_waiting_says_why),
        cmocka_unit_test(without_descriptors_certificates_are_not_to_blame),
        cmocka_unit_test(closing_wakes_who_watches_the_descriptor),
        cmocka_unit_test(closing_wakes_also_when_nothing_is_in_flight),
        cmocka_unit_test(what_was_started_before_the_descriptor_was_asked_for_makes_it_readable),
    };

    return cmocka_run_group_tests(tests, start_shared, stop_shared);
}
