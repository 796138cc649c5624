/* SPDX-License-Identifier: Apache-2.0 */
/* What the Auth Engine and the gateway answer, and who is in between: every shape of /auth replies that is known, and
 * every way to get none. Writers note in `said` what they have said. */
#include "world.h"

#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

#include "../base64.h"
#include "base/platform.h"
#include "base/secret.h"

enum { UNIX_SECONDS_PER_MS = 1000 };

char *secret_new(const char *kind)
{
    struct capauth__buffer text = {0};

    capauth__buffer_text(&text, SECRET_MARK);
    capauth__buffer_number(&text, ++world.serial);
    capauth__buffer_text(&text, kind);
    return capauth__buffer_take(&text);
}

void said_free(struct said *said)
{
    free(said->token);
    free(said->key);
}

static void set(struct request *request, int http_status, char *body)
{
    HOLDS(body);
    request->left = true;
    request->body = body;
    request->answer = (struct capauth__answer){.connection = "new",
                                               .http_status = http_status,
                                               .date_ms = capauth__realtime_ms() / 1000 * 1000,
                                               .retry_after_ms = -1,
                                               .request_id = "",
                                               .body = body,
                                               .length = strlen(body)};
    request_answered(request);
}

static char *text(const char *format, ...) __attribute__((format(printf, 1, 2)));

static char *text(const char *format, ...)
{
    char *out = calloc(1, 4096);
    va_list arguments;

    HOLDS(out);
    va_start(arguments, format);
    vsnprintf(out, 4096, format, arguments);
    va_end(arguments);
    return out;
}

/* ---- Tokens ---- */

static const char *role_of(const struct request *request)
{
    static const char *const roles[] = {"USER", "USER", "MFA_PENDING", "GOLD", "VIEW"};

    return request->life->asks == ASKS_SESSION ? "VIEW" : roles[choose(5)];
}

static char *token_new(const struct request *request, const char *role)
{
    static const int lives_s[] = {900, 90, 20, 0};
    const struct customer *customer = request->life->customer;
    int64_t now_s = capauth__realtime_ms() / UNIX_SECONDS_PER_MS;
    int life_s = lives_s[choose(4)];
    char header[300], claims[300];
    struct capauth__buffer token = {0};

    snprintf(header, sizeof header, "{\"n\":\"%06u\",\"idv\":[\"MOBILE|%s\"]}", ++world.serial,
             customer ? customer->identifier : "-");
    snprintf(claims, sizeof claims, "{\"uid\":\"4048647\",\"iat\":%" PRId64 ",\"exp\":%" PRId64 ",\"rol\":\"%s\"}",
             now_s, life_s ? now_s + life_s : 0, role);
    append_base64(&token, header, strlen(header));
    capauth__buffer_text(&token, ".");
    append_base64(&token, claims, strlen(claims));
    capauth__buffer_text(&token, ".c2lnbmF0dXJl");
    return capauth__buffer_take(&token);
}

/* ---- It says yes ---- */

static void give(struct request *request, unsigned shape)
{
    struct said *said = &request->said;
    enum asks asks = request->life->asks;
    bool brings_key = asks == ASKS_SIGN_IN ? !(shape & 1) : asks == ASKS_TOKEN && shape & 1;

    if (asks == ASKS_SESSION || asks == ASKS_SIGN_IN || asks == ASKS_TOKEN)
        said->token = token_new(request, role_of(request));
    if (brings_key)
        said->key = secret_new("-key");
}

/* A member that is there, is null, or is not there. */
static char *member(const char *name, const char *value, unsigned shape)
{
    return value ? text("\"%s\":\"%s\"", name, value) : text(shape & 2 ? "\"other\":[1,{}]" : "\"%s\":null", name);
}

static char *agreement(const struct request *request, unsigned shape)
{
    static const char *const yes[] = {"true", "\"true\"", "1", "true"};
    char *token = member("token", request->said.token, shape), *key = member("key", request->said.key, shape);
    char *session = secret_new("-session");
    char *body =
        text("%s{\"status\":{\"success\":%s,\"code\":200,\"message\":\"SUCCESS\"},\"auth\":{%s,%s},\"user\":"
             "{\"sessionId\":\"%s\",\"userRegisteredForPassword\":%s,\"appRegistered\":false}}",
             shape & 4 ? "\xef\xbb\xbf" : "", yes[shape >> 4 & 1], token, key, session, shape & 8 ? "true" : "null");

    free(token);
    free(key);
    free(session);
    return body;
}

void service_agrees(struct request *request)
{
    unsigned shape = take();

    request->said.reply = request->said.success = true;
    if (request->life->asks == ASKS_CONNECTION) {
        set(request, 0, text("%s", ""));
        request->answer.handshake_ms = (int)choose(3) * 10;
    } else if (request->life->asks == ASKS_GATEWAY) {
        set(request, 200, text("{\"status\":{\"success\":\"true\",\"code\":200},\"customers\":[]}"));
    } else {
        give(request, shape);
        set(request, 200, agreement(request, shape));
    }
}

/* ---- It says no ---- */

/* A secret that the request or the customer has: as it stands in JSON. */
static char *secret_of(const struct request *request)
{
    const char *sent = request->exchange->body.data ? strstr(request->exchange->body.data, SECRET_MARK) : NULL;
    const struct customer *customer = request->life->customer;
    size_t length = 0;

    const struct capauth__header *header = request->exchange->secret_headers;

    switch (choose(4)) {
    case 0:
        break;
    case 1:
        return text("%s", customer ? capauth_session_token(customer->session) : "");
    case 2:
        for (; header; header = header->next) {
            if (header->secret)
                return text("%s", header->line + header->secret);
        }
        break;
    default:
        return text("%s", customer ? capauth_session_key(customer->session) : "");
    }
    while (sent && sent[length] != '"')
        length += sent[length] == '\\' ? 2 : 1;
    return text("%.*s", (int)length, sent ? sent : "");
}

/* The same with every character escaped. */
static char *escaped(const char *plain)
{
    struct capauth__buffer out = {0};
    char one[8];

    if (strchr(plain, '\\'))
        return text("%s", plain);
    capauth__buffer_text(&out, "");
    for (; *plain; plain++) {
        snprintf(one, sizeof one, "\\u%04x", (unsigned char)*plain);
        capauth__buffer_text(&out, one);
    }
    return capauth__buffer_take(&out);
}

/* What it says to that: nothing of use, or too much. */
static char *message_of(const struct request *request)
{
    char *secret, *shown, *message;
    unsigned shape = choose(4);

    if (!shape)
        return text("no");
    secret = secret_of(request);
    shown = shape == 2 ? escaped(secret) : text("%s", secret);
    message = text("%*s said: %s!", shape == 3 ? 900 : 0, "you", shown);
    free(secret);
    free(shown);
    return message;
}

static int code_chosen(void)
{
    static const int codes[] = {1525, 1597, 1529, 1531, 1506, 1505, 1528, 1518, 1520, 1526, 1502, 1537,   1534,
                                1519, 1504, 1508, 1541, 1530, 1542, 429,  0,    200,  -1,   7777, 1000000};

    return codes[choose(sizeof codes / sizeof codes[0])];
}

static void gateway_refuses(struct request *request, char *message)
{
    switch (choose(6)) {
    case 0:
        set(request, 401, text("{\"status\":{\"success\":false,\"code\":401,\"message\":\"%s\"}}", message));
        break;
    case 1:
        set(request, 200, text("{\"response\":{\"status\":{\"success\":false,\"code\":302}}}"));
        break;
    case 2:
        set(request, 200, text("{\"errors\":[{\"status\":false,\"code\":600,\"message\":\"%s\"}]}", message));
        break;
    case 3:
        set(request, 401, text("%s", ""));
        break;
    case 4:
        set(request, 404, text("{\"status\":{\"success\":false,\"code\":1515,\"message\":\"%s\"}}", message));
        break;
    default:
        set(request, 200, text("{\"status\":"));
    }
}

void service_refuses(struct request *request)
{
    char *message = message_of(request);

    if (request->life->asks == ASKS_GATEWAY) {
        gateway_refuses(request, message);
    } else {
        request->said.reply = true;
        request->said.code = code_chosen();
        set(request, choose(2) ? 400 : 200,
            text("{\"status\":{\"success\":false,\"code\":%d,\"message\":\"%s\"}}", request->said.code, message));
    }
    free(message);
}

/* ---- Somebody else answers, or nobody ---- */

static void fail(struct request *request, int error, bool left)
{
    set(request, 0, text("%s", ""));
    request->left = left;
    request->answer.error = error;
    request->answer.detail = "as the world goes";
    request->answer.may_have_left = left;
    request->answer.connection_failed = choose(2);
    request->answer.date_ms = 0;
}

/* A proxy, a CDN, a page. */
static void page(struct request *request)
{
    static const int statuses[] = {200, 204, 301, 400, 403, 404, 408, 429, 429, 500, 502, 503, 503, 504};
    char *secret = secret_of(request), *hidden = escaped(secret);
    int status = statuses[choose(sizeof statuses / sizeof statuses[0])];

    switch (choose(5)) {
    case 0:
        set(request, status, text("%s", ""));
        break;
    case 1:
        set(request, status, text("Cannot read \"%s\"", hidden));
        break;
    case 2:
        set(request, status, text("{}"));
        break;
    case 3:
        set(request, status, text("<html>Sorry</html>"));
        break;
    default:
        set(request, status, text("Cannot read \"%s\" of type IdentifierType", secret));
    }
    if (status == 429 || status == 503)
        request->answer.retry_after_ms = (int)choose(4) * 1000 - 1000 * (int)choose(2);
    if (request->answer.retry_after_ms < -1)
        request->answer.retry_after_ms = 0;
    free(secret);
    free(hidden);
}

/* An agreement that ends early. */
static void cut(struct request *request)
{
    service_agrees(request);
    said_free(&request->said);
    request->said = (struct said){0};
    if (request->answer.length)
        request->answer.length -= 1 + choose((unsigned)request->answer.length);
    request->body[request->answer.length] = '\0';
}

void service_is_not_reached(struct request *request)
{
    static const int early[] = {CAPAUTH_E_CONNECT, CAPAUTH_E_RESOLVE, CAPAUTH_E_TLS, CAPAUTH_E_NETWORK,
                                CAPAUTH_E_SYSTEM};
    static const int late[] = {CAPAUTH_E_NETWORK, CAPAUTH_E_NETWORK, CAPAUTH_E_DEADLINE, CAPAUTH_E_PROTOCOL};
    bool connects = request->life->asks == ASKS_CONNECTION;

    if (!request->left || connects)
        fail(request, early[choose(5)], false);
    else if (choose(3) == 0)
        fail(request, late[choose(4)], true);
    else if (choose(2))
        cut(request);
    else
        page(request);
}
