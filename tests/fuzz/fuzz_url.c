/* SPDX-License-Identifier: Apache-2.0 */
/* URLs and proxies. */
#include "fuzz.h"

#include <string.h>

#include "base/secret.h"
#include "base/text.h"
#include "net/url.h"

static void check_url(const char *text)
{
    const char *fault = capauth__url_fault(text, false), *strict = capauth__url_fault(text, true);
    char *normal, *again;

    HOLDS(strict || !fault); /* what is fine for loopback only is fine */
    if (fault)
        return;
    HOLDS(!strpbrk(text, "?#"));
    normal = capauth__url_normal(text);
    HOLDS(normal && !capauth__url_fault(normal, false));
    HOLDS(!strict || (capauth__has_scheme(normal, "http") && !capauth__url_is_loopback(normal)));
    HOLDS(!*normal || normal[strlen(normal) - 1] != '/');
    again = capauth__url_normal(normal);
    HOLDS(again && !strcmp(again, normal));
    capauth__wipe_free(&normal);
    capauth__wipe_free(&again);
}

static void check_proxy(const char *text)
{
    char *normal;

    if (capauth__proxy_fault(text))
        return;
    normal = capauth__proxy_normal(text);
    HOLDS(normal && strstr(normal, "://"));
    HOLDS(strlen(normal) > CAPAUTH__URL_LONGEST || !capauth__proxy_fault(normal)); /* the scheme makes it longer */
    capauth__wipe_free(&normal);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = text_of(data, size);

    check_url(text);
    check_proxy(text);
    free(text);
    return 0;
}
