/* SPDX-License-Identifier: Apache-2.0 */
/* Replies of the gateway: the first byte tells the HTTP status, the rest is the body. */
#include "fuzz.h"

#include "base/text.h"
#include "protocol/wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const int statuses[] = {200, 200, 200, 204, 302, 400, 401, 404, 500, 503};
    struct capauth__gateway_status status;
    int http_status = size ? statuses[data[0] % (sizeof statuses / sizeof statuses[0])] : 200;
    char *body = text_of(data + (size > 0), size - (size > 0));

    HOLDS(capauth__wire_gateway_reply(http_status, body, size - (size > 0), &status) == CAPAUTH_OK);
    HOLDS(status.refused || (http_status >= 200 && http_status <= 299));
    HOLDS(status.refused || (!status.unreadable && !status.expired));
    HOLDS(status.expired || http_status != 401);
    HOLDS(!status.unreadable || !status.known);
    HOLDS(!status.message || status.known);
    HOLDS(!status.message || !*status.message || !capauth__text_fault(status.message, size));
    capauth__wipe_free(&status.message);
    free(body);
    return 0;
}
