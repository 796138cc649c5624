/* SPDX-License-Identifier: Apache-2.0 */
/* Words that come over a kept connection while nobody has asked: they are no answer to what is asked next. */
#include "support_net.h"

#include <arpa/inet.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

/* A server on the test's own thread: what it says, and when, has its place between the client's turns. */
struct scene {
    int listener;
    int connection; /* the newest; -1: none yet */
    int connections;
    char request[8192];
    bool waits; /* for each call, rather than poll */
    capauth_client *client;
    capauth_session *customer;
};

static void scene_open(struct scene *scene)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    char url[64];

    scene->connection = -1;
    scene->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    assert_int_equal(bind(scene->listener, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(scene->listener, 4), 0);
    assert_int_equal(getsockname(scene->listener, (struct sockaddr *)&address, &size), 0);
    snprintf(url, sizeof url, "http://127.0.0.1:%d", ntohs(address.sin_port));
    scene->client = client_of(url);
    scene->customer = new_web(scene->client, "Brand", "919999999993");
}

static void scene_close(struct scene *scene)
{
    capauth_session_free(&scene->customer);
    capauth_client_free(&scene->client);
    close(scene->connection);
    close(scene->listener);
}

static void say(const struct scene *scene, const char *words)
{
    assert_int_equal(send(scene->connection, words, strlen(words), MSG_NOSIGNAL), strlen(words));
}

/* Until the client's side has all that was said: on loopback, too, that takes a moment. */
static void await_arrival(const struct scene *scene)
{
    int on_the_way = 1;

    while (on_the_way) {
        usleep(100);
        assert_int_equal(ioctl(scene->connection, TIOCOUTQ, &on_the_way), 0);
    }
}

static void accept_another(struct scene *scene)
{
    int connection = accept(scene->listener, NULL, NULL);

    if (connection < 0)
        return;
    if (scene->connection >= 0)
        close(scene->connection);
    scene->connection = connection;
    scene->connections++;
}

/* Answers the request once it is there as a whole: its body is an object. */
static void answer(struct scene *scene)
{
    size_t used = strlen(scene->request);
    ssize_t got = scene->connection < 0
                      ? 0
                      : recv(scene->connection, scene->request + used, sizeof scene->request - 1 - used, MSG_DONTWAIT);

    if (got <= 0)
        return;
    scene->request[used += (size_t)got] = '\0';
    if (scene->request[used - 1] != '}')
        return;
    scene->request[0] = '\0';
    say(scene, token_reply());
}

/* A turn may begin with a look at what is ready, as a poll does, or without, as the first one of a wait. */
static void take_a_turn(const struct scene *scene, capauth_call *call)
{
    if (scene->waits)
        (void)capauth_call_wait(call, 1);
    else
        assert_true(capauth_client_poll(scene->client, 1) >= 0);
}

static int token_generate(struct scene *scene)
{
    capauth_call *call = start_token(scene->customer, PATIENCE_MS);
    int code;

    while (!capauth_call_done(call)) {
        take_a_turn(scene, call);
        accept_another(scene);
        answer(scene);
    }
    code = capauth_call_result(call);
    capauth_call_free(&call);
    return code;
}

static void check_words(bool http2, bool waits)
{
    static const char body[] = "{\"status\":{\"success\":false,\"code\":1599,\"message\":\"of another\"}}";
    struct scene scene = {.waits = waits};

    scene_open(&scene);
    if (http2 && capauth_client_set_http2(scene.client, 1) == CAPAUTH_E_UNSUPPORTED) {
        scene_close(&scene);
        return;
    }
    assert_code(token_generate(&scene), CAPAUTH_OK);
    assert_code(token_generate(&scene), CAPAUTH_OK);
    assert_int_equal(scene.connections, 1);
    say(&scene, http_reply("HTTP/1.1 200 OK", "", body));
    await_arrival(&scene);
    assert_code(token_generate(&scene), CAPAUTH_OK);
    assert_int_equal(scene.connections, 2);
    scene_close(&scene);
}

TEST(words_on_an_idle_connection_are_no_answer)
{
    check_words(false, false);
    check_words(false, true);
}

TEST(words_are_none_either_where_the_server_might_have_spoken_http2)
{
    check_words(true, false);
    check_words(true, true);
}

/* Between two requests a connection stays watched; what comes meanwhile is seen once, and not again and again. */
static void check_rest(bool ends)
{
    struct scene scene = {0};
    struct pollfd ready = {.events = POLLIN};

    scene_open(&scene);
    assert_code(token_generate(&scene), CAPAUTH_OK);
    ready.fd = capauth_client_fd(scene.client); /* -1 without epoll */
    if (ends)
        assert_int_equal(shutdown(scene.connection, SHUT_RDWR), 0);
    else
        say(&scene, "x");
    await_arrival(&scene);
    usleep(10000);
    for (int i = 0; i < 3; i++)
        assert_true(capauth_client_poll(scene.client, 0) >= 0);
    assert_int_equal(poll(&ready, 1, 0), 0);
    assert_code(token_generate(&scene), CAPAUTH_OK);
    assert_int_equal(scene.connections, 2);
    scene_close(&scene);
}

TEST(words_on_an_idle_connection_end_no_second_wait)
{
    check_rest(false);
}

TEST(nor_does_its_end)
{
    check_rest(true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_on_an_idle_connection_are_no_answer),
        cmocka_unit_test(words_are_none_either_where_the_server_might_have_spoken_http2),
        cmocka_unit_test(words_on_an_idle_connection_end_no_second_wait),
        cmocka_unit_test(nor_does_its_end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
