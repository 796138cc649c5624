/* SPDX-License-Identifier: Apache-2.0 */
#include "redact.h"

#include <stdint.h>
#include <string.h>

/* ---- Escapes ---- */

static int hex_digit(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

/* The four digits of \uXXXX; -1: there are none. */
static int32_t code_unit(const char *text, const char *end)
{
    int32_t unit = 0;

    if (end - text < 6 || text[0] != '\\' || text[1] != 'u')
        return -1;
    for (int i = 2; i < 6; i++) {
        int digit = hex_digit(text[i]);

        if (digit < 0)
            return -1;
        unit = unit << 4 | digit;
    }
    return unit;
}

static void put_character(struct capauth__buffer *out, int32_t character)
{
    char bytes[4];
    size_t length;

    if (character < 0x80) {
        bytes[0] = (char)character;
        length = 1;
    } else if (character < 0x800) {
        bytes[0] = (char)(0xc0 | character >> 6);
        bytes[1] = (char)(0x80 | (character & 0x3f));
        length = 2;
    } else if (character < 0x10000) {
        bytes[0] = (char)(0xe0 | character >> 12);
        bytes[1] = (char)(0x80 | (character >> 6 & 0x3f));
        bytes[2] = (char)(0x80 | (character & 0x3f));
        length = 3;
    } else {
        bytes[0] = (char)(0xf0 | character >> 18);
        bytes[1] = (char)(0x80 | (character >> 12 & 0x3f));
        bytes[2] = (char)(0x80 | (character >> 6 & 0x3f));
        bytes[3] = (char)(0x80 | (character & 0x3f));
        length = 4;
    }
    capauth__buffer_append(out, bytes, length);
}

/* \uXXXX, or two of them for one character; gives how long it was, 0 for none. A NUL would end the text: left out. */
static size_t put_unicode(struct capauth__buffer *out, const char *text, const char *end)
{
    int32_t unit = code_unit(text, end);
    int32_t low = unit >= 0xd800 && unit < 0xdc00 ? code_unit(text + 6, end) : -1;

    if (unit < 0)
        return 0;
    if (low >= 0xdc00 && low < 0xe000) {
        put_character(out, 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00));
        return 12;
    }
    if (unit)
        put_character(out, unit);
    return 6;
}

/* The escape at `text`; gives how long it was, 0 when it is none. */
static size_t put_escape(struct capauth__buffer *out, const char *text, const char *end)
{
    static const char names[] = "\"\\/bfnrt";
    static const char values[] = "\"\\/\b\f\n\r\t";
    const char *found = text + 1 < end && text[1] ? strchr(names, text[1]) : NULL;

    if (!found)
        return put_unicode(out, text, end);
    capauth__buffer_append(out, &values[found - names], 1);
    return 2;
}

bool capauth__unescape(const char *text, size_t length, struct capauth__buffer *out)
{
    const char *end = text + length;

    while (text < end) {
        const char *escape = memchr(text, '\\', (size_t)(end - text));
        const char *stop = escape ? escape : end;
        size_t taken;

        capauth__buffer_append(out, text, (size_t)(stop - text));
        if (!escape)
            break;
        taken = put_escape(out, escape, end);
        if (!taken)
            capauth__buffer_append(out, escape, 1);
        text = escape + (taken ? taken : 1);
    }
    return capauth__buffer_append(out, "", 0);
}

/* ---- Secrets ---- */

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

/* Where a string of JSON ends: its closing quote. */
static const char *string_end(const char *text)
{
    while (*text && *text != '"')
        text += *text == '\\' && text[1] ? 2 : 1;
    return text;
}

/* The request as our own writer made it: a flat object of strings and numbers, no white space. */
static bool sent_is_in(const struct forms *forms, const char *body)
{
    const char *name = body;

    while (name && (name = strchr(name, '"'))) {
        const char *name_end = string_end(++name);
        const char *value = *name_end ? name_end + 2 : name_end;
        const char *value_end;

        if (*value != '"') { /* a number */
            name = value;
            continue;
        }
        value_end = string_end(++value);
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
    if (call->verb != CAPAUTH__GATEWAY && call->body.data && sent_is_in(forms, call->body.data))
        return true;
    for (const struct capauth__header *header = call->token_headers; header; header = header->next) {
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
