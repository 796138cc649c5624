/* SPDX-License-Identifier: Apache-2.0 */
/* What libcurl lacks, where its limits are, and what it is told. Runs with preload_libcurl. */
#define _GNU_SOURCE /* RTLD_DEFAULT */
#include "support_net.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sys/resource.h>

#include <dlfcn.h>

#include <curl/curl.h>

#define PIN "sha256//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="

static void lack(const char *variable, long number)
{
    char text[32];

    snprintf(text, sizeof text, "%ld", number);
    setenv(variable, text, 1);
}

static void lack_nothing(void)
{
    unsetenv("LACKS_OPTION");
    unsetenv("LACKS_FEATURES");
    unsetenv("IS_VERSION");
    unsetenv("FAILS_WITH");
    unsetenv("FAILS_BECAUSE");
}

static void fail_with(CURLcode code, const char *because)
{
    lack("FAILS_WITH", (long)code);
    setenv("FAILS_BECAUSE", because, 1);
}

static int after_each(void **state)
{
    (void)state;
    lack_nothing();
    return 0;
}

/* ---- What it lacks ---- */

TEST(settings_that_need_it_are_refused_when_they_are_set)
{
    capauth_client *client = client_of("https://127.0.0.1:1");

    lack("LACKS_OPTION", CURLOPT_PINNEDPUBLICKEY);
    assert_code(capauth_client_set_pinned_keys(client, PIN), CAPAUTH_E_UNSUPPORTED);
    assert_non_null(strstr(capauth_client_error_message(client), "pinned_keys: this libcurl"));
    lack("LACKS_FEATURES", CURL_VERSION_HTTP2 | CURL_VERSION_HTTPS_PROXY);
    assert_code(capauth_client_set_http2(client, 1), CAPAUTH_E_UNSUPPORTED);
    assert_non_null(strstr(capauth_client_error_message(client), "http2: this libcurl"));
    assert_code(capauth_client_set_http2(client, 0), CAPAUTH_OK);
    assert_code(capauth_client_set_proxy(client, "https://127.0.0.1:1"), CAPAUTH_E_UNSUPPORTED);
    assert_non_null(strstr(capauth_client_error_message(client), "proxy: this libcurl"));
    lack_nothing();
    assert_code(capauth_client_set_pinned_keys(client, PIN), CAPAUTH_OK);
    assert_code(capauth_client_set_http2(client, 1), CAPAUTH_OK);
    assert_code(capauth_client_set_proxy(client, "https://127.0.0.1:1"), CAPAUTH_OK);
    capauth_client_free(&client);
}

/* With no descriptor left for a file in memory, libcurl must take the text as it is. */
static int set_ca_pem_without_a_file(capauth_client *client)
{
    static const char pem[] = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    struct rlimit limit, none;
    int result;

    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    none = (struct rlimit){.rlim_cur = 0, .rlim_max = limit.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    result = capauth_client_set_ca_pem(client, pem);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
    return result;
}

TEST(authorities_as_text_are_refused_where_they_can_be_no_file)
{
    capauth_client *client = client_of("https://127.0.0.1:1");

    lack("LACKS_OPTION", CURLOPT_CAINFO_BLOB);
    assert_code(set_ca_pem_without_a_file(client), CAPAUTH_E_UNSUPPORTED);
    assert_non_null(strstr(capauth_client_error_message(client), "ca_pem: this libcurl"));
    lack_nothing();
    assert_code(set_ca_pem_without_a_file(client), CAPAUTH_OK);
    capauth_client_free(&client);
}

/* One that is set once for a handle, and ones that are set for each request. */
TEST(what_shows_with_the_first_request_is_no_lack_of_memory)
{
    static const CURLoption options[] = {CURLOPT_MAXLIFETIME_CONN, CURLOPT_POSTFIELDS, CURLOPT_TIMECONDITION,
                                         CURLOPT_TIMEOUT_MS};

    for (size_t i = 0; i < sizeof options / sizeof options[0]; i++) {
        struct served it = served_begin(0);

        lack("LACKS_OPTION", options[i]);
        assert_code(capauth_token_generate(it.customers[0], NULL, NULL), CAPAUTH_E_UNSUPPORTED);
        assert_non_null(strstr(capauth_session_error_message(it.customers[0]), "this libcurl does not support"));
        lack_nothing();
        assert_code(capauth_token_generate(it.customers[0], NULL, NULL), CAPAUTH_OK);
        served_end(&it);
    }
}

TEST(one_that_threads_cannot_share_makes_no_client)
{
    static const struct {
        const char *variable;
        long value;
    } lacks[] = {{"IS_VERSION", 0x075600}, {"LACKS_FEATURES", CURL_VERSION_THREADSAFE}};
    capauth_client *client = NULL;

    for (size_t i = 0; i < sizeof lacks / sizeof lacks[0]; i++) {
        lack(lacks[i].variable, lacks[i].value);
        assert_code(capauth_client_new(&client), CAPAUTH_E_UNSUPPORTED);
        assert_null(client);
        lack_nothing();
    }
}

/* ---- Its limits ---- */

static char *reply_with_long_header(size_t length)
{
    const char *start = "HTTP/1.1 200 OK\r\nX-Long: ";
    const char *rest = strchr(token_reply(), '\n') + 1;
    size_t size = strlen(start) + length + 2 + strlen(rest) + 1;
    char *text = malloc(size);

    assert_non_null(text);
    snprintf(text, size, "%s%*s\r\n%s", start, (int)length, "x", rest);
    return text;
}

static void assert_long_header(size_t length, int expected, const char *says)
{
    char *reply = reply_with_long_header(length);
    struct slow_server *server = slow_server_start(reply, 0);
    capauth_client *client = client_of(slow_server_url(server));
    capauth_session *customer = new_mobile(client, "Brand", "919999999993");

    assert_code(capauth_token_generate(customer, NULL, NULL), expected);
    assert_non_null(strstr(capauth_session_error_message(customer), says));
    assert_int_equal(slow_server_requests(server), 1);
    capauth_session_free(&customer);
    capauth_client_free(&client);
    slow_server_stop(server);
    free(reply);
}

TEST(a_header_over_its_limit_is_named)
{
    assert_long_header(90000, CAPAUTH_OK, "");
    assert_long_header(110000, CAPAUTH_E_PROTOCOL, "the reply is not valid: it has a header longer than 100 KB");
}

/* ---- What its failures mean ---- */

static const struct {
    CURLcode code;
    const char *because;
    int expected;
} failures[] = {
    {CURLE_COULDNT_RESOLVE_HOST, "no such name", CAPAUTH_E_RESOLVE},
    {CURLE_COULDNT_RESOLVE_PROXY, "", CAPAUTH_E_RESOLVE},
    {CURLE_COULDNT_CONNECT, "", CAPAUTH_E_CONNECT},
    {CURLE_OPERATION_TIMEDOUT, "", CAPAUTH_E_DEADLINE},
    {CURLE_SSL_CONNECT_ERROR, "handshake failure", CAPAUTH_E_TLS},
    {CURLE_SSL_CONNECT_ERROR, "OpenSSL SSL_connect: SSL_ERROR_SYSCALL in connection to a", CAPAUTH_E_NETWORK},
    {CURLE_SSL_CONNECT_ERROR, "error:0A000126:SSL routines::unexpected eof while reading", CAPAUTH_E_NETWORK},
    {CURLE_SSL_CONNECT_ERROR, "OpenSSL SSL_connect: Connection reset by peer in connection to a", CAPAUTH_E_NETWORK},
    {CURLE_SSL_CONNECT_ERROR, "Recv failure: 104", CAPAUTH_E_NETWORK},
    {CURLE_SSL_CONNECT_ERROR, "Send failure: 32", CAPAUTH_E_NETWORK},
    {CURLE_SSL_CONNECT_ERROR, "The TLS connection was non-properly terminated.", CAPAUTH_E_NETWORK},
    {CURLE_SSL_CONNECT_ERROR, "mbedTLS: the server indicated an EOF", CAPAUTH_E_NETWORK},
    {CURLE_PEER_FAILED_VERIFICATION, "", CAPAUTH_E_TLS},
    {CURLE_SSL_CERTPROBLEM, "", CAPAUTH_E_TLS},
    {CURLE_SSL_CIPHER, "", CAPAUTH_E_TLS},
    {CURLE_SSL_CACERT_BADFILE, "", CAPAUTH_E_TLS},
    {CURLE_SSL_CRL_BADFILE, "", CAPAUTH_E_TLS},
    {CURLE_SSL_ISSUER_ERROR, "", CAPAUTH_E_TLS},
    {CURLE_SSL_PINNEDPUBKEYNOTMATCH, "", CAPAUTH_E_TLS},
    {CURLE_SSL_INVALIDCERTSTATUS, "", CAPAUTH_E_TLS},
    {CURLE_SSL_ENGINE_NOTFOUND, "", CAPAUTH_E_TLS},
    {CURLE_SSL_ENGINE_SETFAILED, "", CAPAUTH_E_TLS},
    {CURLE_SSL_ENGINE_INITFAILED, "", CAPAUTH_E_TLS},
    {CURLE_SSL_CLIENTCERT, "", CAPAUTH_E_TLS},
    {CURLE_USE_SSL_FAILED, "", CAPAUTH_E_TLS},
    {CURLE_UNSUPPORTED_PROTOCOL, "Received HTTP/0.9 when not allowed", CAPAUTH_E_PROTOCOL},
    {CURLE_WEIRD_SERVER_REPLY, "", CAPAUTH_E_PROTOCOL},
    {CURLE_RECV_ERROR, "Too many response headers, 5000 is max", CAPAUTH_E_PROTOCOL},
    {CURLE_RECV_ERROR, "Illegal or missing hexadecimal sequence in chunked-encoding", CAPAUTH_E_PROTOCOL},
    {CURLE_RECV_ERROR, "OpenSSL SSL_read: tlsv13 alert certificate required", CAPAUTH_E_TLS},
    {CURLE_RECV_ERROR, "Recv failure: Connection reset by peer", CAPAUTH_E_NETWORK},
    {CURLE_BAD_CONTENT_ENCODING, "", CAPAUTH_E_PROTOCOL},
    {CURLE_WRITE_ERROR, "", CAPAUTH_E_NO_MEMORY},
    {CURLE_OUT_OF_MEMORY, "", CAPAUTH_E_NO_MEMORY},
    {CURLE_SEND_ERROR, "", CAPAUTH_E_NETWORK},
    {CURLE_GOT_NOTHING, "", CAPAUTH_E_NETWORK},
    {CURLE_PROXY, "", CAPAUTH_E_NETWORK},
};

TEST(each_failure_is_called_by_what_it_means)
{
    struct served it = served_begin(0);

    assert_code(capauth_client_set_max_retries(it.client, 0), CAPAUTH_OK);
    for (size_t i = 0; i < sizeof failures / sizeof failures[0]; i++) {
        const char *because = *failures[i].because ? failures[i].because : curl_easy_strerror(failures[i].code);

        fail_with(failures[i].code, failures[i].because);
        assert_code(capauth_token_generate(it.customers[0], NULL, NULL), failures[i].expected);
        print_message("%s\n", capauth_session_error_message(it.customers[0]));
        assert_non_null(strstr(capauth_session_error_message(it.customers[0]), because));
        lack_nothing();
        assert_code(capauth_token_generate(it.customers[0], NULL, NULL), CAPAUTH_OK);
    }
    served_end(&it);
}

/* A connection that ends before the head does, and then libcurl says that memory ran out. */
TEST(a_head_that_ended_early_was_not_too_long)
{
    static const char *const heads[] = {"", "HTTP/1.1 200 OK\r\nX-Half: ye"};

    for (size_t i = 0; i < sizeof heads / sizeof heads[0]; i++) {
        const char *replies[] = {heads[i], NULL};
        struct raw_server *server = raw_server_start(replies, true);
        capauth_client *client = new_raw_client(server);
        capauth_session *customer = new_mobile(client, "Brand", "919999999993");

        assert_code(capauth_client_set_max_retries(client, 0), CAPAUTH_OK);
        fail_with(CURLE_OUT_OF_MEMORY, "");
        assert_code(capauth_token_generate(customer, NULL, NULL), CAPAUTH_E_NO_MEMORY);
        lack_nothing();
        capauth_session_free(&customer);
        capauth_client_free(&client);
        raw_server_stop(server);
    }
}

/* After a failure of TLS all connections are made anew; but not while others are in use. */
TEST(a_failure_of_tls_is_no_matter_to_who_is_under_way)
{
    struct served it = served_begin(300);
    capauth_call *calls[FEW];

    assert_code(capauth_client_set_max_retries(it.client, 0), CAPAUTH_OK);
    calls[0] = start_token(it.customers[0], PATIENCE_MS);
    assert_code(capauth_call_wait(calls[0], 150), CAPAUTH_E_PENDING);
    calls[1] = start_token(it.customers[1], PATIENCE_MS);
    fail_with(CURLE_PEER_FAILED_VERIFICATION, "");
    assert_code(capauth_call_wait(calls[0], -1), CAPAUTH_E_TLS);
    lack_nothing();
    calls[2] = start_token(it.customers[2], PATIENCE_MS);
    assert_code(capauth_call_wait(calls[1], -1), CAPAUTH_OK);
    assert_code(capauth_call_wait(calls[2], -1), CAPAUTH_OK);
    for (int i = 0; i < FEW; i++)
        capauth_call_free(&calls[i]);
    served_end(&it);
}

/* ---- What it is told ---- */

static void find(const char *function, void *pointer)
{
    void *symbol = dlsym(RTLD_DEFAULT, function);

    assert_non_null(symbol);
    memcpy(pointer, &symbol, sizeof symbol);
}

/* However busy a connection is: else a name that has moved is not noticed before the old address closes. */
TEST(connections_live_five_minutes_at_most)
{
    long (*told_option)(int);
    struct served it = served_begin(0);

    find("told_option", &told_option);
    assert_code(capauth_token_generate(it.customers[0], NULL, NULL), CAPAUTH_OK);
    assert_int_equal(told_option(CURLOPT_MAXLIFETIME_CONN), 300);
    assert_int_equal(told_option(CURLOPT_MAXAGE_CONN), 30);
    served_end(&it);
}

TEST(it_is_let_go_with_the_last_handle)
{
    int (*held_globally)(void);
    capauth_client *client = NULL;
    int before;

    find("held_globally", &held_globally);
    before = held_globally();
    assert_code(capauth_client_new(&client), CAPAUTH_OK);
    assert_int_equal(held_globally(), before + 1);
    capauth_client_free(&client);
    assert_int_equal(held_globally(), before);
}

/* Distributions set a folder that counts beside whatever file of authorities is given. */
TEST(no_folder_of_authorities_is_trusted_beside_the_file)
{
    int (*told_nothing)(int);
    struct served it = served_begin(0);

    find("told_nothing", &told_nothing);
    assert_code(capauth_client_set_proxy(it.client, "https://127.0.0.1:1"), CAPAUTH_OK);
    assert_code(capauth_token_generate(it.customers[0], NULL, NULL), CAPAUTH_OK); /* which no proxy stands before */
    assert_true(told_nothing(CURLOPT_CAPATH));
    assert_true(told_nothing(CURLOPT_PROXY_CAPATH));
    served_end(&it);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(settings_that_need_it_are_refused_when_they_are_set, after_each),
        cmocka_unit_test_teardown(authorities_as_text_are_refused_where_they_can_be_no_file, after_each),
        cmocka_unit_test_teardown(what_shows_with_the_first_request_is_no_lack_of_memory, after_each),
        cmocka_unit_test_teardown(one_that_threads_cannot_share_makes_no_client, after_each),
        cmocka_unit_test(a_header_over_its_limit_is_named),
        cmocka_unit_test_teardown(each_failure_is_called_by_what_it_means, after_each),
        cmocka_unit_test_teardown(a_head_that_ended_early_was_not_too_long, after_each),
        cmocka_unit_test_teardown(a_failure_of_tls_is_no_matter_to_who_is_under_way, after_each),
        cmocka_unit_test(connections_live_five_minutes_at_most),
        cmocka_unit_test(it_is_let_go_with_the_last_handle),
        cmocka_unit_test(no_folder_of_authorities_is_trusted_beside_the_file),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
