/* SPDX-License-Identifier: Apache-2.0 */
/* Plays tests/scenarios/scenarios.json; its README.md says what the words mean. */
#include "support_operations.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <json-c/json.h>

#include "protocol/operation.h"

/* One scenario as it is being played. */
struct play {
    struct json_object *scenario;
    int number;
    char brand[32];
    struct emulator *emulator;
    capauth_client *client;
    capauth_session *first; /* kept while the second factor goes on */
    capauth_session *customer;
    int64_t advanced_ms;
    char told[16384]; /* all that log, trace and errors said during the last step */
};

static struct emulator *clocked; /* for the scenarios that move the clock */

static struct json_object *member(struct json_object *object, const char *name)
{
    struct json_object *value = NULL;

    json_object_object_get_ex(object, name, &value);
    return value;
}

static const char *text(struct json_object *object, const char *name)
{
    struct json_object *value = member(object, name);

    return value ? json_object_get_string(value) : NULL;
}

/* ---- Sessions ---- */

static const struct {
    const char *name;
    int type;
    bool contact;
} identities[] = {
    {"mobile", CAPAUTH_IDENTIFIER_MOBILE, false},        {"email", CAPAUTH_IDENTIFIER_EMAIL, false},
    {"username", CAPAUTH_IDENTIFIER_USERNAME, false},    {"external_id", CAPAUTH_IDENTIFIER_EXTERNALID, false},
    {"contact_mobile", CAPAUTH_IDENTIFIER_MOBILE, true}, {"contact_email", CAPAUTH_IDENTIFIER_EMAIL, true},
};

static void set_identity(capauth_session *session, struct json_object *identity)
{
    for (size_t i = 0; i < sizeof identities / sizeof identities[0]; i++) {
        const char *value = text(identity, identities[i].name);

        if (value && identities[i].contact)
            assert_code(capauth_session_set_contact(session, identities[i].type, value), CAPAUTH_OK);
        else if (value)
            assert_code(capauth_session_set_identifier(session, identities[i].type, value), CAPAUTH_OK);
    }
    if (text(identity, "device_id"))
        assert_code(capauth_session_set_device_id(session, text(identity, "device_id")), CAPAUTH_OK);
}

static void new_session(struct play *play, struct json_object *identity)
{
    int flow = strcmp(text(identity, "flow"), "web") == 0 ? CAPAUTH_FLOW_WEB : CAPAUTH_FLOW_MOBILE;

    if (flow == CAPAUTH_FLOW_MOBILE)
        assert_string_equal(text(identity, "flow"), "mobile");
    capauth_session_free(&play->customer);
    assert_code(capauth_session_new(play->client, flow, play->brand, &play->customer), CAPAUTH_OK);
    set_identity(play->customer, identity);
}

static void second_factor(struct play *play, struct json_object *step)
{
    play->first = play->customer;
    play->customer = NULL;
    assert_code(capauth_session_second_factor(play->first, &play->customer), CAPAUTH_OK);
    set_identity(play->customer, step);
}

static void restore(struct play *play, struct json_object *step)
{
    char *exported = NULL;
    struct json_object *tree;

    assert_code(capauth_session_export(play->customer, &exported), CAPAUTH_OK);
    tree = json_tokener_parse(exported);
    capauth_string_free(&exported);
    if (member(step, "set")) {
        json_object_object_foreach(member(step, "set"), name, value)
        {
            json_object_object_add(tree, name, json_object_get(value));
        }
    }
    capauth_session_free(&play->customer);
    assert_code(capauth_session_restore(play->client, json_object_to_json_string(tree), &play->customer), CAPAUTH_OK);
    json_object_put(tree);
}

/* ---- Arguments ---- */

/* The newest OTP sent to the session's identifier or contact. */
static const char *sent_otp(const struct play *play)
{
    char what[512];
    static char otp[32];
    struct json_object *outbox, *messages, *newest;

    snprintf(what, sizeof what, "outbox?brand=%s", play->brand);
    outbox = json_tokener_parse(control(play->emulator, "GET", what, NULL));
    messages = member(outbox, "messages");
    newest = json_object_array_length(messages) ? json_object_array_get_idx(messages, 0) : NULL;
    assert_non_null(newest);
    snprintf(otp, sizeof otp, "%s", text(newest, "otp"));
    json_object_put(outbox);
    return otp;
}

static const char *otp_of_step(const struct play *play, struct json_object *step)
{
    const char *otp = text(step, "otp");

    if (otp && !strcmp(otp, "$otp"))
        return sent_otp(play);
    if (otp && !strcmp(otp, "$wrong"))
        return strcmp(sent_otp(play), "000000") ? "000000" : "111111";
    return otp;
}

static int64_t timestamp_of(const struct play *play, const char *word)
{
    int64_t now_ms = (int64_t)time(NULL) * 1000 + play->advanced_ms;

    return !strcmp(word, "$late") ? now_ms - 3600000 : now_ms;
}

static void add_query(capauth_options *options, struct json_object *query)
{
    if (!query)
        return;
    json_object_object_foreach(query, name, value)
    {
        assert_code(capauth_options_add_query(options, name, json_object_get_string(value)), CAPAUTH_OK);
    }
}

static capauth_options *options_of(const struct play *play, struct json_object *step)
{
    capauth_options *options = NULL;

    assert_code(capauth_options_new(&options), CAPAUTH_OK);
    if (!strcmp(text(step, "op"), "generate_token") && text(step, "password"))
        assert_code(capauth_options_set_password(options, text(step, "password")), CAPAUTH_OK);
    if (text(step, "fallback_channel"))
        assert_code(capauth_options_set_fallback_channel(options, text(step, "fallback_channel")), CAPAUTH_OK);
    if (text(step, "payload_hash"))
        assert_code(capauth_options_set_otp_hash(options, text(step, "payload_hash"),
                                                 timestamp_of(play, text(step, "payload_timestamp"))),
                    CAPAUTH_OK);
    if (member(step, "margin"))
        assert_code(capauth_options_set_margin_ms(options, json_object_get_int(member(step, "margin")) * 1000),
                    CAPAUTH_OK);
    add_query(options, member(step, "query"));
    return options;
}

/* ---- Operations ---- */

static int start(const struct play *play, struct json_object *step, const capauth_options *options, capauth_call **call)
{
    const struct operation *operation = operation_named(text(step, "op"));
    const char *values[MOST_TEXTS] = {NULL};

    for (size_t i = 0; i < texts_of(operation); i++)
        values[i] = strcmp(operation->texts[i], "otp") ? text(step, operation->texts[i]) : otp_of_step(play, step);
    return operation->start(play->customer, values, options, call);
}

static void check_reply(const capauth_call *call, struct json_object *step)
{
    if (member(step, "http_status"))
        assert_int_equal(capauth_call_http_status(call), json_object_get_int(member(step, "http_status")));
    if (member(step, "ok"))
        assert_int_equal(capauth_call_ok(call), json_object_get_boolean(member(step, "ok")));
    if (member(step, "code"))
        assert_int_equal(capauth_call_server_code(call), json_object_get_int(member(step, "code")));
    if (member(step, "contains"))
        assert_non_null(strstr(capauth_call_body(call, NULL), text(step, "contains")));
}

/* ---- What the application is told ---- */

static void tell(struct play *play, const char *what)
{
    size_t used = strlen(play->told);

    assert_true(used + strlen(what) + 2 < sizeof play->told);
    snprintf(play->told + used, sizeof play->told - used, "%s\n", what);
}

static void on_log(int level, const char *message, void *data)
{
    (void)level;
    tell(data, message);
}

static void on_trace(int event, int64_t call_id, const char *operation, int result, int http_status, int attempts,
                     int duration_ms, void *data)
{
    (void)event, (void)call_id, (void)result, (void)http_status, (void)attempts, (void)duration_ms;
    tell(data, operation);
}

static void not_told(const struct play *play, const char *what, const char *secret)
{
    if (secret && strlen(secret) >= 5 && strstr(play->told, secret))
        fail_msg("the %s was told: %s", what, play->told);
}

/* No secret of the step, nor of the session after it, in whatever was said at the most talkative level. */
static void no_secret_was_told(struct play *play, struct json_object *step)
{
    static const char *const arguments[] = {"password", "new_password", "current_password", "payload_hash"};

    tell(play, capauth_session_error_message(play->customer));
    for (size_t i = 0; i < sizeof arguments / sizeof arguments[0]; i++)
        not_told(play, arguments[i], text(step, arguments[i]));
    if (text(step, "otp"))
        not_told(play, "OTP", otp_of_step(play, step));
    not_told(play, "token", capauth_session_token(play->customer));
    not_told(play, "key", capauth_session_key(play->customer));
    not_told(play, "identifier", capauth_session_identifier(play->customer));
    play->told[0] = '\0';
}

static void run_operation(struct play *play, struct json_object *step)
{
    capauth_options *options = options_of(play, step);
    const char *expected = member(step, "error") ? text(step, "error") : "OK";
    capauth_call *call = NULL;
    int result;

    (void)start(play, step, options, &call);
    result = capauth_call_wait(call, -1);
    if (strcmp(capauth_error_name(result), expected) != 0)
        fail_msg("%s gives %s, not %s: %s", text(step, "op"), capauth_error_name(result), expected,
                 capauth_call_error_message(call));
    if (member(step, "maybe_sent"))
        assert_int_equal(capauth_call_maybe_sent(call), json_object_get_boolean(member(step, "maybe_sent")));
    check_reply(call, step);
    tell(play, capauth_call_error_message(call));
    assert_true(*play->told); /* there is something to search */
    no_secret_was_told(play, step);
    capauth_call_free(&call);
    capauth_options_free(&options);
}

static void check_session(const capauth_session *customer, struct json_object *step)
{
    if (member(step, "next_step"))
        assert_string_equal(capauth_step_name(capauth_session_next_step(customer)), text(step, "next_step"));
    if (member(step, "role"))
        assert_string_equal(capauth_session_role(customer), text(step, "role"));
    if (member(step, "signed_in"))
        assert_int_equal(capauth_session_signed_in(customer), json_object_get_boolean(member(step, "signed_in")));
    if (member(step, "identifier"))
        assert_string_equal(capauth_session_identifier(customer), text(step, "identifier"));
    if (member(step, "registered_for_password"))
        assert_int_equal(capauth_session_registered_for_password(customer),
                         json_object_get_boolean(member(step, "registered_for_password")));
}

/* ---- The emulator's side ---- */

static void put_customer(const struct play *play, struct json_object *customer)
{
    char what[256];

    snprintf(what, sizeof what, "customers/%s/%s/%s", play->brand, text(customer, "identifierType"),
             text(customer, "identifierValue"));
    control(play->emulator, "PUT", what, text(customer, "body"));
}

static void put_reply(const struct play *play, struct json_object *step)
{
    char what[256];

    snprintf(what, sizeof what, "gateway/%s/%s", play->brand, text(step, "endpoint"));
    control(play->emulator, "PUT", what, text(step, "body"));
}

static void post_fault(const struct play *play, struct json_object *step)
{
    const char *members = json_object_to_json_string_ext(member(step, "members"), JSON_C_TO_STRING_PLAIN);
    char inner[1024];

    snprintf(inner, sizeof inner, "%.*s", (int)strlen(members) - 2, members + 1);
    make_fault(play->emulator, play->brand, text(step, "path"), json_object_get_int(member(step, "count")), inner);
}

static void advance(struct play *play, struct json_object *step)
{
    char body[64];
    int seconds = json_object_get_int(member(step, "seconds"));

    snprintf(body, sizeof body, "{\"advanceSeconds\":%d}", seconds);
    control(play->emulator, "POST", "clock", body);
    play->advanced_ms += (int64_t)seconds * 1000;
}

/* ---- Playing ---- */

#define IDENTITY_WORDS " flow mobile email username external_id contact_mobile contact_email device_id "
#define CUSTOMER_WORDS " identifierType identifierValue body "

static const char scenario_words[] = " name brand session customer steps clock ";
static const char step_words[] =
    " op error next_step role signed_in identifier registered_for_password maybe_sent otp password current_password "
    "new_password new_value fallback_channel payload_hash payload_timestamp margin method endpoint query body "
    "http_status ok code contains set settings path count members seconds request " IDENTITY_WORDS CUSTOMER_WORDS;

/* What nobody looks for would otherwise go unnoticed. */
static void check_words(struct json_object *object, const char *words)
{
    char word[64];

    json_object_object_foreach(object, name, value)
    {
        (void)value;
        snprintf(word, sizeof word, " %s ", name);
        if (!strstr(words, word))
            fail_msg("unknown member %s", name);
    }
}

static void run_step(struct play *play, struct json_object *step)
{
    const char *op = text(step, "op");

    check_words(step, step_words);
    if (!strcmp(op, "session"))
        new_session(play, step);
    else if (!strcmp(op, "second_factor"))
        second_factor(play, step);
    else if (!strcmp(op, "restore"))
        restore(play, step);
    else if (!strcmp(op, "settings"))
        make_brand(play->emulator, play->brand, text(step, "settings"));
    else if (!strcmp(op, "customer"))
        put_customer(play, step);
    else if (!strcmp(op, "reply"))
        put_reply(play, step);
    else if (!strcmp(op, "fault"))
        post_fault(play, step);
    else if (!strcmp(op, "advance"))
        advance(play, step);
    else if (!strcmp(op, "requests"))
        assert_int_equal(requests_of(play->emulator, play->brand, text(step, "request")),
                         json_object_get_int(member(step, "count")));
    else
        run_operation(play, step);
    check_session(play->customer, step);
}

static void scenario(void **state)
{
    struct play *play = *state;
    struct json_object *steps = member(play->scenario, "steps");

    play->emulator = json_object_get_boolean(member(play->scenario, "clock")) ? clocked : shared;
    check_words(play->scenario, scenario_words);
    check_words(member(play->scenario, "session"), IDENTITY_WORDS);
    if (member(play->scenario, "customer"))
        check_words(member(play->scenario, "customer"), CUSTOMER_WORDS);
    snprintf(play->brand, sizeof play->brand, "ScenarioC%d", play->number);
    make_brand(play->emulator, play->brand, text(play->scenario, "brand"));
    if (member(play->scenario, "customer"))
        put_customer(play, member(play->scenario, "customer"));
    play->client = new_client(play->emulator);
    assert_code(capauth_client_set_log(play->client, on_log, play, NULL), CAPAUTH_OK);
    assert_code(capauth_client_set_trace(play->client, on_trace, play, NULL), CAPAUTH_OK);
    new_session(play, member(play->scenario, "session"));
    for (size_t i = 0; i < json_object_array_length(steps); i++)
        run_step(play, json_object_array_get_idx(steps, i));
}

/* After all scenarios: the Auth Engine has no operation that none of them asked for. */
TEST(every_operation_was_asked_for)
{
    int missing = 0;

    for (int operation = 0; operation < CAPAUTH__OPERATIONS; operation++) {
        for (int flow = CAPAUTH_FLOW_MOBILE; flow <= CAPAUTH_FLOW_MFA; flow++) {
            const struct capauth__request_form *row =
                capauth__request_form_of((enum capauth__operation)operation, flow);
            char request[128];

            if (!row)
                continue;
            snprintf(request, sizeof request, "%s %s", row->method, row->path);
            if (requests_of(shared, NULL, request) + requests_of(clocked, NULL, request) == 0) {
                print_error("no scenario has %s\n", request);
                missing++;
            }
        }
    }
    assert_int_equal(missing, 0);
}

static int clean_up(void **state)
{
    struct play *play = *state;

    capauth_session_free(&play->customer);
    capauth_session_free(&play->first);
    capauth_client_free(&play->client);
    return 0;
}

static int start_both(void **state)
{
    clocked = emulator_start();
    return start_shared(state);
}

static int stop_both(void **state)
{
    emulator_stop(clocked);
    return stop_shared(state);
}

int main(void)
{
    struct json_object *all = json_object_from_file(CAPAUTH_SCENARIOS);
    size_t count = all ? json_object_array_length(all) : 0;
    struct CMUnitTest *tests = calloc(count + 1, sizeof *tests);
    struct play *plays = calloc(count + 1, sizeof *plays);
    int failed;

    if (!count || !tests || !plays) {
        fputs(CAPAUTH_SCENARIOS " cannot be read\n", stderr);
        failed = 1;
        goto out;
    }
    for (size_t i = 0; i < count; i++) {
        plays[i].scenario = json_object_array_get_idx(all, i);
        plays[i].number = (int)i;
        tests[i] = (struct CMUnitTest){text(plays[i].scenario, "name"), scenario, NULL, clean_up, &plays[i]};
    }
    tests[count] = (struct CMUnitTest)cmocka_unit_test(every_operation_was_asked_for);
    failed = _cmocka_run_group_tests("scenarios", tests, count + 1, start_both, stop_both);
out:
    free(tests);
    free(plays);
    json_object_put(all);
    return failed;
}
