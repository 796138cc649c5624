/* SPDX-License-Identifier: Apache-2.0 */
/* What on_change tells of, and that no key, identifier or change is lost on the way to a saved export. */
#include "support.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "session/session.h"

#define MOBILE "919999999993"
#define OTHER "919999999973"
#define OK_LINE "HTTP/1.1 200 OK"
#define STATUS(members) "{\"status\":{" members "}"
#define YES STATUS("\"success\":true,\"code\":200")
#define NO(code) STATUS("\"success\":false,\"code\":" code) "}"

/* ---- Saving, as an application does it ---- */

struct diary {
    int entries;
    char *saved;
};

static void save(capauth_session *session, void *data)
{
    struct diary *diary = data;

    diary->entries++;
    capauth_string_free(&diary->saved);
    assert_code(capauth_session_export(session, &diary->saved), CAPAUTH_OK);
}

/* What is saved is what an export says now. */
static void assert_saved(const struct diary *diary, const capauth_session *session)
{
    char *now = NULL;

    assert_code(capauth_session_export(session, &now), CAPAUTH_OK);
    assert_non_null(diary->saved);
    assert_string_equal(diary->saved, now);
    capauth_string_free(&now);
}

struct scene {
    const char *replies[2];
    struct raw_server *server;
    capauth_client *client;
    capauth_session *session;
    struct diary diary;
};

static void open_scene(struct scene *scene, const char *flow, const char *reply)
{
    char text[1024];

    scene->replies[0] = *reply ? http_reply(OK_LINE, "", reply) : "";
    scene->server = raw_server_start(scene->replies, false);
    scene->client = new_raw_client(scene->server);
    assert_code(capauth_client_set_max_retries(scene->client, 0), CAPAUTH_OK);
    snprintf(text, sizeof text,
             "{\"v\":1,\"origin\":\"%s\",\"flow\":\"%s\",\"brand\":\"DocDemo\",\"device\":\"device-1\","
             "\"identifierType\":\"MOBILE\",\"identifier\":\"" MOBILE "\",\"sessionId\":\"P-1\",\"token\":\"T1\","
             "\"role\":\"USER\",\"key\":\"K1\",\"authorizedToken\":\"A1\",\"nextStep\":\"done\"}",
             raw_server_url(scene->server), flow);
    assert_code(capauth_session_restore(scene->client, text, &scene->session), CAPAUTH_OK);
    assert_code(capauth_session_on_change(scene->session, save, &scene->diary, NULL), CAPAUTH_OK);
}

static void close_scene(struct scene *scene)
{
    capauth_session_free(&scene->session);
    capauth_client_free(&scene->client);
    raw_server_stop(scene->server);
    capauth_string_free(&scene->diary.saved);
}

static int generate_token(capauth_session *session)
{
    return capauth_token_generate(session, NULL, NULL);
}

static int generate_otp(capauth_session *session)
{
    return capauth_otp_generate(session, NULL, NULL);
}

static int validate_otp(capauth_session *session)
{
    return capauth_otp_validate(session, "1", NULL, NULL);
}

static int validate_password(capauth_session *session)
{
    return capauth_password_validate(session, "p", NULL, NULL);
}

static int change_password(capauth_session *session)
{
    return capauth_password_change(session, "p", "q", NULL, NULL);
}

static int forget_password(capauth_session *session)
{
    return capauth_password_forget(session, "p", NULL, NULL);
}

static int regenerate_token(capauth_session *session)
{
    return capauth_token_regenerate(session, NULL, NULL);
}

static int expire_token(capauth_session *session)
{
    return capauth_token_expire(session, NULL, NULL);
}

static int update_identifier(capauth_session *session)
{
    return capauth_identifier_update(session, OTHER, NULL, NULL);
}

static int sign_out(capauth_session *session)
{
    return capauth_session_sign_out(session, NULL, NULL);
}

static const struct {
    const char *name;
    int (*run)(capauth_session *);
    const char *reply; /* "": the answer is lost */
    int outcome;
    int entries;
} kinds[] = {
    {"a sign-in begins", generate_token, YES ",\"user\":{\"sessionId\":\"P-2\"}}", CAPAUTH_OK, 1},
    {"an OTP was sent", generate_otp, YES "}", CAPAUTH_OK, 1},
    {"an OTP may have been sent", generate_otp, "", CAPAUTH_E_UNKNOWN_OUTCOME, 1},
    {"a token", validate_otp, YES ",\"auth\":{\"token\":\"T2\"}}", CAPAUTH_OK, 1},
    {"a token and a key", validate_password, YES ",\"auth\":{\"token\":\"T2\",\"key\":\"K2\"}}", CAPAUTH_OK, 1},
    {"a wrong OTP", validate_otp, NO("1506"), CAPAUTH_INVALID_OTP, 1},
    {"too many wrong OTPs", validate_otp, NO("1518"), CAPAUTH_TOO_MANY_OTP_ATTEMPTS, 1},
    {"an answer to an OTP is lost", validate_otp, "", CAPAUTH_E_UNKNOWN_OUTCOME, 1},
    {"a wrong password", validate_password, NO("1528"), CAPAUTH_INVALID_PASSWORD, 0},
    {"a changed password", change_password, YES "}", CAPAUTH_OK, 0},
    {"a forgotten password", forget_password, YES "}", CAPAUTH_OK, 1},
    {"a new token", regenerate_token, YES ",\"auth\":{\"token\":\"T2\"}}", CAPAUTH_OK, 1},
    {"a new key alone", regenerate_token,
     YES ",\"auth\":{\"token\":\"T1\",\"key\":\"K2\"},\"user\":{\"role\":\"USER\"}}", CAPAUTH_OK, 1},
    {"the same once more", regenerate_token, YES ",\"auth\":{\"token\":\"T1\"},\"user\":{\"role\":\"USER\"}}",
     CAPAUTH_OK, 0},
    {"a refused key", regenerate_token, NO("1597"), CAPAUTH_INVALID_KEY, 1},
    {"an expired token", expire_token, YES "}", CAPAUTH_OK, 1},
    {"a new identifier", update_identifier, YES "}", CAPAUTH_OK, 1},
    {"an identifier that may be new", update_identifier, "", CAPAUTH_E_UNKNOWN_OUTCOME, 1},
    {"a refused identifier", update_identifier, NO("1519"), CAPAUTH_INVALID_DETAILS, 0},
    {"a sign-out", sign_out, YES "}", CAPAUTH_OK, 1},
};

TEST(every_change_is_told_once)
{
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        struct scene scene = {0};

        print_message("%s\n", kinds[i].name);
        open_scene(&scene, "mfa", kinds[i].reply);
        assert_code(kinds[i].run(scene.session), kinds[i].outcome);
        assert_int_equal(scene.diary.entries, kinds[i].entries);
        if (kinds[i].entries)
            assert_saved(&scene.diary, scene.session);
        close_scene(&scene);
    }
}

TEST(a_saved_session_lives_on_after_an_identifier_update)
{
    capauth_client *client = new_client(shared);
    struct diary diary = {0};
    capauth_session *customer, *later = NULL;

    make_brand(shared, "ChangesUpdate", "{}");
    customer = new_mobile(client, "ChangesUpdate", MOBILE);
    assert_code(capauth_session_on_change(customer, save, &diary, NULL), CAPAUTH_OK);
    sign_in(shared, customer);
    assert_code(capauth_identifier_update(customer, OTHER, NULL, NULL), CAPAUTH_OK);
    capauth_session_free(&customer);
    assert_code(capauth_session_restore(client, diary.saved, &later), CAPAUTH_OK);
    assert_code(capauth_token_regenerate(later, NULL, NULL), CAPAUTH_OK);
    assert_string_equal(capauth_session_identifier(later), OTHER);
    capauth_session_free(&later);
    capauth_client_free(&client);
    capauth_string_free(&diary.saved);
}

/* Where the service takes the old value too, only the new token's idv tells. */
TEST(after_a_lost_identifier_update_the_new_token_tells)
{
    static const char *const faults[] = {"\"reset\":\"before\"", "\"reset\":\"after\""};
    static const char *const after[] = {MOBILE, OTHER};

    for (int i = 0; i < 2; i++) {
        capauth_client *client = new_client(shared);
        capauth_session *customer;
        char brand[32];

        snprintf(brand, sizeof brand, "ChangesLost%d", i);
        make_brand(shared, brand, "{\"OLD_IDENTIFIER_WORKS\":true}");
        customer = new_mobile(client, brand, MOBILE);
        sign_in(shared, customer);
        make_fault(shared, brand, "/auth/v1/user/updateIdentifierValue", 1, faults[i]);
        assert_code(capauth_identifier_update(customer, OTHER, NULL, NULL), CAPAUTH_E_UNKNOWN_OUTCOME);
        assert_string_equal(capauth_session_identifier(customer), MOBILE);
        assert_code(capauth_token_regenerate(customer, NULL, NULL), CAPAUTH_OK);
        assert_string_equal(capauth_session_identifier(customer), after[i]);
        assert_code(capauth_token_regenerate(customer, NULL, NULL), CAPAUTH_OK);
        assert_string_equal(capauth_session_identifier(customer), after[i]);
        capauth_session_free(&customer);
        capauth_client_free(&client);
    }
}

#define HELD "\"token\":\"T1\",\"role\":\"USER\","

/* ---- Two answers that cross ---- */

/* Answers regenerations when it is told to, everything else at once. */
struct gate {
    int listener;
    char url[64];
    pthread_t thread;
    pthread_mutex_t mutex;
    bool asked;
};

static void answer(const struct gate *gate, int connection, const char *body)
{
    const char *reply = http_reply(OK_LINE, "Connection: close\r\n", body);

    (void)gate;
    assert_true(send(connection, reply, strlen(reply), MSG_NOSIGNAL) > 0);
    close(connection);
}

static void *watch_gate(void *data)
{
    struct gate *gate = data;
    int held = -1, connection;

    while ((connection = accept(gate->listener, NULL, NULL)) >= 0) {
        char text[8192];
        size_t used = 0;
        ssize_t got;

        /* A request of ours is one JSON object behind its headers. */
        while ((got = recv(connection, text + used, sizeof text - 1 - used, 0)) > 0) {
            used += (size_t)got;
            text[used] = '\0';
            if (text[used - 1] == '}')
                break;
        }
        if (!strstr(text, "regenerate")) {
            answer(gate, connection, YES ",\"user\":{\"sessionId\":\"P-2\"}}");
            answer(gate, held, YES ",\"auth\":{\"token\":\"T2\",\"key\":\"K2\"},\"user\":{\"role\":\"USER\"}}");
            break;
        }
        held = connection;
        pthread_mutex_lock(&gate->mutex);
        gate->asked = true;
        pthread_mutex_unlock(&gate->mutex);
    }
    return NULL;
}

static void open_listener(struct gate *gate)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;

    gate->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(gate->listener, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(gate->listener, 16), 0);
    getsockname(gate->listener, (struct sockaddr *)&address, &size);
    snprintf(gate->url, sizeof gate->url, "http://127.0.0.1:%d", ntohs(address.sin_port));
}

static void open_gate(struct gate *gate)
{
    open_listener(gate);
    pthread_mutex_init(&gate->mutex, NULL);
    assert_int_equal(pthread_create(&gate->thread, NULL, watch_gate, gate), 0);
}

static bool was_asked(struct gate *gate)
{
    bool asked;

    pthread_mutex_lock(&gate->mutex);
    asked = gate->asked;
    pthread_mutex_unlock(&gate->mutex);
    return asked;
}

static void open_session(const struct gate *gate, const char *token, capauth_client **client, capauth_session **session)
{
    char text[1024];

    assert_code(capauth_client_new(client), CAPAUTH_OK);
    assert_code(capauth_client_set_base_url(*client, gate->url), CAPAUTH_OK);
    assert_code(capauth_client_set_max_retries(*client, 0), CAPAUTH_OK);
    snprintf(text, sizeof text,
             "{\"v\":1,\"origin\":\"%s\",\"flow\":\"mfa\",\"brand\":\"B\",\"device\":\"d\",\"identifierType\":"
             "\"MOBILE\",\"identifier\":\"" MOBILE "\",%s\"key\":\"K1\","
             "\"authorizedToken\":\"A1\",\"nextStep\":\"done\"}",
             gate->url, token);
    assert_code(capauth_session_restore(*client, text, session), CAPAUTH_OK);
}

/* `other` is done while a regeneration is in flight, whose answer brings a new key. */
static void cross(int (*other)(capauth_session *), const char *token, const char *key_after, const char *token_after)
{
    struct gate gate = {0};
    struct diary diary = {0};
    capauth_client *client = NULL;
    capauth_session *session = NULL;
    capauth_call *call = NULL;

    open_gate(&gate);
    open_session(&gate, token, &client, &session);
    assert_code(capauth_session_on_change(session, save, &diary, NULL), CAPAUTH_OK);
    assert_code(capauth_token_regenerate(session, NULL, &call), CAPAUTH_OK);
    while (!was_asked(&gate))
        assert_true(capauth_client_poll(client, 10) >= 0);
    assert_code(other(session), CAPAUTH_OK);
    pthread_join(gate.thread, NULL);
    (void)capauth_call_wait(call, 2000);
    assert_string_equal(capauth_session_key(session), key_after);
    assert_string_equal(capauth_session_token(session), token_after);
    assert_saved(&diary, session);
    capauth_call_free(&call);
    capauth_session_free(&session);
    capauth_client_free(&client);
    close(gate.listener);
    pthread_mutex_destroy(&gate.mutex);
    capauth_string_free(&diary.saved);
}

TEST(a_key_that_was_handed_out_is_kept)
{
    cross(update_identifier, HELD, "K2", "T1");
    cross(expire_token, HELD, "K2", "");
}

TEST(a_key_of_an_earlier_sign_in_is_not)
{
    cross(sign_out, HELD, "", "");
    /* Their replies bring no token: new sign-ins all the same. */
    cross(generate_token, HELD, "", "");
    cross(generate_token, "", "", "");
}

#define RENEWED(token, key) YES ",\"auth\":{\"token\":\"" token "\",\"key\":\"" key "\"},\"user\":{\"role\":\"USER\"}}"

/* The next connection whose whole request has come, and has `member` in it; the client is driven meanwhile. */
static int take_request(const struct gate *gate, capauth_client *client, const char *member)
{
    char text[8192] = "";
    size_t used = 0;
    int connection;

    for (int i = 0; (connection = accept(gate->listener, NULL, NULL)) < 0 && i < 1000; i++)
        assert_true(capauth_client_poll(client, 10) >= 0);
    assert_true(connection >= 0);
    while (!used || text[used - 1] != '}') {
        ssize_t got = recv(connection, text + used, sizeof text - 1 - used, MSG_DONTWAIT);

        assert_int_not_equal(got, 0);
        used += got > 0 ? (size_t)got : 0;
        assert_true(capauth_client_poll(client, 10) >= 0);
    }
    assert_non_null(strstr(text, member));
    return connection;
}

/* An answer brings K3 while a regeneration with K2 is on its way, which is then refused. */
TEST(a_refusal_of_an_older_key_leaves_the_newer_one)
{
    struct gate gate = {0};
    capauth_client *client = NULL;
    capauth_session *session = NULL;
    capauth_call *calls[4] = {NULL};
    int first, second;

    open_listener(&gate);
    assert_int_equal(fcntl(gate.listener, F_SETFL, O_NONBLOCK), 0);
    open_session(&gate, HELD, &client, &session);
    assert_code(capauth_token_regenerate(session, NULL, &calls[0]), CAPAUTH_OK);
    answer(&gate, take_request(&gate, client, "\"K1\""), RENEWED("T2", "K2"));
    assert_code(capauth_call_wait(calls[0], 10000), CAPAUTH_OK);
    assert_code(capauth_token_regenerate(session, NULL, &calls[1]), CAPAUTH_OK);
    first = take_request(&gate, client, "\"K2\"");
    assert_code(capauth_token_expire(session, NULL, &calls[2]), CAPAUTH_OK);
    answer(&gate, take_request(&gate, client, "\"T2\""), YES "}");
    assert_code(capauth_call_wait(calls[2], 10000), CAPAUTH_OK);
    assert_code(capauth_token_regenerate(session, NULL, &calls[3]), CAPAUTH_OK);
    second = take_request(&gate, client, "\"K2\"");
    answer(&gate, first, RENEWED("T3", "K3"));
    for (int i = 0; i < 500 && strcmp(capauth_session_key(session), "K3") != 0; i++)
        assert_true(capauth_client_poll(client, 10) >= 0);
    assert_string_equal(capauth_session_key(session), "K3");
    answer(&gate, second, NO("1597"));
    answer(&gate, take_request(&gate, client, "\"K3\""), RENEWED("T4", "K4"));
    assert_code(capauth_call_wait(calls[1], 10000), CAPAUTH_OK);
    assert_code(capauth_call_wait(calls[3], 10000), CAPAUTH_OK);
    assert_string_equal(capauth_session_token(session), "T4");
    for (int i = 0; i < 4; i++)
        capauth_call_free(&calls[i]);
    capauth_session_free(&session);
    capauth_client_free(&client);
    close(gate.listener);
}

/* ---- Without memory ---- */

static bool starved;

void *__real_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size);

void *__wrap_calloc(size_t count, size_t size)
{
    return starved ? NULL : __real_calloc(count, size);
}

static void change_key(capauth_session *session, const char *key)
{
    struct capauth__state next;

    assert_code(capauth__state_after_key(&session->state, key, &next), CAPAUTH_OK);
    capauth__session_change(session, &next);
}

TEST(a_change_is_told_even_without_memory_for_its_notice)
{
    capauth_client *client = NULL;
    capauth_session *session = NULL;
    struct diary diary = {0};

    assert_code(capauth_client_new(&client), CAPAUTH_OK);
    assert_code(capauth_client_set_base_url(client, "https://127.0.0.1:1"), CAPAUTH_OK);
    assert_code(capauth_session_new(client, CAPAUTH_FLOW_WEB, "B", &session), CAPAUTH_OK);
    assert_code(capauth_session_on_change(session, save, &diary, NULL), CAPAUTH_OK);
    for (int i = 1; i <= 3; i++) {
        capauth__session_lock(session);
        starved = true;
        change_key(session, "one");
        change_key(session, "two");
        starved = false;
        capauth__session_unlock(session);
        assert_int_equal(capauth_client_poll(client, 0), 0);
        assert_true(diary.entries >= i);
    }
    capauth_session_free(&session);
    capauth_client_free(&client);
    capauth_string_free(&diary.saved);
}

/* At once by who waits, else by the next who does. */
TEST(a_sign_out_without_memory_is_told)
{
    capauth_call *call = NULL;

    for (int blocking = 0; blocking < 2; blocking++) {
        struct scene scene = {0};

        open_scene(&scene, "mobile", "");
        starved = true;
        assert_code(capauth_session_sign_out(scene.session, NULL, blocking ? NULL : &call), CAPAUTH_E_NO_MEMORY);
        starved = false;
        assert_null(call);
        assert_false(capauth_session_signed_in(scene.session));
        assert_int_equal(scene.diary.entries, blocking);
        assert_int_equal(capauth_client_poll(scene.client, 0), 0);
        assert_int_equal(scene.diary.entries, 1);
        assert_saved(&scene.diary, scene.session);
        close_scene(&scene);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_change_is_told_once),
        cmocka_unit_test(a_saved_session_lives_on_after_an_identifier_update),
        cmocka_unit_test(after_a_lost_identifier_update_the_new_token_tells),
        cmocka_unit_test(a_key_that_was_handed_out_is_kept),
        cmocka_unit_test(a_key_of_an_earlier_sign_in_is_not),
        cmocka_unit_test(a_refusal_of_an_older_key_leaves_the_newer_one),
        cmocka_unit_test(a_change_is_told_even_without_memory_for_its_notice),
        cmocka_unit_test(a_sign_out_without_memory_is_told),
    };

    return cmocka_run_group_tests(tests, start_shared, stop_shared);
}
