/* SPDX-License-Identifier: Apache-2.0 */
/* Who is trusted, what stands in the way of a connection, and that the message says so. */
#include "support_net.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static char folder[] = "/tmp/capauth-tls-XXXXXX";
static char other_ca[64], other_key[64], not_a_certificate[64], missing[64];
static struct relay *other_host;

/* ---- Openssl, the program ---- */

static void run(const char *format, ...) __attribute__((format(printf, 1, 2)));

static void run(const char *format, ...)
{
    char command[2048];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(command, sizeof command, format, arguments);
    va_end(arguments);
    if (system(command)) /* NOLINT(cert-env33-c): the commands are ours */
        fail_msg("failed: %s", command);
}

/* The pin of the server's public key, as curl writes it. */
static void pin_of(const char *url, char *out, size_t size)
{
    char command[1024];
    FILE *output;

    snprintf(command, sizeof command,
             "openssl s_client -connect %s </dev/null 2>/dev/null | openssl x509 -pubkey -noout |"
             " openssl pkey -pubin -outform der | openssl dgst -sha256 -binary | openssl base64",
             strstr(url, "://") + 3);
    snprintf(out, size, "sha256//");
    output = popen(command, "r"); /* NOLINT(cert-env33-c): the same */
    assert_non_null(output);
    assert_non_null(fgets(out + 8, (int)size - 8, output));
    pclose(output);
    out[strcspn(out, "\n")] = '\0';
    assert_int_equal(strlen(out), 8 + 44);
}

struct openssl_server {
    pid_t process;
    FILE *output;
    char url[64];
};

/* A server of another maker, with our other certificate. Answers with a page. */
static struct openssl_server openssl_server_start(const char *option, const char *more, const char *value)
{
    struct openssl_server server;
    char line[256] = "";
    int ends[2];

    assert_int_equal(pipe(ends), 0);
    server.process = fork();
    assert_true(server.process >= 0);
    if (server.process == 0) {
        prctl(PR_SET_PDEATHSIG, SIGTERM);
        dup2(ends[1], STDOUT_FILENO);
        if (!freopen("/dev/null", "w", stderr))
            _exit(126);
        execlp("openssl", "openssl", "s_server", "-accept", "127.0.0.1:0", "-www", "-cert", other_ca, "-key", other_key,
               option, more, value, (char *)NULL);
        _exit(127);
    }
    close(ends[1]);
    server.output = fdopen(ends[0], "r");
    assert_non_null(server.output);
    while (!strstr(line, "ACCEPT "))
        assert_non_null(fgets(line, sizeof line, server.output));
    snprintf(server.url, sizeof server.url, "https://127.0.0.1:%d", atoi(strrchr(line, ':') + 1));
    return server;
}

static void openssl_server_stop(struct openssl_server *server)
{
    kill(server->process, SIGTERM);
    waitpid(server->process, NULL, 0);
    fclose(server->output);
}

static void make_certificate(const char *certificate, const char *key)
{
    run("openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=capauth-test"
        " -addext subjectAltName=IP:127.0.0.1 -keyout %s -out %s -days 2 2>/dev/null",
        key, certificate);
}

static int set_up(void **state)
{
    assert_non_null(mkdtemp(folder));
    snprintf(other_ca, sizeof other_ca, "%s/other.pem", folder);
    snprintf(other_key, sizeof other_key, "%s/other.key", folder);
    snprintf(not_a_certificate, sizeof not_a_certificate, "%s/text", folder);
    snprintf(missing, sizeof missing, "%s/missing", folder);
    make_certificate(other_ca, other_key);
    run("echo hello > %s", not_a_certificate);
    start_shared(state);
    make_brand(shared, "Tls", "{}");
    other_host = relay_start_on("127.0.0.2", shared->url);
    return 0;
}

static int tear_down(void **state)
{
    relay_stop(other_host);
    run("rm -r %s", folder);
    return stop_shared(state);
}

/* ---- What stands in the way ---- */

static void trust(capauth_client *client)
{
    assert_code(capauth_client_set_ca_file(client, shared->ca_file), CAPAUTH_OK);
}

static void trust_another(capauth_client *client)
{
    assert_code(capauth_client_set_ca_file(client, other_ca), CAPAUTH_OK);
}

static void trust_a_text(capauth_client *client)
{
    assert_code(capauth_client_set_ca_file(client, not_a_certificate), CAPAUTH_OK);
}

static void trust_the_default(capauth_client *client)
{
    (void)client;
}

static void pin_another_key(capauth_client *client)
{
    trust(client);
    assert_code(capauth_client_set_pinned_keys(client, "sha256//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="),
                CAPAUTH_OK);
}

static void show_a_text(capauth_client *client)
{
    trust(client);
    assert_code(capauth_client_set_client_cert(client, not_a_certificate), CAPAUTH_OK);
    assert_code(capauth_client_set_client_key(client, not_a_certificate), CAPAUTH_OK);
}

struct obstacle {
    const char *name;
    const char *url; /* NULL: the emulator's; "relay": its relay's, "plain": plain http to it */
    void (*configure)(capauth_client *client);
    int code;
    const char *says[3];
};

static const struct obstacle obstacles[] = {
    {"unknown host", "https://nowhere.invalid", trust, CAPAUTH_E_RESOLVE, {"nowhere.invalid"}},
    {"refused connection", "https://127.0.0.1:1", trust, CAPAUTH_E_CONNECT, {"127.0.0.1"}},
    {"wrong CA", NULL, trust_another, CAPAUTH_E_TLS, {"CA store: ca_file: ", "other.pem", "certificate"}},
    {"no CA of ours", NULL, trust_the_default, CAPAUTH_E_TLS, {"CA store: ", "certificate"}},
    {"CA file that is none", NULL, trust_a_text, CAPAUTH_E_TLS, {"CA store: ca_file: ", "/text"}},
    {"wrong host name", "relay", trust, CAPAUTH_E_TLS, {"127.0.0.2", "CA store: ca_file: "}},
    {"plain http to a TLS port", "plain", trust, CAPAUTH_E_NETWORK, {NULL}},
    {"wrong pinned key", NULL, pin_another_key, CAPAUTH_E_TLS, {"public key"}},
    {"client certificate that is none", NULL, show_a_text, CAPAUTH_E_TLS, {"cert"}},
};

static capauth_client *client_before(const struct obstacle *it)
{
    capauth_client *client = NULL;
    char plain[64];

    snprintf(plain, sizeof plain, "http%s", shared->url + strlen("https"));
    assert_code(capauth_client_new(&client), CAPAUTH_OK);
    assert_code(capauth_client_set_max_retries(client, 0), CAPAUTH_OK);
    assert_code(capauth_client_set_base_url(client, !it->url                    ? shared->url
                                                    : !strcmp(it->url, "relay") ? relay_url(other_host)
                                                    : !strcmp(it->url, "plain") ? plain
                                                                                : it->url),
                CAPAUTH_OK);
    it->configure(client);
    return client;
}

TEST(each_obstacle_has_its_code_and_its_words)
{
    for (size_t i = 0; i < sizeof obstacles / sizeof obstacles[0]; i++) {
        const struct obstacle *it = &obstacles[i];
        capauth_client *client = client_before(it);
        capauth_session *customer = new_web(client, "Tls", "919999999993");
        capauth_call *call = NULL;

        print_message("           %s\n", it->name);
        assert_code(capauth_token_generate(customer, NULL, &call), CAPAUTH_OK);
        assert_code(capauth_call_wait(call, -1), it->code);
        for (int word = 0; word < 3 && it->says[word]; word++) {
            if (!strstr(capauth_call_error_message(call), it->says[word]))
                fail_msg("%s: no %s", capauth_call_error_message(call), it->says[word]);
        }
        assert_true(strlen(capauth_call_error_message(call)) > strlen(capauth_strerror(it->code)) + 20);
        assert_int_equal(capauth_call_http_status(call), 0);
        assert_int_equal(capauth_call_maybe_sent(call), it->code == CAPAUTH_E_NETWORK);
        capauth_call_free(&call);
        capauth_session_free(&customer);
        capauth_client_free(&client);
    }
}

TEST(prepare_gives_the_same_codes)
{
    for (size_t i = 0; i < sizeof obstacles / sizeof obstacles[0]; i++) {
        capauth_client *client = client_before(&obstacles[i]);

        if (obstacles[i].code != CAPAUTH_E_NETWORK) /* that one is only found out by asking */
            assert_code(capauth_client_prepare(client), obstacles[i].code);
        capauth_client_free(&client);
    }
}

TEST(a_plain_port_does_not_speak_tls)
{
    struct slow_server *server = slow_server_start(token_reply(), 0);
    capauth_client *client = NULL;
    char url[64];

    snprintf(url, sizeof url, "https%s", slow_server_url(server) + strlen("http"));
    assert_code(capauth_client_new(&client), CAPAUTH_OK);
    assert_code(capauth_client_set_base_url(client, url), CAPAUTH_OK);
    assert_code(capauth_client_set_connect_timeout_ms(client, 500), CAPAUTH_OK);
    assert_code(capauth_client_set_max_retries(client, 0), CAPAUTH_OK);
    assert_code(capauth_client_prepare(client), CAPAUTH_E_CONNECT); /* it waits for a request that never ends */
    capauth_client_free(&client);
    slow_server_stop(server);
}

TEST(what_cannot_be_read_is_refused_by_the_setter)
{
    capauth_client *client = NULL;

    assert_code(capauth_client_new(&client), CAPAUTH_OK);
    assert_code(capauth_client_set_ca_file(client, missing), CAPAUTH_E_INVALID_ARGUMENT);
    assert_non_null(strstr(capauth_client_error_message(client), missing));
    assert_code(capauth_client_set_client_cert(client, missing), CAPAUTH_E_INVALID_ARGUMENT);
    assert_non_null(strstr(capauth_client_error_message(client), "client_cert"));
    assert_code(capauth_client_set_client_key(client, missing), CAPAUTH_E_INVALID_ARGUMENT);
    assert_code(capauth_client_set_ca_pem(client, "hello"), CAPAUTH_E_INVALID_ARGUMENT);
    assert_code(capauth_client_set_tls_min(client, "1.1"), CAPAUTH_E_INVALID_ARGUMENT);
    assert_code(capauth_client_set_pinned_keys(client, "sha256//x"), CAPAUTH_E_INVALID_ARGUMENT);
    capauth_client_free(&client);
}

TEST(a_file_that_vanishes_is_a_tls_error)
{
    capauth_client *client = NULL;

    run("cp %s %s", other_ca, missing);
    assert_code(capauth_client_new(&client), CAPAUTH_OK);
    assert_code(capauth_client_set_base_url(client, shared->url), CAPAUTH_OK);
    assert_code(capauth_client_set_ca_file(client, shared->ca_file), CAPAUTH_OK);
    assert_code(capauth_client_set_client_cert(client, missing), CAPAUTH_OK);
    run("rm %s", missing);
    assert_code(capauth_client_prepare(client), CAPAUTH_E_TLS);
    capauth_client_free(&client);
}

/* ---- Whom to trust ---- */

TEST(the_right_pin_is_let_through)
{
    capauth_client *client = new_client(shared);
    char pin[128], pins[256];

    pin_of(shared->url, pin, sizeof pin);
    snprintf(pins, sizeof pins, "sha256//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=;%s", pin);
    assert_code(capauth_client_set_pinned_keys(client, pins), CAPAUTH_OK);
    assert_code(capauth_client_prepare(client), CAPAUTH_OK);
    capauth_client_free(&client);
}

TEST(a_pin_does_not_replace_verification)
{
    capauth_client *client = NULL;
    char pin[128];

    pin_of(shared->url, pin, sizeof pin);
    assert_code(capauth_client_new(&client), CAPAUTH_OK);
    assert_code(capauth_client_set_base_url(client, shared->url), CAPAUTH_OK);
    assert_code(capauth_client_set_ca_file(client, other_ca), CAPAUTH_OK);
    assert_code(capauth_client_set_pinned_keys(client, pin), CAPAUTH_OK);
    assert_code(capauth_client_prepare(client), CAPAUTH_E_TLS);
    capauth_client_free(&client);
}

TEST(a_ca_as_text_is_as_good)
{
    capauth_client *client = NULL;
    char *pem = text_of_file(shared->ca_file);
    char *other = text_of_file(other_ca);

    assert_code(capauth_client_new(&client), CAPAUTH_OK);
    assert_code(capauth_client_set_base_url(client, shared->url), CAPAUTH_OK);
    assert_code(capauth_client_set_ca_pem(client, other), CAPAUTH_OK);
    assert_code(capauth_client_set_ca_pem(client, pem), CAPAUTH_OK);
    assert_code(capauth_client_prepare(client), CAPAUTH_OK);
    capauth_client_free(&client);
    assert_code(capauth_client_new(&client), CAPAUTH_OK);
    assert_code(capauth_client_set_base_url(client, shared->url), CAPAUTH_OK);
    assert_code(capauth_client_set_ca_pem(client, other), CAPAUTH_OK);
    assert_code(capauth_client_prepare(client), CAPAUTH_E_TLS);
    capauth_client_free(&client);
    free(pem);
    free(other);
}

/* A folder of authorities as OpenSSL would search it by itself. */
static void make_folder_of_authorities(char *out, size_t size)
{
    snprintf(out, size, "%s/authorities", folder);
    run("mkdir %s && cp %s %s/ca.pem && openssl rehash %s 2>/dev/null", out, shared->ca_file, out, out);
}

TEST(ca_file_is_all_that_is_trusted)
{
    capauth_client *client = NULL;
    char authorities[128];
    char *about = NULL;

    make_folder_of_authorities(authorities, sizeof authorities);
    setenv("SSL_CERT_FILE", shared->ca_file, 1);
    setenv("SSL_CERT_DIR", authorities, 1);
    assert_code(capauth_client_new(&client), CAPAUTH_OK);
    assert_code(capauth_client_set_base_url(client, shared->url), CAPAUTH_OK);
    assert_code(capauth_diagnose(client, &about), CAPAUTH_OK);
    assert_non_null(strstr(about, "SSL_CERT_FILE: "));
    capauth_string_free(&about);
    assert_code(capauth_client_prepare(client), CAPAUTH_OK);
    capauth_client_free(&client);
    assert_code(capauth_client_new(&client), CAPAUTH_OK);
    assert_code(capauth_client_set_base_url(client, shared->url), CAPAUTH_OK);
    assert_code(capauth_client_set_ca_file(client, other_ca), CAPAUTH_OK);
    assert_code(capauth_client_prepare(client), CAPAUTH_E_TLS);
    capauth_client_free(&client);
    unsetenv("SSL_CERT_FILE");
    assert_code(capauth_client_new(&client), CAPAUTH_OK);
    assert_code(capauth_client_set_base_url(client, shared->url), CAPAUTH_OK);
    assert_code(capauth_client_prepare(client), CAPAUTH_E_TLS); /* SSL_CERT_DIR is not read */
    capauth_client_free(&client);
    unsetenv("SSL_CERT_DIR");
}

TEST(the_oldest_tls_is_respected)
{
    static const struct {
        const char *server, *min;
        int code;
    } cases[] = {
        {"-tls1_2", "1.2", CAPAUTH_OK},
        {"-tls1_2", "1.3", CAPAUTH_E_TLS},
        {"-tls1_3", "1.3", CAPAUTH_OK},
        {"-tls1_1", "1.2", CAPAUTH_E_TLS},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct openssl_server server = openssl_server_start(cases[i].server, NULL, NULL);
        capauth_client *client = NULL;

        assert_code(capauth_client_new(&client), CAPAUTH_OK);
        assert_code(capauth_client_set_base_url(client, server.url), CAPAUTH_OK);
        assert_code(capauth_client_set_ca_file(client, other_ca), CAPAUTH_OK);
        assert_code(capauth_client_set_tls_min(client, cases[i].min), CAPAUTH_OK);
        assert_code(capauth_client_prepare(client), cases[i].code);
        capauth_client_free(&client);
        openssl_server_stop(&server);
    }
}

TEST(a_client_certificate_is_shown)
{
    struct openssl_server server = openssl_server_start("-tls1_2", "-Verify", "1"); /* wants one */

    for (int shown = 0; shown < 2; shown++) {
        capauth_client *client = NULL;

        assert_code(capauth_client_new(&client), CAPAUTH_OK);
        assert_code(capauth_client_set_base_url(client, server.url), CAPAUTH_OK);
        assert_code(capauth_client_set_ca_file(client, other_ca), CAPAUTH_OK);
        if (shown) {
            assert_code(capauth_client_set_client_cert(client, other_ca), CAPAUTH_OK);
            assert_code(capauth_client_set_client_key(client, other_key), CAPAUTH_OK);
        }
        assert_code(capauth_client_prepare(client), shown ? CAPAUTH_OK : CAPAUTH_E_TLS);
        capauth_client_free(&client);
    }
    openssl_server_stop(&server);
}

/* ---- The environment, and plain HTTP ---- */

static void set_proxies(const char *url)
{
    static const char *const names[] = {"http_proxy", "https_proxy", "HTTPS_PROXY", "ALL_PROXY", "all_proxy"};

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (url)
            setenv(names[i], url, 1);
        else
            unsetenv(names[i]);
    }
}

static int attempt(capauth_client *client)
{
    capauth_session *customer = new_web(client, "Brand", "919999999993");
    int result = capauth_token_generate(customer, NULL, NULL);

    capauth_session_free(&customer);
    return result;
}

static capauth_client *plain_client(const char *url, const char *proxy)
{
    capauth_client *client = NULL;

    assert_code(capauth_client_new(&client), CAPAUTH_OK);
    assert_code(capauth_client_set_allow_http(client, 1), CAPAUTH_OK);
    assert_code(capauth_client_set_max_retries(client, 0), CAPAUTH_OK);
    assert_code(capauth_client_set_base_url(client, url), CAPAUTH_OK);
    if (proxy)
        assert_code(capauth_client_set_proxy(client, proxy), CAPAUTH_OK);
    return client;
}

TEST(a_proxy_is_used_only_when_asked_for)
{
    struct slow_server *proxy = slow_server_start(token_reply(), 0);
    struct slow_server *server = slow_server_start(token_reply(), 0);
    const struct {
        const char *url, *proxy;
        int code, through_proxy;
    } cases[] = {
        {"http://nowhere.invalid", NULL, CAPAUTH_E_RESOLVE, 0},
        {"http://nowhere.invalid", "", CAPAUTH_E_RESOLVE, 0},
        {"http://nowhere.invalid", "env", CAPAUTH_OK, 1},
        {"http://nowhere.invalid", slow_server_url(proxy), CAPAUTH_OK, 1},
        {slow_server_url(server), NULL, CAPAUTH_OK, 0},
        {slow_server_url(server), "env", CAPAUTH_OK, 0},
        {slow_server_url(server), slow_server_url(proxy), CAPAUTH_OK, 0},
    };
    int through_proxy = 0;

    set_proxies(slow_server_url(proxy));
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        capauth_client *client = plain_client(cases[i].url, cases[i].proxy);

        assert_code(attempt(client), cases[i].code);
        through_proxy += cases[i].through_proxy;
        assert_int_equal(slow_server_requests(proxy), through_proxy);
        capauth_client_free(&client);
    }
    set_proxies(NULL);
    slow_server_stop(proxy);
    slow_server_stop(server);
}

TEST(plain_http_is_for_loopback)
{
    static const struct {
        const char *url;
        int code;
    } cases[] = {
        {"http://127.0.0.1:8080", CAPAUTH_OK},
        {"http://127.8.9.10", CAPAUTH_OK},
        {"http://localhost:8080", CAPAUTH_OK},
        {"http://[::1]:8080", CAPAUTH_OK},
        {"http://auth.brand.example", CAPAUTH_E_INVALID_ARGUMENT},
        {"http://192.168.0.1", CAPAUTH_E_INVALID_ARGUMENT},
        {"http://127.0.0.1.brand.example", CAPAUTH_E_INVALID_ARGUMENT},
        {"http://127.evil.example", CAPAUTH_E_INVALID_ARGUMENT},
        {"http://localhost.brand.example", CAPAUTH_E_INVALID_ARGUMENT},
        {"http://128.0.0.1", CAPAUTH_E_INVALID_ARGUMENT},
        {"http://0.0.0.0", CAPAUTH_E_INVALID_ARGUMENT},
        {"http://[::2]", CAPAUTH_E_INVALID_ARGUMENT},
        {"http://[::ffff:8.8.8.8]", CAPAUTH_E_INVALID_ARGUMENT},
        {"http://127.0.0.1@brand.example", CAPAUTH_E_INVALID_ARGUMENT},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        capauth_client *client = NULL;

        assert_code(capauth_client_new(&client), CAPAUTH_OK);
        if (capauth_client_set_base_url(client, cases[i].url) != cases[i].code)
            fail_msg("%s: %s", cases[i].url, capauth_client_error_message(client));
        if (cases[i].code)
            assert_true(strlen(capauth_client_error_message(client)) > 0);
        capauth_client_free(&client);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_obstacle_has_its_code_and_its_words),
        cmocka_unit_test(prepare_gives_the_same_codes),
        cmocka_unit_test(a_plain_port_does_not_speak_tls),
        cmocka_unit_test(what_cannot_be_read_is_refused_by_the_setter),
        cmocka_unit_test(a_file_that_vanishes_is_a_tls_error),
        cmocka_unit_test(the_right_pin_is_let_through),
        cmocka_unit_test(a_pin_does_not_replace_verification),
        cmocka_unit_test(a_ca_as_text_is_as_good),
        cmocka_unit_test(ca_file_is_all_that_is_trusted),
        cmocka_unit_test(the_oldest_tls_is_respected),
        cmocka_unit_test(a_client_certificate_is_shown),
        cmocka_unit_test(a_proxy_is_used_only_when_asked_for),
        cmocka_unit_test(plain_http_is_for_loopback),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
