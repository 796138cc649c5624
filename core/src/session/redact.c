/* SPDX-License-Identifier: Apache-2.0 */
#include "session/redact.h"

#include <string.h>

#include "base/escape.h"

/* Of a secret longer than this the beginning says that it is one. */
enum { TELLING = 32, SHORTEST_HEADER = 16, FORMS = 3 };

/* The text as it came, then with escapes undone. */
struct forms {
    const char *text[FORMS];
    size_t count;
    struct capauth__buffer undone[FORMS - 1];
};

static bool make_forms(const char *text, struct forms *forms)
{
    *forms = (struct forms){.text = {text}, .count = 1};
    while (forms->count < FORMS && strchr(text, '\\')) {
        struct capauth__buffer *undone = &forms->undone[forms->count - 1];

        if (!capauth__unescape(text, strlen(text), undone))
            return false;
        for (size_t i = 0; i < undone->length; i++) {
            if (!undone->data[i])
                undone->data[i] = ' '; /* a NUL hides nothing */
        }
        forms->text[forms->count++] = text = undone->data;
    }
    return true;
}

static void free_forms(struct forms *forms)
{
    for (size_t i = 0; i < FORMS - 1; i++)
        capauth__buffer_free(&forms->undone[i]);
}

static bool is_in(const struct forms *forms, const char *secret, size_t length)
{
    if (length > TELLING)
        length = TELLING;
    for (size_t i = 0; length && i < forms->count; i++) {
        for (const char *at = forms->text[i]; (at = strchr(at, secret[0])); at++) {
            if (!strncmp(at, secret, length))
                return true;
        }
    }
    return false;
}

static bool has(const struct forms *forms, const char *secret)
{
    return secret && is_in(forms, secret, strlen(secret));
}

/* Members of a request that messages may well repeat. */
static bool is_harmless(const char *name, size_t length)
{
    static const char *const harmless[] = {"identifierType", "identifierValue", "brand", "deviceId", "mobile", "email"};

    for (size_t i = 0; i < sizeof harmless / sizeof harmless[0]; i++) {
        if (strlen(harmless[i]) == length && !memcmp(name, harmless[i], length))
            return true;
    }
    return false;
}

static bool escaped_is_in(const struct forms *forms, const char *value, size_t length)
{
    struct capauth__buffer secret = {0};
    bool found;

    if (!memchr(value, '\\', length))
        return is_in(forms, value, length);
    found = !capauth__unescape(value, length, &secret) || is_in(forms, secret.data, secret.length);
    capauth__buffer_free(&secret);
    return found;
}

/* The request as our own writer made it: a flat object of strings and numbers, no white space. */
static bool sent_is_in(const struct forms *forms, const char *body)
{
    const char *name = body;

    while (name && (name = strchr(name, '"'))) {
        const char *name_end = capauth__string_end(++name);
        const char *value = *name_end ? name_end + 2 : name_end;
        const char *value_end;

        if (*value != '"') { /* a number */
            name = value;
            continue;
        }
        value_end = capauth__string_end(++value);
        if (!is_harmless(name, (size_t)(name_end - name)) && escaped_is_in(forms, value, (size_t)(value_end - value)))
            return true;
        name = *value_end ? value_end + 1 : NULL;
    }
    return false;
}

/* A gateway header's value that is long enough to be a token. */
static bool header_is_in(const struct forms *forms, const char *line)
{
    const char *value = strstr(line, ": ");

    value = value ? value + 2 : line;
    if (!strncmp(value, "Bearer ", 7))
        value += 7;
    return strlen(value) >= SHORTEST_HEADER && has(forms, value);
}

static bool held_is_in(const struct forms *forms, const capauth_session *session)
{
    const struct capauth__state *state = &session->state;
    bool found;

    capauth__session_lock(session);
    found = has(forms, state->token) || has(forms, state->key) || has(forms, state->session_id) ||
            has(forms, state->authorized_token) || has(forms, session->access_token) || has(forms, session->id_token);
    capauth__session_unlock(session);
    return found;
}

static bool any_is_in(const struct forms *forms, const capauth_call *call, const struct capauth__reply *received)
{
    if (received && (has(forms, received->token) || has(forms, received->key) || has(forms, received->session_id)))
        return true;
    if (call->verb != CAPAUTH__GATEWAY && call->exchange.body.data && sent_is_in(forms, call->exchange.body.data))
        return true;
    for (const struct capauth__header *header = call->exchange.secret_headers; header; header = header->next) {
        if (header_is_in(forms, header->line))
            return true;
    }
    return call->session && held_is_in(forms, call->session);
}

bool capauth__repeats_a_secret(const capauth_call *call, const struct capauth__reply *received, const char *text)
{
    struct forms forms;
    bool found = !make_forms(text, &forms) || any_is_in(&forms, call, received);

    free_forms(&forms);
    return found;
}
