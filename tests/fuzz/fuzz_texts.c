/* SPDX-License-Identifier: Apache-2.0 */
/* What applications hand over: texts, passwords, and headers as "NAME: VALUE". */
#include "fuzz.h"

#include <string.h>

#include "base/escape.h"
#include "base/secret.h"
#include "base/text.h"
#include "protocol/headers.h"

static void check_text(char *text)
{
    size_t length = strlen(text);
    bool fine = !capauth__text_fault(text, CAPAUTH__IDENTITY_LONGEST);
    char masked[320];

    HOLDS(!fine || (length && length <= CAPAUTH__IDENTITY_LONGEST && !strpbrk(text, "\r\n\x7f")));
    HOLDS(!fine || !capauth__password_fault(text));
    capauth__mask(text, masked, sizeof masked);
    HOLDS(!fine || !capauth__text_fault(masked, sizeof masked));
    capauth__text_trim(text);
    capauth__text_tame(text);
    HOLDS(strlen(text) <= length && !strpbrk(text, "\r\n\x1b"));
}

static void check_header(const char *name, const char *value)
{
    struct capauth__header *headers = NULL;
    const char *subject = NULL;
    const char *fault = capauth__added_header_fault(name, value, &subject);

    HOLDS(!fault || subject);
    if (fault)
        return;
    HOLDS(!capauth__header_fault(name, value, &subject));
    HOLDS(*name && !strpbrk(name, "\r\n: \t") && !strpbrk(value, "\r\n"));
    HOLDS(capauth__header_push(&headers, name, value));
    HOLDS(!strncmp(headers->line, name, strlen(name)));
    HOLDS(headers->line[strlen(name)] == (value[strspn(value, " ")] ? ':' : ';')); /* as libcurl wants it */
    HOLDS(capauth__header_push_secret(&headers, name, "Bearer ", value));
    HOLDS(headers->secret <= strlen(headers->line));
    HOLDS(!headers->secret || !strcmp(headers->line + headers->secret, value));
    capauth__headers_free(&headers);
}

static void check_unescape(const uint8_t *data, size_t size)
{
    struct capauth__buffer out = {0};

    HOLDS(capauth__unescape((const char *)data, size, &out));
    HOLDS(out.length <= size);
    capauth__buffer_free(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = text_of(data, size), *colon = strstr(text, ": ");

    check_unescape(data, size);
    if (colon) {
        *colon = '\0';
        check_header(text, colon + 2);
        *colon = ':';
    }
    check_text(text);
    free(text);
    return 0;
}
