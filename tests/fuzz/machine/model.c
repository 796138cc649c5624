/* SPDX-License-Identifier: Apache-2.0 */
/* What must hold, whatever the application, the service and the clock do. */
#include "model.h"

#include <string.h>

#include "world.h"

static bool is_about_token(const struct life *life)
{
    return life->internal || life->operation == CAPAUTH__TOKEN_EXPIRE;
}

/* Its answer is for the sign-in, or the token, that the customer has. */
static bool is_current(const struct life *life)
{
    const struct customer *customer = life->customer;

    return customer && life->sign_in == customer->sign_in &&
           (!is_about_token(life) || life->token_number == customer->token_number);
}

/* ---- A call begins ---- */

/* One regeneration for each token, and a pause after one that failed; what became of an older key does not count, nor
 * that there was no memory for it. */
static void check_regeneration(const struct life *begun)
{
    for (const struct life *life = begun->next; life; life = life->next) {
        bool failed =
            life->code != CAPAUTH_OK && life->code != CAPAUTH_E_CANCELLED && life->code != CAPAUTH_E_NO_MEMORY;

        if (!life->internal || life->customer != begun->customer || life->sign_in != begun->sign_in ||
            life->token_number != begun->token_number)
            continue;
        HOLDS(life->ended);
        HOLDS(!failed || clock_ms() - life->ended_ms >= 1000 || strcmp(life->key, begun->key) != 0);
    }
}

static void check_exclusive(const struct life *begun)
{
    for (const struct life *life = begun->next; life; life = life->next)
        HOLDS(life->ended || life->customer != begun->customer || !life_is_exclusive(life));
}

/* A sign-out clears the customer at once, and ends what is in flight, but for other sign-outs. */
static void sign_out(struct customer *customer)
{
    HOLDS(!*capauth_session_token(customer->session) && !*capauth_session_key(customer->session));
    for (struct life *life = world.lives; life; life = life->next)
        life->doomed = life->doomed || (life->customer == customer && life->operation != CAPAUTH__SIGN_OUT);
    customer->sign_in++;
    customer_sees(customer);
}

static void note_customer(struct life *life)
{
    struct customer *customer = life->customer;

    count_token(customer);
    if (life->operation == CAPAUTH__SIGN_OUT)
        sign_out(customer);
    life->sign_in = customer->sign_in;
    life->token_number = customer->token_number;
    replace(&life->key, capauth_session_key(customer->session));
    if (life->internal)
        check_regeneration(life);
    if (life_is_exclusive(life))
        check_exclusive(life);
}

void model_began(const capauth_call *call)
{
    struct life *life = calloc(1, sizeof *life);
    bool own_times = call->request.internal || call->request.operation == CAPAUTH__PREPARE;
    int timeout_ms = own_times ? world.timeout_ms : world.plan.timeout_ms;

    HOLDS(life && !life_of(call));
    life->next = world.lives;
    world.lives = life;
    life->call = call;
    life->operation = call->request.operation;
    life->internal = call->request.internal;
    life->late_deadline_ms = clock_ms() + timeout_ms;
    life->early_deadline_ms = (own_times ? clock_ms() - 10 : world.plan.started_ms) + timeout_ms;
    life->repeatable = world.plan.repeatable;
    life->asks = ASKS_NOTHING;
    life->customer = customer_of(call->session);
    if (life->customer)
        note_customer(life);
}

/* ---- A request is sent ---- */

/* engine.md, "May it be repeated?" */
static const struct {
    const char *path;
    enum asks asks;
    bool repeatable;
} paths[] = {
    {"/token/generate", ASKS_SESSION, true},
    {"/otp/generate", ASKS_OTP, false},
    {"/otp/validate", ASKS_SIGN_IN, false},
    {"/password/validate", ASKS_SIGN_IN, false},
    {"/password/change", ASKS_PASSWORD, false},
    {"/password/forget", ASKS_PASSWORD, false},
    {"/token/regenerate", ASKS_TOKEN, true},
    {"/token/expire", ASKS_EXPIRY, true},
    {"/user/updateIdentifierValue", ASKS_IDENTIFIER, false},
};

static void read_request(struct life *life, const struct capauth__exchange *exchange)
{
    const char *url = exchange->url.data;

    life->asks = exchange->connect_only ? ASKS_CONNECTION : ASKS_GATEWAY;
    if (life->asks == ASKS_CONNECTION)
        life->repeatable = true;
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        if (!strstr(url, paths[i].path))
            continue;
        life->asks = paths[i].asks;
        life->repeatable =
            paths[i].repeatable && !(life->asks == ASKS_SESSION && strstr(exchange->body.data, "\"password\""));
    }
    if (life->customer && life->asks < ASKS_GATEWAY)
        HOLDS(strstr(exchange->body.data, life->customer->brand));
}

void model_sends(struct request *request)
{
    struct life *life = life_of(request->exchange->owner);

    HOLDS(life);
    request->life = life;
    if (life->asks == ASKS_NOTHING)
        read_request(life, request->exchange);
    HOLDS(life->repeatable || life->reach == NOT_SENT);
    HOLDS(clock_ms() < life->late_deadline_ms + (world.slow ? 20 : 0));
    HOLDS(clock_ms() >= life->not_before_ms);
    /* Once more with a new token. */
    HOLDS(++life->sent <= 1 + world.max_retries + (life->asks == ASKS_GATEWAY));
    world.sent++;
}

static void note_reach(struct life *life, enum reach reach)
{
    life->reach = reach;
    life->may_have_arrived = life->may_have_arrived || reach >= LOST;
}

void model_withdrawn(const struct request *request)
{
    note_reach(request->life, request->left ? LOST : NOT_SENT);
}

/* ---- A request is answered ---- */

static struct {
    char *token; /* what the customer must have then; so the next */
    char *key;
    char *identifier;
    char *export; /* NULL: it may change */
    bool token_may_go;
} expected;

static enum reach reach_of(const struct request *request)
{
    const struct capauth__answer *answer = &request->answer;
    int status = answer->http_status;

    if (answer->error)
        return answer->may_have_left ? LOST : NOT_SENT;
    if (request->said.reply || request->life->asks == ASKS_GATEWAY)
        return ANSWERED;
    return (status >= 300 && status < 500) || status == 503 ? TURNED_AWAY : LOST;
}

static bool ends_sign_in(int code)
{
    return code == CAPAUTH_CANNOT_REGENERATE_TOKEN || code == CAPAUTH_INVALID_KEY;
}

static bool says_expired(int code)
{
    return code == CAPAUTH_TOKEN_EXPIRED || code == CAPAUTH_CANNOT_EXPIRE_TOKEN ||
           code == CAPAUTH_CANNOT_REGENERATE_TOKEN;
}

/* Too late: a new key counts all the same, as long as the customer has the one that it was made from. */
static void expect_of_the_past(const struct life *life, const struct said *said)
{
    const struct customer *customer = life->customer;

    if (life->internal && said->key && life->sign_in == customer->sign_in && !strcmp(life->key, customer->key)) {
        replace(&expected.key, said->key);
    } else {
        expected.export = NULL;
        HOLDS(capauth_session_export(customer->session, &expected.export) == CAPAUTH_OK);
    }
}

static void expect_of_yes(const struct request *request)
{
    struct life *life = request->life;
    const struct said *said = &request->said;

    switch (life->asks) {
    case ASKS_SESSION:
        life->customer->sign_in++;
        replace(&expected.key, "");
        break;
    case ASKS_EXPIRY:
        if (life->operation == CAPAUTH__TOKEN_EXPIRE)
            replace(&expected.token, "");
        break;
    case ASKS_IDENTIFIER:
        replace(&expected.identifier, life->call->request.new_value);
        break;
    default:
        break;
    }
    if (said->token)
        replace(&expected.token, said->token);
    if (said->key)
        replace(&expected.key, said->key);
}

/* After a lost identifier update the customer may have the other one. */
static bool has_other_identifier(const struct customer *customer)
{
    char *export = NULL;
    bool has;

    HOLDS(capauth_session_export(customer->session, &export) == CAPAUTH_OK);
    has = strstr(export, "\"otherIdentifier\"") != NULL;
    capauth_string_free(&export);
    return has;
}

static void expect_of_no(struct life *life, int code)
{
    struct customer *customer = life->customer;

    if (life->asks == ASKS_TOKEN && ends_sign_in(code) && !strcmp(life->key, customer->key)) {
        if (has_other_identifier(customer)) {
            replace(&expected.identifier, "?");
        } else {
            customer->sign_in++;
            replace(&expected.token, "");
            replace(&expected.key, "");
        }
    }
    if (life->operation == CAPAUTH__TOKEN_EXPIRE)
        expected.token_may_go = says_expired(code);
}

static void expect(const struct request *request)
{
    struct life *life = request->life;
    struct customer *customer = life->customer;
    const struct said *said = &request->said;

    customer_look(customer);
    replace(&expected.token, customer->token);
    replace(&expected.key, customer->key);
    replace(&expected.identifier, customer->identifier);
    expected.token_may_go = life->asks == ASKS_EXPIRY;
    expected.export = NULL;
    if (life->asks == ASKS_GATEWAY || life->operation == CAPAUTH__SIGN_OUT)
        HOLDS(capauth_session_export(customer->session, &expected.export) == CAPAUTH_OK);
    else if (!is_current(life))
        expect_of_the_past(life, said);
    else if (said->reply && said->success)
        expect_of_yes(request);
    else if (said->reply)
        expect_of_no(life, said->code);
    if (life->asks == ASKS_TOKEN && has_other_identifier(customer))
        replace(&expected.identifier, "?"); /* the token tells, or the refusal */
}

void model_delivers(struct request *request)
{
    struct life *life = request->life;

    HOLDS(!life->ended);
    world.delivered++;
    note_reach(life, reach_of(request));
    if (request->said.reply)
        life->succeeded = request->said.success || (life->asks == ASKS_EXPIRY && says_expired(request->said.code));
    life->not_before_ms = request->answer.retry_after_ms > 0 ? clock_ms() + request->answer.retry_after_ms : 0;
    if (life->customer)
        expect(request);
}

void model_delivered(const struct request *request)
{
    const struct customer *customer = request->life->customer;
    const capauth_session *session = customer ? customer->session : NULL;
    const char *token = capauth_session_token(session);
    char *export = NULL;

    if (!customer)
        return;
    HOLDS(!strcmp(token, expected.token) || (expected.token_may_go && !*token));
    HOLDS(!strcmp(capauth_session_key(session), expected.key));
    HOLDS(*expected.identifier == '?' || !strcmp(capauth_session_identifier(session), expected.identifier));
    if (expected.export) {
        HOLDS(capauth_session_export(session, &export) == CAPAUTH_OK);
        HOLDS(!strcmp(export, expected.export)); /* a late answer changes nothing */
    }
    capauth_string_free(&export);
    capauth_string_free(&expected.export);
    free(expected.token);
    free(expected.key);
    free(expected.identifier);
    expected.token = expected.key = expected.identifier = NULL;
    customer_sees(request->life->customer);
}

/* ---- A call ends ---- */

static void check_outcome(const struct life *life, int code)
{
    bool unknown = code == CAPAUTH_E_UNKNOWN_OUTCOME;
    bool asked = life->asks < ASKS_GATEWAY;

    HOLDS(code != CAPAUTH_E_PENDING);
    /* Who waits for a regeneration gets its deadline. */
    HOLDS(code != CAPAUTH_E_DEADLINE || clock_ms() >= life->early_deadline_ms || life->reach == LOST || !asked);
    if (life->asks != ASKS_NOTHING && !life->repeatable)
        HOLDS(unknown == (code != CAPAUTH_OK && life->reach == LOST));
    else
        HOLDS(!unknown);
    HOLDS(!asked || code != CAPAUTH_OK || life->succeeded);
    HOLDS(!asked || life->call->result.maybe_sent == life->may_have_arrived);
    HOLDS(!unknown || !life->call->result.retryable);
}

void model_ended(const capauth_call *call)
{
    struct life *life = life_of(call);
    const struct handle *handle = handle_of(call);

    say("%s%s ends: %d", life && life->internal ? "automatic " : "", capauth_call_operation(call), call->result.code);
    HOLDS(life); /* else it ends a second time */
    check_outcome(life, call->result.code);
    life->ended = true;
    life->ended_ms = clock_ms();
    life->code = call->result.code;
    world.finished += handle != NULL;
    world.finished_inside += handle && world.depth;
    if (life->asks == ASKS_IDENTIFIER && life->code == CAPAUTH_E_UNKNOWN_OUTCOME && is_current(life))
        HOLDS(has_other_identifier(life->customer));
    if (life->operation == CAPAUTH__TOKEN_EXPIRE && is_current(life) && life->code && life->may_have_arrived)
        life->customer->token_may_go = true;
}

/* ---- Nothing is left to do ---- */

static bool is_due(const struct life *life)
{
    const struct handle *handle = handle_of(life->call);

    return !life->ended && (life->late_deadline_ms <= clock_ms() || life->doomed || (handle && handle->cancelled) ||
                            (life->customer && life->customer->closed) || world.closed);
}

static void check_told(const struct customer *customer)
{
    char *export = NULL;

    if (!customer->session || !customer->observer)
        return;
    HOLDS(capauth_session_export(customer->session, &export) == CAPAUTH_OK);
    HOLDS(!strcmp(export, customer->told));
    capauth_string_free(&export);
}

void model_rests(void)
{
    for (const struct life *life = world.lives; life; life = life->next)
        HOLDS(!is_due(life));
    for (int i = 0; i < CUSTOMERS; i++)
        check_told(&world.customers[i]);
}

void check_shown(const char *text)
{
    HOLDS(!strstr(text, SECRET_MARK) && !strstr(text, TOKEN_MARK) && !strstr(text, HIDDEN_MARK));
}
