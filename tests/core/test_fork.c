/* SPDX-License-Identifier: Apache-2.0 */
/* After fork the child may only look, close and free what it inherited; the parent goes on undisturbed. */
#include "support_net.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

struct handles {
    capauth_client *client;
    capauth_session *customer;
    capauth_call *call;
};

/* In a child nobody may jump out of a function as cmocka does: the first line that is wrong is the exit status. */
#define EXPECT(condition)                                                                                              \
    do {                                                                                                               \
        if (!(condition))                                                                                              \
            _exit(__LINE__ % 250 + 1);                                                                                 \
    } while (0)

/* Runs `child` in a child process, which must end well. Not exit: the leak checker would blame it for curl's part. */
static void in_child(void (*child)(struct handles *it), struct handles *it)
{
    pid_t process = fork();
    int status = 0;

    assert_true(process >= 0);
    if (process == 0) {
        alarm(20);
        child(it);
        _exit(0);
    }
    assert_int_equal(waitpid(process, &status, 0), process);
    if (!WIFEXITED(status) || WEXITSTATUS(status))
        fail_msg("the child ended with status %#x, line %% 250: %d", (unsigned)status, WEXITSTATUS(status) - 1);
}

static void free_all(struct handles *it)
{
    capauth_call_free(&it->call);
    capauth_session_free(&it->customer);
    capauth_client_free(&it->client);
}

static void operations_of_the_client(const struct handles *it)
{
    capauth_session *session = NULL;
    capauth_call *call = NULL;
    char *text = NULL;

    EXPECT(capauth_client_poll(it->client, 0) == CAPAUTH_E_FORKED);
    EXPECT(capauth_client_poll(it->client, -1) == CAPAUTH_E_FORKED);
    EXPECT(capauth_client_fd(it->client) == CAPAUTH_E_FORKED);
    EXPECT(capauth_client_next_done(it->client, &call) == CAPAUTH_E_FORKED);
    EXPECT(capauth_client_prepare(it->client) == CAPAUTH_E_FORKED);
    EXPECT(capauth_client_set_timeout_ms(it->client, 1) == CAPAUTH_E_FORKED);
    EXPECT(capauth_client_set_log(it->client, NULL, NULL, NULL) == CAPAUTH_E_FORKED);
    EXPECT(capauth_client_set_log_level(it->client, 0) == CAPAUTH_E_FORKED);
    EXPECT(capauth_session_new(it->client, CAPAUTH_FLOW_WEB, "Brand", &session) == CAPAUTH_E_FORKED);
    EXPECT(capauth_diagnose(it->client, &text) == CAPAUTH_E_FORKED);
}

static void operations_of_the_session(const struct handles *it)
{
    capauth_session *second = NULL;
    capauth_call *call = NULL;

    EXPECT(capauth_token_generate(it->customer, NULL, NULL) == CAPAUTH_E_FORKED);
    EXPECT(capauth_token_generate(it->customer, NULL, &call) == CAPAUTH_E_FORKED && !call);
    EXPECT(capauth_otp_validate(it->customer, "012345", NULL, NULL) == CAPAUTH_E_FORKED);
    EXPECT(capauth_token_ensure(it->customer, NULL, NULL) == CAPAUTH_E_FORKED);
    EXPECT(capauth_gateway_call(it->customer, "GET", "customer/get", NULL, NULL, &call) == CAPAUTH_E_FORKED);
    EXPECT(capauth_session_sign_out(it->customer, NULL, NULL) == CAPAUTH_E_FORKED);
    EXPECT(capauth_session_set_contact(it->customer, CAPAUTH_IDENTIFIER_MOBILE, "91") == CAPAUTH_E_FORKED);
    EXPECT(capauth_session_second_factor(it->customer, &second) == CAPAUTH_E_FORKED);
    EXPECT(capauth_session_on_change(it->customer, NULL, NULL, NULL) == CAPAUTH_E_FORKED);
}

static void operations_are_refused(struct handles *it)
{
    operations_of_the_client(it);
    operations_of_the_session(it);
    EXPECT(capauth_call_wait(it->call, -1) == CAPAUTH_E_FORKED);
    EXPECT(capauth_call_cancel(it->call) == CAPAUTH_E_FORKED);
    EXPECT(strstr(capauth_strerror(CAPAUTH_E_FORKED), "fork"));
    free_all(it);
}

static void getters_work(struct handles *it)
{
    char *token = NULL, *message = NULL;

    EXPECT(capauth_session_signed_in(it->customer));
    EXPECT(capauth_session_expires_at(it->customer) > 0);
    EXPECT(capauth_session_copy_token(it->customer, &token) == CAPAUTH_OK);
    EXPECT(!strcmp(token, capauth_session_token(it->customer)));
    EXPECT(capauth_client_copy_error_message(it->client, &message) == CAPAUTH_OK);
    EXPECT(!strcmp(message, ""));
    EXPECT(!capauth_call_done(it->call));
    EXPECT(capauth_call_result(it->call) == CAPAUTH_E_PENDING);
    EXPECT(capauth_call_wait(it->call, 0) == CAPAUTH_E_FORKED);
    capauth_string_free(&token);
    capauth_string_free(&message);
    EXPECT(capauth_client_close(it->client) == CAPAUTH_OK);
    EXPECT(capauth_session_close(it->customer) == CAPAUTH_OK);
    free_all(it);
}

static void a_new_client_works(struct handles *it)
{
    capauth_client *client = NULL;
    capauth_session *customer = NULL;

    EXPECT(capauth_client_new(&client) == CAPAUTH_OK);
    EXPECT(capauth_client_set_base_url(client, shared->url) == CAPAUTH_OK);
    EXPECT(capauth_client_set_ca_file(client, shared->ca_file) == CAPAUTH_OK);
    EXPECT(capauth_session_new(client, CAPAUTH_FLOW_WEB, "Fork", &customer) == CAPAUTH_OK);
    EXPECT(capauth_session_set_identifier(customer, CAPAUTH_IDENTIFIER_MOBILE, "919999999991") == CAPAUTH_OK);
    EXPECT(capauth_token_generate(customer, NULL, NULL) == CAPAUTH_OK);
    free_all(it);
    EXPECT(capauth_otp_generate(customer, NULL, NULL) == CAPAUTH_OK);
    capauth_session_free(&customer);
    capauth_client_free(&client);
}

static void frees_in_another_order(struct handles *it)
{
    capauth_client_free(&it->client);
    capauth_session_free(&it->customer);
    capauth_call_free(&it->call);
}

static void looks_at_what_is_done(struct handles *it)
{
    EXPECT(capauth_call_wait(it->call, 0) == CAPAUTH_OK);
    EXPECT(capauth_call_wait(it->call, 1) == CAPAUTH_E_FORKED);
    free_all(it);
}

static void does_nothing(struct handles *it)
{
    (void)it;
}

/* A customer who is signed in over one connection, with a call on its way, while children come and go. */
TEST(the_parent_goes_on_over_its_connection)
{
    void (*const children[])(struct handles *) = {operations_are_refused, getters_work, a_new_client_works,
                                                  frees_in_another_order, does_nothing};
    struct relay *relay = relay_start(shared->url);
    struct handles it = {0};

    make_brand(shared, "Fork", "{}");
    assert_code(capauth_client_new(&it.client), CAPAUTH_OK);
    assert_code(capauth_client_set_base_url(it.client, relay_url(relay)), CAPAUTH_OK);
    assert_code(capauth_client_set_ca_file(it.client, shared->ca_file), CAPAUTH_OK);
    it.customer = new_mobile(it.client, "Fork", "919999999993");
    sign_in(shared, it.customer);
    for (size_t i = 0; i < sizeof children / sizeof children[0]; i++) {
        make_fault(shared, "Fork", "/auth/v1/token/regenerate", 1, "\"delayMs\":100");
        assert_code(capauth_token_regenerate(it.customer, NULL, &it.call), CAPAUTH_OK);
        while (capauth_client_poll(it.client, 0) == 0 && i % 2 &&
               requests_of(shared, "Fork", "POST /auth/v1/token/regenerate") <= (int)i)
            ;
        in_child(children[i], &it);
        assert_code(capauth_call_wait(it.call, -1), CAPAUTH_OK);
        in_child(looks_at_what_is_done, &it);
        capauth_call_free(&it.call);
    }
    assert_int_equal(relay_connections(relay), 1);
    assert_code(capauth_token_regenerate(it.customer, NULL, NULL), CAPAUTH_OK);
    assert_int_equal(relay_connections(relay), 1);
    free_all(&it);
    relay_stop(relay);
}

/* ---- In the middle of things ---- */

struct busy {
    capauth_client *client;
    atomic_bool over;
    atomic_int failed;
};

static void *keep_busy(void *data)
{
    struct busy *busy = data;

    while (!atomic_load(&busy->over)) {
        capauth_session *customer = NULL;

        if (capauth_session_new(busy->client, CAPAUTH_FLOW_WEB, "Brand", &customer) ||
            capauth_session_set_identifier(customer, CAPAUTH_IDENTIFIER_MOBILE, "919999999993") ||
            capauth_token_generate(customer, NULL, NULL))
            atomic_fetch_add(&busy->failed, 1);
        capauth_session_free(&customer);
    }
    return NULL;
}

TEST(forking_while_threads_are_inside)
{
    struct slow_server *server = slow_server_start(token_reply(), 0);
    struct handles it = {0};
    struct busy busy = {0};
    pthread_t threads[2];

    assert_code(capauth_client_new(&it.client), CAPAUTH_OK);
    assert_code(capauth_client_set_base_url(it.client, slow_server_url(server)), CAPAUTH_OK);
    it.customer = new_web(it.client, "Brand", "919999999993");
    busy.client = it.client;
    for (int i = 0; i < 2; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, keep_busy, &busy), 0);
    for (int i = 0; i < 20; i++) {
        assert_code(capauth_token_generate(it.customer, NULL, &it.call), CAPAUTH_OK);
        in_child(free_all, &it);
        assert_code(capauth_call_wait(it.call, -1), CAPAUTH_OK);
        capauth_call_free(&it.call);
    }
    atomic_store(&busy.over, true);
    pthread_join(threads[0], NULL);
    pthread_join(threads[1], NULL);
    assert_int_equal(busy.failed, 0);
    free_all(&it);
    slow_server_stop(server);
}

/* ---- What the child closes ---- */

static int application_fd[8];

static void close_only_your_own(struct handles *it)
{
    free_all(it);
    for (int i = 0; i < 8; i++)
        EXPECT(fcntl(application_fd[i], F_GETFD) >= 0);
}

/* libcurl closes sockets that are still connecting without telling: their numbers may be the application's by now. */
TEST(the_child_closes_no_descriptor_of_the_application)
{
    struct slow_server *server = slow_server_start("", -1);
    struct handles it = {0};

    assert_code(capauth_client_new(&it.client), CAPAUTH_OK);
    assert_code(capauth_client_set_base_url(it.client, slow_server_url(server)), CAPAUTH_OK);
    it.customer = new_web(it.client, "Brand", "919999999993");
    for (int i = 0; i < 8; i++) {
        assert_code(capauth_token_generate(it.customer, NULL, &it.call), CAPAUTH_OK);
        (void)capauth_client_poll(it.client, 0);
        capauth_call_free(&it.call);
        (void)capauth_client_poll(it.client, 0);
    }
    for (int i = 0; i < 8; i++)
        application_fd[i] = open("/dev/null", O_RDONLY | O_CLOEXEC);
    in_child(close_only_your_own, &it);
    for (int i = 0; i < 8; i++)
        close(application_fd[i]);
    free_all(&it);
    slow_server_stop(server);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_parent_goes_on_over_its_connection),
        cmocka_unit_test(forking_while_threads_are_inside),
        cmocka_unit_test(the_child_closes_no_descriptor_of_the_application),
    };

    return cmocka_run_group_tests(tests, start_shared, stop_shared);
}
