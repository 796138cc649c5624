/* SPDX-License-Identifier: Apache-2.0 */
/* The optional arguments of calls. */
#include <stdlib.h>
#include <string.h>

#include "call.h"

int capauth_options_new(capauth_options **out)
{
    if (!out)
        return CAPAUTH_E_INVALID_ARGUMENT;
    *out = calloc(1, sizeof **out);
    if (!*out)
        return CAPAUTH_E_NO_MEMORY;
    (*out)->margin_ms = -1;
    return CAPAUTH_OK;
}

void capauth_options_free(capauth_options **options)
{
    if (!options || !*options)
        return;
    capauth__forget(&(*options)->password);
    capauth__forget(&(*options)->fallback_channel);
    capauth__forget(&(*options)->otp_hash);
    capauth__headers_free(&(*options)->headers);
    capauth__buffer_free(&(*options)->query);
    free(*options);
    *options = NULL;
}

static int set_text(char **slot, const char *value, size_t longest)
{
    if (capauth__text_fault(value, longest))
        return CAPAUTH_E_INVALID_ARGUMENT;
    return capauth__replace(slot, value) ? CAPAUTH_OK : CAPAUTH_E_NO_MEMORY;
}

int capauth_options_set_timeout_ms(capauth_options *options, int timeout_ms)
{
    if (!options || timeout_ms < 1 || timeout_ms > CAPAUTH__DURATION_LONGEST)
        return CAPAUTH_E_INVALID_ARGUMENT;
    options->timeout_ms = timeout_ms;
    return CAPAUTH_OK;
}

int capauth_options_set_password(capauth_options *options, const char *password)
{
    return options ? set_text(&options->password, password, CAPAUTH__SECRET_LONGEST) : CAPAUTH_E_INVALID_ARGUMENT;
}

int capauth_options_set_fallback_channel(capauth_options *options, const char *channel)
{
    static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

    if (!options || !channel || strspn(channel, allowed) != strlen(channel))
        return CAPAUTH_E_INVALID_ARGUMENT;
    return set_text(&options->fallback_channel, channel, 64);
}

int capauth_options_set_otp_hash(capauth_options *options, const char *hash, int64_t timestamp_ms)
{
    int result = options && timestamp_ms >= 0 ? set_text(&options->otp_hash, hash, CAPAUTH__TOKEN_LONGEST)
                                              : CAPAUTH_E_INVALID_ARGUMENT;

    if (!result)
        options->otp_timestamp_ms = timestamp_ms;
    return result;
}

int capauth_options_set_margin_ms(capauth_options *options, int margin_ms)
{
    if (!options || margin_ms < 0 || margin_ms > CAPAUTH__DURATION_LONGEST)
        return CAPAUTH_E_INVALID_ARGUMENT;
    options->margin_ms = margin_ms;
    return CAPAUTH_OK;
}

int capauth_options_add_header(capauth_options *options, const char *name, const char *value)
{
    struct capauth__header *header;
    const char *fault;

    if (!options || capauth__headers_full(options->headers))
        return CAPAUTH_E_INVALID_ARGUMENT;
    if (!(header = capauth__header_new(name, value, &fault)))
        return fault ? CAPAUTH_E_INVALID_ARGUMENT : CAPAUTH_E_NO_MEMORY;
    header->next = options->headers;
    options->headers = header;
    return CAPAUTH_OK;
}

/* RFC 3986: all but the unreserved characters. */
static void append_encoded(struct capauth__buffer *out, const char *text)
{
    static const char unreserved[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
    static const char hex[] = "0123456789ABCDEF";

    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;
        char escape[3] = {'%', hex[c >> 4], hex[c & 15]};

        if (strchr(unreserved, c))
            capauth__buffer_append(out, text, 1);
        else
            capauth__buffer_append(out, escape, 3);
    }
}

int capauth_options_add_query(capauth_options *options, const char *name, const char *value)
{
    struct capauth__buffer *query;

    if (!options || capauth__text_fault(name, CAPAUTH__IDENTITY_LONGEST) || !value ||
        (*value && capauth__text_fault(value, CAPAUTH__VALUE_LONGEST)))
        return CAPAUTH_E_INVALID_ARGUMENT;
    query = &options->query;
    capauth__buffer_text(query, query->length ? "&" : "?");
    append_encoded(query, name);
    capauth__buffer_text(query, "=");
    append_encoded(query, value);
    return query->failed ? CAPAUTH_E_NO_MEMORY : CAPAUTH_OK;
}

int capauth_options_set_repeatable(capauth_options *options, int repeatable)
{
    if (!options || repeatable < 0 || repeatable > 1)
        return CAPAUTH_E_INVALID_ARGUMENT;
    options->repeatable = repeatable;
    return CAPAUTH_OK;
}
