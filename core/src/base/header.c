/* SPDX-License-Identifier: Apache-2.0 */
#include "base/header.h"

#include <stdlib.h>
#include <string.h>

#include "base/secret.h"
#include "base/text.h"

/* RFC 9110's token. */
static bool header_name_is_sane(const char *name)
{
    return strspn(name, CAPAUTH__ALPHANUMERIC "!#$%&'*+-.^_`|~") == strlen(name);
}

static bool is_blank(const char *value)
{
    return !value[strspn(value, " ")];
}

const char *capauth__header_fault(const char *name, const char *value, const char **subject)
{
    const char *fault = capauth__text_fault(name, CAPAUTH__IDENTITY_LONGEST);

    *subject = "header name";
    if (fault)
        return fault;
    if (!header_name_is_sane(name))
        return "has a character that is not allowed";
    *subject = "header value";
    return value && !*value ? NULL : capauth__text_fault(value, CAPAUTH__VALUE_LONGEST);
}

/* "Name;" is how curl sends a header without a value; one of blanks only would vanish. */
static bool push(struct capauth__header **headers, const char *name, const char *prefix, const char *value)
{
    struct capauth__header *header = calloc(1, sizeof *header);
    struct capauth__buffer line = {0};

    capauth__buffer_reserve(&line, strlen(name) + strlen(prefix) + strlen(value) + sizeof ": ");
    capauth__buffer_text(&line, name);
    capauth__buffer_text(&line, is_blank(value) ? ";" : ": ");
    if (!is_blank(value)) {
        capauth__buffer_text(&line, prefix);
        capauth__buffer_text(&line, value);
    }
    if (!header || !(header->line = capauth__buffer_take(&line))) {
        capauth__buffer_free(&line);
        free(header);
        return false;
    }
    header->next = *headers;
    *headers = header;
    return true;
}

bool capauth__header_push(struct capauth__header **headers, const char *name, const char *value)
{
    return push(headers, name, "", value);
}

bool capauth__header_push_secret(struct capauth__header **headers, const char *name, const char *prefix,
                                 const char *secret)
{
    if (!push(headers, name, prefix, secret))
        return false;
    if (!is_blank(secret)) /* else it is not in the line */
        (*headers)->secret = strlen(name) + strlen(": ") + strlen(prefix);
    return true;
}

bool capauth__headers_copy(struct capauth__header **headers, const struct capauth__header *from)
{
    for (; from; from = from->next) {
        struct capauth__header *header = calloc(1, sizeof *header);

        if (!header || !(header->line = capauth__duplicate(from->line))) {
            free(header);
            return false;
        }
        header->next = *headers;
        *headers = header;
    }
    return true;
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
        capauth__wipe_free(&header->line);
        free(header);
    }
}
