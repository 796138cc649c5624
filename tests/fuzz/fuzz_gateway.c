/* SPDX-License-Identifier: Apache-2.0 */
/* Replies of the gateway: the first byte tells the HTTP status, the rest is the body. */
#include "fuzz.h"

#include "base/text.h"
#include "json_c.h"
#include "protocol/wire.h"

/* ---- The same by json-c, which builds a tree of all of it ---- */

struct found {
    bool known, refused, expired;
    bool odd; /* one of its numbers may be read otherwise */
    int64_t code;
    const char *message; /* the last that is there */
};

static void find_message(const capauth__json *object, struct found *found)
{
    const char *message = capauth__json_message(capauth__json_member(object, "message"));

    if (message)
        found->message = message;
}

static void find_status(const capauth__json *status, struct found *found)
{
    int success = capauth__json_boolean(capauth__json_member(status, "success"), -1);

    if (!capauth__json_is_object(status))
        return;
    found->known = true;
    found->odd =
        found->odd || is_odd(capauth__json_member(status, "success")) || is_odd(capauth__json_member(status, "code"));
    found->code = 0;
    (void)capauth__json_integer(capauth__json_member(status, "code"), &found->code);
    if (success == 0 || (success < 0 && (found->code < 0 || found->code >= 300)))
        found->refused = true;
    if (success != 1 && (found->code == 401 || found->code == 302))
        found->expired = found->refused = true;
    find_message(status, found);
}

static void find_errors(const capauth__json *errors, struct found *found)
{
    const capauth__json *first = capauth__json_element(errors, 0);

    if (!first)
        return;
    found->known = found->refused = true;
    found->odd = found->odd || is_odd(capauth__json_member(first, "code"));
    (void)capauth__json_integer(capauth__json_member(first, "code"), &found->code);
    find_message(first, found);
}

static void check_against_json_c(int http_status, const char *body, const struct capauth__gateway_status *status)
{
    const char *text = without_mark(body);
    struct found found = {.expired = http_status == 401, .refused = http_status < 200 || http_status > 299};
    capauth__json *root = NULL;

    if (capauth__json_parse(text, strlen(text), &root) != CAPAUTH_OK || !capauth__json_is_object(root)) {
        HOLDS(!status->known);
    } else if (!status->unreadable && !names_may_differ(text)) {
        find_status(capauth__json_member(root, "status"), &found);
        find_status(capauth__json_member(capauth__json_member(root, "response"), "status"), &found);
        find_errors(capauth__json_member(root, "errors"), &found);
        HOLDS(status->known == found.known && (found.odd || status->code == found.code));
        HOLDS(found.odd || (status->refused == found.refused && status->expired == found.expired));
        HOLDS(same_text(status->message, found.message));
    } else if (status->unreadable) {
        HOLDS(may_be_more_than_json(text));
    }
    capauth__json_free(root);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const int statuses[] = {200, 200, 200, 204, 302, 400, 401, 404, 500, 503};
    struct capauth__gateway_status status;
    int http_status = size ? statuses[data[0] % (sizeof statuses / sizeof statuses[0])] : 200;
    char *body = text_of(data + (size > 0), size - (size > 0));

    HOLDS(capauth__wire_gateway_reply(http_status, body, strlen(body), &status) == CAPAUTH_OK);
    HOLDS(status.refused || (http_status >= 200 && http_status <= 299));
    HOLDS(status.refused || (!status.unreadable && !status.expired));
    HOLDS(status.expired || http_status != 401);
    HOLDS(!status.unreadable || !status.known);
    HOLDS(!status.message || status.known);
    HOLDS(!status.message || !*status.message || !capauth__text_fault(status.message, size));
    check_against_json_c(http_status, body, &status);
    capauth__wipe_free(&status.message);
    free(body);
    return 0;
}
