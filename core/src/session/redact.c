/* SPDX-License-Identifier: Apache-2.0 */
#include "session/redact.h"

#include <string.h>

#include "base/escape.h"

/* Of a secret longer than this the beginning says that it is one. */
enum { TELLING = 32, FORMS = 3 };

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

/* As JSON writes it. */
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

static bool sent_is_in(const struct forms *forms, const char *body, const struct capauth__secrets *secrets)
{
    for (size_t i = 0; i < secrets->count; i++) {
        if (escaped_is_in(forms, body + secrets->at[i].offset, secrets->at[i].length))
            return true;
    }
    return false;
}

static bool header_is_in(const struct forms *forms, const struct capauth__header *header)
{
    for (; header; header = header->next) {
        if (header->secret && has(forms, header->line + header->secret))
            return true;
    }
    return false;
}

static bool held_is_in(const struct forms *forms, const struct capauth__state *state)
{
    return has(forms, state->token) || has(forms, state->key) || has(forms, state->session_id) ||
           has(forms, state->authorized_token) || has(forms, state->identity.access_token) ||
           has(forms, state->identity.id_token);
}

static bool received_is_in(const struct forms *forms, const struct capauth__reply *reply)
{
    return has(forms, reply->token) || has(forms, reply->key) || has(forms, reply->session_id);
}

bool capauth__repeats_a_secret(const char *text, const struct capauth__secret_places *places)
{
    struct forms forms;
    bool found = !make_forms(text, &forms) || (places->reply && received_is_in(&forms, places->reply)) ||
                 (places->body && places->in_body && sent_is_in(&forms, places->body, places->in_body)) ||
                 header_is_in(&forms, places->headers) || (places->state && held_is_in(&forms, places->state));

    free_forms(&forms);
    return found;
}
