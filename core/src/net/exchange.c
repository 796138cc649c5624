/* SPDX-License-Identifier: Apache-2.0 */
#include "net/exchange.h"

#include <string.h>

void capauth__exchange_fail(struct capauth__exchange *exchange, int error, const char *detail, bool may_have_left)
{
    struct capauth__answer answer = {
        .error = error,
        .detail = detail,
        .may_have_left = may_have_left,
        .connection = "no",
        .fd = -1,
        .retry_after_ms = -1,
        .request_id = "",
        .body = "",
    };

    exchange->answered(exchange, &answer);
}

void capauth__exchange_wipe(struct capauth__exchange *exchange)
{
    capauth__buffer_clear(&exchange->body);
    for (struct capauth__header *header = exchange->secret_headers; header; header = header->next)
        capauth__wipe(header->line, strlen(header->line));
}

void capauth__exchange_clear(struct capauth__exchange *exchange)
{
    capauth__buffer_free(&exchange->url);
    capauth__buffer_free(&exchange->body);
    capauth__headers_free(&exchange->secret_headers);
    capauth__headers_free(&exchange->headers);
}
