/* SPDX-License-Identifier: Apache-2.0 */
#include "protocol/headers.h"

#include "base/text.h"

/* What HTTP or capauth itself sets; a second one would contradict the first. */
static const char *const reserved[] = {CAPAUTH__HEADER_TOKEN,
                                       CAPAUTH__HEADER_BRAND,
                                       CAPAUTH__HEADER_DEVICE,
                                       CAPAUTH__HEADER_IDENTIFIER_TYPE,
                                       CAPAUTH__HEADER_IDENTIFIER,
                                       CAPAUTH__HEADER_MOBILE,
                                       CAPAUTH__HEADER_ACCESS_TOKEN,
                                       CAPAUTH__HEADER_ID_TOKEN,
                                       "Accept",
                                       "Accept-Encoding",
                                       "Connection",
                                       "Content-Encoding",
                                       "Content-Length",
                                       "Content-Type",
                                       "Cookie",
                                       "Expect",
                                       "HTTP2-Settings",
                                       "Host",
                                       "Keep-Alive",
                                       "Proxy-Authorization",
                                       "Proxy-Connection",
                                       "TE",
                                       "Trailer",
                                       "Transfer-Encoding",
                                       "Upgrade",
                                       "User-Agent"};

static bool is_reserved(const char *name)
{
    for (size_t i = 0; i < sizeof reserved / sizeof reserved[0]; i++) {
        if (capauth__ascii_equal(name, reserved[i]))
            return true;
    }
    return false;
}

const char *capauth__added_header_fault(const char *name, const char *value, const char **subject)
{
    const char *fault = capauth__header_fault(name, value, subject);

    if (fault || !is_reserved(name))
        return fault;
    *subject = "header name";
    return "is reserved: capauth or HTTP sets it";
}
