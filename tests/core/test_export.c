/* SPDX-License-Identifier: Apache-2.0 */
/* A session as one text and back: at every step, in other hands, with things in it that this version does not know. */
#include "support.h"

#include <stdio.h>
#include <string.h>

#define MOBILE "919999999993"
#define ORIGIN "https://auth.brand.example"
#define HEAD "{\"v\":1,\"origin\":\"" ORIGIN "\","

static capauth_client *brand_client(void)
{
    capauth_client *client = NULL;

    assert_code(capauth_client_new(&client), CAPAUTH_OK);
    assert_code(capauth_client_set_base_url(client, ORIGIN), CAPAUTH_OK);
    return client;
}

static char *export_of(const capauth_session *session)
{
    char *text = NULL;

    assert_code(capauth_session_export(session, &text), CAPAUTH_OK);
    return text;
}

static void assert_exports(const capauth_session *session, const char *expected)
{
    char *text = export_of(session);

    assert_string_equal(text, expected);
    capauth_string_free(&text);
}

/* ---- The format, pinned ---- */

/* What comes out of each of these is what went in, byte for byte. */
static const char *const pinned[] = {
    HEAD "\"flow\":\"mobile\",\"brand\":\"DocDemo\",\"nextStep\":\"token_generate\"}",
    HEAD "\"flow\":\"mobile\",\"identifierType\":\"MOBILE\",\"brand\":\"DocDemo\",\"device\":\"device-1\","
         "\"identifier\":\"919999999993\",\"sessionId\":\"P-1\",\"token\":\"T\",\"otpChannel\":\"SMS\","
         "\"nextStep\":\"otp_validate\",\"role\":\"VIEW\",\"appRegistered\":0,\"registeredForPassword\":1,"
         "\"otpSentAt\":1760013480000,\"otpWrongAnswers\":2,\"validateUnknown\":1}",
    HEAD "\"flow\":\"web\",\"identifierType\":\"EMAIL\",\"brand\":\"DocDemo\",\"identifier\":\"t@e.com\","
         "\"token\":\"T\",\"otherIdentifier\":\"u@e.com\",\"nextStep\":\"done\",\"role\":\"USER\"}",
    HEAD "\"flow\":\"mfa\",\"identifierType\":\"USERNAME\",\"contactType\":\"EMAIL\",\"brand\":\"DocDemo\","
         "\"device\":\"d\",\"identifier\":\"anna \\\"\\\\ \xc3\xa9\",\"contact\":\"t@e.com\",\"key\":\"K\","
         "\"authorizedToken\":\"A\",\"nextStep\":\"token_generate\",\"refreshOff\":1}",
    HEAD "\"flow\":\"external\",\"brand\":\"DocDemo\",\"accessToken\":\"A\",\"idToken\":\"I\",\"nextStep\":\"done\"}",
};

TEST(the_format_is_pinned)
{
    capauth_client *client = brand_client();

    for (size_t i = 0; i < sizeof pinned / sizeof pinned[0]; i++) {
        capauth_session *session = NULL;

        print_message("%s\n", pinned[i]);
        assert_code(capauth_session_restore(client, pinned[i], &session), CAPAUTH_OK);
        assert_exports(session, pinned[i]);
        capauth_session_free(&session);
    }
    capauth_client_free(&client);
}

TEST(every_member_comes_back)
{
    capauth_client *client = brand_client();
    capauth_session *session = NULL;

    assert_code(capauth_session_restore(client, pinned[1], &session), CAPAUTH_OK);
    assert_int_equal(capauth_session_flow(session), CAPAUTH_FLOW_MOBILE);
    assert_int_equal(capauth_session_identifier_type(session), CAPAUTH_IDENTIFIER_MOBILE);
    assert_string_equal(capauth_session_identifier(session), MOBILE);
    assert_string_equal(capauth_session_brand(session), "DocDemo");
    assert_string_equal(capauth_session_device_id(session), "device-1");
    assert_string_equal(capauth_session_token(session), "T");
    assert_string_equal(capauth_session_role(session), "VIEW");
    assert_string_equal(capauth_session_otp_channel(session), "SMS");
    assert_string_equal(capauth_session_otp_destination(session), "9199******93");
    assert_int_equal(capauth_session_otp_sent_at(session), INT64_C(1760013480000));
    assert_int_equal(capauth_session_otp_wrong_answers(session), 2);
    assert_int_equal(capauth_session_app_registered(session), 0);
    assert_int_equal(capauth_session_registered_for_password(session), 1);
    assert_int_equal(capauth_session_next_step(session), CAPAUTH_STEP_OTP_VALIDATE);
    assert_false(capauth_session_signed_in(session));
    assert_code(capauth_session_set_device_id(session, "other"), CAPAUTH_E_STATE); /* a sign-in has begun */
    capauth_session_free(&session);
    capauth_client_free(&client);
}

/* By whichever of them it left, a sign-in has begun, and who it is for stands. */
TEST(what_a_sign_in_left_says_that_it_has_begun)
{
    static const struct {
        const char *members;
        int expected;
    } left[] = {
        {"", CAPAUTH_OK},
        {",\"sessionId\":\"P-1\"", CAPAUTH_E_STATE},
        {",\"token\":\"T\"", CAPAUTH_E_STATE},
        {",\"key\":\"K\"", CAPAUTH_E_STATE},
    };
    capauth_client *client = brand_client();

    for (size_t i = 0; i < sizeof left / sizeof left[0]; i++) {
        char text[256];
        capauth_session *restored = NULL, *reloaded = NULL;

        snprintf(text, sizeof text, HEAD "\"flow\":\"mobile\",\"brand\":\"DocDemo\"%s,\"nextStep\":\"token_generate\"}",
                 left[i].members);
        assert_code(capauth_session_restore(client, text, &restored), CAPAUTH_OK);
        assert_code(capauth_session_set_device_id(restored, "other"), left[i].expected);
        assert_code(capauth_session_new(client, CAPAUTH_FLOW_MOBILE, "DocDemo", &reloaded), CAPAUTH_OK);
        assert_code(capauth_session_reload(reloaded, text), CAPAUTH_OK);
        assert_code(capauth_session_set_device_id(reloaded, "other"), left[i].expected);
        capauth_session_free(&restored);
        capauth_session_free(&reloaded);
    }
    capauth_client_free(&client);
}

/* ---- What a later version may write ---- */

TEST(unknown_members_are_kept)
{
    static const char *const members[] = {
        "\"x\":null",
        "\"x\":{\"y\":[1,-2.5,true,{\"\xc3\xa9\":\"\xf0\x9f\x98\x80\"}],\"z\":{}}",
        "\"x\":1180591620717411303424,\"y\":-1e400,\"NaN\":\"NaN\"",
        "\"brand\\u0000\":\"Other\",\"x\":{\"a\\u0000b\":\"\\u0000\"}",
        "\"x\":\"\\/\\u00e9\\ud83d\\ude00\"",
        "\"x\":\"\\u0001\\\"\\\\\",\"\":[],\"other\":18446744073709551615",
    };
    capauth_client *client = brand_client();

    for (size_t i = 0; i < sizeof members / sizeof members[0]; i++) {
        char text[512], expected[512];
        capauth_session *session = NULL, *again = NULL;

        /* Wherever they stood, they come last. */
        snprintf(text, sizeof text, HEAD "%s,\"flow\":\"web\",\"brand\":\"B\",\"nextStep\":\"token_generate\"}",
                 members[i]);
        snprintf(expected, sizeof expected, HEAD "\"flow\":\"web\",\"brand\":\"B\",\"nextStep\":\"token_generate\",%s}",
                 members[i]);
        assert_code(capauth_session_restore(client, text, &session), CAPAUTH_OK);
        assert_exports(session, expected);
        assert_code(capauth_session_restore(client, expected, &again), CAPAUTH_OK);
        assert_exports(again, expected);
        assert_code(capauth_session_reload(again, pinned[2]), CAPAUTH_E_INVALID_ARGUMENT); /* another brand */
        assert_exports(again, expected);
        capauth_session_free(&session);
        capauth_session_free(&again);
    }
    capauth_client_free(&client);
}

TEST(a_step_of_a_later_version_is_the_start)
{
    capauth_client *client = brand_client();
    capauth_session *session = NULL;

    assert_code(capauth_session_restore(client, HEAD "\"flow\":\"web\",\"brand\":\"B\",\"nextStep\":\"face_validate\"}",
                                        &session),
                CAPAUTH_OK);
    assert_int_equal(capauth_session_next_step(session), CAPAUTH_STEP_TOKEN_GENERATE);
    capauth_session_free(&session);
    capauth_client_free(&client);
}

#define WEB "\"flow\":\"web\",\"brand\":\"B\"}"

static const struct {
    const char *text;
    const char *says; /* NULL: it is fine */
} texts[] = {
    {HEAD WEB, NULL},
    {" " HEAD WEB "\n", NULL},
    {HEAD "\"must\":[]," WEB, NULL},
    {HEAD "\"must\":[\"token\",\"nextStep\",\"must\",\"v\"]," WEB, NULL},
    {HEAD "\"must\":null," WEB, NULL},
    {HEAD "\"must\":[\"token\",\"future\"],\"future\":1," WEB, "members that this one does not know"},
    {HEAD "\"must\":[null,\"future\"]," WEB, "members that this one does not know"},
    {HEAD "\"must\":[5]," WEB, "members that this one does not know"},
    {HEAD "\"must\":\"future\"," WEB, "members that this one does not know"},
    {HEAD "\"must\":{\"future\":1}," WEB, "members that this one does not know"},
    {"{\"v\":2,\"origin\":\"" ORIGIN "\"," WEB, "version"},
    {"{\"v\":0,\"origin\":\"" ORIGIN "\"," WEB, "version"},
    {"{\"v\":null,\"origin\":\"" ORIGIN "\"," WEB, "version"},
    {"{\"v\":1.5,\"origin\":\"" ORIGIN "\"," WEB, "version"},
    {"{\"origin\":\"" ORIGIN "\"," WEB, "version"},
    {"{\"v\":1,\"origin\":\"https://other.example\"," WEB, "origin"},
    {"{\"v\":1,\"origin\":\"" ORIGIN ".evil.example\"," WEB, "origin"},
    {"{\"v\":1,\"origin\":\"" ORIGIN "/path\"," WEB, "origin"},
    {"{\"v\":1,\"origin\":\"" ORIGIN ":444\"," WEB, "origin"},
    {"{\"v\":1,\"origin\":\"http://auth.brand.example:443\"," WEB, "origin"},
    {"{\"v\":1,\"origin\":\"https://u@auth.brand.example\"," WEB, "origin"},
    {"{\"v\":1,\"origin\":\"auth.brand.example\"," WEB, "origin"},
    {"{\"v\":1,\"origin\":5," WEB, "origin"},
    {"{\"v\":1," WEB, "origin"},
    {HEAD "\"flow\":\"tv\",\"brand\":\"B\"}", "flow"},
    {HEAD "\"flow\":2,\"brand\":\"B\"}", "flow"},
    {HEAD "\"brand\":\"B\"}", "flow"},
    {HEAD "\"flow\":\"web\"}", "brand"},
    {HEAD "\"flow\":\"web\",\"brand\":\"\"}", "not a valid string"},
    {HEAD "\"flow\":\"web\",\"brand\":\"a\\nb\"}", "not a valid string"},
    {HEAD "\"flow\":\"web\",\"brand\":7}", "not a valid string"},
    {HEAD "\"token\":\"a\\u0000b\"," WEB, "not a valid string"},
    {HEAD "\"token\":\"a\\r\\nX: y\"," WEB, "not a valid string"},
    {HEAD "\"key\":[]," WEB, "not a valid string"},
    {HEAD "\"identifier\":\"1\"," WEB, "unknown type"},
    {HEAD "\"identifier\":\"1\",\"identifierType\":\"FACE\"," WEB, "unknown type"},
    {HEAD "\"contact\":\"1\",\"contactType\":\"USERNAME\"," WEB, "unknown type"},
    {HEAD "\"flow\":\"external\",\"brand\":\"B\"}", "tokens"},
    {HEAD "\"flow\":\"external\",\"brand\":\"B\",\"accessToken\":\"A\"}", "tokens"},
    {"", "not JSON"},
    {"junk", "not JSON"},
    {"[]", "not a JSON object"},
    {"null", "not a JSON object"},
    {"7", "not a JSON object"},
    {"{}", "version"},
    {HEAD WEB "x", "not JSON"},
    {HEAD "\"x\":NaN," WEB, "not JSON"},
    {HEAD "\"x\":\"\xff\"," WEB, "not JSON"},
    {NULL, "missing"},
};

TEST(what_is_no_export_of_this_origin_is_refused)
{
    capauth_client *client = brand_client();
    capauth_session *kept = NULL;

    assert_code(capauth_session_restore(client, pinned[2], &kept), CAPAUTH_OK);
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        capauth_session *session = (capauth_session *)&client;
        int expected = texts[i].says ? CAPAUTH_E_INVALID_ARGUMENT : CAPAUTH_OK;

        print_message("%s\n", texts[i].text ? texts[i].text : "NULL");
        assert_code(capauth_client_set_cluster(client, "?"), CAPAUTH_E_INVALID_ARGUMENT); /* another message */
        assert_code(capauth_session_restore(client, texts[i].text, &session), expected);
        if (texts[i].says) {
            assert_null(session);
            if (!strstr(capauth_client_error_message(client), texts[i].says))
                fail_msg("\"%s\" does not say \"%s\"", capauth_client_error_message(client), texts[i].says);
        }
        capauth_session_free(&session);
        if (!texts[i].says)
            continue;
        assert_code(capauth_session_reload(kept, texts[i].text), CAPAUTH_E_INVALID_ARGUMENT);
        assert_exports(kept, pinned[2]);
    }
    capauth_session_free(&kept);
    capauth_client_free(&client);
}

/* An update that tidied a URL signs nobody out. */
TEST(one_origin_may_be_written_in_many_ways)
{
    static const char *const ways[] = {ORIGIN, ORIGIN ":443", ORIGIN "/", "https://AUTH.Brand.EXAMPLE",
                                       "HTTPS://auth.brand.example"};

    for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
        capauth_client *client = NULL;
        capauth_session *session = NULL;
        char text[256];

        snprintf(text, sizeof text, "{\"v\":1,\"origin\":\"%s\"," WEB, ways[i]);
        assert_code(capauth_client_new(&client), CAPAUTH_OK);
        for (size_t j = 0; j < sizeof ways / sizeof ways[0]; j++) {
            assert_code(capauth_client_set_base_url(client, ways[j]), CAPAUTH_OK);
            assert_code(capauth_session_restore(client, text, &session), CAPAUTH_OK);
            assert_exports(session, HEAD "\"flow\":\"web\",\"brand\":\"B\",\"nextStep\":\"token_generate\"}");
            capauth_session_free(&session);
        }
        capauth_client_free(&client);
    }
}

TEST(an_origin_without_tls_comes_back_where_it_is_allowed)
{
    capauth_client *client = NULL;
    capauth_session *session = NULL;
    capauth_session *again = NULL;
    char *text;

    assert_code(capauth_client_new(&client), CAPAUTH_OK);
    assert_code(capauth_client_set_allow_http(client, 1), CAPAUTH_OK);
    assert_code(capauth_client_set_base_url(client, "http://auth.brand.example"), CAPAUTH_OK);
    assert_code(capauth_session_new(client, CAPAUTH_FLOW_WEB, "B", &session), CAPAUTH_OK);
    text = export_of(session);
    assert_code(capauth_session_restore(client, text, &again), CAPAUTH_OK);
    capauth_string_free(&text);
    capauth_session_free(&again);
    capauth_session_free(&session);
    capauth_client_free(&client);
}

TEST(the_path_of_an_origin_keeps_its_case)
{
    capauth_client *client = NULL;
    capauth_session *session = NULL;

    assert_code(capauth_client_new(&client), CAPAUTH_OK);
    assert_code(capauth_client_set_base_url(client, ORIGIN "/Auth"), CAPAUTH_OK);
    assert_code(capauth_session_restore(client, "{\"v\":1,\"origin\":\"" ORIGIN ":443/Auth/\"," WEB, &session),
                CAPAUTH_OK);
    capauth_session_free(&session);
    assert_code(capauth_session_restore(client, "{\"v\":1,\"origin\":\"" ORIGIN "/auth\"," WEB, &session),
                CAPAUTH_E_INVALID_ARGUMENT);
    capauth_client_free(&client);
}

TEST(a_reload_compares_brands_without_case)
{
    capauth_client *client = brand_client();
    capauth_session *session = NULL;

    assert_code(capauth_session_new(client, CAPAUTH_FLOW_WEB, "DocDemo", &session), CAPAUTH_OK);
    assert_code(capauth_session_reload(session, HEAD "\"flow\":\"web\",\"brand\":\"DOCDEMO\",\"token\":\"T\"}"),
                CAPAUTH_OK);
    assert_string_equal(capauth_session_token(session), "T");
    assert_code(capauth_session_reload(session, HEAD "\"flow\":\"web\",\"brand\":\"DocDemo2\"}"),
                CAPAUTH_E_INVALID_ARGUMENT);
    capauth_session_free(&session);
    capauth_client_free(&client);
}

TEST(too_long_members_are_refused)
{
    capauth_client *client = brand_client();
    capauth_session *session = NULL;
    static char text[20000];

    snprintf(text, sizeof text, HEAD "\"flow\":\"web\",\"brand\":\"%0257d\"}", 0);
    assert_code(capauth_session_restore(client, text, &session), CAPAUTH_E_INVALID_ARGUMENT);
    snprintf(text, sizeof text, HEAD "\"flow\":\"web\",\"brand\":\"B\",\"token\":\"%016385d\"}", 0);
    assert_code(capauth_session_restore(client, text, &session), CAPAUTH_E_INVALID_ARGUMENT);
    snprintf(text, sizeof text, HEAD "\"flow\":\"web\",\"brand\":\"B\",\"token\":\"%016384d\"}", 0);
    assert_code(capauth_session_restore(client, text, &session), CAPAUTH_OK);
    capauth_session_free(&session);
    capauth_client_free(&client);
}

TEST(a_token_of_dots_and_junk_is_no_danger)
{
    static const char *const tokens[] = {"A.A.A", "=.=.=", "..", "e30.e30.", "AA.AA.AA", "%%%.%%%.%%%"};
    capauth_client *client = brand_client();

    for (size_t i = 0; i < sizeof tokens / sizeof tokens[0]; i++) {
        char text[256];
        capauth_session *session = NULL;

        snprintf(text, sizeof text, HEAD "\"token\":\"%s\"," WEB, tokens[i]);
        assert_code(capauth_session_restore(client, text, &session), CAPAUTH_OK);
        assert_string_equal(capauth_session_role(session), "");
        assert_int_equal(capauth_session_expires_at(session), 0);
        capauth_session_free(&session);
    }
    capauth_client_free(&client);
}

/* ---- At every step of a sign-in ---- */

/* The session goes on in another client, as in another process. */
static void move(capauth_client **client, capauth_session **session)
{
    char *text = export_of(*session);
    int step = capauth_session_next_step(*session);
    bool signed_in = capauth_session_signed_in(*session);

    capauth_session_free(session);
    capauth_client_free(client);
    *client = new_client(shared);
    assert_code(capauth_session_restore(*client, text, session), CAPAUTH_OK);
    assert_exports(*session, text);
    assert_int_equal(capauth_session_next_step(*session), step);
    assert_int_equal(capauth_session_signed_in(*session), signed_in);
    capauth_string_free(&text);
}

static void check_moving_sign_in(const char *brand, bool web)
{
    capauth_client *client = new_client(shared);
    capauth_session *customer = web ? new_web(client, brand, MOBILE) : new_mobile(client, brand, MOBILE);

    move(&client, &customer);
    assert_code(capauth_token_generate(customer, NULL, NULL), CAPAUTH_OK);
    move(&client, &customer);
    assert_code(capauth_otp_generate(customer, NULL, NULL), CAPAUTH_OK);
    move(&client, &customer);
    assert_string_equal(capauth_session_otp_destination(customer), "9199******93");
    assert_code(capauth_otp_validate(customer, "wrong", NULL, NULL), CAPAUTH_INVALID_OTP);
    move(&client, &customer);
    assert_int_equal(capauth_session_otp_wrong_answers(customer), 1);
    assert_code(capauth_otp_validate(customer, otp_of(shared, brand, MOBILE), NULL, NULL), CAPAUTH_OK);
    move(&client, &customer);
    assert_true(capauth_session_signed_in(customer));
    assert_code(capauth_token_regenerate(customer, NULL, NULL), CAPAUTH_OK);
    move(&client, &customer);
    assert_code(capauth_session_sign_out(customer, NULL, NULL), CAPAUTH_OK);
    move(&client, &customer);
    assert_false(capauth_session_signed_in(customer));
    assert_string_equal(capauth_session_identifier(customer), MOBILE);
    capauth_session_free(&customer);
    capauth_client_free(&client);
}

TEST(a_sign_in_survives_moving_at_every_step)
{
    make_brand(shared, "ExportMoving", "{}");
    check_moving_sign_in("ExportMoving", false);
    check_moving_sign_in("ExportMoving", true);
}

TEST(a_second_factor_survives_moving_at_every_step)
{
    capauth_client *client = new_client(shared);
    capauth_session *first, *second = NULL;

    make_brand(shared, "ExportMfa", "{\"IS_MFA_ENABLED\":true,\"CONF_FORCED_MFA\":true}");
    first = new_mobile(client, "ExportMfa", MOBILE);
    sign_in(shared, first);
    move(&client, &first);
    assert_int_equal(capauth_session_next_step(first), CAPAUTH_STEP_SECOND_FACTOR);
    assert_code(capauth_session_second_factor(first, &second), CAPAUTH_OK);
    capauth_session_free(&first);
    move(&client, &second);
    assert_code(capauth_token_generate(second, NULL, NULL), CAPAUTH_OK);
    move(&client, &second);
    assert_code(capauth_otp_generate(second, NULL, NULL), CAPAUTH_OK);
    move(&client, &second);
    assert_code(capauth_otp_validate(second, otp_of(shared, "ExportMfa", MOBILE), NULL, NULL), CAPAUTH_OK);
    move(&client, &second);
    assert_true(capauth_session_signed_in(second));
    assert_code(capauth_token_expire(second, NULL, NULL), CAPAUTH_OK);
    move(&client, &second);
    assert_code(capauth_token_ensure(second, NULL, NULL), CAPAUTH_E_SIGN_IN_REQUIRED); /* still not by itself */
    assert_code(capauth_token_regenerate(second, NULL, NULL), CAPAUTH_OK);
    capauth_session_free(&second);
    capauth_client_free(&client);
}

TEST(a_lost_identifier_update_survives_moving)
{
    capauth_client *client = new_client(shared);
    capauth_session *customer;

    make_brand(shared, "ExportLost", "{}");
    customer = new_mobile(client, "ExportLost", MOBILE);
    sign_in(shared, customer);
    make_fault(shared, "ExportLost", "/auth/v1/user/updateIdentifierValue", 1, "\"reset\":\"after\"");
    assert_code(capauth_identifier_update(customer, "919999999994", NULL, NULL), CAPAUTH_E_UNKNOWN_OUTCOME);
    move(&client, &customer);
    assert_code(capauth_token_regenerate(customer, NULL, NULL), CAPAUTH_OK);
    assert_string_equal(capauth_session_identifier(customer), "919999999994");
    move(&client, &customer);
    capauth_session_free(&customer);
    capauth_client_free(&client);
}

TEST(an_export_during_a_call_is_the_state_before)
{
    capauth_client *client = new_client(shared);
    capauth_session *customer;
    capauth_call *call = NULL;
    char *before, *after;

    make_brand(shared, "ExportFlight", "{\"FIXED_OTP\":\"918273\"}");
    customer = new_mobile(client, "ExportFlight", MOBILE);
    assert_code(capauth_token_generate(customer, NULL, NULL), CAPAUTH_OK);
    assert_code(capauth_otp_generate(customer, NULL, NULL), CAPAUTH_OK);
    before = export_of(customer);
    make_fault(shared, "ExportFlight", "/auth/v1/otp/validate", 1, "\"delayMs\":300");
    assert_code(capauth_otp_validate(customer, "918273", NULL, &call), CAPAUTH_OK);
    assert_exports(customer, before);
    assert_code(capauth_session_reload(customer, before), CAPAUTH_E_BUSY);
    assert_code(capauth_call_wait(call, 100), CAPAUTH_E_PENDING);
    assert_exports(customer, before);
    assert_code(capauth_call_wait(call, 20000), CAPAUTH_OK);
    after = export_of(customer);
    assert_string_not_equal(after, before);
    /* Neither holds what was only typed in. */
    assert_null(strstr(before, "918273"));
    assert_null(strstr(after, "918273"));
    assert_null(strstr(after, "sessionId")); /* success ended it */
    capauth_string_free(&before);
    capauth_string_free(&after);
    capauth_call_free(&call);
    capauth_session_free(&customer);
    capauth_client_free(&client);
}

TEST(passwords_are_never_exported)
{
    capauth_client *client = new_client(shared);
    capauth_session *customer;
    capauth_options *options = NULL;
    char *text;

    make_brand(shared, "ExportPassword", "{\"PASSWORD_ENABLED\":true}");
    customer = new_mobile(client, "ExportPassword", MOBILE);
    assert_code(capauth_options_new(&options), CAPAUTH_OK);
    assert_code(capauth_options_set_password(options, "Planted-1"), CAPAUTH_OK);
    assert_code(capauth_token_generate(customer, options, NULL), CAPAUTH_OK);
    text = export_of(customer);
    assert_null(strstr(text, "Planted-1"));
    capauth_string_free(&text);
    capauth_options_free(&options);
    capauth_session_free(&customer);
    capauth_client_free(&client);
}

/* ---- Reload: what another process wrote ---- */

TEST(reload_takes_over_a_token_that_another_process_renewed)
{
    capauth_client *client = new_client(shared), *other_client = new_client(shared);
    capauth_session *customer, *other = NULL;
    char *text;

    make_brand(shared, "ExportFleet", "{}");
    customer = new_mobile(client, "ExportFleet", MOBILE);
    sign_in(shared, customer);
    text = export_of(customer);
    assert_code(capauth_session_restore(other_client, text, &other), CAPAUTH_OK);
    capauth_string_free(&text);
    assert_code(capauth_token_regenerate(other, NULL, NULL), CAPAUTH_OK);
    text = export_of(other);
    assert_code(capauth_session_reload(customer, text), CAPAUTH_OK);
    assert_string_equal(capauth_session_token(customer), capauth_session_token(other));
    assert_exports(customer, text);
    assert_code(capauth_token_ensure(customer, NULL, NULL), CAPAUTH_OK);
    capauth_string_free(&text);
    capauth_session_free(&customer);
    capauth_session_free(&other);
    capauth_client_free(&client);
    capauth_client_free(&other_client);
}

TEST(reload_refuses_another_flow_or_brand)
{
    capauth_client *client = brand_client();
    capauth_session *session = NULL;

    assert_code(capauth_session_restore(client, pinned[2], &session), CAPAUTH_OK);
    assert_code(capauth_session_reload(session, pinned[1]), CAPAUTH_E_INVALID_ARGUMENT);
    assert_string_equal(capauth_session_error_message(session),
                        "the export belongs to another customer, brand or flow");
    assert_code(capauth_session_reload(session, HEAD WEB), CAPAUTH_E_INVALID_ARGUMENT);
    assert_exports(session, pinned[2]);
    capauth_session_free(&session);
    capauth_client_free(&client);
}

#define CUSTOMER_1 "e30.eyJyb2wiOiJVU0VSIiwidWlkIjoiMSJ9.c2ln"
#define CUSTOMER_2 "e30.eyJyb2wiOiJVU0VSIiwidWlkIjoiMiJ9.c2ln"

TEST(reload_refuses_another_customer)
{
    static const struct {
        const char *mine, *theirs;
        int outcome;
    } pairs[] = {
        {"\"brand\":\"B\",\"identifier\":\"1\"", "\"brand\":\"B\",\"identifier\":\"2\"", CAPAUTH_E_INVALID_ARGUMENT},
        {"\"brand\":\"B\",\"identifier\":\"1\"", "\"brand\":\"B\"", CAPAUTH_E_INVALID_ARGUMENT},
        {"\"brand\":\"B\",\"identifier\":\"1\",\"token\":\"" CUSTOMER_1 "\"",
         "\"brand\":\"B\",\"identifier\":\"1\",\"token\":\"" CUSTOMER_2 "\"", CAPAUTH_E_INVALID_ARGUMENT},
        {"\"brand\":\"B\",\"identifier\":\"1\"", "\"brand\":\"b\",\"identifier\":\"1\"", CAPAUTH_OK},
        {"\"brand\":\"B\",\"identifier\":\"1\"", "\"brand\":\"B\",\"identifier\":\"1\",\"token\":\"" CUSTOMER_2 "\"",
         CAPAUTH_OK}, /* signed in elsewhere */
        {"\"brand\":\"B\",\"identifier\":\"1\",\"token\":\"" CUSTOMER_1 "\"",
         "\"brand\":\"B\",\"identifier\":\"2\",\"token\":\"" CUSTOMER_1 "\"", CAPAUTH_OK}, /* updated elsewhere */
        {"\"brand\":\"B\",\"identifier\":\"1\",\"otherIdentifier\":\"2\"", "\"brand\":\"B\",\"identifier\":\"2\"",
         CAPAUTH_OK}, /* the update that we had no answer to */
    };
    capauth_client *client = brand_client();

    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        capauth_session *session = NULL;
        char mine[512];
        char theirs[512];

        snprintf(mine, sizeof mine, HEAD "\"flow\":\"web\",\"identifierType\":\"MOBILE\",%s}", pairs[i].mine);
        snprintf(theirs, sizeof theirs, HEAD "\"flow\":\"web\",\"identifierType\":\"MOBILE\",%s}", pairs[i].theirs);
        assert_code(capauth_session_restore(client, mine, &session), CAPAUTH_OK);
        assert_code(capauth_session_reload(session, theirs), pairs[i].outcome);
        capauth_session_free(&session);
    }
    capauth_client_free(&client);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_format_is_pinned),
        cmocka_unit_test(every_member_comes_back),
        cmocka_unit_test(what_a_sign_in_left_says_that_it_has_begun),
        cmocka_unit_test(unknown_members_are_kept),
        cmocka_unit_test(a_step_of_a_later_version_is_the_start),
        cmocka_unit_test(what_is_no_export_of_this_origin_is_refused),
        cmocka_unit_test(one_origin_may_be_written_in_many_ways),
        cmocka_unit_test(an_origin_without_tls_comes_back_where_it_is_allowed),
        cmocka_unit_test(the_path_of_an_origin_keeps_its_case),
        cmocka_unit_test(a_reload_compares_brands_without_case),
        cmocka_unit_test(too_long_members_are_refused),
        cmocka_unit_test(a_token_of_dots_and_junk_is_no_danger),
        cmocka_unit_test(a_sign_in_survives_moving_at_every_step),
        cmocka_unit_test(a_second_factor_survives_moving_at_every_step),
        cmocka_unit_test(a_lost_identifier_update_survives_moving),
        cmocka_unit_test(an_export_during_a_call_is_the_state_before),
        cmocka_unit_test(passwords_are_never_exported),
        cmocka_unit_test(reload_takes_over_a_token_that_another_process_renewed),
        cmocka_unit_test(reload_refuses_another_flow_or_brand),
        cmocka_unit_test(reload_refuses_another_customer),
    };

    return cmocka_run_group_tests(tests, start_shared, stop_shared);
}
