/* SPDX-License-Identifier: Apache-2.0 */
/* The lives of handles: clients and their settings, sessions as texts, options, callbacks, and their ends. */
#include "lives.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Refused for memory, it is asked for again with memory, and must then succeed: a failure leaves nothing behind. */
#define TRY(expression)                                                                                                \
    do {                                                                                                               \
        int tried = (expression);                                                                                      \
                                                                                                                       \
        if (tried == CAPAUTH_E_NO_MEMORY) {                                                                            \
            shortage_end();                                                                                            \
            tried = (expression);                                                                                      \
        }                                                                                                              \
        if (tried)                                                                                                     \
            return tried;                                                                                              \
    } while (0)

/* ---- What is there before ---- */

void with_nothing(struct world *world)
{
    (void)world;
}

void with_client(struct world *world)
{
    make_client(world);
}

void with_session(struct world *world)
{
    make_client(world);
    world->session = make_session(world, CAPAUTH_FLOW_MOBILE);
}

/* With a member of a later version and an escape, so that json-c is needed too. */
void with_export(struct world *world)
{
    static const char more[] = "{\"later\":{\"a\":[1,2]},\"otpChannel\":\"S\\u004dS\",";
    char *text = NULL;

    as_customer(world);
    EXPECT_CODE(world, capauth_session_export(world->session, &text), CAPAUTH_OK);
    if (text && (world->text = malloc(strlen(text) + sizeof more)))
        sprintf(world->text, "%s%s", more, text + 1);
    capauth_string_free(&text);
}

void with_certificates(struct world *world)
{
    FILE *file = *world->service->ca_file ? fopen(world->service->ca_file, "r") : NULL;
    size_t size = 0;

    with_session(world);
    if (!file)
        world->text = strdup("-----BEGIN CERTIFICATE-----\n");
    else if (getdelim(&world->text, &size, '\0', file) < 0)
        complain(world, "%s cannot be read", world->service->ca_file);
    if (file)
        fclose(file);
}

void with_calls(struct world *world)
{
    capauth_call *left = NULL;

    as_customer(world);
    EXPECT_CODE(world, capauth_gateway_call(world->session, "GET", "plain/ok", NULL, NULL, &left), CAPAUTH_OK);
    capauth_call_free(&left);
    EXPECT_CODE(world, capauth_token_regenerate(world->session, NULL, &world->call), CAPAUTH_OK);
    EXPECT(world, capauth_client_poll(world->client, 0) >= 0);
}

/* ---- Sessions as texts ---- */

int export(struct world *world)
{
    capauth_string_free(&world->made);
    return capauth_session_export(world->session, &world->made);
}

int restore(struct world *world)
{
    return capauth_session_restore(world->client, world->text, &world->second);
}

void is_restored(struct world *world, int code)
{
    EXPECT(world, (code == CAPAUTH_OK) == (world->second != NULL));
    if (code == CAPAUTH_OK) {
        EXPECT(world, !strcmp(capauth_session_token(world->second), capauth_session_token(world->session)));
        EXPECT(world, !strcmp(capauth_session_otp_channel(world->second), "SMS"));
        EXPECT_CODE(world, capauth_session_export(world->second, &world->made), CAPAUTH_OK);
        EXPECT(world, world->made && strstr(world->made, "\"later\":{\"a\":[1,2]}"));
    }
}

int reload(struct world *world)
{
    int code = capauth_session_reload(world->session, world->text);

    world->told += code == CAPAUTH_OK; /* nobody is told of what is done with the session itself */
    return code;
}

/* ---- Clients and sessions, new ---- */

static int look_around(struct world *world)
{
    char *text = NULL;

    TRY(capauth_diagnose(world->client, &text));
    capauth_string_free(&text);
    TRY(capauth_session_copy_identifier(world->session, &text));
    EXPECT(world, !strcmp(text, "anna"));
    capauth_string_free(&text);
    TRY(capauth_client_copy_error_message(world->client, &text));
    capauth_string_free(&text);
    EXPECT(world, capauth_session_set_device_id(world->session, "") == CAPAUTH_E_INVALID_ARGUMENT);
    EXPECT(world, capauth_client_set_timeout_ms(world->client, -1) == CAPAUTH_E_INVALID_ARGUMENT);
    return CAPAUTH_OK;
}

int new_handles(struct world *world)
{
    TRY(capauth_client_new(&world->client));
    TRY(capauth_client_set_base_url(world->client, world->service->url));
    TRY(capauth_session_new(world->client, CAPAUTH_FLOW_MOBILE, world->life->brand, &world->session));
    TRY(capauth_session_set_identifier(world->session, CAPAUTH_IDENTIFIER_USERNAME, "anna"));
    TRY(capauth_session_set_contact(world->session, CAPAUTH_IDENTIFIER_MOBILE, world->identifier));
    TRY(capauth_session_set_device_id(world->session, "device-1"));
    TRY(capauth_session_external_new(world->client, world->life->brand, "access", "identity", &world->second));
    return look_around(world);
}

/* ---- Settings: one that fails has changed nothing ---- */

static char *shown(const struct world *world)
{
    char *text = NULL;

    shortage_pause(true);
    (void)capauth_diagnose(world->client, &text);
    shortage_pause(false);
    return text ? text : strdup("");
}

static int set(struct world *world, int (*setter)(capauth_client *client, const char *value), const char *value)
{
    char *before = shown(world);
    int code = setter(world->client, value);

    if (code == CAPAUTH_E_NO_MEMORY) {
        char *after = shown(world);

        shortage_end();
        EXPECT(world, !strcmp(before, after));
        free(after);
        code = setter(world->client, value);
    }
    free(before);
    return code;
}

int settings(struct world *world)
{
    const struct {
        int (*setter)(capauth_client *client, const char *value);
        const char *value;
    } all[] = {
        {capauth_client_set_cluster, "APAC"},
        {capauth_client_set_base_url, "https://auth.brand.example/"},
        {capauth_client_set_gateway_url, "https://gateway.brand.example/mobile"},
        {capauth_client_set_ca_file, "/dev/null"},
        {capauth_client_set_ca_pem, "-----BEGIN CERTIFICATE-----\n"},
        {capauth_client_set_ca_file, "/dev/zero"},
        {capauth_client_set_tls_min, "1.3"},
        {capauth_client_set_pinned_keys, "sha256//YhKJKSzoTt2b5FP18fvpHo7fJYqQCjAa3HWY3tvRMwE="},
        {capauth_client_set_client_cert, "/dev/null"},
        {capauth_client_set_client_key, "/dev/null"},
        {capauth_client_set_proxy, "http://user:password@proxy.example:3128"},
        {capauth_client_set_proxy, "env"},
        {capauth_client_set_user_agent, "torture/1"},
    };

    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        int code = set(world, all[i].setter, all[i].value);

        if (code)
            return code;
    }
    TRY(capauth_client_add_header(world->client, "x-brand", "one"));
    TRY(capauth_client_set_allow_http(world->client, 1));
    TRY(capauth_client_set_allow_http(world->client, 0));
    return CAPAUTH_OK;
}

int cluster(struct world *world)
{
    return capauth_client_set_cluster(world->client, "EU");
}

/* All of the cluster, or all of what was there: the gateway's address too, which is seen only by using it. */
void is_one_or_the_other(struct world *world, int code)
{
    char *text = shown(world);

    if (code == CAPAUTH_OK) {
        EXPECT(world, strstr(text, "https://eu-auth-api."));
    } else {
        EXPECT(world, strstr(text, world->service->url));
        world->session = make_session(world, CAPAUTH_FLOW_MOBILE);
        sign_in(world, world->session);
        use_gateway(world, world->session);
    }
    free(text);
}

int certificates(struct world *world)
{
    return set(world, capauth_client_set_ca_pem, world->text);
}

/* ---- Options ---- */

int options(struct world *world)
{
    capauth_options *all = NULL;

    TRY(capauth_options_new(&all));
    capauth_options_free(&all);
    TRY(capauth_options_set_password(world->options, PASSWORD));
    TRY(capauth_options_set_fallback_channel(world->options, "SMS"));
    TRY(capauth_options_set_otp_hash(world->options, "hash", 1));
    if (capauth_options_set_timeout_ms(world->options, -1) != CAPAUTH_E_INVALID_ARGUMENT)
        return CAPAUTH_E_INTERNAL;
    TRY(capauth_options_add_header(world->options, "x-call", "one"));
    TRY(capauth_options_add_query(world->options, "first", "a b&c"));
    TRY(capauth_options_add_query(world->options, "second",
                                  "0123456789012345678901234567890123456789012345678901234567890123456789012345678901"
                                  "0123456789012345678901234567890123456789012345678901234567890123456789012345678901"
                                  "0123456789012345678901234567890123456789012345678901234567890123456789012345678901"
                                  "end"));
    return outcome(world, capauth_gateway_call(world->session, "GET", "plain/ok", NULL, world->options, &world->call));
}

/* Nothing of it is missing, nothing there twice. */
void is_whole_query(struct world *world, int code)
{
    char what[128];
    const char *seen;

    if (code || *world->service->ca_file)
        return;
    snprintf(what, sizeof what, "exchanges?brand=%s&limit=1", world->life->brand);
    seen = service_control(world->service, "GET", what, NULL);
    EXPECT(world, seen && strstr(seen, "first=a%20b%26c&second=01234567890"));
    EXPECT(world, seen && strstr(seen, "78901end\""));
}

/* ---- Callbacks ---- */

static void told_log(int level, const char *message, void *data)
{
    (void)data;
    if (level < CAPAUTH_LOG_ERROR || !*message)
        abort();
}

static void told_trace(int event, int64_t call_id, const char *operation, int result, int http_status, int attempts,
                       int duration_ms, void *data)
{
    (void)event, (void)call_id, (void)result, (void)http_status, (void)attempts, (void)duration_ms, (void)data;
    if (!*operation)
        abort();
}

static void told_change(capauth_session *session, void *data)
{
    struct world *world = data;

    (void)session;
    world->told++;
}

static void free_data(void *data)
{
    ((struct world *)data)->freed++;
}

/* Each listener's data are freed once, also when it could not be set. */
int callbacks(struct world *world)
{
    int code;

    TRY((world->progress++, capauth_client_set_log(world->client, told_log, world, free_data)));
    TRY((world->progress++, capauth_client_set_trace(world->client, told_trace, world, free_data)));
    TRY((world->progress++, capauth_session_on_change(world->session, told_change, world, free_data)));
    TRY((world->progress++, capauth_client_set_log(world->client, told_log, world, free_data)));
    code = outcome(world, capauth_token_generate(world->session, NULL, call_slot(world)));
    EXPECT(world, !*capauth_session_token(world->session) || world->told);
    capauth_call_free(&world->call);
    capauth_session_free(&world->session);
    capauth_client_free(&world->client);
    EXPECT(world, world->freed == world->progress);
    return code;
}

/* ---- Ways to wait, and ends ---- */

int poll_for_it(struct world *world)
{
    capauth_call *done = NULL;
    int code = capauth_token_regenerate(world->session, NULL, &world->call);

    if (code)
        return code;
    EXPECT(world, capauth_client_fd(world->client) >= 0);
    while (!done) {
        if ((code = capauth_client_poll(world->client, 6000)) < 0)
            return code;
        EXPECT(world, code > 0);
        (void)capauth_client_next_done(world->client, &done);
    }
    EXPECT(world, done == world->call);
    return capauth_call_result(done);
}

int prepare(struct world *world)
{
    if (world->blocking)
        return capauth_client_prepare(world->client);
    return outcome(world, capauth_client_start_prepare(world->client, &world->call));
}

int closing(struct world *world)
{
    EXPECT_CODE(world, capauth_session_close(world->session), CAPAUTH_OK);
    EXPECT_CODE(world, capauth_client_close(world->client), CAPAUTH_OK);
    EXPECT(world, capauth_call_done(world->call));
    capauth_call_free(&world->call);
    capauth_session_free(&world->session);
    capauth_client_free(&world->client);
    return CAPAUTH_OK;
}

static int sign_in_and_out(struct world *world)
{
    capauth_call *call = NULL;
    int code = capauth_token_generate(world->session, NULL, NULL);

    if (!code)
        code = capauth_otp_generate(world->session, NULL, NULL);
    if (!code)
        code = capauth_otp_validate(world->session, OTP, NULL, NULL);
    if (!code)
        code = capauth_gateway_call(world->session, "GET", "plain/ok", NULL, NULL, &call);
    if (!code)
        code = capauth_call_wait(call, -1);
    capauth_call_free(&call);
    if (!code)
        code = capauth_session_export(world->session, &world->made);
    if (!code)
        code = capauth_session_sign_out(world->session, NULL, NULL);
    return code;
}

/* From the first function to the last. After a failure everything is freed, still without memory where it lasts. */
int all_of_it(struct world *world)
{
    const char *ca_file = world->service->ca_file;
    int code = capauth_client_new(&world->client);

    if (!code)
        code = capauth_client_set_base_url(world->client, world->service->url);
    if (!code && *ca_file)
        code = capauth_client_set_ca_file(world->client, ca_file);
    if (!code)
        code = capauth_session_new(world->client, CAPAUTH_FLOW_MOBILE, world->life->brand, &world->session);
    if (!code)
        code = capauth_session_set_identifier(world->session, CAPAUTH_IDENTIFIER_MOBILE, world->identifier);
    if (!code)
        code = capauth_session_set_device_id(world->session, "device-1");
    if (!code)
        code = sign_in_and_out(world);
    capauth_session_free(&world->session);
    capauth_client_free(&world->client);
    return code;
}
