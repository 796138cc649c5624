/* SPDX-License-Identifier: Apache-2.0 */
#include "base/header.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/secret.h"
#include "base/text.h"

/* RFC 9110's token. */
static bool header_name_is_sane(const char *name)
{
    return strspn(name, CAPAUTH__ALPHANUMERIC "!#$%&'*+-.^_`|~") == strlen(name);
}

/* What HTTP or capauth itself sets; a second one would contradict the first. */
static bool header_is_ours(const char *name)
{
    static const char *const names[] = {"Accept",
                                        "Accept-Encoding",
                                        "Authorization",
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
                                        "User-Agent",
                                        "cap_authorization",
                                        "cap_brand",
                                        "cap_device_id",
                                        "cap_identifier_type",
                                        "cap_identifier_value",
                                        "cap_mobile",
                                        "X-CAP-EXTERNAL-OAUTH-ID-TOKEN"};

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (capauth__ascii_equal(name, names[i]))
            return true;
    }
    return false;
}

static bool is_blank(const char *value)
{
    return !value[strspn(value, " ")];
}

/* NULL: no memory. */
static struct capauth__header *make(const char *name, const char *value)
{
    struct capauth__header *header = calloc(1, sizeof *header);
    size_t size = strlen(name) + strlen(value) + 4;

    if (!header || !(header->line = malloc(size))) {
        free(header);
        return NULL;
    }
    /* "Name;" is how curl sends a header without a value; one of blanks only would vanish. */
    snprintf(header->line, size, is_blank(value) ? "%s;" : "%s: %s", name, value);
    return header;
}

struct capauth__header *capauth__header_new(const char *name, const char *value, const char **fault)
{
    if (!value) {
        *fault = "has no value";
        return NULL;
    }
    *fault = capauth__text_fault(name, CAPAUTH__IDENTITY_LONGEST);
    if (!*fault && !header_name_is_sane(name))
        *fault = "has a name with characters that a header may not have";
    if (!*fault && header_is_ours(name))
        *fault = "has a name that capauth or HTTP sets itself";
    if (!*fault && *value)
        *fault = capauth__text_fault(value, CAPAUTH__VALUE_LONGEST);
    return *fault ? NULL : make(name, value);
}

bool capauth__headers_full(const struct capauth__header *headers)
{
    int count = 0;

    for (; headers; headers = headers->next)
        count++;
    return count >= CAPAUTH__HEADERS_MOST;
}

void capauth__headers_free(struct capauth__header **headers)
{
    while (*headers) {
        struct capauth__header *header = *headers;

        *headers = header->next;
        capauth__forget(&header->line);
        free(header);
    }
}

bool capauth__header_push(struct capauth__header **headers, const char *name, const char *value)
{
    struct capauth__header *header;

    if (!value || !*value)
        return true;
    if (!(header = make(name, value)))
        return false;
    header->next = *headers;
    *headers = header;
    return true;
}
