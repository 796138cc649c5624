/* SPDX-License-Identifier: Apache-2.0 */
/* The optional arguments of calls. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "protocol/headers.h"
#include "session/client.h"
#include "session/options.h"

int capauth_options_new(capauth_options **out)
{
    if (!out)
        return CAPAUTH_E_INVALID_ARGUMENT;
    *out = calloc(1, sizeof **out);
    if (!*out)
        return CAPAUTH_E_NO_MEMORY;
#define DURATION(name, least, most, none) (*out)->name = none;
#include "generated/options.def"
    return CAPAUTH_OK;
}

void capauth_options_free(capauth_options **options)
{
    if (!options || !*options)
        return;
#define TEXT_MEMBER(name) capauth__wipe_free(&(*options)->name);
#include "generated/options.def"
    capauth__wipe_free(&(*options)->error_message);
    capauth__headers_free(&(*options)->headers);
    capauth__buffer_free(&(*options)->query);
    free(*options);
    *options = NULL;
}

/* Keeps why a setter refused; without memory for it the code has to be enough. */
static int fail(capauth_options *options, const char *format, ...) __attribute__((format(printf, 2, 3)));

static int fail(capauth_options *options, const char *format, ...)
{
    char message[512];
    va_list arguments;

    va_start(arguments, format);
    /* NOLINTNEXTLINE(clang-analyzer-valist.Uninitialized): started one line above; clang 14 loses sight of it */
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    if (!capauth__replace(&options->error_message, message))
        capauth__wipe_free(&options->error_message); /* the one before is of something else */
    return CAPAUTH_E_INVALID_ARGUMENT;
}

/* Of a setter that had a value that will do. */
static int end(capauth_options *options, bool set)
{
    if (set)
        return CAPAUTH_OK;
    (void)fail(options, "%s", capauth_strerror(CAPAUTH_E_NO_MEMORY));
    return CAPAUTH_E_NO_MEMORY;
}

const char *capauth_options_error_message(const capauth_options *options)
{
    return options && options->error_message ? options->error_message : "";
}

int capauth_options_copy_error_message(const capauth_options *options, char **text)
{
    if (!text)
        return CAPAUTH_E_INVALID_ARGUMENT;
    *text = options ? capauth__duplicate(capauth_options_error_message(options)) : NULL;
    return *text ? CAPAUTH_OK : options ? CAPAUTH_E_NO_MEMORY : CAPAUTH_E_INVALID_ARGUMENT;
}

static int set_text(capauth_options *options, const char *name, char **slot, const char *value, size_t longest)
{
    const char *fault = capauth__text_fault(value, longest);

    if (fault)
        return fail(options, "%s %s", name, fault);
    return end(options, capauth__replace(slot, value));
}

enum { DAY_MS = 86400000 };

static int set_duration(capauth_options *options, const char *name, int *slot, int value, int least, int most)
{
    if (value < least || value > most)
        return fail(options, "%s is %d; it must be %d to %d milliseconds%s", name, value, least, most,
                    most == DAY_MS ? " (one day)" : "");
    *slot = value;
    return CAPAUTH_OK;
}

static int set_flag(capauth_options *options, const char *name, int *slot, int value)
{
    if (value < 0 || value > 1)
        return fail(options, "%s is %d; it must be 0 or 1", name, value);
    *slot = value;
    return CAPAUTH_OK;
}

int capauth_options_set_password(capauth_options *options, const char *password)
{
    const char *fault = capauth__password_fault(password);

    if (!options)
        return CAPAUTH_E_INVALID_ARGUMENT;
    if (fault)
        return fail(options, "password %s", fault);
    return end(options, capauth__replace(&options->password, password));
}

int capauth_options_set_fallback_channel(capauth_options *options, const char *channel)
{
    if (!options)
        return CAPAUTH_E_INVALID_ARGUMENT;
    if (channel && strspn(channel, CAPAUTH__ALPHANUMERIC "-_") != strlen(channel))
        return fail(options, "fallback_channel has a character that is not a letter, a digit or one of -_");
    return set_text(options, "fallback_channel", &options->fallback_channel, channel, CAPAUTH__CHANNEL_LONGEST);
}

int capauth_options_set_otp_hash(capauth_options *options, const char *hash, int64_t timestamp_ms)
{
    int result;

    if (!options)
        return CAPAUTH_E_INVALID_ARGUMENT;
    if (timestamp_ms < 0)
        return fail(options, "timestamp_ms is %lld; it must not be before 1970", (long long)timestamp_ms);
    result = set_text(options, "hash", &options->otp_hash, hash, CAPAUTH__TOKEN_LONGEST);
    if (!result)
        options->otp_timestamp_ms = timestamp_ms;
    return result;
}

int capauth_options_add_header(capauth_options *options, const char *name, const char *value)
{
    const char *subject, *fault;

    if (!options)
        return CAPAUTH_E_INVALID_ARGUMENT;
    if (capauth__headers_full(options->headers))
        return fail(options, "too many headers (at most %d)", CAPAUTH__HEADERS_MOST);
    if ((fault = capauth__added_header_fault(name, value, &subject)))
        return fail(options, "%s %s", subject, fault);
    return end(options, capauth__header_push(&options->headers, name, value));
}

static void append_encoded(struct capauth__buffer *out, const char *text)
{
    static const char hex[] = "0123456789ABCDEF";

    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;
        char escape[3] = {'%', hex[c >> 4], hex[c & 15]};

        if (strchr(CAPAUTH__UNRESERVED, c))
            capauth__buffer_append(out, text, 1);
        else
            capauth__buffer_append(out, escape, 3);
    }
}

int capauth_options_add_query(capauth_options *options, const char *name, const char *value)
{
    struct capauth__buffer *query;
    const char *fault;

    if (!options)
        return CAPAUTH_E_INVALID_ARGUMENT;
    if ((fault = capauth__text_fault(name, CAPAUTH__IDENTITY_LONGEST)))
        return fail(options, "query name %s", fault);
    if (!value || (*value && (fault = capauth__text_fault(value, CAPAUTH__VALUE_LONGEST))))
        return fail(options, "query value %s", value ? fault : "is missing");
    query = &options->query;
    /* All of it or nothing: half of a query asks for something else. An encoded byte is three long. */
    if (!capauth__buffer_reserve(query, query->length + (strlen(name) + strlen(value)) * 3 + sizeof "?=")) {
        query->failed = false;
        return end(options, false);
    }
    capauth__buffer_text(query, query->length ? "&" : "?");
    append_encoded(query, name);
    capauth__buffer_text(query, "=");
    append_encoded(query, value);
    return CAPAUTH_OK;
}

/* The other setters, one for each row of core/settings.json. */
#define DURATION(name, least, most, none)                                                                              \
    int capauth_options_set_##name(capauth_options *options, int value)                                                \
    {                                                                                                                  \
        return options ? set_duration(options, #name, &options->name, value, least, most)                              \
                       : CAPAUTH_E_INVALID_ARGUMENT;                                                                   \
    }
#define FLAG(name)                                                                                                     \
    int capauth_options_set_##name(capauth_options *options, int value)                                                \
    {                                                                                                                  \
        return options ? set_flag(options, #name, &options->name, value) : CAPAUTH_E_INVALID_ARGUMENT;                 \
    }
#include "generated/options.def"
