/* SPDX-License-Identifier: Apache-2.0 */
/* Signals that come every millisecond, with handlers as applications have them; and none that capauth brings about. */
#include "support_net.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

static atomic_int signals, broken_pipes;

static void count_signal(int number)
{
    atomic_fetch_add(number == SIGPIPE ? &broken_pipes : &signals, 1);
}

static void handle(int number, int flags)
{
    struct sigaction action = {.sa_handler = count_signal, .sa_flags = flags};

    assert_int_equal(sigaction(number, &action, NULL), 0);
}

/* Interrupts whatever is under way; 0 ends it. */
static void interrupt_every_us(int period_us)
{
    struct itimerval timer = {.it_interval.tv_usec = period_us, .it_value.tv_usec = period_us};

    assert_int_equal(setitimer(ITIMER_REAL, &timer, NULL), 0);
}

/* ---- Interrupted ---- */

static void sign_in_by_pem(void)
{
    capauth_client *client = client_of(shared->url);
    capauth_session *customer;
    char *pem = text_of_file(shared->ca_file);

    assert_code(capauth_client_set_ca_pem(client, pem), CAPAUTH_OK);
    assert_code(capauth_client_prepare(client), CAPAUTH_OK);
    customer = new_mobile(client, "Signals", "919999999993");
    assert_code(capauth_token_generate(customer, NULL, NULL), CAPAUTH_OK);
    assert_code(capauth_otp_generate(customer, NULL, NULL), CAPAUTH_OK);
    assert_code(capauth_otp_validate(customer, "012345", NULL, NULL), CAPAUTH_OK);
    assert_code(capauth_token_regenerate(customer, NULL, NULL), CAPAUTH_OK);
    capauth_session_free(&customer);
    capauth_client_free(&client);
    free(pem);
}

/* No wait ends early, and none fails, because something interrupted it. */
static void wait_in_every_way(void)
{
    enum { WAIT_MS = 150, DEADLINE_MS = 300 };
    struct served it = served_begin(-1);
    int64_t start_ms = now_ms();
    capauth_call *call = start_token(it.customers[0], DEADLINE_MS);

    assert_code(capauth_call_wait(call, WAIT_MS), CAPAUTH_E_PENDING);
    assert_true(now_ms() - start_ms >= WAIT_MS);
    assert_code(capauth_call_wait(call, -1), CAPAUTH_E_DEADLINE);
    assert_true(now_ms() - start_ms >= DEADLINE_MS);
    start_ms = now_ms();
    assert_int_equal(capauth_client_poll(it.client, WAIT_MS), 1); /* the call above */
    assert_int_equal(capauth_client_poll(it.client, WAIT_MS), 0);
    assert_true(now_ms() - start_ms >= WAIT_MS);
    capauth_call_free(&call);
    served_end(&it);
}

static void do_all_while_interrupted(int flags)
{
    handle(SIGALRM, flags);
    atomic_store(&signals, 0);
    interrupt_every_us(1000);
    do { /* a busy machine lets few through at a time */
        sign_in_by_pem();
        wait_in_every_way();
    } while (atomic_load(&signals) <= 100);
    interrupt_every_us(0);
}

TEST(system_calls_that_are_interrupted)
{
    make_brand(shared, "Signals", "{\"FIXED_OTP\":\"012345\"}");
    do_all_while_interrupted(0);
}

TEST(system_calls_that_go_on)
{
    make_brand(shared, "Signals", "{\"FIXED_OTP\":\"012345\"}");
    do_all_while_interrupted(SA_RESTART);
}

/* ---- SIGPIPE ---- */

enum { HANG_UPS = 10, BODY_SIZE = 1 << 20 };

/* Reads a byte of each connection and hangs up on the rest, which resets it while the client is still writing. */
static void *hang_up(void *data)
{
    int listener = *(int *)data;

    for (int i = 0; i < HANG_UPS; i++) {
        int connection = accept(listener, NULL, NULL);
        char byte;

        if (connection < 0)
            break;
        (void)recv(connection, &byte, 1, 0);
        usleep(1000);
        close(connection);
    }
    shutdown(listener, SHUT_RDWR);
    return NULL;
}

static int listen_somewhere(char *url, size_t size)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert_int_equal(bind(listener, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(listener, 16), 0);
    getsockname(listener, (struct sockaddr *)&address, &length);
    snprintf(url, size, "http://127.0.0.1:%d", ntohs(address.sin_port));
    return listener;
}

static void write_much(capauth_client *client, const char *body)
{
    capauth_session *customer = NULL;
    capauth_call *call = NULL;

    assert_code(capauth_session_external_new(client, "Brand", "access", "id", &customer), CAPAUTH_OK);
    assert_code(capauth_gateway_call(customer, "POST", "customer/add", body, NULL, &call), CAPAUTH_OK);
    assert_int_not_equal(capauth_call_wait(call, -1), CAPAUTH_OK);
    capauth_call_free(&call);
    capauth_session_free(&customer);
}

TEST(a_connection_that_is_reset_under_a_body_raises_no_signal)
{
    char url[64], *body = malloc(BODY_SIZE);
    int listener = listen_somewhere(url, sizeof url);
    capauth_client *client = client_of(url);
    pthread_t thread;

    assert_non_null(body);
    memset(body, ' ', BODY_SIZE);
    memcpy(body + BODY_SIZE - 3, "{}", 3);
    handle(SIGPIPE, 0);
    assert_code(capauth_client_set_max_retries(client, 0), CAPAUTH_OK);
    assert_int_equal(pthread_create(&thread, NULL, hang_up, &listener), 0);
    for (int i = 0; i < HANG_UPS; i++)
        write_much(client, body);
    pthread_join(thread, NULL);
    close(listener);
    capauth_client_free(&client);
    free(body);
    assert_int_equal(atomic_load(&broken_pipes), 0);
}

/* TLS says good-bye at the end: to nobody here. */
TEST(tls_that_ends_after_the_other_side_has_gone_raises_no_signal)
{
    make_brand(shared, "Pipes", "{}");
    handle(SIGPIPE, 0);
    for (int i = 0; i < HANG_UPS; i++) {
        struct relay *relay = relay_start(shared->url);
        capauth_client *client = client_of(relay_url(relay));
        capauth_session *customer = new_mobile(client, "Pipes", "919999999993");
        capauth_call *call = NULL;

        assert_code(capauth_client_set_ca_file(client, shared->ca_file), CAPAUTH_OK);
        assert_code(capauth_token_generate(customer, NULL, NULL), CAPAUTH_OK);
        assert_code(capauth_otp_generate(customer, NULL, &call), CAPAUTH_OK);
        if (i % 2)
            (void)capauth_client_poll(client, 0); /* the request is on its way */
        relay_stop(relay);
        if (i % 3)
            (void)capauth_call_wait(call, 10);
        capauth_call_free(&call);
        capauth_session_free(&customer);
        capauth_client_free(&client);
    }
    assert_int_equal(atomic_load(&broken_pipes), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(system_calls_that_are_interrupted),
        cmocka_unit_test(system_calls_that_go_on),
        cmocka_unit_test(a_connection_that_is_reset_under_a_body_raises_no_signal),
        cmocka_unit_test(tls_that_ends_after_the_other_side_has_gone_raises_no_signal),
    };

    return cmocka_run_group_tests(tests, start_shared, stop_shared);
}
