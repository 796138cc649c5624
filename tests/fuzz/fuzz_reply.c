/* SPDX-License-Identifier: Apache-2.0 */
/* Replies of the Auth Engine, and bodies that are shown because they are none. */
#include "fuzz.h"

#include <string.h>

#include "base/text.h"
#include "json_c.h"
#include "protocol/wire.h"

/* Absent, or something that can be sent again as it is. */
static void check_token(const char *text)
{
    HOLDS(!text || !capauth__text_fault(text, CAPAUTH__TOKEN_LONGEST));
}

static void check_reply(const char *body, size_t size)
{
    struct capauth__reply reply;
    int result = capauth__wire_reply(body, size, &reply);

    HOLDS(result == CAPAUTH_OK || result == CAPAUTH_E_PROTOCOL);
    if (result == CAPAUTH_OK) {
        check_token(reply.token);
        check_token(reply.key);
        check_token(reply.session_id);
        HOLDS(!reply.role || !capauth__text_fault(reply.role, size));
        HOLDS(!reply.message || !*reply.message || !capauth__text_fault(reply.message, size));
        HOLDS(reply.app_registered >= -1 && reply.app_registered <= 1);
        HOLDS(reply.registered_for_password >= -1 && reply.registered_for_password <= 1);
        HOLDS(capauth__refusal(reply.code) != CAPAUTH_OK);
    }
    capauth__reply_free(&reply);
}

static const char *text_of_member(const capauth__json *object, const char *name)
{
    return capauth__json_text(capauth__json_member(object, name));
}

static void check_flag(int flag, const capauth__json *value)
{
    HOLDS(flag == capauth__json_boolean(value, -1) || is_odd(value));
}

/* What json-c, which builds a tree of all of it, finds in a reply that the skimmer has taken. */
static void check_members(const struct capauth__reply *reply, const capauth__json *root)
{
    const capauth__json *status = capauth__json_member(root, "status"), *auth = capauth__json_member(root, "auth");
    const capauth__json *user = capauth__json_member(root, "user");
    int64_t code = 0;

    (void)capauth__json_integer(capauth__json_member(status, "code"), &code);
    HOLDS(reply->success == (capauth__json_boolean(capauth__json_member(status, "success"), -1) == 1));
    HOLDS(reply->code == code || is_odd(capauth__json_member(status, "code")));
    HOLDS(same_text(reply->message, capauth__json_message(capauth__json_member(status, "message"))));
    if (reply->success) {
        HOLDS(same_text(reply->token, text_of_member(auth, "token")));
        HOLDS(same_text(reply->key, text_of_member(auth, "key")));
        HOLDS(same_text(reply->session_id, text_of_member(user, "sessionId")));
    }
    HOLDS(same_text(reply->role, text_of_member(user, "role")));
    check_flag(reply->app_registered, capauth__json_member(user, "appRegistered"));
    check_flag(reply->registered_for_password, capauth__json_member(user, "userRegisteredForPassword"));
}

/* false: json-c says that it is no reply. */
static bool is_reply(const capauth__json *root)
{
    const capauth__json *status = capauth__json_member(root, "status");

    return capauth__json_boolean(capauth__json_member(status, "success"), -1) >= 0 &&
           !is_odd(capauth__json_member(status, "success"));
}

static void check_against_json_c(const char *body)
{
    const char *text = without_mark(body);
    capauth__json *root = NULL;
    struct capauth__reply reply;
    bool taken = capauth__wire_reply(body, strlen(body), &reply) == CAPAUTH_OK;
    bool built = capauth__json_parse(text, strlen(text), &root) == CAPAUTH_OK && capauth__json_is_object(root);

    HOLDS(built || !taken);
    if (taken && !names_may_differ(text)) {
        HOLDS(is_reply(root));
        check_members(&reply, root);
    } else if (built && !names_may_differ(text) && !may_be_more_than_json(text) && is_reply(root)) {
        /* A token that is none makes no sense of a success; nothing else does. */
        HOLDS(capauth__json_boolean(capauth__json_member(capauth__json_member(root, "status"), "success"), -1) == 1);
    }
    capauth__reply_free(&reply);
    capauth__json_free(root);
}

static void check_plain_text(const char *body, size_t size)
{
    char shown[64];

    for (size_t room = 1; room <= sizeof shown; room += 9) {
        memset(shown, 'x', sizeof shown);
        capauth__wire_plain_text(body, size, shown, room);
        HOLDS(strlen(shown) < room);
        HOLDS(!shown[0] || !capauth__text_fault(shown, sizeof shown));
        HOLDS(shown[0] != '<');
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = text_of(data, size);

    check_reply(text, size);
    check_against_json_c(text);
    check_plain_text(text, size);
    free(text);
    return 0;
}
