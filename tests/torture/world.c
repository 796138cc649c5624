/* SPDX-License-Identifier: Apache-2.0 */
#include "world.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../memory/arena.h"
#include "upstream.h"

/* ---- Complaints ---- */

void complain(struct world *world, const char *format, ...)
{
    va_list arguments;

    if (*world->report->complaint)
        return;
    va_start(arguments, format);
    vsnprintf(world->report->complaint, COMPLAINT_SIZE, format, arguments);
    va_end(arguments);
}

void expect_code(struct world *world, int code, int expected, const char *what)
{
    if (code != expected)
        complain(world, "%s gives %s, not %s (%s)", what, capauth_error_name(code), capauth_error_name(expected),
                 capauth_session_error_message(world->session));
}

/* ---- What lives are made of ---- */

capauth_call **call_slot(struct world *world)
{
    return world->blocking ? NULL : &world->call;
}

int outcome(struct world *world, int started)
{
    return started || !world->call ? started : capauth_call_wait(world->call, -1);
}

void make_client(struct world *world)
{
    EXPECT_CODE(world, capauth_client_new(&world->client), CAPAUTH_OK);
    EXPECT_CODE(world, capauth_client_set_base_url(world->client, world->service->url), CAPAUTH_OK);
    if (*world->service->ca_file)
        EXPECT_CODE(world, capauth_client_set_ca_file(world->client, world->service->ca_file), CAPAUTH_OK);
    EXPECT_CODE(world, capauth_client_set_timeout_ms(world->client, 5000), CAPAUTH_OK);
}

capauth_session *make_session(struct world *world, int flow)
{
    capauth_session *session = NULL;

    EXPECT_CODE(world, capauth_session_new(world->client, flow, world->life->brand, &session), CAPAUTH_OK);
    EXPECT_CODE(world, capauth_session_set_identifier(session, CAPAUTH_IDENTIFIER_MOBILE, world->identifier),
                CAPAUTH_OK);
    if (flow == CAPAUTH_FLOW_MOBILE)
        EXPECT_CODE(world, capauth_session_set_device_id(session, "device-1"), CAPAUTH_OK);
    return session;
}

/* A password brand wants one the first time. */
static int generate_token(capauth_session *session)
{
    capauth_options *options = NULL;
    int code = capauth_token_generate(session, NULL, NULL);

    if (code != CAPAUTH_PASSWORD_REQUIRED || capauth_options_new(&options))
        return code;
    (void)capauth_options_set_password(options, PASSWORD);
    code = capauth_token_generate(session, options, NULL);
    capauth_options_free(&options);
    return code;
}

void sign_in(struct world *world, capauth_session *session)
{
    EXPECT_CODE(world, generate_token(session), CAPAUTH_OK);
    EXPECT_CODE(world, capauth_otp_generate(session, NULL, NULL), CAPAUTH_OK);
    EXPECT_CODE(world, capauth_otp_validate(session, OTP, NULL, NULL), CAPAUTH_OK);
}

void use_gateway(struct world *world, capauth_session *session)
{
    capauth_call *call = NULL;
    int code = capauth_gateway_call(session, "GET", "plain/ok", NULL, NULL, &call);

    expect_code(world, code ? code : capauth_call_wait(call, -1), CAPAUTH_OK, "a gateway call afterwards");
    if (!code && !capauth_call_ok(call))
        complain(world, "a gateway call afterwards is refused: %s", capauth_call_error_message(call));
    capauth_call_free(&call);
}

/* ---- What holds after an operation ---- */

static char *export_of(struct world *world, capauth_session *session)
{
    char *text = NULL;

    EXPECT_CODE(world, capauth_session_export(session, &text), CAPAUTH_OK);
    return text ? text : strdup("");
}

/* Whether two exports have the same in a member, or both nothing. */
static bool is_same_member(const char *one, const char *other, const char *name)
{
    char quoted[40];
    const char *first, *second;
    size_t length;

    snprintf(quoted, sizeof quoted, "\"%s\":\"", name);
    first = strstr(one, quoted);
    second = strstr(other, quoted);
    if (!first || !second)
        return !first && !second;
    length = strcspn(first + strlen(quoted), "\"") + strlen(quoted);
    return !strncmp(first, second, length + 1);
}

/* What the Auth Engine gave is all of before, when the operation failed. */
static void check_nothing_changed(struct world *world, const char *before, const char *now)
{
    static const char *const members[] = {"sessionId", "token", "key", "identifier", "device", "authorizedToken"};

    for (size_t i = 0; i < sizeof members / sizeof members[0]; i++) {
        if (!is_same_member(before, now, members[i]))
            complain(world, "it failed, and yet the export has another \"%s\"", members[i]);
    }
}

static void check_consistent(struct world *world, capauth_session *session)
{
    bool has_token = *capauth_session_token(session) != '\0';
    const char *role = capauth_session_role(session);

    if (capauth_session_flow(session) == CAPAUTH_FLOW_EXTERNAL)
        return;
    EXPECT(world, has_token == (*role != '\0'));
    EXPECT(world, has_token == (capauth_session_expires_at(session) != 0));
    EXPECT(world, !capauth_session_signed_in(session) || *capauth_session_customer_id(session));
    EXPECT(world, capauth_session_signed_in(session) == (has_token && !strcmp(role, "USER")));
    EXPECT(world, *capauth_session_brand(session));
}

static bool is_for_memory(int code)
{
    return code == CAPAUTH_E_NO_MEMORY || code == CAPAUTH_E_UNKNOWN_OUTCOME;
}

static void check_code(struct world *world, int code)
{
    const struct life *life = world->life;

    if (code != life->expected && code != CAPAUTH_E_NO_MEMORY &&
        !(code == CAPAUTH_E_UNKNOWN_OUTCOME && life->traits & ONCE) &&
        !(code == CAPAUTH_E_TLS && upstream_struck_in_tls(world->report)) &&
        !(code == CAPAUTH_E_DEADLINE && upstream_waits(world->report)))
        complain(world, "the outcome is %s (%s)", capauth_error_name(code),
                 world->call ? capauth_call_error_message(world->call) : capauth_session_error_message(world->session));
}

/* One for memory says so, or has found none to say it with. */
static void check_message(struct world *world, int code)
{
    const char *message =
        world->call ? capauth_call_error_message(world->call) : capauth_session_error_message(world->session);

    if (is_for_memory(code) && *message && !strstr(message, "memory") && strcmp(message, capauth_strerror(code)) != 0 &&
        !upstream_struck_in_tls(world->report))
        complain(world, "the message of %s is: %s", capauth_error_name(code), message);
}

/* At most once, and no NO_MEMORY for what has been done. */
static void check_requests(struct world *world, int code, int sent)
{
    if (!(world->life->traits & ONCE))
        return;
    if (sent > 1)
        complain(world, "the request was sent %d times", sent);
    if (sent && code == CAPAUTH_E_NO_MEMORY)
        complain(world, "the request arrived, and yet the outcome is NO_MEMORY");
    if (sent && world->call && !capauth_call_maybe_sent(world->call))
        complain(world, "the request arrived, and yet maybe_sent is 0");
}

/* Memory is back: the same session does the same again. After an unknown outcome it may have been done already. */
static void go_on(struct world *world, int code)
{
    int again = code;

    capauth_call_free(&world->call);
    if ((code == CAPAUTH_E_TLS || code == CAPAUTH_E_DEADLINE) && world->life->traits & RENEWS)
        usleep(1100000); /* so long a regeneration's failure is everybody's, unless it was for memory, and said so */
    if (code != world->life->expected)
        again = world->life->act(world);
    if (again != world->life->expected && !(code == CAPAUTH_E_UNKNOWN_OUTCOME && again > 0) &&
        !(world->life->traits & CLEARS && again == CAPAUTH_E_WRONG_STEP))
        complain(world, "with memory again, after %s, the outcome is %s (%s)", capauth_error_name(code),
                 capauth_error_name(again), capauth_session_error_message(world->session));
    capauth_call_free(&world->call);
}

static void sign_in_if_needed(struct world *world, capauth_session *session)
{
    int flow = capauth_session_flow(session);

    if (flow == CAPAUTH_FLOW_EXTERNAL || !strcmp(capauth_session_role(session), "MFA_PENDING"))
        return;
    if (!capauth_session_signed_in(session) && flow != CAPAUTH_FLOW_MFA)
        sign_in(world, session);
    if (capauth_session_signed_in(session))
        use_gateway(world, session);
}

static void check_customer(struct world *world, int code, const char *before, int sent)
{
    char *now = export_of(world, world->session);

    check_consistent(world, world->session);
    if (world->second)
        check_consistent(world, world->second);
    if (code != world->life->expected && !(world->life->traits & (CLEARS | RENEWS)))
        check_nothing_changed(world, before, now);
    if (strcmp(before, now) != 0 && !world->told)
        complain(world, "the session changed, and nobody was told");
    check_requests(world, code, sent);
    free(now);
    go_on(world, code);
    check_consistent(world, world->session);
    sign_in_if_needed(world, world->session);
}

/* ---- One run ---- */

static void on_change(capauth_session *session, void *data)
{
    (void)session;
    ((struct world *)data)->told++;
}

static int requests(const struct world *world)
{
    return world->life->request ? service_requests(world->service, world->life->brand, world->life->request) : 0;
}

static void leave(struct world *world)
{
    capauth_call_free(&world->call);
    capauth_options_free(&world->options);
    capauth_session_free(&world->second);
    capauth_session_free(&world->session);
    capauth_client_free(&world->client);
    free(world->text);
    free(world->made);
}

static void note_leaks(struct report *report, size_t at)
{
    struct arena_block block;

    while (arena_next(&at, &block)) {
        if (!block.freed && report->leak_count < LEAKS_MOST)
            report->leaks[report->leak_count++] = (struct leak){(void *)(uintptr_t)block.caller, block.size};
    }
}

void live(struct world *world, const struct shortage *shortage)
{
    const struct life *life = world->life;
    bool has_customer = life->traits & HAS_CUSTOMER;
    size_t begin = arena_used();
    char *before = NULL;
    int sent, code;

    life->prepare(world);
    if (has_customer) {
        before = export_of(world, world->session);
        EXPECT_CODE(world, capauth_session_on_change(world->session, on_change, world, NULL), CAPAUTH_OK);
    }
    sent = -requests(world);
    shortage_begin(shortage);
    code = life->act(world);
    shortage_end();
    world->report->asked = shortage_asked();
    world->report->struck = *shortage_struck();
    world->report->code = code;
    sent += requests(world);
    if (world->client)
        EXPECT(world, capauth_client_poll(world->client, 0) >= 0); /* what it has to tell is told */
    check_code(world, code);
    check_message(world, code);
    if (life->judge)
        life->judge(world, code);
    if (has_customer)
        check_customer(world, code, before, sent);
    free(before);
    leave(world);
    note_leaks(world->report, begin);
}
