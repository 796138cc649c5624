/* SPDX-License-Identifier: Apache-2.0 */
/* The steps that start a call. */
#include "steps.h"

static const char *const names[] = {"token generate",    "OTP generate",    "OTP validate", "password validate",
                                    "password change",   "password forget", "regenerate",   "token expire",
                                    "identifier update", "ensure",          "sign out",     "gateway GET",
                                    "gateway POST"};

enum { OPERATIONS = sizeof names / sizeof names[0], ENSURE = 9, GATEWAY_GET = 11, GATEWAY_POST };

static int start(const struct customer *customer, unsigned which, const capauth_options *options, capauth_call **out)
{
    capauth_session *session = customer->session;
    char *secret = secret_new("\"\\x"), *other = secret_new("+");
    char mobile[16];
    int result = CAPAUTH_E_INVALID_ARGUMENT;

    snprintf(mobile, sizeof mobile, "91888%06u", ++world.serial);
    switch (which) {
    case 0:
        result = capauth_token_generate(session, options, out);
        break;
    case 1:
        result = capauth_otp_generate(session, options, out);
        break;
    case 2:
        result = capauth_otp_validate(session, other, options, out);
        break;
    case 3:
        result = capauth_password_validate(session, secret, options, out);
        break;
    case 4:
        result = capauth_password_change(session, secret, other, options, out);
        break;
    case 5:
        result = capauth_password_forget(session, secret, options, out);
        break;
    case 6:
        result = capauth_token_regenerate(session, options, out);
        break;
    case 7:
        result = capauth_token_expire(session, options, out);
        break;
    case 8:
        result = capauth_identifier_update(session, mobile, options, out);
        break;
    case ENSURE:
        result = capauth_token_ensure(session, options, out);
        break;
    case 10:
        result = capauth_session_sign_out(session, options, out);
        break;
    case GATEWAY_GET:
        result = capauth_gateway_call(session, "GET", "customer/get", NULL, options, out);
        break;
    default:
        result = capauth_gateway_call(session, "POST", "/points/redeem", "{}", options, out);
    }
    free(secret);
    free(other);
    return result;
}

static capauth_options *options_chosen(void)
{
    static const int timeouts_ms[] = {500, 50, 3000, 90000};
    static const int margins_ms[] = {0, 5000, 60000, 86400000};
    unsigned flags = take();
    capauth_options *options = NULL;
    char *secret;

    world.plan.timeout_ms = world.timeout_ms;
    if (!(flags & 127))
        return NULL;
    HOLDS(!capauth_options_new(&options));
    if (flags & 1) {
        world.plan.timeout_ms = timeouts_ms[choose(4)];
        HOLDS(!capauth_options_set_timeout_ms(options, world.plan.timeout_ms));
    }
    if (flags & 2)
        HOLDS(!capauth_options_set_margin_ms(options, margins_ms[choose(4)]));
    HOLDS(!capauth_options_set_repeatable(options, flags >> 2 & 1));
    HOLDS(!capauth_options_set_view(options, flags >> 3 & 1));
    secret = secret_new("*");
    if (flags & 16)
        HOLDS(!capauth_options_set_password(options, secret));
    if (flags & 32)
        HOLDS(!capauth_options_set_fallback_channel(options, "SMS") &&
              !capauth_options_set_otp_hash(options, secret, 1));
    if (flags & 64)
        HOLDS(!capauth_options_add_header(options, "X-Brand", "1") && !capauth_options_add_query(options, "a", "b c"));
    world.plan.repeatable = flags >> 2 & 1;
    free(secret);
    return options;
}

static void keep(struct handle *handle, capauth_call *call, int result)
{
    *handle = (struct handle){.call = call, .life = life_of(call)};
    if (!result) {
        HOLDS(handle->life && !capauth_call_done(call));
        return;
    }
    HOLDS(!handle->life && capauth_call_result(call) == result); /* refused on the spot */
    handle->collected = true;
}

/* `handle` NULL: it blocks. */
static int operate(const struct customer *customer, unsigned which, const capauth_options *options,
                   struct handle *handle)
{
    capauth_call *call = NULL;
    int result;

    world.plan.repeatable = which == GATEWAY_GET || (which == GATEWAY_POST && world.plan.repeatable);
    world.plan.started_ms = clock_ms();
    result = start(customer, which, options, handle ? &call : NULL);
    say("session %d: %s%s: %d", number_of(customer), names[which], handle ? "" : ", blocking", result);
    if (handle)
        keep(handle, call, result);
    else
        HOLDS(!world.depth || result == CAPAUTH_E_REENTRANT || result == CAPAUTH_E_CLOSED);
    return result;
}

static void step_operate(bool blocks)
{
    const struct customer *customer = customer_chosen();
    unsigned which = choose(OPERATIONS);
    struct handle *handle = handle_of(NULL);
    capauth_options *options;

    if (!customer || !handle || (blocks && which >= GATEWAY_GET))
        return;
    world.plan = (struct plan){0};
    options = options_chosen();
    (void)operate(customer, which, options, blocks ? NULL : handle);
    capauth_options_free(&options);
}

void step_start(void)
{
    step_operate(false);
}

void step_block(void)
{
    step_operate(true);
}

/* What the session advises, and the service agrees. */
void step_go_on(void)
{
    static const unsigned which[] = {0, 0, 1, 2, 0, 3, ENSURE, ENSURE};
    const struct customer *customer = customer_chosen();
    struct handle *handle = handle_of(NULL);
    struct request *request;
    int next;

    if (!customer || !handle)
        return;
    next = capauth_session_next_step(customer->session);
    world.plan = (struct plan){.timeout_ms = world.timeout_ms};
    HOLDS(next >= CAPAUTH_STEP_TOKEN_GENERATE && next <= CAPAUTH_STEP_DONE);
    if (operate(customer, which[next], NULL, handle))
        return;
    settle();
    if (handle->life && (request = request_chosen(true))) {
        say("request %d is agreed to", (int)(request - world.requests));
        service_agrees(request);
    }
    settle();
}

void step_prepare(void)
{
    struct handle *handle = handle_of(NULL);
    capauth_call *call = NULL;
    int result;

    if (!handle || !world.client)
        return;
    world.plan = (struct plan){.started_ms = clock_ms()};
    result = capauth_client_start_prepare(world.client, &call);
    say("prepare: %d", result);
    keep(handle, call, result);
}
