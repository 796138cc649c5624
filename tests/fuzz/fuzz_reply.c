/* SPDX-License-Identifier: Apache-2.0 */
/* Replies of the Auth Engine, and bodies that are shown because they are none. */
#include "fuzz.h"

#include <string.h>

#include "base/text.h"
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
    check_plain_text(text, size);
    free(text);
    return 0;
}
