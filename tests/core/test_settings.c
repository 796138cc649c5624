/* SPDX-License-Identifier: Apache-2.0 */
/* What the settings of a client mean: where requests go, and by which way. */
#include "support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static capauth_client *plain_client(void)
{
    capauth_client *client = NULL;

    assert_code(capauth_client_new(&client), CAPAUTH_OK);
    return client;
}

static void assert_says(const char *text, const char *what)
{
    if (!strstr(text, what))
        fail_msg("\"%s\" does not say \"%s\"", text, what);
}

/* ---- Plain http ---- */

TEST(allow_http_stays_while_a_url_needs_it)
{
    capauth_client *client = plain_client();

    assert_code(capauth_client_set_allow_http(client, 1), CAPAUTH_OK);
    assert_code(capauth_client_set_base_url(client, "http://brand.example"), CAPAUTH_OK);
    assert_code(capauth_client_set_allow_http(client, 0), CAPAUTH_E_INVALID_ARGUMENT);
    assert_says(capauth_client_error_message(client), "base_url");
    assert_code(capauth_client_set_base_url(client, "https://brand.example"), CAPAUTH_OK);
    assert_code(capauth_client_set_gateway_url(client, "http://brand.example"), CAPAUTH_OK);
    assert_code(capauth_client_set_allow_http(client, 0), CAPAUTH_E_INVALID_ARGUMENT);
    assert_says(capauth_client_error_message(client), "gateway_url");
    assert_code(capauth_client_set_gateway_url(client, "http://localhost"), CAPAUTH_OK);
    assert_code(capauth_client_set_allow_http(client, 0), CAPAUTH_OK);
    assert_code(capauth_client_set_base_url(client, "http://brand.example"), CAPAUTH_E_INVALID_ARGUMENT);
    capauth_client_free(&client);
}

/* ---- Where requests go ---- */

/* A proxy that turns everything away, so that whom it is asked for is all that happens. */
static struct raw_server *proxy_start(void)
{
    static const char *replies[2];

    replies[0] = http_reply("HTTP/1.1 403 Forbidden", "", "no");
    return raw_server_start(replies, true);
}

static void assert_was_asked_for(struct raw_server *proxy, const char *start)
{
    char request[4096] = "";

    raw_server_last_request(proxy, request, sizeof request);
    if (strncmp(request, start, strlen(start)) != 0)
        fail_msg("the proxy was not asked for \"%s\" but \"%.80s\"", start, request);
}

static void sign_in_fails(capauth_client *client)
{
    capauth_session *customer = new_mobile(client, "Brand", "919999999993");

    assert_int_not_equal(capauth_token_generate(customer, NULL, NULL), CAPAUTH_OK);
    capauth_session_free(&customer);
}

static void gateway_call_fails(capauth_client *client)
{
    capauth_session *customer = NULL;
    capauth_call *call = NULL;

    assert_code(capauth_session_external_new(client, "Brand", "A", "I", &customer), CAPAUTH_OK);
    assert_code(capauth_gateway_call(customer, "GET", "customer/get", NULL, NULL, &call), CAPAUTH_OK);
    capauth_call_wait(call, -1);
    capauth_call_free(&call);
    capauth_session_free(&customer);
}

struct place {
    const char *cluster, *base_url, *gateway_url, *again; /* set in this order; NULL: not */
    const char *origin, *gateway;
};

static const struct place places[] = {
    {"APAC", NULL, NULL, NULL, "apac-s3wrapper.capillarytech.com", "apac-apigateway.capillarytech.com"},
    {"APAC2", NULL, NULL, NULL, "apac2-auth-api.capillarytech.com", "apac2-api-gateway.capillarytech.com"},
    {"EU", NULL, NULL, NULL, "eu-auth-api.capillarytech.com", "eu-api-gateway.capillarytech.com"},
    {NULL, "https://a.example", NULL, NULL, "a.example", "a.example"},
    {"EU", "https://a.example", NULL, NULL, "a.example", "a.example"},
    {"EU", NULL, "https://g.example", NULL, "eu-auth-api.capillarytech.com", "g.example"},
    {"EU", "https://a.example", "https://g.example", NULL, "a.example", "g.example"},
    {NULL, "https://a.example", NULL, "EU", "eu-auth-api.capillarytech.com", "eu-api-gateway.capillarytech.com"},
    {"APAC", NULL, NULL, "APAC2", "apac2-auth-api.capillarytech.com", "apac2-api-gateway.capillarytech.com"},
};

static capauth_client *client_at(const struct place *place, const struct raw_server *proxy)
{
    capauth_client *client = plain_client();

    assert_code(capauth_client_set_max_retries(client, 0), CAPAUTH_OK);
    assert_code(capauth_client_set_proxy(client, raw_server_url(proxy)), CAPAUTH_OK);
    if (place->cluster)
        assert_code(capauth_client_set_cluster(client, place->cluster), CAPAUTH_OK);
    if (place->base_url)
        assert_code(capauth_client_set_base_url(client, place->base_url), CAPAUTH_OK);
    if (place->gateway_url)
        assert_code(capauth_client_set_gateway_url(client, place->gateway_url), CAPAUTH_OK);
    if (place->again)
        assert_code(capauth_client_set_cluster(client, place->again), CAPAUTH_OK);
    return client;
}

TEST(clusters_and_urls_say_where_requests_go)
{
    struct raw_server *proxy = proxy_start();

    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        capauth_client *client = client_at(&places[i], proxy);
        char expected[128];

        sign_in_fails(client);
        snprintf(expected, sizeof expected, "CONNECT %s:443 ", places[i].origin);
        assert_was_asked_for(proxy, expected);
        gateway_call_fails(client);
        snprintf(expected, sizeof expected, "CONNECT %s:443 ", places[i].gateway);
        assert_was_asked_for(proxy, expected);
        capauth_client_free(&client);
    }
    raw_server_stop(proxy);
}

/* The same in plain http, where a proxy sees the path. */
TEST(gateways_have_their_path)
{
    struct raw_server *proxy = proxy_start();
    capauth_client *client;

    for (int own = 0; own < 2; own++) {
        client = plain_client();
        assert_code(capauth_client_set_allow_http(client, 1), CAPAUTH_OK);
        assert_code(capauth_client_set_proxy(client, raw_server_url(proxy)), CAPAUTH_OK);
        assert_code(capauth_client_set_base_url(client, "http://a.example/x/"), CAPAUTH_OK);
        if (own)
            assert_code(capauth_client_set_gateway_url(client, "http://g.example/y//"), CAPAUTH_OK);
        gateway_call_fails(client);
        assert_was_asked_for(proxy, own ? "GET http://g.example/y/v2/api/customer/get "
                                        : "GET http://a.example/x/mobile/v2/api/customer/get ");
        capauth_client_free(&client);
    }
    raw_server_stop(proxy);
}

/* ---- Proxies ---- */

static const char *const variables[] = {"http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY",
                                        "all_proxy",  "ALL_PROXY",  "no_proxy",    "NO_PROXY"};

static void clear_variables(void)
{
    for (size_t i = 0; i < sizeof variables / sizeof variables[0]; i++)
        unsetenv(variables[i]);
}

static capauth_client *environment_client(const char *url)
{
    capauth_client *client = plain_client();

    assert_code(capauth_client_set_max_retries(client, 0), CAPAUTH_OK);
    assert_code(capauth_client_set_allow_http(client, 1), CAPAUTH_OK);
    assert_code(capauth_client_set_base_url(client, url), CAPAUTH_OK);
    assert_code(capauth_client_set_proxy(client, "env"), CAPAUTH_OK);
    return client;
}

/* 0.0.0.0 is this machine, but no loopback address by its looks; nothing listens at port 1. */
static const struct {
    const char *url;
    const char *name; /* of the variable that names the proxy; all others name one that is not there */
    const char *more; /* others that are set */
} chosen[] = {
    {"https://0.0.0.0:1", "https_proxy", "HTTPS_PROXY all_proxy ALL_PROXY http_proxy"},
    {"https://0.0.0.0:1", "HTTPS_PROXY", "all_proxy ALL_PROXY http_proxy"},
    {"https://0.0.0.0:1", "all_proxy", "ALL_PROXY http_proxy"},
    {"https://0.0.0.0:1", "ALL_PROXY", "http_proxy"},
    {"http://0.0.0.0:1", "http_proxy", "HTTP_PROXY https_proxy HTTPS_PROXY all_proxy ALL_PROXY"},
    {"http://0.0.0.0:1", "all_proxy", "HTTP_PROXY https_proxy HTTPS_PROXY ALL_PROXY"},
    {"http://0.0.0.0:1", "ALL_PROXY", "HTTP_PROXY https_proxy HTTPS_PROXY"},
};

static void set_variables(const char *names, const char *value)
{
    for (size_t i = 0; i < sizeof variables / sizeof variables[0]; i++) {
        const char *found = strstr(names, variables[i]);
        size_t length = strlen(variables[i]);

        if (found && (found == names || found[-1] == ' ') && (!found[length] || found[length] == ' '))
            setenv(variables[i], value, 1);
    }
}

TEST(the_environment_names_proxies_as_curl_reads_it)
{
    struct raw_server *proxy = proxy_start();
    int before = 0;

    for (size_t i = 0; i < sizeof chosen / sizeof chosen[0]; i++) {
        capauth_client *client;

        clear_variables();
        set_variables(chosen[i].more, "127.0.0.1:2");
        setenv(chosen[i].name, raw_server_url(proxy) + strlen("http://"), 1); /* without a scheme, as is usual */
        client = environment_client(chosen[i].url);
        sign_in_fails(client);
        if (raw_server_requests(proxy) != ++before)
            fail_msg("%s was not asked for %s", chosen[i].name, chosen[i].url);
        assert_was_asked_for(proxy, chosen[i].url[4] == 's' ? "CONNECT 0.0.0.0:1 " : "POST http://0.0.0.0:1/auth/");
        capauth_client_free(&client);
    }
    clear_variables();
    raw_server_stop(proxy);
}

/* A CGI program's client says "Proxy: ...", and the server makes it HTTP_PROXY. */
TEST(the_environments_proxy_is_used_by_who_asks_for_it_alone)
{
    struct raw_server *proxy = proxy_start();
    capauth_client *client = plain_client();

    clear_variables();
    setenv("https_proxy", raw_server_url(proxy), 1);
    setenv("all_proxy", raw_server_url(proxy), 1);
    assert_code(capauth_client_set_max_retries(client, 0), CAPAUTH_OK);
    assert_code(capauth_client_set_base_url(client, "https://0.0.0.0:1"), CAPAUTH_OK);
    sign_in_fails(client);
    assert_int_equal(raw_server_requests(proxy), 0);
    clear_variables();
    capauth_client_free(&client);
    raw_server_stop(proxy);
}

TEST(http_proxy_in_capitals_is_not_read)
{
    static const char *const urls[] = {"http://0.0.0.0:1", "https://0.0.0.0:1"};
    struct raw_server *proxy = proxy_start();

    clear_variables();
    setenv("HTTP_PROXY", raw_server_url(proxy), 1);
    for (int i = 0; i < 2; i++) {
        capauth_client *client = environment_client(urls[i]);

        sign_in_fails(client);
        gateway_call_fails(client);
        capauth_client_free(&client);
    }
    assert_int_equal(raw_server_requests(proxy), 0);
    clear_variables();
    raw_server_stop(proxy);
}

TEST(exceptions_are_asked_directly)
{
    static const char *const names[] = {"no_proxy", "NO_PROXY"};
    struct raw_server *proxy = proxy_start();

    for (int i = 0; i < 2; i++) {
        capauth_client *client;

        clear_variables();
        setenv("all_proxy", raw_server_url(proxy), 1);
        setenv(names[i], "example.com, 0.0.0.0", 1);
        client = environment_client("http://0.0.0.0:1");
        sign_in_fails(client);
        capauth_client_free(&client);
    }
    assert_int_equal(raw_server_requests(proxy), 0);
    clear_variables();
    raw_server_stop(proxy);
}

TEST(proxies_of_every_form_are_taken)
{
    static const char *const good[] = {"",
                                       "proxy.example",
                                       "proxy.example:3128",
                                       "user:password@proxy.example:3128",
                                       "http://proxy.example:3128/",
                                       "HTTP://[::1]:3128",
                                       "https://proxy.example",
                                       "socks4://proxy.example",
                                       "socks4a://proxy.example:1080",
                                       "socks5://user:password@proxy.example",
                                       "socks5h://proxy.example"};
    static const char *const bad[] = {"ftp://proxy.example", "socks6://proxy.example",
                                      "://proxy.example",    "http://",
                                      "proxy example",       "http://user:secret@proxy:port"};
    capauth_client *client = plain_client();

    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        assert_code(capauth_client_set_proxy(client, good[i]), CAPAUTH_OK);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        clear_variables();
        assert_code(capauth_client_set_proxy(client, bad[i]), CAPAUTH_E_INVALID_ARGUMENT);
        setenv("all_proxy", bad[i], 1);
        assert_code(capauth_client_set_proxy(client, "env"), CAPAUTH_E_INVALID_ARGUMENT);
        assert_says(capauth_client_error_message(client), "all_proxy");
        assert_null(strstr(capauth_client_error_message(client), "secret"));
    }
    clear_variables();
    capauth_client_free(&client);
}

TEST(a_bad_variable_leaves_the_proxies_as_they_were)
{
    struct raw_server *old_one = proxy_start();
    struct raw_server *new_one = proxy_start();
    capauth_client *client = plain_client();

    clear_variables();
    setenv("https_proxy", raw_server_url(new_one), 1);
    setenv("http_proxy", "ftp://proxy.example", 1);
    setenv("no_proxy", "0.0.0.0", 1);
    assert_code(capauth_client_set_max_retries(client, 0), CAPAUTH_OK);
    assert_code(capauth_client_set_base_url(client, "https://0.0.0.0:1"), CAPAUTH_OK);
    assert_code(capauth_client_set_proxy(client, raw_server_url(old_one)), CAPAUTH_OK);
    assert_code(capauth_client_set_proxy(client, "env"), CAPAUTH_E_INVALID_ARGUMENT);
    sign_in_fails(client);
    assert_was_asked_for(old_one, "CONNECT 0.0.0.0:1 ");
    assert_int_equal(raw_server_requests(new_one), 0);
    clear_variables();
    capauth_client_free(&client);
    raw_server_stop(old_one);
    raw_server_stop(new_one);
}

/* ---- The machine ---- */

static void assert_diagnosed(capauth_client *client, const char *what)
{
    char *about = NULL;

    assert_code(capauth_diagnose(client, &about), CAPAUTH_OK);
    assert_says(about, what);
    capauth_string_free(&about);
}

TEST(diagnose_says_whether_the_origin_is_reached_through_a_proxy)
{
    capauth_client *client = plain_client();

    assert_code(capauth_client_set_proxy(client, "proxy.example:3128"), CAPAUTH_OK);
    assert_code(capauth_client_set_base_url(client, "https://brand.example"), CAPAUTH_OK);
    assert_diagnosed(client, ", through a proxy\n");
    assert_code(capauth_client_set_base_url(client, "https://127.0.0.1"), CAPAUTH_OK); /* never through one */
    assert_diagnosed(client, ", no proxy\n");
    capauth_client_free(&client);
}

TEST(the_machines_netrc_is_not_read)
{
    static const char *const replies[] = {"", NULL};
    char folder[] = "/tmp/capauth-home-XXXXXX", path[64], request[4096];
    struct raw_server *server = raw_server_start(replies, true);
    capauth_client *client;
    FILE *file;

    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/.netrc", folder);
    assert_non_null(file = fopen(path, "w"));
    fputs("machine 127.0.0.1 login somebody password Netrc-Secret-1\n"
          "default login somebody password Netrc-Secret-1\n",
          file);
    fclose(file);
    setenv("HOME", folder, 1);
    client = new_raw_client(server);
    assert_code(capauth_client_set_max_retries(client, 0), CAPAUTH_OK);
    sign_in_fails(client);
    raw_server_last_request(server, request, sizeof request);
    assert_says(request, "POST /auth/v1/token/generate ");
    assert_null(strstr(request, "Authorization:"));
    gateway_call_fails(client);
    raw_server_last_request(server, request, sizeof request);
    assert_says(request, "Authorization: Bearer A\r\n"); /* its own, of an external identity */
    assert_null(strstr(request, "Basic"));
    capauth_client_free(&client);
    raw_server_stop(server);
    unlink(path);
    rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(allow_http_stays_while_a_url_needs_it),
        cmocka_unit_test(clusters_and_urls_say_where_requests_go),
        cmocka_unit_test(gateways_have_their_path),
        cmocka_unit_test(the_environment_names_proxies_as_curl_reads_it),
        cmocka_unit_test(the_environments_proxy_is_used_by_who_asks_for_it_alone),
        cmocka_unit_test(http_proxy_in_capitals_is_not_read),
        cmocka_unit_test(exceptions_are_asked_directly),
        cmocka_unit_test(proxies_of_every_form_are_taken),
        cmocka_unit_test(a_bad_variable_leaves_the_proxies_as_they_were),
        cmocka_unit_test(diagnose_says_whether_the_origin_is_reached_through_a_proxy),
        cmocka_unit_test(the_machines_netrc_is_not_read),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
