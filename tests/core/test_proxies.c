/* SPDX-License-Identifier: Apache-2.0 */
/* What a proxy refuses is not asked again, and whose refusal it is, is said; what may pass is tried once more. */
#include "support.h"

#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Says the same to everybody, whatever they ask, and hangs up. */
struct gatekeeper {
    const char *reply;
    int listener;
    atomic_int connections;
    pthread_t thread;
};

static void *keep_out(void *data)
{
    struct gatekeeper *gatekeeper = data;
    char asked[1024];
    int fd;

    while ((fd = accept(gatekeeper->listener, NULL, NULL)) >= 0) {
        gatekeeper->connections++;
        if (recv(fd, asked, sizeof asked, 0) > 0)
            (void)send(fd, gatekeeper->reply, strlen(gatekeeper->reply), MSG_NOSIGNAL);
        close(fd);
    }
    return NULL;
}

/* Gives its port. */
static int open_gate(struct gatekeeper *gatekeeper, const char *reply)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;

    *gatekeeper = (struct gatekeeper){.reply = reply, .listener = socket(AF_INET, SOCK_STREAM, 0)};
    assert_int_equal(bind(gatekeeper->listener, (struct sockaddr *)&address, size), 0);
    assert_int_equal(listen(gatekeeper->listener, 8), 0);
    assert_int_equal(getsockname(gatekeeper->listener, (struct sockaddr *)&address, &size), 0);
    assert_int_equal(pthread_create(&gatekeeper->thread, NULL, keep_out, gatekeeper), 0);
    return ntohs(address.sin_port);
}

static void close_gate(struct gatekeeper *gatekeeper)
{
    shutdown(gatekeeper->listener, SHUT_RDWR);
    pthread_join(gatekeeper->thread, NULL);
    close(gatekeeper->listener);
}

static const struct refusal {
    const char *scheme;
    const char *reply;
    int code;
    bool retryable;
    int http_status;
    int connections;
    const char *says;
} refusals[] = {
    {"http", "HTTP/1.1 407 Who\r\nProxy-Authenticate: Basic realm=x\r\nContent-Length: 0\r\n\r\n", CAPAUTH_E_SERVICE,
     false, 407, 1, "the proxy 127.0.0.1 wants another user or password (HTTP 407)"},
    {"http", "HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n", CAPAUTH_E_SERVICE, true, 403, 1,
     "the proxy 127.0.0.1 refuses to connect (HTTP 403)"},
    {"http", "HTTP/1.1 299 What\r\nContent-Length: 0\r\n\r\n", CAPAUTH_E_NETWORK, true, 0, 2, ""},
    {"http", "HTTP/1.1 408 Slow\r\nContent-Length: 0\r\n\r\n", CAPAUTH_E_NETWORK, true, 0, 2, ""},
    {"http", "HTTP/1.1 429 Later\r\nContent-Length: 0\r\n\r\n", CAPAUTH_E_NETWORK, true, 0, 2, ""},
    {"http", "HTTP/1.1 500 Broken\r\nContent-Length: 0\r\n\r\n", CAPAUTH_E_NETWORK, true, 0, 2, ""},
    {"socks5h", "\5\xff", CAPAUTH_E_SERVICE, false, 0, 1, "the proxy 127.0.0.1 refuses: "},
    {"socks5h", "\4\1", CAPAUTH_E_NETWORK, true, 0, 2, ""},
};

static void check(const struct refusal *refusal, capauth_client *client)
{
    capauth_session *customer = new_mobile(client, "Brand", "919999999993");
    capauth_call *call = NULL;

    assert_code(capauth_token_generate(customer, NULL, &call), CAPAUTH_OK);
    assert_code(capauth_call_wait(call, 20000), refusal->code);
    assert_non_null(strstr(capauth_call_error_message(call), refusal->says));
    assert_int_equal(capauth_call_retryable(call), refusal->retryable);
    assert_int_equal(capauth_call_http_status(call), refusal->http_status);
    assert_false(capauth_call_maybe_sent(call));
    capauth_call_free(&call);
    capauth_session_free(&customer);
}

TEST(a_proxy_that_refuses_is_named_and_not_asked_again)
{
    for (size_t i = 0; i < sizeof refusals / sizeof refusals[0]; i++) {
        struct gatekeeper gatekeeper;
        capauth_client *client = NULL;
        char proxy[64];

        print_message("%s %.12s\n", refusals[i].scheme, refusals[i].reply);
        snprintf(proxy, sizeof proxy, "%s://127.0.0.1:%d", refusals[i].scheme,
                 open_gate(&gatekeeper, refusals[i].reply));
        assert_code(capauth_client_new(&client), CAPAUTH_OK);
        assert_code(capauth_client_set_base_url(client, "https://auth.brand.example"), CAPAUTH_OK);
        assert_code(capauth_client_set_proxy(client, proxy), CAPAUTH_OK);
        assert_code(capauth_client_set_max_retries(client, 1), CAPAUTH_OK);
        check(&refusals[i], client);
        assert_int_equal(gatekeeper.connections, refusals[i].connections);
        capauth_client_free(&client);
        close_gate(&gatekeeper);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_proxy_that_refuses_is_named_and_not_asked_again),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
